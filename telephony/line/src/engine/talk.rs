//! The conversation between a caller and an agent: hold, handing on, and its end.

use madoguchi_core::clock::Moment;
use madoguchi_core::event::{
    AbandonReason, EndCause, EventKind, Party, RingOutcome, TransferTarget,
};
use madoguchi_core::id::{AgentId, CallId};
use madoguchi_core::time::Millis;

use super::Engine;
use super::agents::Activity;
use super::call::Stage;
use super::keys::AgentKey;
use super::timers::TimerOf;
use crate::api::{HangUpCause, LegId, Output};

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
                self.emit(call, EventKind::Abandoned { reason }, now);
                self.close_call(call);
            }
            Stage::Talking(_) => {
                let cause = if lost {
                    EndCause::Lost
                } else {
                    EndCause::Caller
                };
                self.end_talk(call, cause, true, now);
            }
            Stage::Dialled(_) => self.dialler_gone(call, lost, now),
        }
    }

    pub(super) fn agent_hung_up(&mut self, call: &CallId, lost: bool, now: Moment) {
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
        let (caller, agent) = match &mut entry.stage {
            Stage::Talking(talk) => (&mut talk.caller_holds, &mut talk.agent_holds),
            Stage::Dialled(dialled) if dialled.answered => {
                (&mut dialled.caller_holds, &mut dialled.agent_holds)
            }
            _ => return,
        };
        let flag = match by {
            Party::Caller => caller,
            Party::Agent => agent,
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
        let Some(target) = self.agents.key(to) else {
            return;
        };
        let free = self
            .agents
            .get(target)
            .is_some_and(|agent| agent.activity == Activity::Nothing && agent.reachable);
        let Some(entry) = self.calls.get(call) else {
            return;
        };
        let Stage::Talking(talk) = &entry.stage else {
            return;
        };
        if !free || talk.transfer.is_some() {
            return;
        }
        let Some(line) = entry.line.and_then(|key| self.line(key)) else {
            return;
        };
        let timeout = line.settings.ring_timeout;
        let leg = self.start_leg(call, target, timeout, now);
        if let Some(Stage::Talking(talk)) = self.calls.get_mut(call).map(|entry| &mut entry.stage) {
            talk.transfer = leg;
        }
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
        self.out(Output::EndLeg {
            leg: LegId {
                call: leg.call.clone(),
                n: before,
            },
        });
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
