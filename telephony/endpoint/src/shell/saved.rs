//! When registrations are written to their file.

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::Instant;

use crate::registrations::{Keeper, SavedRegistration};
use crate::switch::Change;

/// A phone that came, moved or went is kept so soon.
const MOVED_AFTER: Duration = Duration::from_millis(500);
/// Registrations that were prolonged alone may be written more rarely: the file is written whole.
const PROLONGED_AFTER: Duration = Duration::from_secs(10);

/// The file, and what has changed since it was written.
pub(super) struct SavedRegistrations {
    keeper: Keeper,
    change: Option<Change>,
    saved_at: Instant,
}

impl SavedRegistrations {
    pub(super) fn start(path: PathBuf, now: Instant) -> Option<Self> {
        match Keeper::start(path) {
            Ok(keeper) => Some(Self {
                keeper,
                change: None,
                saved_at: now,
            }),
            Err(error) => {
                tracing::error!(%error, "registrations cannot be kept for a restart");
                None
            }
        }
    }

    pub(super) fn note(&mut self, change: Option<Change>) {
        self.change = self.change.max(change);
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        let after = match self.change {
            None => return false,
            Some(Change::Moved) => MOVED_AFTER,
            Some(Change::Prolonged) => PROLONGED_AFTER,
        };
        now >= self.saved_at + after
    }

    pub(super) fn save(&mut self, state: Vec<SavedRegistration>) {
        self.keeper.keep(state);
        self.change = None;
        self.saved_at = Instant::now();
    }

    pub(super) fn finish(self) {
        self.keeper.finish();
    }
}
