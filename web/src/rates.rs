//! How much one network address may ask: so many requests at once, and as many again within a time.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use madoguchi_core::time::{Instant, Millis};

/// More addresses are not remembered at once.
const ENTRIES_AT_MOST: usize = 20_000;

/// What every address has left.
#[derive(Debug)]
pub(crate) struct Rates {
    at_once: i64,
    /// Within so much time an address that has nothing left has everything again.
    within: Millis,
    left: Mutex<HashMap<IpAddr, Left>>,
}

/// What is left, in parts of which a request takes `within` milliseconds' worth.
#[derive(Debug, Clone, Copy)]
struct Left {
    parts: i64,
    at: Instant,
}

impl Rates {
    /// So many requests a second, and ten times as many at once.
    pub(crate) fn per_second(requests: u32) -> Self {
        Self::new(requests.saturating_mul(10), Millis::from_secs(10))
    }

    /// So many requests at once, and as many again within a time.
    pub(crate) fn new(at_once: u32, within: Millis) -> Self {
        Self {
            at_once: i64::from(at_once),
            within,
            left: Mutex::default(),
        }
    }

    /// Whether a request from this address is taken now.
    pub(crate) fn takes(&self, address: IpAddr, now: Instant) -> bool {
        let most = self.most();
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        if left.len() >= ENTRIES_AT_MOST && !left.contains_key(&address) {
            left.retain(|_, left| self.refilled(*left, now).parts < most);
        }
        if left.len() >= ENTRIES_AT_MOST && !left.contains_key(&address) {
            left.clear();
        }
        let entry = left.entry(address).or_insert(Left {
            parts: most,
            at: now,
        });
        *entry = self.refilled(*entry, now);
        if entry.parts < self.within.0 {
            return false;
        }
        entry.parts -= self.within.0;
        true
    }

    fn most(&self) -> i64 {
        self.at_once.saturating_mul(self.within.0)
    }

    fn refilled(&self, left: Left, now: Instant) -> Left {
        // Each millisecond brings as many parts as requests are taken at once.
        let more = (now - left.at).0.max(0).saturating_mul(self.at_once);
        Left {
            parts: left.parts.saturating_add(more).min(self.most()),
            at: left.at.max(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_asks_too_much_is_held_up_and_no_other() {
        let rates = Rates::per_second(40);
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let taken = (0..500).filter(|_| rates.takes(one, Instant(0))).count();
        assert_eq!(taken, 400);
        assert!(rates.takes(other, Instant(0)));
        assert!(!rates.takes(one, Instant(24)));
        assert!(rates.takes(one, Instant(25)));
    }

    #[test]
    fn what_is_used_up_comes_back_within_the_time() {
        let rates = Rates::new(3, Millis::from_secs(60));
        let one = IpAddr::from([192, 0, 2, 1]);
        let taken = |at| (0..5).filter(|_| rates.takes(one, Instant(at))).count();
        assert_eq!(taken(0), 3);
        assert_eq!(taken(19_999), 0);
        assert_eq!(taken(20_000), 1);
        assert_eq!(taken(200_000), 3);
    }
}
