//! A folder of captures that is watched: each file is read as far as it goes, and on when it grows.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use madoguchi_observe::capture::CaptureReader;
use madoguchi_observe::capture::merged::ReadError;

use super::Observing;
use super::files::tell_failure;

/// Captures of other names are none of ours.
const KINDS: [&str; 3] = ["pcap", "pcapng", "cap"];
/// Looks at the folder after which a file that did not grow, with a newer one beside it, is over.
const QUIET_LOOKS: u32 = 5;

/// What was read of a folder.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    files: BTreeMap<PathBuf, Followed>,
}

#[derive(Debug)]
enum Followed {
    Open {
        file: File,
        reader: Box<CaptureReader>,
        quiet: u32,
    },
    /// Read to its end, or none of ours.
    Done,
}

impl Folder {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            files: BTreeMap::new(),
        }
    }

    /// Reads what is new, file by file in the order of their names.
    pub(super) async fn look(&mut self, observing: &mut Observing) -> io::Result<()> {
        for entry in std::fs::read_dir(&self.path)? {
            let path = entry?.path();
            let kind = path.extension().and_then(|kind| kind.to_str());
            let is_ours = kind.is_some_and(|kind| KINDS.contains(&kind));
            if is_ours && !self.files.contains_key(&path) {
                self.open(path);
            }
        }
        let newest = self.files.keys().next_back().cloned();
        for (path, followed) in &mut self.files {
            if let Err(error) = followed.read_on(observing).await {
                tell_failure(&path.display().to_string(), &error);
                *followed = Followed::Done;
            }
            if Some(path) != newest.as_ref() {
                followed.end_if_quiet(observing);
            }
        }
        Ok(())
    }

    /// Begins to read a file. One that cannot be opened costs no other.
    fn open(&mut self, path: PathBuf) {
        let followed = match File::open(&path) {
            Ok(file) => Followed::Open {
                file,
                reader: Box::default(),
                quiet: 0,
            },
            // Who captures in a ring has removed it meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => {
                tell_failure(&path.display().to_string(), &error.into());
                Followed::Done
            }
        };
        self.files.insert(path, followed);
    }
}

impl Followed {
    async fn read_on(&mut self, observing: &mut Observing) -> Result<(), ReadError> {
        let Self::Open {
            file,
            reader,
            quiet,
        } = self
        else {
            return Ok(());
        };
        *quiet = quiet.saturating_add(1);
        while reader.fill(file)? {
            *quiet = 0;
            while let Some(packet) = reader.next_packet()? {
                observing.packet(&packet);
            }
            // What waits to be stored stays little, however much there is to read.
            observing.keep_up_or_wait().await;
        }
        Ok(())
    }

    fn end_if_quiet(&mut self, observing: &mut Observing) {
        let Self::Open { reader, quiet, .. } = self else {
            return;
        };
        if *quiet < QUIET_LOOKS {
            return;
        }
        reader.end();
        while let Ok(Some(packet)) = reader.next_packet() {
            observing.packet(&packet);
        }
        *self = Self::Done;
    }
}
