//! Handing a caller on: to a colleague, asked before or not, or to a line; to the outside: [`super::outward`].

use madoguchi_core::clock::Moment;
use madoguchi_core::event::{EndCause, EventKind, Party, TransferTarget};
use madoguchi_core::id::{AgentId, CallId, LineName};
use madoguchi_core::live::{HandOnRefusal, HandOnView};

use super::Engine;
use super::agents::Activity;
use super::call::{Failed, LeftAlone, Stage};
use super::keys::AgentKey;
use super::requests::Asked;
use super::ringing::{BRIDGE_AT_MOST, LegStart};
use crate::api::{HangUpCause, LegFailure, LegId, Output};

/// What a failure is called on the screen.
pub(super) fn refusal_of(failure: LegFailure) -> HandOnRefusal {
    match failure {
        LegFailure::Declined | LegFailure::Forbidden => HandOnRefusal::Busy,
        LegFailure::Unreachable => HandOnRefusal::Unreachable,
        LegFailure::NoAnswer => HandOnRefusal::NoAnswer,
    }
}

impl Engine {
    /// Rings another agent for a caller who is being talked to.
    pub(super) fn transfer_to_agent(&mut self, call: &CallId, to: &AgentId, now: Moment) -> Asked {
        let first = self.leg_that_hands_on(call).ok_or(HandOnRefusal::NoTalk)?;
        if let Some(consult) = self.asked_on_leg_of(call)
            && self.callee_of(&consult) == self.agents.key(to)
            && self.agents.key(to).is_some()
        {
            return self.hand_over(call, &consult, now);
        }
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
            return Err(self.not_handed_on(first, failure.unwrap_or(LegFailure::Unreachable)));
        };
        self.note_failure(call, None);
        self.ask_no_more(&first, now);
        self.out(Output::PlayMusic { call: call.clone() });
        let leg = self.start_leg(call, target, LegStart::Ring, timeout, now);
        if let Some(Stage::Talking(talk)) = self.calls.get_mut(call).map(|entry| &mut entry.stage) {
            talk.transfer = leg;
        }
        Ok(())
    }

    /// The caller stays with the agent of this attempt, whose phone is told; gives what the screen is told.
    fn not_handed_on(&mut self, leg: LegId, failure: LegFailure) -> HandOnRefusal {
        let refusal = refusal_of(failure);
        self.note_failure(&leg.call, Some(Failed::HandOn(refusal)));
        let failure = Some(failure);
        self.out(Output::TransferOver { leg, failure });
        refusal
    }

    /// How the last transfer of a caller failed, or the last asking beside them, for the screen of the agent who has
    /// them.
    pub(super) fn note_failure(&mut self, call: &CallId, failed: Option<Failed>) {
        if let Some(entry) = self.calls.get_mut(call) {
            entry.hand_on_failed = failed;
        }
    }

    /// The caller is about to be handed on from this attempt: who was joined to the talk leaves it, and who is asked
    /// on its leg is asked no more.
    pub(super) fn ask_no_more(&mut self, leg: &LegId, now: Moment) {
        match self.asked_on_leg_of(&leg.call) {
            Some(consult) => self.end_asking(&consult, EndCause::Agent, now),
            None => self.unjoin_to_hand_on(leg, now),
        }
    }

    /// Who was joined hears the agent alone, and the caller does.
    fn unjoin_to_hand_on(&mut self, leg: &LegId, now: Moment) {
        let stage = self.calls.get(&leg.call).map(|entry| &entry.stage);
        if matches!(stage, Some(Stage::Talking(talk)) if talk.joined) {
            self.unjoin(&leg.call, now);
            self.out(Output::Bridge { leg: leg.clone() });
        }
    }

    /// The call in which somebody is asked ends, whether they have picked up or not.
    pub(super) fn end_asking(&mut self, consult: &CallId, cause: EndCause, now: Moment) {
        if self.end_dialled(consult, cause, now) {
            let call = consult.clone();
            self.out(Output::EndFar { call: call.clone() });
            self.out(Output::HangUp {
                call,
                cause: HangUpCause::Normal,
            });
        }
    }

    /// The attempt of the agent who talks and may hand the caller on now.
    pub(super) fn leg_that_hands_on(&mut self, call: &CallId) -> Option<LegId> {
        let leg = |n: u32| LegId {
            call: call.clone(),
            n,
        };
        let entry = self.calls.get(call)?;
        match &entry.stage {
            // The one that goes on is told of when it is over.
            Stage::Talking(talk) if talk.transfer.is_some() || entry.outward.is_some() => None,
            Stage::Talking(talk) => Some(leg(talk.leg)),
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

    /// Gives the caller to whom the agent has asked.
    pub(super) fn hand_over(&mut self, call: &CallId, consult: &CallId, now: Moment) -> Asked {
        let not_adopted = Output::NotAdopted {
            consult: consult.clone(),
        };
        let Some(first) = self.leg_that_hands_on(call) else {
            self.out(not_adopted);
            return Err(HandOnRefusal::NoTalk);
        };
        let legs = self.calls.get(call).map(|entry| &entry.legs);
        let agent = legs.and_then(|legs| Some(legs.get(&first.n)?.agent));
        let asked = agent.and_then(|agent| self.agents.get(agent)?.consult.as_ref());
        let stage = self.calls.get(consult).map(|entry| &entry.stage);
        let (agent, callee, answered, holds) = match (agent, stage) {
            (Some(agent), Some(Stage::Dialled(dialled))) if asked == Some(consult) => {
                (agent, dialled.callee, dialled.answered, dialled.agent_holds)
            }
            _ => {
                let failure = Some(LegFailure::Unreachable);
                self.out(Output::TransferOver {
                    leg: first,
                    failure,
                });
                self.out(not_adopted);
                return Err(HandOnRefusal::NobodyAsked);
            }
        };
        // Who leaves the desk takes no new callers.
        if callee.is_some_and(|callee| !self.agents.stays(callee)) {
            let refusal = self.not_handed_on(first, LegFailure::Declined);
            self.out(not_adopted);
            return Err(refusal);
        }
        self.note_failure(call, None);
        if self.asked_on_leg_of(call).is_some() {
            self.unjoin(call, now);
        } else {
            self.unjoin_to_hand_on(&first, now);
        }
        let Some(callee) = callee else {
            let id = self.agents.id(agent).ok_or(HandOnRefusal::NoTalk)?;
            self.take_leg_back(call, holds, now);
            self.agents.change(agent, |agent| agent.consult = None);
            self.over_to_outside(call, consult, id, now);
            return Ok(());
        };
        if !answered {
            return self.ring_anew(call, consult, callee, now);
        }
        self.take_leg_back(call, holds, now);
        self.adopt(call, consult, (agent, callee), now);
        Ok(())
    }

    /// The colleague's end of the consultation becomes an attempt for the caller's call.
    fn adopt(
        &mut self,
        call: &CallId,
        consult: &CallId,
        (agent, callee): (AgentKey, AgentKey),
        now: Moment,
    ) {
        let cause = EndCause::Agent;
        self.emit(consult, EventKind::Ended { cause }, now);
        self.close_call(consult, now);
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

    /// The agent who has joined somebody to the talk hangs up: the two others go on. Who asks somebody from the
    /// screen and hangs up hands the caller over, too. `false` if neither is so, or they cannot have the caller.
    pub(super) fn leave_to_whom_is_asked(&mut self, call: &CallId, now: Moment) -> bool {
        let Some(entry) = self.calls.get(call) else {
            return false;
        };
        let Stage::Talking(talk) = &entry.stage else {
            return false;
        };
        let (joined, aside) = (talk.joined, talk.aside);
        let agent = entry.legs.get(&talk.leg).map(|leg| leg.agent);
        let Some(agent) = agent.filter(|_| joined || aside) else {
            return false;
        };
        let (Some(consult), Some(id)) = (self.consult_of(agent), self.agents.id(agent)) else {
            return false;
        };
        let Some(Stage::Dialled(dialled)) = self.calls.get(&consult).map(|entry| &entry.stage)
        else {
            return false;
        };
        let (callee, answered, holds) = (dialled.callee, dialled.answered, dialled.agent_holds);
        let leaves = callee.is_some_and(|callee| !self.agents.stays(callee));
        if leaves && !aside {
            return false;
        }
        self.part(call, now);
        self.take_leg_back(call, holds, now);
        if let Some(callee) = callee {
            if leaves || !answered {
                self.leave_to_be_rung(call, &consult, callee, now);
                return true;
            }
            self.adopt(call, &consult, (agent, callee), now);
            return self.leave_alone(call, now);
        }
        self.agents.change(agent, |agent| agent.consult = None);
        let first = self.end_part(call, Stage::Ringing, now);
        self.over_to_outside(call, &consult, id, now);
        if let Some(first) = first {
            self.start_wrap_up(call, first, now);
        }
        true
    }

    /// The colleague has not picked up: the consultation ends, and they are rung for the caller.
    fn ring_anew(
        &mut self,
        call: &CallId,
        consult: &CallId,
        callee: AgentKey,
        now: Moment,
    ) -> Asked {
        let agent = self.agents.get(callee).ok_or(HandOnRefusal::Unreachable)?;
        let (id, rested) = (agent.settings.agent.clone(), agent.resting);
        // Nobody else may be put through to the colleague in between.
        self.agents.change(callee, |agent| agent.resting = true);
        self.end_asking(consult, EndCause::Agent, now);
        self.agents.change(callee, |agent| agent.resting = rested);
        let rung = self.transfer_to_agent(call, &id, now);
        self.find_call_for(callee, now);
        rung
    }

    /// Puts the caller into the queue of a line.
    pub(super) fn transfer_to_line(
        &mut self,
        call: &CallId,
        line: &LineName,
        now: Moment,
    ) -> Asked {
        let first = self.leg_that_hands_on(call).ok_or(HandOnRefusal::NoTalk)?;
        let is_served =
            |key: &_| self.calendar_of(*key).status(now.wall).open && self.no_room(*key).is_none();
        let Some(key) = self.lines.lookup(line).filter(is_served) else {
            return Err(self.not_handed_on(first, LegFailure::Unreachable));
        };
        self.ask_no_more(&first, now);
        self.leave_talk(call, first, now);
        self.move_to_line(call, key);
        self.out(Output::MoveToLine {
            call: call.clone(),
            line: line.clone(),
        });
        self.out(Output::PlayMusic { call: call.clone() });
        self.wait_in_queue(call, now);
        Ok(())
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
        let picked_up = |n: &u32| entry.legs.get(n).is_some_and(|leg| leg.picked_up);
        let stage = match talk.transfer {
            Some(other) if picked_up(&other) => Stage::Bridging { leg: other },
            Some(_) => Stage::Ringing,
            None if entry.outward.is_some() => Stage::Ringing,
            None => return false,
        };
        if let Some(first) = self.end_part(call, stage, now) {
            self.start_wrap_up(call, first, now);
        }
        true
    }

    /// Takes the agent who talks out of the call, which goes on without anybody at `stage`; gives who it was.
    pub(super) fn end_part(
        &mut self,
        call: &CallId,
        stage: Stage,
        now: Moment,
    ) -> Option<AgentKey> {
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
        self.note_failure(call, Some(Failed::HandOn(refusal_of(failure))));
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
        entry.hand_on_failed = None;
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

    /// Callers who are being handed on, or whose transfer failed.
    pub(super) fn hand_ons(&self) -> Vec<HandOnView> {
        let talking = self.agents.iter().filter_map(|(_, agent)| {
            let Activity::Talking { call } = &agent.activity else {
                return None;
            };
            let entry = self.calls.get(call)?;
            let Stage::Talking(talk) = &entry.stage else {
                return None;
            };
            let goes_on = talk.transfer.is_some() || entry.outward.is_some();
            let (failed, asks) = match entry.hand_on_failed.filter(|_| !goes_on) {
                Some(Failed::HandOn(why)) => (Some(why), false),
                Some(Failed::Consult(why)) => (Some(why), true),
                None => (None, false),
            };
            let view = HandOnView {
                agent: agent.settings.agent.clone(),
                call: call.clone(),
                failed,
                asks,
            };
            (goes_on || view.failed.is_some()).then_some(view)
        });
        talking.collect()
    }
}
