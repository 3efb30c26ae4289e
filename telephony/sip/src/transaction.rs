//! The transaction layer (RFC 3261 17, RFC 6026) without sockets or clock.
//!
//! The one invariant: after every call that takes `now`, the owner sends all of
//! [`Transactions::poll_transmit`], handles all of [`Transactions::poll_event`], and calls
//! [`Transactions::handle_timeout`] no later than [`Transactions::poll_timeout`]. Time is in
//! milliseconds from any fixed point and never goes backwards.
//!
//! Nothing is kept of a request before its user says so with [`Transactions::accept`]: what
//! strangers send is answered without state ([`crate::stateless`]) and costs no memory.
//!
//! Two duties of the transaction user are taken over because every user needs them: a 2xx to
//! INVITE is sent again until [`Transactions::acknowledged`] (13.3.1.4), and an ACK to a 2xx is
//! sent again for each 2xx that comes again (13.2.2.4).

mod client;
mod key;
mod server;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

use client::ClientTransaction;
use key::{ClientKey, ServerKey};
use server::ServerTransaction;

use crate::header::{self, NameAddr};
use crate::message::{Message, Method, Request, Response};

/// RFC 3261 17.1.1.1: estimate of the round-trip time.
pub const T1_MS: u64 = 500;
/// RFC 3261 17.1.2.2: the longest interval between retransmissions.
pub const T2_MS: u64 = 4_000;
/// RFC 3261 17.1.2.2: how long a message stays in the network.
pub const T4_MS: u64 = 5_000;
/// 64 × T1: when an unanswered transaction is given up (timers B, F, H, J, L, M).
pub const GIVE_UP_MS: u64 = 64 * T1_MS;

/// The way to and from one peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Flow {
    /// What carries the messages.
    pub way: Way,
    /// The address of the peer.
    pub remote: SocketAddr,
}

/// What carries messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// Datagrams.
    Udp {
        /// Which of the owner's sockets.
        socket: u16,
    },
    /// A stream in clear text.
    Tcp,
    /// An encrypted stream.
    Tls {
        /// Whom the certificate of the peer proved it to be; nobody if it showed none.
        proven: Option<u64>,
    },
}

impl Flow {
    /// Datagrams through one of the owner's sockets.
    pub fn udp(socket: u16, remote: SocketAddr) -> Self {
        let way = Way::Udp { socket };
        Self { way, remote }
    }

    /// A stream in clear text.
    pub fn tcp(remote: SocketAddr) -> Self {
        let way = Way::Tcp;
        Self { way, remote }
    }

    /// An encrypted stream with a peer whose certificate proved it to be this one, if any.
    pub fn tls(proven: Option<u64>, remote: SocketAddr) -> Self {
        let way = Way::Tls { proven };
        Self { way, remote }
    }

    /// Whether the transport repeats lost data itself.
    pub fn is_reliable(&self) -> bool {
        !matches!(self.way, Way::Udp { .. })
    }

    /// Whether nobody on the way can read along.
    pub fn is_encrypted(&self) -> bool {
        matches!(self.way, Way::Tls { .. })
    }

    /// The name of the transport in Via.
    pub fn transport(&self) -> header::Transport {
        match self.way {
            Way::Udp { .. } => header::Transport::Udp,
            Way::Tcp => header::Transport::Tcp,
            Way::Tls { .. } => header::Transport::Tls,
        }
    }

    /// Whether both are carried in the same way, through whichever socket and whoever is proven.
    pub fn is_carried_as(&self, other: Self) -> bool {
        std::mem::discriminant(&self.way) == std::mem::discriminant(&other.way)
    }
}

/// A transaction that a peer started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerTx(u64);

/// A transaction that we started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientTx(u64);

/// Bytes to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// Where.
    pub flow: Flow,
    /// What.
    pub bytes: Vec<u8>,
}

