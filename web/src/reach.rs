//! Whether the database answers. What can go on without it does not wait for it: once a question
//! has got no answer, none is asked until it answers again.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use madoguchi_store::{Store, StoreError};

/// A database that takes longer to answer counts as away.
const PATIENCE: Duration = Duration::from_secs(3);
/// So often it is tried again.
const AGAIN: Duration = Duration::from_millis(500);

/// Whether the database has answered the last question.
#[derive(Debug, Default)]
pub(crate) struct Reach {
    away: AtomicBool,
}

impl Reach {
    /// Asks the database, if it answers.
    ///
    /// # Errors
    /// [`StoreError::Away`] at once while it does not.
    pub(crate) async fn ask<T>(
        self: &Arc<Self>,
        store: &Store,
        question: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        if self.away.load(Ordering::Relaxed) {
            return Err(StoreError::unreachable());
        }
        let answer = tokio::time::timeout(PATIENCE, question).await;
        let Ok(answer) = answer else {
            self.look_for(store.clone());
            return Err(StoreError::unreachable());
        };
        // What the store itself refuses costs nothing to ask.
        let asked = |error: &StoreError| !matches!(error, StoreError::Away { .. });
        if answer
            .as_ref()
            .is_err_and(|error| error.is_away() && asked(error))
        {
            self.look_for(store.clone());
        }
        answer
    }

    /// Looks for it until it answers again.
    fn look_for(self: &Arc<Self>, store: Store) {
        if self.away.swap(true, Ordering::Relaxed) {
            return;
        }
        tracing::warn!("the database does not answer; pages go on with what is known");
        let reach = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(AGAIN).await;
                let Some(reach) = reach.upgrade() else {
                    return;
                };
                if let Ok(Ok(())) = tokio::time::timeout(PATIENCE, store.ping()).await {
                    reach.away.store(false, Ordering::Relaxed);
                    tracing::info!("the database answers again");
                    return;
                }
            }
        });
    }
}
