//! Notices when somebody sets the machine's clock, tells the log, and remembers it for `doctor`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use madoguchi_core::clock::{Clock, JumpWatch};
use madoguchi_core::time::{Instant, Millis};
use serde::{Deserialize, Serialize};

use crate::private_file;

const LOOK_EVERY: Duration = Duration::from_secs(5);

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

/// Watches until the desk stops.
pub(crate) async fn watch(clock: Arc<dyn Clock>, data_dir: PathBuf) {
    let mut watch = JumpWatch::new(clock.moment());
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let now = clock.moment();
        let Some(by) = watch.observe(now) else {
            continue;
        };
        tracing::warn!(by_ms = by.0, "the clock of the machine was set");
        let jump = Jump { at: now.wall, by };
        let kept = serde_json::to_vec(&jump)
            .map_err(std::io::Error::from)
            .and_then(|text| private_file::replace(&path(&data_dir), &text));
        if let Err(error) = kept {
            tracing::warn!(%error, "that the clock was set cannot be kept");
        }
    }
}
