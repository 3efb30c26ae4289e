//! The journal: call events and agents' states are on the disk of this machine before anything
//! depends on them.
//!
//! A directory of numbered segments, written by one thread ([`Journal`]) and delivered to the
//! store from another ([`JournalReader`], [`crate::delivery`]). Invariant: what
//! [`Journal::append`] has accepted is read by the reader exactly in that order, in this run or
//! in the next, until it is acknowledged; what it has refused is not read in this run (should the
//! machine die in that moment, it may be read in the next). Delivered segments are deleted; every
//! segment begins with all agents' states, so that the ones left always tell them.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Seek, SeekFrom};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use madoguchi_core::event::CallEvent;
use madoguchi_core::id::AgentId;
use madoguchi_core::live::AgentPresence;
use thiserror::Error;
use tokio::sync::watch;

mod copying;
mod delivered;
mod reader;
mod record;
mod segment;

pub use copying::{Inspection, copy, inspect};
pub use reader::{Batch, JournalReader};

use delivered::Delivered;
use record::{Content, Scan};
use segment::{Position, Segment};

/// The file that the process holds which has the journal open.
const LOCK: &str = "lock";
/// Events tell who called: they are for the program alone.
const FILE_MODE: u32 = 0o600;
const DIRECTORY_MODE: u32 = 0o700;

/// What can go wrong with the journal.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Another process has the journal open.
    #[error("the journal {} is in use by another process", dir.display())]
    InUse {
        /// Its directory.
        dir: PathBuf,
    },
    /// There is no room (or no quota) left.
    #[error("no room left on the disk to {doing}: {}", path.display())]
    DiskFull {
        /// What was tried.
        doing: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// The operating system reports an error.
    #[error("cannot {doing}: {}: {source}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The error.
        source: io::Error,
    },
    /// An event that cannot be written as JSON.
    #[error("cannot write an event as JSON: {0}")]
    Encoding(#[source] serde_json::Error),
    /// An undamaged record is no event that this program knows: a newer one has written it.
    #[error("the journal {} holds an event at byte {offset} that this program does not know: {source}", path.display())]
    UnknownEvent {
        /// The segment.
        path: PathBuf,
        /// The byte at which the record begins.
        offset: u64,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

impl JournalError {
    fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::DiskFull { doing, path }
            }
            _ => Self::Io {
                doing,
                path,
                source,
            },
        }
    }
}

/// Whether an append waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SyncMode {
    /// An append returns when the events are on the disk: they survive a power failure.
    #[default]
    Always,
    /// An append returns when the operating system has the events: they survive the end of the
    /// process.
    Never,
}

/// How the journal is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalOptions {
    /// Whether an append waits for the disk.
    pub sync: SyncMode,
    /// A new segment is begun when one has this many bytes.
    pub segment_bytes: u64,
}

impl Default for JournalOptions {
    fn default() -> Self {
        Self {
            sync: SyncMode::Always,
            segment_bytes: 16 << 20,
        }
    }
}

/// Events and agents' states as the journal writes them. Whoever must wait for the disk keeps these:
/// they are not encoded twice.
#[derive(Debug, Default, Clone)]
pub struct Records {
    lines: Vec<u8>,
    records: u64,
    /// The states among them, which every segment begins with.
    presences: Vec<AgentPresence>,
}

impl Records {
    /// These events, in this order.
    ///
    /// # Errors
    /// An event that cannot be written as JSON.
    pub fn encode(events: &[CallEvent]) -> Result<Self, JournalError> {
        Self::encode_all(events, &[])
    }

    /// These events and states, in this order.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn encode_all(
        events: &[CallEvent],
        presences: &[AgentPresence],
    ) -> Result<Self, JournalError> {
        let mut lines = Vec::new();
        record::encode(events, &mut lines).map_err(JournalError::Encoding)?;
        record::encode_presences(presences, &mut lines).map_err(JournalError::Encoding)?;
        Ok(Self {
            lines,
            records: (events.len() + presences.len()) as u64,
            presences: presences.to_vec(),
        })
    }

    /// How many records these are.
    pub fn events(&self) -> u64 {
        self.records
    }

    /// How many bytes they take.
    pub fn bytes(&self) -> usize {
        self.lines.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Puts `later` behind these.
    pub fn extend(&mut self, later: &Self) {
        self.lines.extend_from_slice(&later.lines);
        self.records += later.records;
        self.presences.extend_from_slice(&later.presences);
    }
}

