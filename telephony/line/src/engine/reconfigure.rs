//! New settings while the desk runs. No call is harmed: what rings, waits or talks goes on.

use std::collections::HashSet;

use madoguchi_core::clock::Moment;

use super::{Engine, EngineSettings};
use crate::api::Output;

impl Engine {
    /// Takes up new settings; gives what must be done, in order, as [`Engine::handle`] does.
    ///
    /// Lines are known by their names, agents by their ids. Those that stay keep their callers, their
    /// states and their places, and follow the new settings in whatever happens next. New agents are
    /// logged out and cannot be reached until that is told. A line that is not there any more takes no
    /// new calls, and those who took its calls serve its callers to the end; an agent who is not there
    /// any more takes no new calls, and is gone when nothing keeps them. If they come back before that,
    /// they go on. Waits end by the new calendar: if it says that the desk is closed now and had been
    /// open until now, the lines' rules for closing hold from now.
    pub fn reconfigure(&mut self, settings: EngineSettings, now: impl Into<Moment>) -> Vec<Output> {
        let now = now.into();
        self.notice_set_clock(now);
        self.node = settings.node;
        self.calendar = settings.calendar;
        self.lines.reconfigure(settings.lines);
        let staying: HashSet<_> = settings.agents.iter().map(|agent| &agent.agent).collect();
        for line in self.lines.iter_mut() {
            let last = std::mem::take(&mut line.last_rung).into_iter();
            let nearest = |last| self.agents.nearest_staying(last, &staying);
            line.last_rung = last
                .filter_map(|(level, last)| Some((level, nearest(last)?)))
                .collect();
        }
        for agent in self.agents.reconfigure(settings.agents, &self.lines, now) {
            self.out(Output::AgentChanged { agent });
        }
        self.set_outbound_rules(settings.outbound, now);
        self.reset_closings(now);
        self.serve_all(now);
        std::mem::take(&mut self.outputs)
    }
}
