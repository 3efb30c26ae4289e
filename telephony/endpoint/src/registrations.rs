//! Registrations over a restart: a small file beside the journal, so that phones can be rung at
//! once and not only after they have registered again. It holds no secrets, and losing it costs
//! nothing but that wait.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread::JoinHandle;

use madoguchi_core::time::Instant;
use serde::{Deserialize, Serialize};

use crate::settings::Transport;

const VERSION: u32 = 1;
/// A larger file is none of ours: some thousand phones take a megabyte.
const BYTES_AT_MOST: u64 = 32 << 20;

/// A registration as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedRegistration {
    /// The phone.
    pub extension: String,
    pub contact: String,
    /// How it registered.
    pub transport: Transport,
    /// From where it registered.
    pub remote: SocketAddr,
    /// The proxies on the way to it.
    #[serde(default)]
    pub path: Vec<String>,
    /// Which device it is.
    #[serde(default)]
    pub instance: Option<String>,
    /// Which of the device's connections.
    #[serde(default)]
    pub reg_id: Option<u32>,
    /// On which of our UDP addresses, as the settings name it.
    pub local: Option<SocketAddr>,
    /// When it lapses.
    pub expires_at: Instant,
    /// Call-ID of its last REGISTER.
    pub call_id: String,
    /// CSeq of its last REGISTER.
    pub cseq: u32,
}

#[derive(Debug, Serialize, Deserialize)]
struct Content {
    version: u32,
    registrations: Vec<SavedRegistration>,
}

/// What was kept; nothing if there is no file, or (logged) if it is damaged.
pub fn load(path: &Path) -> Vec<SavedRegistration> {
    match read(path) {
        Ok(kept) => kept,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "the registrations from before the restart are lost; phones will register again");
            Vec::new()
        }
    }
}

fn read(path: &Path) -> io::Result<Vec<SavedRegistration>> {
    let file = File::open(path)?;
    if file.metadata()?.len() > BYTES_AT_MOST {
        return Err(io::Error::other("too large"));
    }
    let content: Content = serde_json::from_reader(io::BufReader::new(file))?;
    if content.version != VERSION {
        return Err(io::Error::other("of another version"));
    }
    Ok(content.registrations)
}

/// Writes the file anew; whatever happens meanwhile, it is the old one or the new one.
pub fn save(path: &Path, registrations: Vec<SavedRegistration>) -> io::Result<()> {
    let content = Content {
        version: VERSION,
        registrations,
    };
    let new = path.with_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    file.write_all(&serde_json::to_vec(&content)?)?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Writes the file in a thread of its own: no call waits for the disk.
#[derive(Debug)]
pub(crate) struct Keeper {
    states: mpsc::Sender<Vec<SavedRegistration>>,
    thread: JoinHandle<()>,
}

impl Keeper {
    /// Starts the thread.
    pub(crate) fn start(path: PathBuf) -> io::Result<Self> {
        let (states, received) = mpsc::channel::<Vec<SavedRegistration>>();
        let thread = std::thread::Builder::new()
            .name("registrations".to_owned())
            .spawn(move || {
                let mut failing = false;
                while let Ok(state) = received.recv() {
                    // Only the last state counts.
                    let state = received.try_iter().last().unwrap_or(state);
                    let saved = save(&path, state);
                    if let Err(error) = &saved
                        && !failing
                    {
                        tracing::warn!(path = %path.display(), %error, "registrations cannot be kept for a restart");
                    }
                    failing = saved.is_err();
                }
            })?;
        Ok(Self { states, thread })
    }

    /// Keeps this state.
    pub(crate) fn keep(&self, state: Vec<SavedRegistration>) {
        // The thread ends after us only.
        let _alive = self.states.send(state);
    }

    /// Returns when all is on disk.
    pub(crate) fn finish(self) {
        drop(self.states);
        // A thread that panicked has said so.
        let _panicked = self.thread.join();
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn kept(extension: &str) -> SavedRegistration {
        SavedRegistration {
            extension: extension.to_owned(),
            contact: format!("sip:{extension}@192.0.2.7:5070"),
            transport: Transport::Udp,
            remote: "192.0.2.7:5070".parse().unwrap(),
            path: vec!["<sip:proxy@192.0.2.1;lr>".to_owned()],
            instance: Some("<urn:uuid:1>".to_owned()),
            reg_id: None,
            local: Some("0.0.0.0:5060".parse().unwrap()),
            expires_at: Instant(1_000),
            call_id: "c".to_owned(),
            cseq: 7,
        }
    }

    #[test]
    fn what_is_kept_is_there_after_a_restart_for_nobody_else_to_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registrations.json");
        assert_eq!(load(&path), []);
        let keeper = Keeper::start(path.clone()).unwrap();
        keeper.keep(vec![kept("201")]);
        keeper.keep(vec![kept("201"), kept("202")]);
        keeper.finish();
        assert_eq!(load(&path), [kept("201"), kept("202")]);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_file_and_a_write_that_was_cut_off_cost_no_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registrations.json");
        save(&path, vec![kept("201")]).unwrap();
        std::fs::write(path.with_extension("new"), "{\"version\":1,\"regis").unwrap();
        assert_eq!(load(&path).len(), 1);
        let whole = std::fs::read(&path).unwrap();
        for damaged in [
            &whole[..whole.len() / 2],
            b"",
            b"{\"version\":9,\"registrations\":[]}",
        ] {
            std::fs::write(&path, damaged).unwrap();
            assert_eq!(load(&path), []);
        }
        save(&path, vec![kept("202")]).unwrap();
        assert_eq!(load(&path), [kept("202")]);
    }
}
