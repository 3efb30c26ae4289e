//! Handing a caller on to somebody outside: the outside is dialled as a call of its own (発信), judged as every
//! other ([`super::dialled`]), in which no phone of an agent is. Once both hear each other, the desk's part of
//! the talk is over, and both calls end together.

use madoguchi_core::clock::Moment;
use madoguchi_core::event::{EndCause, EventKind, Party, RingOutcome, TransferTarget};
use madoguchi_core::id::{AgentId, CallId};
use madoguchi_core::live::HandOnRefusal;
use madoguchi_core::outbound::OutboundNumber;
use madoguchi_core::time::Millis;

use super::Engine;
use super::agents::Agent;
use super::call::{Failed, LeftAlone, Outward, Stage};
use super::keys::AgentKey;
use super::requests::Asked;
use super::timers::TimerOf;
use crate::api::{DialTarget, HangUpCause, LegFailure, LegId, Output};

/// Whoever is called for a caller and neither answers nor fails is given up. (The time for which the outside is
/// rung is over before.)
const OUTWARD_AT_MOST: Millis = Millis::from_secs(180);

impl Engine {
    /// Calls a number outside for a caller who is being talked to.
    pub(super) fn transfer_outside(
        &mut self,
        call: &CallId,
        outbound: CallId,
        mut target: DialTarget,
        now: Moment,
    ) -> Asked {
        if self.calls.contains_key(&outbound) {
            return Err(HandOnRefusal::NoTalk);
        }
        let first = self.leg_that_hands_on(call).ok_or(HandOnRefusal::NoTalk)?;
        let legs = self.calls.get(call).map(|entry| &entry.legs);
        let key = legs.and_then(|legs| Some(legs.get(&first.n)?.agent));
        let judged = match key {
            Some(key) => self.judge_target((call, &outbound), key, &mut target, now),
            None => Err(HandOnRefusal::NoTalk),
        };
        let (agent, number) = match judged {
            Ok(judged) => judged,
            Err(refusal) => {
                let failure = match refusal {
                    HandOnRefusal::Barred(_) => LegFailure::Forbidden,
                    _ => LegFailure::Unreachable,
                };
                self.note_failure(call, Some(Failed::HandOn(refusal)));
                let failure = Some(failure);
                self.out(Output::TransferOver {
                    leg: first,
                    failure,
                });
                return Err(refusal);
            }
        };
        self.outbound_began(&outbound, &agent, &number);
        self.ask_no_more(&first, now);
        let outward = Outward {
            caller: call.clone(),
            agent,
            number: number.dialled(),
            answered: false,
            holds: false,
            timer: None,
        };
        self.set_stage(&outbound, Stage::Outward(outward));
        self.out(Output::PlayMusic { call: call.clone() });
        self.begin_outward(call, &outbound);
        self.out(Output::DialFor {
            call: outbound,
            caller: call.clone(),
            target,
        });
        Ok(())
    }

    /// The call to the outside begins in the log, and the rules are asked; it ends there if they forbid it.
    pub(super) fn judge_target(
        &mut self,
        (caller, outbound): (&CallId, &CallId),
        key: AgentKey,
        target: &mut DialTarget,
        now: Moment,
    ) -> Result<(AgentId, OutboundNumber), HandOnRefusal> {
        let DialTarget::Outside { number, .. } = target else {
            return Err(HandOnRefusal::NoSuchNumber);
        };
        let read = OutboundNumber::parse(number).ok_or(HandOnRefusal::NoSuchNumber)?;
        let from = self.calls.get(caller).map(|entry| entry.from.number());
        let from = from.and_then(OutboundNumber::parse);
        if from.is_some_and(|from| from.number() == read.number()) {
            return Err(HandOnRefusal::TheCaller);
        }
        // What is judged is what is dialled.
        *number = read.dialled();
        let agent = self.agents.id(key).ok_or(HandOnRefusal::NoTalk)?;
        self.begin_dialled(outbound, key, &agent, target, now);
        let logged_in = self.agents.get(key).is_some_and(Agent::is_logged_in);
        if let Err(reason) = self.judge_outbound(&agent, logged_in, &read, now) {
            self.emit(outbound, EventKind::Barred { reason }, now);
            let cause = EndCause::Refused;
            self.emit(outbound, EventKind::Ended { cause }, now);
            self.close_call(outbound, now);
            return Err(HandOnRefusal::Barred(reason));
        }
        Ok((agent, read))
    }

