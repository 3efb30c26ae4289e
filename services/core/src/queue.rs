//! How many callers waited at once, by the time of the day.

use std::collections::BTreeMap;

use crate::time::Instant;

/// Who waits at any moment of such a step counts in the whole of it.
const STEP_SECS: u32 = 10;
const STEPS_IN_HOUR: u32 = 3_600 / STEP_SECS;

/// The callers who waited on one day, in steps of ten seconds from its beginning. Sums of such are
/// exact, in any order, and their size does not grow beyond that of a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueueLengths {
    /// By how many the queue is longer in a step than in the one before.
    changes: BTreeMap<u32, i64>,
}

/// The step of its day in which an instant lies.
fn step(at: Instant) -> u32 {
    let since_midnight = at - Instant::start_of(at.date());
    u32::try_from(since_midnight.0 / 1_000).unwrap_or(0) / STEP_SECS
}

impl QueueLengths {
    /// Adds a caller who waited; `None`: still does. Who waits over midnight waits to the end of
    /// the day.
    pub fn add(&mut self, from: Instant, until: Option<Instant>) {
        self.change(step(from), 1);
        if let Some(until) = until.filter(|until| until.date() == from.date()) {
            self.change(step(until.max(from)) + 1, -1);
        }
    }

    /// Adds the callers of others on the same day.
    pub fn merge(&mut self, other: &Self) {
        for (step, by) in &other.changes {
            self.change(*step, *by);
        }
    }

    fn change(&mut self, step: u32, by: i64) {
        let change = self.changes.entry(step).or_default();
        *change += by;
        if *change == 0 {
            self.changes.remove(&step);
        }
    }

    /// The most who waited at once, by hour, until now, which is on the same day; hours without
    /// anybody are left out.
    pub fn peaks(&self, now: Instant) -> BTreeMap<u32, u64> {
        let mut peaks: BTreeMap<u32, u64> = BTreeMap::new();
        let last = step(now);
        let nexts = self.changes.keys().skip(1).copied();
        let nexts = nexts.chain(std::iter::once(last + 1));
        let mut length = 0;
        for ((step, by), next) in self.changes.iter().zip(nexts) {
            length += by;
            let until = (next - 1).min(last);
            let count = u64::try_from(length).unwrap_or(0);
            if count == 0 || *step > until {
                continue;
            }
            for hour in step / STEPS_IN_HOUR..=until / STEPS_IN_HOUR {
                let peak = peaks.entry(hour).or_default();
                *peak = count.max(*peak);
            }
        }
        peaks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Instant {
        Instant::from_tokyo(format!("2026-11-24T{time}").parse().unwrap())
    }

    fn lengths(waits: &[(&str, Option<&str>)]) -> QueueLengths {
        let mut lengths = QueueLengths::default();
        for (from, until) in waits {
            lengths.add(at(from), until.map(at));
        }
        lengths
    }

    #[test]
    fn the_peak_of_an_hour_is_the_most_who_waited_at_once() {
        let waits = lengths(&[
            ("09:10:00", Some("09:10:50")),
            ("09:10:20", Some("09:10:40")),
            ("09:30:00", Some("09:30:05")),
            ("10:59:00", Some("11:00:30")),
        ]);
        let peaks = waits.peaks(at("15:00:00"));
        assert_eq!(peaks, BTreeMap::from([(9, 2), (10, 1), (11, 1)]));
    }

    #[test]
    fn who_still_waits_waits_until_now_and_no_longer_than_the_day() {
        let waits = lengths(&[("09:59:30", None), ("11:30:00", None)]);
        let peaks = |now| waits.peaks(now);
        assert_eq!(peaks(at("10:10:00")), BTreeMap::from([(9, 1), (10, 1)]));
        let all = BTreeMap::from([(9, 1), (10, 1), (11, 2), (12, 2)]);
        assert_eq!(peaks(at("12:00:05")), all);
        let midnight = Instant::from_tokyo("2026-11-25T00:00:05".parse().unwrap());
        let mut late = QueueLengths::default();
        late.add(at("23:59:00"), Some(midnight));
        assert_eq!(late.peaks(at("23:59:59")), BTreeMap::from([(23, 1)]));
    }

    #[test]
    fn sums_are_the_same_in_any_order_and_nothing_is_left_of_nobody() {
        let one = [("09:00:00", Some("09:00:30")), ("09:00:15", None)];
        let two = [("09:00:20", Some("09:05:00"))];
        let (mut left, mut right) = (lengths(&one), lengths(&two));
        left.merge(&lengths(&two));
        right.merge(&lengths(&one));
        assert_eq!(left, right);
        assert_eq!(left.peaks(at("10:00:00"))[&9], 3);
        assert!(QueueLengths::default().peaks(at("10:00:00")).is_empty());
    }
}
