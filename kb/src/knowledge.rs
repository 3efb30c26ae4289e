//! The door: keeps the indexes on disk, and answers searches while they change.

use std::collections::HashSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use madoguchi_encoder::Encoder;
use tantivy::TantivyDocument;

use crate::analysis::{Analyzer, Word};
use crate::dictionary::Dictionary;
use crate::entry::{Change, Entry, Viewer};
use crate::error::KbError;
use crate::index::SearchIndex;
use crate::language::Language;
use crate::meaning::QueryVector;
use crate::query::{self, Parts, Query, QueryTerm, Synonyms};
use crate::read;
use crate::search::{self, Found, Hit};
use crate::suggest::{self, Suggestion};
use crate::turns::SearchSlots;

/// Counts up whenever what is written to the index changes.
const LAYOUT: u32 = 3;
/// Names the index that is in use, and how it was made.
const CURRENT: &str = "current";
/// The last index that was found damaged.
const DAMAGED: &str = "damaged";
/// So many entries are cut up by each processor before they are written.
const AT_ONCE: usize = 256;

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
    parts: Parts,
    tongue: RwLock<Arc<TextPipeline>>,
    /// Taken up by the next rebuild.
    next: Mutex<Option<Arc<TextPipeline>>>,
    shelves: RwLock<Arc<Shelves>>,
    /// One change at a time.
    changing: Mutex<()>,
    turns: SearchSlots,
}

/// How texts are understood.
struct TextPipeline {
    analyzer: Analyzer,
    /// Keeps every word.
    plain: Analyzer,
    synonyms: Synonyms,
    language: Language,
    fingerprint: u64,
    encoder: Option<Encoder>,
}

impl TextPipeline {
    fn new(
        dictionary: &Dictionary,
        language: &Language,
        encoder: Option<Encoder>,
    ) -> Result<Self, KbError> {
        Ok(Self {
            analyzer: Analyzer::new(dictionary, language)?,
            plain: Analyzer::new(dictionary, &Language::default())?.keeping_stops(),
            synonyms: Synonyms::new(language),
            language: language.clone(),
            fingerprint: language.fingerprint(),
            encoder,
        })
    }

    fn terms(&self, query: &Query, parts: Parts) -> Vec<QueryTerm> {
        let Self {
            analyzer,
            plain,
            synonyms,
            ..
        } = self;
        query::terms(&query.text, analyzer, plain, synonyms, parts)
    }

    fn stamp(&self) -> String {
        let encoder = self.encoder.as_ref().map_or("", Encoder::fingerprint);
        format!("{LAYOUT}-{:016x}-{encoder}", self.fingerprint)
    }
}

/// Two indexes, so that a search from the portal cannot meet what is for the desk.
struct Shelves {
    folder: PathBuf,
    portal: SearchIndex,
    all: SearchIndex,
}

impl Shelves {
    fn open(folder: PathBuf) -> Result<Self, KbError> {
        Ok(Self {
            portal: SearchIndex::open(&folder.join("portal"))?,
            all: SearchIndex::open(&folder.join("all"))?,
            folder,
        })
    }

    /// Those that were made in `folder`, if all is as it was written.
    fn open_whole(folder: PathBuf) -> Result<Self, KbError> {
        Ok(Self {
            portal: SearchIndex::open_whole(&folder.join("portal"))?,
            all: SearchIndex::open_whole(&folder.join("all"))?,
            folder,
        })
    }

    fn of(&self, viewer: Viewer) -> &SearchIndex {
        match viewer {
            Viewer::Portal => &self.portal,
            Viewer::Desk => &self.all,
        }
    }

    fn document(
        &self,
        entry: &Entry,
        tongue: &TextPipeline,
        parts: Parts,
    ) -> Result<TantivyDocument, KbError> {
        let plain = (!parts.stops).then_some(&tongue.plain);
        let (fields, encoder) = (&self.all.fields, tongue.encoder.as_ref());
        fields.document(entry, &tongue.analyzer, plain, encoder)
    }

