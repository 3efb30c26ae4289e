//! Agents: what they want, what they do, and who is next on which line.

use std::collections::{BTreeSet, HashMap};

use madoguchi_core::id::{AgentId, CallId, LineName};
use madoguchi_core::live::{AgentState, AgentView};
use madoguchi_core::time::Instant;

use super::LineKey;
use crate::api::TimerId;
use crate::settings::{AgentSettings, Strategy};

/// An agent's place in the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct AgentKey(pub(super) usize);

/// The smaller, the longer idle: since when, for those who were idle before the start, then the
/// order in which agents became idle.
type Rank = (i64, u64);

/// Before all ranks, the same for all who take turns.
const TURNS: Rank = (i64::MIN, 0);

#[derive(Debug)]
pub(super) struct Agent {
    pub(super) settings: AgentSettings,
    pub(super) lines: Vec<LineKey>,
    pub(super) wish: Wish,
    pub(super) activity: Activity,
    pub(super) since: Instant,
    pub(super) reachable: bool,
    /// Left alone for a moment after a refusal.
    pub(super) resting: bool,
    rank: Rank,
    pub(super) no_answers: u32,
    /// Whether the agent stands in the idle sets.
    listed: bool,
}

/// What the agent wants to be when no call keeps them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wish {
    LoggedOut,
    Ready,
    Away { reason: String },
}

/// What keeps the agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Activity {
    Nothing,
    Ringing {
        call: CallId,
    },
    Talking {
        call: CallId,
    },
    WrapUp {
        call: CallId,
        timer: Option<TimerId>,
    },
}

#[derive(Debug)]
pub(super) struct Agents {
    list: Vec<Agent>,
    keys: HashMap<AgentId, AgentKey>,
    /// Those who can take a call, by line, the next one first.
    idle: Vec<BTreeSet<(Rank, AgentKey)>>,
    /// Those logged in, by line.
    logged_in: Vec<u32>,
    strategies: Vec<Strategy>,
    last_rank: u64,
}

impl Agents {
    pub(super) fn new(
        settings: Vec<AgentSettings>,
        lines: &HashMap<LineName, LineKey>,
        strategies: &[Strategy],
        now: Instant,
    ) -> Self {
        let list: Vec<_> = settings
            .into_iter()
            .enumerate()
            .map(|(at, settings)| Agent {
                lines: settings
                    .lines
                    .iter()
                    .filter_map(|name| lines.get(name).copied())
                    .collect(),
                settings,
                wish: Wish::LoggedOut,
                activity: Activity::Nothing,
                since: now,
                reachable: false,
                resting: false,
                rank: (i64::MAX, at as u64),
                no_answers: 0,
                listed: false,
            })
            .collect();
        let keys = list
            .iter()
            .enumerate()
            .map(|(at, agent)| (agent.settings.agent.clone(), AgentKey(at)))
            .collect();
        Self {
            last_rank: list.len() as u64,
            list,
            keys,
            idle: vec![BTreeSet::new(); strategies.len()],
            logged_in: vec![0; strategies.len()],
            strategies: strategies.to_vec(),
        }
    }

    pub(super) fn key(&self, agent: &AgentId) -> Option<AgentKey> {
        self.keys.get(agent).copied()
    }

    pub(super) fn get(&self, key: AgentKey) -> Option<&Agent> {
        self.list.get(key.0)
    }

