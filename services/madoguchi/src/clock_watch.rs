//! Notices when somebody sets the machine's clock, tells the log, and remembers it for `doctor`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use futures::future::BoxFuture;
use madoguchi_core::clock::{Clock, JumpWatch};
use madoguchi_core::time::{Instant, Millis};
use serde::{Deserialize, Serialize};

use crate::private_file;
use crate::scheduler::{Progress, Work};

/// One time that the clock was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Jump {
    /// When, by the clock that was set.
    pub(crate) at: Instant,
    /// By how much: forward if positive.
    pub(crate) by: Millis,
}

fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("clock.json")
}

/// The last time that it was noticed.
pub(crate) fn last_jump(data_dir: &Path) -> Option<Jump> {
    let kept = std::fs::read(path(data_dir)).ok()?;
    serde_json::from_slice(&kept).ok()
}

/// Looks whether it was set.
pub(crate) struct ClockWatch {
    clock: Arc<dyn Clock>,
    data_dir: PathBuf,
    watch: JumpWatch,
}

impl ClockWatch {
    pub(crate) fn new(clock: Arc<dyn Clock>, data_dir: PathBuf) -> Self {
        Self {
            watch: JumpWatch::new(clock.moment()),
            clock,
            data_dir,
        }
    }

    fn look(&mut self) -> anyhow::Result<()> {
        let now = self.clock.moment();
        let Some(by) = self.watch.observe(now) else {
            return Ok(());
        };
        tracing::warn!(by_ms = by.0, "the clock of the machine was set");
        let jump = Jump { at: now.wall, by };
        let text = serde_json::to_vec(&jump)?;
        private_file::replace(&path(&self.data_dir), &text)
            .context("that the clock was set cannot be kept")
    }
}

impl Work for ClockWatch {
    fn run(&mut self) -> BoxFuture<'_, anyhow::Result<Progress>> {
        Box::pin(async move { self.look().map(|()| Progress::Again) })
    }
}
