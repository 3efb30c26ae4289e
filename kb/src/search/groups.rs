//! The passages of one entry are one result: that of its best passage.

use std::collections::HashSet;

use tantivy::columnar::Column;
use tantivy::{DocAddress, Searcher};

use crate::error::KbError;
use crate::fields::GROUP_COLUMN;

/// Which entry a document belongs to.
pub(super) struct Groups(Vec<Column<u64>>);

impl Groups {
    pub(super) fn new(searcher: &Searcher) -> Result<Self, KbError> {
        let segments = searcher.segment_readers().iter();
        let columns = segments.map(|segment| Ok(segment.fast_fields().u64(GROUP_COLUMN)?));
        Ok(Self(columns.collect::<Result<_, KbError>>()?))
    }

    fn of(&self, document: DocAddress) -> u64 {
        let column = self.0.get(document.segment_ord as usize);
        let group = column.and_then(|column| column.first(document.doc_id));
        // One of a kind: an index that was damaged after it was opened.
        group
            .unwrap_or_else(|| (u64::from(document.segment_ord) << 32) | u64::from(document.doc_id))
    }

    /// Of sorted documents the best of each entry.
    pub(super) fn best<T>(&self, sorted: Vec<T>, at: impl Fn(&T) -> DocAddress) -> Vec<T> {
        let mut known = HashSet::with_capacity(sorted.len());
        let mut sorted = sorted;
        sorted.retain(|one| known.insert(self.of(at(one))));
        sorted
    }
}
