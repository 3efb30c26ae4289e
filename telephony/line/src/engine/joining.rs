//! Three who talk (三者通話): whom an agent asks beside a caller hears the caller, too. The call in which they are
//! asked goes on as before; it is no part of the caller's talk.

use madoguchi_core::clock::Moment;
use madoguchi_core::event::EventKind;
use madoguchi_core::id::{AgentId, CallId};
use madoguchi_core::live::{ConsultView, HandOnRefusal};

use super::Engine;
use super::agents::Activity;
use super::call::Stage;
use super::keys::AgentKey;
use super::requests::Asked;
use crate::api::{LegId, Output};

impl Engine {
    /// Lets the caller and whoever is asked hear each other.
    pub(super) fn join(&mut self, agent: &AgentId, now: Moment) -> Asked {
        let (key, call) = self.talk_of(agent).ok_or(HandOnRefusal::NoTalk)?;
        let consult = self.consult_of(key).ok_or(HandOnRefusal::NobodyAsked)?;
        let stage = self.calls.get(&consult).map(|entry| &entry.stage);
        let phone_holds = match stage {
            Some(Stage::Dialled(dialled)) if dialled.answered => dialled.agent_holds,
            _ => return Err(HandOnRefusal::NobodyAsked),
        };
        let entry = self.calls.get_mut(&call).ok_or(HandOnRefusal::NoTalk)?;
        let is_handed_on = entry.outward.is_some();
        let Stage::Talking(talk) = &mut entry.stage else {
            return Err(HandOnRefusal::NoTalk);
        };
        if talk.transfer.is_some() || is_handed_on {
            return Err(HandOnRefusal::NoTalk);
        }
        if std::mem::replace(&mut talk.joined, true) {
            return Ok(());
        }
        self.hold_no_more(&call, phone_holds, now);
        let with = consult.clone();
        self.emit(&call, EventKind::Joined { with }, now);
        self.out(Output::Join { call, consult });
        self.show(key);
        Ok(())
    }

    /// Whoever is asked hears the caller no more; the call in which they are asked goes on.
    pub(super) fn unjoin(&mut self, call: &CallId, now: Moment) {
        let Some(agent) = self.part(call, now) else {
            return;
        };
        if let Some(consult) = self.consult_of(agent) {
            self.out(Output::Unjoin { consult });
        }
    }

    /// The call in which an agent asked somebody is over: who were three are two, and a caller who was put aside
    /// hears the agent again.
    pub(super) fn consult_ended(
        &mut self,
        agent: AgentKey,
        consult: &CallId,
        phone_holds: bool,
        now: Moment,
    ) {
        let Some(agent) = self.agents.get(agent) else {
            return;
        };
        let Activity::Talking { call } = &agent.activity else {
            return;
        };
        if agent.consult.as_ref() != Some(consult) {
            return;
        }
        let call = call.clone();
        let parted = self.part(&call, now).is_some();
        if (self.take_leg_back(&call, phone_holds, now) || parted)
            && let Some(Stage::Talking(talk)) = self.calls.get(&call).map(|entry| &entry.stage)
        {
            let n = talk.leg;
            self.out(Output::Bridge {
                leg: LegId { call, n },
            });
        }
    }

    /// Three are not together any more; gives the agent who joined them, if they were.
    pub(super) fn part(&mut self, call: &CallId, now: Moment) -> Option<AgentKey> {
        let entry = self.calls.get_mut(call)?;
        let Stage::Talking(talk) = &mut entry.stage else {
            return None;
        };
        let agent = entry.legs.get(&talk.leg).map(|leg| leg.agent);
        if !std::mem::take(&mut talk.joined) {
            return None;
        }
        self.emit(call, EventKind::Parted, now);
        agent
    }

    /// The agent asks no more.
    pub(super) fn end_consult(&mut self, agent: &AgentId, now: Moment) -> Asked {
        let key = self.agents.key(agent).ok_or(HandOnRefusal::NobodyAsked)?;
        let consult = self.consult_of(key).ok_or(HandOnRefusal::NobodyAsked)?;
        self.cut_dialled(&consult, now);
        Ok(())
    }

    /// The call in which an agent asks somebody beside a caller.
    pub fn asked_by(&self, agent: &AgentId) -> Option<CallId> {
        self.consult_of(self.agents.key(agent)?)
    }

    /// The call in which an agent asks somebody.
    pub(super) fn consult_of(&self, agent: AgentKey) -> Option<CallId> {
        self.agents.get(agent)?.consult.clone()
    }

    /// Whom agents ask.
    pub(super) fn consults(&self) -> Vec<ConsultView> {
        let asking = self.agents.iter().filter_map(|(_, agent)| {
            let consult = agent.consult.as_ref()?;
            let Stage::Dialled(dialled) = &self.calls.get(consult)?.stage else {
                return None;
            };
            let joined = match &agent.activity {
                Activity::Talking { call } => matches!(
                    self.calls.get(call).map(|entry| &entry.stage),
                    Some(Stage::Talking(talk)) if talk.joined
                ),
                _ => false,
            };
            Some(ConsultView {
                agent: agent.settings.agent.clone(),
                call: consult.clone(),
                colleague: dialled.callee.and_then(|callee| self.agents.id(callee)),
                answered: dialled.answered,
                joined,
            })
        });
        asking.collect()
    }

    /// The board and the agent's own screen show something else of the agent.
    pub(super) fn show(&mut self, agent: AgentKey) {
        if let Some(agent) = self.agents.id(agent) {
            self.out(Output::AgentChanged { agent });
        }
    }
}
