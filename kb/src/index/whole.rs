//! Whether an index on disk is what was written: looked at before anything else reads it, for the
//! reader trusts its files, and ends in a panic on damaged ones.

use std::path::{Path, PathBuf};

use tantivy::directory::MmapDirectory;
use tantivy::{DocAddress, Index, TantivyDocument};

use super::SearchIndex;
use crate::error::KbError;
use crate::fields::{Fields, MEANING_COLUMN};

impl SearchIndex {
    /// Opens the index that was made in `folder`.
    ///
    /// # Errors
    /// [`KbError::Damaged`], or what the index says.
    pub(crate) fn open_whole(folder: &Path) -> Result<Self, KbError> {
        let directory = MmapDirectory::open(folder).map_err(tantivy::TantivyError::from)?;
        let index = Index::open(directory)?;
        let damaged = damaged_files(&index, folder)?;
        if !damaged.is_empty() {
            return Err(KbError::Damaged(format!("{damaged:?}")));
        }
        let (schema, fields) = Fields::new();
        if index.schema() != schema {
            return Err(KbError::Damaged("other fields".to_owned()));
        }
        let index = Self::on(index, fields)?;
        index.check_counts()?;
        Ok(index)
    }

    /// What the list of segments says of them is what is in them.
    fn check_counts(&self) -> Result<(), KbError> {
        let searcher = self.reader.searcher();
        for (ord, segment) in (0..).zip(searcher.segment_readers()) {
            let count = segment.max_doc();
            let column = segment.fast_fields().u64(MEANING_COLUMN)?;
            let in_range = count > 0 && segment.num_docs() <= count;
            if !in_range || column.num_docs() != count {
                return Err(KbError::Damaged("another number of entries".to_owned()));
            }
            let _last: TantivyDocument = searcher.doc(DocAddress::new(ord, count - 1))?;
        }
        Ok(())
    }
}

/// The files in use whose content is not what was written.
fn damaged_files(index: &Index, folder: &Path) -> Result<Vec<PathBuf>, KbError> {
    let used: Vec<String> = index
        .searchable_segment_metas()?
        .iter()
        .map(|segment| segment.id().uuid_string())
        .collect();
    let mut damaged = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(KbError::io(folder))? {
        let name = entry.map_err(KbError::io(folder))?.file_name();
        let is_used = |name: &str| used.iter().any(|segment| name.starts_with(segment));
        if !name.to_str().is_some_and(is_used) {
            continue;
        }
        let file = PathBuf::from(name);
        let sum = index.directory().validate_checksum(&file);
        if !sum.map_err(tantivy::TantivyError::from)? {
            damaged.push(file);
        }
    }
    Ok(damaged)
}
