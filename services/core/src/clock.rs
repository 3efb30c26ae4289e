//! Where the time comes from. The system clock at the edge, a clock in the hand in tests.

use std::sync::Mutex;

use crate::time::{Instant, Millis};

/// Tells the time. Only the edge (sockets, jobs, requests) asks it; rules take the answer.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The instant that it is now.
    fn now(&self) -> Instant;
}

/// The machine's clock.
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
}

/// A clock for tests: stands still, or runs from a given instant beside another clock.
#[derive(Debug)]
pub struct TestClock {
    state: Mutex<TestClockState>,
}

#[derive(Debug)]
enum TestClockState {
    Standing(Instant),
    Running { offset: Millis },
}

impl TestClock {
    /// A clock that shows `now` until it is set or run.
    pub fn standing_at(now: Instant) -> Self {
        Self {
            state: Mutex::new(TestClockState::Standing(now)),
        }
    }

    /// A clock that shows `now` at this moment and goes on from there.
    pub fn running_from(now: Instant) -> Self {
        Self {
            state: Mutex::new(TestClockState::Running {
                offset: now - SystemClock.now(),
            }),
        }
    }

    /// Stops the clock at `now`.
    pub fn stand_at(&self, now: Instant) {
        *self.lock() = TestClockState::Standing(now);
    }

    /// Lets the clock go on from `now`.
    pub fn run_from(&self, now: Instant) {
        *self.lock() = TestClockState::Running {
            offset: now - SystemClock.now(),
        };
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, TestClockState> {
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Clock for TestClock {
    fn now(&self) -> Instant {
        match &*self.lock() {
            TestClockState::Standing(now) => *now,
            TestClockState::Running { offset } => SystemClock.now() + *offset,
        }
    }
}
