//! Bringing callers who wait and agents who are free together.

use std::cmp::Reverse;

use madoguchi_core::clock::Moment;

use super::Engine;
use super::keys::{AgentKey, LineKey};
use crate::settings::Strategy;

impl Engine {
    /// Rings whoever can take the callers who wait on a line, longest wait first.
    pub(super) fn serve_line(&mut self, key: LineKey, now: Moment) {
        while self.serve_next(key, now) {}
    }

    /// Rings for the caller of a line who has waited longest; `false` if nobody waits or nobody is
    /// free.
    fn serve_next(&mut self, key: LineKey, now: Moment) -> bool {
        let Some(line) = self.line(key) else {
            return false;
        };
        let Some(call) = line.queue.values().next().cloned() else {
            return false;
        };
        let agents = match line.settings.strategy {
            Strategy::RingAll => self.agents.all_idle(key),
            Strategy::LongestIdle | Strategy::RoundRobin => {
                Vec::from_iter(self.agents.next(key, &line.last_rung))
            }
        };
        for agent in &agents {
            self.ring(&call, *agent, now);
        }
        !agents.is_empty()
    }

    /// Looks for a caller for an agent who has become free.
    pub(super) fn find_call_for(&mut self, agent: AgentKey, now: Moment) {
        if !self.agents.is_idle(agent) {
            return;
        }
        let Some(lines) = self.agents.get(agent).map(|agent| agent.lines.clone()) else {
            return;
        };
        let best = lines
            .iter()
            .filter_map(|(key, level)| {
                let line = self.line(*key)?;
                // Whoever comes first is about to be rung, when settings change.
                if self.agents.anybody_before(*key, *level) {
                    return None;
                }
                let queue = line.queue.iter().next();
                let queue = queue.map(|(order, call)| (*order, call));
                // Callers for whom all phones ring welcome one more.
                let waiting = queue.or_else(|| line.ringing_all.first_welcoming(*level));
                let (order, call) = waiting?;
                Some((Reverse(line.settings.priority), order, call.clone()))
            })
            .min();
        if let Some((_, _, call)) = best {
            self.ring(&call, agent, now);
        }
    }

    /// Rings whoever can take a call on any line, the most urgent caller first.
    pub(super) fn serve_all(&mut self, now: Moment) {
        while let Some(key) = self.most_urgent_line() {
            self.serve_next(key, now);
        }
        // Callers for whom all phones ring welcome the others.
        let agents: Vec<_> = self.agents.iter().map(|(key, _)| key).collect();
        for agent in agents {
            self.find_call_for(agent, now);
        }
    }

    /// The line whose first caller is served before all others that an agent is free for.
    fn most_urgent_line(&self) -> Option<LineKey> {
        let served = self.lines.iter().filter_map(|(key, line)| {
            let (order, _) = line.queue.first_key_value()?;
            let urgency = (Reverse(line.settings.priority), *order);
            self.agents.any_idle(key).then_some((urgency, key))
        });
        served.min().map(|(_, key)| key)
    }
}
