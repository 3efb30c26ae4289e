//! Ringing agents for a caller, up to the moment when both hear each other.

use madoguchi_core::clock::Moment;
use madoguchi_core::event::{EndCause, EventKind, RingOutcome, TransferTarget};
use madoguchi_core::id::CallId;
use madoguchi_core::time::Millis;

use super::agents::{Activity, RequestedState};
use super::call::{Leg, Stage, Talk};
use super::keys::AgentKey;
use super::timers::TimerOf;
use super::{Engine, REST, ring_outcome};
use crate::api::{LegFailure, LegId, Output};
use crate::settings::Strategy;

/// Between pick-up and bridge; longer means that the phone's media cannot be used.
pub(super) const BRIDGE_AT_MOST: Millis = Millis::from_secs(5);
/// How many of the last waits the estimate is made of.
const WAITS_REMEMBERED: usize = 20;
/// Why the desk sets an agent 離席 who does not answer.
const NO_ANSWER: &str = "応答なし";

/// How an attempt begins.
#[derive(Debug, Clone, Copy)]
pub(super) enum LegStart<'a> {
    /// The agent's phones are rung.
    Ring,
    /// The agent's phone asked for the call, under this number.
    PickUp(u64),
    /// The agent is at the far end of this consultation, which is over.
    Adopt(&'a CallId),
}

impl Engine {
    /// Rings an agent who is idle for a caller who waits.
    pub(super) fn ring(&mut self, call: &CallId, agent: AgentKey, now: Moment) {
        let Some(entry) = self.calls.get(call) else {
            return;
        };
        let (order, Some(key)) = (entry.order, entry.line) else {
            return;
        };
        let level = self.agents.level(agent, key);
        let Some(line) = self.line_mut(key) else {
            return;
        };
        line.queue.remove(&order);
        line.last_rung.insert(level, agent);
        if line.settings.strategy == Strategy::RingAll {
            line.ringing_all.ring(order, call, level);
        }
        let timeout = line.settings.ring_timeout;
        self.set_stage(call, Stage::Ringing);
        self.start_leg(call, agent, LegStart::Ring, timeout, now);
    }

    /// Reserves the agent for an attempt; gives its number.
    pub(super) fn start_leg(
        &mut self,
        call: &CallId,
        agent: AgentKey,
        how: LegStart<'_>,
        timeout: Millis,
        now: Moment,
    ) -> Option<u32> {
        let id = self.agents.id(agent)?;
        let entry = self.calls.get_mut(call)?;
        entry.last_leg += 1;
        let n = entry.last_leg;
        let leg = LegId {
            call: call.clone(),
            n,
        };
        self.emit(call, EventKind::Ringing { agent: id.clone() }, now);
        self.set_activity(agent, Activity::Ringing { call: call.clone() }, now);
        self.out(match how {
            LegStart::Ring => Output::Ring {
                leg: leg.clone(),
                agent: id,
            },
            LegStart::PickUp(asked) => Output::PickUp {
                asked,
                leg: Some(leg.clone()),
            },
            LegStart::Adopt(consult) => Output::Adopt {
                leg: leg.clone(),
                consult: consult.clone(),
            },
        });
        let timer = Some(self.set_timer(TimerOf::Leg(leg), timeout));
        self.calls.get_mut(call)?.legs.insert(
            n,
            Leg {
                agent,
                timer,
                picked_up: matches!(how, LegStart::Adopt(_)),
                asked_for: matches!(how, LegStart::PickUp(_)),
            },
        );
        Some(n)
    }

    pub(super) fn leg_answered(&mut self, leg: &LegId, now: Moment) {
        let Some(entry) = self.calls.get_mut(&leg.call) else {
            return;
        };
        let Some(attempt) = entry
            .legs
            .get_mut(&leg.n)
            .filter(|attempt| !attempt.picked_up)
        else {
            return;
        };
        match &entry.stage {
            Stage::Ringing => {
                attempt.picked_up = true;
                entry.stage = Stage::Bridging { leg: leg.n };
                let (order, key) = (entry.order, entry.line);
                let outward = entry.outward.clone();
                let others: Vec<u32> = entry
                    .legs
                    .keys()
                    .copied()
                    .filter(|other| *other != leg.n)
                    .collect();
                // Agents freed here must not be rung for the same call again.
                if let Some(line) = key.and_then(|key| self.line_mut(key)) {
                    line.ringing_all.stop(order);
                }
                for other in others {
                    self.end_leg(&leg.call, other, RingOutcome::Withdrawn, now);
                }
                if let Some(outward) = outward {
                    self.end_outward(&outward, EndCause::Desk, now);
                }
            }
            Stage::Talking(talk) if talk.transfer == Some(leg.n) => attempt.picked_up = true,
            _ => return,
        }
        self.restart_leg_timer(leg, BRIDGE_AT_MOST);
        self.out(Output::Bridge { leg: leg.clone() });
    }

