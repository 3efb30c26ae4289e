//! What waits for somebody, as the menu tells it: counted now and then, not with every page.

use std::sync::{Mutex, PoisonError};

use madoguchi_core::time::{Millis, Monotonic};
use madoguchi_store::Work;

/// So long a count is good: others may have done something meanwhile.
const GOOD_FOR: Millis = Millis::from_secs(5);

/// What was counted last.
#[derive(Debug, Default)]
pub(crate) struct CountedWork(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    /// When; not set since something was changed.
    at: Option<Monotonic>,
    work: Work,
}

impl CountedWork {
    /// What was counted last.
    pub(crate) fn get(&self) -> Work {
        self.lock().work
    }

    /// Whether it is to be counted again.
    pub(crate) fn is_due(&self, now: Monotonic) -> bool {
        self.lock().at.is_none_or(|at| now - at >= GOOD_FOR)
    }

    pub(crate) fn save(&self, at: Monotonic, work: Work) {
        *self.lock() = Counted { at: Some(at), work };
    }

    /// Something was changed: it is counted again with the next page.
    pub(crate) fn note_change(&self) {
        self.lock().at = None;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_good_for_a_while_and_until_something_is_changed() {
        let counted = CountedWork::default();
        let at = |secs: i64| Monotonic(secs * 1_000);
        assert!(counted.is_due(at(0)));
        let work = Work {
            waiting: 3,
            ..Work::default()
        };
        counted.save(at(0), work);
        assert!(!counted.is_due(at(4)) && counted.is_due(at(5)));
        counted.note_change();
        assert!(counted.is_due(at(1)) && counted.get() == work);
    }
}
