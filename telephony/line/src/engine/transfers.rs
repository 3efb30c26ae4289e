//! Handing a caller on: to a colleague, asked before or not, to a line, or to the outside.

use madoguchi_core::clock::Moment;
use madoguchi_core::event::{EndCause, EventKind, Party, TransferTarget};
use madoguchi_core::id::{AgentId, CallId, LineName};
use madoguchi_core::live::HandOnTo;

use super::Engine;
use super::agents::Activity;
use super::call::{LeftAlone, Stage};
use super::keys::AgentKey;
use super::ringing::{BRIDGE_AT_MOST, LegStart};
use crate::api::{HangUpCause, LegFailure, LegId, Output};

impl Engine {
    /// Rings another agent for a caller who is being talked to.
    pub(super) fn transfer_to_agent(&mut self, call: &CallId, to: &AgentId, now: Moment) {
        let Some(first) = self.leg_that_hands_on(call) else {
            return;
        };
        let line = self.calls.get(call).and_then(|entry| entry.line);
        let line = line.and_then(|key| self.line(key));
        let timeout = line.map(|line| line.settings.ring_timeout);
        let target = self.agents.key(to);
        let agent = target.and_then(|target| self.agents.get(target));
        let failure = match agent {
            Some(agent) if agent.activity != Activity::Nothing => Some(LegFailure::Declined),
            Some(agent) if agent.reachable => None,
            _ => Some(LegFailure::Unreachable),
        };
        let (Some(target), Some(timeout), None) = (target, timeout, failure) else {
            return self.out(Output::TransferOver {
                leg: first,
                failure: failure.or(Some(LegFailure::Unreachable)),
            });
        };
        self.out(Output::PlayMusic { call: call.clone() });
        let leg = self.start_leg(call, target, LegStart::Ring, timeout, now);
        if let Some(Stage::Talking(talk)) = self.calls.get_mut(call).map(|entry| &mut entry.stage) {
            talk.transfer = leg;
        }
    }

    /// Hands on the caller with whom an agent talks.
    pub(super) fn hand_on(&mut self, agent: &AgentId, to: &HandOnTo, now: Moment) {
        let key = self.agents.key(agent);
        let activity = key.and_then(|key| self.agents.get(key));
        let Some(Activity::Talking { call }) = activity.map(|agent| &agent.activity) else {
            return;
        };
        let call = call.clone();
        match to {
            HandOnTo::Agent(to) if to == agent => {}
            HandOnTo::Agent(to) => self.transfer_to_agent(&call, to, now),
            HandOnTo::Line(line) => self.transfer_to_line(&call, line, now),
            HandOnTo::Park => self.park(&call, now),
        }
    }

    /// The attempt of the agent who talks and may hand the caller on now.
    pub(super) fn leg_that_hands_on(&mut self, call: &CallId) -> Option<LegId> {
        let leg = |n: u32| LegId {
            call: call.clone(),
            n,
        };
        match &self.calls.get(call)?.stage {
            // The one that goes on is told of when it is over.
            Stage::Talking(talk) => talk.transfer.is_none().then(|| leg(talk.leg)),
            // Both do not hear each other yet: the phone is told, so that it may ask again.
            Stage::Bridging { leg: n } => {
                let leg = leg(*n);
                let failure = Some(LegFailure::Unreachable);
                self.out(Output::TransferOver { leg, failure });
                None
            }
            _ => None,
        }
    }

