//! Symmetric RTP (RFC 4961): whose packets a session hears and where its own go. Peers behind NAT
//! send from another address than they named; strangers must not take a call over by sending, too.
//!
//! The address in the session description always wins. Another address is believed when it sends
//! several packets in a row while nothing comes from the address believed so far.

use std::net::SocketAddr;
use std::time::Duration;

/// A source that has been heard is kept until it has been silent for this long.
const KEPT_FOR: Duration = Duration::from_secs(2);
/// Packets in a row that make a stranger's address believable.
const FROM_ELSEWHERE: u32 = 4;

/// The source that a session believes in.
#[derive(Debug, Clone)]
pub(crate) struct Latch {
    signalled: SocketAddr,
    heard: Option<Heard>,
    candidate: Option<Candidate>,
}

#[derive(Debug, Clone, Copy)]
struct Heard {
    addr: SocketAddr,
    at: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Candidate {
    addr: SocketAddr,
    ssrc: u32,
    sequence: u16,
    in_a_row: u32,
}

impl Latch {
    /// Believes in the address of the session description.
    pub(crate) fn new(signalled: SocketAddr) -> Self {
        Self {
            signalled: canonical(signalled),
            heard: None,
            candidate: None,
        }
    }

    /// A new session description came. The same address again changes nothing.
    pub(crate) fn signal(&mut self, addr: SocketAddr) {
        if canonical(addr) != self.signalled {
            *self = Self::new(addr);
        }
    }

    /// Where packets to the peer go.
    pub(crate) fn target(&self) -> SocketAddr {
        self.heard.map_or(self.signalled, |heard| heard.addr)
    }

    /// Whether a packet from `source` is heard.
    pub(crate) fn accept(
        &mut self,
        source: SocketAddr,
        ssrc: u32,
        sequence: u16,
        now: Duration,
    ) -> bool {
        let source = canonical(source);
        let believed = self.heard.map(|heard| heard.addr);
        if source != self.signalled && believed != Some(source) {
            let fresh = self
                .heard
                .is_some_and(|heard| now.saturating_sub(heard.at) < KEPT_FOR);
            if fresh || !self.is_proven(source, ssrc, sequence) {
                return false;
            }
        }
        self.heard = Some(Heard {
            addr: source,
            at: now,
        });
        self.candidate = None;
        true
    }

    /// Counts packets of one stream in a row. The host that the description names needs just one:
    /// only its port was changed on the way.
    fn is_proven(&mut self, source: SocketAddr, ssrc: u32, sequence: u16) -> bool {
        let in_a_row = match self.candidate {
            Some(last)
                if (last.addr, last.ssrc, last.sequence.wrapping_add(1))
                    == (source, ssrc, sequence) =>
            {
                last.in_a_row + 1
            }
            _ => 1,
        };
        self.candidate = Some(Candidate {
            addr: source,
            ssrc,
            sequence,
            in_a_row,
        });
        let needed = if source.ip() == self.signalled.ip() {
            1
        } else {
            FROM_ELSEWHERE
        };
        in_a_row >= needed
    }
}

/// IPv4 in IPv6 clothes is IPv4.
fn canonical(addr: SocketAddr) -> SocketAddr {
    SocketAddr::new(addr.ip().to_canonical(), addr.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// Sends packets 20 ms apart and tells which were heard.
    fn send(latch: &mut Latch, from: &str, start_ms: u64, count: u16) -> Vec<bool> {
        (0..count)
            .map(|n| latch.accept(addr(from), 1, n, at(start_ms + u64::from(n) * 20)))
            .collect()
    }

    #[test]
    fn before_anything_is_heard_packets_go_to_the_signalled_address() {
        let latch = Latch::new(addr("192.0.2.1:4000"));
        assert_eq!(latch.target(), addr("192.0.2.1:4000"));
    }

    #[test]
    fn a_changed_port_of_the_signalled_host_is_believed_at_once() {
        let mut latch = Latch::new(addr("192.0.2.1:4000"));
        assert!(latch.accept(addr("192.0.2.1:50000"), 1, 1, at(0)));
        assert_eq!(latch.target(), addr("192.0.2.1:50000"));
    }

    #[test]
    fn a_peer_behind_nat_is_believed_after_four_packets_in_a_row() {
        let mut latch = Latch::new(addr("192.168.0.5:4000"));
        let heard = send(&mut latch, "203.0.113.7:61000", 0, 6);
        assert_eq!(heard, [false, false, false, true, true, true]);
        assert_eq!(latch.target(), addr("203.0.113.7:61000"));
    }

    #[test]
    fn scattered_packets_prove_nothing() {
        let mut latch = Latch::new(addr("192.168.0.5:4000"));
        for n in 0..50_u16 {
            assert!(!latch.accept(addr("203.0.113.7:61000"), 1, n * 2, at(u64::from(n) * 20)));
            assert!(!latch.accept(addr("203.0.113.7:61000"), u32::from(n) + 2, 5, at(0)));
        }
        assert_eq!(latch.target(), addr("192.168.0.5:4000"));
    }

    #[test]
    fn a_stranger_is_not_heard_while_the_peer_talks() {
        let mut latch = Latch::new(addr("192.0.2.1:4000"));
        for n in 0..100_u16 {
            let now = at(u64::from(n) * 20);
            assert!(latch.accept(addr("192.0.2.1:4000"), 1, n, now));
            assert!(
                !latch.accept(addr("198.51.100.9:4000"), 9, n, now),
                "packet {n}"
            );
            assert!(
                !latch.accept(addr("192.0.2.1:4002"), 9, n, now),
                "same host, packet {n}"
            );
        }
        assert_eq!(latch.target(), addr("192.0.2.1:4000"));
    }

    #[test]
    fn the_signalled_address_takes_its_place_back_at_once() {
        let mut latch = Latch::new(addr("192.0.2.1:4000"));
        send(&mut latch, "198.51.100.9:4000", 0, 10);
        assert_eq!(latch.target(), addr("198.51.100.9:4000"));
        assert!(latch.accept(addr("192.0.2.1:4000"), 1, 1, at(201)));
        assert_eq!(latch.target(), addr("192.0.2.1:4000"));
        assert!(!latch.accept(addr("198.51.100.9:4000"), 1, 10, at(202)));
    }

    #[test]
    fn another_source_is_believed_when_the_old_one_has_been_silent() {
        let mut latch = Latch::new(addr("192.0.2.1:4000"));
        send(&mut latch, "192.0.2.1:4000", 0, 1);
        assert_eq!(send(&mut latch, "203.0.113.7:61000", 1_900, 4), [false; 4]);
        assert_eq!(
            send(&mut latch, "203.0.113.7:61000", 2_000, 4),
            [false, false, false, true]
        );
        assert_eq!(latch.target(), addr("203.0.113.7:61000"));
    }

    #[test]
    fn a_new_description_forgets_what_was_learnt_and_the_same_one_does_not() {
        let mut latch = Latch::new(addr("192.168.0.5:4000"));
        send(&mut latch, "203.0.113.7:61000", 0, 4);
        latch.signal(addr("192.168.0.5:4000"));
        assert_eq!(latch.target(), addr("203.0.113.7:61000"));
        latch.signal(addr("192.168.0.5:4010"));
        assert_eq!(latch.target(), addr("192.168.0.5:4010"));
    }

    #[test]
    fn addresses_are_compared_without_clothes() {
        let mut latch = Latch::new(addr("192.0.2.1:4000"));
        assert!(latch.accept(addr("[::ffff:192.0.2.1]:4000"), 1, 1, at(0)));
    }
}
