//! TCP connections: one task each, found by the peer's address. Which of them live is decided by
//! [`table`].

mod connection;
mod table;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use madoguchi_metrics::metrics;
use madoguchi_sip::transaction::Flow;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use self::table::{Opened, Table};
use super::messages::LoopMessage;
use crate::switch::{Acquaintance, SwitchInput};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// After a connection that could not be accepted: descriptors are used up elsewhere, too.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// All connections.
#[derive(Clone)]
pub(super) struct Streams {
    table: Arc<Mutex<Table>>,
    local: Vec<SocketAddr>,
    inputs: mpsc::UnboundedSender<LoopMessage>,
    epoch: tokio::time::Instant,
}

impl Streams {
    /// Accepts up to so many connections.
    pub(super) fn start(
        listeners: Vec<TcpListener>,
        connections_at_most: usize,
        inputs: mpsc::UnboundedSender<LoopMessage>,
        epoch: tokio::time::Instant,
    ) -> Self {
        let local = listeners
            .iter()
            .filter_map(|socket| socket.local_addr().ok())
            .collect();
        let streams = Self {
            table: Arc::new(Mutex::new(Table::new(connections_at_most))),
            local,
            inputs,
            epoch,
        };
        for listener in listeners {
            tokio::spawn(streams.clone().accept(listener));
        }
        streams
    }

    pub(super) fn local_addresses(&self) -> Vec<SocketAddr> {
        self.local.clone()
    }

    /// How many connections there may be from now on.
    pub(super) fn set_limit(&self, connections_at_most: usize) {
        self.lock().set_limit(connections_at_most);
    }

    /// Sends on the connection with this peer. For a request one is made if there is none; an
    /// answer whose connection is gone is not missed.
    pub(super) fn send(&self, remote: SocketAddr, bytes: Vec<u8>) {
        let is_answer = bytes.starts_with(b"SIP/2.0 ");
        let now_ms = self.now_ms();
        let mut table = self.lock();
        if !table.contains(remote) {
            if is_answer {
                return;
            }
            let Some(opened) = table.open(remote, Acquaintance::Ours, now_ms) else {
                tracing::error!(peer = %remote, "no room for a connection of ours");
                return;
            };
            tokio::spawn(self.clone().connect(remote, opened));
        }
        table.push(remote, bytes, now_ms);
    }

    /// Remembers how well the peer of a connection that has just spoken is known.
    pub(super) fn heard(&self, remote: SocketAddr, acquaintance: Acquaintance) {
        self.lock().set_heard(remote, acquaintance);
    }

    /// Closes what has been open in vain for too long.
    pub(super) fn sweep(&self, known: impl Fn(SocketAddr) -> Acquaintance) {
        let now_ms = self.now_ms();
        self.lock().sweep(now_ms, known);
    }

    async fn accept(self, listener: TcpListener) {
        let mut refused = 0_u64;
        loop {
            match listener.accept().await {
                Ok((stream, remote)) => {
                    let now_ms = self.now_ms();
                    let opened = self.lock().open(remote, Acquaintance::Stranger, now_ms);
                    if let Some(opened) = opened {
                        self.open(stream, remote, opened);
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

    async fn connect(self, remote: SocketAddr, opened: Opened) {
        match tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(remote)).await {
            Ok(Ok(stream)) => return self.open(stream, remote, opened),
            Ok(Err(error)) => tracing::debug!(peer = %remote, %error, "no connection"),
            Err(_) => tracing::debug!(peer = %remote, "no connection in time"),
        }
        self.ended(remote, &opened);
    }

    fn open(&self, stream: TcpStream, remote: SocketAddr, opened: Opened) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(peer = %remote, %error, "small messages may be delayed");
        }
        let streams = self.clone();
        tokio::spawn(async move {
            connection::serve(stream, remote, &opened, &streams).await;
            streams.ended(remote, &opened);
        });
    }

    /// The switch is told of every connection that is gone, unless another has taken its place.
    fn ended(&self, remote: SocketAddr, opened: &Opened) {
        let mut table = self.lock();
        let replaced = !table.ended(remote, opened.id) && table.contains(remote);
        drop(table);
        if !replaced {
            let flow = flow_of(remote);
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

/// The way to and from the peer of a connection.
pub(super) fn flow_of(remote: SocketAddr) -> Flow {
    Flow {
        reliable: true,
        socket: 0,
        remote,
    }
}
