//! The sockets on which probes send: datagrams, streams, and streams within TLS.
//!
//! Of streams there are so many at once. Who says nothing, stops within a frame, or does not have the key loses its place to
//! others; who has it and has nothing to say keeps it as long as its machine is there.

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use axum_server::tls_rustls::RustlsConfig;
use madoguchi_core::setup::HepListen;
use madoguchi_observe::hep::{Frame, FrameReader, HepError};
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use subtle::ConstantTimeEq as _;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

use super::super::super::error::CliError;

/// What the kernel may hold of datagrams while we do something else; it grants what it allows.
const SOCKET_BUFFER_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of frames that wait to be understood.
const WAITING_BYTES_AT_MOST: usize = 64 * 1024 * 1024;
const DATAGRAM_BYTES_AT_MOST: usize = 65_535;
/// Probes that are connected at once.
const CONNECTIONS_AT_MOST: usize = 256;
/// How long a probe may take to say who it is.
const HANDSHAKE_AT_MOST: Duration = Duration::from_secs(10);
/// How long a probe that is connected may take to send its first frame, and the rest of one that it has begun.
const FRAME_AT_MOST: Duration = Duration::from_secs(30);
/// After so long without a word the kernel asks whether the other machine is still there.
const IS_THERE_AFTER: Duration = Duration::from_secs(60);
/// After an error of a socket.
const PAUSE: Duration = Duration::from_secs(1);

/// What became of frames.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) received: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) wrong_key: AtomicU64,
    /// Frames for which there was no room.
    pub(super) dropped: AtomicU64,
}

/// A frame that waits to be understood, and the room that it takes.
pub(super) struct Received {
    pub(super) bytes: Vec<u8>,
    _room: OwnedSemaphorePermit,
}

/// Frames go there, and are counted there.
#[derive(Clone)]
pub(super) struct Receiver {
    frames: mpsc::Sender<Received>,
    /// Bytes that may still wait.
    room: Arc<Semaphore>,
    counts: Arc<Counts>,
    /// The key that probes must send.
    key: watch::Receiver<Option<String>>,
}

pub(super) async fn begin(
    listen: HepListen,
    tls: Option<&RustlsConfig>,
    receiver: Receiver,
) -> Result<(), CliError> {
    match listen {
        HepListen::Udp(address) => {
            let socket = udp_socket(address).with_context(|| format!("udp://{address}"))?;
            tracing::info!(%address, "receiving HEP over UDP");
            tokio::spawn(receive_datagrams(socket, receiver));
        }
        HepListen::Tcp(address) => {
            let listener = TcpListener::bind(address).await;
            let listener = listener.with_context(|| format!("tcp://{address}"))?;
            tracing::info!(%address, "receiving HEP over TCP");
            tokio::spawn(accept(listener, None, receiver));
        }
        HepListen::Tls(address) => {
            let Some(tls) = tls else {
                return Err(CliError::Usage(format!(
                    "tls://{address} で待ち受けるには、設定ファイルの web.certificate と web.certificate_key を指定してください"
                )));
            };
            let listener = TcpListener::bind(address).await;
            let listener = listener.with_context(|| format!("tls://{address}"))?;
            tracing::info!(%address, "receiving HEP over TLS");
            tokio::spawn(accept(listener, Some(tls.clone()), receiver));
        }
    }
    Ok(())
}

fn udp_socket(address: SocketAddr) -> std::io::Result<UdpSocket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::DGRAM,
        Some(Protocol::UDP),
    )?;
    socket.set_recv_buffer_size(SOCKET_BUFFER_BYTES)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}

