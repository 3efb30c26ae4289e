//! How far the journal is delivered, kept in a small file beside the segments.
//!
//! It may lag behind (the store takes an event twice without harm), but never runs ahead. It is
//! one line, overwritten in place and checked by a CRC: a half-written one counts as none.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{FileExt, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::JournalError;
use super::segment::Position;

/// Its name.
pub(super) const FILE: &str = "delivered";

/// The file that keeps the delivered position.
#[derive(Debug)]
pub(super) struct Delivered {
    path: PathBuf,
    file: File,
}

impl Delivered {
    /// Opens or makes the file in `dir`; tells the position it holds, if any.
    pub(super) fn open(dir: &Path) -> Result<(Self, Option<Position>), JournalError> {
        let path = dir.join(FILE);
        let failed = |e| JournalError::io("open the delivered position", &path, e);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(super::FILE_MODE)
            .open(&path)
            .map_err(failed)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        let position = parse(&bytes);
        Ok((Self { path, file }, position))
    }

    /// Keeps `position`. It survives the end of the process, not always that of the machine.
    pub(super) fn keep(&self, position: Position) -> Result<(), JournalError> {
        self.file
            .write_all_at(print(position).as_bytes(), 0)
            .map_err(|e| JournalError::io("keep the delivered position", &self.path, e))
    }
}

/// The position that is kept in `dir`, if any; nothing is made.
pub(super) fn read(dir: &Path) -> Result<Option<Position>, JournalError> {
    let path = dir.join(FILE);
    match std::fs::read(&path) {
        Ok(bytes) => Ok(parse(&bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(JournalError::io(
            "read the delivered position",
            &path,
            error,
        )),
    }
}

fn print(position: Position) -> String {
    let numbers = format!("{:020} {:020}", position.segment, position.offset);
    format!("{numbers} {:08x}\n", crc32fast::hash(numbers.as_bytes()))
}

fn parse(bytes: &[u8]) -> Option<Position> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut numbers = text.split_ascii_whitespace();
    let segment = numbers.next()?.parse().ok()?;
    let offset = numbers.next()?.parse().ok()?;
    let position = Position { segment, offset };
    (print(position) == text).then_some(position)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_kept_and_a_damaged_one_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let (file, none) = Delivered::open(dir.path()).unwrap();
        assert_eq!(none, None);
        for offset in [1, u64::MAX, 7] {
            let position = Position { segment: 3, offset };
            file.keep(position).unwrap();
            assert_eq!(Delivered::open(dir.path()).unwrap().1, Some(position));
        }
        file.file.write_all_at(b"9", 5).unwrap();
        assert_eq!(Delivered::open(dir.path()).unwrap().1, None);
    }
}
