//! TCP and TLS connections: one task each, found by their flow. Which of them live is decided by
//! [`table`].

mod channel;
mod connection;
mod table;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use madoguchi_metrics::metrics;
use madoguchi_sip::transaction::{Flow, Way};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use self::channel::Channel;
use self::table::{Opened, Table};
use super::messages::LoopMessage;
use super::tls::Certificates;
use crate::switch::{Acquaintance, SwitchInput};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// After a connection that could not be accepted: descriptors are used up elsewhere, too.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The sockets on which connections are accepted.
pub(super) struct Listeners {
    pub(super) tcp: Vec<TcpListener>,
    pub(super) tls: Vec<TcpListener>,
}

/// All connections.
#[derive(Clone)]
pub(super) struct Streams {
    table: Arc<Mutex<Table>>,
    inputs: mpsc::UnboundedSender<LoopMessage>,
    epoch: tokio::time::Instant,
    certificates: Arc<Certificates>,
}

impl Streams {
    /// Accepts up to so many connections.
    pub(super) fn start(
        listeners: Listeners,
        connections_at_most: usize,
        inputs: mpsc::UnboundedSender<LoopMessage>,
        epoch: tokio::time::Instant,
        certificates: Arc<Certificates>,
    ) -> Self {
        let streams = Self {
            table: Arc::new(Mutex::new(Table::new(connections_at_most))),
            inputs,
            epoch,
            certificates,
        };
        for listener in listeners.tcp {
            tokio::spawn(streams.clone().accept(listener, Way::Tcp));
        }
        for listener in listeners.tls {
            let way = Way::Tls { proven: None };
            let accepting = streams.clone().accept(listener, way);
            streams.certificates.spawn(accepting);
        }
        streams
    }

    /// How many connections there may be from now on.
    pub(super) fn set_limit(&self, connections_at_most: usize) {
        self.lock().set_limit(connections_at_most);
    }

    /// Sends on the connection of this flow. For a request one is made if there is none; an
    /// answer whose connection is gone is not missed.
    pub(super) fn send(&self, flow: Flow, bytes: Vec<u8>) {
        let is_answer = bytes.starts_with(b"SIP/2.0 ");
        let now_ms = self.now_ms();
        let mut table = self.lock();
        if !table.contains(flow) {
            if is_answer {
                return;
            }
            let Some(opened) = table.open(flow, Acquaintance::Ours, now_ms) else {
                tracing::error!(peer = %flow.remote, "no room for a connection of ours");
                return;
            };
            let connecting = self.clone().connect(flow, opened);
            if flow.is_encrypted() {
                self.certificates.spawn(connecting);
            } else {
                tokio::spawn(connecting);
            }
        }
        table.push(flow, bytes, now_ms);
    }

    /// Remembers how well the peer of a connection that has just spoken is known.
    pub(super) fn heard(&self, flow: Flow, acquaintance: Acquaintance) {
        self.lock().set_heard(flow, acquaintance);
    }

    /// Closes what has been open in vain for too long.
    pub(super) fn sweep(&self, known: impl Fn(Flow) -> Acquaintance) {
        let now_ms = self.now_ms();
        self.lock().sweep(now_ms, known);
    }

    async fn accept(self, listener: TcpListener, way: Way) {
        let mut refused = 0_u64;
        loop {
            match listener.accept().await {
                Ok((stream, remote)) => {
                    let now_ms = self.now_ms();
                    let flow = Flow { way, remote };
                    let opened = self.lock().open(flow, Acquaintance::Stranger, now_ms);
                    if let Some(opened) = opened {
                        self.serve_accepted(stream, flow, opened);
                    } else {
                        refused += 1;
                        metrics().connections_rejected.add("sip_full");
                        // The first, and then fewer and fewer: a flood must not fill the log.
                        if refused.is_power_of_two() {
                            tracing::warn!(peer = %remote, refused, "too many connections of phones and trunks; a new one is refused");
                        }
                    }
                }
                Err(error) => {
                    refused += 1;
                    if refused.is_power_of_two() {
                        tracing::error!(%error, refused, "a connection was not accepted");
                    }
                    self.lock().make_room();
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn serve_accepted(&self, stream: TcpStream, flow: Flow, opened: Opened) {
        let channel = match flow.way {
            Way::Tls { .. } => Channel::accepted(stream, &self.certificates.current()),
            Way::Tcp | Way::Udp { .. } => Ok(Channel::clear(stream)),
        };
        match channel {
            Ok(channel) => self.serve(channel, flow, opened),
            Err(error) => {
                tracing::error!(%error, "an encrypted connection cannot begin");
                self.ended(flow, &opened);
            }
        }
    }

    async fn connect(self, flow: Flow, opened: Opened) {
        match tokio::time::timeout(CONNECT_TIMEOUT, self.reach(flow)).await {
            Ok(Ok(channel)) => return self.serve(channel, flow, opened),
            Ok(Err(error)) => tracing::debug!(peer = %flow.remote, %error, "no connection"),
            Err(_) => tracing::debug!(peer = %flow.remote, "no connection in time"),
        }
        self.ended(flow, &opened);
    }

    async fn reach(&self, flow: Flow) -> std::io::Result<Channel> {
        let Way::Tls { proven } = flow.way else {
            return Ok(Channel::clear(TcpStream::connect(flow.remote).await?));
        };
        // Nobody is connected to who would not have to prove who it is.
        let proof = proven.ok_or(std::io::ErrorKind::NotFound)?;
        let stream = TcpStream::connect(flow.remote).await?;
        let contexts = self.certificates.with_trunk(proof).await;
        let trunk = contexts.as_ref().and_then(|known| known.trunk(proof));
        Channel::connected(stream, trunk.ok_or(std::io::ErrorKind::NotFound)?)
    }

    fn serve(&self, channel: Channel, flow: Flow, opened: Opened) {
        let streams = self.clone();
        tokio::spawn(async move {
            let flow = connection::serve(channel, flow, &opened, &streams).await;
            streams.ended(flow, &opened);
        });
    }

    /// The switch is told of every connection that is gone, unless another has taken its place.
    fn ended(&self, flow: Flow, opened: &Opened) {
        let mut table = self.lock();
        let replaced = !table.ended(flow, opened.id) && table.contains(flow);
        drop(table);
        if !replaced {
            let input = SwitchInput::StreamClosed { flow };
            // Only fails while the program stops.
            let _stopping = self.inputs.send(LoopMessage::Input(Box::new(input)));
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listeners {
    /// The addresses that really were bound.
    pub(super) fn addresses(listeners: &[TcpListener]) -> Vec<SocketAddr> {
        let bound = listeners.iter();
        bound
            .filter_map(|socket| socket.local_addr().ok())
            .collect()
    }
}
