//! HEP from probes, and a folder that is watched, until the operator stops it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use madoguchi_observe::capture::Micros;
use madoguchi_observe::hep::{Frame, FrameReader, HepError};
use socket2::{Domain, Protocol, Socket, Type};
use subtle::ConstantTimeEq as _;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::{Semaphore, mpsc};

use super::super::error::CliError;
use super::folder::Folder;
use super::{Observing, Sink};
use crate::config::HepListen;
use crate::signals::{OperatorSignal, Signals};

/// Frames that wait to be understood.
const FRAMES_AT_MOST: usize = 65_536;
/// Frames that are taken at once.
const BATCH: usize = 1_024;
/// What the kernel may hold of datagrams while we do something else; it grants what it allows.
const SOCKET_BUFFER_BYTES: usize = 16 * 1024 * 1024;
const DATAGRAM_BYTES_AT_MOST: usize = 65_535;
/// Probes that are connected at once.
const CONNECTIONS_AT_MOST: usize = 256;
/// How often the folder is looked at and events are stored.
const TICK: Duration = Duration::from_secs(1);

/// What became of frames.
#[derive(Debug, Default)]
struct Counts {
    received: AtomicU64,
    refused: AtomicU64,
    wrong_key: AtomicU64,
    /// Frames for which there was no room.
    dropped: AtomicU64,
}

/// Understands what comes until the operator stops it.
pub(super) async fn follow(
    observing: &mut Observing,
    listen: &[HepListen],
    key: Option<String>,
    folder: Option<&Path>,
) -> Result<(), CliError> {
    let counts = Arc::new(Counts::default());
    let (sender, mut frames) = mpsc::channel::<Vec<u8>>(FRAMES_AT_MOST);
    for listen in listen {
        begin(*listen, sender.clone(), counts.clone()).await?;
    }
    drop(sender);
    let mut signals = Signals::listen().context("signals")?;
    let mut folder = folder.map(Folder::new);
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut batch = Vec::with_capacity(BATCH);
    let mut was_quiet = true;
    let mut listens = !listen.is_empty();
    loop {
        tokio::select! {
            count = frames.recv_many(&mut batch, BATCH), if listens => {
                listens = count > 0;
                was_quiet = false;
                for bytes in batch.drain(..) {
                    take(observing, &bytes, key.as_deref(), &counts);
                }
                observing.keep_up_or_wait().await;
            }
            _ = tick.tick() => {
                if let Some(folder) = &mut folder {
                    folder.look(observing).context("the folder of captures")?;
                }
                if std::mem::replace(&mut was_quiet, true) && listens {
                    let now = observing.observer.now();
                    let later = now.after(Micros::from_secs(1));
                    let progress = observing.observer.advance(later);
                    observing.take(&progress);
                }
                observing.flush_or_wait().await;
            }
            signal = signals.next() => {
                if signal == OperatorSignal::Stop {
                    break;
                }
            }
        }
    }
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    tracing::info!(
        received = count(&counts.received),
        refused = count(&counts.refused),
        wrong_key = count(&counts.wrong_key),
        dropped = count(&counts.dropped),
        dropped_by_kernel = dropped_by_kernel(listen),
        "HEP"
    );
    Ok(())
}

impl Observing {
    async fn keep_up_or_wait(&mut self) {
        if let Sink::Store(kept) = &mut self.sink
            && kept.is_much()
        {
            kept.flush_or_wait().await;
        }
    }

    async fn flush_or_wait(&mut self) {
        if let Sink::Store(kept) = &mut self.sink {
            kept.flush_or_wait().await;
        }
    }
}

fn take(observing: &mut Observing, bytes: &[u8], key: Option<&str>, counts: &Counts) {
    let add = |counter: &AtomicU64| counter.fetch_add(1, Ordering::Relaxed);
    add(&counts.received);
    let frame = match Frame::read(bytes) {
        Ok(frame) if frame.is_sip => frame,
        Ok(_) => return,
        Err(_) => {
            add(&counts.refused);
            return;
        }
    };
    if let Some(key) = key {
        let sent = frame.key.unwrap_or_default();
        if !bool::from(sent.ct_eq(key.as_bytes())) {
            add(&counts.wrong_key);
            return;
        }
    }
    let ends = (frame.from, frame.to);
    let progress = observing.observer.told(frame.at, ends, frame.payload);
    observing.take(&progress);
}

