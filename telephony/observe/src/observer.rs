//! The whole way from packets to calls. Pure: instants come with the packets.

use std::net::SocketAddr;

use madoguchi_sip::message::Message;

use crate::calls::{Calls, Closed, JoinSettings, Step};
use crate::capture::{Micros, Packet};
use crate::duplicates::{Duplicates, Novelty};
use crate::hep::Frame;
use crate::message::{Beginning, Identity, Seen, beginning, canonical, read};
use crate::network::streams::Streams;
use crate::network::{Carrier, Network};
use crate::typed::Agreement;

/// How much of what was seen.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Packets and HEP frames.
    pub packets: u64,
    /// SIP messages, each as often as it was seen.
    pub messages: u64,
    /// Messages that a second probe saw.
    pub second_probe: u64,
    /// Messages that were sent again.
    pub repeated: u64,
    /// What looked like SIP and could not be read.
    pub unreadable: u64,
}

/// What came of a packet.
#[derive(Debug, Default)]
pub struct Progress {
    /// What changed, in order.
    pub steps: Vec<Step>,
    /// Calls of which nothing more is expected.
    pub closed: Vec<Closed>,
}

/// Understands packets.
#[derive(Debug, Default)]
pub struct Observer {
    network: Network,
    streams: Streams,
    duplicates: Duplicates,
    agreement: Agreement,
    calls: Calls,
    counts: Counts,
    /// The instant of the packet before.
    before: Option<Micros>,
    now: Micros,
}

impl Observer {
    /// An observer that has seen nothing.
    pub fn new(join: JoinSettings) -> Self {
        Self {
            calls: Calls::new(join),
            ..Self::default()
        }
    }

    /// How much of what was seen.
    pub fn counts(&self) -> Counts {
        Counts {
            unreadable: self.counts.unreadable + self.streams.refused(),
            ..self.counts
        }
    }

    /// How far the two readers of SIP agree.
    pub fn agreement(&self) -> &Agreement {
        &self.agreement
    }

    /// The calls that are open or not yet told.
    pub fn calls(&self) -> &Calls {
        &self.calls
    }

    /// The instant that all packets up to now have reached.
    pub fn now(&self) -> Micros {
        self.now
    }

    /// Takes a packet of a capture.
    pub fn packet(&mut self, packet: &Packet<'_>) -> Progress {
        let mut progress = Progress::default();
        self.counts.packets += 1;
        if let Some(carried) = self.network.read(packet) {
            let ends = (carried.from, carried.to);
            match carried.transport {
                Carrier::Udp => self.datagram(packet.at, ends, &carried.payload, &mut progress),
                tcp @ Carrier::Tcp { .. } => {
                    let found = self.streams.take(packet.at, ends, tcp, &carried.payload);
                    for message in found {
                        let ends = (message.from, message.to);
                        self.message(message.at, ends, message.message, &mut progress);
                    }
                }
            }
        }
        self.reach(packet.at, &mut progress);
        progress
    }

    /// Takes a message that a probe has cut out of its packets (HEP).
    pub fn told(
        &mut self,
        at: Micros,
        (from, to): (SocketAddr, SocketAddr),
        bytes: &[u8],
    ) -> Progress {
        let mut progress = Progress::default();
        self.counts.packets += 1;
        self.datagram(at, (from, to), bytes, &mut progress);
        self.reach(at, &mut progress);
        progress
    }

    /// Nothing came until `now`, by the clock of the packets.
    pub fn advance(&mut self, now: Micros) -> Progress {
        let mut progress = Progress::default();
        self.now = self.now.max(now);
        self.give_up(&mut progress);
        progress
    }

    /// Nothing more comes.
    pub fn finish(&mut self) -> Progress {
        let mut progress = Progress::default();
        for message in self.streams.finish() {
            let ends = (message.from, message.to);
            self.message(message.at, ends, message.message, &mut progress);
        }
        progress.closed.extend(self.calls.finish());
        progress
    }

    fn datagram(
        &mut self,
        at: Micros,
        ends: (SocketAddr, SocketAddr),
        bytes: &[u8],
        progress: &mut Progress,
    ) {
        if beginning(bytes) != Beginning::Sip {
            if is_voice(bytes) {
                self.calls.media(ends.0, ends.1, at);
            } else if let Ok(frame) = Frame::read(bytes)
                && beginning(frame.payload) == Beginning::Sip
            {
                // What a probe sends to somebody else was captured.
                self.datagram(frame.at, (frame.from, frame.to), frame.payload, progress);
            }
            return;
        }
        match read(bytes) {
            Ok(message) => self.message(at, ends, message, progress),
            Err(_) => self.counts.unreadable += 1,
        }
    }

    fn message(
        &mut self,
        at: Micros,
        (from, to): (SocketAddr, SocketAddr),
        message: Message,
        progress: &mut Progress,
    ) {
        self.counts.messages += 1;
        let canonical = canonical(&message);
        match self.duplicates.judge(at, &canonical) {
            Novelty::New => {}
            Novelty::SecondProbe => {
                self.counts.second_probe += 1;
                return;
            }
            Novelty::Repeated => {
                self.counts.repeated += 1;
                return;
            }
        }
        let Some(tolerant) = Identity::of(&message) else {
            self.counts.unreadable += 1;
            return;
        };
        let identity = self.agreement.judge(&canonical, tolerant);
        let seen = Seen {
            at,
            from,
            to,
            identity,
            message,
        };
        progress.steps.extend(self.calls.take(&seen));
    }

    /// One packet with a wrong instant does not move the time: it takes two.
    fn reach(&mut self, at: Micros, progress: &mut Progress) {
        let confirmed = self.before.map_or(at, |before| before.min(at));
        self.before = Some(at);
        if confirmed > self.now {
            self.now = confirmed;
            self.give_up(progress);
        }
    }

    fn give_up(&mut self, progress: &mut Progress) {
        for message in self.streams.advance(self.now) {
            let ends = (message.from, message.to);
            self.message(message.at, ends, message.message, progress);
        }
        let (steps, closed) = self.calls.advance(self.now);
        progress.steps.extend(steps);
        progress.closed.extend(closed);
    }
}

/// RTP (RFC 3550 5.1): version 2, and no type that belongs to RTCP (RFC 5761 4).
fn is_voice(bytes: &[u8]) -> bool {
    match bytes {
        [first, second, ..] if bytes.len() >= 12 => {
            first >> 6 == 2 && !(192..=223).contains(second)
        }
        _ => false,
    }
}