    /// The caller is being handed on by this call from now on, for so long at the most.
    fn begin_outward(&mut self, call: &CallId, outbound: &CallId) {
        self.note_failure(call, None);
        if let Some(entry) = self.calls.get_mut(call) {
            entry.outward = Some(outbound.clone());
        }
        let timer = self.set_timer(TimerOf::Outward(outbound.clone()), OUTWARD_AT_MOST);
        if let Some(Stage::Outward(outward)) =
            self.calls.get_mut(outbound).map(|entry| &mut entry.stage)
        {
            outward.timer = Some(timer);
        }
    }

    /// Whom this agent has asked outside gets the caller, or goes on being called for them. The agent asks them
    /// no more.
    pub(super) fn over_to_outside(
        &mut self,
        call: &CallId,
        consult: &CallId,
        agent: AgentId,
        now: Moment,
    ) {
        let Some(entry) = self.calls.get_mut(consult) else {
            return;
        };
        let Stage::Dialled(dialled) = &entry.stage else {
            return;
        };
        let (answered, agent_holds) = (dialled.answered, dialled.agent_holds);
        let outward = Outward {
            caller: call.clone(),
            agent,
            number: dialled.number.clone(),
            answered,
            holds: dialled.caller_holds,
            timer: None,
        };
        entry.stage = Stage::Outward(outward);
        if agent_holds {
            let by = Party::Agent;
            self.emit(consult, EventKind::Resumed { by }, now);
        }
        self.begin_outward(call, consult);
        if !answered {
            self.out(Output::PlayMusic { call: call.clone() });
        }
        self.out(Output::Carry {
            call: consult.clone(),
            caller: call.clone(),
        });
        if answered {
            self.taken_outside(consult, now);
        }
    }

    /// The far end of a call to the outside has picked up for a caller: both hear each other.
    pub(super) fn outward_answered(&mut self, outbound: &CallId, now: Moment) {
        let Some(entry) = self.calls.get_mut(outbound) else {
            return;
        };
        let Stage::Outward(outward) = &mut entry.stage else {
            return;
        };
        if std::mem::replace(&mut outward.answered, true) {
            return;
        }
        let agent = Some(outward.agent.clone());
        self.emit(outbound, EventKind::Answered { agent }, now);
        self.taken_outside(outbound, now);
        self.outbound_answered(outbound, now);
    }

    /// The caller talks with the outside: nobody of the desk does any more.
    fn taken_outside(&mut self, outbound: &CallId, now: Moment) {
        let Some(entry) = self.calls.get_mut(outbound) else {
            return;
        };
        let Stage::Outward(outward) = &mut entry.stage else {
            return;
        };
        let (call, number) = (outward.caller.clone(), outward.number.clone());
        let (from, timer) = (Some(outward.agent.clone()), outward.timer.take());
        self.clear_timer(timer);
        let to = TransferTarget::Caller { call: call.clone() };
        self.emit(outbound, EventKind::Transferred { from, to }, now);
        let Some(entry) = self.calls.get_mut(&call) else {
            return;
        };
        let first = match &entry.stage {
            Stage::Talking(talk) => Some((talk.leg, talk.agent_holds, talk.caller_holds)),
            _ => None,
        };
        entry.stage = Stage::Outside;
        let first = first.map(|(n, agent_holds, caller_holds)| {
            entry.left_alone = Some(LeftAlone { caller_holds });
            (n, agent_holds, entry.legs.remove(&n).map(|leg| leg.agent))
        });
        if first.is_some_and(|(_, agent_holds, _)| agent_holds) {
            let by = Party::Agent;
            self.emit(&call, EventKind::Resumed { by }, now);
        }
        // Whoever was about to take a caller who was left alone is too late.
        let late = self.calls.get(&call).map(|entry| &entry.legs);
        let late: Vec<u32> = late
            .into_iter()
            .flat_map(|legs| legs.keys().copied())
            .collect();
        for n in late {
            self.end_leg(&call, n, RingOutcome::Withdrawn, now);
        }
        let agent = first.and_then(|(.., agent)| agent);
        let from = agent.and_then(|agent| self.agents.id(agent));
        let to = TransferTarget::Outside { number };
        self.emit(&call, EventKind::Transferred { from, to }, now);
        if let Some((n, ..)) = first {
            let leg = LegId {
                call: call.clone(),
                n,
            };
            let failure = None;
            self.out(Output::TransferOver {
                leg: leg.clone(),
                failure,
            });
            self.out(Output::EndLeg { leg });
        }
        if let Some(agent) = agent {
            self.start_wrap_up(&call, agent, now);
        }
    }

