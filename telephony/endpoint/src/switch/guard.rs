//! Keeps those whom we do not know from guessing passwords or burying the desk in requests.

use std::collections::HashMap;
use std::net::IpAddr;

const WINDOW_MS: u64 = 60_000;
/// More addresses than this are not told apart: the oldest windows go first.
const ADDRESSES_AT_MOST: usize = 10_000;

/// Counts requests of unknown origin by address, in windows of one minute.
#[derive(Debug)]
pub(super) struct Guard {
    per_minute: u32,
    windows: HashMap<IpAddr, Window>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    began: u64,
    count: u32,
}

/// What to do with a request of unknown origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Answer it as the rules say.
    Answer,
    /// The limit was reached with this one: say so in the log, then be silent.
    LimitReached,
    /// Be silent.
    Ignore,
}

impl Guard {
    pub(super) fn new(per_minute: u32) -> Self {
        Self {
            per_minute,
            windows: HashMap::new(),
        }
    }

    pub(super) fn set_limit(&mut self, per_minute: u32) {
        self.per_minute = per_minute;
    }

    /// Counts one request of unknown origin.
    pub(super) fn count(&mut self, source: IpAddr, now_ms: u64) -> Verdict {
        if self.windows.len() >= ADDRESSES_AT_MOST && !self.windows.contains_key(&source) {
            self.windows
                .retain(|_, window| now_ms < window.began + WINDOW_MS);
            if self.windows.len() >= ADDRESSES_AT_MOST {
                return Verdict::Ignore;
            }
        }
        let window = self.windows.entry(source).or_insert(Window {
            began: now_ms,
            count: 0,
        });
        if now_ms >= window.began + WINDOW_MS {
            *window = Window {
                began: now_ms,
                count: 0,
            };
        }
        window.count = window.count.saturating_add(1);
        match window.count {
            count if count <= self.per_minute => Verdict::Answer,
            count if count == self.per_minute + 1 => Verdict::LimitReached,
            _ => Verdict::Ignore,
        }
    }

    /// Whether this address is being ignored now.
    pub(super) fn ignores(&self, source: IpAddr, now_ms: u64) -> bool {
        self.windows.get(&source).is_some_and(|window| {
            now_ms < window.began + WINDOW_MS && window.count > self.per_minute
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_source_is_answered_up_to_the_limit_and_again_a_minute_later() {
        let mut guard = Guard::new(2);
        let source = IpAddr::from([192, 0, 2, 1]);
        assert_eq!(guard.count(source, 0), Verdict::Answer);
        assert_eq!(guard.count(source, 1), Verdict::Answer);
        assert_eq!(guard.count(source, 2), Verdict::LimitReached);
        assert_eq!(guard.count(source, 3), Verdict::Ignore);
        assert!(guard.ignores(source, 4));
        assert!(!guard.ignores(source, WINDOW_MS));
        assert_eq!(guard.count(source, WINDOW_MS), Verdict::Answer);
    }

    #[test]
    fn the_memory_for_addresses_is_bounded() {
        let mut guard = Guard::new(1);
        for n in 0..ADDRESSES_AT_MOST as u32 + 5 {
            guard.count(IpAddr::from(n.to_be_bytes()), 0);
        }
        assert_eq!(guard.windows.len(), ADDRESSES_AT_MOST);
    }
}