/// What the transaction user must know.
#[derive(Debug)]
pub enum Event {
    /// A new request (never ACK; CANCEL only if there is nothing to cancel). It is not kept:
    /// take it with [`Transactions::accept`], or answer with [`Transactions::send_response`].
    Request {
        /// Where it came from.
        flow: Flow,
        /// The request.
        request: Box<Request>,
    },
    /// An ACK that belongs to no transaction: it acknowledges a 2xx, or an answer without state.
    Ack {
        /// Where it came from.
        flow: Flow,
        /// The ACK.
        request: Box<Request>,
    },
    /// A CANCEL for an INVITE that has no final answer yet. The CANCEL itself is answered.
    Cancelled {
        /// The INVITE's transaction: answer it with 487.
        invite: ServerTx,
    },
    /// An INVITE that was accepted got no answer from us for a very long time; it is forgotten.
    Unanswered {
        /// The INVITE's transaction.
        invite: ServerTx,
    },
    /// A response. A repeated 2xx with the same To tag is not told again.
    Response {
        /// Whose.
        tx: ClientTx,
        /// The response.
        response: Box<Response>,
    },
    /// No final response came in time (timers B and F). A 2xx to INVITE that comes later is told all the same:
    /// acknowledge it, and end its dialog (13.2.2.4).
    Timeout {
        /// Whose.
        tx: ClientTx,
    },
    /// A 2xx to INVITE was never acknowledged: the dialog should end with BYE (13.3.1.4).
    AckTimeout {
        /// The INVITE's transaction.
        tx: ServerTx,
    },
}

/// What server transactions hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerLoad {
    /// All of them.
    pub in_all: usize,
    /// Those that one address started.
    pub of_source: usize,
    /// The bytes of the answers that are kept to be sent again.
    pub kept_bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum TimerOf {
    Server(ServerTx),
    Client(ClientTx),
}

/// All transactions of an endpoint.
#[derive(Debug, Default)]
pub struct Transactions {
    next_id: u64,
    servers: HashMap<ServerTx, ServerTransaction>,
    server_keys: HashMap<ServerKey, ServerTx>,
    /// Server transactions by the address that started them.
    sources: HashMap<IpAddr, usize>,
    /// The answers that server transactions keep, in all.
    kept_bytes: usize,
    clients: HashMap<ClientTx, ClientTransaction>,
    client_keys: HashMap<ClientKey, ClientTx>,
    timers: BinaryHeap<Reverse<(u64, TimerOf)>>,
    transmits: VecDeque<Transmit>,
    events: VecDeque<Event>,
    latencies: VecDeque<Latency>,
}

/// How long an answer took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Latency {
    /// From an INVITE outside a dialog to our first answer beyond 100.
    FirstAnswer {
        /// Its status.
        status: u16,
        /// Milliseconds.
        ms: u64,
    },
    /// From a request of ours to its final response; from an INVITE, which people answer, to the
    /// first.
    Response {
        /// Of which method.
        method: Method,
        /// Milliseconds.
        ms: u64,
    },
}

impl Transactions {
    /// No transactions yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a message that arrived on `flow`. Requests must have passed
    /// [`crate::check::check_request`]; responses to nothing are dropped (18.1.2).
    pub fn receive(&mut self, flow: Flow, message: Message, now: u64) {
        match message {
            Message::Request(request) => self.receive_request(flow, request, now),
            Message::Response(response) => self.receive_response(response, now),
        }
    }

    /// Starts a client transaction. The request's topmost Via carries a branch of its own.
    pub fn request(&mut self, flow: Flow, request: &Request, now: u64) -> Option<ClientTx> {
        let key = ClientKey::of_request(request)?;
        let tx = ClientTx(self.take_id());
        let bytes = request.to_bytes();
        let transaction = ClientTransaction::start(flow, key.clone(), request, &bytes, now);
        self.transmits.push_back(Transmit { flow, bytes });
        self.timers
            .push(Reverse((transaction.wake_at(), TimerOf::Client(tx))));
        self.client_keys.insert(key, tx);
        self.clients.insert(tx, transaction);
        Some(tx)
    }

    /// Cancels an INVITE (9.1): at once if a provisional response has come, otherwise as soon as
    /// one comes, also after [`Event::Timeout`]. The final response is still told; without one [`Event::Timeout`]
    /// comes after [`GIVE_UP_MS`].
    pub fn cancel(&mut self, tx: ClientTx, now: u64) {
        let Some(transaction) = self.clients.get_mut(&tx) else {
            return;
        };
        if let Some((flow, cancel)) = transaction.cancel(now) {
            self.timers
                .push(Reverse((transaction.wake_at(), TimerOf::Client(tx))));
            self.request(flow, &cancel, now);
        }
    }

    /// Sends the ACK to a 2xx with the credentials of its INVITE, and again whenever that 2xx comes
    /// again.
    pub fn acknowledge(&mut self, tx: ClientTx, flow: Flow, mut ack: Request) {
        if let Some(transaction) = self.clients.get(&tx) {
            transaction.prove_ack(&mut ack);
        }
        let bytes = ack.to_bytes();
        let transmit = Transmit { flow, bytes };
        if let Some(transaction) = self.clients.get_mut(&tx) {
            let to = ack.to();
            let to_tag = to.as_ref().and_then(NameAddr::tag);
            transaction.keep_ack(to_tag, transmit.clone());
        }
        self.transmits.push_back(transmit);
    }

