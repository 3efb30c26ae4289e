//! The delivering side of the journal: reads what is written, in order, and forgets what is
//! acknowledged.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;

use madoguchi_core::event::CallEvent;
use madoguchi_core::live::AgentPresence;
use tokio::sync::watch;

use super::delivered::Delivered;
use super::record::{Content, Scan};
use super::segment::{self, Position};
use super::{JournalError, Written};

/// Records that were read together, in the order in which they were written.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The events.
    pub events: Vec<CallEvent>,
    /// The states of agents.
    pub presences: Vec<AgentPresence>,
}

impl Batch {
    /// How many records there are.
    pub fn len(&self) -> usize {
        self.events.len() + self.presences.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Reads the journal, from the first event that is not delivered. There is one for a journal; it
/// may live in another thread than the [`super::Journal`].
#[derive(Debug)]
pub struct JournalReader {
    pub(super) dir: PathBuf,
    pub(super) written: watch::Receiver<Written>,
    pub(super) delivered: Delivered,
    /// Behind the last record that was read.
    pub(super) at: Position,
    /// How many records were read, of those that [`Written`] counts.
    pub(super) read: u64,
    /// How many of them are acknowledged.
    pub(super) acknowledged: u64,
    /// The last position that is kept on disk.
    pub(super) kept: Position,
    /// Held for as long as either side lives.
    pub(super) _lock: Arc<File>,
}

impl JournalReader {
    /// The next records in the order in which they were written, at the most `max`; none when all
    /// has been read. Reads no further than what was written as asked.
    pub fn next_batch(&mut self, max: usize) -> Result<Batch, JournalError> {
        let end = self.written.borrow_and_update().end;
        let mut at = self.at;
        let mut batch = Batch::default();
        while batch.len() < max && at < end {
            self.read_segment(&mut at, end, max, &mut batch)?;
            if batch.len() < max && at < end {
                at = self.next_segment(at, end)?;
            }
        }
        self.at = at;
        self.read += batch.len() as u64;
        Ok(batch)
    }

    /// Everything that was read so far is delivered: it will not be read again after a restart,
    /// and segments without anything else are deleted.
    ///
    /// After an error it is still acknowledged for this reader; some of it may be read once more
    /// after a restart.
    pub fn acknowledge(&mut self) -> Result<(), JournalError> {
        self.acknowledged = self.read;
        if self.at == self.kept {
            return Ok(());
        }
        self.delivered.keep(self.at)?;
        if self.at.segment != self.kept.segment {
            segment::remove_before(&self.dir, self.at.segment)?;
        }
        self.kept = self.at;
        Ok(())
    }

    /// How many records were acknowledged in this run.
    pub fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// How many records are written and not acknowledged.
    pub fn backlog(&self) -> u64 {
        self.written
            .borrow()
            .records
            .saturating_sub(self.acknowledged)
    }

    /// Returns when more was written than the last [`Self::next_batch`] knew of. `false` when the
    /// writing side is gone, so that nothing more will come.
    pub async fn more_written(&mut self) -> bool {
        self.written.changed().await.is_ok()
    }

    /// Reads on from `at` in its segment, and moves it.
    fn read_segment(
        &self,
        at: &mut Position,
        end: Position,
        max: usize,
        batch: &mut Batch,
    ) -> Result<(), JournalError> {
        let path = segment::path(&self.dir, at.segment);
        let failed = |e| JournalError::io("read the journal", &path, e);
        let mut file = File::open(&path).map_err(failed)?;
        let length = if at.segment == end.segment {
            end.offset
        } else {
            fs::metadata(&path).map_err(failed)?.len()
        };
        file.seek(SeekFrom::Start(at.offset)).map_err(failed)?;
        let unread = file.take(length.saturating_sub(at.offset));
        let mut scan = Scan::new(BufReader::new(unread), at.offset);
        while batch.len() < max
            && let Some(piece) = scan.next().map_err(failed)?
        {
            match piece.content {
                Content::Event(event) => batch.events.push(event),
                Content::Presence(presence) => batch.presences.push(presence),
                Content::Damaged => {
                    tracing::error!(path = %path.display(), offset = piece.start, "damaged record of the journal left out");
                }
                Content::Unknown(source) => {
                    return Err(JournalError::UnknownEvent {
                        path,
                        offset: piece.start,
                        source,
                    });
                }
            }
            at.offset = piece.end;
        }
        Ok(())
    }

    /// The beginning of the segment that follows the one of `at`, which is read to its end.
    fn next_segment(&self, at: Position, end: Position) -> Result<Position, JournalError> {
        let next = segment::list(&self.dir)?
            .into_iter()
            .find(|n| *n > at.segment);
        match next {
            Some(segment) if segment <= end.segment => Ok(Position { segment, offset: 0 }),
            _ => {
                let path = segment::path(&self.dir, end.segment);
                let gone = io::ErrorKind::UnexpectedEof.into();
                Err(JournalError::io(
                    "read what was written to the journal",
                    &path,
                    gone,
                ))
            }
        }
    }
}
