//! What agents ask for, and what they do next when nothing keeps them any more.

use madoguchi_core::clock::Moment;
use madoguchi_core::id::AgentId;
use madoguchi_core::live::AgentCommand;

use super::Engine;
use super::agents::{Activity, RequestedState};
use super::keys::AgentKey;
use crate::api::Output;

impl Engine {
    /// During a call or its ringing the wish takes effect at the end; 後処理 it ends at once.
    pub(super) fn agent_command(&mut self, agent: &AgentId, command: AgentCommand, now: Moment) {
        let Some(key) = self.agents.key(agent) else {
            return;
        };
        if command == AgentCommand::EndWrapUp {
            // Another node may have the call that it follows.
            self.record_asked(key, now);
        } else {
            let requested = wish_of(command);
            let before = self.agents.get(key).map(|agent| agent.state());
            let next = self.agents.get(key).and_then(|agent| agent.next());
            let mut waits_anew = false;
            self.agents.change(key, |agent| {
                waits_anew =
                    requested == RequestedState::Ready && agent.requested != RequestedState::Ready;
                agent.requested = requested;
                agent.no_answers = 0;
            });
            if waits_anew {
                self.agents.put_last(key);
            }
            self.note_change(key, before, now);
            // What waits for the end of a call is seen at once.
            if self.agents.get(key).and_then(|agent| agent.next()) != next {
                let agent = agent.clone();
                self.out(Output::AgentChanged { agent });
            }
            self.record_asked(key, now);
        }
        let entry = self.agents.get(key);
        match entry.map(|agent| &agent.activity) {
            Some(Activity::WrapUp { .. }) => self.wrap_up_over(key, now),
            Some(Activity::Nothing) => self.find_call_for(key, now),
            _ => {}
        }
    }

    pub(super) fn agent_reachable(&mut self, agent: &AgentId, reachable: bool, now: Moment) {
        let Some(key) = self.agents.key(agent) else {
            return;
        };
        let mut changed = false;
        self.agents.change(key, |agent| {
            changed = agent.reachable != reachable;
            agent.reachable = reachable;
        });
        if changed {
            self.out(Output::AgentChanged {
                agent: agent.clone(),
            });
            self.find_call_for(key, now);
        }
    }

    /// Nothing keeps the agent any more but a consultation; who leaves the desk is gone. `put_last`: the order of
    /// idleness begins anew.
    pub(super) fn free(&mut self, agent: AgentKey, put_last: bool, now: Moment) {
        let consult = self
            .agents
            .get(agent)
            .and_then(|agent| agent.consult.clone());
        let activity = consult.map_or(Activity::Nothing, |call| Activity::Talking { call });
        self.set_activity(agent, activity, now);
        self.agents.forget_if_done(agent);
        if put_last {
            self.agents.put_last(agent);
        }
        self.find_call_for(agent, now);
    }

    pub(super) fn set_activity(&mut self, agent: AgentKey, activity: Activity, now: Moment) {
        let before = self.agents.get(agent).map(|agent| agent.state());
        self.agents.change(agent, |agent| agent.activity = activity);
        self.note_change(agent, before, now);
    }

    pub(super) fn note_change(
        &mut self,
        key: AgentKey,
        before: Option<madoguchi_core::live::AgentState>,
        now: Moment,
    ) {
        let after = self.agents.get(key).map(|agent| agent.state());
        if after == before {
            return;
        }
        self.agents.change(key, |agent| agent.since = now.wall);
        if let Some(agent) = self.agents.id(key) {
            self.out(Output::AgentChanged { agent });
        }
        self.record_idle(key);
    }
}

/// The lasting wish that a command expresses. Ending 後処理 means to be ready.
pub(super) fn wish_of(command: AgentCommand) -> RequestedState {
    match command {
        AgentCommand::Ready | AgentCommand::EndWrapUp => RequestedState::Ready,
        AgentCommand::Away { reason } => RequestedState::Away { reason },
        AgentCommand::LogOut => RequestedState::LoggedOut,
    }
}
