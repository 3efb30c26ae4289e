//! One index on disk: how it is opened, changed and kept.

mod position;
mod whole;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tantivy::directory::MmapDirectory;
use tantivy::index::SegmentId;
use tantivy::indexer::{LogMergePolicy, NoMergePolicy};
use tantivy::{
    Index, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, Searcher, TantivyDocument, Term,
};

use self::position::{position_of, position_text};
use crate::error::KbError;
use crate::fields::{Fields, MEANING_COLUMN};
use crate::meaning::Meanings;

/// Entries are kept in blocks of about this size (bytes), to be unpacked as a whole.
const STORE_BLOCK: usize = 4_096;
/// What the index keeps in memory before it writes.
const WRITER_BYTES: usize = 50_000_000;

/// An index on disk.
pub(crate) struct SearchIndex {
    pub(crate) fields: Fields,
    pub(crate) reader: IndexReader,
    index: Index,
    /// Begun with the first change, so that who only searches keeps nobody from changing.
    writer: Mutex<Option<IndexWriter>>,
    /// What the entries of each part of the index mean.
    meanings: Mutex<HashMap<SegmentId, Arc<Meanings>>>,
}

impl SearchIndex {
    /// Opens the index in `folder`, or makes one.
    pub(crate) fn open(folder: &Path) -> Result<Self, KbError> {
        std::fs::create_dir_all(folder).map_err(KbError::io(folder))?;
        let (schema, fields) = Fields::new();
        let directory = MmapDirectory::open(folder).map_err(tantivy::TantivyError::from)?;
        let settings = IndexSettings {
            docstore_blocksize: STORE_BLOCK,
            ..IndexSettings::default()
        };
        let index = if Index::exists(&directory).map_err(tantivy::TantivyError::from)? {
            Index::open(directory)?
        } else {
            Index::create(directory, schema, settings)?
        };
        Self::on(index, fields)
    }

    fn on(index: Index, fields: Fields) -> Result<Self, KbError> {
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()?;
        Ok(Self {
            fields,
            reader,
            index,
            writer: Mutex::new(None),
            meanings: Mutex::default(),
        })
    }

    /// What the entries of each part of the index mean, read when a part is first searched.
    pub(crate) fn meanings(&self, searcher: &Searcher) -> Result<Vec<Arc<Meanings>>, KbError> {
        let mut known = self.meanings.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = HashMap::new();
        let mut parts = Vec::new();
        for segment in searcher.segment_readers() {
            let id = segment.segment_id();
            let part = match known.get(&id) {
                Some(part) => Arc::clone(part),
                None => {
                    let column = segment.fast_fields().u64(MEANING_COLUMN)?;
                    Arc::new(Meanings::read(&column, segment.max_doc()))
                }
            };
            all.insert(id, Arc::clone(&part));
            parts.push(part);
        }
        *known = all;
        Ok(parts)
    }

    /// The position that was kept with the last commit.
    pub(crate) fn position(&self) -> Result<Option<i64>, KbError> {
        let metas = self.index.load_metas()?;
        Ok(metas.payload.and_then(|text| position_of(&text)))
    }

    /// Takes the documents of an entry in, in place of those of its id.
    pub(crate) fn put(&self, id: &str, documents: Vec<TantivyDocument>) -> Result<(), KbError> {
        self.write(|writer| {
            writer.delete_term(Term::from_field_text(self.fields.id, id));
            add_all(writer, documents)
        })
    }

    /// Takes the documents of an entry in that is in the index in no other version.
    pub(crate) fn add(&self, documents: Vec<TantivyDocument>) -> Result<(), KbError> {
        self.write(|writer| add_all(writer, documents))
    }

    /// Leaves many small parts of the index as they are until [`Self::merge`].
    pub(crate) fn merge_later(&self) -> Result<(), KbError> {
        self.write(|writer| {
            writer.set_merge_policy(Box::new(NoMergePolicy));
            Ok(())
        })
    }

    /// Makes one part of all, which is searched quickest.
    pub(crate) fn merge(&self) -> Result<(), KbError> {
        let parts = self.index.searchable_segment_ids()?;
        self.write(|writer| {
            if parts.len() > 1 {
                writer.merge(&parts).wait()?;
                writer.garbage_collect_files().wait()?;
            }
            writer.set_merge_policy(Box::new(LogMergePolicy::default()));
            Ok(())
        })?;
        self.reader.reload()?;
        Ok(())
    }

    /// Takes the entry of this id out.
    pub(crate) fn remove(&self, id: &str) -> Result<(), KbError> {
        self.write(|writer| {
            writer.delete_term(Term::from_field_text(self.fields.id, id));
            Ok(())
        })
    }

    /// Keeps what was taken in and out, with a position; searches see it when this returns.
    pub(crate) fn commit(&self, position: i64) -> Result<(), KbError> {
        self.write(|writer| {
            let mut prepared = writer.prepare_commit()?;
            prepared.set_payload(&position_text(position));
            prepared.commit()?;
            Ok(())
        })?;
        self.reader.reload()?;
        Ok(())
    }

    /// Forgets what was taken in and out since the last commit.
    pub(crate) fn roll_back(&self) {
        // The next change begins another writer, from what was kept.
        *self.writer.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn write<T>(
        &self,
        change: impl FnOnce(&mut IndexWriter) -> Result<T, KbError>,
    ) -> Result<T, KbError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let writer = match writer.as_mut() {
            Some(writer) => writer,
            None => writer.insert(self.index.writer_with_num_threads(1, WRITER_BYTES)?),
        };
        change(writer)
    }
}

fn add_all(writer: &IndexWriter, documents: Vec<TantivyDocument>) -> Result<(), KbError> {
    for document in documents {
        writer.add_document(document)?;
    }
    Ok(())
}
