//! Lines: their settings, and who waits on them.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use madoguchi_core::id::{CallId, LineName};
use madoguchi_core::time::Millis;

use super::keys::{AgentKey, LineKey};
use super::ringing_all::RingingAll;
use crate::settings::{Level, LineSettings, Strategy};

#[derive(Debug)]
pub(super) struct Line {
    pub(super) settings: LineSettings,
    /// Not in the settings any more: it takes no new calls, and is known until its last one is over.
    pub(super) leaving: bool,
    /// Calls of this line that the engine knows.
    pub(super) calls: usize,
    /// All callers who wait, whatever they hear, by arrival.
    pub(super) waiting: BTreeMap<u64, CallId>,
    /// Those of them for whom an agent is looked for.
    pub(super) queue: BTreeMap<u64, CallId>,
    /// Those of them for whom all agents' phones ring ([`Strategy::RingAll`]).
    pub(super) ringing_all: RingingAll,
    /// Callers whom an agent has left for somebody to fetch.
    pub(super) parked: BTreeMap<u64, CallId>,
    /// Waits of the last answered calls.
    pub(super) last_waits: VecDeque<Millis>,
    /// The agents who were rung last (round robin), by level.
    pub(super) last_rung: BTreeMap<Level, AgentKey>,
}

/// The lines of the settings, and those that leave.
#[derive(Debug, Default)]
pub(super) struct Lines {
    known: BTreeMap<LineKey, Line>,
    keys: HashMap<LineName, LineKey>,
    last_key: u64,
}

impl Lines {
    pub(super) fn get(&self, key: LineKey) -> Option<&Line> {
        self.known.get(&key)
    }

    pub(super) fn get_mut(&mut self, key: LineKey) -> Option<&mut Line> {
        self.known.get_mut(&key)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (LineKey, &Line)> {
        self.known.iter().map(|(key, line)| (*key, line))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Line> {
        self.known.values_mut()
    }

    /// The line of this name that takes new calls.
    pub(super) fn lookup(&self, name: &LineName) -> Option<LineKey> {
        let key = *self.keys.get(name)?;
        self.get(key)
            .is_some_and(|line| !line.leaving)
            .then_some(key)
    }

    /// Takes up new settings. Lines that are not among them leave.
    pub(super) fn reconfigure(&mut self, settings: Vec<LineSettings>) {
        let mut staying = HashSet::new();
        for settings in settings {
            staying.insert(self.set(settings));
        }
        for (key, line) in &mut self.known {
            line.leaving = !staying.contains(key);
        }
        let done: Vec<_> = self
            .iter()
            .filter(|(_, line)| line.is_done())
            .map(|(key, _)| key)
            .collect();
        for key in done {
            self.forget(key);
        }
    }

    fn set(&mut self, settings: LineSettings) -> LineKey {
        if let Some(&key) = self.keys.get(&settings.name)
            && let Some(line) = self.known.get_mut(&key)
        {
            if settings.strategy != Strategy::RingAll {
                // Phones ring on, but no further ones for the same caller.
                line.ringing_all = RingingAll::default();
            }
            line.settings = settings;
            return key;
        }
        self.last_key += 1;
        let key = LineKey(self.last_key);
        self.keys.insert(settings.name.clone(), key);
        self.known.insert(key, Line::new(settings));
        key
    }

    /// Forgets a line that leaves and has no calls any more; tells whether it did.
    pub(super) fn forget_if_done(&mut self, key: LineKey) -> bool {
        let done = self.get(key).is_some_and(Line::is_done);
        if done {
            self.forget(key);
        }
        done
    }

    fn forget(&mut self, key: LineKey) {
        if let Some(line) = self.known.remove(&key) {
            self.keys.remove(&line.settings.name);
        }
    }
}

impl Line {
    fn new(settings: LineSettings) -> Self {
        Self {
            settings,
            leaving: false,
            calls: 0,
            waiting: BTreeMap::new(),
            queue: BTreeMap::new(),
            parked: BTreeMap::new(),
            ringing_all: RingingAll::default(),
            last_waits: VecDeque::new(),
            last_rung: BTreeMap::new(),
        }
    }

    fn is_done(&self) -> bool {
        self.leaving && self.calls == 0
    }
}
