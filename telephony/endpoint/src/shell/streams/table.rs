//! Which TCP and TLS connections there are, and which of them must go: pure, with the time as an argument.
//!
//! Whoever may connect can open connections and say nothing, or little. So a stranger's connection
//! lives for seconds, one address has few of them, and when there is no room the stranger that has
//! been silent for longest goes. Connections of registered phones and of calls stay.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

use madoguchi_metrics::metrics;
use madoguchi_sip::transaction::Flow;
use tokio::sync::Notify;

use crate::switch::Acquaintance;

/// A stranger's connections from one address, or one IPv6 /64. A phone stops to be a stranger
/// within a second.
const STRANGERS_A_SOURCE_AT_MOST: usize = 128;
/// A connection on which no request has come for this long is closed; the TLS handshake is within it.
const FIRST_REQUEST_TIMEOUT_MS: u64 = 10_000;
/// A stranger who asked something may take so long to prove itself.
const STRANGER_TIMEOUT_MS: u64 = 60_000;
/// Phones and trunks send keep-alives more often.
const IDLE_TIMEOUT_MS: u64 = 3_600_000;
/// A message that has begun must be complete after this time.
const MESSAGE_TIMEOUT_MS: u64 = 10_000;
/// A peer that takes nothing for so long is not reading.
const WRITE_TIMEOUT_MS: u64 = 10_000;
/// What may wait to be sent on one connection.
const QUEUED_BYTES_AT_MOST: usize = 256 << 10;
/// What the unfinished messages of all strangers may take.
const UNFINISHED_BYTES_AT_MOST: usize = 16 << 20;

/// All connections.
#[derive(Debug)]
pub(super) struct Table {
    in_all: usize,
    entries: HashMap<Flow, Entry>,
    strangers: HashMap<IpAddr, usize>,
    unfinished_bytes: usize,
    last_id: u64,
}

#[derive(Debug)]
struct Entry {
    id: u64,
    acquaintance: Acquaintance,
    opened_at: u64,
    last_request_at: Option<u64>,
    last_read_at: u64,
    unfinished: Option<Unfinished>,
    queue: VecDeque<Vec<u8>>,
    queued_bytes: usize,
    blocked_since: Option<u64>,
    /// Its task looks here.
    wake: Arc<Notify>,
}

/// A message that has begun.
#[derive(Debug, Clone, Copy)]
struct Unfinished {
    began_at: u64,
    bytes: usize,
}

/// A connection that was taken in.
#[derive(Debug, Clone)]
pub(super) struct Opened {
    pub(super) id: u64,
    /// Told when there is something to send, and when it is closed.
    pub(super) wake: Arc<Notify>,
}

/// What was read from a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Progress {
    /// A whole message was among it.
    pub(super) message: bool,
    /// The bytes of a message that is not complete yet.
    pub(super) unfinished_bytes: usize,
    pub(super) within_message: bool,
}

impl Table {
    pub(super) fn new(in_all: usize) -> Self {
        Self {
            in_all,
            entries: HashMap::new(),
            strangers: HashMap::new(),
            unfinished_bytes: 0,
            last_id: 0,
        }
    }

    pub(super) fn set_limit(&mut self, in_all: usize) {
        self.in_all = in_all;
    }

    /// Takes a connection in, if need be in the place of another; `None` if all others must stay.
    pub(super) fn open(
        &mut self,
        flow: Flow,
        acquaintance: Acquaintance,
        now_ms: u64,
    ) -> Option<Opened> {
        self.remove(flow);
        let of_source = self.strangers.get(&source(flow)).copied().unwrap_or(0);
        if acquaintance == Acquaintance::Stranger && of_source >= STRANGERS_A_SOURCE_AT_MOST {
            let same_source = |other: &Flow| source(*other) == source(flow);
            let idlest = self.idlest(Acquaintance::Stranger, same_source);
            if let Some(idlest) = idlest {
                self.close(idlest, "too many connections of one address");
            }
        }
        if self.entries.len() >= self.in_all && !self.make_room() {
            return None;
        }
        self.last_id += 1;
        let opened = Opened {
            id: self.last_id,
            wake: Arc::default(),
        };
        let entry = Entry {
            id: opened.id,
            acquaintance: Acquaintance::Kept,
            opened_at: now_ms,
            last_request_at: None,
            last_read_at: now_ms,
            unfinished: None,
            queue: VecDeque::new(),
            queued_bytes: 0,
            blocked_since: None,
            wake: opened.wake.clone(),
        };
        self.entries.insert(flow, entry);
        self.set_acquaintance(flow, acquaintance);
        Some(opened)
    }

