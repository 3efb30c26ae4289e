//! One TCP connection: reads messages for the switch, writes what waits in its queue.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use madoguchi_sip::framing::{Frame, StreamReader};
use tokio::io::Interest;
use tokio::net::TcpStream;

use super::table::{Opened, Progress};
use super::{Streams, flow_of};
use crate::shell::messages::LoopMessage;
use crate::switch::SwitchInput;

/// Read in one go; then others get their turn.
const READ_BYTES: usize = 8_192;
/// How long a peer that speaks no SIP any more may take to read why.
const FAREWELL: Duration = Duration::from_millis(500);

/// Why a connection ends.
enum ConnectionEnd {
    /// The peer sends no more; it may still wait for an answer.
    Finished,
    /// It is broken, or was closed.
    Broken,
}

/// Serves a connection until either side ends it.
pub(super) async fn serve(
    stream: TcpStream,
    remote: SocketAddr,
    opened: &Opened,
    streams: &Streams,
) {
    let mut reader = StreamReader::default();
    loop {
        let Some(interest) = interest(remote, opened, streams) else {
            return;
        };
        tokio::select! {
            ready = stream.ready(interest) => if ready.is_err() { return },
            () = opened.wake.notified() => {}
        }
        if write(&stream, remote, opened, streams).is_err() {
            return;
        }
        match read(&stream, &mut reader, remote, opened, streams) {
            Ok(true) => tokio::task::yield_now().await,
            Ok(false) => {}
            Err(ConnectionEnd::Finished) => {
                return farewell(&stream, remote, opened, streams).await;
            }
            Err(ConnectionEnd::Broken) => return,
        }
        if reader.is_broken() {
            tracing::debug!(peer = %remote, "the stream is no SIP any more; it is closed");
            return farewell(&stream, remote, opened, streams).await;
        }
    }
}

/// What the task waits for; nothing any more if the connection was closed.
fn interest(remote: SocketAddr, opened: &Opened, streams: &Streams) -> Option<Interest> {
    let table = streams.lock();
    if !table.is_open(remote, opened.id) {
        return None;
    }
    Some(match table.front(remote, opened.id) {
        Some(_) => Interest::READABLE | Interest::WRITABLE,
        None => Interest::READABLE,
    })
}

/// Writes as much of the queue as the peer takes now.
fn write(
    stream: &TcpStream,
    remote: SocketAddr,
    opened: &Opened,
    streams: &Streams,
) -> Result<(), ConnectionEnd> {
    let now_ms = streams.now_ms();
    let mut table = streams.lock();
    while let Some(front) = table.front(remote, opened.id) {
        match stream.try_write(front) {
            Ok(bytes) => table.sent(remote, opened.id, bytes, now_ms),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(_) => return Err(ConnectionEnd::Broken),
        }
    }
    Ok(())
}

/// Reads once, and hands over all whole messages; tells whether anything was read.
fn read(
    stream: &TcpStream,
    reader: &mut StreamReader,
    remote: SocketAddr,
    opened: &Opened,
    streams: &Streams,
) -> Result<bool, ConnectionEnd> {
    let mut buffer = [0; READ_BYTES];
    let length = match stream.try_read(&mut buffer) {
        Ok(0) => return Err(ConnectionEnd::Finished),
        Ok(length) => length,
        Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
        Err(_) => return Err(ConnectionEnd::Broken),
    };
    reader.push(buffer.get(..length).unwrap_or_default());
    let (mut message, mut pinged) = (false, false);
    let flow = flow_of(remote);
    while let Some(frame) = reader.next_frame() {
        let Frame::Message(read) = frame else {
            pinged = true;
            continue;
        };
        message = true;
        let input = SwitchInput::Streamed {
            flow,
            message: *read,
        };
        let sent = streams.inputs.send(LoopMessage::Input(Box::new(input)));
        sent.map_err(|_| ConnectionEnd::Broken)?;
    }
    if pinged {
        // RFC 5626 4.4.1: pings are answered with a pong.
        streams.send(remote, b"\r\n".to_vec());
    }
    let progress = Progress {
        message,
        unfinished_bytes: reader.waiting_bytes(),
        within_message: reader.is_within_message(),
    };
    let now_ms = streams.now_ms();
    let is_open = streams.lock().progress(remote, opened.id, progress, now_ms);
    if is_open {
        Ok(true)
    } else {
        Err(ConnectionEnd::Broken)
    }
}

/// Sends what the switch still answers, if that is soon and the peer takes it.
async fn farewell(stream: &TcpStream, remote: SocketAddr, opened: &Opened, streams: &Streams) {
    let write_all = async {
        if streams.lock().front(remote, opened.id).is_none() {
            // The answer wakes the task, if there is one.
            opened.wake.notified().await;
        }
        while write(stream, remote, opened, streams).is_ok() {
            if streams.lock().front(remote, opened.id).is_none() {
                return;
            }
            if stream.writable().await.is_err() {
                return;
            }
        }
    };
    // A peer that does not read need not know why.
    let _in_time = tokio::time::timeout(FAREWELL, write_all).await;
}
