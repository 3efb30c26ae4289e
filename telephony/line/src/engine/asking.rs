//! Asking somebody from the screen: the agent's phone, which talks with the caller, is connected with whom they ask,
//! and the caller hears music meanwhile. Apart from that it is a consultation as any other ([`super::consult`]): it
//! ends by returning, handing the caller over or joining.

use madoguchi_core::clock::Moment;
use madoguchi_core::event::{EndCause, EventKind, Party};
use madoguchi_core::id::{AgentId, CallId, LineName};
use madoguchi_core::live::HandOnRefusal;
use madoguchi_core::time::Millis;

use super::Engine;
use super::agents::Activity;
use super::call::{Dialled, Failed, Stage};
use super::keys::AgentKey;
use super::requests::Asked;
use super::ringing::LegStart;
use super::transfers::refusal_of;
use crate::api::{DialTarget, LegFailure, LegId, Output, Whom};

impl Engine {
    /// An agent asks somebody from the screen.
    pub(super) fn on_consult(
        &mut self,
        agent: &AgentId,
        consult: CallId,
        whom: Whom,
        asked: u64,
        now: Moment,
    ) {
        let done = match self.talk_of(agent) {
            Some((key, call)) => self.ask_beside((key, &call), consult, whom, now),
            None => Err(HandOnRefusal::NoTalk),
        };
        self.reply(asked, done);
    }

    fn ask_beside(
        &mut self,
        (key, call): (AgentKey, &CallId),
        consult: CallId,
        whom: Whom,
        now: Moment,
    ) -> Asked {
        if self.consult_of(key).is_some() {
            return Err(HandOnRefusal::AsksAlready);
        }
        if !self.may_consult(key) || self.calls.contains_key(&consult) {
            return Err(HandOnRefusal::NoTalk);
        }
        let begun = self.begin_beside((key, call), &consult, whom, now);
        self.note_failure(call, begun.as_ref().err().map(|why| Failed::Consult(*why)));
        self.show(key);
        let target = begun?;
        let Some(Stage::Talking(talk)) = self.calls.get_mut(call).map(|entry| &mut entry.stage)
        else {
            return Err(HandOnRefusal::NoTalk);
        };
        let leg = LegId {
            call: call.clone(),
            n: talk.leg,
        };
        talk.aside = true;
        talk.desk_holds = true;
        talk.agent_holds = true;
        let by = Party::Agent;
        self.emit(call, EventKind::Held { by }, now);
        self.out(Output::PlayMusic { call: call.clone() });
        self.out(Output::DialBeside {
            call: consult,
            leg,
            target,
        });
        Ok(())
    }

    /// The consultation begins in the log; gives who is to be called.
    fn begin_beside(
        &mut self,
        (key, call): (AgentKey, &CallId),
        consult: &CallId,
        whom: Whom,
        now: Moment,
    ) -> Result<DialTarget, HandOnRefusal> {
        let holds = |stage: &Stage| matches!(stage, Stage::Talking(talk) if talk.agent_holds);
        if self
            .calls
            .get(call)
            .is_some_and(|entry| holds(&entry.stage))
        {
            return Err(HandOnRefusal::Held);
        }
        let mut target = match whom {
            Whom::Target(target) => target,
            Whom::Line(line) => self.whoever_is_free(&line)?,
        };
        let (callee, number) = match &target {
            DialTarget::Agent { agent: to } => {
                let callee = self.colleague(key, to)?;
                let agent = self.agents.id(key).ok_or(HandOnRefusal::NoTalk)?;
                self.begin_dialled(consult, key, &agent, &target, now);
                self.set_activity(
                    callee,
                    Activity::Ringing {
                        call: consult.clone(),
                    },
                    now,
                );
                (Some(callee), String::new())
            }
            DialTarget::Outside { .. } => {
                let judged = self.judge_target((call, consult), key, &mut target, now);
                let (agent, number) = judged?;
                self.outbound_began(consult, &agent, &number);
                (None, number.dialled())
            }
        };
        self.agents
            .change(key, |agent| agent.consult = Some(consult.clone()));
        let dialled = Dialled {
            agent: key,
            callee,
            number,
            answered: false,
            caller_holds: false,
            agent_holds: false,
        };
        self.set_stage(consult, Stage::Dialled(dialled));
        Ok(target)
    }

    /// A colleague who can be asked now.
    fn colleague(&self, key: AgentKey, to: &AgentId) -> Result<AgentKey, HandOnRefusal> {
        let callee = self.agents.key(to).ok_or(HandOnRefusal::Unreachable)?;
        let agent = self.agents.get(callee).ok_or(HandOnRefusal::Unreachable)?;
        if callee == key || agent.activity != Activity::Nothing {
            return Err(HandOnRefusal::Busy);
        }
        if !agent.reachable || !self.agents.stays(callee) {
            return Err(HandOnRefusal::Unreachable);
        }
        Ok(callee)
    }

