//! What the switch is to be woken for, and when.

use std::collections::{BTreeSet, HashMap};

use madoguchi_line::api::TimerId;

use super::agenda::Wake;

/// All that is due some time, in monotonic milliseconds.
#[derive(Debug, Default)]
pub(super) struct Wakes {
    due: BTreeSet<(u64, Wake)>,
    /// When each timer of the engine is due, so that it can be cleared by its name.
    engine: HashMap<TimerId, u64>,
}

impl Wakes {
    pub(super) fn set(&mut self, at: u64, wake: Wake) {
        self.due.insert((at, wake));
    }

    /// Not at that time any more.
    pub(super) fn clear(&mut self, at: u64, wake: Wake) {
        self.due.remove(&(at, wake));
    }

    /// Not at any time any more.
    pub(super) fn clear_all(&mut self, wake: &Wake) {
        self.due.retain(|(_, other)| other != wake);
    }

    pub(super) fn set_engine(&mut self, timer: TimerId, at: u64) {
        self.engine.insert(timer, at);
        self.set(at, Wake::Engine(timer));
    }

    pub(super) fn clear_engine(&mut self, timer: TimerId) {
        if let Some(at) = self.engine.remove(&timer) {
            self.clear(at, Wake::Engine(timer));
        }
    }

    /// Timers of the engine that run.
    pub(super) fn engine_timers(&self) -> usize {
        self.engine.len()
    }

    pub(super) fn next_at(&self) -> Option<u64> {
        self.due.first().map(|(at, _)| *at)
    }

    /// The next thing that is due by now.
    pub(super) fn take_due(&mut self, now: u64) -> Option<Wake> {
        if self.next_at()? > now {
            return None;
        }
        let (_, wake) = self.due.pop_first()?;
        if let Wake::Engine(timer) = &wake {
            self.engine.remove(timer);
        }
        Some(wake)
    }
}

#[cfg(test)]
mod tests {
    use super::super::side::SideId;
    use super::*;

    const SIDE: Wake = Wake::DialTimeout(SideId(1));

    #[test]
    fn what_is_due_comes_in_the_order_of_its_times() {
        let mut wakes = Wakes::default();
        wakes.set(20, SIDE);
        wakes.set(10, Wake::KeepAlive);
        assert_eq!(wakes.next_at(), Some(10));
        assert_eq!(wakes.take_due(9), None);
        assert_eq!(wakes.take_due(30), Some(Wake::KeepAlive));
        assert_eq!(wakes.take_due(30), Some(SIDE));
        assert_eq!(wakes.take_due(30), None);
    }

    #[test]
    fn what_is_cleared_is_not_due() {
        let mut wakes = Wakes::default();
        wakes.set(10, SIDE);
        wakes.clear(11, SIDE);
        assert_eq!(wakes.next_at(), Some(10));
        wakes.clear(10, SIDE);
        wakes.set(5, Wake::KeepAlive);
        wakes.set(6, Wake::KeepAlive);
        wakes.clear_all(&Wake::KeepAlive);
        assert_eq!(wakes.next_at(), None);
    }

    #[test]
    fn a_timer_of_the_engine_is_cleared_by_its_name_and_runs_out_once() {
        let mut wakes = Wakes::default();
        wakes.set_engine(TimerId(1), 10);
        wakes.set_engine(TimerId(2), 10);
        wakes.clear_engine(TimerId(1));
        assert_eq!(wakes.engine_timers(), 1);
        assert_eq!(wakes.take_due(10), Some(Wake::Engine(TimerId(2))));
        assert_eq!(wakes.engine_timers(), 0);
        wakes.clear_engine(TimerId(2));
        assert_eq!(wakes.take_due(10), None);
    }
}
