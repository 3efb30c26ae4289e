//! Looks terms up in an index and ranks what holds them.

mod typing;

use serde::Deserialize;
use tantivy::collector::TopDocs;
use tantivy::columnar::Column;
use tantivy::query::{BooleanQuery, BoostQuery, EnableScoring, Occur, Query as _, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, Value};
use tantivy::{DocAddress, DocSet, Searcher, SegmentReader, TantivyDocument, Term};

use crate::entry::{Entry, Source};
use crate::error::KbError;
use crate::highlight::{Marker, Piece, Places};
use crate::index::{Fields, Shelf};
use crate::meaning::Asked;
use crate::query::{Kind, Parts, Query, Wanted};

/// So many of the best are looked at closely; no more are ever shown.
const CANDIDATES: usize = 100;
/// What reaches less than this part of the best score is not an answer.
const LEAST: f32 = 0.1;
/// If the best holds less than this part of what was asked for, nothing is an answer.
const EVIDENCE: f32 = 0.04;
/// So many terms make up what was asked for, those first that tell most: a long story is not less
/// answered for its details.
const ASKED_FOR: usize = 16;
/// Terms in fields that are looked for at the most, those first that tell most.
const CLAUSES: usize = 32;
/// Postings that are gone through to find; the other terms only rank.
const POSTINGS: u64 = 80_000;
/// What meaning exactly what was asked adds, in best scores by words.
const MEANING: f32 = 1.0;
/// What a settled call adds, and what all of them may add.
const SETTLED: f32 = 0.05;
const MOST_SETTLED: f32 = 0.25;
/// What being the newest adds, and after how long it adds half.
const FRESH: f32 = 0.03;
const HALF_FRESH_MS: f32 = 365.0 * 86_400_000.0;

/// What was found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Found {
    /// The best, in order.
    pub hits: Vec<Hit>,
    /// How many answers there are, of which `hits` are some.
    pub total: usize,
}

/// An entry that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Its id.
    pub id: String,
    /// Where it comes from.
    pub source: Source,
    /// The desk alone may see it.
    pub desk_only: bool,
    /// Its category.
    pub category: String,
    /// How well it fits; to be compared within one search only.
    pub score: f32,
    /// The question.
    pub question: Vec<Piece>,
    /// What of the answer fits best.
    pub excerpt: Vec<Piece>,
    /// Why it was found, if that was asked for; what counted most comes first.
    pub reasons: Vec<Reason>,
}

/// Why an entry was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// What was looked for: a word of the query, a synonym, the meaning …
    pub kind: &'static str,
    /// The words or runs.
    pub texts: Vec<String>,
    /// Its part of the score, 0–1.
    pub share: f32,
}

/// A term in a field, and what a match counts.
struct Clause {
    kind: Kind,
    text: String,
    term: Term,
    frequency: u64,
    boost: f32,
}

/// The best entries for these terms.
pub(crate) fn search(
    shelf: &Shelf,
    terms: &[Wanted],
    asked: Option<&Asked>,
    query: &Query,
    parts: Parts,
) -> Result<Found, KbError> {
    let searcher = shelf.reader.searcher();
    let (clauses, asked_for) = clauses(&searcher, &shelf.fields, terms, parts)?;
    if clauses.is_empty() {
        return Ok(Found::default());
    }
    let mut scored = best(&searcher, &shelf.fields, &clauses, query)?;
    let best = scored.first().map_or(0.0, |(best, _)| *best);
    // Where words that say nothing count, they are no evidence.
    if parts.stops && best < asked_for * EVIDENCE {
        return Ok(Found::default());
    }
    let least = best * LEAST;
    scored.retain(|(score, _)| *score >= least);
    // The best by words is as good as the likest by meaning.
    let meanings = asked.map(|asked| Ok::<_, KbError>((asked, Meanings::open(&searcher)?)));
    let meanings = meanings.transpose()?;
    let meant = |entry: DocAddress| {
        let alike = meanings
            .as_ref()
            .map(|(asked, meanings)| meanings.alike(asked, entry));
        alike.map_or(0.0, |alike| best * MEANING * alike)
    };
    for (score, address) in &mut scored {
        *score += meant(*address);
    }
    sort(&mut scored);
    if parts.feedback {
        weigh_feedback(&searcher, &mut scored)?;
    }
    let total = scored.len();
    let marker = Marker::new(terms);
    let page = scored.iter().skip(query.offset).take(query.limit);
    let mut hits = Vec::new();
    for (score, address) in page {
        let document: TantivyDocument = searcher.doc(*address)?;
        let entry: Entry = kept(&document, shelf.fields.entry)?;
        let places: Places<'_> = kept(&document, shelf.fields.places)?;
        let reasons = if query.explain {
            reasons(&searcher, &clauses, *address, meant(*address))
        } else {
            Vec::new()
        };
        hits.push(Hit {
            source: entry.source,
            desk_only: !entry.is_for_portal(),
            score: *score,
            question: marker.whole(&entry.question, &places.question),
            excerpt: marker.excerpt(&entry.answer, &places.answer),
            reasons,
            category: entry.category,
            id: entry.id,
        });
    }
    Ok(Found { hits, total })
}

