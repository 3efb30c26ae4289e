//! Finds the entries that hold the terms, and puts them in order.

use std::cmp::Ordering;

use madoguchi_core::id::CategoryId;
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, BoostQuery, EnableScoring, Occur, Query as _, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, DocSet, Searcher, SegmentReader, Term};

use super::clauses::{Clause, scored};
use super::fusion::Ranked;
use crate::error::KbError;
use crate::fields::Fields;
use crate::query::Query;

/// So many of the best are looked at closely; no more are ever shown.
pub(super) const CANDIDATES: usize = 100;

/// Postings that are gone through to find; the other terms only rank.
const POSTINGS: u64 = 80_000;

/// What a settled call adds, and what all of them may add.
const SETTLED: f32 = 0.05;
const MOST_SETTLED: f32 = 0.25;

/// What being the newest adds, and after how long it adds half.
const FRESH: f32 = 0.03;
const HALF_FRESH_MS: f32 = 365.0 * 86_400_000.0;

/// The best entries, with their scores. Terms that meet few entries find, those first that tell most;
/// then all of them rank what was found.
pub(super) fn best(
    searcher: &Searcher,
    fields: &Fields,
    clauses: &[Clause],
    query: &Query,
) -> Result<Vec<(f32, DocAddress)>, KbError> {
    if clauses.is_empty() {
        return Ok(Vec::new());
    }
    let top = TopDocs::with_limit(CANDIDATES);
    let mut postings = 0;
    let finders = clauses.iter().filter(|clause| {
        let fits = postings + clause.frequency <= POSTINGS;
        postings += if fits { clause.frequency } else { 0 };
        fits
    });
    let finders: Vec<&Clause> = finders.collect();
    let Some(_) = finders.first() else {
        // Of a single term tantivy skips what cannot be among the best.
        let any = any_of(fields, clauses.iter().take(1), query);
        let found = searcher.search(&any, &top.order_by_score())?;
        return score(searcher, clauses, found.into_iter().map(|(_, at)| at));
    };
    let any = any_of(fields, finders.iter().copied(), query);
    // A score that is looked at keeps tantivy from skipping, which costs more than it saves with
    // many terms.
    let every = |_: &SegmentReader| |_: u32, score: f32| score;
    let found = searcher.search(&any, &top.tweak_score(every))?;
    if finders.len() == clauses.len() {
        return Ok(found);
    }
    score(searcher, clauses, found.into_iter().map(|(_, at)| at))
}

/// Scores these entries by all terms.
fn score(
    searcher: &Searcher,
    clauses: &[Clause],
    entries: impl Iterator<Item = DocAddress>,
) -> Result<Vec<(f32, DocAddress)>, KbError> {
    let mut found: Vec<(f32, DocAddress)> = entries.map(|at| (0.0, at)).collect();
    found.sort_by_key(|(_, at)| *at);
    for clause in clauses {
        let weight = scored(clause).weight(EnableScoring::enabled_from_searcher(searcher))?;
        for some in found.chunk_by_mut(|(_, one), (_, other)| one.segment_ord == other.segment_ord)
        {
            let Some((_, first)) = some.first() else {
                continue;
            };
            let mut scorer = weight.scorer(searcher.segment_reader(first.segment_ord), 1.0)?;
            for (score, at) in some {
                if scorer.doc() < at.doc_id {
                    scorer.seek(at.doc_id);
                }
                if scorer.doc() == at.doc_id {
                    *score += scorer.score();
                }
            }
        }
    }
    sort(&mut found);
    Ok(found)
}

/// What holds any of the terms, in the category that is asked for.
fn any_of<'a>(
    fields: &Fields,
    clauses: impl Iterator<Item = &'a Clause>,
    query: &Query,
) -> Box<dyn tantivy::query::Query> {
    let any: Vec<_> = clauses
        .map(|clause| (Occur::Should, scored(clause)))
        .collect();
    let any = BooleanQuery::new(any);
    match &query.category {
        None => Box::new(any),
        Some(category) => {
            let within = BoostQuery::new(Box::new(in_category(fields, category)), 0.0);
            let both: Vec<(Occur, Box<dyn tantivy::query::Query>)> = vec![
                (Occur::Must, Box::new(any)),
                (Occur::Must, Box::new(within)),
            ];
            Box::new(BooleanQuery::new(both))
        }
    }
}

pub(super) fn in_category(fields: &Fields, category: &CategoryId) -> TermQuery {
    let term = Term::from_field_text(fields.category, category.as_str());
    TermQuery::new(term, IndexRecordOption::Basic)
}

/// The best first; what is equal stays in the order it came in.
pub(super) fn sort(scored: &mut [(f32, DocAddress)]) {
    scored.sort_by(best_first);
}

pub(super) fn best_first(
    (one, at): &(f32, DocAddress),
    (other, there): &(f32, DocAddress),
) -> Ordering {
    other.total_cmp(one).then(at.cmp(there))
}

/// Lifts what settled calls, and a little what is fresh.
pub(super) fn weigh_feedback(searcher: &Searcher, ranked: &mut [Ranked]) -> Result<(), KbError> {
    // Opening a column costs more than reading it.
    let columns = searcher.segment_readers().iter().map(|segment| {
        let fast = segment.fast_fields();
        Ok((fast.u64("settled")?, fast.i64("updated")?))
    });
    let columns = columns.collect::<Result<Vec<_>, KbError>>()?;
    let known = ranked.iter().map(|Ranked { at: address, .. }| {
        let segment = usize::try_from(address.segment_ord).unwrap_or(usize::MAX);
        let Some((settled, updated)) = columns.get(segment) else {
            return (0, 0);
        };
        let doc = address.doc_id;
        (
            settled.first(doc).unwrap_or(0),
            updated.first(doc).unwrap_or(0),
        )
    });
    let known: Vec<(u64, i64)> = known.collect();
    let newest = known.iter().map(|(_, updated)| *updated).max().unwrap_or(0);
    for (one, (settled, updated)) in ranked.iter_mut().zip(known) {
        let settled = (SETTLED * (settled as f32).ln_1p()).min(MOST_SETTLED);
        let fresh = FRESH * (-((newest - updated) as f32) / HALF_FRESH_MS).exp2();
        one.score *= 1.0 + settled + fresh;
    }
    ranked.sort_by(|one, other| {
        other
            .score
            .total_cmp(&one.score)
            .then(one.at.cmp(&other.at))
    });
    Ok(())
}