    fn put(&self, entry: &Entry, document: TantivyDocument) -> Result<(), KbError> {
        if entry.is_for_portal() {
            self.portal.put(&entry.id, document.clone())?;
        } else {
            self.portal.remove(&entry.id)?;
        }
        self.all.put(&entry.id, document)
    }

    /// Takes all entries in, cutting them up with all processors.
    fn fill<E: From<KbError>>(
        &self,
        mut entries: impl Iterator<Item = Result<Entry, E>>,
        tongue: &TextPipeline,
        parts: Parts,
    ) -> Result<(), E> {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let mut known = HashSet::new();
        for shelf in [&self.portal, &self.all] {
            shelf.merge_later()?;
        }
        loop {
            let some = entries.by_ref().take(AT_ONCE * threads);
            let some = some.collect::<Result<Vec<Entry>, E>>()?;
            if some.is_empty() {
                return Ok(());
            }
            let cut = |some: &[Entry]| -> Result<Vec<_>, KbError> {
                let all = some.iter();
                all.map(|entry| self.document(entry, tongue, parts))
                    .collect()
            };
            let documents = std::thread::scope(|scope| {
                let cutting: Vec<_> = some
                    .chunks(AT_ONCE)
                    .map(|some| scope.spawn(|| cut(some)))
                    .collect();
                let cut = cutting
                    .into_iter()
                    .map(|one| one.join().unwrap_or_else(|panic| resume_unwind(panic)));
                cut.collect::<Result<Vec<_>, KbError>>()
            })?;
            for (entry, document) in some.iter().zip(documents.into_iter().flatten()) {
                if !known.insert(entry.id.clone()) {
                    self.put(entry, document)?;
                    continue;
                }
                if entry.is_for_portal() {
                    self.portal.add(document.clone())?;
                }
                self.all.add(document)?;
            }
        }
    }

    fn change(
        &self,
        changes: &[Change],
        tongue: &TextPipeline,
        parts: Parts,
        position: i64,
    ) -> Result<(), KbError> {
        for change in changes {
            match change {
                Change::Put(entry) => {
                    self.put(entry, self.document(entry, tongue, parts)?)?;
                }
                Change::Remove(id) => {
                    self.portal.remove(id)?;
                    self.all.remove(id)?;
                }
            }
        }
        self.commit(position)
    }

    /// After a crash between the two, what comes after the older position is done again.
    fn commit(&self, position: i64) -> Result<(), KbError> {
        self.portal.commit(position)?;
        self.all.commit(position)
    }