pub(crate) fn entry(
    searcher: &Searcher,
    fields: &Fields,
    address: DocAddress,
) -> Result<Entry, KbError> {
    let document: TantivyDocument = searcher.doc(address)?;
    kept(&document, fields.entry)
}

fn kept<'a, T: Deserialize<'a>>(document: &'a TantivyDocument, field: Field) -> Result<T, KbError> {
    let text = document.get_first(field).and_then(|value| value.as_str());
    Ok(serde_json::from_str(text.unwrap_or_default())?)
}

/// The fields in which a kind of term is looked for, with what a match in each counts.
fn places(fields: &Fields, kind: Kind) -> Vec<(Field, f32)> {
    match kind {
        Kind::Word | Kind::Synonym => vec![
            (fields.question_words, 1.0),
            (fields.keyword_words, 0.7),
            (fields.answer_words, 1.0),
        ],
        Kind::Pair => vec![(fields.question_pairs, 1.0), (fields.answer_pairs, 0.7)],
        Kind::Gram => vec![(fields.question_grams, 1.0), (fields.answer_grams, 0.8)],
        Kind::Reading => vec![
            (fields.question_readings, 1.0),
            (fields.answer_readings, 0.6),
        ],
        Kind::Kana => vec![(fields.kana, 1.0)],
        Kind::Plain => vec![(fields.plain, 1.0)],
    }
}

/// The terms that the index knows, those first that tell most; and what all that was asked for would
/// tell, known or not: nothing where something else is looked for in its place.
fn clauses(
    searcher: &Searcher,
    fields: &Fields,
    terms: &[Wanted],
    parts: Parts,
) -> Result<(Vec<Clause>, f32), KbError> {
    let documents = searcher.num_docs().max(1) as f32;
    let tell = |frequency: u64| (1.0 + documents / frequency as f32).ln();
    let mut found: Vec<(f32, Clause)> = Vec::new();
    let mut asked_for: Vec<f32> = Vec::new();
    let mut look = |wanted: &Wanted| -> Result<u64, KbError> {
        let mut most = 0;
        for (field, counts) in places(fields, wanted.kind) {
            let term = Term::from_field_text(field, &wanted.text);
            let frequency = searcher.doc_freq(&term)?;
            if frequency == 0 {
                continue;
            }
            most = most.max(frequency);
            let boost = wanted.weight * counts;
            let clause = Clause {
                kind: wanted.kind,
                text: wanted.text.clone(),
                term,
                frequency,
                boost,
            };
            found.push((boost * tell(frequency), clause));
        }
        Ok(most)
    };
    let mut in_place = false;
    for wanted in terms {
        let frequency = look(wanted)?;
        asked_for.push(wanted.weight * tell(frequency.max(1)));
        in_place |= wanted.kind == Kind::Synonym && frequency > 0;
        if frequency == 0 && parts.typing && wanted.kind == Kind::Word {
            for nearest in typing::nearest(searcher, fields, wanted)? {
                in_place |= look(&nearest)? > 0;
            }
        }
    }
    asked_for.sort_by(|one, other| other.total_cmp(one));
    let asked_for = if in_place {
        0.0
    } else {
        asked_for.iter().take(ASKED_FOR).sum()
    };
    found.sort_by(|(one, ..), (other, ..)| other.total_cmp(one));
    found.truncate(CLAUSES);
    let clauses = found.into_iter().map(|(_, clause)| clause);
    Ok((clauses.collect(), asked_for))
}

