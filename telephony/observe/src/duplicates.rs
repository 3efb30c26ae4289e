//! The same message seen twice: by two probes on one wire, or sent again.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::capture::Micros;

/// A message that comes again within this time was seen by a second probe: a sender waits at least as
/// long before it repeats one (RFC 3261 17.1.1.1: T1).
const SECOND_PROBE: Micros = Micros(500_000);
/// How long repetitions are told from new messages (RFC 3261: 64 T1).
const REPETITION: Micros = Micros::from_secs(32);
/// Messages that are remembered.
const REMEMBERED_AT_MOST: usize = 131_072;

/// What a message is in the light of those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Novelty {
    /// It was not seen before.
    New,
    /// It was sent again.
    Repeated,
    /// A second probe saw it.
    SecondProbe,
}

/// The messages of the last seconds, by hash.
#[derive(Debug, Default)]
pub struct Duplicates {
    seen: HashMap<u64, Micros>,
    order: VecDeque<(Micros, u64)>,
}

impl Duplicates {
    /// Takes the canonical text of a message.
    pub fn judge(&mut self, at: Micros, canonical: &[u8]) -> Novelty {
        self.forget_old(at);
        let mut hasher = DefaultHasher::new();
        canonical.hash(&mut hasher);
        let hash = hasher.finish();
        let before = self.seen.insert(hash, at);
        if before != Some(at) {
            self.order.push_back((at, hash));
        }
        match before {
            None => Novelty::New,
            Some(before) if at.since(before).0.abs() < SECOND_PROBE.0 => Novelty::SecondProbe,
            Some(_) => Novelty::Repeated,
        }
    }

    fn forget_old(&mut self, now: Micros) {
        while let Some((at, hash)) = self.order.front().copied() {
            let is_old = now.since(at).0.abs() > REPETITION.0;
            if !is_old && self.order.len() <= REMEMBERED_AT_MOST {
                break;
            }
            self.order.pop_front();
            if self.seen.get(&hash) == Some(&at) {
                self.seen.remove(&hash);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_probes_see_one_message_and_a_sender_repeats_it_later() {
        let mut duplicates = Duplicates::default();
        let mut judge = |ms: i64, text: &str| duplicates.judge(Micros(ms * 1_000), text.as_bytes());
        assert_eq!(judge(0, "a"), Novelty::New);
        assert_eq!(judge(0, "b"), Novelty::New);
        assert_eq!(judge(499, "a"), Novelty::SecondProbe);
        assert_eq!(judge(499 + 500, "a"), Novelty::Repeated);
        assert_eq!(judge(40_000, "a"), Novelty::New);
        assert_eq!(judge(40_100, "c"), Novelty::New);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut duplicates = Duplicates::default();
        for number in 0..REMEMBERED_AT_MOST + 1_000 {
            duplicates.judge(Micros(1), number.to_string().as_bytes());
        }
        assert!(duplicates.seen.len() <= REMEMBERED_AT_MOST + 1);
    }
}
