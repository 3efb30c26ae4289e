//! The running month as it was last counted. Counting reads the month's calls and tickets: pages and boards
//! share one count, and who asks while a long one is made anew gets the last one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::NaiveDate;
use madoguchi_core::month::Month;
use madoguchi_core::time::{Millis, Monotonic};
use madoguchi_monthly::{RunningBasis, RunningMonth};

/// So long a count is good: others may have done something meanwhile.
const GOOD_FOR: Millis = Millis::from_secs(30);
/// A count that took no longer than this is made anew at once.
const QUICK: Millis = Millis(100);
/// One that took longer is made anew no sooner than after so many times as long, so that counting takes a
/// processor a twentieth of its time at the most.
const PAUSE: i64 = 20;
/// So long what is usual is good.
const BASIS_GOOD_FOR: Millis = Millis::from_secs(3_600);

/// What was counted last.
#[derive(Debug, Default)]
pub(crate) struct LastRunning {
    kept: Mutex<RunningCache>,
    /// One is made at a time, however many ask.
    pub(crate) making: tokio::sync::Mutex<()>,
    changes: AtomicU64,
}

#[derive(Debug, Default)]
struct RunningCache {
    basis: Option<(Monotonic, RunningBasis)>,
    made: Option<CountedMonth>,
    /// When somebody was last told to count anew for those who watch.
    asked: Option<Monotonic>,
}

#[derive(Debug)]
struct CountedMonth {
    at: Monotonic,
    took: Millis,
    changes: u64,
    month: Arc<RunningMonth>,
}

/// What there is.
#[derive(Debug)]
pub(crate) enum Last {
    /// It is good.
    Good(Arc<RunningMonth>),
    /// It is good enough until another one is made beside.
    Old(Arc<RunningMonth>),
    /// It has to be made.
    None,
}

/// What is to be kept with a count that is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Begun {
    at: Monotonic,
    changes: u64,
}

impl LastRunning {
    /// Something was changed: it is counted again.
    pub(crate) fn note_change(&self) {
        self.changes.fetch_add(1, Ordering::Relaxed);
    }

    /// What there is of the month of a day.
    pub(crate) fn get(&self, now: Monotonic, day: NaiveDate) -> Last {
        let kept = self.lock();
        let Some(made) = &kept.made else {
            return Last::None;
        };
        let month = made.month.clone();
        if month.month != Month::of(day) {
            return Last::None;
        }
        let age = now - made.at;
        if age < GOOD_FOR && made.changes == self.changes.load(Ordering::Relaxed) {
            return Last::Good(month);
        }
        if made.took <= QUICK {
            return Last::None;
        }
        if age.0 < made.took.0.saturating_mul(PAUSE) {
            return Last::Good(month);
        }
        Last::Old(month)
    }

    /// What was counted last, however long ago.
    pub(crate) fn latest(&self) -> Option<Arc<RunningMonth>> {
        self.lock().made.as_ref().map(|made| made.month.clone())
    }

    /// Whether it is to be looked at anew for those who watch; tells it to one who asks within `every`.
    pub(crate) fn is_due(&self, now: Monotonic, every: Millis) -> bool {
        let mut kept = self.lock();
        let due = kept.asked.is_none_or(|at| now - at >= every);
        if due {
            kept.asked = Some(now);
        }
        due
    }

    /// What is usual, if it is good for the day.
    pub(crate) fn basis(&self, now: Monotonic, day: NaiveDate) -> Option<RunningBasis> {
        let kept = self.lock();
        let (at, basis) = kept.basis.as_ref()?;
        (basis.day == day && now - *at < BASIS_GOOD_FOR).then(|| basis.clone())
    }

    pub(crate) fn save_basis(&self, at: Monotonic, basis: RunningBasis) {
        self.lock().basis = Some((at, basis));
    }

    /// A count begins: what is changed from here on is not in it.
    pub(crate) fn begin(&self, at: Monotonic) -> Begun {
        Begun {
            at,
            changes: self.changes.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn save(
        &self,
        begun: Begun,
        now: Monotonic,
        month: RunningMonth,
    ) -> Arc<RunningMonth> {
        let month = Arc::new(month);
        self.lock().made = Some(CountedMonth {
            at: now,
            took: now - begun.at,
            changes: begun.changes,
            month: month.clone(),
        });
        month
    }

    fn lock(&self) -> MutexGuard<'_, RunningCache> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use madoguchi_core::time::Instant;
    use madoguchi_reports::month::RunningCounts;

    fn month() -> RunningMonth {
        RunningMonth {
            month: "2026-11".parse().unwrap(),
            at: Instant(0),
            cut_off: Instant(0),
            items: Vec::new(),
            clocks: Vec::new(),
            counts: RunningCounts {
                judged: Vec::new(),
                unregistered: 0,
                hours: Vec::new(),
                unanswered: Vec::new(),
                unsolved: Vec::new(),
                answers: Vec::new(),
                solutions: Vec::new(),
                waiting: Vec::new(),
            },
            to_come: 0.0,
            limits: Vec::new(),
        }
    }

    fn counted(took: i64) -> LastRunning {
        let last = LastRunning::default();
        let begun = last.begin(Monotonic(0));
        last.save(begun, Monotonic(took), month());
        last
    }

    fn state(last: &LastRunning, at: i64) -> &'static str {
        match last.get(Monotonic(at), "2026-11-20".parse().unwrap()) {
            Last::Good(_) => "good",
            Last::Old(_) => "old",
            Last::None => "none",
        }
    }

    #[test]
    fn a_quick_count_is_made_anew_when_something_was_changed() {
        let last = counted(50);
        assert_eq!(state(&last, 29_000), "good");
        assert_eq!(state(&last, 31_000), "none");
        last.note_change();
        assert_eq!(state(&last, 100), "none");
        let december = "2026-12-01".parse().unwrap();
        assert!(matches!(last.get(Monotonic(100), december), Last::None));
    }

    #[test]
    fn a_long_count_serves_until_another_one_is_made_beside() {
        let last = counted(1_000);
        last.note_change();
        // It took a second: not sooner than twenty seconds later.
        assert_eq!(state(&last, 20_000), "good");
        assert_eq!(state(&last, 21_500), "old");
        assert!(last.latest().is_some());
    }

    #[test]
    fn one_of_those_who_watch_counts() {
        let last = LastRunning::default();
        let every = Millis::from_secs(10);
        assert!(last.is_due(Monotonic(0), every) && !last.is_due(Monotonic(9_999), every));
        assert!(last.is_due(Monotonic(10_000), every));
    }
}
