//! Which lines and agents there are by the settings, and which only until their last call is over.

use std::collections::{HashMap, HashSet};

use madoguchi_core::id::{AgentId, LineName};
use madoguchi_line::engine::EngineSettings;
use madoguchi_line::settings::{Duty, Level};

use super::Ledger;

/// The lines and agents of the settings, and those that leave.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    lines: HashSet<LineName>,
    /// Of lines that were ever there.
    priorities: HashMap<LineName, i32>,
    agents: Vec<AgentId>,
    leaving: Vec<AgentId>,
    /// The lines of each agent, with those that are not in the settings any more.
    agent_lines: HashMap<AgentId, Vec<Duty>>,
}

impl Roster {
    pub(super) fn has_line(&self, line: &LineName) -> bool {
        self.lines.contains(line)
    }

    pub(super) fn priority(&self, line: &LineName) -> i32 {
        self.priorities[line]
    }

    pub(super) fn serves(&self, agent: &AgentId, line: &LineName) -> bool {
        self.level(agent, line).is_some()
    }

    /// How soon the agent's turn comes on a line; `None` if it is none of theirs.
    pub(super) fn level(&self, agent: &AgentId, line: &LineName) -> Option<Level> {
        let mut theirs = self.agent_lines.get(agent)?.iter();
        let found = theirs.find(|duty| duty.line == *line);
        found.map(|duty| duty.level)
    }

    /// Who may be rung for a line before somebody of this level.
    pub(super) fn before<'a>(
        &'a self,
        line: &'a LineName,
        level: Level,
    ) -> impl Iterator<Item = &'a AgentId> {
        let first = move |agent: &&AgentId| self.level(agent, line).is_some_and(|one| one < level);
        self.agents.iter().filter(first)
    }

    pub(super) fn leaves(&self, agent: &AgentId) -> bool {
        self.leaving.contains(agent)
    }

    pub(super) fn nobody_leaves(&self) -> bool {
        self.leaving.is_empty()
    }

    /// The agents as the board is to show them.
    pub(super) fn shown(&self) -> impl Iterator<Item = &AgentId> {
        self.agents.iter().chain(&self.leaving)
    }
}

impl Ledger {
    /// Takes new settings, before the engine does.
    pub(crate) fn reconfigured(&mut self, settings: &EngineSettings) {
        let with_calls: HashSet<_> = self.books.values().map(|book| &book.waits_at).collect();
        let roster = &mut self.roster;
        // A line that left and has no calls any more is forgotten; one of its name is another.
        for theirs in roster.agent_lines.values_mut() {
            theirs.retain(|duty| {
                roster.lines.contains(&duty.line) || with_calls.contains(&duty.line)
            });
        }
        roster.lines.clear();
        for line in &settings.lines {
            roster.lines.insert(line.name.clone());
            roster.priorities.insert(line.name.clone(), line.priority);
        }
        let before: Vec<_> = roster.shown().cloned().collect();
        roster.agents.clear();
        for agent in &settings.agents {
            roster.agents.push(agent.agent.clone());
            let theirs = roster.agent_lines.entry(agent.agent.clone()).or_default();
            theirs.retain(|duty| !roster.lines.contains(&duty.line));
            let named = agent.lines.iter();
            theirs.extend(
                named
                    .filter(|duty| roster.lines.contains(&duty.line))
                    .cloned(),
            );
        }
        let stays = |agent: &AgentId| settings.agents.iter().any(|other| other.agent == *agent);
        roster.leaving = before;
        roster.leaving.retain(|agent| !stays(agent));
        self.leave();
    }

    /// Who leaves is gone when nothing keeps them any more.
    pub(super) fn leave(&mut self) {
        let mut leaving = std::mem::take(&mut self.roster.leaving);
        leaving.retain(|agent| {
            let keeps = self.keeps_busy(agent);
            if !keeps {
                self.roster.agent_lines.remove(agent);
            }
            keeps
        });
        self.roster.leaving = leaving;
    }

    pub(super) fn keeps_busy(&self, agent: &AgentId) -> bool {
        self.books.values().any(|book| {
            book.ringing.contains(agent)
                || book.talking.contains(agent)
                || book.wrapping.contains(agent)
        })
    }
}
