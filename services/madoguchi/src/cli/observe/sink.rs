//! Where observed calls go.

use madoguchi_core::clock::{Clock as _, SystemClock};
use madoguchi_core::event::CallEvent;
use madoguchi_core::id::LineName;
use madoguchi_core::setup::Calendars;
use madoguchi_core::signal::SignalKind;
use madoguchi_core::time::Instant;
use madoguchi_observe::counting::{Counting, Rules, Tally};
use madoguchi_observe::observer::{Observer, Progress};
use madoguchi_store::Store;

use super::super::error::CliError;
use super::super::output::{complain, print};
use super::name::HeldName;
use super::settings::{InForce, Settings};
use crate::signal_log::SignalBuffer;

/// Events that one transaction takes.
const BATCH: usize = 2_000;
/// Events that wait while the store is away.
const WAITING_AT_MOST: usize = 1_000_000;

/// Where observed calls go.
pub(super) enum Sink {
    /// To standard output, as rows, by these rules.
    Print(Box<Rules>),
    /// Into the store, as events.
    Store(Box<StoreSink>),
}

/// What goes into the store.
pub(super) struct StoreSink {
    store: Store,
    name: HeldName,
    settings: Settings,
    calendars: Calendars,
    counting: Counting,
    signals: SignalBuffer,
    waiting: Vec<CallEvent>,
    told: usize,
    new: usize,
    lost: usize,
    is_away: bool,
}

impl Sink {
    pub(super) fn store(
        store: Store,
        name: HeldName,
        settings: Settings,
        in_force: &InForce,
    ) -> Self {
        let rules = in_force.config.observe_rules();
        Self::Store(Box::new(StoreSink {
            calendars: in_force.calendars.clone(),
            counting: Counting::new(rules, name.node().clone()),
            signals: SignalBuffer::new(in_force.retention, SignalKind::Observed),
            store,
            name,
            settings,
            waiting: Vec::new(),
            told: 0,
            new: 0,
            lost: 0,
            is_away: false,
        }))
    }
}

impl StoreSink {
    /// Whether messages are kept.
    pub(super) fn keeps_messages(&self) -> bool {
        self.signals.keeps_messages()
    }

    /// How many calls were counted as what.
    pub(super) fn tally(&self) -> Tally {
        self.counting.tally()
    }

    pub(super) fn take(&mut self, observer: &Observer, progress: &mut Progress) {
        let calendars = &self.calendars;
        let is_open = |line: &LineName, at: Instant| calendars.of_line(line).status(at).open;
        for step in &progress.steps {
            let events = self.counting.step(observer.calls(), step, &is_open);
            self.waiting.extend(events);
            self.signals
                .take_call(observer.calls(), &self.counting, step.call);
        }
        for closed in &progress.closed {
            let call = self.counting.call(closed.key).cloned();
            self.signals.take_closed(closed, call.as_ref());
            self.waiting.extend(self.counting.close(closed));
        }
        if !progress.messages.is_empty() {
            self.signals.take_messages(progress, SystemClock.now());
        }
        if self.waiting.len() > WAITING_AT_MOST {
            let excess = self.waiting.len() - WAITING_AT_MOST;
            self.waiting.drain(..excess);
            self.lost += excess;
        }
    }

    /// Takes up the settings, if any were changed: calls that go on stay what they are.
    pub(super) async fn take_up_settings(&mut self) -> Option<InForce> {
        let changed = self.settings.changed(&self.store).await?;
        self.counting.set_rules(changed.config.observe_rules());
        self.calendars = changed.calendars.clone();
        self.signals.keep_for(changed.retention);
        tracing::info!("changed settings are in force");
        Some(changed)
    }

    pub(super) fn is_much(&self) -> bool {
        self.waiting.len() >= BATCH || self.signals.waiting() >= BATCH
    }

    /// Stores what waits. What a command cannot store, it fails with.
    pub(super) async fn flush(&mut self) -> Result<(), CliError> {
        let mut done = 0;
        for batch in self.waiting.chunks(BATCH) {
            let appended = self
                .store
                .append(batch)
                .await
                .map_err(anyhow::Error::from)?;
            self.told += batch.len();
            self.new += appended.new;
            done += batch.len();
        }
        self.waiting.drain(..done);
        let stored = self.signals.flush(&self.store).await;
        stored.map_err(anyhow::Error::from)?;
        Ok(())
    }

    /// Stores what waits, or keeps it for the next time: a store that is away loses nothing.
    pub(super) async fn flush_or_wait(&mut self) {
        let before = self.waiting.len();
        match self.flush().await {
            Ok(()) => {
                if std::mem::take(&mut self.is_away) {
                    tracing::info!(events = before, "the store takes observed calls again");
                }
            }
            Err(error) if !std::mem::replace(&mut self.is_away, true) => {
                tracing::warn!(%error, events = before, "observed calls wait for the store");
            }
            Err(_) => {}
        }
    }

    pub(super) async fn close(self) {
        self.name.leave(&self.store).await;
        self.store.close().await;
        let tally = self.counting.tally();
        print(&format!(
            "着信 {}、発信 {}、内線 {}、不明 {}、機能番号 {}、観測の前からの通話 {}、新しい記録 {}、取込済みの記録 {}\n",
            tally.arrived,
            tally.outbound,
            tally.internal,
            tally.unknown,
            tally.feature_codes,
            tally.already_up,
            self.new,
            self.told.saturating_sub(self.new),
        ));
        if tally.unknown > 0 {
            complain(
                "不明の通話は、数えていません。画面の「観測の設定」の「保存しないで、直近1時間を数え直す」で、\
                 どの番号を設定に書けば数えられるかを確かめられます",
            );
        }
        if self.lost > 0 {
            tracing::error!(
                events = self.lost,
                "observed calls were lost while the store was away"
            );
        }
    }
}
