//! Guesses at a secret: each is reserved before it is looked at, the next has to wait ever longer,
//! and from one address only so many are taken. Times are those of a clock that never jumps.

use crate::time::{Millis, Monotonic};

/// From this failure on the next attempt has to wait.
const FAILURES_TO_WAIT: u32 = 3;
/// The longest wait between two attempts.
const LONGEST_WAIT: Millis = Millis::from_secs(60);
/// Failures from one address that are taken within [`ADDRESS_PERIOD`].
const ADDRESS_FAILURES: u32 = 20;
const ADDRESS_PERIOD: Millis = Millis::from_secs(600);

/// Guesses at one account, by one name or from one device. Those under way count as failures until
/// they have turned out otherwise, so that many at once come to no more than one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Guesses {
    failures: u32,
    under_way: u32,
    failed_at: Monotonic,
}

impl Guesses {
    /// Reserves a guess; tells how many others are under way. Otherwise how long to wait.
    ///
    /// # Errors
    /// The time that has to pass first.
    pub fn reserve(&mut self, now: Monotonic) -> Result<u32, Millis> {
        let wait = wait_after(self.failures.saturating_add(self.under_way));
        let passed = if self.under_way > 0 {
            Millis::ZERO
        } else {
            now - self.failed_at
        };
        if passed < wait {
            return Err(Millis(wait.0 - passed.0));
        }
        self.under_way += 1;
        Ok(self.under_way - 1)
    }

    /// A guess was wrong.
    pub fn fail(&mut self, now: Monotonic) {
        self.withdraw();
        self.failures = self.failures.saturating_add(1);
        self.failed_at = now;
    }

    /// A guess was right, but is not all that is asked for: it counts neither way.
    pub fn withdraw(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    /// Somebody has proven themselves: failures before are forgotten.
    pub fn succeed(&mut self) {
        self.withdraw();
        self.failures = 0;
    }
}

/// How long the next attempt has to wait after so many failures: 0, 0, 2 s, 4 s … 60 s.
fn wait_after(failures: u32) -> Millis {
    if failures < FAILURES_TO_WAIT {
        return Millis::ZERO;
    }
    let exponent = (failures - FAILURES_TO_WAIT + 1).min(6);
    Millis::from_secs(1 << exponent).min(LONGEST_WAIT)
}

/// Guesses from one network address, whatever the account: 20 failures within 10 minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AddressGuesses {
    failures: u32,
    under_way: u32,
    since: Monotonic,
}

impl AddressGuesses {
    /// Reserves a guess.
    ///
    /// # Errors
    /// The time that has to pass first.
    pub fn reserve(&mut self, now: Monotonic) -> Result<(), Millis> {
        let passed = now - self.since;
        if passed >= ADDRESS_PERIOD {
            self.failures = 0;
        }
        if self.failures.saturating_add(self.under_way) >= ADDRESS_FAILURES {
            let left = Millis(ADDRESS_PERIOD.0 - passed.0);
            // Those under way may still turn out right.
            let soon = Millis::from_secs(1);
            return Err(if self.failures >= ADDRESS_FAILURES {
                left
            } else {
                soon
            });
        }
        self.under_way += 1;
        Ok(())
    }

    /// A guess was wrong.
    pub fn fail(&mut self, now: Monotonic) {
        self.withdraw();
        if self.failures == 0 || now - self.since >= ADDRESS_PERIOD {
            self.failures = 0;
            self.since = now;
        }
        self.failures = self.failures.saturating_add(1);
    }

    /// A guess was right.
    pub fn withdraw(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Monotonic {
        Monotonic(secs * 1000)
    }

    #[test]
    fn guesses_wait_ever_longer() {
        let mut guesses = Guesses::default();
        let mut now = 0;
        for secs in [0, 0, 0, 2, 4, 8, 16, 32, 60, 60] {
            if secs > 0 {
                let early = guesses.reserve(at(now + secs - 1));
                assert_eq!(early, Err(Millis::from_secs(1)), "{secs}");
            }
            now += secs;
            assert_eq!(guesses.reserve(at(now)), Ok(0), "{secs}");
            guesses.fail(at(now));
        }
    }

    #[test]
    fn many_guesses_at_once_come_to_no_more_than_one_after_the_other() {
        let mut guesses = Guesses::default();
        let taken = (0..300).filter(|_| guesses.reserve(at(5)).is_ok()).count();
        assert_eq!(taken, 3);
        for _ in 0..taken {
            guesses.fail(at(6));
        }
        assert_eq!(guesses.reserve(at(7)), Err(Millis::from_secs(1)));
        let taken = (0..300).filter(|_| guesses.reserve(at(8)).is_ok()).count();
        assert_eq!(taken, 1);
    }

    #[test]
    fn a_right_guess_forgets_failures_and_half_a_right_one_does_not() {
        let mut guesses = Guesses::default();
        for _ in 0..2 {
            guesses.reserve(at(0)).unwrap();
            guesses.fail(at(0));
        }
        guesses.reserve(at(0)).unwrap();
        guesses.withdraw();
        guesses.reserve(at(0)).unwrap();
        guesses.fail(at(0));
        assert!(guesses.reserve(at(0)).is_err());
        guesses.reserve(at(2)).unwrap();
        guesses.succeed();
        assert_eq!(
            guesses,
            Guesses {
                failed_at: at(0),
                ..Guesses::default()
            }
        );
    }

    #[test]
    fn an_address_is_held_up_after_twenty_failures_however_many_come_at_once() {
        let mut guesses = AddressGuesses::default();
        let taken = (0..300).filter(|_| guesses.reserve(at(5)).is_ok()).count();
        assert_eq!(taken, 20);
        assert_eq!(guesses.reserve(at(5)), Err(Millis::from_secs(1)));
        for _ in 0..taken {
            guesses.fail(at(5));
        }
        assert_eq!(guesses.reserve(at(6)), Err(Millis::from_secs(599)));
        assert_eq!(guesses.reserve(at(605)), Ok(()));
        guesses.withdraw();
        assert_eq!(guesses.reserve(at(606)), Ok(()), "the period is over");
    }
}
