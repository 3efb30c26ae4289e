//! Which connections of pages are open, what each is doing, and which must go: the limits in all and
//! for each address, and the time that each step of a conversation may take. A ledger without
//! sockets and clock; instants are milliseconds of a clock that never jumps.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use madoguchi_web::network;

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
/// Connections that are told to close and have not done it yet, beyond the limit.
const CLOSING_AT_MOST: usize = 64;

/// How many connections there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// In all.
    pub(crate) in_all: usize,
    /// Of one IPv4 address, or one IPv6 network of 64 bits.
    pub(crate) per_address: usize,
    /// TLS handshakes under way.
    pub(crate) handshakes: usize,
}

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

/// A connection that must close.
#[derive(Debug)]
pub(super) struct Closing {
    pub(super) address: IpAddr,
    pub(super) reason: Reason,
}

/// What comes first when room is needed: the lowest class, and in it the longest in its step.
type Rank = (Class, u64, u64);

/// How much a connection is worth keeping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
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

#[derive(Debug)]
struct Entry {
    address: IpAddr,
    prefix: Option<IpAddr>,
    traffic: Arc<Traffic>,
    handshaking: bool,
    /// Since when it is in its present step.
    since: u64,
    asked: bool,
    /// Somebody who is signed in uses it.
    known: bool,
    requests: u32,
    receiving: u32,
    streams: u32,
    closing: bool,
}

impl Entry {
    fn class(&self) -> Class {
        match (self.requests, self.known) {
            (0, _) if !self.asked => Class::New,
            (0, false) => Class::Idle,
            (0, true) => Class::KnownIdle,
            (requests, false) if self.receiving == requests => Class::Receiving,
            _ => Class::Busy,
        }
    }

    /// Why it must close now.
    fn overdue(&self, now: u64) -> Option<Reason> {
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

/// The connections.
#[derive(Debug)]
pub(super) struct Ledger {
    limits: Limits,
    entries: HashMap<u64, Entry>,
    /// All that are not closing, the one to go first before the others.
    ranks: BTreeSet<Rank>,
    by_prefix: HashMap<IpAddr, BTreeSet<Rank>>,
    handshakes: BTreeSet<(u64, u64)>,
    next: u64,
}

impl Ledger {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            entries: HashMap::new(),
            ranks: BTreeSet::new(),
            by_prefix: HashMap::new(),
            handshakes: BTreeSet::new(),
            next: 0,
        }
    }

    /// Takes a connection in, if need be in the place of the longest idle one, which is told to close.
    /// The connections of a proxy of ours are those of many visitors (`shared`): they are limited in
    /// all only.
    pub(super) fn enter(
        &mut self,
        address: IpAddr,
        shared: bool,
        handshaking: bool,
        now: u64,
    ) -> Result<(u64, Arc<Traffic>, Vec<Closing>), Reason> {
        if self.entries.len() >= self.limits.in_all + CLOSING_AT_MOST {
            return Err(Reason::Full);
        }
        let prefix = (!shared).then(|| network(address));
        let mut closing = Vec::new();
        let of_prefix = prefix.and_then(|prefix| self.by_prefix.get(&prefix));
        if let Some(ranks) = of_prefix.filter(|ranks| ranks.len() >= self.limits.per_address) {
            let first = ranks.first().copied();
            let id = idle(first).ok_or(Reason::AddressFull)?;
            closing.extend(self.close(id, Reason::RoomForAddress));
        }
        if handshaking && self.handshakes.len() >= self.limits.handshakes {
            let first = self.handshakes.first().map(|(_, id)| *id);
            closing.extend(first.and_then(|id| self.close(id, Reason::RoomForHandshake)));
        }
        if self.ranks.len() >= self.limits.in_all {
            let first = self.ranks.first().copied();
            let id = idle(first).ok_or(Reason::Full)?;
            closing.extend(self.close(id, Reason::Room));
        }
        let id = self.next;
        self.next += 1;
        let traffic = Arc::new(Traffic::default());
        let entry = Entry {
            address,
            prefix,
            traffic: traffic.clone(),
            handshaking,
            since: now,
            asked: false,
            known: false,
            requests: 0,
            receiving: 0,
            streams: 0,
            closing: false,
        };
        if handshaking {
            self.handshakes.insert((now, id));
        }
        self.rank(&entry, id);
        self.entries.insert(id, entry);
        Ok((id, traffic, closing))
    }