    pub(super) fn leg_bridged(&mut self, leg: &LegId, now: Moment) {
        let Some(entry) = self.calls.get(&leg.call) else {
            return;
        };
        let Some(agent) = entry.legs.get(&leg.n).map(|leg| leg.agent) else {
            return;
        };
        match &entry.stage {
            Stage::Bridging { leg: n } if *n == leg.n => {}
            Stage::Talking(talk) if talk.transfer == Some(leg.n) => {
                return self.handed_on(leg, agent, now);
            }
            _ => return,
        }
        let (wait, key) = (now.monotonic - entry.began.monotonic, entry.line);
        let alone = self.calls.get_mut(&leg.call).and_then(|entry| {
            entry.overdue = None;
            entry.hand_on_failed = None;
            entry.left_alone.take()
        });
        let is_first = alone.is_none();
        let kind = match (&alone, self.agents.id(agent)) {
            (Some(_), Some(agent)) => EventKind::Transferred {
                from: None,
                to: TransferTarget::Agent { agent },
            },
            (_, agent) => EventKind::Answered { agent },
        };
        self.emit(&leg.call, kind, now);
        self.leave_queue(&leg.call);
        self.unpark(&leg.call);
        let timers = self
            .calls
            .get_mut(&leg.call)
            .map(|entry| entry.timers.take_all());
        for timer in timers.into_iter().flatten() {
            self.clear_timer(timer);
        }
        self.stop_leg_timer(leg);
        let talk = Talk {
            leg: leg.n,
            caller_holds: alone.is_some_and(|alone| alone.caller_holds),
            agent_holds: false,
            transfer: None,
            joined: false,
            aside: false,
            desk_holds: false,
        };
        self.set_stage(&leg.call, Stage::Talking(talk));
        self.agents.change(agent, |agent| agent.no_answers = 0);
        self.set_activity(
            agent,
            Activity::Talking {
                call: leg.call.clone(),
            },
            now,
        );
        if let Some(line) = key.and_then(|key| self.line_mut(key))
            && is_first
        {
            line.last_waits.push_back(wait);
            if line.last_waits.len() > WAITS_REMEMBERED {
                line.last_waits.pop_front();
            }
        }
    }

    /// The phone refused or could not be reached.
    pub(super) fn leg_failed(&mut self, leg: &LegId, failure: LegFailure, now: Moment) {
        let Some(entry) = self.calls.get(&leg.call) else {
            return;
        };
        let Some(agent) = entry.legs.get(&leg.n).map(|leg| leg.agent) else {
            return;
        };
        if matches!(&entry.stage, Stage::Talking(talk) if talk.leg == leg.n) {
            return;
        }
        let key = entry.line;
        self.remove_leg(&leg.call, leg.n, ring_outcome(failure), now);
        if failure == LegFailure::NoAnswer {
            self.count_no_answer(agent, key, now);
        }
        self.rest(agent);
        self.free(agent, true, now);
        self.after_lost_leg(&leg.call, leg.n, failure, now);
    }

    /// The phone that had picked up is gone.
    pub(super) fn leg_gone(&mut self, leg: &LegId, lost: bool, now: Moment) {
        let Some(entry) = self.calls.get(&leg.call) else {
            return;
        };
        let Some(agent) = entry.legs.get(&leg.n).map(|leg| leg.agent) else {
            return;
        };
        if matches!(&entry.stage, Stage::Talking(talk) if talk.leg == leg.n) {
            return self.agent_hung_up(&leg.call, lost, now);
        }
        self.remove_leg(&leg.call, leg.n, RingOutcome::Dropped, now);
        self.rest(agent);
        self.free(agent, true, now);
        self.after_lost_leg(&leg.call, leg.n, LegFailure::Unreachable, now);
    }

    /// Nobody picked up in time (RONA), or the media never stood.
    pub(super) fn leg_timed_out(&mut self, leg: &LegId, now: Moment) {
        let Some(entry) = self.calls.get(&leg.call) else {
            return;
        };
        let Some(attempt) = entry.legs.get(&leg.n) else {
            return;
        };
        let (agent, picked_up) = (attempt.agent, attempt.picked_up);
        let outcome = if picked_up {
            RingOutcome::Dropped
        } else {
            RingOutcome::NoAnswer
        };
        let key = entry.line;
        self.end_leg_keeping_agent(&leg.call, leg.n, outcome, now);
        if picked_up {
            self.rest(agent);
        } else {
            self.count_no_answer(agent, key, now);
        }
        // The next agent is rung before this one is looked at again.
        self.agents.put_last(agent);
        self.after_lost_leg(&leg.call, leg.n, LegFailure::NoAnswer, now);
        self.free(agent, true, now);
    }