    pub(super) fn id(&self, key: AgentKey) -> Option<AgentId> {
        self.get(key).map(|agent| agent.settings.agent.clone())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Agent> {
        self.list.iter()
    }

    /// Changes an agent and puts them where they now belong.
    pub(super) fn change(&mut self, key: AgentKey, change: impl FnOnce(&mut Agent)) {
        let Some(agent) = self.list.get_mut(key.0) else {
            return;
        };
        let was_in = agent.wish != Wish::LoggedOut;
        change(agent);
        let is_in = agent.wish != Wish::LoggedOut;
        if was_in != is_in {
            for line in &agent.lines {
                if let Some(count) = self.logged_in.get_mut(line.0) {
                    *count = if is_in {
                        *count + 1
                    } else {
                        count.saturating_sub(1)
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
        if let Some(agent) = self.list.get_mut(key.0) {
            agent.rank = (i64::MAX, self.last_rank);
        }
        self.relist(key);
    }

    pub(super) fn rested(&mut self, key: AgentKey) {
        self.change(key, |agent| agent.resting = false);
    }

    pub(super) fn restore(&mut self, agent: &AgentId, state: AgentState, since: Instant) {
        let Some(key) = self.key(agent) else { return };
        self.unlist(key);
        self.change(key, |agent| {
            agent.since = since;
            agent.rank = (since.0, 0);
            agent.wish = match state {
                AgentState::LoggedOut => Wish::LoggedOut,
                AgentState::Away { reason } => Wish::Away { reason },
                AgentState::Ready
                | AgentState::Ringing
                | AgentState::Talking
                | AgentState::WrapUp => Wish::Ready,
            };
        });
    }

    pub(super) fn any_logged_in(&self, line: LineKey) -> bool {
        self.logged_in.get(line.0).is_some_and(|count| *count > 0)
    }

    /// Who is to be rung next on a line; after `last` for round robin.
    pub(super) fn next(&self, line: LineKey, last: Option<AgentKey>) -> Option<AgentKey> {
        let idle = self.idle.get(line.0)?;
        let first = || idle.first().map(|(_, key)| *key);
        match (self.strategies.get(line.0)?, last) {
            (Strategy::RoundRobin, Some(last)) => {
                let after = idle.range((TURNS, AgentKey(last.0 + 1))..).next();
                after.map(|(_, key)| *key).or_else(first)
            }
            _ => first(),
        }
    }

    pub(super) fn all_idle(&self, line: LineKey) -> Vec<AgentKey> {
        self.idle
            .get(line.0)
            .into_iter()
            .flatten()
            .map(|(_, key)| *key)
            .collect()
    }

    pub(super) fn is_idle(&self, key: AgentKey) -> bool {
        self.get(key).is_some_and(|agent| agent.listed)
    }

    fn relist(&mut self, key: AgentKey) {
        self.unlist(key);
        let Some(agent) = self.list.get_mut(key.0) else {
            return;
        };
        let able = agent.wish == Wish::Ready
            && agent.activity == Activity::Nothing
            && agent.reachable
            && !agent.resting;
        agent.listed = able;
        if !able {
            return;
        }
        for line in &agent.lines {
            let by_settings = self.strategies.get(line.0) == Some(&Strategy::RoundRobin);
            let rank = if by_settings { TURNS } else { agent.rank };
            if let Some(idle) = self.idle.get_mut(line.0) {
                idle.insert((rank, key));
            }
        }
    }

    fn unlist(&mut self, key: AgentKey) {
        let Some(agent) = self.list.get_mut(key.0).filter(|agent| agent.listed) else {
            return;
        };
        agent.listed = false;
        for line in &agent.lines {
            if let Some(idle) = self.idle.get_mut(line.0) {
                idle.remove(&(agent.rank, key));
                idle.remove(&(TURNS, key));
            }
        }
    }
}

impl Agent {
    /// What the board shows.
    pub(super) fn state(&self) -> AgentState {
        match (&self.activity, &self.wish) {
            (Activity::Ringing { .. }, _) => AgentState::Ringing,
            (Activity::Talking { .. }, _) => AgentState::Talking,
            (Activity::WrapUp { .. }, _) => AgentState::WrapUp,
            (Activity::Nothing, Wish::LoggedOut) => AgentState::LoggedOut,
            (Activity::Nothing, Wish::Ready) => AgentState::Ready,
            (Activity::Nothing, Wish::Away { reason }) => AgentState::Away {
                reason: reason.clone(),
            },
        }
    }

    pub(super) fn view(&self) -> AgentView {
        let call = match &self.activity {
            Activity::Ringing { call } | Activity::Talking { call } => Some(call.clone()),
            Activity::Nothing | Activity::WrapUp { .. } => None,
        };
        AgentView {
            agent: self.settings.agent.clone(),
            name: self.settings.name.clone(),
            extension: self.settings.extension.clone(),
            state: self.state(),
            since: self.since,
            call,
            reachable: self.reachable,
        }
    }
}