    /// Gives the caller to the colleague whom the agent has asked.
    pub(super) fn hand_over(&mut self, call: &CallId, consult: &CallId, now: Moment) {
        let not_adopted = Output::NotAdopted {
            consult: consult.clone(),
        };
        let Some(first) = self.leg_that_hands_on(call) else {
            return self.out(not_adopted);
        };
        let legs = self.calls.get(call).map(|entry| &entry.legs);
        let agent = legs.and_then(|legs| Some(legs.get(&first.n)?.agent));
        let asked = agent.and_then(|agent| self.agents.get(agent)?.consult.as_ref());
        let stage = self.calls.get(consult).map(|entry| &entry.stage);
        let (agent, callee, answered) = match (agent, stage) {
            (Some(agent), Some(Stage::Dialled(dialled))) if asked == Some(consult) => {
                (agent, dialled.callee, dialled.answered)
            }
            _ => {
                let failure = Some(LegFailure::Unreachable);
                self.out(Output::TransferOver {
                    leg: first,
                    failure,
                });
                return self.out(not_adopted);
            }
        };
        // The outside is asked, and not connected with callers. Who leaves the desk takes no new ones.
        let Some(callee) = callee.filter(|callee| self.agents.stays(*callee)) else {
            let failure = Some(LegFailure::Declined);
            self.out(Output::TransferOver {
                leg: first,
                failure,
            });
            return self.out(not_adopted);
        };
        if !answered {
            return self.ring_anew(call, consult, callee, now);
        }
        let cause = EndCause::Agent;
        self.emit(consult, EventKind::Ended { cause }, now);
        self.close_call(consult);
        self.agents.change(agent, |agent| agent.consult = None);
        let how = LegStart::Adopt(consult);
        let n = self.start_leg(call, callee, how, BRIDGE_AT_MOST, now);
        let entry = self.calls.get_mut(call);
        if let (Some(n), Some(entry)) = (n, entry) {
            if let Stage::Talking(talk) = &mut entry.stage {
                talk.transfer = Some(n);
            }
            let call = call.clone();
            self.out(Output::Bridge {
                leg: LegId { call, n },
            });
        }
    }

    /// The colleague has not picked up: the consultation ends, and they are rung for the caller.
    fn ring_anew(&mut self, call: &CallId, consult: &CallId, callee: AgentKey, now: Moment) {
        let Some(agent) = self.agents.get(callee) else {
            return;
        };
        let (id, rested) = (agent.settings.agent.clone(), agent.resting);
        // Nobody else may be put through to the colleague in between.
        self.agents.change(callee, |agent| agent.resting = true);
        if self.end_dialled(consult, EndCause::Agent, now) {
            let call = consult.clone();
            self.out(Output::EndFar { call: call.clone() });
            self.out(Output::HangUp {
                call,
                cause: HangUpCause::Normal,
            });
        }
        self.agents.change(callee, |agent| agent.resting = rested);
        self.transfer_to_agent(call, &id, now);
        self.find_call_for(callee, now);
    }

    /// Puts the caller into the queue of a line.
    pub(super) fn transfer_to_line(&mut self, call: &CallId, line: &LineName, now: Moment) {
        let Some(first) = self.leg_that_hands_on(call) else {
            return;
        };
        let is_served =
            |key: &_| self.calendar_of(*key).status(now.wall).open && self.no_room(*key).is_none();
        let Some(key) = self.lines.lookup(line).filter(is_served) else {
            let failure = Some(LegFailure::Unreachable);
            return self.out(Output::TransferOver {
                leg: first,
                failure,
            });
        };
        self.leave_talk(call, first, now);
        self.move_to_line(call, key);
        self.out(Output::MoveToLine {
            call: call.clone(),
            line: line.clone(),
        });
        self.out(Output::PlayMusic { call: call.clone() });
        self.wait_in_queue(call, now);
    }

    /// The agent's part ends, and nobody talks with the caller; where they wait is for whoever calls this to say.
    pub(super) fn leave_talk(&mut self, call: &CallId, first: LegId, now: Moment) {
        let agent = self.end_part(call, Stage::Queued, now);
        self.out(Output::TransferOver {
            leg: first.clone(),
            failure: None,
        });
        self.out(Output::EndLeg { leg: first });
        if let Some(agent) = agent {
            self.start_wrap_up(call, agent, now);
        }
    }

