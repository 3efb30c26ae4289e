//! Looks terms up in an index and ranks what holds them.

mod clauses;
mod found;
mod likeness;
mod ranking;
mod reasons;
mod typing;

use madoguchi_core::article::ArticleNumber;
use tantivy::{DocAddress, TantivyDocument};

use self::clauses::{QueryClauses, clauses, covered};
pub use self::found::{Fit, Found, Hit, Reason};
use self::likeness::{Likeness, add_alike};
use self::ranking::{best, sort, weigh_feedback};
use self::reasons::reasons;
use crate::entry::Entry;
use crate::error::KbError;
use crate::highlight::Marker;
use crate::index::SearchIndex;
use crate::meaning::QueryVector;
use crate::mixing;
use crate::query::{Query, QueryTerm, SearchParts};
use crate::stored::{kept, numbered};
use crate::word_positions::WordPositions;

/// What reaches less than this part of the best score is not an answer.
const LEAST: f32 = 0.1;
/// The same where meaning counts, too, which tells less apart.
const LEAST_MEANT: f32 = 0.4;
/// If the best holds less than this part of what was asked for, words find nothing.
const EVIDENCE: f32 = 0.04;
/// What meaning exactly what was asked counts, where all that was asked for in words counts one.
const MEANING: f32 = 1.5;

/// The best entries for these terms.
pub(crate) fn search(
    index: &SearchIndex,
    terms: &[QueryTerm],
    asked: Option<&QueryVector>,
    query: &Query,
    parts: SearchParts,
) -> Result<Found, KbError> {
    let searcher = index.reader.searcher();
    let number = ArticleNumber::heard(&query.text);
    let numbered = match number {
        Some(number) => numbered(&searcher, &index.fields, number)?,
        None => None,
    };
    // Nothing was asked for.
    if terms.is_empty() && numbered.is_none() {
        return Ok(Found::default());
    }
    let QueryClauses {
        clauses,
        asked_for,
        told,
        in_place,
    } = clauses(&searcher, &index.fields, terms, parts)?;
    let likeness = asked.map(|asked| Likeness::new(index, &searcher, asked));
    let likeness = likeness.transpose()?;
    let mut scored = best(&searcher, &index.fields, &clauses, query)?;
    let mut best = scored.first().map_or(0.0, |(best, _)| *best);
    // Where words that say nothing count, they are no evidence.
    if parts.stops && !in_place && best < asked_for * EVIDENCE {
        scored.clear();
        best = 0.0;
    }
    if let Some(likeness) = &likeness {
        add_alike(&searcher, &index.fields, likeness, query, &mut scored)?;
    }
    // The less of what was asked for the words of the best make up, the more meaning counts.
    let worth = MEANING * best.max(asked_for);
    let meant = |entry: DocAddress| {
        let alike = likeness.as_ref().map(|likeness| likeness.of(entry));
        worth * alike.unwrap_or(0.0)
    };
    for (score, address) in &mut scored {
        *score += meant(*address);
    }
    sort(&mut scored);
    let fit_of = |at: DocAddress| -> Result<Fit, KbError> {
        Ok(Fit {
            words: covered(&searcher, &clauses, &told, at)?,
            meaning: likeness.as_ref().map_or(0.0, |likeness| likeness.of(at)),
        })
    };
    let fit = match scored.first() {
        Some((_, at)) => Some(fit_of(*at)?),
        None => None,
    };
    let least = if likeness.is_some() {
        LEAST_MEANT
    } else {
        LEAST
    };
    let least = scored.first().map_or(0.0, |(best, _)| best * least);
    scored.retain(|(score, _)| *score >= least);
    if parts.feedback {
        weigh_feedback(&searcher, &mut scored)?;
    }
    if let Some(at) = numbered {
        // Digits alone may mean something else, too; a whole number does not.
        let whole = ArticleNumber::read(&query.text).is_some();
        scored.retain(|(_, other)| !whole && *other != at);
        let first = scored.first().map_or(1.0, |(score, _)| *score);
        scored.insert(0, (first, at));
    }
    let fit = fit.filter(|_| numbered.is_none());
    let total = scored.len();
    let marker = Marker::new(terms);
    let page = scored.iter().skip(query.offset).take(query.limit);
    let mut hits = Vec::new();
    for (score, address) in page {
        let document: TantivyDocument = searcher.doc(*address)?;
        let entry: Entry = kept(&document, index.fields.entry)?;
        let places: WordPositions<'_> = kept(&document, index.fields.places)?;
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
            fit: if query.fits {
                Some(fit_of(*address)?)
            } else {
                None
            },
            answer: if query.fits {
                mixing::beginning(&entry.answer)
            } else {
                String::new()
            },
            category: entry.category,
            number: entry.number,
            id: entry.id,
        });
    }
    Ok(Found { hits, total, fit })
}
