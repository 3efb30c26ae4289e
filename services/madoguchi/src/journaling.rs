//! The thread that writes events to the journal: in groups, so that one wait for the disk serves
//! all calls that are changing at that moment.

use std::sync::Arc;
use std::time::Duration;

use madoguchi_core::event::CallEvent;
use madoguchi_endpoint::shell::{Endpoint, JournalBatch};
use madoguchi_store::journal::{Journal, JournalError};
use tokio::sync::mpsc;

use crate::live::LiveDesk;

/// Events in one group at the most.
const GROUP_AT_MOST: usize = 1_000;
/// After an error of the disk the next attempt comes after this time at the latest.
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
                unsaved: Vec::new(),
                endpoint,
                live,
            };
            writer.run(batches);
        })
}

struct Writer {
    journal: Journal,
    /// What the disk did not take. It is tried again with whatever comes next.
    unsaved: Vec<CallEvent>,
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
                    Err(_) => self.save(Vec::new()),
                }
            }
        });
        self.save(Vec::new());
    }

    fn write_group(
        &mut self,
        first: JournalBatch,
        more: &mut mpsc::UnboundedReceiver<JournalBatch>,
    ) {
        let JournalBatch {
            mut events,
            mut batch,
        } = first;
        while events.len() < GROUP_AT_MOST
            && let Ok(next) = more.try_recv()
        {
            events.extend(next.events);
            batch = next.batch;
        }
        self.live.apply(&events);
        self.save(events);
        self.endpoint.journaled(batch);
    }

    /// A full or broken disk does not stop the calls: events wait in memory and are tried again.
    fn save(&mut self, events: Vec<CallEvent>) {
        let failing = !self.unsaved.is_empty();
        self.unsaved.extend(events);
        match self.journal.append(&self.unsaved) {
            Ok(()) => {
                if failing {
                    tracing::info!(events = self.unsaved.len(), "the journal is written again");
                    self.live.set_journal_failing(None);
                }
                self.unsaved.clear();
            }
            Err(error) => self.note(&error, failing),
        }
    }

    fn note(&self, error: &JournalError, failing: bool) {
        if !failing {
            tracing::error!(%error, "the journal cannot be written; events wait in memory");
        }
        self.live.set_journal_failing(Some(error.to_string()));
    }
}
