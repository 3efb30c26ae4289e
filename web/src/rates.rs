//! How much one network address may ask: so many requests a second, and ten times as many at once.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use madoguchi_core::time::Instant;

/// More addresses are not remembered at once.
const ENTRIES_AT_MOST: usize = 20_000;

/// What every address has left.
#[derive(Debug)]
pub(crate) struct Rates {
    per_second: i64,
    left: Mutex<HashMap<IpAddr, Left>>,
}

#[derive(Debug, Clone, Copy)]
struct Left {
    /// Thousandths of requests.
    millis: i64,
    at: Instant,
}

impl Rates {
    pub(crate) fn new(per_second: u32) -> Self {
        Self {
            per_second: i64::from(per_second),
            left: Mutex::default(),
        }
    }

    /// Whether a request from this address is taken now.
    pub(crate) fn takes(&self, address: IpAddr, now: Instant) -> bool {
        // Thousandths.
        let most = self.per_second * 10 * 1000;
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        if left.len() >= ENTRIES_AT_MOST && !left.contains_key(&address) {
            left.retain(|_, left| left.refilled(self.per_second, now).millis < most);
        }
        if left.len() >= ENTRIES_AT_MOST && !left.contains_key(&address) {
            left.clear();
        }
        let entry = left.entry(address).or_insert(Left {
            millis: most,
            at: now,
        });
        *entry = entry.refilled(self.per_second, now);
        if entry.millis < 1000 {
            return false;
        }
        entry.millis -= 1000;
        true
    }
}

impl Left {
    fn refilled(self, per_second: i64, now: Instant) -> Self {
        // Thousandths a millisecond are whole ones a second.
        let more = (now - self.at).0.max(0).saturating_mul(per_second);
        let most = per_second * 10 * 1000;
        Self {
            millis: self.millis.saturating_add(more).min(most),
            at: self.at.max(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_asks_too_much_is_held_up_and_no_other() {
        let rates = Rates::new(40);
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let taken = (0..500).filter(|_| rates.takes(one, Instant(0))).count();
        assert_eq!(taken, 400);
        assert!(rates.takes(other, Instant(0)));
        assert!(!rates.takes(one, Instant(24)));
        assert!(rates.takes(one, Instant(25)));
    }
}
