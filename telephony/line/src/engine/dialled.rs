//! Calls that agents start: outside (発信) and to colleagues (内線).
//!
//! Whoever is in no call may dial a colleague, logged in or not; the outside only as the rules allow
//! ([`super::outbound`]). Whoever talks with a caller may ask somebody meanwhile ([`super::consult`]). Afterwards they are what they were before. 後処理 ends when an agent dials.
//! There is none after a dialled call.
//!
//! This and [`super::outward`], which asks the same judge, are the only doors to the outside: a trunk dials
//! nothing that was not judged.

use madoguchi_core::caller::Caller;
use madoguchi_core::clock::Moment;
use madoguchi_core::event::{EndCause, EventKind};
use madoguchi_core::id::{AgentId, CallId, LineName};
use madoguchi_core::outbound::OutboundNumber;

use super::Engine;
use super::agents::{Activity, Agent};
use super::call::{Call, Dialled, Stage};
use super::keys::AgentKey;
use crate::api::{DialTarget, HangUpCause, LegFailure, Output};

impl Engine {
    pub(super) fn agent_dialled(
        &mut self,
        call: CallId,
        agent: &AgentId,
        mut target: DialTarget,
        now: Moment,
    ) {
        if self.calls.contains_key(&call) {
            return;
        }
        let outside = match &mut target {
            DialTarget::Outside { number, .. } => {
                let Some(read) = OutboundNumber::parse(number) else {
                    let cause = HangUpCause::NotFound;
                    return self.out(Output::HangUp { call, cause });
                };
                // What is judged is what is dialled.
                *number = read.dialled();
                Some(read)
            }
            DialTarget::Agent { .. } => None,
        };
        let Some(key) = self.agents.key(agent) else {
            return self.out(Output::HangUp {
                call,
                cause: HangUpCause::Forbidden,
            });
        };
        if let DialTarget::Agent { agent: to } = &target
            && self.agents.key(to).is_none()
        {
            return self.out(Output::HangUp {
                call,
                cause: HangUpCause::NotFound,
            });
        }
        self.end_wrap_up_to_call(key, now);
        let consults = self.may_consult(key);
        // Who leaves the desk is gone when 後処理 is over.
        let cause = match self.agents.get(key).map(|agent| &agent.activity) {
            Some(Activity::Nothing) => None,
            Some(_) if consults => None,
            Some(_) => Some(HangUpCause::Busy),
            None => Some(HangUpCause::Forbidden),
        };
        if let Some(cause) = cause {
            return self.out(Output::HangUp { call, cause });
        }
        let callee = self.begin_dialled(&call, key, agent, &target, now);
        if let Some(number) = &outside {
            let logged_in = self.agents.get(key).is_some_and(Agent::is_logged_in);
            if let Err(reason) = self.judge_outbound(agent, logged_in, number, now) {
                self.emit(&call, EventKind::Barred { reason }, now);
                return self.refuse_dialled(&call, key, HangUpCause::Forbidden, now);
            }
        }
        let callee_is_free = callee.is_none_or(|callee| {
            callee != key
                && self
                    .agents
                    .get(callee)
                    .is_some_and(|agent| agent.activity == Activity::Nothing)
        });
        if !callee_is_free {
            return self.refuse_dialled(&call, key, HangUpCause::Busy, now);
        }
        if let Some(number) = &outside {
            self.outbound_began(&call, agent, number);
        }
        if consults {
            let consult = Some(call.clone());
            self.agents.change(key, |agent| agent.consult = consult);
        } else {
            self.set_activity(key, Activity::Talking { call: call.clone() }, now);
        }
        if let Some(callee) = callee {
            self.set_activity(callee, Activity::Ringing { call: call.clone() }, now);
        }
        let dialled = Dialled {
            agent: key,
            callee,
            number: outside.map(|number| number.dialled()).unwrap_or_default(),
            answered: false,
            caller_holds: false,
            agent_holds: false,
        };
        self.set_stage(&call, Stage::Dialled(dialled));
        self.out(Output::Dial { call, target });
    }

    /// A call that an agent dialled begins in the log; gives the colleague who is called.
    pub(super) fn begin_dialled(
        &mut self,
        call: &CallId,
        key: AgentKey,
        agent: &AgentId,
        target: &DialTarget,
        now: Moment,
    ) -> Option<AgentKey> {
        let (line_name, kind, callee) = self.read_target(key, agent, target);
        let line = self.lines.lookup(&line_name);
        let entry = Call::new(line, line_name, Caller::default(), now);
        self.open_call(call.clone(), entry);
        self.emit(call, kind, now);
        callee
    }

