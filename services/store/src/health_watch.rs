//! Tries every few seconds by a real write whether the database can be used, and publishes it.

use std::time::Duration;

use madoguchi_core::clock::Clock;
use madoguchi_core::time::Instant;
use tokio::sync::watch;

use crate::error::StoreError;
use crate::fault::Fault;
use crate::health::StoreHealth;
use crate::store::Store;

/// A write is tried so often while all is well.
const EVERY: Duration = Duration::from_secs(3);

/// And so often while it is not.
const EVERY_WHEN_FAILING: Duration = Duration::from_secs(1);

/// A database that takes longer for one row counts as busy.
const PATIENCE: Duration = Duration::from_secs(5);

impl Store {
    /// How the database does, now and at every change. Answers at once, whatever the database does.
    pub fn health(&self) -> watch::Receiver<StoreHealth> {
        self.health.subscribe()
    }

    /// Joins the database if it is not joined yet, tries a write every few seconds, and publishes
    /// what comes of it, for as long as the program runs. `node` names the row that is written.
    pub async fn keep_watch(self, node: String, clock: std::sync::Arc<dyn Clock>) {
        loop {
            let failed = self.try_once(&node, &*clock).await.err();
            let cause = |error: &StoreError| error.fault().unwrap_or(Fault::Other);
            let fault = failed.as_ref().map(cause);
            if self.note_health(fault, clock.now()) {
                match (fault, failed) {
                    (Some(fault), Some(error)) => {
                        tracing::error!(cause = fault.as_str(), %error, "the database cannot be used");
                    }
                    _ => tracing::info!("the database takes writes again"),
                }
            }
            let pause = if fault.is_none() {
                EVERY
            } else {
                EVERY_WHEN_FAILING
            };
            tokio::time::sleep(pause).await;
        }
    }

    async fn try_once(&self, node: &str, clock: &dyn Clock) -> Result<(), StoreError> {
        if !self.is_joined() {
            self.join().await?;
        }
        self.look_for_file()?;
        let written = tokio::time::timeout(PATIENCE, self.check_write(node, clock.now()));
        match written.await {
            Ok(Err(StoreError::Database(sqlx::Error::PoolTimedOut))) | Err(_) => {
                // A pool tells that nobody answered in time; a connection of its own tells why.
                self.probe().await?;
                Err(StoreError::Away { fault: Fault::Busy })
            }
            Ok(written) => written,
        }
    }

    /// Writes one row, as a sign of life that also tells of a full disk.
    ///
    /// # Errors
    /// [`StoreError`]: it takes no writes.
    pub async fn check_write(&self, node: &str, now: Instant) -> Result<(), StoreError> {
        let mut tx = self.begin_anyway().await?;
        sqlx::query(
            "INSERT INTO write_checks (node, at) VALUES ($1, $2) \
             ON CONFLICT (node) DO UPDATE SET at = excluded.at",
        )
        .bind(node)
        .bind(now.0)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Publishes that it was joined at the start.
    pub fn note_joined(&self, now: Instant) {
        self.health.send_modify(|health| health.since = now);
    }

    /// Publishes why it could not be joined at the start.
    pub fn note_fault(&self, fault: Fault, now: Instant) {
        self.note_health(Some(fault), now);
    }

    /// Publishes the outcome of a try; tells whether it is another than before.
    pub fn note_health(&self, fault: Option<Fault>, now: Instant) -> bool {
        self.health.send_if_modified(|health| {
            let changed = health.fault != fault;
            if changed {
                health.fault = fault;
                health.since = now;
            }
            changed
        })
    }
}