    /// Whose turn it is on a line, as for a caller.
    fn whoever_is_free(&mut self, name: &LineName) -> Result<DialTarget, HandOnRefusal> {
        let key = self.lines.lookup(name).ok_or(HandOnRefusal::Unreachable)?;
        let line = self.line(key).ok_or(HandOnRefusal::Unreachable)?;
        let next = self.agents.next(key, &line.last_rung);
        let next = next.ok_or(HandOnRefusal::Busy)?;
        let level = self.agents.level(next, key);
        if let Some(line) = self.line_mut(key) {
            line.last_rung.insert(level, next);
        }
        let agent = self.agents.id(next).ok_or(HandOnRefusal::Busy)?;
        Ok(DialTarget::Agent { agent })
    }

    /// The leg of the talk is the caller's again; `false` if it was all the time. `phone_holds`: the agent's phone
    /// held whom they asked, and so holds the caller now.
    pub(super) fn take_leg_back(&mut self, call: &CallId, phone_holds: bool, now: Moment) -> bool {
        let stage = self.calls.get_mut(call).map(|entry| &mut entry.stage);
        let Some(Stage::Talking(talk)) = stage else {
            return false;
        };
        let was_aside = std::mem::take(&mut talk.aside);
        self.hold_no_more(call, phone_holds, now);
        was_aside
    }

    /// The desk holds the caller no more; the phone may.
    pub(super) fn hold_no_more(&mut self, call: &CallId, phone_holds: bool, now: Moment) {
        let stage = self.calls.get_mut(call).map(|entry| &mut entry.stage);
        let Some(Stage::Talking(talk)) = stage else {
            return;
        };
        if std::mem::take(&mut talk.desk_holds) && !phone_holds {
            talk.agent_holds = false;
            let by = Party::Agent;
            self.emit(call, EventKind::Resumed { by }, now);
        }
    }

    /// The call with whom the agent asks, if it is on the leg of this talk.
    pub(super) fn asked_on_leg_of(&self, call: &CallId) -> Option<CallId> {
        let entry = self.calls.get(call)?;
        let Stage::Talking(talk) = &entry.stage else {
            return None;
        };
        let agent = entry.legs.get(&talk.leg).filter(|_| talk.aside)?.agent;
        self.consult_of(agent)
    }

    /// The call whose far end the agent's phone holds when it holds: whom they ask, while the caller is put aside.
    pub(super) fn held_instead(&self, call: &CallId) -> Option<CallId> {
        let consult = self.asked_on_leg_of(call)?;
        let stage = self.calls.get(call).map(|entry| &entry.stage);
        let aside = matches!(stage, Some(Stage::Talking(talk)) if talk.desk_holds);
        aside.then_some(consult)
    }

    /// Who was asked from the screen does not pick up: the agent's screen says why.
    pub(super) fn note_not_asked(&mut self, consult: &CallId, failure: LegFailure) {
        let Some(Stage::Dialled(dialled)) = self.calls.get(consult).map(|entry| &entry.stage)
        else {
            return;
        };
        let agent = self.agents.get(dialled.agent);
        let Some(Activity::Talking { call }) = agent.map(|agent| agent.activity.clone()) else {
            return;
        };
        if self.asked_on_leg_of(&call).as_ref() == Some(consult) {
            let why = refusal_of(failure);
            self.note_failure(&call, Some(Failed::Consult(why)));
        }
    }

    /// The agent has hung up, and whom they asked cannot have the caller as they are: a colleague who has not picked
    /// up is rung for the caller, who waits in the queue if nobody can be.
    pub(super) fn leave_to_be_rung(
        &mut self,
        call: &CallId,
        consult: &CallId,
        callee: AgentKey,
        now: Moment,
    ) {
        let answered = self.calls.get(consult).is_some_and(
            |entry| matches!(&entry.stage, Stage::Dialled(dialled) if dialled.answered),
        );
        let rested = self.agents.get(callee).is_some_and(|agent| agent.resting);
        // Nobody else may be put through to the colleague in between.
        self.agents.change(callee, |agent| agent.resting = true);
        self.end_asking(consult, EndCause::Agent, now);
        if let Some(first) = self.end_part(call, Stage::Ringing, now) {
            self.start_wrap_up(call, first, now);
        }
        self.agents.change(callee, |agent| agent.resting = rested);
        self.out(Output::PlayMusic { call: call.clone() });
        match self.ring_time(call, callee).filter(|_| !answered) {
            Some(timeout) => {
                self.start_leg(call, callee, LegStart::Ring, timeout, now);
            }
            None => self.wait_in_queue(call, now),
        }
        self.find_call_for(callee, now);
    }

    /// For how long a colleague can be rung for a caller now.
    fn ring_time(&self, call: &CallId, callee: AgentKey) -> Option<Millis> {
        let agent = self.agents.get(callee)?;
        let can_be_rung = agent.activity == Activity::Nothing && agent.reachable;
        let line = self.line(self.calls.get(call)?.line?)?;
        (can_be_rung && self.agents.stays(callee)).then_some(line.settings.ring_timeout)
    }
}
