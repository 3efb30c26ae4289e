//! Events on their way to the journal. One thread takes them, hands them over to be written, for calls wait for that,
//! and lets the board and the reception know at once; another writes them in groups, so that one wait for the disk
//! serves all calls that are changing at that moment.

mod unsaved;

use std::sync::Arc;
use std::time::Duration;

use madoguchi_core::event::CallEvent;
use madoguchi_core::live::AgentPresence;
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

/// Takes and writes what the endpoint sends until the endpoint is gone. The thread that is returned ends last.
pub(crate) fn start(
    journal: Journal,
    batches: mpsc::UnboundedReceiver<JournalBatch>,
    endpoint: Endpoint,
    live: Arc<LiveDesk>,
) -> std::io::Result<std::thread::JoinHandle<()>> {
    let (to_write, batches_to_write) = mpsc::unbounded_channel();
    let told = live.clone();
    std::thread::Builder::new()
        .name("events".to_owned())
        .spawn(move || take(batches, &to_write, |events| told.apply(events)))?;
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
            writer.run(batches_to_write);
        })
}

/// What is to be written, of a batch whose events others read meanwhile.
struct ToWrite {
    events: Arc<[CallEvent]>,
    presences: Vec<AgentPresence>,
    batch: u64,
}

/// Hands batches over, and tells of events as soon as they have happened: neither waits for the other, however long
/// the disk takes, or whoever reads the figures.
fn take(
    mut batches: mpsc::UnboundedReceiver<JournalBatch>,
    to_write: &mpsc::UnboundedSender<ToWrite>,
    tell: impl Fn(&[CallEvent]),
) {
    while let Some(taken) = batches.blocking_recv() {
        let events: Arc<[CallEvent]> = taken.events.into();
        // The other thread ends after this one.
        let _ = to_write.send(ToWrite {
            events: events.clone(),
            presences: taken.presences,
            batch: taken.batch,
        });
        if !events.is_empty() {
            tell(&events);
        }
    }
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
    fn run(mut self, mut batches: mpsc::UnboundedReceiver<ToWrite>) {
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

    fn write_group(&mut self, first: ToWrite, more: &mut mpsc::UnboundedReceiver<ToWrite>) {
        let mut batch = first.batch;
        let mut events = self.keep(&first);
        while events < GROUP_AT_MOST
            && let Ok(next) = more.try_recv()
        {
            batch = batch.max(next.batch);
            events += self.keep(&next);
        }
        self.save();
        self.endpoint.journaled(batch);
    }

    /// Encodes what is to be saved; tells how many events it is.
    fn keep(&mut self, taken: &ToWrite) -> usize {
        match Records::encode_all(&taken.events, &taken.presences) {
            Ok(records) => self.unsaved.push(records),
            Err(error) => tracing::error!(%error, "events are lost"),
        }
        taken.events.len()
    }

    /// A full or broken disk does not stop the calls: events wait in memory and are tried again, as long as there is
    /// room for them.
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
        if let Some(full) = self.unsaved.turned() {
            let events = self.unsaved.events();
            if full {
                tracing::error!(
                    events,
                    "no more events can wait in memory: no new calls are taken"
                );
            } else {
                tracing::info!(events, "new calls are taken again");
            }
            self.endpoint.set_memory_full(full);
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use madoguchi_core::event::EventKind;
    use madoguchi_core::time::Instant;

    use super::*;

    /// Three batches that the endpoint has sent, and will send no more.
    fn three_batches() -> mpsc::UnboundedReceiver<JournalBatch> {
        let (endpoint, batches) = mpsc::unbounded_channel();
        for seq in 0..3 {
            let event = CallEvent {
                call: "c".into(),
                seq,
                at: Instant(0),
                node: "n".into(),
                line: "l".into(),
                kind: EventKind::Queued,
            };
            let batch = JournalBatch {
                events: vec![event],
                presences: Vec::new(),
                batch: seq.into(),
            };
            assert!(endpoint.send(batch).is_ok());
        }
        batches
    }

    #[test]
    fn a_disk_that_takes_long_keeps_nothing_from_the_board() {
        // Whoever writes stands still.
        let (to_write, mut waiting) = mpsc::unbounded_channel();
        let told = Cell::new(0);
        take(three_batches(), &to_write, |events| {
            told.set(told.get() + events.len())
        });
        assert_eq!(told.get(), 3);
        let written: Vec<_> = std::iter::from_fn(|| waiting.try_recv().ok()).collect();
        assert_eq!(
            written.iter().map(|one| one.batch).collect::<Vec<_>>(),
            [0, 1, 2]
        );
    }

    #[test]
    fn who_reads_the_figures_keeps_nothing_from_the_disk() {
        let (to_write, waiting) = mpsc::unbounded_channel();
        let told = Cell::new(0);
        take(three_batches(), &to_write, |events| {
            told.set(told.get() + events.len());
            assert_eq!(waiting.len(), told.get(), "handed over before it is told");
        });
        assert_eq!(told.get(), 3);
    }
}
