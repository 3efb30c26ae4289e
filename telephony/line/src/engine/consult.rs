//! Asking somebody else while a caller waits: one call beside the talk, which may end in handing the caller
//! over ([`Engine::hand_over`]).

use madoguchi_core::clock::Moment;
use madoguchi_core::id::CallId;

use super::Engine;
use super::agents::Activity;
use super::call::Stage;
use super::keys::AgentKey;

impl Engine {
    /// Whether an agent talks with a caller, is not just handing them on, and asks nobody yet.
    pub(super) fn may_consult(&self, agent: AgentKey) -> bool {
        let Some(agent) = self.agents.get(agent) else {
            return false;
        };
        let Activity::Talking { call } = &agent.activity else {
            return false;
        };
        let talks = self.calls.get(call).is_some_and(|entry| {
            let talks = matches!(&entry.stage, Stage::Talking(talk) if talk.transfer.is_none());
            talks && entry.outward.is_none()
        });
        talks && agent.consult.is_none()
    }

    /// A dialled call keeps this agent no more.
    pub(super) fn release_from(&mut self, agent: AgentKey, call: &CallId, now: Moment) {
        let Some(entry) = self.agents.get(agent) else {
            return;
        };
        if entry.consult.as_ref() != Some(call) {
            return self.free(agent, true, now);
        }
        let activity = entry.activity.clone();
        self.agents.change(agent, |agent| agent.consult = None);
        match activity {
            // The caller is gone already.
            Activity::Talking { call: main } if main == *call => self.free(agent, true, now),
            Activity::WrapUp { call, timer: None } => self.time_wrap_up(&call, agent, now),
            _ => {}
        }
    }
}
