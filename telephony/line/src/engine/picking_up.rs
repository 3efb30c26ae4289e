//! Taking a call for which somebody else is rung, or nobody yet (call pick-up).

use std::cmp::Reverse;

use madoguchi_core::clock::Moment;
use madoguchi_core::id::{AgentId, CallId};
use madoguchi_core::live::HandOnRefusal;
use madoguchi_core::time::Millis;

use super::Engine;
use super::agents::Activity;
use super::call::Stage;
use super::keys::AgentKey;
use super::requests::Asked;
use super::ringing::LegStart;
use crate::api::{Output, Take};

impl Engine {
    /// The agent takes a call that still waits. 後処理 ends, as when an agent dials.
    pub(super) fn pick_up(&mut self, agent: &AgentId, take: &Take, asked: u64, now: Moment) {
        let nothing = Output::PickUp { asked, leg: None };
        let Some(key) = self.agents.key(agent) else {
            return self.out(nothing);
        };
        if self.call_to_take(key, take).is_none() {
            return self.out(nothing);
        }
        self.end_wrap_up_to_call(key, now);
        let is_free = self
            .agents
            .get(key)
            .is_some_and(|agent| agent.activity == Activity::Nothing);
        let found = self.call_to_take(key, take).filter(|_| is_free);
        let Some((call, timeout)) = found else {
            self.out(nothing);
            return self.find_call_for(key, now);
        };
        self.set_apart(&call);
        self.start_leg(&call, key, LegStart::PickUp(asked), timeout, now);
    }

    /// The agent's own phones ring for a caller who waits or is parked; whoever is rung for them already is rung
    /// on, and who picks up first has the caller.
    pub(super) fn take_call(&mut self, agent: &AgentId, call: &CallId, now: Moment) -> Asked {
        let key = self.agents.key(agent).ok_or(HandOnRefusal::OwnPhone)?;
        let take = Take::Call(call.clone());
        self.call_to_take(key, &take).ok_or(HandOnRefusal::Gone)?;
        let rung = Activity::Ringing { call: call.clone() };
        if self
            .agents
            .get(key)
            .is_some_and(|agent| agent.activity == rung)
        {
            return Ok(());
        }
        self.end_wrap_up_to_call(key, now);
        let is_free = self
            .agents
            .get(key)
            .is_some_and(|agent| agent.activity == Activity::Nothing && agent.reachable);
        let found = self.call_to_take(key, &take);
        let (Some((call, timeout)), true) = (&found, is_free) else {
            self.find_call_for(key, now);
            return Err(found.map_or(HandOnRefusal::Gone, |_| HandOnRefusal::OwnPhone));
        };
        self.set_apart(call);
        self.start_leg(call, key, LegStart::Ring, *timeout, now);
        Ok(())
    }

    /// Nobody else is looked for, for the caller, while somebody takes them.
    fn set_apart(&mut self, call: &CallId) {
        let entry = self.calls.get(call);
        let place = entry.and_then(|entry| Some((entry.line?, entry.order)));
        if let Some((line, order)) = place
            && let Some(line) = self.line_mut(line)
        {
            line.queue.remove(&order);
            line.parked.remove(&order);
        }
        self.set_stage(call, Stage::Ringing);
    }

    /// The call that can be taken, and how long a phone rings on its line.
    fn call_to_take(&self, agent: AgentKey, take: &Take) -> Option<(CallId, Millis)> {
        let call = match take {
            Take::Call(call) => self.waits(call).then_some(call),
            Take::MostUrgent => self.most_urgent_call(agent),
            Take::Parked => {
                let parked = self.lines.iter().flat_map(|(_, line)| &line.parked);
                parked.min().map(|(_, call)| call)
            }
        }?;
        let line = self.line(self.calls.get(call)?.line?)?;
        Some((call.clone(), line.settings.ring_timeout))
    }

    fn waits(&self, call: &CallId) -> bool {
        let stage = self.calls.get(call).map(|entry| &entry.stage);
        matches!(stage, Some(Stage::Queued | Stage::Ringing))
    }

    /// Whether somebody's phone gets the call, as soon as that is on disk.
    fn is_asked_for(&self, call: &CallId) -> bool {
        let entry = self.calls.get(call);
        entry.is_some_and(|entry| entry.legs.values().any(|leg| leg.asked_for))
    }

    /// The first of the callers who wait for somebody on the agent's lines.
    fn most_urgent_call(&self, agent: AgentKey) -> Option<&CallId> {
        let lines = &self.agents.get(agent)?.lines;
        let first = lines.iter().filter_map(|(key, _)| {
            let line = self.line(*key)?;
            // Who was answered and left alone is in the queue, and waits for no answer.
            let callers = line.waiting.iter().chain(&line.queue);
            let waiting = callers.filter(|(_, call)| self.waits(call) && !self.is_asked_for(call));
            let (order, call) = waiting.min_by_key(|(order, _)| **order)?;
            Some(((Reverse(line.settings.priority), *order), call))
        });
        let first = first.min_by_key(|(urgency, _)| *urgency);
        first.map(|(_, call)| call)
    }
}
