//! The door of the pages: takes connections in as far as there is room, closes those that take too
//! long, and hands requests to the router.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum_server::tls_rustls::RustlsConfig;
use http_body::{Frame, SizeHint};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use ipnet::IpNet;
use madoguchi_metrics::metrics;
use madoguchi_web::Recognition;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tower_service::Service as _;

use super::connection::Reason;
use super::ledger::{Closing, Ledger, Limits};
use super::traffic::{Noted, Traffic, millis_since};

/// How often it is looked which connections take too long.
const SWEEP_EVERY: Duration = Duration::from_secs(1);
/// One reason for closing connections is in the log so often at the most.
const LOG_EVERY_MS: u64 = 10_000;
/// After a failure to take a connection that is not the connection's own.
const REST: Duration = Duration::from_millis(100);
/// The head of a request and what is read ahead of a body.
const BUFFER_BYTES: usize = 64 * 1024;
/// Requests under way on one HTTP/2 connection.
const STREAMS_AT_ONCE: u32 = 64;
/// The fields of one HTTP/2 request.
const HEADER_BYTES: u32 = 32 * 1024;
/// Whether the other side of a quiet HTTP/2 connection still lives.
const PING_EVERY: Duration = Duration::from_secs(20);

/// Everything at the door.
pub(super) struct Door {
    ledger: Mutex<Ledger>,
    tally: Tally,
    /// Proxies, whose connections are those of many visitors.
    proxies: Vec<IpNet>,
    tls: Option<RustlsConfig>,
    http: Builder<TokioExecutor>,
    router: Router,
    began: Instant,
}

/// What is in the log already of refused and closed connections, by reason.
#[derive(Debug, Default)]
struct Tally(Mutex<HashMap<Reason, Unlogged>>);

#[derive(Debug, Clone, Copy, Default)]
struct Unlogged {
    connections: u64,
    logged_at_ms: Option<u64>,
}

impl Tally {
    /// One more; how many there were since the last line if it is time for another.
    fn note(&self, reason: Reason, now_ms: u64) -> Option<u64> {
        let mut tally = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let unlogged = tally.entry(reason).or_default();
        unlogged.connections += 1;
        let logged_at = unlogged.logged_at_ms;
        if logged_at.is_some_and(|at| now_ms < at + LOG_EVERY_MS) {
            return None;
        }
        unlogged.logged_at_ms = Some(now_ms);
        Some(std::mem::take(&mut unlogged.connections))
    }

    fn tell(&self, address: IpAddr, reason: Reason, now_ms: u64) {
        // Somebody who leaves a page open is nothing to worry about.
        if reason == Reason::Idle {
            return;
        }
        let reason_text = reason.as_str();
        metrics().connections_rejected.add(reason_text);
        if let Some(connections) = self.note(reason, now_ms) {
            tracing::warn!(%address, reason = reason_text, connections, "connections of pages were refused or closed");
        }
    }
}

impl Door {
    pub(super) fn new(
        limits: Limits,
        proxies: Vec<IpNet>,
        tls: Option<RustlsConfig>,
        router: Router,
    ) -> Self {
        Self {
            ledger: Mutex::new(Ledger::new(limits)),
            tally: Tally::default(),
            proxies,
            tls,
            http: http(),
            router,
            began: Instant::now(),
        }
    }

    /// Takes connections until the future is dropped, which closes all of them.
    pub(super) async fn serve(self, listener: TcpListener) {
        let door = Arc::new(self);
        let mut conversations = JoinSet::new();
        let mut sweep = tokio::time::interval(SWEEP_EVERY);
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => {
                        if let Some(slot) = door.admit(peer) {
                            conversations.spawn(converse(slot, stream));
                        }
                    }
                    Err(error) if is_of_connection(&error) => {}
                    Err(error) => {
                        tracing::warn!(%error, "a connection of pages could not be taken");
                        tokio::time::sleep(REST).await;
                    }
                },
                Some(_) = conversations.join_next() => {}
                _ = sweep.tick() => {
                    let closing = door.ledger().sweep(door.now_ms());
                    door.tell(&closing);
                }
            }
        }
    }

    fn admit(self: &Arc<Self>, peer: SocketAddr) -> Option<LedgerSlot> {
        let address = peer.ip().to_canonical();
        let shared = self.proxies.iter().any(|net| net.contains(&address));
        let now_ms = self.now_ms();
        let entered = self
            .ledger()
            .enter(address, shared, self.tls.is_some(), now_ms);
        match entered {
            Ok((id, traffic, closing)) => {
                self.tell(&closing);
                let door = self.clone();
                Some(LedgerSlot {
                    door,
                    id,
                    peer,
                    traffic,
                })
            }
            Err(reason) => {
                self.tally.tell(address, reason, now_ms);
                None
            }
        }
    }

    fn tell(&self, closing: &[Closing]) {
        for Closing { address, reason } in closing {
            self.tally.tell(*address, *reason, self.now_ms());
        }
    }

    fn ledger(&self) -> std::sync::MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_ms(&self) -> u64 {
        millis_since(self.began)
    }
}

