//! A month's books as they were last made: to make them takes a while, and pages ask for them one after the
//! other. Good for a minute, and until something is changed through this node.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use madoguchi_core::month::Month;
use madoguchi_core::time::{Millis, Monotonic};
use madoguchi_monthly::Live;
use tokio::sync::Mutex;

/// So long they are good: others may have done something meanwhile.
const GOOD_FOR: Millis = Millis::from_secs(60);

/// What was made last.
#[derive(Debug, Default)]
pub(crate) struct LiveMonth {
    /// One is made at a time, however many ask.
    made: Mutex<Option<Made>>,
    changes: AtomicU64,
}

#[derive(Debug)]
struct Made {
    month: Month,
    at: Monotonic,
    changes: u64,
    live: Arc<Live>,
}

impl LiveMonth {
    /// Something was changed: it is made again with the next page.
    pub(crate) fn note_change(&self) {
        self.changes.fetch_add(1, Ordering::Relaxed);
    }

    /// The books of a month, made by `make` if they are not good any more.
    pub(crate) async fn get<E>(
        &self,
        month: Month,
        now: Monotonic,
        make: impl Future<Output = Result<Live, E>>,
    ) -> Result<Arc<Live>, E> {
        let mut made = self.made.lock().await;
        let changes = self.changes.load(Ordering::Relaxed);
        if let Some(made) = &*made
            && made.month == month
            && made.changes == changes
            && now - made.at < GOOD_FOR
        {
            return Ok(made.live.clone());
        }
        let live = Arc::new(make.await?);
        *made = Some(Made {
            month,
            at: now,
            changes,
            live: live.clone(),
        });
        Ok(live)
    }
}