    /// The agent who handed the caller on hangs up before the other one has picked up: the caller stays
    /// and waits. `false` if nobody is being rung for the caller.
    pub(super) fn leave_alone(&mut self, call: &CallId, now: Moment) -> bool {
        let Some(entry) = self.calls.get(call) else {
            return false;
        };
        let Stage::Talking(talk) = &entry.stage else {
            return false;
        };
        let Some(other) = talk.transfer else {
            return false;
        };
        let picked_up = entry.legs.get(&other).is_some_and(|leg| leg.picked_up);
        let stage = if picked_up {
            Stage::Bridging { leg: other }
        } else {
            Stage::Ringing
        };
        if let Some(first) = self.end_part(call, stage, now) {
            self.start_wrap_up(call, first, now);
        }
        true
    }

    /// Takes the agent who talks out of the call, which goes on without anybody at `stage`; gives who it was.
    fn end_part(&mut self, call: &CallId, stage: Stage, now: Moment) -> Option<AgentKey> {
        let entry = self.calls.get_mut(call)?;
        let Stage::Talking(talk) = &entry.stage else {
            return None;
        };
        let (before, held) = (talk.leg, talk.agent_holds);
        entry.left_alone = Some(LeftAlone {
            caller_holds: talk.caller_holds,
        });
        entry.stage = stage;
        let agent = entry.legs.remove(&before).map(|leg| leg.agent);
        if held {
            let by = Party::Agent;
            self.emit(call, EventKind::Resumed { by }, now);
        }
        let from = agent.and_then(|agent| self.agents.id(agent));
        let to = TransferTarget::Desk;
        self.emit(call, EventKind::Transferred { from, to }, now);
        agent
    }

    /// Nobody took the caller who was to be handed on: the first agent has the caller again.
    pub(super) fn transfer_failed(&mut self, call: &CallId, failure: LegFailure) {
        let stage = self.calls.get_mut(call).map(|entry| &mut entry.stage);
        let Some(Stage::Talking(talk)) = stage else {
            return;
        };
        talk.transfer = None;
        let leg = LegId {
            call: call.clone(),
            n: talk.leg,
        };
        self.out(Output::Bridge { leg: leg.clone() });
        self.out(Output::TransferOver {
            leg,
            failure: Some(failure),
        });
    }

    /// The other agent and the caller hear each other: the first agent's part ends.
    pub(super) fn handed_on(&mut self, leg: &LegId, to: AgentKey, now: Moment) {
        let Some(entry) = self.calls.get_mut(&leg.call) else {
            return;
        };
        let Stage::Talking(talk) = &mut entry.stage else {
            return;
        };
        let before = std::mem::replace(&mut talk.leg, leg.n);
        talk.transfer = None;
        let held = std::mem::take(&mut talk.agent_holds);
        let first = entry.legs.remove(&before).map(|leg| leg.agent);
        let (Some(first), Some(agent)) = (first, self.agents.id(to)) else {
            return;
        };
        if held {
            let by = Party::Agent;
            self.emit(&leg.call, EventKind::Resumed { by }, now);
        }
        let from = self.agents.id(first);
        let target = TransferTarget::Agent { agent };
        self.emit(&leg.call, EventKind::Transferred { from, to: target }, now);
        self.stop_leg_timer(leg);
        self.set_activity(
            to,
            Activity::Talking {
                call: leg.call.clone(),
            },
            now,
        );
        let before = LegId {
            call: leg.call.clone(),
            n: before,
        };
        self.out(Output::TransferOver {
            leg: before.clone(),
            failure: None,
        });
        self.out(Output::EndLeg { leg: before });
        self.start_wrap_up(&leg.call, first, now);
    }

    /// The caller was handed on to somebody outside: for the desk the call is over.
    pub(super) fn transferred_outside(&mut self, call: &CallId, number: String, now: Moment) {
        let Some(entry) = self.calls.get(call) else {
            return;
        };
        let Stage::Talking(talk) = &entry.stage else {
            return;
        };
        let agent = entry
            .legs
            .get(&talk.leg)
            .and_then(|leg| self.agents.id(leg.agent));
        let to = TransferTarget::Outside { number };
        self.emit(call, EventKind::Transferred { from: agent, to }, now);
        self.end_talk(call, EndCause::Desk, true, now);
        self.out(Output::HangUp {
            call: call.clone(),
            cause: HangUpCause::Normal,
        });
    }
}
