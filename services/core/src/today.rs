//! The figures of the running day, kept up event by event.
//!
//! Calls in progress are kept as records; a call that is over is added to sums and forgotten, so
//! that memory does not grow with the day.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use serde::Serialize;

use crate::call::{CallRecord, Direction};
use crate::event::CallEvent;
use crate::figures::{Figures, FiguresSettings, add_by_agent};
use crate::id::{AgentId, CallId, LineName};
use crate::time::Instant;

/// The figures of one day at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
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
    }
}

/// Folds events into the figures of the running day.
#[derive(Debug)]
pub struct LiveFigures {
    settings: FiguresSettings,
    date: NaiveDate,
    finished: Today,
    open: HashMap<CallId, CallRecord>,
}

impl LiveFigures {
    /// Nothing has happened yet on the day of `now`.
    pub fn new(settings: FiguresSettings, now: Instant) -> Self {
        let date = now.date();
        Self {
            settings,
            date,
            finished: Today::default(),
            open: HashMap::new(),
        }
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

    /// The figures of the day of `now`.
    pub fn view(&mut self, now: Instant) -> Today {
        self.turn_day(now.date());
        let mut today = self.finished.clone();
        for call in self
            .open
            .values()
            .filter(|call| call.arrived_at.date() == self.date)
        {
            today.add(call, self.settings);
        }
        today
    }

    fn finish(&mut self, call: &CallRecord) {
        let date = call.arrived_at.date();
        if date > self.date {
            self.turn_day(date);
        }
        if date == self.date {
            self.finished.add(call, self.settings);
        }
    }

    fn turn_day(&mut self, date: NaiveDate) {
        if date > self.date {
            self.date = date;
            self.finished = Today::default();
        }
    }
}

/// Nothing more can come that changes a figure: it has ended, and on a desk line every agent known
/// has done the work after it.
fn is_over(call: &CallRecord) -> bool {
    let wrapped_up = || {
        call.parts
            .iter()
            .all(|part| part.agent.is_none() || part.wrap_up_ended_at.is_some())
    };
    call.ended_at.is_some()
        && (call.direction != Direction::Inbound || call.is_recovered() || wrapped_up())
}