/// The best entries, with their scores. Terms that meet few entries find, those first that tell most;
/// then all of them rank what was found.
fn best(
    searcher: &Searcher,
    fields: &Fields,
    clauses: &[Clause],
    query: &Query,
) -> Result<Vec<(f32, DocAddress)>, KbError> {
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
            let term = Term::from_field_text(fields.category, category);
            let within = TermQuery::new(term, IndexRecordOption::Basic);
            let within = BoostQuery::new(Box::new(within), 0.0);
            let both: Vec<(Occur, Box<dyn tantivy::query::Query>)> = vec![
                (Occur::Must, Box::new(any)),
                (Occur::Must, Box::new(within)),
            ];
            Box::new(BooleanQuery::new(both))
        }
    }
}

fn scored(clause: &Clause) -> Box<dyn tantivy::query::Query> {
    let term = TermQuery::new(clause.term.clone(), IndexRecordOption::WithFreqs);
    Box::new(BoostQuery::new(Box::new(term), clause.boost))
}

/// What the entries of an index mean.
struct Meanings(Vec<Column<u64>>);

impl Meanings {
    fn open(searcher: &Searcher) -> Result<Self, KbError> {
        let segments = searcher.segment_readers().iter();
        let columns = segments.map(|segment| Ok(segment.fast_fields().u64("meaning")?));
        Ok(Self(columns.collect::<Result<_, KbError>>()?))
    }

    /// How alike an entry's meaning is to what was asked, −1 to 1.
    fn alike(&self, asked: &Asked, entry: DocAddress) -> f32 {
        let segment = usize::try_from(entry.segment_ord).unwrap_or(usize::MAX);
        let column = self.0.get(segment);
        column.map_or(0.0, |column| {
            asked.alike(column.values_for_doc(entry.doc_id))
        })
    }
}

/// The best first; what is equal stays in the order it came in.
fn sort(scored: &mut [(f32, DocAddress)]) {
    scored.sort_by(|(one, at), (other, there)| other.total_cmp(one).then(at.cmp(there)));
}

/// Lifts what settled calls, and a little what is fresh.
fn weigh_feedback(searcher: &Searcher, scored: &mut [(f32, DocAddress)]) -> Result<(), KbError> {
    // Opening a column costs more than reading it.
    let columns = searcher.segment_readers().iter().map(|segment| {
        let fast = segment.fast_fields();
        Ok((fast.u64("settled")?, fast.i64("updated")?))
    });
    let columns = columns.collect::<Result<Vec<_>, KbError>>()?;
    let known = scored.iter().map(|(_, address)| {
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
    for ((score, _), (settled, updated)) in scored.iter_mut().zip(known) {
        let settled = (SETTLED * (settled as f32).ln_1p()).min(MOST_SETTLED);
        let fresh = FRESH * (-((newest - updated) as f32) / HALF_FRESH_MS).exp2();
        *score *= 1.0 + settled + fresh;
    }
    sort(scored);
    Ok(())
}

fn reasons(
    searcher: &Searcher,
    clauses: &[Clause],
    address: DocAddress,
    meant: f32,
) -> Vec<Reason> {
    let mut reasons: Vec<Reason> = Vec::new();
    let mut sum = meant.max(0.0);
    if meant > 0.0 {
        reasons.push(Reason {
            kind: "意味",
            texts: Vec::new(),
            share: meant,
        });
    }
    for clause in clauses {
        // An error says that the entry does not hold the term.
        let Ok(explanation) = scored(clause).explain(searcher, address) else {
            continue;
        };
        let value = explanation.value();
        sum += value;
        let kind = label(clause.kind);
        let reason = match reasons.iter_mut().find(|reason| reason.kind == kind) {
            Some(reason) => reason,
            None => {
                reasons.push(Reason {
                    kind,
                    texts: Vec::new(),
                    share: 0.0,
                });
                let Some(reason) = reasons.last_mut() else {
                    continue;
                };
                reason
            }
        };
        reason.share += value;
        if !reason.texts.contains(&clause.text) {
            reason.texts.push(clause.text.clone());
        }
    }
    for reason in &mut reasons {
        reason.share /= sum.max(f32::MIN_POSITIVE);
    }
    reasons.sort_by(|one, other| other.share.total_cmp(&one.share));
    reasons
}

fn label(kind: Kind) -> &'static str {
    match kind {
        Kind::Word | Kind::Plain => "語",
        Kind::Synonym => "同義語",
        Kind::Pair => "語の並び",
        Kind::Gram => "文字の並び",
        Kind::Reading => "読み",
        Kind::Kana => "かなの並び",
    }
}