    /// Closes the connection that can be missed best; tells whether there was one.
    pub(super) fn make_room(&mut self) -> bool {
        let any = |_: &Flow| true;
        let idlest = self
            .idlest(Acquaintance::Stranger, any)
            .or_else(|| self.idlest(Acquaintance::Neighbour, any));
        idlest
            .map(|idlest| self.close(idlest, "no room for more connections"))
            .is_some()
    }

    /// The connection among these on which nothing was asked for longest.
    fn idlest(&self, acquaintance: Acquaintance, among: impl Fn(&Flow) -> bool) -> Option<Flow> {
        let candidates = self
            .entries
            .iter()
            .filter(|(flow, entry)| entry.acquaintance == acquaintance && among(flow));
        candidates
            .min_by_key(|(_, entry)| (entry.last_request_at.unwrap_or(entry.opened_at), entry.id))
            .map(|(flow, _)| *flow)
    }

    /// Whether this connection is still to be served.
    pub(super) fn is_open(&self, flow: Flow, id: u64) -> bool {
        self.entries.get(&flow).is_some_and(|entry| entry.id == id)
    }

    pub(super) fn contains(&self, flow: Flow) -> bool {
        self.entries.contains_key(&flow)
    }

    /// Something was read. Tells whether the connection is still open.
    pub(super) fn progress(&mut self, flow: Flow, id: u64, read: Progress, now_ms: u64) -> bool {
        let Some(entry) = self.entries.get_mut(&flow).filter(|entry| entry.id == id) else {
            return false;
        };
        entry.last_read_at = now_ms;
        if read.message {
            entry.last_request_at = Some(now_ms);
        }
        let before = entry.unfinished.map_or(0, |unfinished| unfinished.bytes);
        // A new message begins where a whole one ended.
        let began_at = entry.unfinished.filter(|_| !read.message);
        let began_at = began_at.map_or(now_ms, |unfinished| unfinished.began_at);
        entry.unfinished = read.within_message.then_some(Unfinished {
            began_at,
            bytes: read.unfinished_bytes,
        });
        let after = entry.unfinished.map_or(0, |unfinished| unfinished.bytes);
        if entry.acquaintance == Acquaintance::Stranger {
            self.unfinished_bytes = self.unfinished_bytes - before + after;
        }
        if self.unfinished_bytes > UNFINISHED_BYTES_AT_MOST
            && let Some(oldest) = self.oldest_unfinished()
        {
            self.close(oldest, "too much of unfinished messages");
        }
        self.is_open(flow, id)
    }

