//! The name of a node under which an observer stores what it sees: not the desk's, which ends what earlier
//! runs of its own left when it starts. Each observer has a name and a lease of its own, so that whoever
//! watches the nodes ends what it leaves if it is gone.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use madoguchi_core::id::{NodeName, RunId};
use madoguchi_store::{Claim, Store, StoreError};
use tokio::task::JoinHandle;

use super::super::data::make_data_dir;
use super::super::error::CliError;
use crate::config::Config;
use crate::private_file::FILE_MODE;

/// Observers of one desk at once.
const OBSERVERS_AT_MOST: u32 = 16;
/// So often within its length a lease is renewed.
const BEATS_IN_A_LEASE: u32 = 5;
/// The longest name of a run that is believed.
const RUN_BYTES_AT_MOST: u64 = 64;

/// A name that is held.
pub(super) struct HeldName {
    node: NodeName,
    run: RunId,
    /// Nobody else with these data has the name as long as it is open.
    _lock: Option<File>,
    beats: JoinHandle<()>,
}

impl HeldName {
    /// Takes the first name that nobody has, and ends what an earlier observer of that name left: nobody
    /// sees the end of those calls any more.
    pub(super) async fn take(
        store: &Store,
        config: &Config,
        data_dir: &Path,
    ) -> Result<Self, CliError> {
        let run = RunId::new(format!("{:016x}", rand::random::<u64>()));
        let lease = Duration::from_secs(u64::from(config.node_lease_s));
        let claimed = claim(store, &config.node, &run, data_dir).await;
        let mut claimed = claimed.map_err(anyhow::Error::from)?;
        if claimed.is_none() {
            let silent = take_silent(store, &config.node, &run, lease).await;
            claimed = silent.map_err(anyhow::Error::from)?;
        }
        let Some((node, lock)) = claimed else {
            return Err(CliError::Failed(anyhow::anyhow!(
                "この窓口の観測が、すでに{OBSERVERS_AT_MOST}個動作しています"
            )));
        };
        let left = store.cut_off_calls_of(&node).await;
        let left = left.map_err(anyhow::Error::from)?;
        if left > 0 {
            tracing::warn!(%node, calls = left, "calls were cut off by the end of an earlier observation");
        }
        let beats = tokio::spawn(beat(store.clone(), node.clone(), run.clone(), lease));
        Ok(Self {
            node,
            run,
            _lock: lock,
            beats,
        })
    }

    pub(super) fn node(&self) -> &NodeName {
        &self.node
    }

    /// Gives the name back.
    pub(super) async fn leave(self, store: &Store) {
        self.beats.abort();
        if let Err(error) = store.release_node(&self.node, &self.run).await {
            tracing::warn!(%error, "the lease of this observer is not given back; it will run out");
        }
    }
}

/// The names in their order.
fn name(desk: &str, number: u32) -> NodeName {
    NodeName::new(match number {
        1 => format!("{desk}/observe"),
        _ => format!("{desk}/observe-{number}"),
    })
}

/// The first name that can be had at once.
async fn claim(
    store: &Store,
    desk: &str,
    run: &RunId,
    data_dir: &Path,
) -> Result<Option<(NodeName, Option<File>)>, StoreError> {
    for number in 1..=OBSERVERS_AT_MOST {
        let mut previous = Vec::new();
        let mut lock = match open(data_dir, number) {
            Ok(file) => Some(file),
            Err(error) => {
                tracing::debug!(%error, number, "the lock of this name of an observer");
                None
            }
        };
        if let Some(file) = &mut lock {
            match file.try_lock() {
                // Whoever had it before is gone.
                Ok(()) => previous.extend(read(file)),
                Err(_) => continue,
            }
        }
        let node = name(desk, number);
        if store.claim_node(&node, run, &previous).await? == Claim::Held {
            if let Some(Err(error)) = lock.as_mut().map(|file| write(file, run)) {
                tracing::warn!(%error, "this run is not written down; the next one takes another name until its lease ends");
            }
            return Ok(Some((node, lock)));
        }
    }
    Ok(None)
}

/// A name whose holder shows no sign of life for as long as a lease lasts.
async fn take_silent(
    store: &Store,
    desk: &str,
    run: &RunId,
    lease: Duration,
) -> Result<Option<(NodeName, Option<File>)>, StoreError> {
    let before = store.node_beats().await?;
    tokio::time::sleep(lease).await;
    for number in 1..=OBSERVERS_AT_MOST {
        let node = name(desk, number);
        let seen = before.iter().find(|beat| beat.node == node);
        if let Some(seen) = seen
            && store.take_silent_node(seen, run).await?
        {
            return Ok(Some((node, None)));
        }
    }
    Ok(None)
}

async fn beat(store: Store, node: NodeName, run: RunId, lease: Duration) {
    let mut is_lost = false;
    loop {
        tokio::time::sleep(lease / BEATS_IN_A_LEASE).await;
        match store.beat_node(&node, &run).await {
            Ok(true) => is_lost = false,
            Ok(false) if !std::mem::replace(&mut is_lost, true) => {
                tracing::error!(%node, "another process has taken the name of this observer");
            }
            Ok(false) => {}
            Err(error) => tracing::debug!(%error, "the lease of this observer is not renewed"),
        }
    }
}

/// The file that locks a name for all who have these data, and tells who had it.
fn open(data_dir: &Path, number: u32) -> std::io::Result<File> {
    // A database elsewhere needs no directory; without one, the lease alone decides.
    let _made = make_data_dir(data_dir);
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(FILE_MODE)
        .open(data_dir.join(format!("observe-{number}.run")))
}

fn read(file: &mut File) -> Option<RunId> {
    let mut text = String::new();
    let read = file.take(RUN_BYTES_AT_MOST).read_to_string(&mut text);
    read.ok().filter(|length| *length > 0)?;
    Some(RunId::new(text.trim()))
}

fn write(file: &mut File, run: &RunId) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(run.as_str().as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn held(store: &Store, data_dir: &Path) -> HeldName {
        let config = Config::default();
        HeldName::take(store, &config, data_dir).await.unwrap()
    }

    async fn store(folder: &Path) -> Store {
        let file = folder.join("desk.sqlite");
        let url = format!("sqlite://{}", file.display());
        Store::open(&url).await.unwrap()
    }

    #[tokio::test]
    async fn observers_of_one_desk_have_names_of_their_own_and_the_next_run_has_the_same() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = store(one.path()).await;
        let first = held(&store, one.path()).await;
        let beside = held(&store, one.path()).await;
        let elsewhere = held(&store, other.path()).await;
        let names = [&first, &beside, &elsewhere].map(|held| held.node().to_string());
        let expected = ["node1/observe", "node1/observe-2", "node1/observe-3"];
        assert_eq!(names, expected);
        // Killed: its lease is not given back.
        first.beats.abort();
        drop(first);
        let next = held(&store, one.path()).await;
        assert_eq!(next.node().as_str(), "node1/observe");
        beside.leave(&store).await;
        let another = held(&store, other.path()).await;
        assert_eq!(another.node().as_str(), "node1/observe-2");
    }
}
