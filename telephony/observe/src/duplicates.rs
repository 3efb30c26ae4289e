//! The same message seen twice: by two probes on one wire, or sent again.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;

use crate::capture::Micros;

/// A message that comes again within this time was seen by a second probe: a sender waits at least 500 ms
/// before it repeats one (RFC 3261 17.1.1.1: T1), and clocks of probes waver.
const SECOND_PROBE: Micros = Micros(490_000);
/// How long repetitions are told from new messages (RFC 3261: 64 T1).
const REPETITION: Micros = Micros::from_secs(32);
/// Messages that are remembered.
const REMEMBERED_AT_MOST: usize = 131_072;

/// When and between whom a message was first seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct First {
    /// When.
    pub at: Micros,
    /// Between whom: from, to.
    pub ends: (SocketAddr, SocketAddr),
    /// The how-manieth message it was.
    pub seq: u64,
}

/// What a message is in the light of those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Novelty {
    /// It was not seen before.
    New,
    /// It was sent again.
    Repeated {
        /// The message that it repeats.
        first: First,
        /// How often it was sent again by now.
        times: u32,
    },
    /// A second probe saw it.
    SecondProbe,
}

#[derive(Debug)]
struct Sighting {
    first: First,
    last: Micros,
    repeated: u32,
}

/// The messages of the last seconds, by hash.
#[derive(Debug, Default)]
pub struct Duplicates {
    seen: HashMap<u64, Sighting>,
    order: VecDeque<(Micros, u64)>,
}

impl Duplicates {
    /// Takes the canonical text of a message, and where it was seen.
    pub fn judge(&mut self, seen: First, canonical: &[u8]) -> Novelty {
        self.forget_old(seen.at);
        let mut hasher = DefaultHasher::new();
        canonical.hash(&mut hasher);
        let hash = hasher.finish();
        let Some(before) = self.seen.get_mut(&hash) else {
            self.order.push_back((seen.at, hash));
            let sighting = Sighting {
                first: seen,
                last: seen.at,
                repeated: 0,
            };
            self.seen.insert(hash, sighting);
            return Novelty::New;
        };
        let last = std::mem::replace(&mut before.last, seen.at);
        if last != seen.at {
            self.order.push_back((seen.at, hash));
        }
        if seen.at.since(last).0.abs() < SECOND_PROBE.0 {
            return Novelty::SecondProbe;
        }
        before.repeated = before.repeated.saturating_add(1);
        Novelty::Repeated {
            first: before.first,
            times: before.repeated,
        }
    }

    fn forget_old(&mut self, now: Micros) {
        while let Some((at, hash)) = self.order.front().copied() {
            let is_old = now.since(at).0.abs() > REPETITION.0;
            if !is_old && self.order.len() <= REMEMBERED_AT_MOST {
                break;
            }
            self.order.pop_front();
            if self.seen.get(&hash).is_some_and(|known| known.last == at) {
                self.seen.remove(&hash);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(at: Micros, port: u16) -> First {
        let ends = (([192, 0, 2, 1], port).into(), ([192, 0, 2, 2], 5060).into());
        First { at, ends, seq: 1 }
    }

    #[test]
    fn two_probes_see_one_message_and_a_sender_repeats_it_later() {
        let mut duplicates = Duplicates::default();
        let first = seen(Micros(0), 5060);
        let mut judge = |ms: i64, text: &str| {
            // The other probe stands behind a router that changes the port.
            let port = if ms == 0 { 5060 } else { 6060 };
            duplicates.judge(seen(Micros(ms * 1_000), port), text.as_bytes())
        };
        let repeated = |times| Novelty::Repeated { first, times };
        assert_eq!(judge(0, "a"), Novelty::New);
        assert_eq!(judge(0, "b"), Novelty::New);
        assert_eq!(judge(6, "a"), Novelty::SecondProbe);
        assert_eq!(judge(499, "a"), repeated(1));
        assert_eq!(judge(505, "a"), Novelty::SecondProbe);
        assert_eq!(judge(1_500, "a"), repeated(2));
        assert_eq!(judge(40_000, "a"), Novelty::New);
        assert_eq!(judge(40_100, "c"), Novelty::New);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut duplicates = Duplicates::default();
        for number in 0..REMEMBERED_AT_MOST + 1_000 {
            duplicates.judge(seen(Micros(1), 5060), number.to_string().as_bytes());
        }
        assert!(duplicates.seen.len() <= REMEMBERED_AT_MOST + 1);
    }
}
