//! Which entries mean what was asked, whatever words they use.

use std::collections::HashSet;
use std::sync::Arc;

use tantivy::columnar::Column;
use tantivy::query::{EnableScoring, Query as _};
use tantivy::{DocAddress, Searcher};

use super::ranking::{CANDIDATES, best_first, in_category};
use crate::error::KbError;
use crate::fields::{Fields, MEANING_COLUMN};
use crate::index::SearchIndex;
use crate::meaning::{Meanings, QueryVector};
use crate::query::Query;

/// What means so much the same is found whatever words it uses.
const ALIKE: f32 = 0.35;

/// Among more documents than these, meaning ranks what words find and finds nothing by itself: each
/// would have to be looked at.
const LOOKED_THROUGH: u64 = 60_000;

/// How alike the entries of an index are in meaning to what was asked.
pub(super) enum Likeness<'a> {
    /// Of any, and those that are most alike.
    Every(&'a QueryVector, Vec<Arc<Meanings>>),
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
            return Ok(Self::Every(asked, index.meanings(searcher)?));
        }
        let segments = searcher.segment_readers().iter();
        let columns = segments.map(|segment| Ok(segment.fast_fields().u64(MEANING_COLUMN)?));
        Ok(Self::Some(asked, columns.collect::<Result<_, KbError>>()?))
    }

    /// How alike an entry's meaning is to what was asked, −1 to 1.
    pub(super) fn of(&self, entry: DocAddress) -> f32 {
        let (part, doc) = (entry.segment_ord as usize, entry.doc_id);
        let alike = match self {
            Self::Every(asked, parts) => parts.get(part).map(|part| part.of(asked, doc)),
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
    let Likeness::Every(asked, parts) = likeness else {
        return Ok(());
    };
    let known: HashSet<DocAddress> = found.iter().map(|(_, at)| *at).collect();
    let mut alike: Vec<(f32, DocAddress)> = Vec::new();
    let segments = searcher.segment_readers().iter().zip(parts);
    for (ord, (segment, part)) in (0..).zip(segments) {
        let mut take = |doc: u32, one: f32| {
            let at = DocAddress::new(ord, doc);
            if one >= ALIKE && !segment.is_deleted(doc) && !known.contains(&at) {
                alike.push((one, at));
            }
        };
        let Some(category) = &query.category else {
            for (doc, one) in part.nearest(asked) {
                take(doc, one);
            }
            continue;
        };
        // Of a category each is looked at.
        let within = in_category(fields, category);
        let within = within.weight(EnableScoring::disabled_from_searcher(searcher))?;
        within.for_each_no_score(segment, &mut |docs| {
            for doc in docs {
                take(*doc, part.of(asked, *doc));
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
