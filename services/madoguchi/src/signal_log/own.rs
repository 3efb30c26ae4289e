//! What the own endpoint signals for calls, kept as what is observed of others: read by the same
//! pipeline, under the names of the desk's own calls.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use madoguchi_core::clock::Clock;
use madoguchi_core::id::CallId;
use madoguchi_core::signal::{SignalKind, SignalRetention};
use madoguchi_core::time::Instant;
use madoguchi_endpoint::shell::Signal;
use madoguchi_observe::calls::JoinSettings;
use madoguchi_observe::capture::Micros;
use madoguchi_observe::message::NAME_BYTES_AT_MOST;
use madoguchi_observe::observer::{Observer, Progress};
use madoguchi_store::Store;
use tokio::sync::mpsc;

use super::SignalBuffer;
use crate::housekeeping;

/// Signals that wait to be taken in; the endpoint waits for nobody.
pub(crate) const WAITING_AT_MOST: usize = 16_384;
/// Dialogs whose calls are known at once.
const DIALOGS_AT_MOST: usize = 100_000;
/// Signals that are taken at once.
const BATCH: usize = 256;
/// How often what came is stored.
const STORE_EVERY: Duration = Duration::from_secs(1);
/// After so many of those the setting is read again.
const SETTING_EVERY: u32 = 60;

/// Keeps what comes until nothing comes any more.
pub(crate) async fn keep(store: Store, clock: Arc<dyn Clock>, mut signals: mpsc::Receiver<Signal>) {
    let mut log = OwnLog::new(clock);
    let mut tick = tokio::time::interval(STORE_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut until_setting = 0;
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        tokio::select! {
            count = signals.recv_many(&mut batch, BATCH) => {
                for signal in batch.drain(..) {
                    log.take(signal);
                }
                if count == 0 {
                    break;
                }
            }
            _ = tick.tick() => {
                if until_setting == 0 {
                    if let Ok(retention) = housekeeping::signal_retention(&store).await {
                        log.buffer.keep_for(retention);
                    }
                    until_setting = SETTING_EVERY;
                }
                until_setting -= 1;
                log.quiet();
                log.store(&store).await;
            }
        }
    }
    let progress = log.observer.finish();
    log.follow(progress);
    log.store(&store).await;
}

struct OwnLog {
    clock: Arc<dyn Clock>,
    observer: Observer,
    buffer: SignalBuffer,
    /// The desk's calls by the Call-IDs of their dialogs, as long as those are followed.
    calls: HashMap<Box<str>, CallId>,
    is_away: bool,
}

impl OwnLog {
    fn new(clock: Arc<dyn Clock>) -> Self {
        let mut observer = Observer::new(JoinSettings {
            correlation_headers: Vec::new(),
        });
        observer.keep_messages();
        Self {
            clock,
            observer,
            buffer: SignalBuffer::new(SignalRetention::default(), SignalKind::Own),
            calls: HashMap::new(),
            is_away: false,
        }
    }

    fn take(&mut self, signal: Signal) {
        match signal {
            Signal::Dialog { dialog, call } => self.learn(dialog, call),
            Signal::Message {
                at,
                from,
                to,
                bytes,
            } => {
                let progress = self.observer.told(micros(at), (from, to), &bytes);
                self.follow(progress);
            }
        }
    }

    fn learn(&mut self, dialog: Box<str>, call: CallId) {
        if self.calls.len() >= DIALOGS_AT_MOST {
            // Those of which no message came.
            let followed = self.observer.calls();
            self.calls.retain(|known, _| followed.has_dialog(known));
        }
        let has_room = self.calls.len() < DIALOGS_AT_MOST;
        if has_room && dialog.len() <= NAME_BYTES_AT_MOST {
            self.calls.insert(dialog, call);
        }
    }

    fn follow(&mut self, mut progress: Progress) {
        for step in &progress.steps {
            for (_, dialog) in self.observer.calls().dialogs(step.call) {
                let call = self.calls.get(&*dialog.call_id);
                self.buffer.take_dialog(dialog, call);
            }
        }
        for dialog in progress.closed.iter().flat_map(|closed| &closed.dialogs) {
            let call = self.calls.remove(&*dialog.call_id);
            self.buffer.take_dialog(dialog, call.as_ref());
        }
        self.buffer.take_messages(&mut progress, self.clock.now());
    }

    /// Nothing may come for long; what is over is to be forgotten all the same.
    fn quiet(&mut self) {
        let now = micros(self.clock.now());
        let progress = self.observer.advance(now);
        self.follow(progress);
    }

    async fn store(&mut self, store: &Store) {
        match self.buffer.flush(store).await {
            Ok(()) => self.is_away = false,
            Err(error) if !std::mem::replace(&mut self.is_away, true) => {
                tracing::warn!(%error, "signals of calls wait for the database");
            }
            Err(_) => {}
        }
    }
}

fn micros(at: Instant) -> Micros {
    Micros(at.0.saturating_mul(1_000))
}