    /// Sends a response to a request that was not taken in (8.1.3.4 allows no state for it).
    pub fn send_response(&mut self, flow: Flow, response: &Response) {
        self.transmits.push_back(Transmit {
            flow,
            bytes: response.to_bytes(),
        });
    }

    /// The way a client transaction that is still remembered goes.
    pub fn flow_of(&self, tx: ClientTx) -> Option<Flow> {
        self.clients.get(&tx).map(ClientTransaction::flow)
    }

    /// Starts a server transaction for a request that was told; answer it with
    /// [`Self::respond`]. `None` if the request has no transaction (its Via is no Via), or has
    /// one already.
    pub fn accept(&mut self, flow: Flow, request: &Request, now: u64) -> Option<ServerTx> {
        let key = ServerKey::of_request(request)?;
        if self.server_keys.contains_key(&key) {
            return None;
        }
        let tx = ServerTx(self.take_id());
        self.server_keys.insert(key, tx);
        *self.sources.entry(flow.remote.ip()).or_default() += 1;
        self.servers
            .insert(tx, ServerTransaction::start(flow, key, request, now));
        self.schedule_server(tx);
        Some(tx)
    }

    /// What server transactions hold now, and how many of them this address started.
    pub fn server_load(&self, source: IpAddr) -> ServerLoad {
        ServerLoad {
            in_all: self.servers.len(),
            of_source: self.sources.get(&source).copied().unwrap_or(0),
            kept_bytes: self.kept_bytes,
        }
    }

    /// Answers a request. After a final answer further ones are ignored.
    pub fn respond(&mut self, tx: ServerTx, response: &Response, now: u64) {
        let Some(transaction) = self.servers.get_mut(&tx) else {
            return;
        };
        let kept_before = transaction.kept_bytes();
        let status = response.status;
        let waited = transaction.first_answer_after(response, now);
        self.latencies
            .extend(waited.map(|ms| Latency::FirstAnswer { status, ms }));
        if let Some(transmit) = transaction.respond(response, now) {
            self.kept_bytes = self.kept_bytes - kept_before + transaction.kept_bytes();
            self.transmits.push_back(transmit);
            self.schedule_server(tx);
        }
    }

    /// The ACK to the 2xx of this INVITE arrived: the 2xx is not sent again.
    pub fn acknowledged(&mut self, tx: ServerTx) {
        if let Some(transaction) = self.servers.get_mut(&tx) {
            self.kept_bytes -= transaction.kept_bytes();
            transaction.acknowledged();
            self.kept_bytes += transaction.kept_bytes();
            self.schedule_server(tx);
        }
    }

    /// Whether the INVITE of this transaction still waits for its final answer.
    pub fn is_unanswered(&self, tx: ServerTx) -> bool {
        self.servers
            .get(&tx)
            .is_some_and(ServerTransaction::is_unanswered)
    }

    /// Requests of ours that await their final response.
    pub fn unanswered_requests(&self) -> impl Iterator<Item = ClientTx> {
        let clients = self.clients.iter();
        clients
            .filter(|(_, transaction)| transaction.is_unanswered())
            .map(|(tx, _)| *tx)
    }

    /// The next bytes to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    /// The next thing that happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The next answer that was measured.
    pub fn poll_latency(&mut self) -> Option<Latency> {
        self.latencies.pop_front()
    }

    /// When [`Self::handle_timeout`] is due.
    pub fn poll_timeout(&self) -> Option<u64> {
        self.timers.peek().map(|Reverse((at, _))| *at)
    }

    /// Does what is due at `now`: retransmissions, time-outs, forgetting.
    pub fn handle_timeout(&mut self, now: u64) {
        while let Some(Reverse((at, timer))) = self.timers.peek().copied() {
            if at > now {
                return;
            }
            self.timers.pop();
            match timer {
                TimerOf::Server(tx) => self.wake_server(tx, at, now),
                TimerOf::Client(tx) => self.wake_client(tx, at, now),
            }
        }
    }

