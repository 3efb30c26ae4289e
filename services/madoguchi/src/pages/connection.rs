//! One connection of a page: what it is doing, how much it is worth keeping, and how long each step
//! may take. Instants are milliseconds of a clock that never jumps.

use std::net::IpAddr;
use std::sync::Arc;

use super::traffic::Traffic;

/// A TLS handshake takes so long at the most.
const HANDSHAKE_MS: u64 = 10_000;

/// So long after it is open, a connection has sent the head of its first request.
const HEAD_MS: u64 = 10_000;

/// A connection is kept so long between two requests.
const IDLE_MS: u64 = 60_000;

/// A request is received, answered and read so soon. An event stream is none.
const REQUEST_MS: u64 = 300_000;

/// Whoever takes in nothing of an answer for so long is gone.
const UNREAD_MS: u64 = 30_000;

/// Why a connection was refused or closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Reason {
    /// All of its address are busy.
    AddressFull,
    /// All are busy.
    Full,
    /// The longest idle one made room for another of its address.
    RoomForAddress,
    /// The longest idle one made room.
    Room,
    /// The oldest handshake made room for another.
    RoomForHandshake,
    /// The TLS handshake took too long.
    HandshakeTimeout,
    /// The head of a request took too long.
    HeadTimeout,
    /// Nothing was asked for a while.
    Idle,
    /// A request was not over in time.
    RequestTimeout,
    /// The answer is not taken in.
    Unread,
}

impl Reason {
    /// The name in logs and metrics.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::AddressFull => "web_address_full",
            Self::Full => "web_full",
            Self::RoomForAddress => "web_room_for_address",
            Self::Room => "web_room",
            Self::RoomForHandshake => "web_room_for_handshake",
            Self::HandshakeTimeout => "web_handshake_timeout",
            Self::HeadTimeout => "web_head_timeout",
            Self::Idle => "web_idle",
            Self::RequestTimeout => "web_request_timeout",
            Self::Unread => "web_unread",
        }
    }
}

/// How much a connection is worth keeping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// It has not asked anything yet.
    New,
    /// It is between two requests of somebody who is not signed in.
    Idle,
    /// It brings the body of such a request.
    Receiving,
    /// It is between two requests of somebody who is signed in.
    KnownIdle,
    /// It is being answered: never closed to make room.
    Busy,
}

/// A connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) address: IpAddr,
    pub(super) prefix: Option<IpAddr>,
    pub(super) traffic: Arc<Traffic>,
    pub(super) handshaking: bool,
    /// Since when it is in its present step.
    pub(super) since: u64,
    pub(super) asked: bool,
    /// Somebody who is signed in uses it.
    pub(super) known: bool,
    pub(super) requests: u32,
    pub(super) receiving: u32,
    pub(super) streams: u32,
    pub(super) closing: bool,
}

impl Connection {
    pub(super) fn class(&self) -> Class {
        match (self.requests, self.known) {
            (0, _) if !self.asked => Class::New,
            (0, false) => Class::Idle,
            (0, true) => Class::KnownIdle,
            (requests, false) if self.receiving == requests => Class::Receiving,
            _ => Class::Busy,
        }
    }

    /// Why it must close now.
    pub(super) fn overdue(&self, now: u64) -> Option<Reason> {
        let stalled = self.traffic.stalled_since_ms();
        if stalled.is_some_and(|since| now >= since + UNREAD_MS) {
            return Some(Reason::Unread);
        }
        let lasts = now.saturating_sub(self.since);
        if self.handshaking {
            return (lasts >= HANDSHAKE_MS).then_some(Reason::HandshakeTimeout);
        }
        if self.requests == 0 && !self.asked {
            return (lasts >= HEAD_MS).then_some(Reason::HeadTimeout);
        }
        if self.requests == 0 {
            // The end of an answer may still be on its way.
            let quiet = now.saturating_sub(self.since.max(self.traffic.written_at_ms()));
            return (quiet >= IDLE_MS || lasts >= REQUEST_MS).then_some(Reason::Idle);
        }
        let streams_only = self.streams == self.requests;
        (lasts >= REQUEST_MS && !streams_only).then_some(Reason::RequestTimeout)
    }
}