    /// Counts only for who takes calls: a colleague who is 離席 or logged out may be rung for a
    /// transfer, and stays what they are.
    fn count_no_answer(
        &mut self,
        agent: AgentKey,
        line: Option<super::keys::LineKey>,
        now: Moment,
    ) {
        if self
            .agents
            .get(agent)
            .is_none_or(|agent| agent.requested != RequestedState::Ready)
        {
            return;
        }
        let most = line.and_then(|key| self.line(key));
        let most = most.map_or(0, |line| line.settings.away_after_no_answers);
        let mut count = 0;
        self.agents.change(agent, |agent| {
            agent.no_answers += 1;
            count = agent.no_answers;
        });
        if most > 0 && count >= most {
            self.agents.change(agent, |agent| {
                agent.no_answers = 0;
                agent.requested = RequestedState::Away {
                    reason: NO_ANSWER.to_owned(),
                };
            });
            self.record_asked(agent, now);
        }
    }

    /// What becomes of the call after an attempt ended: the wait or the talk goes on.
    fn after_lost_leg(&mut self, call: &CallId, n: u32, failure: LegFailure, now: Moment) {
        let Some(entry) = self.calls.get_mut(call) else {
            return;
        };
        match &mut entry.stage {
            Stage::Talking(talk) if talk.transfer == Some(n) => {
                self.transfer_failed(call, failure);
            }
            // Somebody outside is still called for the caller.
            Stage::Ringing if entry.outward.is_some() => {}
            Stage::Ringing | Stage::Bridging { .. } if entry.legs.is_empty() => {
                if matches!(entry.stage, Stage::Bridging { .. }) {
                    // What played has ended for whoever had picked up.
                    self.outputs.push(Output::PlayMusic { call: call.clone() });
                }
                match (entry.overdue.take(), &entry.parked) {
                    (Some((reason, announcement)), _) => {
                        self.turn_away(call, reason, announcement, now);
                    }
                    (None, Some(_)) => self.put_aside(call),
                    (None, None) => self.wait_in_queue(call, now),
                }
            }
            _ => {}
        }
    }

    /// Ends all attempts of a call whose caller is gone; the agents keep their places.
    pub(super) fn withdraw_legs(&mut self, call: &CallId, now: Moment) {
        let legs = self
            .calls
            .get(call)
            .map(|entry| entry.legs.keys().copied().collect());
        let legs: Vec<u32> = legs.unwrap_or_default();
        // The caller does not wait any more: nobody freed here may be rung for the same call.
        self.leave_queue(call);
        for n in legs {
            self.end_leg(call, n, RingOutcome::Withdrawn, now);
        }
    }

    /// Ends one attempt and frees its agent, who keeps the place in the order.
    pub(super) fn end_leg(&mut self, call: &CallId, n: u32, outcome: RingOutcome, now: Moment) {
        let agent = self
            .calls
            .get(call)
            .and_then(|entry| entry.legs.get(&n))
            .map(|leg| leg.agent);
        self.end_leg_keeping_agent(call, n, outcome, now);
        if let Some(agent) = agent {
            self.free(agent, false, now);
        }
    }

    fn end_leg_keeping_agent(&mut self, call: &CallId, n: u32, outcome: RingOutcome, now: Moment) {
        self.out(Output::EndLeg {
            leg: LegId {
                call: call.clone(),
                n,
            },
        });
        self.remove_leg(call, n, outcome, now);
    }

    fn remove_leg(&mut self, call: &CallId, n: u32, outcome: RingOutcome, now: Moment) {
        let leg = self
            .calls
            .get_mut(call)
            .and_then(|entry| entry.legs.remove(&n));
        let Some(leg) = leg else { return };
        self.clear_timer(leg.timer);
        if let Some(agent) = self.agents.id(leg.agent) {
            self.emit(call, EventKind::RingEnded { agent, outcome }, now);
        }
    }

    /// Leaves an agent alone for a moment, so that a phone that refuses is not rung in a circle.
    fn rest(&mut self, agent: AgentKey) {
        self.agents.change(agent, |agent| agent.resting = true);
        self.set_timer(TimerOf::Rest(agent), REST);
    }

    fn restart_leg_timer(&mut self, leg: &LegId, after: Millis) {
        self.stop_leg_timer(leg);
        let timer = self.set_timer(TimerOf::Leg(leg.clone()), after);
        let entry = self
            .calls
            .get_mut(&leg.call)
            .and_then(|entry| entry.legs.get_mut(&leg.n));
        if let Some(entry) = entry {
            entry.timer = Some(timer);
        }
    }

    pub(super) fn stop_leg_timer(&mut self, leg: &LegId) {
        let entry = self
            .calls
            .get_mut(&leg.call)
            .and_then(|entry| entry.legs.get_mut(&leg.n));
        let timer = entry.and_then(|leg| leg.timer.take());
        self.clear_timer(timer);
    }
}
