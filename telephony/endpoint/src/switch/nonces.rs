//! Which uses of our nonces were seen: the same credentials twice are a replay (RFC 7616 5.12).

use std::hash::RandomState;

use lru::LruCache;
use madoguchi_sip::digest::NONCE_LIFETIME_MS;

use super::guard::room;

/// More nonces than this are not in use at once by phones that know their passwords; of one that
/// is forgotten no further use is believed.
const NONCES_AT_MOST: usize = 50_000;
/// Requests that overtook one another count as long as they are so close together.
const WINDOW: u32 = 64;

/// The uses of nonces. A nonce given here is one of ours, and was used with the right password.
#[derive(Debug)]
pub(super) struct Nonces {
    seen: LruCache<Box<str>, Uses, RandomState>,
    /// Nonces made up to here may have been forgotten.
    forgotten_until: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Uses {
    made_at: u64,
    highest: u32,
    /// Bit n: the use `highest - n` was seen.
    window: u64,
}

impl Default for Nonces {
    fn default() -> Self {
        Self {
            seen: room(NONCES_AT_MOST),
            forgotten_until: None,
        }
    }
}

impl Nonces {
    /// Whether this use of a nonce was not seen before; remembers it.
    pub(super) fn is_new(&mut self, nonce: &str, made_at: u64, count: u32) -> bool {
        if let Some(uses) = self.seen.get_mut(nonce) {
            return uses.add(count);
        }
        if self.forgotten_until.is_some_and(|until| made_at <= until) {
            return false;
        }
        let uses = Uses {
            made_at,
            highest: count,
            window: 1,
        };
        if let Some((_, forgotten)) = self.seen.push(nonce.into(), uses) {
            self.forgotten_until = self.forgotten_until.max(Some(forgotten.made_at));
        }
        true
    }

    /// Forgets nonces that are valid no more.
    pub(super) fn forget_old(&mut self, now_ms: u64) {
        let is_old = |uses: &Uses| now_ms >= uses.made_at.saturating_add(NONCE_LIFETIME_MS);
        while self.seen.peek_lru().is_some_and(|(_, uses)| is_old(uses)) {
            self.seen.pop_lru();
        }
    }
}

impl Uses {
    fn add(&mut self, count: u32) -> bool {
        if count > self.highest {
            let ahead = count - self.highest;
            self.window = self.window.checked_shl(ahead).unwrap_or(0) | 1;
            self.highest = count;
            return true;
        }
        let behind = self.highest - count;
        if behind >= WINDOW {
            return false;
        }
        let bit = 1_u64 << behind;
        let is_new = self.window & bit == 0;
        self.window |= bit;
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_use_of_a_nonce_counts_once_even_if_one_overtakes_another() {
        let mut nonces = Nonces::default();
        let uses = [1, 2, 4, 3, 70, 69, 8, 7];
        let new: Vec<_> = uses
            .iter()
            .map(|count| nonces.is_new("n", 0, *count))
            .collect();
        // 70 - 64 = 6: what is older is not believed.
        assert_eq!(new, [true; 8]);
        assert!(uses.iter().all(|count| !nonces.is_new("n", 0, *count)));
        assert!(!nonces.is_new("n", 0, 6));
        assert!(nonces.is_new("n", 0, u32::MAX));
        assert!(!nonces.is_new("n", 0, 71));
        assert!(nonces.is_new("other", 0, 1));
    }

    #[test]
    fn of_a_nonce_that_was_forgotten_for_want_of_room_no_use_is_believed() {
        let mut nonces = Nonces::default();
        for n in 0..=NONCES_AT_MOST as u64 {
            assert!(nonces.is_new(&n.to_string(), 1_000 + n, 1));
        }
        assert_eq!(nonces.seen.len(), NONCES_AT_MOST);
        assert!(!nonces.is_new("0", 1_000, 1));
        assert!(!nonces.is_new("1", 1_001, 1));
    }

    #[test]
    fn nonces_that_are_old_take_no_room() {
        let mut nonces = Nonces::default();
        nonces.is_new("a", 0, 1);
        nonces.is_new("b", 5_000, 1);
        nonces.forget_old(NONCE_LIFETIME_MS);
        assert_eq!(nonces.seen.len(), 1);
    }
}
