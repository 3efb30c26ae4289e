//! The conversation between a caller and an agent: hold, handing on, and its end.

use madoguchi_core::clock::Moment;
use madoguchi_core::event::{
    AbandonReason, EndCause, EventKind, Party, RingOutcome, TransferTarget,
};
use madoguchi_core::id::{AgentId, CallId};
use madoguchi_core::time::Millis;

use super::Engine;
use super::agents::Activity;
use super::call::{LeftAlone, Stage};
use super::keys::AgentKey;
use super::timers::TimerOf;
use crate::api::{HangUpCause, LegFailure, LegId, Output};

impl Engine {
    /// The party that started a call is gone.
    pub(super) fn caller_gone(&mut self, call: &CallId, lost: bool, now: Moment) {
        let Some(entry) = self.calls.get(call) else {
            return;
        };
        match &entry.stage {
            Stage::Over => {}
            Stage::Farewell { after_hours } => {
                if *after_hours {
                    self.emit(
                        call,
                        EventKind::Ended {
                            cause: EndCause::Caller,
                        },
                        now,
                    );
                }
                self.close_call(call);
            }
            Stage::Greeting | Stage::Queued | Stage::Ringing | Stage::Bridging { .. } => {
                self.withdraw_legs(call, now);
                let reason = AbandonReason::CallerHangup;
                self.end_wait(call, reason, caller_ended(lost), now);
                self.close_call(call);
            }
            Stage::Talking(_) => self.end_talk(call, caller_ended(lost), true, now),
            Stage::Dialled(_) => self.dialler_gone(call, lost, now),
        }
    }

    pub(super) fn agent_hung_up(&mut self, call: &CallId, lost: bool, now: Moment) {
        if self.leave_alone(call, now) {
            return;
        }
        let cause = if lost {
            EndCause::Lost
        } else {
            EndCause::Agent
        };
        self.end_talk(call, cause, false, now);
        self.out(Output::HangUp {
            call: call.clone(),
            cause: HangUpCause::Normal,
        });
    }

    /// The agent who handed the caller on hangs up before the other one has picked up: the caller stays
    /// and waits. `false` if nobody is being rung for the caller.
    fn leave_alone(&mut self, call: &CallId, now: Moment) -> bool {
        let Some(entry) = self.calls.get_mut(call) else {
            return false;
        };
        let Stage::Talking(talk) = &entry.stage else {
            return false;
        };
        let Some(other) = talk.transfer else {
            return false;
        };
        let (before, held) = (talk.leg, talk.agent_holds);
        entry.left_alone = Some(LeftAlone {
            caller_holds: talk.caller_holds,
        });
        let picked_up = entry.legs.get(&other).is_some_and(|leg| leg.picked_up);
        entry.stage = if picked_up {
            Stage::Bridging { leg: other }
        } else {
            Stage::Ringing
        };
        let first = entry.legs.remove(&before).map(|leg| leg.agent);
        if held {
            let by = Party::Agent;
            self.emit(call, EventKind::Resumed { by }, now);
        }
        let from = first.and_then(|first| self.agents.id(first));
        let to = TransferTarget::Desk;
        self.emit(call, EventKind::Transferred { from, to }, now);
        if let Some(first) = first {
            self.start_wrap_up(call, first, now);
        }
        true
    }

    /// The conversation is over.
    pub(super) fn end_talk(&mut self, call: &CallId, cause: EndCause, end_leg: bool, now: Moment) {
        let Some(entry) = self.calls.get(call) else {
            return;
        };
        let Stage::Talking(talk) = &entry.stage else {
            return;
        };
        let (n, transfer) = (talk.leg, talk.transfer);
        if let Some(other) = transfer {
            self.end_leg(call, other, RingOutcome::Withdrawn, now);
        }
        self.emit(call, EventKind::Ended { cause }, now);
        if end_leg {
            self.out(Output::EndLeg {
                leg: LegId {
                    call: call.clone(),
                    n,
                },
            });
        }
        let agent = self
            .calls
            .get_mut(call)
            .and_then(|entry| entry.legs.remove(&n));
        if let Some(leg) = agent {
            self.start_wrap_up(call, leg.agent, now);
        }
        self.close_call(call);
    }

