//! Callers of a line for whom all phones of a level ring.

use std::collections::{BTreeMap, HashMap};

use madoguchi_core::id::CallId;

use crate::settings::Level;

/// The callers, by arrival, with the level whose phones ring.
#[derive(Debug, Default)]
pub(super) struct RingingAll {
    calls: BTreeMap<(Level, u64), CallId>,
    levels: HashMap<u64, Level>,
}

impl RingingAll {
    /// A phone rings for a caller. The first phone decides the level; those who join do not change it.
    pub(super) fn ring(&mut self, order: u64, call: &CallId, level: Level) {
        let level = *self.levels.entry(order).or_insert(level);
        self.calls
            .entry((level, order))
            .or_insert_with(|| call.clone());
    }

    /// No further phones are to ring for a caller.
    pub(super) fn stop(&mut self, order: u64) {
        if let Some(level) = self.levels.remove(&order) {
            self.calls.remove(&(level, order));
        }
    }

    /// The caller who has waited longest of those who welcome an agent of this level: nobody joins
    /// while only phones of a lower level ring.
    pub(super) fn first_welcoming(&self, level: Level) -> Option<(u64, &CallId)> {
        let levels = Level::ALL.into_iter().filter(|rung| *rung >= level);
        let first = levels.filter_map(|rung| {
            let mut of_level = self.calls.range((rung, 0)..=(rung, u64::MAX));
            of_level.next().map(|((_, order), call)| (*order, call))
        });
        first.min_by_key(|(order, _)| *order)
    }
}