    /// The TLS handshake is done.
    pub(super) fn shook_hands(&mut self, id: u64, now: u64) {
        if let Some(entry) = self.entries.get(&id) {
            self.handshakes.remove(&(entry.since, id));
        }
        self.change(id, now, |entry| entry.handshaking = false);
    }

    /// The head of a request is there; `receiving` if a body follows.
    pub(super) fn request_begins(&mut self, id: u64, receiving: bool, now: u64) {
        self.change(id, now, |entry| {
            entry.asked = true;
            entry.requests += 1;
            entry.receiving += u32::from(receiving);
        });
    }

    /// The body of a request is there, or nobody wants it any more.
    pub(super) fn body_ends(&mut self, id: u64) {
        self.change_in_step(id, |entry| {
            entry.receiving = entry.receiving.saturating_sub(1);
        });
    }

    /// The answer is an event stream, which may last.
    pub(super) fn streams(&mut self, id: u64) {
        self.change_in_step(id, |entry| entry.streams += 1);
    }

    /// An answer is complete.
    pub(super) fn request_ends(&mut self, id: u64, streamed: bool, now: u64) {
        let ends = |entry: &mut Entry| {
            entry.requests = entry.requests.saturating_sub(1);
            entry.streams = entry.streams.saturating_sub(u32::from(streamed));
        };
        self.change(id, now, ends);
    }

    /// Somebody who is signed in uses it.
    pub(super) fn known(&mut self, id: u64) {
        self.change_in_step(id, |entry| entry.known = true);
    }

    /// It is closed.
    pub(super) fn leave(&mut self, id: u64) {
        if let Some(entry) = self.entries.remove(&id) {
            self.unrank(&entry, id);
            self.handshakes.remove(&(entry.since, id));
        }
    }

    /// Tells those to close that take too long.
    pub(super) fn sweep(&mut self, now: u64) -> Vec<Closing> {
        let open = self.entries.iter().filter(|(_, entry)| !entry.closing);
        let overdue: Vec<_> = open
            .filter_map(|(id, entry)| Some((*id, entry.overdue(now)?)))
            .collect();
        let closed = overdue.into_iter();
        closed
            .filter_map(|(id, reason)| self.close(id, reason))
            .collect()
    }

    fn close(&mut self, id: u64, reason: Reason) -> Option<Closing> {
        let mut entry = self.entries.remove(&id)?;
        self.unrank(&entry, id);
        self.handshakes.remove(&(entry.since, id));
        entry.closing = true;
        entry.traffic.close();
        let closing = Closing {
            address: entry.address,
            reason,
        };
        self.entries.insert(id, entry);
        Some(closing)
    }

    fn change(&mut self, id: u64, now: u64, change: impl FnOnce(&mut Entry)) {
        self.change_in_step(id, |entry| {
            entry.since = now;
            change(entry);
        });
    }

    fn change_in_step(&mut self, id: u64, change: impl FnOnce(&mut Entry)) {
        let Some(mut entry) = self.entries.remove(&id) else {
            return;
        };
        self.unrank(&entry, id);
        change(&mut entry);
        self.rank(&entry, id);
        self.entries.insert(id, entry);
    }

    fn rank(&mut self, entry: &Entry, id: u64) {
        if entry.closing {
            return;
        }
        let rank = (entry.class(), entry.since, id);
        self.ranks.insert(rank);
        if let Some(prefix) = entry.prefix {
            self.by_prefix.entry(prefix).or_default().insert(rank);
        }
    }