    /// 後処理 begins, or is over at once on a line without it.
    fn start_wrap_up(&mut self, call: &CallId, agent: AgentKey, now: Moment) {
        let key = self.calls.get(call).and_then(|entry| entry.line);
        let time = key
            .and_then(|key| self.line(key))
            .map(|line| line.settings.wrap_up);
        if let Some(entry) = self.calls.get_mut(call) {
            entry.wrap_ups += 1;
        }
        let stays = self
            .agents
            .get(agent)
            .is_some_and(|agent| agent.requested == super::agents::RequestedState::Ready);
        let timer = match time {
            Some(time) if time > Millis::ZERO && stays => {
                Some(self.set_timer(TimerOf::WrapUp(agent), time))
            }
            _ => None,
        };
        self.set_activity(
            agent,
            Activity::WrapUp {
                call: call.clone(),
                timer,
            },
            now,
        );
        if timer.is_none() {
            self.wrap_up_over(agent, now);
        }
    }

    pub(super) fn wrap_up_over(&mut self, agent: AgentKey, now: Moment) {
        let Some(entry) = self.agents.get(agent) else {
            return;
        };
        let Activity::WrapUp { call, timer } = entry.activity.clone() else {
            return;
        };
        self.clear_timer(timer);
        if let Some(id) = self.agents.id(agent) {
            self.emit(&call, EventKind::WrapUpEnded { agent: id }, now);
        }
        if let Some(entry) = self.calls.get_mut(&call) {
            entry.wrap_ups = entry.wrap_ups.saturating_sub(1);
        }
        self.forget_if_done(&call);
        self.free(agent, true, now);
    }

    pub(super) fn hold(&mut self, call: &CallId, by: Party, holds: bool, now: Moment) {
        let Some(entry) = self.calls.get_mut(call) else {
            return;
        };
        let (caller, agent) = match (&mut entry.stage, &mut entry.left_alone) {
            (Stage::Talking(talk), _) => (&mut talk.caller_holds, Some(&mut talk.agent_holds)),
            (Stage::Dialled(dialled), _) if dialled.answered => {
                (&mut dialled.caller_holds, Some(&mut dialled.agent_holds))
            }
            (_, Some(alone)) => (&mut alone.caller_holds, None),
            _ => return,
        };
        let flag = match (by, agent) {
            (Party::Caller, _) => caller,
            (Party::Agent, Some(agent)) => agent,
            (Party::Agent, None) => return,
        };
        if *flag != holds {
            *flag = holds;
            let kind = if holds {
                EventKind::Held { by }
            } else {
                EventKind::Resumed { by }
            };
            self.emit(call, kind, now);
        }
    }

    /// Rings another agent for a caller who is being talked to.
    pub(super) fn transfer_to_agent(&mut self, call: &CallId, to: &AgentId, now: Moment) {
        let Some(entry) = self.calls.get(call) else {
            return;
        };
        let talk = match &entry.stage {
            Stage::Talking(talk) => talk,
            // Both do not hear each other yet: the phone is told, so that it may ask again.
            Stage::Bridging { leg } => {
                let leg = LegId {
                    call: call.clone(),
                    n: *leg,
                };
                let failure = Some(LegFailure::Unreachable);
                return self.out(Output::TransferOver { leg, failure });
            }
            _ => return,
        };
        // The one that goes on is told of when it is over.
        if talk.transfer.is_some() {
            return;
        }
        let first = LegId {
            call: call.clone(),
            n: talk.leg,
        };
        let line = entry.line.and_then(|key| self.line(key));
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
        let leg = self.start_leg(call, target, timeout, now);
        if let Some(Stage::Talking(talk)) = self.calls.get_mut(call).map(|entry| &mut entry.stage) {
            talk.transfer = leg;
        }
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

/// How a call ends whose caller is gone.
fn caller_ended(lost: bool) -> EndCause {
    if lost {
        EndCause::Lost
    } else {
        EndCause::Caller
    }
}
