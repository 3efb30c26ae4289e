//! The door: keeps the indexes on disk, and answers searches while they change.

mod folders;
mod indexes;
mod text_pipeline;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use madoguchi_core::id::CategoryId;
use madoguchi_encoder::Encoder;

use self::folders::{CURRENT, current, make_current, next_folder, open_caught, sweep};
use self::indexes::Indexes;
use self::text_pipeline::TextPipeline;
use crate::analysis::Word;
use crate::dictionary::Dictionary;
use crate::entry::{Change, Entry, Feed, Positions, Viewer};
use crate::error::KbError;
use crate::index::SearchIndex;
use crate::language::Language;
use crate::meaning::QueryVector;
use crate::query::{self, Query, SearchParts};
use crate::read;
use crate::search::{self, Found, Hit};
use crate::slots::SearchSlots;
use crate::suggest::{self, Suggestion};

/// Whether the index must be built anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rebuild {
    /// No.
    NotNeeded,
    /// Yes: entries are cut into words otherwise than queries will be. Until then all goes on as
    /// before.
    Needed,
}

/// How a text is understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Analysis {
    /// The words that count.
    pub words: Vec<Word>,
    /// How the text is read, in hiragana.
    pub reading: String,
    /// What else is looked for, because it means the same.
    pub synonyms: Vec<String>,
}

/// What comes of a text with other words and synonyms.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// How it is understood.
    pub analysis: Analysis,
    /// What is found. Entries are still cut by the words in force.
    pub hits: Vec<Hit>,
}

/// All that is known, to be searched. Cheap to clone.
#[derive(Clone)]
pub struct Knowledge {
    inner: Arc<Inner>,
}

struct Inner {
    folder: PathBuf,
    dictionary: Dictionary,
    parts: SearchParts,
    pipeline: RwLock<Arc<TextPipeline>>,
    /// Taken up by the next rebuild.
    next: Mutex<Option<Arc<TextPipeline>>>,
    indexes: RwLock<Arc<Indexes>>,
    /// One change at a time.
    changing: Mutex<()>,
    slots: SearchSlots,
}

impl std::fmt::Debug for Knowledge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Knowledge")
            .field("folder", &self.inner.folder)
            .finish_non_exhaustive()
    }
}

impl Knowledge {
    /// Opens the indexes in `folder`. With an encoder, what means alike counts besides words. One that is damaged, or was made otherwise, is left behind for
    /// an empty one: [`Self::position`] is then `None`.
    ///
    /// # Errors
    /// [`KbError`].
    pub fn open(
        folder: &Path,
        dictionary: &Dictionary,
        language: &Language,
        encoder: Option<&Encoder>,
    ) -> Result<Self, KbError> {
        Self::open_with(folder, dictionary, language, encoder, SearchParts::ALL)
    }

    /// The same with some parts of the search alone, to be measured.
    ///
    /// # Errors
    /// [`KbError`].
    pub(crate) fn open_with(
        folder: &Path,
        dictionary: &Dictionary,
        language: &Language,
        encoder: Option<&Encoder>,
        parts: SearchParts,
    ) -> Result<Self, KbError> {
        fs::create_dir_all(folder).map_err(KbError::io(folder))?;
        // Where meaning does not count, nothing is to be encoded.
        let encoder = encoder.filter(|_| parts.meaning).cloned();
        let pipeline = TextPipeline::new(dictionary, language, encoder)?;
        let indexes = match current(folder, &pipeline.stamp()) {
            Some(indexes) => indexes,
            None => {
                let indexes = Indexes::open(next_folder(folder)?)?;
                make_current(folder, &indexes.folder, &pipeline.stamp())?;
                indexes
            }
        };
        Ok(Self {
            inner: Arc::new(Inner {
                folder: folder.to_owned(),
                dictionary: dictionary.clone(),
                parts,
                pipeline: RwLock::new(Arc::new(pipeline)),
                next: Mutex::new(None),
                indexes: RwLock::new(Arc::new(indexes)),
                changing: Mutex::new(()),
                slots: SearchSlots::new(),
            }),
        })
    }

    /// Whether the index in `folder`, if there is one, is as it was written. Changes nothing.
    ///
    /// # Errors
    /// [`KbError`]: it is damaged.
    pub fn check(folder: &Path) -> Result<(), KbError> {
        let Ok(text) = fs::read_to_string(folder.join(CURRENT)) else {
            return Ok(());
        };
        let name = text.split_whitespace().next().unwrap_or_default();
        let place = folder.join(name);
        if !place.join("all").is_dir() {
            return Err(KbError::Damaged(name.to_owned()));
        }
        open_caught(place).map(drop)
    }

    /// The position in a feed of changes that its index stands at; `None` if it is to be built.
    ///
    /// # Errors
    /// [`KbError::Index`].
    pub fn position(&self, feed: Feed) -> Result<Option<i64>, KbError> {
        self.indexes().position(feed)
    }

    /// Takes changes of one feed in; searches see them when this returns.
    ///
    /// # Errors
    /// [`KbError`]; then all of them are to be given again.
    pub fn apply(&self, feed: Feed, changes: &[Change], position: i64) -> Result<(), KbError> {
        let _alone = lock(&self.inner.changing);
        let (indexes, pipeline) = (self.indexes(), self.pipeline());
        let done = indexes.change(feed, changes, &pipeline, self.inner.parts, position);
        if done.is_err() {
            indexes.roll_back(feed);
        }
        done
    }

