//! The conversation between a caller and an agent: hold, its end, and 後処理.

use madoguchi_core::clock::Moment;
use madoguchi_core::event::{AbandonReason, EndCause, EventKind, Party, RingOutcome};
use madoguchi_core::id::CallId;
use madoguchi_core::quality::VoiceQuality;
use madoguchi_core::time::Millis;

use super::Engine;
use super::agents::{Activity, RequestedState};
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
                self.close_call(call, now);
            }
            Stage::Greeting | Stage::Queued | Stage::Ringing | Stage::Bridging { .. } => {
                self.withdraw_legs(call, now);
                let reason = AbandonReason::CallerHangup;
                self.end_wait(call, reason, caller_ended(lost), now);
                self.close_call(call, now);
            }
            Stage::Talking(_) => self.end_talk(call, caller_ended(lost), true, now),
            Stage::Outside => self.end_outside(call, caller_ended(lost), now),
            Stage::Dialled(_) => self.dialler_gone(call, lost, now),
            // It has no starter of its own.
            Stage::Outward(_) => {}
        }
    }

    /// The caller, who talked with somebody outside, is gone, or the desk hangs up.
    pub(super) fn end_outside(&mut self, call: &CallId, cause: EndCause, now: Moment) {
        self.emit(call, EventKind::Ended { cause }, now);
        self.close_call(call, now);
    }

    pub(super) fn agent_hung_up(&mut self, call: &CallId, lost: bool, now: Moment) {
        if self.leave_alone(call, now) || self.leave_to_whom_is_asked(call, now) {
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

    /// Notes on which legs the voice is encrypted, if that is other than before.
    pub(super) fn voice_encrypted(
        &mut self,
        call: &CallId,
        (caller, agent): (bool, bool),
        now: Moment,
    ) {
        let Some(entry) = self.calls.get_mut(call) else {
            return;
        };
        let talks = match &entry.stage {
            Stage::Talking(_) => true,
            Stage::Dialled(dialled) => dialled.answered,
            Stage::Outward(outward) => outward.answered,
            _ => false,
        };
        if talks && entry.encrypted != (caller, agent) {
            entry.encrypted = (caller, agent);
            let (caller_leg, agent_leg) = (caller, agent);
            let kind = EventKind::Encrypted {
                caller_leg,
                agent_leg,
            };
            self.emit(call, kind, now);
        }
    }

    /// Notes how well the voice of one of those who talk came through.
    pub(super) fn voice_measured(
        &mut self,
        call: &CallId,
        leg: Party,
        trunk: Option<String>,
        quality: VoiceQuality,
        now: Moment,
    ) {
        let Some(entry) = self.calls.get(call) else {
            return;
        };
        let phone = match (&entry.stage, leg) {
            (Stage::Talking(_), Party::Caller) => None,
            (Stage::Talking(talk), Party::Agent) => entry.legs.get(&talk.leg).map(|leg| leg.agent),
            (Stage::Dialled(dialled), Party::Agent) if dialled.answered => Some(dialled.agent),
            (Stage::Dialled(dialled), Party::Caller) if dialled.answered => dialled.callee,
            (Stage::Outside, Party::Caller) => None,
            (Stage::Outward(outward), Party::Caller) if outward.answered => None,
            _ => return,
        };
        let agent = phone.and_then(|phone| self.agents.id(phone));
        let kind = EventKind::VoiceMeasured {
            leg,
            trunk,
            agent,
            quality,
        };
        self.emit(call, kind, now);
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
        let asked = self.asked_on_leg_of(call);
        self.unjoin(call, now);
        self.emit(call, EventKind::Ended { cause }, now);
        let leg = LegId {
            call: call.clone(),
            n,
        };
        match asked {
            // Whom the agent asks is on the line still.
            Some(call) if end_leg => self.out(Output::KeepBeside { leg, call }),
            _ if end_leg => self.out(Output::EndLeg { leg }),
            _ => {}
        }
        let agent = self
            .calls
            .get_mut(call)
            .and_then(|entry| entry.legs.remove(&n));
        if let Some(leg) = agent {
            self.start_wrap_up(call, leg.agent, now);
        }
        self.close_call(call, now);
    }

    /// 後処理 begins.
    pub(super) fn start_wrap_up(&mut self, call: &CallId, agent: AgentKey, now: Moment) {
        if let Some(entry) = self.calls.get_mut(call) {
            entry.wrap_ups += 1;
        }
        self.time_wrap_up(call, agent, now);
    }

    /// 後処理 ends after its time: at once on a line without it, and not while the agent still asks a
    /// colleague.
    pub(super) fn time_wrap_up(&mut self, call: &CallId, agent: AgentKey, now: Moment) {
        let key = self.calls.get(call).and_then(|entry| entry.line);
        let time = key
            .and_then(|key| self.line(key))
            .map(|line| line.settings.wrap_up);
        let entry = self.agents.get(agent);
        let stays = entry.is_some_and(|agent| agent.requested == RequestedState::Ready);
        let asks = entry.is_some_and(|agent| agent.consult.is_some());
        let time = time.filter(|time| *time > Millis::ZERO && stays);
        let timer = match time {
            Some(time) if !asks => Some(self.set_timer(TimerOf::WrapUp(agent), time)),
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
        if time.is_none() {
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
        self.outward_holds(call, by, holds, now);
        if by == Party::Agent
            && let Some(consult) = self.held_instead(call)
        {
            return self.hold(&consult, by, holds, now);
        }
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
}

/// How a call ends whose caller is gone.
fn caller_ended(lost: bool) -> EndCause {
    if lost {
        EndCause::Lost
    } else {
        EndCause::Caller
    }
}