    fn position(&self) -> Result<Option<i64>, KbError> {
        let (portal, all) = (self.portal.position()?, self.all.position()?);
        Ok(portal.zip(all).map(|(portal, all)| portal.min(all)))
    }
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
        Self::open_with(folder, dictionary, language, encoder, Parts::ALL)
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
        parts: Parts,
    ) -> Result<Self, KbError> {
        fs::create_dir_all(folder).map_err(KbError::io(folder))?;
        let tongue = TextPipeline::new(dictionary, language, encoder.cloned())?;
        let shelves = match current(folder, &tongue.stamp()) {
            Some(shelves) => shelves,
            None => {
                let shelves = Shelves::open(next_folder(folder)?)?;
                make_current(folder, &shelves.folder, &tongue.stamp())?;
                shelves
            }
        };
        Ok(Self {
            inner: Arc::new(Inner {
                folder: folder.to_owned(),
                dictionary: dictionary.clone(),
                parts,
                tongue: RwLock::new(Arc::new(tongue)),
                next: Mutex::new(None),
                shelves: RwLock::new(Arc::new(shelves)),
                changing: Mutex::new(()),
                turns: SearchSlots::new(),
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

    /// The position in the feed of changes that the index stands at; `None` if it is to be built.
    ///
    /// # Errors
    /// [`KbError::Index`].
    pub fn position(&self) -> Result<Option<i64>, KbError> {
        self.shelves().position()
    }

    /// Takes changes in; searches see them when this returns.
    ///
    /// # Errors
    /// [`KbError`]; then all of them are to be given again.
    pub fn apply(&self, changes: &[Change], position: i64) -> Result<(), KbError> {
        let _alone = lock(&self.inner.changing);
        let (shelves, tongue) = (self.shelves(), self.tongue());
        let done = shelves.change(changes, &tongue, self.inner.parts, position);
        if done.is_err() {
            shelves.portal.roll_back();
            shelves.all.roll_back();
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
        position: i64,
    ) -> Result<(), E> {
        let _alone = lock(&self.inner.changing);
        let tongue = lock(&self.inner.next)
            .clone()
            .unwrap_or_else(|| self.tongue());
        let folder = &self.inner.folder;
        let shelves = Shelves::open(next_folder(folder)?)?;
        shelves.fill(entries, &tongue, self.inner.parts)?;
        shelves.commit(position)?;
        for shelf in [&shelves.portal, &shelves.all] {
            shelf.merge()?;
        }
        make_current(folder, &shelves.folder, &tongue.stamp())?;
        let inner = &self.inner;
        let new = shelves.folder.clone();
        *inner.tongue.write().unwrap_or_else(PoisonError::into_inner) = tongue;
        *inner
            .shelves
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(shelves);
        *lock(&inner.next) = None;
        sweep(folder, &new);
        Ok(())
    }

    /// Takes up other words and synonyms: synonyms at once, words with the next rebuild.
    ///
    /// # Errors
    /// [`KbError::Words`]; then all stays as it was.
    pub fn set_language(&self, language: &Language) -> Result<Rebuild, KbError> {
        let encoder = self.tongue().encoder.clone();
        let tongue = Arc::new(TextPipeline::new(
            &self.inner.dictionary,
            language,
            encoder,
        )?);
        if tongue.fingerprint != self.tongue().fingerprint {
            *lock(&self.inner.next) = Some(tongue);
            return Ok(Rebuild::Needed);
        }
        *self
            .inner
            .tongue
            .write()
            .unwrap_or_else(PoisonError::into_inner) = tongue;
        *lock(&self.inner.next) = None;
        Ok(Rebuild::NotNeeded)
    }

    /// What answers a question.
    ///
    /// # Errors
    /// [`KbError::Index`], [`KbError::Unreadable`].
    pub fn search(&self, query: &Query) -> Result<Found, KbError> {
        let _turn = self.inner.turns.wait();
        self.search_as(&self.tongue(), query)
    }

    /// What is like a text: the text of a ticket, an article.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn similar(&self, text: &str, viewer: Viewer, limit: usize) -> Result<Vec<Hit>, KbError> {
        Ok(self.search(&Query::new(text, viewer, limit))?.hits)
    }

    /// The entry of this id, if the viewer may see it.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn entry(&self, id: &str, viewer: Viewer) -> Result<Option<Entry>, KbError> {
        read::lookup(self.shelves().of(viewer), id)
    }

    /// Entries of these categories, or of all, that the viewer may see, the newest first; and how
    /// many there are.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn newest(
        &self,
        viewer: Viewer,
        categories: Option<&[String]>,
        offset: usize,
        limit: usize,
    ) -> Result<(Vec<Entry>, usize), KbError> {
        read::list(self.shelves().of(viewer), categories, offset, limit)
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
        let _turn = self.inner.turns.wait();
        suggest::suggest(self.shelves().of(viewer), typed, limit)
    }

    /// The words and synonyms in force.
    pub fn language(&self) -> Language {
        self.tongue().language.clone()
    }

    /// What comes of a query with these words and synonyms, which need not be in force yet.
    ///
    /// # Errors
    /// [`KbError::Words`], and as [`Self::search`].
    pub fn try_out(&self, query: &Query, language: &Language) -> Result<Trial, KbError> {
        let encoder = self.tongue().encoder.clone();
        let tongue = TextPipeline::new(&self.inner.dictionary, language, encoder)?;
        let cut = tongue.analyzer.cut(&query.text);
        let terms = tongue.terms(query, Parts::ALL).into_iter();
        let synonyms = terms.filter(|wanted| wanted.kind == query::Kind::Synonym);
        let analysis = Analysis {
            reading: cut.reading,
            words: cut.words,
            synonyms: synonyms.map(|wanted| wanted.text).collect(),
        };
        let hits = self.search_as(&tongue, query)?.hits;
        Ok(Trial { analysis, hits })
    }

    fn search_as(&self, tongue: &TextPipeline, query: &Query) -> Result<Found, KbError> {
        let (shelves, parts) = (self.shelves(), self.inner.parts);
        let terms = tongue.terms(query, parts);
        let encoder = tongue.encoder.as_ref().filter(|_| parts.meaning);
        let asked = encoder.map(|encoder| QueryVector::new(encoder, &query.text));
        search::search(
            shelves.of(query.viewer),
            &terms,
            asked.as_ref(),
            query,
            parts,
        )
    }

    fn shelves(&self) -> Arc<Shelves> {
        let shelves = self.inner.shelves.read();
        shelves.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn tongue(&self) -> Arc<TextPipeline> {
        let tongue = self.inner.tongue.read();
        tongue.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The indexes in use, if they are whole and were made as they would be made now.
fn current(folder: &Path, stamp: &str) -> Option<Shelves> {
    let text = fs::read_to_string(folder.join(CURRENT)).ok()?;
    let (name, made) = text.trim().split_once(' ')?;
    if made != stamp {
        tracing::info!(
            made,
            stamp,
            "the search index was made otherwise and is built anew"
        );
        return None;
    }
    let place = folder.join(name);
    if !place.join("all").is_dir() {
        return None;
    }
    match open_caught(place.clone()) {
        Ok(shelves) => Some(shelves),
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::warn!(%error, cause, "the search index is damaged and is built anew");
            set_aside(folder, &place);
            None
        }
    }
}

/// Whatever the checks let through, a damaged index keeps nobody from building another one.
fn open_caught(place: PathBuf) -> Result<Shelves, KbError> {
    let opened = catch_unwind(AssertUnwindSafe(|| Shelves::open_whole(place)));
    opened.unwrap_or_else(|_| Err(KbError::Damaged("panic".to_owned())))
}

/// Keeps a damaged index for whoever wants to know why; only the last one.
fn set_aside(folder: &Path, damaged: &Path) {
    let aside = folder.join(DAMAGED);
    let gone = match fs::remove_dir_all(&aside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => fs::rename(damaged, &aside),
    };
    if let Err(error) = gone {
        tracing::warn!(%error, "the damaged search index cannot be set aside");
    }
}

fn next_folder(folder: &Path) -> Result<PathBuf, KbError> {
    let names = fs::read_dir(folder).map_err(KbError::io(folder))?;
    let used = names
        .filter_map(|entry| {
            entry
                .ok()?
                .file_name()
                .to_str()?
                .strip_prefix("index-")?
                .parse::<u64>()
                .ok()
        })
        .max();
    Ok(folder.join(format!("index-{}", used.unwrap_or(0) + 1)))
}

/// Written beside and renamed, so that it is never half written.
fn make_current(folder: &Path, shelves: &Path, stamp: &str) -> Result<(), KbError> {
    let name = shelves
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let beside = folder.join(format!("{CURRENT}.new"));
    fs::write(&beside, format!("{name} {stamp}\n")).map_err(KbError::io(&beside))?;
    let place = folder.join(CURRENT);
    fs::rename(&beside, &place).map_err(KbError::io(&place))
}

/// Takes away indexes that are not in use. One that cannot be taken away now, can the next time.
fn sweep(folder: &Path, used: &Path) {
    let Ok(names) = fs::read_dir(folder) else {
        return;
    };
    for path in names.filter_map(|entry| Some(entry.ok()?.path())) {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if name.starts_with("index-")
            && path != used
            && let Err(error) = fs::remove_dir_all(&path)
        {
            tracing::warn!(%error, path = %path.display(), "an old search index is left behind");
        }
    }
}