async fn begin(
    listen: HepListen,
    frames: mpsc::Sender<Vec<u8>>,
    counts: Arc<Counts>,
) -> Result<(), CliError> {
    match listen {
        HepListen::Udp(address) => {
            let socket = udp_socket(address).with_context(|| format!("udp://{address}"))?;
            tracing::info!(%address, "receiving HEP over UDP");
            tokio::spawn(receive_datagrams(socket, frames, counts));
        }
        HepListen::Tcp(address) => {
            let listener = TcpListener::bind(address).await;
            let listener = listener.with_context(|| format!("tcp://{address}"))?;
            tracing::info!(%address, "receiving HEP over TCP");
            tokio::spawn(accept(listener, frames, counts));
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

async fn receive_datagrams(socket: UdpSocket, frames: mpsc::Sender<Vec<u8>>, counts: Arc<Counts>) {
    let mut buffer = vec![0; DATAGRAM_BYTES_AT_MOST];
    loop {
        match socket.recv(&mut buffer).await {
            Ok(length) => {
                let bytes = buffer.get(..length).unwrap_or_default().to_vec();
                match frames.try_send(bytes) {
                    Ok(()) => {}
                    Err(mpsc::error::TrySendError::Full(_)) => {
                        counts.dropped.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(mpsc::error::TrySendError::Closed(_)) => return,
                }
            }
            Err(error) => {
                tracing::warn!(%error, "HEP over UDP");
                tokio::time::sleep(TICK).await;
            }
        }
    }
}

async fn accept(listener: TcpListener, frames: mpsc::Sender<Vec<u8>>, counts: Arc<Counts>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_AT_MOST));
    loop {
        let Ok(place) = room.clone().acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, peer)) => {
                let (frames, counts) = (frames.clone(), counts.clone());
                tokio::spawn(async move {
                    if let Err(error) = receive_stream(stream, &frames).await {
                        counts.refused.fetch_add(1, Ordering::Relaxed);
                        tracing::info!(%peer, %error, "a probe sends no HEP");
                    }
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "HEP over TCP");
                tokio::time::sleep(TICK).await;
            }
        }
    }
}

async fn receive_stream(
    mut stream: TcpStream,
    frames: &mpsc::Sender<Vec<u8>>,
) -> Result<(), HepError> {
    let mut reader = FrameReader::default();
    let mut buffer = vec![0; DATAGRAM_BYTES_AT_MOST];
    while let Ok(length) = stream.read(&mut buffer).await {
        if length == 0 {
            break;
        }
        reader.push(buffer.get(..length).unwrap_or_default());
        while let Some(frame) = reader.next_frame()? {
            // Who sends faster than is understood waits.
            if frames.send(frame.to_vec()).await.is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Datagrams that the kernel had no room for, as it counts them for each socket.
fn dropped_by_kernel(listen: &[HepListen]) -> u64 {
    let ports: Vec<String> = listen
        .iter()
        .filter_map(|listen| match listen {
            HepListen::Udp(address) => Some(format!(":{:04X}", address.port())),
            HepListen::Tcp(_) => None,
        })
        .collect();
    let tables = ["/proc/net/udp", "/proc/net/udp6"];
    let rows = tables
        .iter()
        .filter_map(|table| std::fs::read_to_string(table).ok());
    let mut dropped = 0;
    for table in rows {
        for row in table.lines().skip(1) {
            let mut columns = row.split_ascii_whitespace();
            let local = columns.nth(1).unwrap_or_default();
            if ports.iter().any(|port| local.ends_with(port)) {
                let count = columns
                    .next_back()
                    .and_then(|text| text.parse::<u64>().ok());
                dropped += count.unwrap_or_default();
            }
        }
    }
    dropped
}
