//! Agents' lasting states on the record: each goes to the journal, over a restart, and to all
//! nodes, which take up what was asked for elsewhere.

use madoguchi_core::clock::Moment;
use madoguchi_core::id::AgentId;
use madoguchi_core::live::AgentPresence;
use madoguchi_core::time::Instant;

use super::Engine;
use super::agents::{Activity, RequestedState};
use super::keys::AgentKey;
use crate::api::Output;

impl Engine {
    /// Records that the agent's present wish was asked for here and now, or set by the desk.
    pub(super) fn record_asked(&mut self, key: AgentKey, now: Moment) {
        let node = self.node.clone();
        self.record(key, |agent_since, presence| {
            presence.version += 1;
            presence.node = node;
            presence.since = agent_since.unwrap_or(now.wall);
        });
    }

    /// Records since when an agent has been free whom a call had kept: the longest idle is so over
    /// a restart and at all nodes.
    pub(super) fn record_idle(&mut self, key: AgentKey) {
        let state = self.agents.get(key).map(|agent| agent.state());
        if state.is_some_and(|state| state.is_lasting()) {
            self.record(key, |agent_since, presence| {
                if let Some(since) = agent_since {
                    presence.since = presence.since.max(since);
                }
            });
        }
    }

    /// `change` is told since when the agent is in the state that lasts, if nothing keeps them.
    fn record(&mut self, key: AgentKey, change: impl FnOnce(Option<Instant>, &mut AgentPresence)) {
        let Some(agent) = self.agents.get(key) else {
            return;
        };
        let is_free = agent.activity == Activity::Nothing;
        let mut presence = agent.presence.clone();
        presence.state = agent.requested.state();
        change(is_free.then_some(agent.since), &mut presence);
        if presence != agent.presence {
            self.agents.set_presence(key, presence.clone());
            self.out(Output::Presence(presence));
        }
    }

    /// Another node tells what was asked for there. What was asked for later holds, wherever.
    pub(super) fn presence_elsewhere(&mut self, presence: AgentPresence, now: Moment) {
        let Some(key) = self.agents.key(&presence.agent) else {
            return;
        };
        let Some(entry) = self.agents.get(key) else {
            return;
        };
        if !presence.replaces(&entry.presence) {
            return;
        }
        let is_asked = presence.is_asked_after(&entry.presence);
        let (before, requested) = (entry.state(), RequestedState::of(presence.state.clone()));
        let waits_anew = requested == RequestedState::Ready
            && (!is_asked || entry.requested != RequestedState::Ready);
        self.agents.change(key, |agent| {
            agent.requested = requested;
            agent.presence = presence.clone();
            if is_asked {
                agent.no_answers = 0;
            }
            if agent.activity == Activity::Nothing {
                agent.since = presence.since;
            }
        });
        if waits_anew {
            self.agents.put_last(key);
        }
        let after = self.agents.get(key).map(|agent| agent.state());
        if is_asked || after != Some(before) {
            let agent = presence.agent.clone();
            self.out(Output::AgentChanged { agent });
        }
        if is_asked {
            self.out(Output::Presence(presence));
        }
        match self.agents.get(key).map(|agent| &agent.activity) {
            Some(Activity::WrapUp { .. }) if is_asked => self.wrap_up_over(key, now),
            Some(Activity::Nothing) => self.find_call_for(key, now),
            _ => {}
        }
    }

    /// An agent talks, or their phone rings, at another node.
    pub(super) fn agent_elsewhere(&mut self, agent: &AgentId, busy: bool, now: Moment) {
        let Some(key) = self.agents.key(agent) else {
            return;
        };
        let mut changed = false;
        self.agents.change(key, |agent| {
            changed = agent.elsewhere != busy;
            agent.elsewhere = busy;
        });
        if changed {
            self.find_call_for(key, now);
        }
    }
}
