//! Copies a journal while it is written, and looks at one without touching it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Seek as _, SeekFrom};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::record::{Content, Scan};
use super::segment::{self, Position};
use super::{JournalError, delivered};

/// Copies what is not delivered yet from `dir` to the directory `to`, which is made. To be done
/// before the database is copied: what is delivered and deleted meanwhile is in there then, and what
/// is in both counts once.
///
/// # Errors
/// What the disk reports.
pub fn copy(dir: &Path, to: &Path) -> Result<(), JournalError> {
    let failed = |e| JournalError::io("copy the journal", to, e);
    fs::create_dir_all(to).map_err(failed)?;
    // Read first: what it says may lag behind the segments, never run ahead of them.
    for name in [delivered::FILE.to_owned()]
        .into_iter()
        .chain(segment::list(dir)?.into_iter().map(segment::name))
    {
        match copy_file(&dir.join(&name), &to.join(&name)) {
            // Delivered in the meantime.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            copied => copied.map_err(failed)?,
        }
    }
    Ok(())
}

/// As far as the file is written now; a record that is written by half is cut off when the copy is
/// opened.
fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    let mut from = File::open(from)?;
    let mut to = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(super::FILE_MODE)
        .open(to)?;
    io::copy(&mut from, &mut to)?;
    to.sync_all()
}

/// What a journal holds.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Inspection {
    /// Another process writes it.
    pub in_use: bool,
    /// Events that are not delivered yet.
    pub undelivered: u64,
    /// Records with undamaged ones behind them that cannot be read.
    pub damaged: u64,
    /// Bytes of all segments.
    pub bytes: u64,
}

/// Looks through the journal in `dir` without changing anything.
///
/// # Errors
/// What the disk reports.
pub fn inspect(dir: &Path) -> Result<Inspection, JournalError> {
    let mut found = Inspection {
        in_use: is_in_use(dir)?,
        ..Inspection::default()
    };
    let position = delivered::read(dir)?.unwrap_or_default();
    for number in segment::list(dir)?
        .into_iter()
        .filter(|n| *n >= position.segment)
    {
        inspect_segment(dir, number, position, &mut found)?;
    }
    Ok(found)
}

fn inspect_segment(
    dir: &Path,
    number: u64,
    delivered: Position,
    found: &mut Inspection,
) -> Result<(), JournalError> {
    let path = segment::path(dir, number);
    let failed = |e| JournalError::io("look through the journal", &path, e);
    let mut file = match File::open(&path) {
        Ok(file) => file,
        // Delivered in the meantime.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    found.bytes += file.metadata().map_err(failed)?.len();
    let offset = if number == delivered.segment {
        delivered.offset
    } else {
        0
    };
    file.seek(SeekFrom::Start(offset)).map_err(failed)?;
    let mut scan = Scan::new(BufReader::new(file), offset);
    let mut damaged = 0;
    while let Some(piece) = scan.next().map_err(failed)? {
        match piece.content {
            Content::Damaged => damaged += 1,
            _ => {
                found.undelivered += 1;
                found.damaged += std::mem::take(&mut damaged);
            }
        }
    }
    Ok(())
}

fn is_in_use(dir: &Path) -> Result<bool, JournalError> {
    let path = dir.join(super::LOCK);
    let failed = |e| JournalError::io("look at the lock of the journal", &path, e);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(failed(error)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::tests::event;
    use crate::journal::{Journal, JournalOptions};

    #[test]
    fn a_copy_holds_what_was_not_delivered_and_the_original_goes_on() {
        let (dir, away) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let options = JournalOptions {
            segment_bytes: 500,
            ..JournalOptions::default()
        };
        let (mut journal, mut reader, _) = Journal::open(dir.path(), options).unwrap();
        for n in 0..20 {
            journal.append(&[event("a", n)]).unwrap();
        }
        assert_eq!(reader.next_batch(15).unwrap().len(), 15);
        reader.acknowledge().unwrap();
        let to = away.path().join("journal");
        copy(dir.path(), &to).unwrap();
        journal.append(&[event("a", 20)]).unwrap();
        let found = inspect(dir.path()).unwrap();
        assert!(found.in_use);
        assert_eq!((found.undelivered, found.damaged), (6, 0));
        let copied = inspect(&to).unwrap();
        assert!(!copied.in_use);
        assert_eq!(copied.undelivered, 5);
        let (_journal, mut reader, recovery) = Journal::open(&to, options).unwrap();
        assert_eq!(recovery.undelivered, 5);
        let read = reader.next_batch(100).unwrap();
        let seqs: Vec<u32> = read.events.iter().map(|event| event.seq).collect();
        assert_eq!(seqs, [15, 16, 17, 18, 19]);
    }

    #[test]
    fn a_record_that_is_written_by_half_is_left_out_of_the_copy() {
        let (dir, away) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let options = JournalOptions::default();
        let (mut journal, _reader, _) = Journal::open(dir.path(), options).unwrap();
        journal.append(&[event("a", 0), event("a", 1)]).unwrap();
        let file = segment::path(
            dir.path(),
            *segment::list(dir.path()).unwrap().last().unwrap(),
        );
        let whole = fs::read(&file).unwrap();
        fs::write(&file, &whole[..whole.len() - 3]).unwrap();
        let to = away.path().join("journal");
        copy(dir.path(), &to).unwrap();
        assert_eq!(Journal::open(&to, options).unwrap().2.undelivered, 1);
    }
}
