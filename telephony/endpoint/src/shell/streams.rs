//! TCP connections: one task each for reading and writing, found by the peer's address.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use madoguchi_sip::parse::{Frame, StreamReader};
use madoguchi_sip::transaction::Flow;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::ToLoop;
use crate::switch::SwitchInput;

/// A peer that lets so many messages wait is not reading: its connection is closed.
const QUEUED_AT_MOST: usize = 256;
/// More connections than this are refused, so that nobody uses up our descriptors.
const CONNECTIONS_AT_MOST: usize = 4_096;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection on which nothing comes for this long is closed (phones send keep-alives).
const IDLE_TIMEOUT: Duration = Duration::from_secs(3_600);

/// All connections.
#[derive(Clone)]
pub(super) struct Streams {
    connections: Arc<Mutex<HashMap<SocketAddr, mpsc::Sender<Vec<u8>>>>>,
    local: Vec<SocketAddr>,
    inputs: mpsc::UnboundedSender<ToLoop>,
}

impl Streams {
    pub(super) fn start(
        listeners: Vec<TcpListener>,
        inputs: mpsc::UnboundedSender<ToLoop>,
    ) -> Self {
        let local = listeners
            .iter()
            .filter_map(|socket| socket.local_addr().ok())
            .collect();
        let streams = Self {
            connections: Arc::default(),
            local,
            inputs,
        };
        for listener in listeners {
            tokio::spawn(streams.clone().accept(listener));
        }
        streams
    }

    pub(super) fn local_addresses(&self) -> Vec<SocketAddr> {
        self.local.clone()
    }

    /// Sends on the connection with this peer; makes one if there is none.
    pub(super) fn send(&self, remote: SocketAddr, bytes: Vec<u8>) {
        let known = self.lock().get(&remote).cloned();
        match known {
            Some(writer) => {
                if writer.try_send(bytes).is_err() {
                    tracing::warn!(peer = %remote, "the peer does not read; its connection is closed");
                    self.lock().remove(&remote);
                }
            }
            None => {
                let (writer, queue) = mpsc::channel(QUEUED_AT_MOST);
                // A new channel has room.
                let _room = writer.try_send(bytes);
                self.lock().insert(remote, writer);
                tokio::spawn(self.clone().connect(remote, queue));
            }
        }
    }

    async fn accept(self, listener: TcpListener) {
        loop {
            match listener.accept().await {
                Ok((stream, remote)) if self.lock().len() < CONNECTIONS_AT_MOST => {
                    let (writer, queue) = mpsc::channel(QUEUED_AT_MOST);
                    self.lock().insert(remote, writer);
                    self.open(stream, remote, queue);
                }
                Ok((_, remote)) => tracing::warn!(peer = %remote, "too many connections"),
                Err(error) => {
                    tracing::error!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    async fn connect(self, remote: SocketAddr, queue: mpsc::Receiver<Vec<u8>>) {
        match tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(remote)).await {
            Ok(Ok(stream)) => self.open(stream, remote, queue),
            Ok(Err(error)) => {
                tracing::debug!(peer = %remote, %error, "no connection");
                self.lock().remove(&remote);
            }
            Err(_) => {
                tracing::debug!(peer = %remote, "no connection in time");
                self.lock().remove(&remote);
            }
        }
    }

    fn open(&self, stream: TcpStream, remote: SocketAddr, queue: mpsc::Receiver<Vec<u8>>) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(peer = %remote, %error, "small messages may be delayed");
        }
        let (read, write) = stream.into_split();
        let (inputs, streams) = (self.inputs.clone(), self.clone());
        tokio::spawn(write_all(write, queue));
        tokio::spawn(async move {
            let flow = Flow {
                reliable: true,
                socket: 0,
                remote,
            };
            read_all(read, flow, &streams, &inputs).await;
            streams.lock().remove(&remote);
            // Only fails while the program stops.
            let _stopping =
                inputs.send(ToLoop::Input(Box::new(SwitchInput::StreamClosed { flow })));
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<SocketAddr, mpsc::Sender<Vec<u8>>>> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

async fn write_all(mut stream: OwnedWriteHalf, mut queue: mpsc::Receiver<Vec<u8>>) {
    while let Some(bytes) = queue.recv().await {
        if stream.write_all(&bytes).await.is_err() {
            return;
        }
    }
}

async fn read_all(
    mut stream: OwnedReadHalf,
    flow: Flow,
    streams: &Streams,
    inputs: &mpsc::UnboundedSender<ToLoop>,
) {
    let remote = flow.remote;
    let mut reader = StreamReader::default();
    let mut buffer = vec![0; 8_192];
    loop {
        let read = tokio::time::timeout(IDLE_TIMEOUT, stream.read(&mut buffer)).await;
        let Ok(Ok(length @ 1..)) = read else { return };
        reader.push(buffer.get(..length).unwrap_or_default());
        while let Some(frame) = reader.next_frame() {
            let message = match frame {
                // RFC 5626 4.4.1: a ping is answered with a pong.
                Frame::KeepAlive => {
                    streams.send(remote, b"\r\n".to_vec());
                    continue;
                }
                Frame::Message(message) => *message,
            };
            if inputs
                .send(ToLoop::Input(Box::new(SwitchInput::Streamed {
                    flow,
                    message,
                })))
                .is_err()
            {
                return;
            }
        }
        if reader.is_broken() {
            tracing::warn!(peer = %remote, "the stream is no SIP any more; it is closed");
            return;
        }
    }
}