    /// Builds the indexes anew from all entries, beside the old ones, in which searches go on.
    ///
    /// # Errors
    /// [`KbError`], or what the entries fail with; the old indexes stay.
    pub fn rebuild<E: From<KbError>>(
        &self,
        entries: impl Iterator<Item = Result<Entry, E>>,
        positions: Positions,
    ) -> Result<(), E> {
        let _alone = lock(&self.inner.changing);
        let pipeline = lock(&self.inner.next)
            .clone()
            .unwrap_or_else(|| self.pipeline());
        let folder = &self.inner.folder;
        let indexes = Indexes::open(next_folder(folder)?)?;
        indexes.fill(entries, &pipeline, self.inner.parts)?;
        indexes.commit(Feed::Articles, positions.articles)?;
        indexes.commit(Feed::Tickets, positions.tickets)?;
        for index in [&indexes.portal, &indexes.all, &indexes.tickets] {
            index.merge()?;
        }
        make_current(folder, &indexes.folder, &pipeline.stamp())?;
        let inner = &self.inner;
        let new = indexes.folder.clone();
        *inner
            .pipeline
            .write()
            .unwrap_or_else(PoisonError::into_inner) = pipeline;
        *inner
            .indexes
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(indexes);
        *lock(&inner.next) = None;
        sweep(folder, &new);
        Ok(())
    }

    /// Takes up other words and synonyms: synonyms at once, words with the next rebuild.
    ///
    /// # Errors
    /// [`KbError::Words`]; then all stays as it was.
    pub fn set_language(&self, language: &Language) -> Result<Rebuild, KbError> {
        let encoder = self.pipeline().encoder.clone();
        let pipeline = Arc::new(TextPipeline::new(
            &self.inner.dictionary,
            language,
            encoder,
        )?);
        if pipeline.fingerprint != self.pipeline().fingerprint {
            *lock(&self.inner.next) = Some(pipeline);
            return Ok(Rebuild::Needed);
        }
        *self
            .inner
            .pipeline
            .write()
            .unwrap_or_else(PoisonError::into_inner) = pipeline;
        *lock(&self.inner.next) = None;
        Ok(Rebuild::NotNeeded)
    }

    /// The articles that answer a question.
    ///
    /// # Errors
    /// [`KbError::Index`], [`KbError::Unreadable`].
    pub fn search(&self, query: &Query) -> Result<Found, KbError> {
        let _slot = self.inner.slots.wait();
        let indexes = self.indexes();
        self.search_in(indexes.of(query.viewer), &self.pipeline(), query)
    }

    /// The tickets that answered such a question: for the desk alone, the portal finds none.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn search_tickets(&self, query: &Query) -> Result<Found, KbError> {
        if query.viewer != Viewer::Desk {
            return Ok(Found::default());
        }
        let _slot = self.inner.slots.wait();
        self.search_in(&self.indexes().tickets, &self.pipeline(), query)
    }

    /// What is like a text: the text of a ticket, an article.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn similar(&self, text: &str, viewer: Viewer, limit: usize) -> Result<Vec<Hit>, KbError> {
        Ok(self.search(&Query::new(text, viewer, limit))?.hits)
    }

    /// The article of this id, if the viewer may see it.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn entry(&self, id: &str, viewer: Viewer) -> Result<Option<Entry>, KbError> {
        read::lookup(self.indexes().of(viewer), id)
    }

    /// Articles of these categories, or of all, that the viewer may see, the newest first; and how
    /// many there are.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn newest(
        &self,
        viewer: Viewer,
        categories: Option<&[CategoryId]>,
        offset: usize,
        limit: usize,
    ) -> Result<(Vec<Entry>, usize), KbError> {
        read::list(self.indexes().of(viewer), categories, offset, limit)
    }

    /// What may be meant by what was typed so far.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn suggest(
        &self,
        typed: &str,
        viewer: Viewer,
        limit: usize,
    ) -> Result<Vec<Suggestion>, KbError> {
        let _slot = self.inner.slots.wait();
        suggest::suggest(self.indexes().of(viewer), typed, limit)
    }

    /// The words and synonyms in force.
    pub fn language(&self) -> Language {
        self.pipeline().language.clone()
    }

    /// What comes of a query with these words and synonyms, which need not be in force yet.
    ///
    /// # Errors
    /// [`KbError::Words`], and as [`Self::search`].
    pub fn try_out(&self, query: &Query, language: &Language) -> Result<Trial, KbError> {
        let encoder = self.pipeline().encoder.clone();
        let pipeline = TextPipeline::new(&self.inner.dictionary, language, encoder)?;
        let cut = pipeline.analyzer.cut(&query.text);
        let terms = pipeline.terms(query, SearchParts::ALL).into_iter();
        let synonyms = terms.filter(|wanted| wanted.kind == query::Kind::Synonym);
        let analysis = Analysis {
            reading: cut.reading,
            words: cut.words,
            synonyms: synonyms.map(|wanted| wanted.text).collect(),
        };
        let indexes = self.indexes();
        let hits = self
            .search_in(indexes.of(query.viewer), &pipeline, query)?
            .hits;
        Ok(Trial { analysis, hits })
    }

    fn search_in(
        &self,
        index: &SearchIndex,
        pipeline: &TextPipeline,
        query: &Query,
    ) -> Result<Found, KbError> {
        let parts = self.inner.parts;
        let terms = pipeline.terms(query, parts);
        let encoder = pipeline.encoder.as_ref().filter(|_| parts.meaning);
        let asked = encoder.map(|encoder| QueryVector::new(encoder, &query.text));
        search::search(index, &terms, asked.as_ref(), query, parts)
    }

    fn indexes(&self) -> Arc<Indexes> {
        let indexes = self.inner.indexes.read();
        indexes.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn pipeline(&self) -> Arc<TextPipeline> {
        let pipeline = self.inner.pipeline.read();
        pipeline.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