/// What was found when the journal was opened.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// Records of earlier runs that are not delivered yet; the reader begins with them.
    pub undelivered: u64,
    /// What every agent was last doing, as far as earlier runs have recorded it.
    pub presences: Vec<AgentPresence>,
    /// Half-written or damaged ends of segments, which were cut off.
    pub cut: Vec<Damage>,
    /// Damaged records with undamaged ones behind them; the reader leaves them out.
    pub damaged: Vec<Damage>,
}

/// A stretch of a segment that is no record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The segment.
    pub path: PathBuf,
    /// Its first byte.
    pub offset: u64,
    /// How many bytes.
    pub bytes: u64,
}

/// What the writing side tells the reading side.
#[derive(Debug, Clone, Copy)]
struct Written {
    /// Behind the last record that was written as asked.
    end: Position,
    /// How many records the journal held undelivered at the start, and took since.
    records: u64,
}

/// The writing side of the journal.
#[derive(Debug)]
pub struct Journal {
    dir: PathBuf,
    options: JournalOptions,
    segment: Segment,
    written: watch::Sender<Written>,
    /// What every agent was last doing.
    presences: BTreeMap<AgentId, AgentPresence>,
    /// Held for as long as either side lives.
    _lock: Arc<File>,
}

impl Journal {
    /// Opens the journal in `dir` (made if missing) for this process alone, and cuts off what an
    /// earlier run wrote by half.
    ///
    /// # Errors
    /// [`JournalError::InUse`], [`JournalError::UnknownEvent`], or what the disk reports.
    pub fn open(
        dir: &Path,
        options: JournalOptions,
    ) -> Result<(Self, JournalReader, Recovery), JournalError> {
        make_dir(dir).map_err(|e| JournalError::io("make the journal", dir, e))?;
        let lock = Arc::new(lock(dir)?);
        let (delivered, position) = Delivered::open(dir)?;
        let position = position.unwrap_or_default();
        segment::remove_before(dir, position.segment)?;
        let (start, mut recovery) = recover(dir, position)?;
        let presences = presences(dir)?;
        recovery.presences = presences.values().cloned().collect();

        // Never one that was there before: a position in it means the same bytes for ever.
        let newest = segment::list(dir)?
            .last()
            .copied()
            .unwrap_or(0)
            .max(position.segment);
        let segment = Segment::create(dir, newest + 1)?;
        let at = start.unwrap_or(segment.end());
        let (written, reader) = watch::channel(Written {
            end: segment.end(),
            records: recovery.undelivered,
        });
        let reader = JournalReader {
            dir: dir.to_owned(),
            written: reader,
            delivered,
            at,
            read: 0,
            acknowledged: 0,
            kept: position,
            _lock: lock.clone(),
        };
        let dir = dir.to_owned();
        let journal = Self {
            dir,
            options,
            segment,
            written,
            presences,
            _lock: lock,
        };
        Ok((journal, reader, recovery))
    }

    /// Writes `events` in this order with one write and, if so asked, one wait for the disk.
    ///
    /// # Errors
    /// What the disk reports. Then none of `events` is in the journal; it may be tried again.
    pub fn append(&mut self, events: &[CallEvent]) -> Result<(), JournalError> {
        self.write(&Records::encode(events)?)
    }

