//! One connection: reads messages for the switch, writes what waits in its queue.

use std::io::ErrorKind;
use std::time::Duration;

use madoguchi_metrics::metrics;
use madoguchi_sip::framing::{Frame, StreamReader};
use madoguchi_sip::transaction::Flow;

use super::Streams;
use super::channel::Channel;
use super::table::{Opened, Progress};
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

/// A connection while it is served.
struct Served<'a> {
    channel: Channel,
    /// Who the peer is: it may have proven more than at the beginning.
    flow: Flow,
    established: bool,
    opened: &'a Opened,
    streams: &'a Streams,
}

/// Serves a connection until either side ends it; gives its flow as it was at the end.
pub(super) async fn serve(
    channel: Channel,
    flow: Flow,
    opened: &Opened,
    streams: &Streams,
) -> Flow {
    let mut served = Served {
        established: channel.is_established(),
        channel,
        flow,
        opened,
        streams,
    };
    served.run().await;
    let Served { channel, flow, .. } = served;
    channel.close();
    flow
}

impl Served<'_> {
    async fn run(&mut self) {
        let mut reader = StreamReader::default();
        loop {
            let Some(to_write) = self.waits_to_write() else {
                return;
            };
            tokio::select! {
                ready = self.channel.ready(to_write) => if ready.is_err() { return },
                () = self.opened.wake.notified() => {}
            }
            if self.write().is_err() {
                return;
            }
            match self.read(&mut reader) {
                Ok(true) => tokio::task::yield_now().await,
                Ok(false) => {}
                Err(ConnectionEnd::Finished) => return self.farewell().await,
                Err(ConnectionEnd::Broken) => return,
            }
            if reader.is_broken() {
                let peer = self.flow.remote;
                tracing::debug!(%peer, "the stream is no SIP any more; it is closed");
                return self.farewell().await;
            }
        }
    }

    /// Whether something waits to be sent; nothing any more if the connection was closed.
    fn waits_to_write(&self) -> Option<bool> {
        let (flow, id) = (self.flow, self.opened.id);
        let table = self.streams.lock();
        table
            .is_open(flow, id)
            .then(|| table.front(flow, id).is_some())
    }

    /// Writes as much of the queue as the peer takes now.
    fn write(&mut self) -> Result<(), ConnectionEnd> {
        self.channel.flush().map_err(|_| ConnectionEnd::Broken)?;
        let (flow, id) = (self.flow, self.opened.id);
        let now_ms = self.streams.now_ms();
        let mut table = self.streams.lock();
        while let Some(front) = table.front(flow, id) {
            match self.channel.try_write(front) {
                Ok(bytes) => table.sent(flow, id, bytes, now_ms),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(_) => return Err(ConnectionEnd::Broken),
            }
        }
        Ok(())
    }

    /// Reads once, and hands over all whole messages; tells whether anything was read.
    fn read(&mut self, reader: &mut StreamReader) -> Result<bool, ConnectionEnd> {
        let mut buffer = [0; READ_BYTES];
        let read = self.channel.try_read(&mut buffer);
        self.note_handshake(read.as_ref().err())?;
        let length = match read {
            Ok(0) => return Err(ConnectionEnd::Finished),
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(_) => return Err(ConnectionEnd::Broken),
        };
        reader.push(buffer.get(..length).unwrap_or_default());
        self.hand_over(reader)
    }

    /// The handshake may have ended, well or not. Who the peer is is known before it is heard.
    fn note_handshake(&mut self, failed: Option<&std::io::Error>) -> Result<(), ConnectionEnd> {
        if self.established {
            return Ok(());
        }
        let peer = self.flow.remote;
        if self.channel.is_established() {
            self.established = true;
            // What has waited for this can be sent.
            self.opened.wake.notify_one();
            let Some(proof) = self.channel.proven() else {
                return Ok(());
            };
            let proven = Flow::tls(Some(proof), peer);
            let is_open = self.streams.lock().prove(self.flow, proven, self.opened.id);
            if !is_open {
                return Err(ConnectionEnd::Broken);
            }
            self.flow = proven;
            return Ok(());
        }
        let Some(error) = failed.filter(|error| error.kind() != ErrorKind::WouldBlock) else {
            return Ok(());
        };
        metrics().connections_rejected.add("sip_tls");
        match self.channel.trunk() {
            Some(trunk) => {
                tracing::warn!(%trunk, %peer, %error, "the trunk cannot be reached by TLS");
            }
            None => tracing::debug!(%peer, %error, "a TLS handshake has failed"),
        }
        Ok(())
    }

    fn hand_over(&self, reader: &mut StreamReader) -> Result<bool, ConnectionEnd> {
        let (flow, streams) = (self.flow, self.streams);
        let (mut message, mut pinged) = (false, false);
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
            streams.send(flow, b"\r\n".to_vec());
        }
        let progress = Progress {
            message,
            unfinished_bytes: reader.waiting_bytes(),
            within_message: reader.is_within_message(),
        };
        let now_ms = streams.now_ms();
        let is_open = streams
            .lock()
            .progress(flow, self.opened.id, progress, now_ms);
        if is_open {
            Ok(true)
        } else {
            Err(ConnectionEnd::Broken)
        }
    }

    /// Sends what the switch still answers, if that is soon and the peer takes it.
    async fn farewell(&mut self) {
        let write_all = async {
            if self.waits_to_write() != Some(true) {
                // The answer wakes the task, if there is one.
                self.opened.wake.notified().await;
            }
            while self.write().is_ok() {
                if self.waits_to_write() != Some(true) {
                    return;
                }
                if self.channel.writable().await.is_err() {
                    return;
                }
            }
        };
        // A peer that does not read need not know why.
        let _in_time = tokio::time::timeout(FAREWELL, write_all).await;
    }
}
