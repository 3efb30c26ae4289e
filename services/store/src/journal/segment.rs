//! The files of a journal: numbered segments, their places, and the one that is written.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::{JournalError, SyncMode};

/// A place in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Position {
    /// The number of the segment.
    pub(super) segment: u64,
    /// The byte in it.
    pub(super) offset: u64,
}

/// The name of a segment's file.
pub(super) fn name(segment: u64) -> String {
    format!("{segment:016}.journal")
}

/// The file of a segment.
pub(super) fn path(dir: &Path, segment: u64) -> PathBuf {
    dir.join(name(segment))
}

/// The numbers of the segments in `dir`, in order.
pub(super) fn list(dir: &Path) -> Result<Vec<u64>, JournalError> {
    let failed = |e| JournalError::io("list the journal", dir, e);
    let mut numbers = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let number = name.to_str().and_then(|n| n.strip_suffix(".journal"));
        numbers.extend(number.and_then(|n| n.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Deletes the segments before `keep`, which are delivered.
pub(super) fn remove_before(dir: &Path, keep: u64) -> Result<(), JournalError> {
    for number in list(dir)?.into_iter().filter(|n| *n < keep) {
        let path = path(dir, number);
        fs::remove_file(&path)
            .map_err(|e| JournalError::io("delete a delivered segment", &path, e))?;
    }
    Ok(())
}

/// What a segment is written on. A file; in tests, one that fails.
pub(super) trait Medium: Send + std::fmt::Debug {
    /// Writes all of `bytes` at `offset`.
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// Returns when what was written is on the disk.
    fn sync(&self) -> io::Result<()>;
    /// Makes the file `length` bytes long.
    fn cut(&self, length: u64) -> io::Result<()>;
}

impl Medium for File {
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        FileExt::write_all_at(self, bytes, offset)
    }
    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
    fn cut(&self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
}

/// The segment that is written.
#[derive(Debug)]
pub(super) struct Segment {
    number: u64,
    path: PathBuf,
    medium: Box<dyn Medium>,
    /// Everything before this byte is whole records, written as asked.
    good: u64,
    /// Something of a failed append may stand behind `good`.
    dirty: bool,
}

impl Segment {
    /// Makes the new, empty segment `number`, and its name durable.
    pub(super) fn create(dir: &Path, number: u64) -> Result<Self, JournalError> {
        let path = path(dir, number);
        let failed = |e| JournalError::io("create a segment", &path, e);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(super::FILE_MODE)
            .open(&path)
            .map_err(failed)?;
        if let Err(error) = File::open(dir).and_then(|dir| dir.sync_all()) {
            // So that the next try can make it; what matters is the first error.
            let _ = fs::remove_file(&path);
            return Err(failed(error));
        }
        Ok(Self::on(Box::new(file), number, path))
    }

    /// An empty segment on `medium`.
    pub(super) fn on(medium: Box<dyn Medium>, number: u64, path: PathBuf) -> Self {
        Self {
            number,
            path,
            medium,
            good: 0,
            dirty: false,
        }
    }

    /// Behind the last whole record.
    pub(super) fn end(&self) -> Position {
        Position {
            segment: self.number,
            offset: self.good,
        }
    }

    /// Writes `records`. On an error nothing of them stays: what was written is cut off, now or
    /// before the next write.
    pub(super) fn append(&mut self, records: &[u8], sync: SyncMode) -> Result<(), JournalError> {
        self.cut_leftover()?;
        self.dirty = true;
        if let Err(error) = self.write(records, sync) {
            // Should this fail too, the next append tries again before it writes.
            let _ = self.cut_leftover();
            return Err(error);
        }
        self.good += records.len() as u64;
        self.dirty = false;
        Ok(())
    }

    fn write(&self, records: &[u8], sync: SyncMode) -> Result<(), JournalError> {
        self.medium
            .write_all_at(records, self.good)
            .map_err(|e| JournalError::io("write to the journal", &self.path, e))?;
        match sync {
            SyncMode::Never => Ok(()),
            SyncMode::Always => self
                .medium
                .sync()
                .map_err(|e| JournalError::io("bring the journal to the disk", &self.path, e)),
        }
    }

    /// Cuts off what a failed append left, if anything. To be done before the segment is left.
    pub(super) fn cut_leftover(&mut self) -> Result<(), JournalError> {
        if self.dirty {
            self.medium
                .cut(self.good)
                .map_err(|e| JournalError::io("cut a half-written record", &self.path, e))?;
            self.dirty = false;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// A disk in memory with so much room, which may refuse to sync or to cut.
    #[derive(Debug, Default)]
    struct Disk {
        bytes: Vec<u8>,
        room: usize,
        sync_fails: bool,
        cut_fails: bool,
    }

    #[derive(Debug)]
    struct OnDisk(Arc<Mutex<Disk>>);

    fn broken(fails: bool) -> io::Result<()> {
        if fails {
            Err(io::Error::other("broken"))
        } else {
            Ok(())
        }
    }

    impl Medium for OnDisk {
        fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
            let mut disk = self.0.lock().unwrap();
            let (offset, room) = (offset as usize, disk.room);
            let fits = bytes.len().min(room.saturating_sub(offset));
            disk.bytes.resize(offset, 0);
            disk.bytes.extend_from_slice(&bytes[..fits]);
            if fits < bytes.len() {
                Err(io::ErrorKind::StorageFull.into())
            } else {
                Ok(())
            }
        }
        fn sync(&self) -> io::Result<()> {
            broken(self.0.lock().unwrap().sync_fails)
        }
        fn cut(&self, length: u64) -> io::Result<()> {
            let mut disk = self.0.lock().unwrap();
            broken(disk.cut_fails)?;
            disk.bytes.truncate(length as usize);
            Ok(())
        }
    }

    fn segment(disk: Disk) -> (Segment, Arc<Mutex<Disk>>) {
        let disk = Arc::new(Mutex::new(disk));
        (
            Segment::on(Box::new(OnDisk(disk.clone())), 1, PathBuf::from("1")),
            disk,
        )
    }

    #[test]
    fn a_full_disk_is_named_and_leaves_nothing_behind() {
        let (mut segment, disk) = segment(Disk {
            room: 6,
            ..Disk::default()
        });
        segment.append(b"one\n", SyncMode::Always).unwrap();
        let error = segment.append(b"two\n", SyncMode::Always).unwrap_err();
        assert!(matches!(error, JournalError::DiskFull { .. }), "{error}");
        assert_eq!(disk.lock().unwrap().bytes, b"one\n");
        disk.lock().unwrap().room = 100;
        segment.append(b"two\n", SyncMode::Always).unwrap();
        assert_eq!(disk.lock().unwrap().bytes, b"one\ntwo\n");
        assert_eq!(
            segment.end(),
            Position {
                segment: 1,
                offset: 8
            }
        );
    }

    #[test]
    fn a_record_that_may_not_be_on_the_disk_does_not_count() {
        let (mut segment, disk) = segment(Disk {
            room: 99,
            sync_fails: true,
            ..Disk::default()
        });
        segment.append(b"one\n", SyncMode::Always).unwrap_err();
        assert_eq!(segment.end().offset, 0);
        assert!(disk.lock().unwrap().bytes.is_empty());
        segment.append(b"one\n", SyncMode::Never).unwrap();
        assert_eq!(segment.end().offset, 4);
    }

    #[test]
    fn nothing_is_written_behind_garbage_that_could_not_be_cut() {
        let (mut segment, disk) = segment(Disk {
            room: 2,
            cut_fails: true,
            ..Disk::default()
        });
        segment.append(b"one\n", SyncMode::Never).unwrap_err();
        disk.lock().unwrap().room = 99;
        segment.append(b"x\n", SyncMode::Never).unwrap_err();
        assert_eq!(disk.lock().unwrap().bytes, b"on", "the cut comes first");
        disk.lock().unwrap().cut_fails = false;
        segment.append(b"x\n", SyncMode::Never).unwrap();
        assert_eq!(disk.lock().unwrap().bytes, b"x\n");
    }
}
