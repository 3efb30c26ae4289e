//! How much one network address may ask: so many requests at once, and as many again within a time,
//! by the clock that never jumps.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use madoguchi_core::time::{Millis, Monotonic};

/// More addresses are not remembered at once.
const ENTRIES_AT_MOST: usize = 20_000;
/// Those that have everything again are looked for so often.
const PURGE_EVERY: Millis = Millis::from_secs(1);
/// All addresses beyond that count as this one.
const CROWD: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// What every address has left.
#[derive(Debug)]
pub(crate) struct Rates {
    at_once: i64,
    /// Within so much time an address that has nothing left has everything again.
    within: Millis,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    left: HashMap<IpAddr, Left>,
    purged_at: Option<Monotonic>,
}

/// An address as it is limited: in an IPv6 network of 64 bits one machine may use every address.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// What is left, in parts of which a request takes `within` milliseconds' worth.
#[derive(Debug, Clone, Copy)]
struct Left {
    parts: i64,
    at: Monotonic,
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
            table: Mutex::default(),
        }
    }

    /// Whether a request from this address is taken now.
    pub(crate) fn takes(&self, address: IpAddr, now: Monotonic) -> bool {
        let most = self.most();
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let mut network = network(address);
        if table.left.len() >= ENTRIES_AT_MOST && !table.left.contains_key(&network) {
            if table.purged_at.is_none_or(|at| now - at >= PURGE_EVERY) {
                table.purged_at = Some(now);
                table
                    .left
                    .retain(|_, left| self.refilled(*left, now).parts < most);
            }
            // The crowd shares what one has: whoever was here before keeps theirs.
            if table.left.len() >= ENTRIES_AT_MOST {
                network = CROWD;
            }
        }
        let entry = table.left.entry(network).or_insert(Left {
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

    fn refilled(&self, left: Left, now: Monotonic) -> Left {
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
        let taken = (0..500).filter(|_| rates.takes(one, Monotonic(0))).count();
        assert_eq!(taken, 400);
        assert!(rates.takes(other, Monotonic(0)));
        assert!(!rates.takes(one, Monotonic(24)));
        assert!(rates.takes(one, Monotonic(25)));
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_address() {
        let rates = Rates::new(3, Millis::from_secs(60));
        let of =
            |net: u16, host: u16| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, net, 0, 0, 0, host));
        let taken = (0..9).filter(|host| rates.takes(of(1, *host), Monotonic(0)));
        assert_eq!(taken.count(), 3);
        assert!(rates.takes(of(2, 0), Monotonic(0)));
        let mapped = IpAddr::V6("::ffff:192.0.2.1".parse().unwrap());
        assert_eq!(network(mapped), IpAddr::from([192, 0, 2, 1]));
    }

    #[test]
    fn a_crowd_of_addresses_gives_nobody_theirs_back() {
        let rates = Rates::new(2, Millis::from_secs(60));
        let address = |n: u32| IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + n));
        let first = address(0);
        assert!(rates.takes(first, Monotonic(0)) && rates.takes(first, Monotonic(0)));
        let crowd = (1..30_000)
            .filter(|n| rates.takes(address(*n), Monotonic(1)))
            .count();
        assert_eq!(crowd, ENTRIES_AT_MOST - 1 + 2);
        assert!(!rates.takes(first, Monotonic(2)), "still remembered");
        assert!(
            rates.takes(address(50_000), Monotonic(70_000)),
            "the crowd is gone"
        );
    }

    #[test]
    fn what_is_used_up_comes_back_within_the_time() {
        let rates = Rates::new(3, Millis::from_secs(60));
        let one = IpAddr::from([192, 0, 2, 1]);
        let taken = |at| (0..5).filter(|_| rates.takes(one, Monotonic(at))).count();
        assert_eq!(taken(0), 3);
        assert_eq!(taken(19_999), 0);
        assert_eq!(taken(20_000), 1);
        assert_eq!(taken(200_000), 3);
    }
}
