//! The indexes of articles, of the portal and of the desk, which change together, and the one of tickets.

use std::collections::HashSet;
use std::panic::resume_unwind;
use std::path::PathBuf;

use tantivy::TantivyDocument;

use super::text_pipeline::TextPipeline;
use crate::document::Tools;
use crate::entry::{Change, Entry, Feed, Viewer};
use crate::error::KbError;
use crate::index::SearchIndex;
use crate::query::SearchParts;

/// So many entries are cut up by each processor before they are written.
const AT_ONCE: usize = 256;
/// More changes than somebody makes by hand: nobody waits for them.
const BY_HAND_AT_MOST: usize = 16;
/// The lowest priority of a thread.
const LOWEST_PRIORITY: i32 = 19;

/// Three indexes, so that a search from the portal cannot meet what is for the desk, and a search of
/// articles meets no ticket.
pub(super) struct Indexes {
    pub(super) folder: PathBuf,
    pub(super) portal: SearchIndex,
    /// All articles.
    pub(super) all: SearchIndex,
    pub(super) tickets: SearchIndex,
}

impl Indexes {
    pub(super) fn open(folder: PathBuf) -> Result<Self, KbError> {
        Ok(Self {
            portal: SearchIndex::open(&folder.join("portal"))?,
            all: SearchIndex::open(&folder.join("all"))?,
            tickets: SearchIndex::open(&folder.join("tickets"))?,
            folder,
        })
    }

    /// Those that were made in `folder`, if all is as it was written.
    pub(super) fn open_whole(folder: PathBuf) -> Result<Self, KbError> {
        Ok(Self {
            portal: SearchIndex::open_whole(&folder.join("portal"))?,
            all: SearchIndex::open_whole(&folder.join("all"))?,
            tickets: SearchIndex::open_whole(&folder.join("tickets"))?,
            folder,
        })
    }

    pub(super) fn of(&self, viewer: Viewer) -> &SearchIndex {
        match viewer {
            Viewer::Portal => &self.portal,
            Viewer::Desk => &self.all,
        }
    }

    fn documents(
        &self,
        entry: &Entry,
        pipeline: &TextPipeline,
        parts: SearchParts,
    ) -> Result<Vec<TantivyDocument>, KbError> {
        let tools = Tools {
            analyzer: &pipeline.analyzer,
            plain: (!parts.stops).then_some(&pipeline.plain),
            encoder: pipeline.encoder.as_ref(),
        };
        self.all.fields.documents(entry, &tools)
    }

    fn put(&self, entry: &Entry, documents: Vec<TantivyDocument>) -> Result<(), KbError> {
        if entry.feed() == Feed::Tickets {
            return self.tickets.put(&entry.id, documents);
        }
        if entry.is_for_portal() {
            self.portal.put(&entry.id, documents.clone())?;
        } else {
            self.portal.remove(&entry.id)?;
        }
        self.all.put(&entry.id, documents)
    }

    /// Takes all entries in, cutting them up with all processors.
    pub(super) fn fill<E: From<KbError>>(
        &self,
        mut entries: impl Iterator<Item = Result<Entry, E>>,
        pipeline: &TextPipeline,
        parts: SearchParts,
    ) -> Result<(), E> {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let mut known = HashSet::new();
        for index in [&self.portal, &self.all, &self.tickets] {
            index.merge_later()?;
        }
        loop {
            let some = entries.by_ref().take(AT_ONCE * threads);
            let some = some.collect::<Result<Vec<Entry>, E>>()?;
            if some.is_empty() {
                return Ok(());
            }
            let cut = |some: &[Entry]| -> Result<Vec<_>, KbError> {
                let all = some.iter();
                all.map(|entry| self.documents(entry, pipeline, parts))
                    .collect()
            };
            let documents = std::thread::scope(|scope| {
                let cutting: Vec<_> = some
                    .chunks(AT_ONCE)
                    .map(|some| {
                        scope.spawn(|| {
                            // Who opens a desk waits for its articles, and for no ticket.
                            if some.iter().all(|entry| entry.feed() == Feed::Tickets) {
                                give_way();
                            }
                            cut(some)
                        })
                    })
                    .collect();
                let cut = cutting
                    .into_iter()
                    .map(|one| one.join().unwrap_or_else(|panic| resume_unwind(panic)));
                cut.collect::<Result<Vec<_>, KbError>>()
            })?;
            for (entry, documents) in some.iter().zip(documents.into_iter().flatten()) {
                let is_ticket = entry.feed() == Feed::Tickets;
                if !known.insert((is_ticket, entry.id.clone())) {
                    self.put(entry, documents)?;
                    continue;
                }
                if is_ticket {
                    self.tickets.add(documents)?;
                    continue;
                }
                if entry.is_for_portal() {
                    self.portal.add(documents.clone())?;
                }
                self.all.add(documents)?;
            }
        }
    }

    pub(super) fn change(
        &self,
        feed: Feed,
        changes: &[Change],
        pipeline: &TextPipeline,
        parts: SearchParts,
        position: i64,
    ) -> Result<(), KbError> {
        let cut = || -> Result<Vec<_>, KbError> {
            let documents = changes.iter().map(|change| match change {
                Change::Put(entry) => self.documents(entry, pipeline, parts),
                Change::Remove(_) => Ok(Vec::new()),
            });
            documents.collect()
        };
        let documents = if feed == Feed::Tickets && changes.len() > BY_HAND_AT_MOST {
            std::thread::scope(|scope| {
                let cutting = scope.spawn(|| {
                    give_way();
                    cut()
                });
                cutting.join().unwrap_or_else(|panic| resume_unwind(panic))
            })
        } else {
            cut()
        }?;
        for (change, documents) in changes.iter().zip(documents) {
            match change {
                Change::Put(entry) if entry.feed() == feed => self.put(entry, documents)?,
                Change::Put(entry) => {
                    tracing::error!(entry = entry.id, ?feed, "an entry of another feed");
                }
                Change::Remove(id) => {
                    for index in self.fed_by(feed) {
                        index.remove(id)?;
                    }
                }
            }
        }
        self.commit(feed, position)
    }

    fn fed_by(&self, feed: Feed) -> Vec<&SearchIndex> {
        match feed {
            Feed::Articles => vec![&self.portal, &self.all],
            Feed::Tickets => vec![&self.tickets],
        }
    }

    /// After a crash between the two of articles, what comes after the older position is done again.
    pub(super) fn commit(&self, feed: Feed, position: i64) -> Result<(), KbError> {
        let mut indexes = self.fed_by(feed).into_iter();
        indexes.try_for_each(|index| index.commit(position))
    }

    pub(super) fn roll_back(&self, feed: Feed) {
        for index in self.fed_by(feed) {
            index.roll_back();
        }
    }

    pub(super) fn position(&self, feed: Feed) -> Result<Option<i64>, KbError> {
        if feed == Feed::Tickets {
            return self.tickets.position();
        }
        let (portal, all) = (self.portal.position()?, self.all.position()?);
        Ok(portal.zip(all).map(|(portal, all)| portal.min(all)))
    }
}

/// Cutting up a desk's tickets with their meaning takes a processor for half an hour: who calls, searches or
/// opens a page goes first. It holds for the thread that asks for it, until that ends.
fn give_way() {
    if let Err(error) = rustix::process::setpriority_process(None, LOWEST_PRIORITY) {
        tracing::debug!(%error, "the search does not give way");
    }
}
