//! Which entries mean what was asked, whatever words they use.

use std::collections::HashSet;

use tantivy::columnar::Column;
use tantivy::query::{AllQuery, EnableScoring};
use tantivy::{DocAddress, Searcher};

use super::ranking::{CANDIDATES, best_first, in_category};
use crate::error::KbError;
use crate::fields::{Fields, MEANING_COLUMN};
use crate::index::SearchIndex;
use crate::meaning::QueryVector;
use crate::query::Query;

/// What means so much the same is found whatever words it uses.
const ALIKE: f32 = 0.35;

/// Among more entries than these, meaning ranks what words find and finds nothing by itself: each
/// would have to be looked at.
const LOOKED_THROUGH: u64 = 20_000;

/// How alike the entries of an index are in meaning to what was asked.
pub(super) enum Likeness<'a> {
    /// Of every entry of each part.
    Every(Vec<Vec<f32>>),
    /// To be told of some.
    Some(&'a QueryVector, Vec<Column<u64>>),
}

impl<'a> Likeness<'a> {
    pub(super) fn new(
        index: &SearchIndex,
        searcher: &Searcher,
        asked: &'a QueryVector,
    ) -> Result<Self, KbError> {
        if searcher.num_docs() <= LOOKED_THROUGH {
            let parts = index.meanings(searcher)?;
            let parts = parts.iter().map(|part| part.alike(asked));
            return Ok(Self::Every(parts.collect()));
        }
        let segments = searcher.segment_readers().iter();
        let columns = segments.map(|segment| Ok(segment.fast_fields().u64(MEANING_COLUMN)?));
        Ok(Self::Some(asked, columns.collect::<Result<_, KbError>>()?))
    }

    /// How alike an entry's meaning is to what was asked, −1 to 1.
    pub(super) fn of(&self, entry: DocAddress) -> f32 {
        let (part, doc) = (entry.segment_ord as usize, entry.doc_id);
        let alike = match self {
            Self::Every(parts) => parts
                .get(part)
                .and_then(|part| part.get(doc as usize).copied()),
            Self::Some(asked, columns) => columns
                .get(part)
                .map(|column| asked.alike(column.values_for_doc(doc))),
        };
        alike.unwrap_or(0.0)
    }
}

/// Adds the entries that are meant rather than named.
pub(super) fn add_alike(
    searcher: &Searcher,
    fields: &Fields,
    likeness: &Likeness<'_>,
    query: &Query,
    found: &mut Vec<(f32, DocAddress)>,
) -> Result<(), KbError> {
    let Likeness::Every(_) = likeness else {
        return Ok(());
    };
    let known: HashSet<DocAddress> = found.iter().map(|(_, at)| *at).collect();
    let every: Box<dyn tantivy::query::Query> = match &query.category {
        None => Box::new(AllQuery),
        Some(category) => Box::new(in_category(fields, category)),
    };
    let every = every.weight(EnableScoring::disabled_from_searcher(searcher))?;
    let mut alike: Vec<(f32, DocAddress)> = Vec::new();
    for (ord, segment) in (0..).zip(searcher.segment_readers()) {
        every.for_each_no_score(segment, &mut |docs| {
            for doc in docs {
                let at = DocAddress::new(ord, *doc);
                let one = likeness.of(at);
                if one >= ALIKE && !segment.is_deleted(*doc) && !known.contains(&at) {
                    alike.push((one, at));
                }
            }
        })?;
    }
    if alike.len() > CANDIDATES {
        alike.select_nth_unstable_by(CANDIDATES, best_first);
        alike.truncate(CANDIDATES);
    }
    found.extend(alike.into_iter().map(|(_, at)| (0.0, at)));
    Ok(())
}
