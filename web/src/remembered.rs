//! What pages read last, for while the database is away or need not be asked.

use std::sync::{Mutex, PoisonError};

use madoguchi_core::portal::Notice;
use madoguchi_core::time::Monotonic;

/// All notices as they were last read: an incident may be the reason why the database is away.
#[derive(Debug, Default)]
pub(crate) struct LastNotices(Mutex<Vec<Notice>>);

impl LastNotices {
    pub(crate) fn save(&self, notices: Vec<Notice>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = notices;
    }

    pub(crate) fn get(&self) -> Vec<Notice> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// よく見られている: the ids of the articles read most, as they were last counted.
#[derive(Debug, Default)]
pub(crate) struct Popular(Mutex<Option<(Monotonic, Vec<String>)>>);

impl Popular {
    /// What was counted last, if that was after `since`.
    pub(crate) fn get(&self, since: Monotonic) -> Option<Vec<String>> {
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, ids) = counted.as_ref()?;
        (*at > since).then(|| ids.clone())
    }

    pub(crate) fn save(&self, at: Monotonic, ids: Vec<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((at, ids));
    }
}