    /// How many transactions are remembered.
    pub fn len(&self) -> usize {
        self.servers.len() + self.clients.len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn take_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    fn receive_request(&mut self, flow: Flow, request: Request, now: u64) {
        let Some(key) = ServerKey::of_request(&request) else {
            return;
        };
        if let Some(&tx) = self.server_keys.get(&key) {
            return self.receive_again(tx, &request, now);
        }
        let request = Box::new(request);
        match request.method {
            Method::Ack => self.events.push_back(Event::Ack { flow, request }),
            Method::Cancel => self.receive_cancel(flow, request),
            _ => self.events.push_back(Event::Request { flow, request }),
        }
    }

    fn receive_again(&mut self, tx: ServerTx, request: &Request, now: u64) {
        let Some(transaction) = self.servers.get_mut(&tx) else {
            return;
        };
        if request.method == Method::Ack {
            self.kept_bytes -= transaction.kept_bytes();
            transaction.receive_ack(now);
            self.kept_bytes += transaction.kept_bytes();
            self.schedule_server(tx);
        } else if let Some(transmit) = transaction.retransmitted() {
            self.transmits.push_back(transmit);
        }
    }

    /// A CANCEL comes from where its INVITE came from (9.1). It is answered without state: one
    /// that comes again finds its INVITE again.
    fn receive_cancel(&mut self, flow: Flow, cancel: Box<Request>) {
        let invite = ServerKey::of_cancelled(&cancel)
            .and_then(|key| self.server_keys.get(&key).copied())
            .filter(|tx| {
                self.servers
                    .get(tx)
                    .is_some_and(|invite| invite.flow().remote.ip() == flow.remote.ip())
            });
        let Some(invite) = invite else {
            return self.events.push_back(Event::Request {
                flow,
                request: cancel,
            });
        };
        let mut response = cancel.respond(200, None);
        response.set_to_tag("cancelled");
        self.send_response(flow, &response);
        if self.is_unanswered(invite) {
            self.events.push_back(Event::Cancelled { invite });
        }
    }

    fn receive_response(&mut self, response: Response, now: u64) {
        let Some(key) = ClientKey::of_response(&response) else {
            return;
        };
        let Some(&tx) = self.client_keys.get(&key) else {
            return;
        };
        let Some(transaction) = self.clients.get_mut(&tx) else {
            return;
        };
        let took = transaction.response_after(&response, now);
        self.latencies
            .extend(took.map(|(method, ms)| Latency::Response { method, ms }));
        let outcome = transaction.receive(&response, now);
        if let Some(transmit) = outcome.transmit {
            self.transmits.push_back(transmit);
        }
        self.timers
            .push(Reverse((transaction.wake_at(), TimerOf::Client(tx))));
        if outcome.tell {
            self.events.push_back(Event::Response {
                tx,
                response: Box::new(response),
            });
        }
        if let Some((flow, cancel)) = outcome.cancel {
            self.request(flow, &cancel, now);
        }
    }

    fn schedule_server(&mut self, tx: ServerTx) {
        if let Some(transaction) = self.servers.get(&tx) {
            self.timers
                .push(Reverse((transaction.wake_at(), TimerOf::Server(tx))));
        }
    }

    fn wake_server(&mut self, tx: ServerTx, at: u64, now: u64) {
        let Some(transaction) = self.servers.get_mut(&tx) else {
            return;
        };
        if transaction.wake_at() != at {
            return;
        }
        let outcome = transaction.wake(now);
        if let Some(transmit) = outcome.transmit {
            self.transmits.push_back(transmit);
        }
        if outcome.unacknowledged {
            self.events.push_back(Event::AckTimeout { tx });
        }
        if outcome.unanswered {
            self.events.push_back(Event::Unanswered { invite: tx });
        }
        if outcome.over {
            self.forget_server(tx);
        } else {
            self.schedule_server(tx);
        }
    }

    fn forget_server(&mut self, tx: ServerTx) {
        let Some(transaction) = self.servers.remove(&tx) else {
            return;
        };
        self.server_keys.remove(&transaction.key());
        self.kept_bytes -= transaction.kept_bytes();
        let source = transaction.flow().remote.ip();
        if let Some(count) = self.sources.get_mut(&source) {
            *count -= 1;
            if *count == 0 {
                self.sources.remove(&source);
            }
        }
    }

    fn wake_client(&mut self, tx: ClientTx, at: u64, now: u64) {
        let Some(transaction) = self.clients.get_mut(&tx) else {
            return;
        };
        if transaction.wake_at() != at {
            return;
        }
        let outcome = transaction.wake(now);
        if let Some(transmit) = outcome.transmit {
            self.transmits.push_back(transmit);
        }
        if outcome.timed_out {
            self.events.push_back(Event::Timeout { tx });
        }
        if outcome.over {
            if let Some(transaction) = self.clients.remove(&tx) {
                self.client_keys.remove(transaction.key());
            }
        } else {
            self.timers
                .push(Reverse((transaction.wake_at(), TimerOf::Client(tx))));
        }
    }
}

#[cfg(test)]
mod tests;
