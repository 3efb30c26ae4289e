//! Which connections of pages are open, and which must go: the limits in all and for each address. A
//! ledger without sockets and clock; instants are milliseconds of a clock that never jumps.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use madoguchi_web::network;

use super::connection::{Class, Connection, Reason};
use super::traffic::Traffic;

/// Connections that are told to close and have not done it yet, beyond the limit.
const CLOSING_AT_MOST: usize = 64;

/// How many connections there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) in_all: usize,
    /// Of one IPv4 address, or one IPv6 network of 64 bits.
    pub(crate) per_address: usize,
    /// TLS handshakes under way.
    pub(crate) handshakes: usize,
}

/// A connection that must close.
#[derive(Debug)]
pub(super) struct Closing {
    pub(super) address: IpAddr,
    pub(super) reason: Reason,
}

/// What comes first when room is needed: the lowest class, and in it the longest in its step.
type Rank = (Class, u64, u64);

/// The connections.
#[derive(Debug)]
pub(super) struct Ledger {
    limits: Limits,
    connections: HashMap<u64, Connection>,
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
            connections: HashMap::new(),
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
        if self.connections.len() >= self.limits.in_all + CLOSING_AT_MOST {
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
        let connection = Connection {
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
        self.rank(&connection, id);
        self.connections.insert(id, connection);
        Ok((id, traffic, closing))
    }

    /// The TLS handshake is done.
    pub(super) fn shook_hands(&mut self, id: u64, now: u64) {
        if let Some(connection) = self.connections.get(&id) {
            self.handshakes.remove(&(connection.since, id));
        }
        self.change(id, now, |connection| connection.handshaking = false);
    }

    /// The head of a request is there; `receiving` if a body follows.
    pub(super) fn request_begins(&mut self, id: u64, receiving: bool, now: u64) {
        self.change(id, now, |connection| {
            connection.asked = true;
            connection.requests += 1;
            connection.receiving += u32::from(receiving);
        });
    }

    /// The body of a request is there, or nobody wants it any more.
    pub(super) fn body_ends(&mut self, id: u64) {
        self.change_in_step(id, |connection| {
            connection.receiving = connection.receiving.saturating_sub(1);
        });
    }

    /// The answer is an event stream, which may last.
    pub(super) fn streams(&mut self, id: u64) {
        self.change_in_step(id, |connection| connection.streams += 1);
    }

    /// An answer is complete.
    pub(super) fn request_ends(&mut self, id: u64, streamed: bool, now: u64) {
        let ends = |connection: &mut Connection| {
            connection.requests = connection.requests.saturating_sub(1);
            connection.streams = connection.streams.saturating_sub(u32::from(streamed));
        };
        self.change(id, now, ends);
    }

    /// Somebody who is signed in uses it.
    pub(super) fn known(&mut self, id: u64) {
        self.change_in_step(id, |connection| connection.known = true);
    }

    /// It is closed.
    pub(super) fn leave(&mut self, id: u64) {
        if let Some(connection) = self.connections.remove(&id) {
            self.unrank(&connection, id);
            self.handshakes.remove(&(connection.since, id));
        }
    }

    /// Tells those to close that take too long.
    pub(super) fn sweep(&mut self, now: u64) -> Vec<Closing> {
        let open = self
            .connections
            .iter()
            .filter(|(_, connection)| !connection.closing);
        let overdue: Vec<_> = open
            .filter_map(|(id, connection)| Some((*id, connection.overdue(now)?)))
            .collect();
        let closed = overdue.into_iter();
        closed
            .filter_map(|(id, reason)| self.close(id, reason))
            .collect()
    }

    fn close(&mut self, id: u64, reason: Reason) -> Option<Closing> {
        let mut connection = self.connections.remove(&id)?;
        self.unrank(&connection, id);
        self.handshakes.remove(&(connection.since, id));
        connection.closing = true;
        connection.traffic.close();
        let closing = Closing {
            address: connection.address,
            reason,
        };
        self.connections.insert(id, connection);
        Some(closing)
    }

    fn change(&mut self, id: u64, now: u64, change: impl FnOnce(&mut Connection)) {
        self.change_in_step(id, |connection| {
            connection.since = now;
            change(connection);
        });
    }

    fn change_in_step(&mut self, id: u64, change: impl FnOnce(&mut Connection)) {
        let Some(mut connection) = self.connections.remove(&id) else {
            return;
        };
        self.unrank(&connection, id);
        change(&mut connection);
        self.rank(&connection, id);
        self.connections.insert(id, connection);
    }

    fn rank(&mut self, connection: &Connection, id: u64) {
        if connection.closing {
            return;
        }
        let rank = (connection.class(), connection.since, id);
        self.ranks.insert(rank);
        if let Some(prefix) = connection.prefix {
            self.by_prefix.entry(prefix).or_default().insert(rank);
        }
    }

    fn unrank(&mut self, connection: &Connection, id: u64) {
        let rank = (connection.class(), connection.since, id);
        self.ranks.remove(&rank);
        let Some(prefix) = connection.prefix else {
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
        assert!(ledger.connections[&busy[1]].closing);
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
        assert!(ledger.connections[&ids[1]].closing && !ledger.connections[&ids[0]].closing);
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
        assert!(ledger.connections.is_empty());
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
        let ids: Vec<_> = ledger.connections.keys().copied().collect();
        ids.into_iter().for_each(|id| ledger.leave(id));
        assert!(ledger.ranks.is_empty() && ledger.by_prefix.is_empty());
        assert!(ledger.handshakes.is_empty() && ledger.connections.is_empty());
    }
}