    /// Whom the caller was to be handed on to does not pick up: whoever handed them on has them again, and they
    /// wait if that agent has hung up.
    pub(super) fn outward_failed(&mut self, outbound: &CallId, failure: LegFailure, now: Moment) {
        let Some(caller) = self.end_outward(outbound, EndCause::Refused, now) else {
            return;
        };
        self.back_from_outside(&caller, failure, now);
    }

    /// The far end has hung up, or the desk ends the call to the outside: the caller's call is over, too, unless
    /// they were not connected yet.
    pub(super) fn outward_over(&mut self, outbound: &CallId, cause: EndCause, now: Moment) {
        let answered = self.calls.get(outbound).is_some_and(
            |entry| matches!(&entry.stage, Stage::Outward(outward) if outward.answered),
        );
        let Some(caller) = self.end_outward(outbound, cause, now) else {
            return;
        };
        if !answered {
            return self.back_from_outside(&caller, LegFailure::Unreachable, now);
        }
        let cause = EndCause::Desk;
        self.emit(&caller, EventKind::Ended { cause }, now);
        self.out(Output::HangUp {
            call: caller.clone(),
            cause: HangUpCause::Normal,
        });
        self.close_call(&caller, now);
    }

    /// Ends the call to the outside; gives the call of its caller, who stays where they are.
    pub(super) fn end_outward(
        &mut self,
        outbound: &CallId,
        cause: EndCause,
        now: Moment,
    ) -> Option<CallId> {
        let entry = self.calls.get_mut(outbound)?;
        let Stage::Outward(outward) = &mut entry.stage else {
            return None;
        };
        let (caller, timer) = (outward.caller.clone(), outward.timer.take());
        self.clear_timer(timer);
        if let Some(entry) = self.calls.get_mut(&caller) {
            entry.outward = None;
        }
        self.emit(outbound, EventKind::Ended { cause }, now);
        self.out(Output::HangUp {
            call: outbound.clone(),
            cause: HangUpCause::Normal,
        });
        self.close_call(outbound, now);
        self.outbound_ended(outbound, now);
        Some(caller)
    }

    fn back_from_outside(&mut self, caller: &CallId, failure: LegFailure, now: Moment) {
        let Some(entry) = self.calls.get(caller) else {
            return;
        };
        match &entry.stage {
            Stage::Talking(_) => self.transfer_failed(caller, failure),
            Stage::Ringing => {
                let alone = entry.legs.is_empty();
                self.out(Output::PlayMusic {
                    call: caller.clone(),
                });
                if alone {
                    self.wait_in_queue(caller, now);
                }
            }
            _ => {}
        }
    }

    /// The far end of a call to the outside holds, or does so no more.
    pub(super) fn outward_holds(&mut self, outbound: &CallId, by: Party, holds: bool, now: Moment) {
        let stage = self.calls.get_mut(outbound).map(|entry| &mut entry.stage);
        let Some(Stage::Outward(outward)) = stage else {
            return;
        };
        if by == Party::Caller && outward.answered && outward.holds != holds {
            outward.holds = holds;
            let kind = if holds {
                EventKind::Held { by }
            } else {
                EventKind::Resumed { by }
            };
            self.emit(outbound, kind, now);
        }
    }
}