    fn oldest_unfinished(&self) -> Option<Flow> {
        let strangers = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.acquaintance == Acquaintance::Stranger);
        strangers
            .filter_map(|(flow, entry)| Some((entry.unfinished?.began_at, entry.id, *flow)))
            .min_by_key(|(began_at, id, _)| (*began_at, *id))
            .map(|(_, _, flow)| flow)
    }

    /// Remembers how well the peer is known.
    pub(super) fn set_acquaintance(&mut self, flow: Flow, acquaintance: Acquaintance) {
        let Some(entry) = self.entries.get_mut(&flow) else {
            return;
        };
        let before = std::mem::replace(&mut entry.acquaintance, acquaintance);
        let bytes = entry.unfinished.map_or(0, |unfinished| unfinished.bytes);
        if before == Acquaintance::Stranger && before != acquaintance {
            self.unfinished_bytes -= bytes;
            self.forget_stranger(flow);
        } else if acquaintance == Acquaintance::Stranger && before != acquaintance {
            self.unfinished_bytes += bytes;
            *self.strangers.entry(source(flow)).or_default() += 1;
        }
    }

    /// The same, when the peer has just spoken: a connection of ours stays ours.
    pub(super) fn set_heard(&mut self, flow: Flow, acquaintance: Acquaintance) {
        let is_ours = |entry: &Entry| entry.acquaintance == Acquaintance::Ours;
        if !self.entries.get(&flow).is_some_and(is_ours) {
            self.set_acquaintance(flow, acquaintance);
        }
    }

    fn forget_stranger(&mut self, flow: Flow) {
        if let Some(count) = self.strangers.get_mut(&source(flow)) {
            *count -= 1;
            if *count == 0 {
                self.strangers.remove(&source(flow));
            }
        }
    }

    /// The peer of a connection has proven who it is: `proven` from now on. Tells whether the
    /// connection is still open.
    pub(super) fn prove(&mut self, flow: Flow, proven: Flow, id: u64) -> bool {
        if !self.is_open(flow, id) {
            return false;
        }
        if flow != proven {
            self.remove(proven);
            // Both have the same source: what is counted of it stays.
            if let Some(entry) = self.entries.remove(&flow) {
                self.entries.insert(proven, entry);
            }
        }
        true
    }

    /// Puts something into the queue of a connection. A peer that lets too much wait is not
    /// reading: its connection is closed.
    pub(super) fn push(&mut self, flow: Flow, bytes: Vec<u8>, now_ms: u64) {
        let Some(entry) = self.entries.get_mut(&flow) else {
            return;
        };
        if entry.queued_bytes + bytes.len() > QUEUED_BYTES_AT_MOST {
            return self.close(flow, "the peer does not read");
        }
        entry.queued_bytes += bytes.len();
        entry.queue.push_back(bytes);
        entry.blocked_since.get_or_insert(now_ms);
        entry.wake.notify_one();
    }

    /// What is to be sent next; it stays in the queue.
    pub(super) fn front(&self, flow: Flow, id: u64) -> Option<&[u8]> {
        let entry = self.entries.get(&flow).filter(|entry| entry.id == id)?;
        entry.queue.front().map(Vec::as_slice)
    }

    /// So much of the front was sent.
    pub(super) fn sent(&mut self, flow: Flow, id: u64, bytes: usize, now_ms: u64) {
        let Some(entry) = self.entries.get_mut(&flow).filter(|entry| entry.id == id) else {
            return;
        };
        if let Some(front) = entry.queue.front_mut() {
            front.drain(..bytes.min(front.len()));
            if front.is_empty() {
                entry.queue.pop_front();
            }
        }
        entry.queued_bytes -= bytes.min(entry.queued_bytes);
        entry.blocked_since = (!entry.queue.is_empty()).then_some(now_ms);
    }

    /// Looks at how well everybody is known now, and closes what has been open in vain for too
    /// long. Silence makes nobody better known than they were.
    pub(super) fn sweep(&mut self, now_ms: u64, known: impl Fn(Flow) -> Acquaintance) {
        let flows: Vec<_> = self.entries.keys().copied().collect();
        for flow in flows {
            let Some(entry) = self.entries.get(&flow) else {
                continue;
            };
            let (before, ours) = (entry.acquaintance, entry.acquaintance == Acquaintance::Ours);
            if !ours {
                self.set_acquaintance(flow, before.min(known(flow)));
            }
            let overdue = self
                .entries
                .get(&flow)
                .and_then(|entry| entry.overdue(now_ms));
            if let Some(why) = overdue {
                self.close(flow, why);
            }
        }
    }

    /// Closes a connection.
    pub(super) fn close(&mut self, flow: Flow, why: &'static str) {
        if self.remove(flow) {
            metrics().connections_rejected.add("sip");
            tracing::debug!(peer = %flow.remote, why, "a connection is closed");
        }
    }

    /// The task of a connection has ended; tells whether it was open until then.
    pub(super) fn ended(&mut self, flow: Flow, id: u64) -> bool {
        self.is_open(flow, id) && self.remove(flow)
    }

    fn remove(&mut self, flow: Flow) -> bool {
        self.set_acquaintance(flow, Acquaintance::Kept);
        let removed = self.entries.remove(&flow);
        if let Some(entry) = &removed {
            entry.wake.notify_one();
        }
        removed.is_some()
    }
}

impl Entry {
    /// Why it must be closed now, if it must.
    fn overdue(&self, now_ms: u64) -> Option<&'static str> {
        let since = |at: u64| now_ms.saturating_sub(at);
        let unfinished = self
            .unfinished
            .map_or(0, |unfinished| since(unfinished.began_at));
        if unfinished >= MESSAGE_TIMEOUT_MS {
            return Some("a message does not come to its end");
        }
        if self
            .blocked_since
            .is_some_and(|at| since(at) >= WRITE_TIMEOUT_MS)
        {
            return Some("the peer does not read");
        }
        let idle = match (self.acquaintance, self.last_request_at) {
            (Acquaintance::Stranger, None) => since(self.opened_at) >= FIRST_REQUEST_TIMEOUT_MS,
            (Acquaintance::Stranger, Some(at)) => since(at) >= STRANGER_TIMEOUT_MS,
            _ => since(self.last_read_at) >= IDLE_TIMEOUT_MS,
        };
        idle.then_some("nothing was asked for too long")
    }
}

/// An address, or for IPv6 the network whose owner has all of its addresses.
fn source(flow: Flow) -> IpAddr {
    match flow.remote.ip().to_canonical() {
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests;