    fn unrank(&mut self, entry: &Entry, id: u64) {
        let rank = (entry.class(), entry.since, id);
        self.ranks.remove(&rank);
        let Some(prefix) = entry.prefix else {
            return;
        };
        if let Some(ranks) = self.by_prefix.get_mut(&prefix) {
            ranks.remove(&rank);
            if ranks.is_empty() {
                self.by_prefix.remove(&prefix);
            }
        }
    }
}

/// The connection of a rank, if it may be closed to make room.
fn idle(rank: Option<Rank>) -> Option<u64> {
    rank.and_then(|(class, _, id)| (class < Class::Busy).then_some(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        in_all: 8,
        per_address: 3,
        handshakes: 2,
    };

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    fn enter(ledger: &mut Ledger, last: u8, now: u64) -> (u64, Vec<Reason>) {
        let (id, _, closing) = ledger.enter(address(last), false, false, now).unwrap();
        (id, closing.iter().map(|closing| closing.reason).collect())
    }

    #[test]
    fn idle_connections_shut_nobody_out() {
        let mut ledger = Ledger::new(LIMITS);
        let first = enter(&mut ledger, 1, 0).0;
        for now in 1..3 {
            assert_eq!(enter(&mut ledger, 1, now).1, []);
        }
        // One more of the same address takes the place of the oldest that never asked.
        assert_eq!(enter(&mut ledger, 1, 3).1, [Reason::RoomForAddress]);
        ledger.leave(first);
        for last in 2..7 {
            assert_eq!(enter(&mut ledger, last, 4).1, []);
        }
        assert_eq!(enter(&mut ledger, 7, 5).1, [Reason::Room]);
    }

    #[test]
    fn who_is_being_answered_keeps_the_place() {
        let mut ledger = Ledger::new(LIMITS);
        let busy: Vec<_> = (0..3).map(|now| enter(&mut ledger, 1, now).0).collect();
        for id in &busy {
            ledger.request_begins(*id, false, 5);
        }
        let refused = ledger.enter(address(1), false, false, 6);
        assert_eq!(refused.unwrap_err(), Reason::AddressFull);
        ledger.request_ends(busy[1], false, 7);
        assert_eq!(enter(&mut ledger, 1, 8).1, [Reason::RoomForAddress]);
        assert!(ledger.entries[&busy[1]].closing);
    }

    #[test]
    fn a_slow_body_of_a_stranger_makes_room_before_somebody_signed_in() {
        let mut ledger = Ledger::new(LIMITS);
        let ids: Vec<_> = (0..3).map(|now| enter(&mut ledger, 1, now).0).collect();
        ledger.request_begins(ids[0], false, 5);
        ledger.known(ids[0]);
        ledger.request_ends(ids[0], false, 6);
        ledger.request_begins(ids[1], true, 7);
        ledger.request_begins(ids[2], true, 8);
        ledger.body_ends(ids[2]);
        assert_eq!(enter(&mut ledger, 1, 9).1, [Reason::RoomForAddress]);
        assert!(ledger.entries[&ids[1]].closing && !ledger.entries[&ids[0]].closing);
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_address_and_a_proxy_as_none() {
        let mut ledger = Ledger::new(LIMITS);
        let of =
            |last: u16| IpAddr::V6(std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, last));
        for last in 0..3 {
            assert!(
                ledger
                    .enter(of(last), false, false, 0)
                    .unwrap()
                    .2
                    .is_empty()
            );
        }
        let (_, _, closing) = ledger.enter(of(9), false, false, 1).unwrap();
        assert_eq!(closing[0].reason, Reason::RoomForAddress);
        for _ in 0..4 {
            assert!(
                ledger
                    .enter(address(9), true, false, 2)
                    .unwrap()
                    .2
                    .is_empty()
            );
        }
    }

    #[test]
    fn half_handshakes_make_room_for_others() {
        let mut ledger = Ledger::new(LIMITS);
        for last in 1..3 {
            ledger
                .enter(address(last), false, true, u64::from(last))
                .unwrap();
        }
        let (id, _, closing) = ledger.enter(address(3), false, true, 3).unwrap();
        assert_eq!(closing[0].reason, Reason::RoomForHandshake);
        assert_eq!(closing[0].address, address(1));
        ledger.shook_hands(id, 4);
        assert!(
            ledger
                .enter(address(4), false, true, 5)
                .unwrap()
                .2
                .is_empty()
        );
    }

    #[test]
    fn no_step_takes_longer_than_it_may() {
        let mut ledger = Ledger::new(LIMITS);
        let swept = |ledger: &mut Ledger, now| {
            let closing = ledger.sweep(now);
            closing.iter().map(|it| it.reason).collect::<Vec<_>>()
        };
        let (shakes, ..) = ledger.enter(address(1), false, true, 0).unwrap();
        assert_eq!(swept(&mut ledger, 9_999), []);
        assert_eq!(swept(&mut ledger, 10_000), [Reason::HandshakeTimeout]);
        ledger.leave(shakes);
        let silent = enter(&mut ledger, 1, 0).0;
        assert_eq!(swept(&mut ledger, 10_000), [Reason::HeadTimeout]);
        ledger.leave(silent);
        let id = enter(&mut ledger, 1, 0).0;
        ledger.request_begins(id, false, 5_000);
        assert_eq!(swept(&mut ledger, 304_999), []);
        ledger.streams(id);
        assert_eq!(swept(&mut ledger, 900_000), [], "an event stream lasts");
        ledger.request_ends(id, true, 900_000);
        assert_eq!(swept(&mut ledger, 959_999), []);
        assert_eq!(swept(&mut ledger, 960_000), [Reason::Idle]);
        assert_eq!(swept(&mut ledger, 970_000), [], "it was told once");
        ledger.leave(id);
        assert!(ledger.entries.is_empty());
    }

    #[test]
    fn an_answer_that_nobody_reads_ends_the_connection() {
        let mut ledger = Ledger::new(LIMITS);
        let (id, traffic, _) = ledger.enter(address(1), false, false, 0).unwrap();
        ledger.request_begins(id, false, 1);
        ledger.streams(id);
        traffic.stalls(1_000);
        traffic.stalls(20_000);
        assert!(ledger.sweep(30_999).is_empty());
        traffic.wrote(30_999);
        assert!(ledger.sweep(31_000).is_empty());
        traffic.stalls(32_000);
        assert_eq!(ledger.sweep(62_000)[0].reason, Reason::Unread);
    }

    #[test]
    fn a_slow_download_goes_on_but_not_for_ever() {
        let mut ledger = Ledger::new(LIMITS);
        let (id, traffic, _) = ledger.enter(address(1), false, false, 0).unwrap();
        ledger.request_begins(id, false, 0);
        ledger.request_ends(id, false, 0);
        for now in (10_000..300_000).step_by(10_000) {
            traffic.wrote(now);
            assert!(ledger.sweep(now).is_empty(), "{now}");
        }
        assert_eq!(ledger.sweep(300_000)[0].reason, Reason::Idle);
    }

    #[test]
    fn nothing_is_left_of_connections_that_are_closed() {
        let mut ledger = Ledger::new(LIMITS);
        for round in 0..100_u64 {
            let last = u8::try_from(round % 5).unwrap();
            let entered = ledger.enter(address(last), false, round % 2 == 0, round);
            let Ok((id, ..)) = entered else { continue };
            ledger.shook_hands(id, round);
            ledger.request_begins(id, round % 3 == 0, round);
            if round % 7 == 0 {
                ledger.known(id);
            }
            ledger.request_ends(id, false, round + 1);
        }
        let ids: Vec<_> = ledger.entries.keys().copied().collect();
        ids.into_iter().for_each(|id| ledger.leave(id));
        assert!(ledger.ranks.is_empty() && ledger.by_prefix.is_empty());
        assert!(ledger.handshakes.is_empty() && ledger.entries.is_empty());
    }
}
