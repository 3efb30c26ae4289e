//! The agents, and who of them is next on which line.

mod agent;
mod changes;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use madoguchi_core::id::AgentId;
use madoguchi_core::live::AgentPresence;
use madoguchi_core::time::Millis;

pub(super) use self::agent::{Activity, Agent, RequestedState};
use self::agent::{Rank, turn};
use super::keys::{AgentKey, LineKey};
use crate::settings::{Level, Strategy};

/// The agents of the settings, and those that leave.
#[derive(Debug, Default)]
pub(super) struct Agents {
    known: HashMap<AgentKey, Agent>,
    keys: HashMap<AgentId, AgentKey>,
    /// In the order of the settings; those that leave come last.
    order: Vec<AgentKey>,
    crews: HashMap<LineKey, Crew>,
    last_key: u64,
    last_rank: u64,
}

/// The agents of one line.
#[derive(Debug)]
struct Crew {
    strategy: Strategy,
    /// Those who can take a call, the next one first.
    idle: BTreeSet<(Level, Rank, AgentKey)>,
    /// How many are logged in.
    logged_in: u32,
}

impl Agents {
    pub(super) fn key(&self, agent: &AgentId) -> Option<AgentKey> {
        self.keys.get(agent).copied()
    }

    pub(super) fn get(&self, key: AgentKey) -> Option<&Agent> {
        self.known.get(&key)
    }

    pub(super) fn id(&self, key: AgentKey) -> Option<AgentId> {
        self.get(key).map(|agent| agent.settings.agent.clone())
    }

    /// In the order in which the board shows them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (AgentKey, &Agent)> {
        self.order
            .iter()
            .filter_map(|key| Some((*key, self.known.get(key)?)))
    }

    /// Changes an agent and puts them where they now belong.
    pub(super) fn change(&mut self, key: AgentKey, change: impl FnOnce(&mut Agent)) {
        let Some(agent) = self.known.get_mut(&key) else {
            return;
        };
        let was_in = agent.is_logged_in();
        change(agent);
        let is_in = agent.is_logged_in();
        if was_in != is_in {
            for (line, _) in &agent.lines {
                if let Some(crew) = self.crews.get_mut(line) {
                    crew.logged_in = if is_in {
                        crew.logged_in + 1
                    } else {
                        crew.logged_in.saturating_sub(1)
                    };
                }
            }
        }
        self.relist(key);
    }

    /// Puts the agent behind all others.
    pub(super) fn put_last(&mut self, key: AgentKey) {
        self.unlist(key);
        self.last_rank += 1;
        if let Some(agent) = self.known.get_mut(&key) {
            agent.rank = (i64::MAX, self.last_rank);
        }
        self.relist(key);
    }

    pub(super) fn rested(&mut self, key: AgentKey) {
        self.change(key, |agent| agent.resting = false);
    }

    pub(super) fn restore(&mut self, presence: &AgentPresence) {
        let Some(key) = self.key(&presence.agent) else {
            return;
        };
        self.unlist(key);
        self.change(key, |agent| {
            agent.since = presence.since;
            agent.rank = (presence.since.0, 0);
            agent.requested = RequestedState::of(presence.state.clone());
            agent.presence = presence.clone();
        });
    }

    /// What began some time ago began that long ago by the clock as it is now, too.
    pub(super) fn clock_was_set(&mut self, by: Millis) {
        for agent in self.known.values_mut() {
            agent.since = agent.since + by;
        }
    }

    /// Notes what was recorded of an agent; it changes nobody's turn.
    pub(super) fn set_presence(&mut self, key: AgentKey, presence: AgentPresence) {
        if let Some(agent) = self.known.get_mut(&key) {
            agent.presence = presence;
        }
    }

    pub(super) fn any_logged_in(&self, line: LineKey) -> bool {
        self.crews.get(&line).is_some_and(|crew| crew.logged_in > 0)
    }

    pub(super) fn any_idle(&self, line: LineKey) -> bool {
        self.crews
            .get(&line)
            .is_some_and(|crew| !crew.idle.is_empty())
    }

    /// Whether somebody of a lower level is idle.
    pub(super) fn anybody_before(&self, line: LineKey, level: Level) -> bool {
        let first = self.crews.get(&line).and_then(|crew| crew.idle.first());
        first.is_some_and(|(first, _, _)| *first < level)
    }

    /// Who is to be rung next on a line: one of the lowest level that has anybody idle; for round
    /// robin after the one of that level who was rung `last`.
    pub(super) fn next(&self, line: LineKey, last: &BTreeMap<Level, AgentKey>) -> Option<AgentKey> {
        let crew = self.crews.get(&line)?;
        let (level, _, first) = *crew.idle.first()?;
        let last = last
            .get(&level)
            .filter(|_| crew.strategy == Strategy::RoundRobin)
            .and_then(|last| self.get(*last));
        let Some(last) = last else { return Some(first) };
        let after = (level, turn(last.place + 1), AgentKey(0));
        let next = crew.idle.range(after..).next();
        let next = next.filter(|(next, _, _)| *next == level);
        Some(next.map_or(first, |(_, _, key)| *key))
    }

    /// All of the lowest level that has anybody idle.
    pub(super) fn all_idle(&self, line: LineKey) -> Vec<AgentKey> {
        let Some(crew) = self.crews.get(&line) else {
            return Vec::new();
        };
        let lowest = crew.idle.first().map(|(level, _, _)| *level);
        crew.idle
            .iter()
            .take_while(|(level, _, _)| Some(*level) == lowest)
            .map(|(_, _, key)| *key)
            .collect()
    }

    /// How soon an agent's turn comes on a line.
    pub(super) fn level(&self, key: AgentKey, line: LineKey) -> Level {
        self.get(key)
            .map_or(Level::First, |agent| agent.level(line))
    }

    /// Whether the agent is in the settings and may be given a caller.
    pub(super) fn stays(&self, key: AgentKey) -> bool {
        self.get(key).is_some_and(|agent| !agent.leaving)
    }

    pub(super) fn is_idle(&self, key: AgentKey) -> bool {
        self.get(key).is_some_and(|agent| agent.listed)
    }

    fn relist(&mut self, key: AgentKey) {
        self.unlist(key);
        let Some(agent) = self.known.get_mut(&key) else {
            return;
        };
        agent.listed = agent.is_able();
        if !agent.listed {
            return;
        }
        for (line, level) in &agent.lines {
            if let Some(crew) = self.crews.get_mut(line) {
                crew.idle.insert((*level, crew.rank_of(agent), key));
            }
        }
    }

    fn unlist(&mut self, key: AgentKey) {
        let Some(agent) = self.known.get_mut(&key).filter(|agent| agent.listed) else {
            return;
        };
        agent.listed = false;
        for (line, level) in &agent.lines {
            if let Some(crew) = self.crews.get_mut(line) {
                crew.idle.remove(&(*level, crew.rank_of(agent), key));
            }
        }
    }
}

impl Crew {
    fn rank_of(&self, agent: &Agent) -> Rank {
        match self.strategy {
            Strategy::RoundRobin => turn(agent.place),
            Strategy::LongestIdle | Strategy::RingAll => agent.rank,
        }
    }
}
