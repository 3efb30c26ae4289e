//! The thread that writes events to the journal: in groups, so that one wait for the disk serves
//! all calls that are changing at that moment.

mod unsaved;

use std::sync::Arc;
use std::time::Duration;

use madoguchi_endpoint::shell::{Endpoint, JournalBatch};
use madoguchi_metrics::metrics;
use madoguchi_store::journal::{Journal, JournalError, Records};
use madoguchi_web::Desk as _;
use tokio::sync::mpsc;

use self::unsaved::Unsaved;
use crate::live::LiveDesk;

/// Events in one group at the most.
const GROUP_AT_MOST: usize = 1_000;
/// So often it is looked whether something waits for the disk.
const RETRY_EVERY: Duration = Duration::from_secs(1);

/// Writes what the endpoint sends until the endpoint is gone.
pub(crate) fn start(
    journal: Journal,
    batches: mpsc::UnboundedReceiver<JournalBatch>,
    endpoint: Endpoint,
    live: Arc<LiveDesk>,
) -> std::io::Result<std::thread::JoinHandle<()>> {
    std::thread::Builder::new()
        .name("journal".to_owned())
        .spawn(move || {
            let writer = Writer {
                journal,
                unsaved: Unsaved::default(),
                failing: false,
                endpoint,
                live,
            };
            writer.run(batches);
        })
}

struct Writer {
    journal: Journal,
    unsaved: Unsaved,
    /// The last try failed.
    failing: bool,
    endpoint: Endpoint,
    live: Arc<LiveDesk>,
}

impl Writer {
    fn run(mut self, mut batches: mpsc::UnboundedReceiver<JournalBatch>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        let Ok(runtime) = runtime else {
            tracing::error!("the journal cannot start");
            return;
        };
        runtime.block_on(async {
            loop {
                let next = tokio::time::timeout(RETRY_EVERY, batches.recv()).await;
                match next {
                    Ok(Some(batch)) => self.write_group(batch, &mut batches),
                    Ok(None) => break,
                    Err(_) if self.unsaved.is_empty() => {}
                    Err(_) => self.save(),
                }
            }
        });
        self.unsaved.retry_now();
        self.save();
        if !self.unsaved.is_empty() {
            tracing::error!(
                events = self.unsaved.events(),
                "the disk took no more: events are lost"
            );
        }
    }

    fn write_group(
        &mut self,
        first: JournalBatch,
        more: &mut mpsc::UnboundedReceiver<JournalBatch>,
    ) {
        let JournalBatch {
            mut events,
            mut presences,
            mut batch,
        } = first;
        while events.len() < GROUP_AT_MOST
            && let Ok(next) = more.try_recv()
        {
            events.extend(next.events);
            presences.extend(next.presences);
            batch = batch.max(next.batch);
        }
        if !events.is_empty() {
            self.live.apply(&events);
        }
        match Records::encode_all(&events, &presences) {
            Ok(records) => self.unsaved.push(records),
            Err(error) => tracing::error!(%error, "events are lost"),
        }
        self.save();
        self.endpoint.journaled(batch);
    }

    /// A full or broken disk does not stop the calls: events wait in memory and are tried again.
    fn save(&mut self) {
        let now = self.live.monotonic();
        let waiting = self.unsaved.events();
        match self
            .unsaved
            .save(now, |records| write(&mut self.journal, records))
        {
            Ok(()) if self.failing && self.unsaved.is_empty() => {
                tracing::info!(events = waiting, "the journal is written again");
                self.failing = false;
                self.live.set_journal_failing(None);
            }
            Ok(()) => {}
            Err(error) => self.note(&error),
        }
    }

    fn note(&mut self, error: &JournalError) {
        if !self.failing {
            tracing::error!(%error, "the journal cannot be written; events wait in memory");
        }
        self.failing = true;
        self.live.set_journal_failing(Some(error.to_string()));
    }
}

/// Writes to the journal, and notes how long that took.
fn write(journal: &mut Journal, records: &Records) -> Result<(), JournalError> {
    let started = tokio::time::Instant::now();
    journal.write(records)?;
    metrics().journal_write.observe(started.elapsed());
    Ok(())
}