async fn receive_datagrams(socket: UdpSocket, receiver: Receiver) {
    let mut buffer = vec![0; DATAGRAM_BYTES_AT_MOST];
    loop {
        match socket.recv(&mut buffer).await {
            Ok(length) => {
                if receiver.frames.is_closed() {
                    return;
                }
                let bytes = buffer.get(..length).unwrap_or_default();
                if !receiver.offer(bytes) {
                    receiver.counts.dropped.fetch_add(1, Ordering::Relaxed);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "HEP over UDP");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn accept(listener: TcpListener, tls: Option<RustlsConfig>, receiver: Receiver) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_AT_MOST));
    loop {
        let Ok(place) = room.clone().acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, peer)) => {
                let keepalive = TcpKeepalive::new().with_time(IS_THERE_AFTER);
                if let Err(error) = SockRef::from(&stream).set_tcp_keepalive(&keepalive) {
                    tracing::debug!(%peer, %error, "no keepalive");
                }
                let (receiver, tls) = (receiver.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => receiver.take(stream, peer).await,
                        Some(tls) => {
                            let acceptor = TlsAcceptor::from(tls.get_inner());
                            let handshake = acceptor.accept(stream);
                            match tokio::time::timeout(HANDSHAKE_AT_MOST, handshake).await {
                                Ok(Ok(stream)) => receiver.take(stream, peer).await,
                                Ok(Err(error)) => {
                                    tracing::info!(%peer, %error, "a probe speaks no TLS")
                                }
                                Err(_) => tracing::info!(%peer, "a probe takes too long for TLS"),
                            }
                        }
                    }
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "HEP over streams");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

impl Receiver {
    pub(super) fn new(
        frames: mpsc::Sender<Received>,
        counts: Arc<Counts>,
        key: watch::Receiver<Option<String>>,
    ) -> Self {
        Self {
            frames,
            room: Arc::new(Semaphore::new(WAITING_BYTES_AT_MOST)),
            counts,
            key,
        }
    }

    /// Takes a frame if there is room for it.
    fn offer(&self, bytes: &[u8]) -> bool {
        let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let Ok(room) = self.room.clone().try_acquire_many_owned(size) else {
            return false;
        };
        let received = Received {
            bytes: bytes.to_vec(),
            _room: room,
        };
        self.frames.try_send(received).is_ok()
    }

    /// Takes a frame as soon as there is room for it; `false` if nobody wants any more.
    async fn give(&self, bytes: Vec<u8>) -> bool {
        let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let Ok(room) = self.room.clone().acquire_many_owned(size).await else {
            return false;
        };
        let received = Received { bytes, _room: room };
        self.frames.send(received).await.is_ok()
    }

    async fn take(&self, stream: impl AsyncRead + Unpin, peer: SocketAddr) {
        if let Err(error) = self.receive(stream).await {
            self.counts.refused.fetch_add(1, Ordering::Relaxed);
            tracing::info!(%peer, %error, "a probe sends no HEP");
        }
    }

    async fn receive(&self, mut stream: impl AsyncRead + Unpin) -> Result<(), HepError> {
        let mut reader = FrameReader::default();
        let mut buffer = vec![0; DATAGRAM_BYTES_AT_MOST];
        // By when a frame has to be there.
        let mut until = Some(Instant::now() + FRAME_AT_MOST);
        let mut is_trusted = false;
        loop {
            let read = stream.read(&mut buffer);
            let read = match until {
                Some(until) => tokio::time::timeout_at(until, read).await,
                None => Ok(read.await),
            };
            let Ok(Ok(length)) = read else {
                return Ok(());
            };
            if length == 0 {
                return Ok(());
            }
            reader.push(buffer.get(..length).unwrap_or_default());
            while let Some(frame) = reader.next_frame()? {
                is_trusted = is_trusted || self.trusts(frame);
                if is_trusted {
                    until = None;
                }
                // Who sends faster than is understood waits.
                if !self.give(frame.to_vec()).await {
                    return Ok(());
                }
            }
            if reader.is_within_frame() && until.is_none() {
                until = Some(Instant::now() + FRAME_AT_MOST);
            }
        }
    }

    /// Whether it is a frame of who may send.
    fn trusts(&self, frame: &[u8]) -> bool {
        let key = self.key.borrow();
        Frame::read(frame).is_ok_and(|frame| has_key(&frame, key.as_deref()))
    }
}

/// Whether who sent a frame may send.
pub(super) fn has_key(frame: &Frame<'_>, key: Option<&str>) -> bool {
    key.is_none_or(|key| {
        let sent = frame.key.unwrap_or_default();
        sent.ct_eq(key.as_bytes()).into()
    })
}
