//! The figures of the running day, kept up event by event.
//!
//! Calls in progress are kept as records; a call that is over is added to sums and forgotten, so
//! that memory does not grow with the day.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::call::{CallRecord, Direction};
use crate::event::{AbandonReason, CallEvent};
use crate::figures::{Figures, FiguresSettings, add_by_agent};
use crate::id::{AgentId, CallId, LineName};
use crate::queue::QueueLengths;
use crate::time::Instant;

/// The figures of one day at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Today {
    /// All calls.
    pub total: Figures,
    /// By hour of arrival.
    pub by_hour: BTreeMap<u32, Figures>,
    /// By line.
    pub by_line: BTreeMap<LineName, Figures>,
    /// By the agent who answered; none for calls that nobody answered.
    #[serde(skip)]
    pub by_agent: BTreeMap<Option<AgentId>, Figures>,
    /// How many waited at once.
    #[serde(skip)]
    pub queue: QueueLengths,
}

impl Today {
    fn add(&mut self, call: &CallRecord, settings: FiguresSettings) {
        self.total.add(call, settings);
        self.by_hour
            .entry(call.arrived_at.hour())
            .or_default()
            .add(call, settings);
        self.by_line
            .entry(call.line.clone())
            .or_default()
            .add(call, settings);
        add_by_agent(&mut self.by_agent, call, settings);
        // Who found the queue full did not wait in it.
        let turned_away = call.abandoned == Some(AbandonReason::QueueFull);
        if call.direction == Direction::Inbound && !turned_away {
            let until = call.answered_at.or(call.ended_at);
            self.queue.add(call.arrived_at, until);
        }
    }

    /// Adds the figures of other calls of the same day.
    pub fn merge(&mut self, other: &Self) {
        self.total.merge(&other.total);
        for (hour, figures) in &other.by_hour {
            self.by_hour.entry(*hour).or_default().merge(figures);
        }
        for (line, figures) in &other.by_line {
            self.by_line.entry(line.clone()).or_default().merge(figures);
        }
        for (agent, figures) in &other.by_agent {
            self.by_agent
                .entry(agent.clone())
                .or_default()
                .merge(figures);
        }
        self.queue.merge(&other.queue);
    }
}

/// The days whose figures are kept: today, and those next to it on either side.
const DAYS_KEPT: usize = 3;

/// Folds events into the figures of the running day.
#[derive(Debug)]
pub struct LiveFigures {
    settings: FiguresSettings,
    date: NaiveDate,
    /// By day of arrival: the clock may be set over midnight and back.
    finished: BTreeMap<NaiveDate, Today>,
    open: HashMap<CallId, CallRecord>,
}

impl LiveFigures {
    /// Nothing has happened yet on the day of `now`.
    pub fn new(settings: FiguresSettings, now: Instant) -> Self {
        let date = now.date();
        Self {
            settings,
            date,
            finished: BTreeMap::new(),
            open: HashMap::new(),
        }
    }

    /// The thresholds in force.
    pub fn settings(&self) -> FiguresSettings {
        self.settings
    }

    /// Takes up a call from the store. For each call only once, and before its further events.
    pub fn restore(&mut self, call: CallRecord) {
        if is_over(&call) {
            self.finish(&call);
        } else {
            self.open.insert(call.call.clone(), call);
        }
    }

    /// Takes the next event.
    pub fn apply(&mut self, event: &CallEvent) {
        let Some(call) = self.open.get_mut(&event.call) else {
            if let Some(call) = CallRecord::begin(event) {
                let date = call.arrived_at.date();
                // A capture or a log may tell of days that are long over.
                self.date = if call.call.is_from_outside() {
                    self.date.max(date)
                } else {
                    date
                };
                self.open.insert(call.call.clone(), call);
            }
            return;
        };
        call.apply(event);
        if is_over(call)
            && let Some(call) = self.open.remove(&event.call)
        {
            self.finish(&call);
        }
    }

    /// The calls that something may still come of, in no order.
    pub fn open_calls(&self) -> impl Iterator<Item = &CallRecord> {
        self.open.values()
    }

    /// A call that something may still come of.
    pub fn open_call(&self, call: &CallId) -> Option<&CallRecord> {
        self.open.get(call)
    }

    /// The call after which an agent has work to do.
    pub fn call_before_wrap_up(&self, agent: &AgentId) -> Option<&CallRecord> {
        let works = |call: &&CallRecord| {
            call.parts.iter().any(|part| {
                let of_agent = part.agent.as_ref() == Some(agent);
                of_agent && part.until.is_some() && part.wrap_up_ended_at.is_none()
            })
        };
        let calls = self.open.values().filter(works);
        calls.max_by_key(|call| call.last_at)
    }

    /// The figures of the day of `now`.
    pub fn view(&mut self, now: Instant) -> Today {
        self.date = now.date();
        let mut today = self.finished.get(&self.date).cloned().unwrap_or_default();
        for call in self
            .open
            .values()
            .filter(|call| call.arrived_at.date() == self.date)
        {
            today.add(call, self.settings);
        }
        today
    }

    /// Counts by other thresholds from now on, also what was before on this day.
    pub fn set_thresholds(&mut self, settings: FiguresSettings) {
        self.settings = settings;
        for finished in self.finished.values_mut() {
            finished.total.set_thresholds(settings);
            let rows = finished.by_hour.values_mut();
            let rows = rows.chain(finished.by_line.values_mut());
            for figures in rows.chain(finished.by_agent.values_mut()) {
                figures.set_thresholds(settings);
            }
        }
    }

