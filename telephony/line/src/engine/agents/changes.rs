//! How agents come, change and go while the desk runs.

use std::collections::{BTreeSet, HashSet};

use madoguchi_core::clock::Moment;
use madoguchi_core::id::{AgentId, NodeName};
use madoguchi_core::live::{AgentPresence, AgentState};

use super::agent::{Activity, Agent, RequestedState};
use super::{Agents, Crew};
use crate::engine::keys::{AgentKey, LineKey};
use crate::engine::lines::Lines;
use crate::settings::AgentSettings;

impl Agents {
    /// Takes up new settings; tells who is new. Agents that are not among them leave.
    pub(in crate::engine) fn reconfigure(
        &mut self,
        settings: Vec<AgentSettings>,
        lines: &Lines,
        now: Moment,
    ) -> Vec<AgentId> {
        let before = std::mem::take(&mut self.order);
        let mut added = Vec::new();
        let mut staying = HashSet::new();
        for settings in settings {
            let id = settings.agent.clone();
            let (key, is_new) = self.set(settings, lines, now);
            if staying.insert(key) {
                self.order.push(key);
            }
            if is_new {
                added.push(id);
            }
        }
        for key in before {
            if staying.contains(&key) {
                continue;
            }
            if self.keeps_busy(key) {
                self.order.push(key);
            } else {
                self.forget(key);
            }
        }
        for (place, key) in self.order.iter().enumerate() {
            if let Some(agent) = self.known.get_mut(key) {
                agent.leaving = !staying.contains(key);
                agent.place = place as u64;
                agent.lines.retain(|(line, _)| lines.get(*line).is_some());
            }
        }
        self.form_crews(lines);
        added
    }

    fn set(&mut self, settings: AgentSettings, lines: &Lines, now: Moment) -> (AgentKey, bool) {
        let named = settings.lines.iter();
        let mut theirs: Vec<_> = named
            .filter_map(|duty| Some((lines.lookup(&duty.line)?, duty.level)))
            .collect();
        if let Some(key) = self.key(&settings.agent)
            && let Some(agent) = self.known.get_mut(&key)
        {
            // Who waits on a line that leaves is served by those who were there.
            let leaving =
                |(key, _): &(LineKey, _)| lines.get(*key).is_some_and(|line| line.leaving);
            theirs.extend(agent.lines.iter().copied().filter(leaving));
            agent.lines = theirs;
            agent.settings = settings;
            return (key, false);
        }
        self.last_key += 1;
        self.last_rank += 1;
        let key = AgentKey(self.last_key);
        self.keys.insert(settings.agent.clone(), key);
        let presence = AgentPresence {
            agent: settings.agent.clone(),
            state: AgentState::LoggedOut,
            since: now.wall,
            version: 0,
            node: NodeName::new(""),
        };
        let agent = Agent {
            settings,
            lines: theirs,
            requested: RequestedState::LoggedOut,
            presence,
            elsewhere: false,
            activity: Activity::Nothing,
            consult: None,
            since: now.wall,
            reachable: false,
            resting: false,
            leaving: false,
            place: 0,
            rank: (i64::MAX, self.last_rank),
            no_answers: 0,
            listed: false,
        };
        self.known.insert(key, agent);
        (key, true)
    }

    fn keeps_busy(&self, key: AgentKey) -> bool {
        self.get(key)
            .is_some_and(|agent| agent.activity != Activity::Nothing)
    }

    /// The agent, if they are among `staying`, otherwise the nearest before them who is: so turns
    /// go on where they were.
    pub(in crate::engine) fn nearest_staying(
        &self,
        key: AgentKey,
        staying: &HashSet<&AgentId>,
    ) -> Option<AgentKey> {
        let at = self.order.iter().position(|other| *other == key)?;
        let stays = |key: &AgentKey| {
            self.get(*key)
                .is_some_and(|agent| staying.contains(&agent.settings.agent))
        };
        self.order.get(..=at)?.iter().rev().copied().find(stays)
    }

    /// Lists everybody anew, by lines.
    fn form_crews(&mut self, lines: &Lines) {
        let crew = |strategy| Crew {
            strategy,
            idle: BTreeSet::new(),
            logged_in: 0,
        };
        self.crews = lines
            .iter()
            .map(|(key, line)| (key, crew(line.settings.strategy)))
            .collect();
        for key in self.order.clone() {
            let Some(agent) = self.known.get_mut(&key) else {
                continue;
            };
            agent.listed = false;
            if agent.is_logged_in() {
                for (line, _) in &agent.lines {
                    if let Some(crew) = self.crews.get_mut(line) {
                        crew.logged_in += 1;
                    }
                }
            }
            self.relist(key);
        }
    }

    /// Nothing keeps the agent any more: forgets whoever leaves.
    pub(in crate::engine) fn forget_if_done(&mut self, key: AgentKey) {
        let done = self
            .get(key)
            .is_some_and(|agent| agent.leaving && agent.activity == Activity::Nothing);
        if done {
            self.order.retain(|other| *other != key);
            self.forget(key);
        }
    }

    fn forget(&mut self, key: AgentKey) {
        if let Some(agent) = self.known.remove(&key) {
            self.keys.remove(&agent.settings.agent);
        }
    }

    /// The line is known no more.
    pub(in crate::engine) fn forget_line(&mut self, line: LineKey) {
        self.crews.remove(&line);
        for agent in self.known.values_mut() {
            agent.lines.retain(|(other, _)| *other != line);
        }
    }
}
