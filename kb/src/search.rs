//! Looks terms up in an index and ranks what holds them.

mod clauses;
mod confidence;
mod cover;
pub(crate) mod found;
mod fusion;
mod groups;
mod likeness;
mod ranking;
mod reasons;
mod typing;

use madoguchi_core::article::ArticleNumber;
use tantivy::{Searcher, TantivyDocument};

use self::clauses::{QueryClauses, clauses};
pub use self::confidence::SIGNALS;
pub use self::found::{Fit, Found, Hit, Reason, Verdict};
use self::fusion::{Ranked, fuse};
use self::likeness::Likeness;
use self::ranking::{best, weigh_feedback};
use self::reasons::reasons;
use crate::entry::Entry;
use crate::error::KbError;
use crate::highlight::Marker;
use crate::index::SearchIndex;
use crate::meaning::QueryVector;
use crate::mixing;
use crate::query::{Query, QueryTerm, SearchParts};
use crate::stored::{self, kept, numbered};
use crate::word_positions::WordPositions;

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
    let mut looked_for = clauses(&searcher, &index.fields, terms, parts)?;
    if !parts.words {
        looked_for.clauses.clear();
    }
    let likeness = asked.map(|asked| Likeness::new(index, &searcher, asked));
    let likeness = likeness.transpose()?;
    let by_words = best(&searcher, &index.fields, &looked_for.clauses, query)?;
    let looked = Looked {
        searcher: &searcher,
        index,
        terms,
        looked_for: &looked_for,
        likeness: likeness.as_ref(),
        query,
        parts,
    };
    let mut ranked = fuse(&looked, by_words)?;
    if parts.feedback {
        weigh_feedback(&searcher, &mut ranked)?;
    }
    if let Some(at) = numbered {
        // Digits alone may mean something else, too; a whole number does not.
        let whole = ArticleNumber::read(&query.text).is_some();
        ranked.retain(|one| !whole && one.at != at);
        let first = ranked.first().map_or(1.0, |one| one.score);
        ranked.insert(0, Ranked::numbered(at, first));
    }
    let total = ranked.len();
    let fit = ranked.first().map(|one| one.fit);
    let fit = fit.filter(|_| numbered.is_none());
    let page = ranked.iter().skip(query.offset).take(query.limit);
    let hits = hits(&looked, page)?;
    Ok(Found { hits, total, fit })
}

/// What is looked for, and where.
struct Looked<'a> {
    searcher: &'a Searcher,
    index: &'a SearchIndex,
    terms: &'a [QueryTerm],
    looked_for: &'a QueryClauses,
    likeness: Option<&'a Likeness<'a>>,
    query: &'a Query,
    parts: SearchParts,
}

/// What is shown of some results.
fn hits<'a>(
    looked: &Looked<'_>,
    page: impl Iterator<Item = &'a Ranked>,
) -> Result<Vec<Hit>, KbError> {
    let (searcher, fields) = (looked.searcher, &looked.index.fields);
    let marker = Marker::new(looked.terms);
    let mut hits = Vec::new();
    for one in page {
        let document: TantivyDocument = searcher.doc(one.at)?;
        let places: WordPositions<'_> = kept(&document, fields.places)?;
        let entry: Entry = match &places.of {
            None => kept(&document, fields.entry)?,
            Some(id) => match stored::head(searcher, fields, id)? {
                Some(head) => stored::entry(searcher, fields, head)?,
                None => continue,
            },
        };
        let reasons = if looked.query.explain {
            reasons(searcher, &looked.looked_for.clauses, one)
        } else {
            Vec::new()
        };
        let passage = entry.answer.get(places.passage.clone()).unwrap_or_default();
        hits.push(Hit {
            source: entry.source,
            desk_only: !entry.is_for_portal(),
            score: one.score,
            question: marker.whole(&entry.question, &places.question),
            excerpt: marker.excerpt(passage, &places.answer),
            passage: passage.trim().to_owned(),
            reasons,
            fit: Some(one.fit),
            answer: if looked.query.fits {
                mixing::beginning(passage)
            } else {
                String::new()
            },
            category: entry.category,
            number: entry.number,
            id: entry.id,
        });
    }
    Ok(hits)
}
