//! Callers who still wait when the desk closes, and what a new calendar means for them.

use std::collections::HashMap;

use madoguchi_core::clock::Moment;
use madoguchi_core::event::AbandonReason;
use madoguchi_core::id::CallId;
use madoguchi_core::time::Millis;

use super::Engine;
use super::call::Stage;
use super::timers::TimerOf;
use crate::api::Announcement;
use crate::settings::AtClosing;

/// Why callers are turned away who still wait after closing.
pub(super) const CLOSED: AbandonReason = AbandonReason::DeskClosedWhileWaiting;

impl Engine {
    /// Sets the timer for the end of a wait by the closing of the desk; `false` if it is over.
    pub(super) fn start_closing_timer(&mut self, call: &CallId, now: Moment) -> bool {
        let Some(entry) = self.calls.get(call) else {
            return true;
        };
        let line = entry.line.and_then(|key| self.line(key));
        let (Some(line), Some(closes_at)) = (line, entry.closes_at) else {
            return true;
        };
        let grace = match line.settings.at_closing {
            AtClosing::Serve { limit } => limit,
            AtClosing::Tell => Millis::ZERO,
        };
        let left = closes_at - now.wall + grace;
        if left <= Millis::ZERO {
            return false;
        }
        let timer = self.set_timer(TimerOf::Closing(call.clone()), left);
        self.change_timers(call, |timers| timers.closing = Some(timer));
        true
    }

    pub(super) fn closing_due(&mut self, call: &CallId, now: Moment) {
        self.stop_waiting(call, CLOSED, Announcement::ClosedWhileWaiting, now);
    }

    /// Waits end by the calendars, the clock and the lines' rules as they are now.
    pub(super) fn reset_closings(&mut self, now: Moment) {
        let lines: Vec<_> = self.lines.iter().map(|(key, _)| key).collect();
        let status = |key| (key, self.calendar_of(key).status(now.wall));
        let of_lines: HashMap<_, _> = lines.into_iter().map(status).collect();
        let mut over = Vec::new();
        for call in self.all_waiting() {
            let Some(entry) = self.calls.get_mut(&call) else {
                continue;
            };
            let Some(hours) = entry.line.and_then(|key| of_lines.get(&key)) else {
                continue;
            };
            entry.closes_at = match entry.closes_at {
                _ if hours.open => hours.closes_at,
                // It had closed on them before: that moment still counts.
                Some(closed_at) if closed_at <= now.wall => Some(closed_at),
                _ => Some(now.wall),
            };
            entry.overdue.take_if(|(reason, _)| *reason == CLOSED);
            let timer = entry.timers.closing.take();
            self.clear_timer(timer);
            if !self.start_closing_timer(&call, now) {
                over.push(call);
            }
        }
        self.close_on(&over, now);
    }

    /// The desk closes on these callers.
    pub(super) fn close_on(&mut self, callers: &[CallId], now: Moment) {
        // Nobody who becomes free may be rung for somebody who is about to be turned away.
        for call in callers {
            let picked_up = |stage: &Stage| matches!(stage, Stage::Bridging { .. });
            if self
                .calls
                .get(call)
                .is_some_and(|entry| !picked_up(&entry.stage))
            {
                self.leave_queue(call);
            }
        }
        for call in callers {
            self.closing_due(call, now);
        }
    }

    /// All callers who wait, by arrival.
    pub(super) fn all_waiting(&self) -> Vec<CallId> {
        let mut waiting: Vec<_> = self
            .lines
            .iter()
            .flat_map(|(_, line)| &line.waiting)
            .collect();
        waiting.sort_unstable();
        waiting.into_iter().map(|(_, call)| call.clone()).collect()
    }
}
