//! Carries events from the journal to the store, for as long as it takes.

use std::sync::Arc;
use std::time::Duration;

use madoguchi_core::clock::Clock;
use madoguchi_core::time::{Instant, Monotonic};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::error::StoreError;
use crate::journal::{Batch, JournalError, JournalReader};
use crate::store::Store;

/// Events in one transaction.
const BATCH: usize = 1_000;
/// The first pause after an error; it doubles up to the longest.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A database that takes longer than this for one batch counts as away.
const PATIENCE: Duration = Duration::from_secs(30);

/// How the delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryStatus {
    /// Whether the last attempt reached the database.
    pub database_up: bool,
    /// Since when that is so.
    pub since: Instant,
    /// Records in the journal that the store does not have yet.
    pub backlog: u64,
    /// Records that the store has taken in this run; those that earlier runs left come first.
    pub delivered: u64,
    /// Since when the oldest of what the store does not have waits, by the clock that never jumps.
    pub waits_since: Option<Monotonic>,
}

/// The running delivery. Dropping it leaves it running; see [`Self::finish`].
#[derive(Debug)]
pub struct Delivery {
    status: watch::Receiver<DeliveryStatus>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Delivery {
    /// Starts to deliver, in order and each event until the store has it. A failing database is
    /// tried again with growing pauses; nothing is lost or overtaken.
    ///
    /// Must be called within a tokio runtime.
    pub fn start(reader: JournalReader, store: Store, clock: Arc<dyn Clock>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let (status, watched) = watch::channel(DeliveryStatus {
            database_up: true,
            since: clock.now(),
            backlog: reader.backlog(),
            delivered: 0,
            waits_since: (reader.backlog() > 0).then(|| clock.monotonic()),
        });
        let task = tokio::spawn(deliver(
            reader,
            Carrier {
                store,
                clock,
                status,
                stop: stopped,
            },
        ));
        Self {
            status: watched,
            stop,
            task,
        }
    }

    /// How the delivery stands, now and at every change.
    pub fn status(&self) -> watch::Receiver<DeliveryStatus> {
        self.status.clone()
    }

    /// Delivers what the journal holds and ends. While the database is away it ends at once: the
    /// rest stays in the journal for the next run. Tells how many events stay.
    pub async fn finish(self) -> u64 {
        self.stop.send_replace(true);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the delivery to the database ended by itself");
        }
        self.status.borrow().backlog
    }
}

/// The store's side of the delivery.
struct Carrier {
    store: Store,
    clock: Arc<dyn Clock>,
    status: watch::Sender<DeliveryStatus>,
    stop: watch::Receiver<bool>,
}

async fn deliver(mut reader: JournalReader, mut carrier: Carrier) {
    loop {
        let stopping = *carrier.stop.borrow_and_update();
        let batch;
        (reader, batch) = on_disk(reader, |reader| reader.next_batch(BATCH)).await;
        carrier.show_backlog(&reader);
        match batch {
            Err(error) => {
                tracing::error!(%error, "the journal cannot be read; trying again");
                if stopping || carrier.stop_within(LONGEST_PAUSE).await {
                    return;
                }
            }
            Ok(batch) if batch.is_empty() => {
                if stopping || !carrier.more_to_do(&mut reader).await {
                    return;
                }
            }
            Ok(batch) => {
                if !carrier.carry(&batch, &reader).await {
                    return;
                }
                let kept;
                (reader, kept) = on_disk(reader, JournalReader::acknowledge).await;
                if let Err(error) = kept {
                    tracing::warn!(%error, "events may be delivered once more after a restart");
                }
                carrier.show_backlog(&reader);
            }
        }
    }
}

/// Lets the reader work where waiting for the disk harms nobody.
async fn on_disk<T: Send + 'static>(
    mut reader: JournalReader,
    work: impl FnOnce(&mut JournalReader) -> Result<T, JournalError> + Send + 'static,
) -> (JournalReader, Result<T, JournalError>) {
    let done = tokio::task::spawn_blocking(move || {
        let result = work(&mut reader);
        (reader, result)
    });
    done.await
        .expect("reading the journal does not panic, and the runtime outlives this task")
}

impl Carrier {
    /// Brings `batch` to the store. `false` when told to stop while the database is away.
    async fn carry(&mut self, batch: &Batch, reader: &JournalReader) -> bool {
        let mut pause = SHORTEST_PAUSE;
        loop {
            match self.attempt(batch).await {
                Ok(()) => {
                    self.database_is_up(reader);
                    return true;
                }
                Err(error) => self.database_is_away(reader, &error),
            }
            if self.stop_within(pause).await {
                return false;
            }
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    async fn attempt(&self, batch: &Batch) -> Result<(), String> {
        match tokio::time::timeout(PATIENCE, self.bring(batch)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
        }
    }

    async fn bring(&self, batch: &Batch) -> Result<(), StoreError> {
        self.store.append(&batch.events).await?;
        self.store.save_agent_states(&batch.presences).await
    }

    fn database_is_up(&self, reader: &JournalReader) {
        if self.turn(true, reader) {
            tracing::info!(backlog = reader.backlog(), "the database is back");
        }
    }

    fn database_is_away(&self, reader: &JournalReader, error: &str) {
        if self.turn(false, reader) {
            tracing::warn!(
                error,
                "the database is away; events are kept in the journal"
            );
        } else {
            tracing::debug!(
                error,
                backlog = reader.backlog(),
                "the database is still away"
            );
        }
    }

    /// Shows whether the database is up; tells whether that is a change.
    fn turn(&self, up: bool, reader: &JournalReader) -> bool {
        let (now, backlog) = (self.clock.now(), reader.backlog());
        let delivered = reader.acknowledged();
        let mut changed = false;
        self.status.send_modify(|status| {
            changed = status.database_up != up;
            if changed {
                status.database_up = up;
                status.since = now;
            }
            status.backlog = backlog;
            status.delivered = delivered;
        });
        changed
    }

    fn show_backlog(&self, reader: &JournalReader) {
        let (backlog, delivered) = (reader.backlog(), reader.acknowledged());
        let now = self.clock.monotonic();
        self.status.send_if_modified(|status| {
            // What waits now came after what was delivered: not longer ago than the last delivery.
            if backlog == 0 {
                status.waits_since = None;
            } else if status.waits_since.is_none() || status.delivered != delivered {
                status.waits_since = Some(now);
            }
            let changed = (status.backlog, status.delivered) != (backlog, delivered);
            (status.backlog, status.delivered) = (backlog, delivered);
            changed
        });
    }

    /// Waits until more was written or the stop was told; `false` when nothing more can come.
    async fn more_to_do(&mut self, reader: &mut JournalReader) -> bool {
        tokio::select! {
            more = reader.more_written() => more,
            () = told(&mut self.stop) => true,
        }
    }

    /// Waits for `pause`; `true` when the stop was told before or meanwhile.
    async fn stop_within(&mut self, pause: Duration) -> bool {
        tokio::time::timeout(pause, told(&mut self.stop))
            .await
            .is_ok()
    }
}

/// Returns when the stop was told. The teller being gone is not telling.
async fn told(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|told| *told).await.is_err() {
        std::future::pending().await
    }
}