fn http() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // The ledger knows how long a head may take.
        .header_read_timeout(None)
        .max_buf_size(BUFFER_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_AT_ONCE)
        .max_header_list_size(HEADER_BYTES)
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_EVERY);
    builder
}

/// Whether only the one connection failed that should have been taken.
fn is_of_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

/// A connection's place in the ledger, given back when it is dropped.
struct LedgerSlot {
    door: Arc<Door>,
    id: u64,
    peer: SocketAddr,
    traffic: Arc<Traffic>,
}

impl Drop for LedgerSlot {
    fn drop(&mut self) {
        self.door.ledger().leave(self.id);
    }
}

/// One connection from its first byte to its last.
async fn converse(slot: LedgerSlot, stream: TcpStream) {
    let slot = Arc::new(slot);
    let (traffic, door) = (slot.traffic.clone(), slot.door.clone());
    let stream = Noted::new(stream, traffic.clone(), door.began);
    let conversation = async {
        let Some(tls) = &door.tls else {
            return answer(&slot, stream).await;
        };
        match TlsAcceptor::from(tls.get_inner()).accept(stream).await {
            Ok(stream) => {
                slot.door.ledger().shook_hands(slot.id, door.now_ms());
                answer(&slot, stream).await;
            }
            Err(error) => {
                let address = slot.peer.ip();
                tracing::debug!(%address, %error, "a TLS handshake failed");
            }
        }
    };
    tokio::select! {
        () = conversation => {}
        () = traffic.closes() => {}
    }
}

async fn answer<S>(slot: &Arc<LedgerSlot>, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let of_request = slot.clone();
    let service =
        hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            respond(of_request.clone(), request.map(Body::new))
        });
    let served = slot
        .door
        .http
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        let address = slot.peer.ip();
        tracing::debug!(%address, %error, "a connection of pages ended");
    }
}

async fn respond(slot: Arc<LedgerSlot>, request: Request) -> Result<Response, Infallible> {
    let follows = !request.body().is_end_stream();
    let now_ms = slot.door.now_ms();
    slot.door.ledger().request_begins(slot.id, follows, now_ms);
    let mut answering = Answering {
        slot: slot.clone(),
        streamed: false,
    };
    let receiving = follows.then(|| Receiving { slot: slot.clone() });
    let mut request = request.map(|body| {
        Body::new(Watched {
            body,
            watch: receiving,
        })
    });
    request.extensions_mut().insert(ConnectInfo(slot.peer));
    let known = slot.clone();
    let recognition = Recognition::new(move || known.door.ledger().known(known.id));
    request.extensions_mut().insert(recognition);
    let mut router = slot.door.router.clone();
    let response = router.call(request).await?;
    if is_event_stream(response.headers()) {
        answering.streamed = true;
        slot.door.ledger().streams(slot.id);
    }
    Ok(response.map(|body| {
        Body::new(Watched {
            body,
            watch: Some(answering),
        })
    }))
}

fn is_event_stream(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}

/// The body of a request is on its way.
struct Receiving {
    slot: Arc<LedgerSlot>,
}

impl Drop for Receiving {
    fn drop(&mut self) {
        self.slot.door.ledger().body_ends(self.slot.id);
    }
}

/// A request is being answered.
struct Answering {
    slot: Arc<LedgerSlot>,
    streamed: bool,
}

impl Drop for Answering {
    fn drop(&mut self) {
        let door = &self.slot.door;
        let now_ms = door.now_ms();
        door.ledger()
            .request_ends(self.slot.id, self.streamed, now_ms);
    }
}

/// A body whose end is noted by dropping the watch.
struct Watched<W> {
    body: Body,
    watch: Option<W>,
}

impl<W: Send + Unpin + 'static> HttpBody for Watched<W> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        let over = matches!(frame, Poll::Ready(None | Some(Err(_))));
        if over || self.body.is_end_stream() {
            self.watch = None;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
