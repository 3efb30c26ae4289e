//! The sockets on which probes send: datagrams, streams, and streams within TLS.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use axum_server::tls_rustls::RustlsConfig;
use madoguchi_core::setup::HepListen;
use madoguchi_observe::hep::{FrameReader, HepError};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;

use super::super::super::error::CliError;

/// What the kernel may hold of datagrams while we do something else; it grants what it allows.
const SOCKET_BUFFER_BYTES: usize = 16 * 1024 * 1024;
const DATAGRAM_BYTES_AT_MOST: usize = 65_535;
/// Probes that are connected at once.
const CONNECTIONS_AT_MOST: usize = 256;
/// How long a probe may take to say who it is.
const HANDSHAKE_AT_MOST: Duration = Duration::from_secs(10);
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

/// Frames go there, and are counted there.
#[derive(Clone)]
struct Receiver {
    frames: mpsc::Sender<Vec<u8>>,
    counts: Arc<Counts>,
}

pub(super) async fn begin(
    listen: HepListen,
    tls: Option<&RustlsConfig>,
    frames: mpsc::Sender<Vec<u8>>,
    counts: Arc<Counts>,
) -> Result<(), CliError> {
    let receiver = Receiver { frames, counts };
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
                let bytes = buffer.get(..length).unwrap_or_default().to_vec();
                match receiver.frames.try_send(bytes) {
                    Ok(()) => {}
                    Err(mpsc::error::TrySendError::Full(_)) => {
                        receiver.counts.dropped.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(mpsc::error::TrySendError::Closed(_)) => return,
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
    async fn take(&self, stream: impl AsyncRead + Unpin, peer: SocketAddr) {
        if let Err(error) = self.receive(stream).await {
            self.counts.refused.fetch_add(1, Ordering::Relaxed);
            tracing::info!(%peer, %error, "a probe sends no HEP");
        }
    }

    async fn receive(&self, mut stream: impl AsyncRead + Unpin) -> Result<(), HepError> {
        let mut reader = FrameReader::default();
        let mut buffer = vec![0; DATAGRAM_BYTES_AT_MOST];
        while let Ok(length) = stream.read(&mut buffer).await {
            if length == 0 {
                break;
            }
            reader.push(buffer.get(..length).unwrap_or_default());
            while let Some(frame) = reader.next_frame()? {
                // Who sends faster than is understood waits.
                if self.frames.send(frame.to_vec()).await.is_err() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}
