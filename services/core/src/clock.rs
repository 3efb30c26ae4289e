//! Where the time comes from. The system clock at the edge, a clock in the hand in tests.
//!
//! A desk has two clocks. The calendar's (the clock on the wall) says which day and hour it is; an
//! operator or NTP may set it at any time. The monotonic one never jumps; whatever lasts is measured
//! by it: talks, limits, idle times.

use std::sync::{Mutex, OnceLock};

use crate::time::{Instant, Millis, Monotonic};

/// Tells the time. Only the edge (sockets, jobs, requests) asks it; rules take the answer.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// What the clock on the wall shows. May jump in both directions.
    fn now(&self) -> Instant;

    /// What the clock shows that never jumps.
    fn monotonic(&self) -> Monotonic;

    /// Both at once.
    fn moment(&self) -> Moment {
        Moment {
            wall: self.now(),
            monotonic: self.monotonic(),
        }
    }
}

/// One moment by both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// By the calendar.
    pub wall: Instant,
    /// By the clock that never jumps.
    pub monotonic: Monotonic,
}

impl Moment {
    /// A moment of a world in which nobody sets the clock: one reading tells both. For tests.
    pub fn steady(wall: Instant) -> Self {
        Self {
            wall,
            monotonic: Monotonic(wall.0),
        }
    }

    /// What a calendar clock that was right at this moment, and was never set since, would show at
    /// a later reading.
    pub fn wall_at(self, later: Monotonic) -> Instant {
        self.wall + (later - self.monotonic)
    }
}

/// For tests, in whose world nobody sets the clock.
impl From<Instant> for Moment {
    fn from(wall: Instant) -> Self {
        Self::steady(wall)
    }
}

/// The least difference that counts as a jump: more than NTP slews away unseen, and more than two
/// clocks that are read one after the other may differ.
pub const JUMP_AT_LEAST: Millis = Millis(1_000);

/// Notices when the calendar's clock is set.
#[derive(Debug, Clone, Copy)]
pub struct JumpWatch {
    last: Moment,
}

impl JumpWatch {
    /// Watches from `now` on.
    pub fn new(now: Moment) -> Self {
        Self { last: now }
    }

    /// By how much the clock was set since the last jump or the beginning: forward if positive.
    pub fn observe(&mut self, now: Moment) -> Option<Millis> {
        let by = now.wall - self.last.wall_at(now.monotonic);
        if by.0.saturating_abs() < JUMP_AT_LEAST.0 {
            return None;
        }
        self.last = now;
        Some(by)
    }
}

/// The machine's clocks.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the machine's clock"
    )]
    fn now(&self) -> Instant {
        let since_epoch = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        Instant(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the machine's clock"
    )]
    fn monotonic(&self) -> Monotonic {
        static ORIGIN: OnceLock<std::time::Instant> = OnceLock::new();
        let passed = ORIGIN.get_or_init(std::time::Instant::now).elapsed();
        Monotonic(i64::try_from(passed.as_millis()).unwrap_or(i64::MAX))
    }
}

/// How far the readings of a test's monotonic clock are from the calendar's.
const MONOTONIC_BEHIND: Millis = Millis(1_700_000_000_000);

/// A clock for tests: stands still, or runs from a given instant. Standing at or running from
/// another instant lets that much time pass; only [`TestClock::set_wall`] makes a jump.
#[derive(Debug)]
pub struct TestClock {
    state: Mutex<TestClockState>,
}

#[derive(Debug)]
struct TestClockState {
    time: TestTime,
    /// By how much the calendar's clock is ahead of the time that has passed.
    ahead: Millis,
}

#[derive(Debug)]
enum TestTime {
    Standing(Monotonic),
    Running { offset: Millis },
}

impl TestTime {
    fn now(&self) -> Monotonic {
        match self {
            Self::Standing(now) => *now,
            Self::Running { offset } => SystemClock.monotonic() + *offset,
        }
    }
}

impl TestClock {
    /// A clock that shows `now` until it is set or run.
    pub fn standing_at(now: Instant) -> Self {
        Self::new(TestTime::Standing(Monotonic(now.0)))
    }

    /// A clock that shows `now` at this moment and goes on from there.
    pub fn running_from(now: Instant) -> Self {
        Self::new(running_from(Monotonic(now.0)))
    }

    fn new(time: TestTime) -> Self {
        let ahead = Millis::ZERO;
        Self {
            state: Mutex::new(TestClockState { time, ahead }),
        }
    }

    /// Stops the clock at `now`.
    pub fn stand_at(&self, now: Instant) {
        let mut state = self.lock();
        state.time = TestTime::Standing(Monotonic((now - state.ahead).0));
    }

    /// Lets the clock go on from `now`.
    pub fn run_from(&self, now: Instant) {
        let mut state = self.lock();
        state.time = running_from(Monotonic((now - state.ahead).0));
    }

    /// Sets the calendar's clock forward, or back if negative. No time passes.
    pub fn set_wall(&self, by: Millis) {
        let mut state = self.lock();
        state.ahead = state.ahead + by;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, TestClockState> {
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn running_from(now: Monotonic) -> TestTime {
    TestTime::Running {
        offset: now - SystemClock.monotonic(),
    }
}

impl Clock for TestClock {
    fn now(&self) -> Instant {
        let state = self.lock();
        Instant(state.time.now().0) + state.ahead
    }

    fn monotonic(&self) -> Monotonic {
        // As of a real clock, nobody may take it for the calendar's.
        self.lock().time.now() - MONOTONIC_BEHIND
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(wall: i64, monotonic: i64) -> Moment {
        Moment {
            wall: Instant(wall),
            monotonic: Monotonic(monotonic),
        }
    }

    #[test]
    fn a_clock_that_is_set_is_noticed_once_and_one_that_drifts_is_not() {
        let mut watch = JumpWatch::new(moment(1_000_000, 0));
        assert_eq!(watch.observe(moment(1_010_000, 10_000)), None);
        assert_eq!(watch.observe(moment(1_020_900, 20_000)), None);
        assert_eq!(
            watch.observe(moment(4_630_000, 30_000)),
            Some(Millis(3_600_000))
        );
        assert_eq!(watch.observe(moment(4_640_000, 40_000)), None);
        assert_eq!(
            watch.observe(moment(1_050_000, 50_000)),
            Some(Millis(-3_600_000))
        );
    }

    #[test]
    fn a_test_clock_lets_time_pass_or_sets_the_wall_clock_alone() {
        let clock = TestClock::standing_at(Instant(5_000));
        let before = clock.monotonic();
        clock.stand_at(Instant(9_000));
        assert_eq!(clock.monotonic() - before, Millis(4_000));
        clock.set_wall(Millis(-3_600_000));
        assert_eq!(clock.now(), Instant(9_000 - 3_600_000));
        assert_eq!(clock.monotonic() - before, Millis(4_000));
        clock.stand_at(clock.now() + Millis(1));
        assert_eq!(clock.monotonic() - before, Millis(4_001));
    }
}
