//! The lease of this node's name: one run at a time has it.

use std::fs;
use std::io;
use std::iter;
use std::path::Path;
use std::time::Duration;

use madoguchi_core::clock::Clock;
use madoguchi_core::id::{NodeName, RunId};
use madoguchi_core::lease::{NodeBeat, NodeWatch};
use madoguchi_core::time::Millis;
use madoguchi_store::{Claim, Store, StoreError};

use crate::private_file;

/// How often the store is asked what the others have written.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How many earlier runs are remembered: one whose lease was taken, and those that never got it.
const RUNS_REMEMBERED: usize = 8;
/// So often within its length a lease is renewed.
const BEATS_IN_A_LEASE: i64 = 5;

/// Why a node cannot have its name.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LeaseError {
    /// Another process has it.
    #[error(
        "機械の名前「{0}」は、動作中のほかの madoguchi が使っています。\
         設定「node」を、機械ごとに違う名前にしてください"
    )]
    InUse(NodeName),
    /// The store cannot be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The lease, held or wanted.
#[derive(Debug)]
pub(crate) struct Lease {
    node: NodeName,
    run: RunId,
    length: Millis,
    /// Runs with the same data, which are over: only one at a time has the journal open.
    previous: Vec<RunId>,
    /// Watches a run that has the lease, and may be over.
    watch: NodeWatch,
    told: bool,
}

impl Lease {
    /// `run` is written to the data directory before it can have a lease, so that the next run
    /// there knows it for its own. Where it cannot be written, the next run waits for the lease to
    /// end instead: a full disk keeps nobody from taking calls. The journal must be open.
    pub(crate) fn new(node: NodeName, run: RunId, length: Millis, data_dir: &Path) -> Self {
        let path = data_dir.join("runs");
        let previous = read_runs(&path);
        if let Err(error) = remember(&path, &run, &previous) {
            tracing::warn!(%error, "this run is not written down; the next one will wait for its lease to end");
        }
        Self {
            node,
            run,
            length,
            previous,
            watch: NodeWatch::new(length),
            told: false,
        }
    }

    pub(crate) fn node(&self) -> &NodeName {
        &self.node
    }

    pub(crate) fn run(&self) -> &RunId {
        &self.run
    }

    pub(crate) fn length(&self) -> Millis {
        self.length
    }

    pub(crate) fn beat_every(&self) -> Millis {
        Millis(self.length.0 / BEATS_IN_A_LEASE)
    }

    /// Takes the lease; waits for as long as another run, which may be over, could still show that
    /// it lives.
    pub(crate) async fn claim(
        &mut self,
        store: &Store,
        clock: &dyn Clock,
    ) -> Result<(), LeaseError> {
        let mut first: Option<NodeBeat> = None;
        loop {
            match store
                .claim_node(&self.node, &self.run, &self.previous)
                .await?
            {
                Claim::Held => return Ok(()),
                Claim::Taken(beat) => {
                    let seen = first.get_or_insert_with(|| beat.clone());
                    if *seen != beat {
                        return Err(LeaseError::InUse(self.node.clone()));
                    }
                    if self.take_if_silent(beat, store, clock).await? {
                        return Ok(());
                    }
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Takes the lease if it can be had now.
    pub(crate) async fn try_claim(
        &mut self,
        store: &Store,
        clock: &dyn Clock,
    ) -> Result<bool, StoreError> {
        match store
            .claim_node(&self.node, &self.run, &self.previous)
            .await?
        {
            Claim::Held => Ok(true),
            Claim::Taken(beat) => self.take_if_silent(beat, store, clock).await,
        }
    }

    /// Shows that this run lives.
    pub(crate) async fn beat(&mut self, store: &Store) -> Result<(), StoreError> {
        let is_held = store.beat_node(&self.node, &self.run).await?;
        if !is_held && !self.told {
            tracing::error!(node = %self.node, "another process has taken the name of this node");
        }
        self.told = !is_held;
        Ok(())
    }

    async fn take_if_silent(
        &mut self,
        beat: NodeBeat,
        store: &Store,
        clock: &dyn Clock,
    ) -> Result<bool, StoreError> {
        if !self.told {
            self.told = true;
            tracing::warn!(node = %self.node, "another run has the name of this node; looking whether it lives");
        }
        let silent = self.watch.look(vec![beat], clock.monotonic());
        let Some(gone) = silent.first() else {
            return Ok(false);
        };
        let taken = store.take_silent_node(gone, &self.run).await?;
        self.told = !taken;
        Ok(taken)
    }
}

/// The runs that are written down, newest first; none where they cannot be read.
fn read_runs(path: &Path) -> Vec<RunId> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.is_empty());
    lines.take(RUNS_REMEMBERED).map(RunId::new).collect()
}

/// Writes `run` down as the newest, before those that were.
fn remember(path: &Path, run: &RunId, previous: &[RunId]) -> io::Result<()> {
    let runs = iter::once(run).chain(previous).take(RUNS_REMEMBERED);
    let lines: String = runs.map(|run| format!("{run}\n")).collect();
    private_file::replace(path, lines.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(run: &str, data_dir: &Path) -> Lease {
        Lease::new("desk".into(), run.into(), Millis::from_secs(5), data_dir)
    }

    #[test]
    fn the_next_run_with_the_same_data_knows_those_before_it() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(begin("r0", dir.path()).previous, []);
        for n in 1..20 {
            let previous = begin(&format!("r{n}"), dir.path()).previous;
            assert_eq!(previous[0], RunId::new(format!("r{}", n - 1)));
            assert!(previous.len() <= RUNS_REMEMBERED);
        }
    }

    #[test]
    fn a_run_that_cannot_be_written_down_begins_all_the_same() {
        let dir = tempfile::tempdir().unwrap();
        begin("r0", dir.path());
        // Where the new file would be written there is a directory.
        fs::create_dir(dir.path().join("runs.part")).unwrap();
        assert_eq!(begin("r1", dir.path()).previous, ["r0".into()]);
    }
}
