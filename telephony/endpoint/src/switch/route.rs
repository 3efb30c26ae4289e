//! The addresses of a host in the order in which they are to be tried, and which of them are not
//! to be tried now (RFC 3263 4.3, RFC 3261 21.5.4).

use std::net::SocketAddr;

use crate::settings::Transport;

/// A silent address is tried last for so long.
const SILENT_MS: u64 = 60_000;
/// Nobody keeps us away for longer.
const RETRY_AFTER_SECS_AT_MOST: u64 = 3_600;

/// A resolved address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// UDP or TCP.
    pub transport: Transport,
    pub addr: SocketAddr,
}

/// Where a host is reached.
#[derive(Debug, Default)]
pub(super) struct Route {
    peers: Vec<Peer>,
    avoided: Vec<Avoided>,
}

#[derive(Debug, Clone, Copy)]
struct Avoided {
    peer: Peer,
    until: u64,
    why: AvoidReason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AvoidReason {
    /// It did not answer: used if there is no other.
    Silent,
    /// It asked not to be used (Retry-After): not used at all.
    Asked,
}

impl Route {
    /// Takes up what a lookup found. Nothing found leaves what was known.
    pub(super) fn set(&mut self, peers: Vec<Peer>) {
        if peers.is_empty() {
            return;
        }
        self.avoided.retain(|avoided| peers.contains(&avoided.peer));
        self.peers = peers;
    }

    /// Whether none of its addresses answers.
    pub(super) fn is_silent(&self, now: u64) -> bool {
        self.peers.iter().all(|peer| {
            let is_it = |avoided: &Avoided| {
                avoided.peer == *peer && avoided.why == AvoidReason::Silent && now < avoided.until
            };
            self.avoided.iter().any(is_it)
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.peers.is_empty()
    }

    /// All addresses, in their order.
    pub(super) fn peers(&self) -> &[Peer] {
        &self.peers
    }

    /// The address to use now.
    pub(super) fn best(&self, now: u64) -> Option<Peer> {
        self.best_beside(&[], now)
    }

    /// The address to try now when those of `tried` have failed.
    pub(super) fn best_beside(&self, tried: &[Peer], now: u64) -> Option<Peer> {
        let usable = self
            .peers
            .iter()
            .copied()
            .filter(|peer| !tried.contains(peer));
        let why = |peer: &Peer| {
            let is_it = |avoided: &&Avoided| avoided.peer == *peer && now < avoided.until;
            self.avoided.iter().find(is_it).map(|avoided| avoided.why)
        };
        let mut silent = None;
        for peer in usable {
            match why(&peer) {
                None => return Some(peer),
                Some(AvoidReason::Silent) => silent = silent.or(Some(peer)),
                Some(AvoidReason::Asked) => {}
            }
        }
        silent
    }

    /// How long until there is an address to use; zero if there is one.
    pub(super) fn wait_ms(&self, now: u64) -> u64 {
        if self.best(now).is_some() {
            return 0;
        }
        let ends = self.avoided.iter().map(|avoided| avoided.until);
        ends.min().map_or(0, |until| until.saturating_sub(now))
    }

    /// An address did not answer.
    pub(super) fn silent(&mut self, peer: Peer, now: u64) {
        let asked = |avoided: &Avoided| {
            avoided.peer == peer && avoided.why == AvoidReason::Asked && now < avoided.until
        };
        if !self.avoided.iter().any(asked) {
            self.avoid(peer, now + SILENT_MS, AvoidReason::Silent);
        }
    }

    /// An address asked not to be used for so many seconds.
    pub(super) fn asked_to_wait(&mut self, peer: Peer, secs: u64, now: u64) {
        let ms = secs.min(RETRY_AFTER_SECS_AT_MOST) * 1_000;
        self.avoid(peer, now + ms, AvoidReason::Asked);
    }

    /// An address answers.
    pub(super) fn answers(&mut self, peer: Peer) {
        self.avoided
            .retain(|avoided| avoided.peer != peer || avoided.why == AvoidReason::Asked);
    }

    fn avoid(&mut self, peer: Peer, until: u64, why: AvoidReason) {
        self.avoided.retain(|avoided| avoided.peer != peer);
        if self.peers.contains(&peer) {
            self.avoided.push(Avoided { peer, until, why });
        }
    }
}

/// The seconds of Retry-After (RFC 3261 20.33), whatever comment or parameter follows.
pub(super) fn retry_after_secs(response: &madoguchi_sip::message::Response) -> Option<u64> {
    let text = response
        .headers
        .get(&madoguchi_sip::message::HeaderName::RetryAfter)?;
    let digits: String = text
        .trim()
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    let secs: u64 = digits.parse().ok()?;
    Some(secs.min(RETRY_AFTER_SECS_AT_MOST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Transport;

    fn peer(n: u16) -> Peer {
        Peer {
            transport: Transport::Udp,
            addr: ([192, 0, 2, 1], n).into(),
        }
    }

    fn route() -> Route {
        let mut route = Route::default();
        route.set(vec![peer(1), peer(2), peer(3)]);
        route
    }

    #[test]
    fn a_silent_address_is_tried_last_and_comes_back() {
        let mut route = route();
        route.silent(peer(1), 0);
        assert_eq!(route.best(1), Some(peer(2)));
        route.silent(peer(2), 0);
        route.silent(peer(3), 0);
        assert_eq!(
            route.best(1),
            Some(peer(1)),
            "a silent one is better than none"
        );
        route.answers(peer(3));
        assert_eq!(route.best(1), Some(peer(3)));
        assert_eq!(route.best(SILENT_MS), Some(peer(1)));
    }

    #[test]
    fn who_asks_to_wait_is_left_alone_for_that_time() {
        let mut route = Route::default();
        route.set(vec![peer(1)]);
        route.asked_to_wait(peer(1), 30, 1_000);
        assert_eq!(route.best(30_999), None);
        // Neither silence nor an answered probe shortens it.
        route.silent(peer(1), 1_000);
        route.answers(peer(1));
        assert_eq!(route.best(30_999), None);
        assert_eq!(route.best(31_000), Some(peer(1)));
        route.asked_to_wait(peer(1), u64::MAX, 0);
        assert_eq!(route.best(3_600_000), Some(peer(1)), "there is a limit");
    }

    #[test]
    fn what_was_tried_is_not_tried_again_and_a_failed_lookup_changes_nothing() {
        let mut route = route();
        assert_eq!(route.best_beside(&[peer(1)], 0), Some(peer(2)));
        assert_eq!(route.best_beside(&[peer(1), peer(2), peer(3)], 0), None);
        route.set(Vec::new());
        assert_eq!(route.best(0), Some(peer(1)));
        route.silent(peer(2), 0);
        route.set(vec![peer(2)]);
        assert_eq!(route.peers(), [peer(2)]);
        assert_eq!(route.best(0), Some(peer(2)));
    }
}