    fn finish(&mut self, call: &CallRecord) {
        let day = self.finished.entry(call.arrived_at.date());
        day.or_default().add(call, self.settings);
        if self.finished.len() > DAYS_KEPT {
            let away = |date: &NaiveDate| date.signed_duration_since(self.date).abs();
            let farthest = self.finished.keys().copied().max_by_key(away);
            farthest.map(|date| self.finished.remove(&date));
        }
    }
}

/// Nothing more can come that changes a figure: it has ended, and on a desk line every agent known
/// has done the work after it. Of calls that were seen or told from outside nobody tells of that work.
fn is_over(call: &CallRecord) -> bool {
    let wrapped_up = || {
        let mut parts = call.parts.iter();
        call.call.is_from_outside()
            || parts.all(|part| part.agent.is_none() || part.wrap_up_ended_at.is_some())
    };
    call.ended_at.is_some()
        && (call.direction != Direction::Inbound || call.is_recovered() || wrapped_up())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EndCause, EventKind};
    use crate::time::Millis;

    /// Calls one after another: answered after 10 s and 30 s, given up after 3 s and 8 s, turned
    /// away after 4 s.
    fn events() -> Vec<CallEvent> {
        let answered = |_| EventKind::Answered {
            agent: Some("tanaka".into()),
        };
        let abandoned = |reason| EventKind::Abandoned { reason };
        let ends = [
            (10, answered(())),
            (30, answered(())),
            (3, abandoned(AbandonReason::CallerHangup)),
            (8, abandoned(AbandonReason::CallerHangup)),
            (4, abandoned(AbandonReason::QueueFull)),
        ];
        let mut events = Vec::new();
        for (n, (wait, end)) in ends.into_iter().enumerate() {
            let mut add = |seq, secs: i64, kind| {
                events.push(CallEvent {
                    call: CallId::new(format!("c{n}")),
                    seq,
                    at: Instant(secs * 1000),
                    node: "n".into(),
                    line: "help".into(),
                    kind,
                });
            };
            let arrived = EventKind::Arrived {
                from: "".into(),
                to: "".into(),
                open: true,
            };
            add(0, 0, arrived);
            let talks = matches!(end, EventKind::Answered { .. });
            add(1, wait, end);
            if talks {
                let cause = EndCause::Caller;
                add(2, wait + 60, EventKind::Ended { cause });
                let agent = "tanaka".into();
                add(3, wait + 70, EventKind::WrapUpEnded { agent });
            }
        }
        events
    }

    #[test]
    fn a_clock_that_is_set_over_midnight_and_back_loses_nothing_of_the_day() {
        let settings = FiguresSettings {
            short_abandoned: Millis::from_secs(5),
            service_level: Millis::from_secs(20),
        };
        let mut figures = LiveFigures::new(settings, Instant(0));
        events().iter().for_each(|event| figures.apply(event));
        let now = Instant(200_000);
        let before = figures.view(now);
        let day = Millis::from_secs(86_400);
        for (n, away) in [day, Millis(-day.0)].into_iter().enumerate() {
            assert_eq!(figures.view(now + away), Today::default());
            for mut event in events() {
                event.call = CallId::new(format!("{n}-{}", event.call));
                event.at = event.at + away;
                figures.apply(&event);
            }
            assert_eq!(figures.view(now + away), before);
            assert_eq!(figures.view(now), before);
        }
        for days in 2..20 {
            for mut event in events() {
                event.call = CallId::new(format!("far-{days}-{}", event.call));
                event.at = event.at + Millis(day.0 * days);
                figures.apply(&event);
            }
        }
        assert_eq!(figures.finished.len(), DAYS_KEPT);
        assert_eq!(before.queue.peaks(now), BTreeMap::from([(9, 4)]));
        assert_eq!(figures.view(now + Millis(day.0 * 19)), before);
    }

    #[test]
    fn a_year_of_calls_that_is_imported_leaves_the_figures_of_today_as_they_are() {
        let now = Instant(200_000);
        let mut figures = LiveFigures::new(FiguresSettings::default(), now);
        events().iter().for_each(|event| figures.apply(event));
        let before = figures.view(now);
        assert_eq!(before.total.offered, 5);
        for days in 1..365 {
            for mut event in events() {
                event.call = CallId::new(format!("queue_log/{days}-{}", event.call));
                event.at = event.at + Millis(-days * 86_400_000);
                figures.apply(&event);
            }
        }
        assert_eq!(figures.finished.len(), DAYS_KEPT);
        assert_eq!(figures.view(now), before);
    }

    #[test]
    fn other_thresholds_count_the_whole_day_anew() {
        let settings = |short, level| FiguresSettings {
            short_abandoned: Millis::from_secs(short),
            service_level: Millis::from_secs(level),
        };
        let counted = |settings| {
            let mut figures = LiveFigures::new(settings, Instant(0));
            events().iter().for_each(|event| figures.apply(event));
            figures
        };
        let now = Instant(200_000);
        let mut figures = counted(settings(5, 20));
        let total = figures.view(now).total;
        assert_eq!((total.answered_in_time, total.short_abandoned), (1, 1));
        for (short, level) in [(9, 30), (3, 9), (0, 10), (5, 20)] {
            figures.set_thresholds(settings(short, level));
            let expected = counted(settings(short, level)).view(now);
            assert_eq!(figures.view(now), expected, "{short} {level}");
        }
    }
}
