//! A month's books as they were last made: to make them takes a while, and pages ask for them one after the
//! other. What is live is good for a minute, and until something is changed through this node; an edition
//! that was kept never changes.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use madoguchi_core::month::Month;
use madoguchi_core::time::{Millis, Monotonic};
use madoguchi_monthly::Live;
use madoguchi_reports::frozen::Frozen;
use tokio::sync::Mutex;

/// So long they are good: others may have done something meanwhile.
const GOOD_FOR: Millis = Millis::from_secs(60);

/// What was made last, one of each kind.
#[derive(Debug, Default)]
pub(crate) struct LiveMonth {
    /// ヘルプデスク受付状況報告. One is made at a time, however many ask.
    report: Mutex<Option<Cached<Live>>>,
    /// All books.
    books: Mutex<Option<Cached<Frozen>>>,
    /// An edition that was kept, by its month and SHA-256.
    kept: Mutex<Option<(Month, String, Arc<Frozen>)>>,
    changes: AtomicU64,
}

#[derive(Debug)]
struct Cached<T> {
    month: Month,
    at: Monotonic,
    changes: u64,
    what: Arc<T>,
}

impl LiveMonth {
    /// Something was changed: it is made again with the next page.
    pub(crate) fn note_change(&self) {
        self.changes.fetch_add(1, Ordering::Relaxed);
    }

    /// The report of a month, made by `make` if it is not good any more.
    pub(crate) async fn get<E>(
        &self,
        month: Month,
        now: Monotonic,
        make: impl Future<Output = Result<Live, E>>,
    ) -> Result<Arc<Live>, E> {
        self.good(&self.report, (month, now), make).await
    }

    /// All books of a month, made by `make` if they are not good any more.
    pub(crate) async fn books<E>(
        &self,
        month: Month,
        now: Monotonic,
        make: impl Future<Output = Result<Frozen, E>>,
    ) -> Result<Arc<Frozen>, E> {
        self.good(&self.books, (month, now), make).await
    }

    /// An edition that was kept, read by `read` if it is not the last that was read.
    pub(crate) async fn kept<E>(
        &self,
        (month, sha256): (Month, &str),
        read: impl Future<Output = Result<Frozen, E>>,
    ) -> Result<Arc<Frozen>, E> {
        let mut kept = self.kept.lock().await;
        if let Some((of, hash, frozen)) = &*kept
            && (*of, hash.as_str()) == (month, sha256)
        {
            return Ok(frozen.clone());
        }
        // Two of them would need twice the memory.
        *kept = None;
        let frozen = Arc::new(read.await?);
        *kept = Some((month, sha256.to_owned(), frozen.clone()));
        Ok(frozen)
    }

    async fn good<T, E>(
        &self,
        slot: &Mutex<Option<Cached<T>>>,
        (month, now): (Month, Monotonic),
        make: impl Future<Output = Result<T, E>>,
    ) -> Result<Arc<T>, E> {
        let mut made = slot.lock().await;
        let changes = self.changes.load(Ordering::Relaxed);
        if let Some(made) = &*made
            && made.month == month
            && made.changes == changes
            && now - made.at < GOOD_FOR
        {
            return Ok(made.what.clone());
        }
        let what = Arc::new(make.await?);
        *made = Some(Cached {
            month,
            at: now,
            changes,
            what: what.clone(),
        });
        Ok(what)
    }
}
