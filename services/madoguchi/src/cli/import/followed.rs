//! A log that grows, and is rotated: renamed with a new one in its place, or emptied.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Of a log that is followed, so much is kept to read calls that go on.
const BYTES_AT_MOST: usize = 128 * 1024 * 1024;

/// What was read of a log.
#[derive(Debug)]
pub(super) struct Followed {
    path: PathBuf,
    /// The file that is read, which may have another name by now.
    file: Option<File>,
    bytes: Vec<u8>,
}

impl Followed {
    /// Of the log with this name nothing was read yet.
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            file: None,
            bytes: Vec::new(),
        }
    }

    /// Reads what is new; tells whether there was something.
    pub(super) fn look(&mut self) -> io::Result<bool> {
        let before = self.bytes.len();
        // Who writes goes on with the old file until there is something in the new one.
        let next = self.next()?;
        if let Some(file) = &mut self.file {
            if is_emptied(file)? {
                file.seek(SeekFrom::Start(0))?;
                end_line(&mut self.bytes);
            }
            file.read_to_end(&mut self.bytes)?;
        }
        if let Some(mut next) = next {
            end_line(&mut self.bytes);
            next.read_to_end(&mut self.bytes)?;
            self.file = Some(next);
        }
        let has_grown = self.bytes.len() > before;
        if self.bytes.len() > BYTES_AT_MOST {
            let excess = self.bytes.len() - BYTES_AT_MOST / 2;
            self.bytes.drain(..excess);
        }
        Ok(has_grown)
    }

    /// Up to the last line that is complete.
    pub(super) fn whole_lines(&self) -> &[u8] {
        let end = self.bytes.iter().rposition(|byte| *byte == b'\n');
        let end = end.map_or(0, |end| end + 1);
        self.bytes.get(..end).unwrap_or_default()
    }

    /// The file that has the name now, if it is another one and something stands in it.
    fn next(&self) -> io::Result<Option<File>> {
        let named = match File::open(&self.path) {
            Ok(named) => named,
            // Between the old file and the new one.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let metadata = named.metadata()?;
        let is_other = match &self.file {
            Some(file) => {
                let known = file.metadata()?;
                (known.dev(), known.ino()) != (metadata.dev(), metadata.ino())
            }
            None => true,
        };
        Ok((is_other && metadata.len() > 0).then_some(named))
    }
}

fn is_emptied(file: &mut File) -> io::Result<bool> {
    let at = file.stream_position()?;
    Ok(file.metadata()?.len() < at)
}

/// What was cut off within a line is not joined with what follows.
fn end_line(bytes: &mut Vec<u8>) {
    if !bytes.is_empty() && bytes.last() != Some(&b'\n') {
        bytes.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_old_file_comes_before_the_new_one_and_half_a_line_stays_apart() {
        let folder = tempfile::tempdir().unwrap();
        let (log, old) = (folder.path().join("log"), folder.path().join("log.1"));
        let mut followed = Followed::new(&log);
        assert!(!followed.look().unwrap(), "it is not there yet");
        std::fs::write(&log, "1\n2").unwrap();
        assert!(followed.look().unwrap());
        assert_eq!(followed.whole_lines(), b"1\n");
        std::fs::rename(&log, &old).unwrap();
        assert!(!followed.look().unwrap());
        std::fs::write(&log, "").unwrap();
        std::fs::write(&old, "1\n2\n3").unwrap();
        assert!(followed.look().unwrap());
        std::fs::write(&log, "4\n").unwrap();
        assert!(followed.look().unwrap());
        assert_eq!(followed.whole_lines(), b"1\n2\n3\n4\n");
        assert!(!followed.look().unwrap());
        std::fs::write(&log, "").unwrap();
        followed.look().unwrap();
        std::fs::write(&log, "5\n").unwrap();
        followed.look().unwrap();
        assert_eq!(followed.whole_lines(), b"1\n2\n3\n4\n5\n");
    }
}
