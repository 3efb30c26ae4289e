//! A caller whom an agent leaves for whoever fetches them (call park).

use madoguchi_core::clock::Moment;
use madoguchi_core::id::CallId;
use madoguchi_core::time::Millis;

use super::Engine;
use super::timers::TimerOf;
use crate::api::Output;

/// Whom nobody has fetched after so long waits in the queue, before all who came later.
const PARKED_AT_MOST: Millis = Millis::from_secs(180);

impl Engine {
    pub(super) fn park(&mut self, call: &CallId, now: Moment) {
        let Some(first) = self.leg_that_hands_on(call) else {
            return;
        };
        self.leave_talk(call, first, now);
        let place = self
            .calls
            .get(call)
            .and_then(|entry| Some((entry.line?, entry.order)));
        let Some((key, order)) = place else { return };
        if let Some(line) = self.line_mut(key) {
            line.parked.insert(order, call.clone());
        }
        let timer = self.set_timer(TimerOf::Parked(call.clone()), PARKED_AT_MOST);
        self.change_timers(call, |timers| timers.parked = Some(timer));
        self.out(Output::PlayMusic { call: call.clone() });
    }

    pub(super) fn parked_due(&mut self, call: &CallId, now: Moment) {
        let entry = self.calls.get(call);
        let is_parked = entry.is_some_and(|entry| {
            let line = entry.line.and_then(|key| self.line(key));
            line.is_some_and(|line| line.parked.contains_key(&entry.order))
        });
        self.change_timers(call, |timers| timers.parked = None);
        if is_parked {
            self.wait_in_queue(call, now);
        }
    }
}
