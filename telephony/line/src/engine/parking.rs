//! A caller whom an agent leaves for whoever fetches them (call park).

use madoguchi_core::clock::Moment;
use madoguchi_core::id::CallId;
use madoguchi_core::live::{HandOnRefusal, ParkedCall};
use madoguchi_core::time::Millis;

use super::Engine;
use super::call::{Parked, Stage};
use super::requests::Asked;
use super::timers::TimerOf;
use crate::api::Output;

/// Whom nobody has fetched after so long waits in the queue, before all who came later.
const PARKED_AT_MOST: Millis = Millis::from_secs(180);

impl Engine {
    pub(super) fn park(&mut self, call: &CallId, now: Moment) -> Asked {
        let first = self.leg_that_hands_on(call).ok_or(HandOnRefusal::NoTalk)?;
        self.ask_no_more(&first, now);
        let legs = self.calls.get(call).map(|entry| &entry.legs);
        let by = legs.and_then(|legs| self.agents.id(legs.get(&first.n)?.agent));
        let slot = self.free_slot();
        if let Some(entry) = self.calls.get_mut(call) {
            let since = now.wall;
            entry.parked = Some(Parked { slot, since, by });
        }
        self.slots.insert(slot, call.clone());
        // The slot is taken first: whoever becomes free may be asked for somebody else.
        self.leave_talk(call, first, now);
        self.put_aside(call);
        let timer = self.set_timer(TimerOf::Parked(call.clone()), PARKED_AT_MOST);
        self.change_timers(call, |timers| timers.parked = Some(timer));
        self.out(Output::PlayMusic { call: call.clone() });
        Ok(())
    }

    /// The caller waits for whoever fetches them, and for nobody else.
    pub(super) fn put_aside(&mut self, call: &CallId) {
        self.set_stage(call, Stage::Queued);
        let place = self
            .calls
            .get(call)
            .and_then(|entry| Some((entry.line?, entry.order)));
        let Some((key, order)) = place else { return };
        if let Some(line) = self.line_mut(key) {
            line.parked.insert(order, call.clone());
        }
    }

    /// The first number that no caller who is parked has.
    fn free_slot(&self) -> u32 {
        let taken = self.slots.keys().zip(1..);
        let run = taken.take_while(|(slot, n)| *slot == n).count();
        u32::try_from(run).unwrap_or(u32::MAX - 1) + 1
    }

    /// The caller has no slot any more.
    pub(super) fn unpark(&mut self, call: &CallId) {
        let Some(entry) = self.calls.get_mut(call) else {
            return;
        };
        let (parked, timer) = (entry.parked.take(), entry.timers.parked.take());
        self.clear_timer(timer);
        if let Some(parked) = parked {
            self.slots.remove(&parked.slot);
        }
    }

    pub(super) fn parked_due(&mut self, call: &CallId, now: Moment) {
        let entry = self.calls.get(call);
        let is_parked = entry.is_some_and(|entry| {
            let line = entry.line.and_then(|key| self.line(key));
            line.is_some_and(|line| line.parked.contains_key(&entry.order))
        });
        if is_parked {
            return self.wait_in_queue(call, now);
        }
        // Somebody is fetching them.
        self.unpark(call);
    }

    /// Callers who are parked, by their slots.
    pub(super) fn parked(&self) -> Vec<ParkedCall> {
        let parked = self.slots.iter().filter_map(|(slot, call)| {
            let entry = self.calls.get(call)?;
            let parked = entry.parked.as_ref()?;
            Some(ParkedCall {
                call: call.clone(),
                line: entry.line_name.clone(),
                from: entry.from.clone(),
                slot: *slot,
                parked_at: parked.since,
                parked_by: parked.by.clone(),
            })
        });
        parked.collect()
    }
}