    /// 後処理 ends because the agent makes a call or takes one.
    pub(super) fn end_wrap_up_to_call(&mut self, key: AgentKey, now: Moment) {
        let works = |agent: &Agent| matches!(agent.activity, Activity::WrapUp { .. });
        if self.agents.get(key).is_some_and(works) {
            // Nobody may be put through to the agent in between.
            self.agents.change(key, |agent| agent.resting = true);
            self.wrap_up_over(key, now);
            self.agents.change(key, |agent| agent.resting = false);
        }
    }

    /// The attempt is over before anybody was called.
    fn refuse_dialled(&mut self, call: &CallId, key: AgentKey, cause: HangUpCause, now: Moment) {
        let refused = EndCause::Refused;
        self.emit(call, EventKind::Ended { cause: refused }, now);
        self.out(Output::HangUp {
            call: call.clone(),
            cause,
        });
        self.close_call(call, now);
        // 後処理 may have ended for this attempt.
        self.find_call_for(key, now);
    }

    pub(super) fn read_target(
        &self,
        key: AgentKey,
        agent: &AgentId,
        target: &DialTarget,
    ) -> (LineName, EventKind, Option<AgentKey>) {
        let extension = |key: AgentKey| {
            self.agents
                .get(key)
                .map(|agent| agent.settings.extension.clone())
                .unwrap_or_default()
        };
        match target {
            DialTarget::Outside {
                number,
                shown,
                line,
            } => {
                let kind = EventKind::Dialled {
                    agent: agent.clone(),
                    from: shown.clone(),
                    to: number.clone(),
                    outside: true,
                };
                (line.clone(), kind, None)
            }
            DialTarget::Agent { agent: to } => {
                let callee = self.agents.key(to);
                let kind = EventKind::Dialled {
                    agent: agent.clone(),
                    from: extension(key),
                    to: callee.map(extension).unwrap_or_default(),
                    outside: false,
                };
                (LineName::internal(), kind, callee)
            }
        }
    }

    pub(super) fn far_answered(&mut self, call: &CallId, now: Moment) {
        let Some(entry) = self.calls.get_mut(call) else {
            return;
        };
        if let Stage::Outward(_) = &entry.stage {
            return self.outward_answered(call, now);
        }
        let Stage::Dialled(dialled) = &mut entry.stage else {
            return;
        };
        if dialled.answered {
            return;
        }
        dialled.answered = true;
        let (agent, callee) = (dialled.agent, dialled.callee);
        self.emit(
            call,
            EventKind::Answered {
                agent: self.agents.id(agent),
            },
            now,
        );
        if let Some(callee) = callee {
            self.set_activity(callee, Activity::Talking { call: call.clone() }, now);
        }
        self.outbound_answered(call, now);
    }

    pub(super) fn far_failed(&mut self, call: &CallId, failure: LegFailure, now: Moment) {
        self.outward_failed(call, failure, now);
        self.note_not_asked(call, failure);
        let cause = match failure {
            LegFailure::Declined => HangUpCause::Busy,
            LegFailure::Forbidden => HangUpCause::Forbidden,
            LegFailure::Unreachable | LegFailure::NoAnswer => HangUpCause::Unavailable,
        };
        if self.end_dialled(call, EndCause::Refused, now) {
            self.out(Output::HangUp {
                call: call.clone(),
                cause,
            });
        }
    }

    pub(super) fn far_ended(&mut self, call: &CallId, now: Moment) {
        self.outward_over(call, EndCause::Caller, now);
        if self.end_dialled(call, EndCause::Caller, now) {
            self.out(Output::HangUp {
                call: call.clone(),
                cause: HangUpCause::Normal,
            });
        }
    }

    pub(super) fn dialler_gone(&mut self, call: &CallId, lost: bool, now: Moment) {
        let cause = if lost {
            EndCause::Lost
        } else {
            EndCause::Agent
        };
        if self.end_dialled(call, cause, now) {
            self.out(Output::EndFar { call: call.clone() });
        }
    }

    pub(super) fn end_dialled(&mut self, call: &CallId, cause: EndCause, now: Moment) -> bool {
        let Some(entry) = self.calls.get(call) else {
            return false;
        };
        let Stage::Dialled(dialled) = &entry.stage else {
            return false;
        };
        let (agent, callee, holds) = (dialled.agent, dialled.callee, dialled.agent_holds);
        self.emit(call, EventKind::Ended { cause }, now);
        self.close_call(call, now);
        self.outbound_ended(call, now);
        self.consult_ended(agent, call, holds, now);
        for key in std::iter::once(agent).chain(callee) {
            self.release_from(key, call, now);
        }
        true
    }
}
