//! The desk as the board shows it.

use std::collections::BTreeMap;

use madoguchi_core::id::AgentId;
use madoguchi_core::live::{AgentView, DeskSnapshot, WaitingCall};

use super::Engine;

impl Engine {
    /// All waiting callers and all agents; those who leave the desk after their call come last.
    pub fn snapshot(&self) -> DeskSnapshot {
        let mut waiting = BTreeMap::new();
        for (order, id) in self.lines.iter().flat_map(|(_, line)| &line.waiting) {
            let Some(call) = self.calls.get(id) else {
                continue;
            };
            let ringing = call
                .legs
                .values()
                .next()
                .and_then(|leg| self.agents.id(leg.agent));
            let view = WaitingCall {
                call: id.clone(),
                line: call.line_name.clone(),
                from: call.from.clone(),
                arrived_at: call.arrived_at,
                ringing,
            };
            waiting.insert(order, view);
        }
        DeskSnapshot {
            waiting: waiting.into_values().collect(),
            parked: self.parked(),
            agents: self.agents.iter().map(|(_, agent)| agent.view()).collect(),
            hand_ons: self.hand_ons(),
            consults: self.consults(),
            outbound: self.outbound.view(),
        }
    }

    /// One agent; `None` if there is no such agent.
    pub fn agent(&self, agent: &AgentId) -> Option<AgentView> {
        self.agents
            .get(self.agents.key(agent)?)
            .map(|agent| agent.view())
    }
}
