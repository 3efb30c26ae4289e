//! Whose packets a session hears and where its own go.
//!
//! That is the address of the session description and no other: strangers must not take a call
//! over by sending, too. Peers behind NAT send from another address than they named; where
//! symmetric RTP (RFC 4961) is asked for, the first source that sends several agreed packets in a
//! row within a short window is believed, if it stands behind the address of the description or
//! of the signalling. It is believed until the description changes, or the described address
//! itself speaks.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// How long after a description another source may be learnt.
const WINDOW: Duration = Duration::from_secs(5);
/// Packets in a row that make another source believable.
const IN_A_ROW: u32 = 4;

/// The source that a session believes in.
#[derive(Debug, Clone)]
pub(crate) struct Latch {
    described: SocketAddr,
    /// Where the peer's signalling comes from, if symmetric RTP is asked for.
    symmetric_with: Option<IpAddr>,
    opened_at: Duration,
    source: Source,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// Nothing that is believed has come yet.
    Unheard(Option<Candidate>),
    /// The described address speaks.
    Described,
    /// Another one was learnt.
    Learnt(SocketAddr),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Candidate {
    addr: SocketAddr,
    ssrc: u32,
    sequence: u16,
    in_a_row: u32,
}

/// What is seen of a packet before it is believed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) source: SocketAddr,
    pub(crate) ssrc: u32,
    pub(crate) sequence: u16,
    /// Its payload type is one that was agreed on.
    pub(crate) agreed: bool,
}

impl Latch {
    /// Believes in the address of the session description.
    pub(crate) fn new(
        described: SocketAddr,
        symmetric_with: Option<IpAddr>,
        now: Duration,
    ) -> Self {
        Self {
            described: canonical(described),
            symmetric_with: symmetric_with.map(|ip| ip.to_canonical()),
            opened_at: now,
            source: Source::Unheard(None),
        }
    }

    /// A new session description came. What was learnt stays if it names the same address, or
    /// none (hold).
    pub(crate) fn describe(
        &mut self,
        addr: SocketAddr,
        symmetric_with: Option<IpAddr>,
        now: Duration,
    ) {
        if addr.ip().is_unspecified() || addr.port() == 0 {
            return;
        }
        let unheard = matches!(self.source, Source::Unheard(_));
        if unheard || canonical(addr) != self.described {
            *self = Self::new(addr, symmetric_with, now);
        }
    }

    /// Where packets to the peer go.
    pub(crate) fn target(&self) -> SocketAddr {
        match self.source {
            Source::Learnt(addr) => addr,
            Source::Unheard(_) | Source::Described => self.described,
        }
    }

    /// Whether a packet is heard.
    pub(crate) fn accept(&mut self, seen: Seen, now: Duration) -> bool {
        let seen = Seen {
            source: canonical(seen.source),
            ..seen
        };
        if seen.source == self.described {
            self.source = Source::Described;
            return true;
        }
        match self.source {
            Source::Described => false,
            Source::Learnt(addr) => addr == seen.source,
            Source::Unheard(candidate) => self.learn(candidate, seen, now),
        }
    }

    fn learn(&mut self, candidate: Option<Candidate>, seen: Seen, now: Duration) -> bool {
        if !seen.agreed || !self.may_learn(seen.source.ip(), now) {
            return false;
        }
        let in_a_row = match candidate {
            Some(last)
                if (last.addr, last.ssrc, last.sequence.wrapping_add(1))
                    == (seen.source, seen.ssrc, seen.sequence) =>
            {
                last.in_a_row + 1
            }
            _ => 1,
        };
        let believed = in_a_row >= IN_A_ROW;
        self.source = if believed {
            Source::Learnt(seen.source)
        } else {
            Source::Unheard(Some(Candidate {
                addr: seen.source,
                ssrc: seen.ssrc,
                sequence: seen.sequence,
                in_a_row,
            }))
        };
        believed
    }

    fn may_learn(&self, ip: IpAddr, now: Duration) -> bool {
        let Some(signalling) = self.symmetric_with else {
            return false;
        };
        (ip == signalling || ip == self.described.ip())
            && now.saturating_sub(self.opened_at) < WINDOW
    }
}

/// IPv4 in IPv6 clothes is IPv4.
fn canonical(addr: SocketAddr) -> SocketAddr {
    SocketAddr::new(addr.ip().to_canonical(), addr.port())
}

#[cfg(test)]
mod tests;