    /// Writes records that were encoded before, with one write and, if so asked, one wait for the
    /// disk.
    ///
    /// # Errors
    /// What the disk reports. Then none of them is in the journal; it may be tried again.
    pub fn write(&mut self, records: &Records) -> Result<(), JournalError> {
        if records.is_empty() {
            return Ok(());
        }
        if self.segment.end().offset >= self.options.segment_bytes {
            self.segment.cut_leftover()?;
            self.segment = Segment::create(&self.dir, self.segment.end().segment + 1)?;
        }
        let mut count = records.records;
        if self.segment.end().offset == 0 && !self.presences.is_empty() {
            let mut lines = Vec::new();
            record::encode_presences(self.presences.values(), &mut lines)
                .map_err(JournalError::Encoding)?;
            lines.extend_from_slice(&records.lines);
            self.segment.append(&lines, self.options.sync)?;
            count += self.presences.len() as u64;
        } else {
            self.segment.append(&records.lines, self.options.sync)?;
        }
        for presence in &records.presences {
            keep_newest(&mut self.presences, presence.clone());
        }
        self.written.send_modify(|written| {
            written.end = self.segment.end();
            written.records += count;
        });
        Ok(())
    }
}

fn make_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(DIRECTORY_MODE).create(dir)
}

fn keep_newest(presences: &mut BTreeMap<AgentId, AgentPresence>, presence: AgentPresence) {
    match presences.get(&presence.agent) {
        Some(kept) if !presence.replaces(kept) => {}
        _ => {
            presences.insert(presence.agent.clone(), presence);
        }
    }
}

/// What every agent was last doing, as the segments tell, also those parts that are delivered.
fn presences(dir: &Path) -> Result<BTreeMap<AgentId, AgentPresence>, JournalError> {
    let mut presences = BTreeMap::new();
    for number in segment::list(dir)? {
        let path = segment::path(dir, number);
        let failed = |e| JournalError::io("read agents' states in the journal", &path, e);
        let mut scan = Scan::new(BufReader::new(File::open(&path).map_err(failed)?), 0);
        while let Some(piece) = scan.next().map_err(failed)? {
            if let Content::Presence(presence) = piece.content {
                keep_newest(&mut presences, presence);
            }
        }
    }
    Ok(presences)
}

fn lock(dir: &Path) -> Result<File, JournalError> {
    let path = dir.join(LOCK);
    let failed = |e| JournalError::io("open the lock of the journal", &path, e);
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(FILE_MODE)
        .open(&path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(JournalError::InUse {
            dir: dir.to_owned(),
        }),
        Err(TryLockError::Error(e)) => Err(failed(e)),
    }
}

/// Looks through what earlier runs left from `delivered` on; tells where the reader begins.
fn recover(dir: &Path, delivered: Position) -> Result<(Option<Position>, Recovery), JournalError> {
    let mut recovery = Recovery::default();
    let mut start = None;
    for number in segment::list(dir)? {
        let offset = if number == delivered.segment {
            delivered.offset
        } else {
            0
        };
        start.get_or_insert(Position {
            segment: number,
            offset,
        });
        recover_segment(&segment::path(dir, number), offset, &mut recovery)?;
    }
    Ok((start, recovery))
}

/// Checks one segment from `offset` on, and cuts off its end if that is no record.
fn recover_segment(path: &Path, offset: u64, recovery: &mut Recovery) -> Result<(), JournalError> {
    let failed = |e| JournalError::io("check the journal", path, e);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .map_err(failed)?;
    file.seek(SeekFrom::Start(offset)).map_err(failed)?;
    let mut scan = Scan::new(BufReader::new(&file), offset);
    let mut good = offset;
    let mut damaged = Vec::new();
    while let Some(piece) = scan.next().map_err(failed)? {
        match piece.content {
            Content::Event(_) | Content::Presence(_) => {
                recovery.damaged.append(&mut damaged);
                recovery.undelivered += 1;
                good = piece.end;
            }
            Content::Damaged => damaged.push(Damage {
                path: path.to_owned(),
                offset: piece.start,
                bytes: piece.end - piece.start,
            }),
            Content::Unknown(source) => {
                let path = path.to_owned();
                return Err(JournalError::UnknownEvent {
                    path,
                    offset: piece.start,
                    source,
                });
            }
        }
    }
    if !damaged.is_empty() {
        file.set_len(good)
            .and_then(|()| file.sync_data())
            .map_err(failed)?;
        let bytes = damaged.iter().map(|d| d.bytes).sum();
        recovery.cut.push(Damage {
            path: path.to_owned(),
            offset: good,
            bytes,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
