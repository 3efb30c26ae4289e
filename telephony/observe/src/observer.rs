//! The whole way from packets to calls. Pure but for a thread that reads each message a second time: instants
//! come with the packets.

use std::net::SocketAddr;

use madoguchi_sip::message::{Message, Method};

use crate::calls::{Calls, Closed, JoinSettings, Step};
use crate::capture::{Micros, Packet};
use crate::duplicates::{Duplicates, First, Novelty};
use crate::hep::Frame;
use crate::message::{Beginning, Identity, Seen, beginning, canonical, read};
use crate::network::streams::Streams;
use crate::network::{Carrier, Network};
use crate::typed::Agreement;
use crate::typed::beside::Comparison;

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

/// A message as it is kept: canonical, without what proves who somebody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptMessage {
    /// When and between whom it was first seen, and as which of all messages.
    pub first: First,
    /// How often it was sent again by now; told anew each time.
    pub repeated: u32,
    /// Call-ID.
    pub call_id: String,
    /// It belongs to a registration, not to a call.
    pub is_registration: bool,
    /// The canonical text.
    pub text: String,
}

/// What came of a packet.
#[derive(Debug, Default)]
pub struct Progress {
    /// Messages of calls and of registrations, if they are to be kept.
    pub messages: Vec<KeptMessage>,
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
    comparison: Comparison,
    calls: Calls,
    counts: Counts,
    keeps_messages: bool,
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

    /// Legs are joined so from now on.
    pub fn set_joining(&mut self, join: JoinSettings) {
        self.calls.set_joining(join);
    }

    /// Messages of calls and of registrations are given out from now on.
    pub fn keep_messages(&mut self) {
        self.keeps_messages = true;
    }

    /// How much of what was seen.
    pub fn counts(&self) -> Counts {
        Counts {
            unreadable: self.counts.unreadable + self.streams.refused(),
            ..self.counts
        }
    }

    /// How far the two readers of SIP agree.
    pub fn agreement(&mut self) -> Agreement {
        self.comparison.agreement()
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
                && beginning(&frame.payload) == Beginning::Sip
            {
                // What a probe sends to somebody else was captured.
                self.datagram(frame.at, (frame.from, frame.to), &frame.payload, progress);
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
        let first = First {
            at,
            ends: (from, to),
            seq: self.counts.messages,
        };
        match self.duplicates.judge(first, &canonical) {
            Novelty::New => {}
            Novelty::SecondProbe => {
                self.counts.second_probe += 1;
                return;
            }
            Novelty::Repeated { first, times } => {
                self.counts.repeated += 1;
                if self.keeps_messages {
                    let again = self.sent_again(first, times, &message, &canonical);
                    progress.messages.extend(again);
                }
                return;
            }
        }
        let Some(identity) = Identity::of(&message) else {
            self.counts.unreadable += 1;
            return;
        };
        let seen = Seen {
            at,
            from,
            to,
            identity,
            message,
        };
        progress.steps.extend(self.calls.take(&seen));
        if self.keeps_messages {
            let kept = self.kept(first, &seen.identity, &canonical);
            progress.messages.extend(kept);
        }
        self.comparison.take(canonical, seen.identity);
    }

    /// The message as it is kept, if it belongs to a call or a registration.
    fn kept(&mut self, first: First, identity: &Identity, canonical: &[u8]) -> Option<KeptMessage> {
        let is_registration = identity.method == Method::Register;
        if !is_registration && !self.calls.may_keep_message(&identity.call_id) {
            return None;
        }
        Some(KeptMessage {
            first,
            repeated: 0,
            call_id: identity.call_id.clone(),
            is_registration,
            text: without_proofs(canonical),
        })
    }

    /// A message of a call that was sent again, if it was kept the first time.
    fn sent_again(
        &self,
        first: First,
        repeated: u32,
        message: &Message,
        canonical: &[u8],
    ) -> Option<KeptMessage> {
        let identity = Identity::of(message)?;
        self.calls
            .has_room_for_messages(&identity.call_id)
            .then(|| KeptMessage {
                first,
                repeated,
                call_id: identity.call_id,
                is_registration: false,
                text: without_proofs(canonical),
            })
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

/// The longest text that is kept of a message.
const KEPT_BYTES_AT_MOST: usize = 16 * 1024;
/// Header fields by which somebody proves who they are.
const PROOFS: [&str; 2] = ["Authorization:", "Proxy-Authorization:"];
/// What voice is encrypted with (RFC 4568).
const KEY: &str = "a=crypto:";

/// Canonical text without the answers to challenges, from which passwords can be guessed, and without the keys
/// of voice.
fn without_proofs(canonical: &[u8]) -> String {
    let kept = canonical.get(..KEPT_BYTES_AT_MOST).unwrap_or(canonical);
    let text = String::from_utf8_lossy(kept);
    if !PROOFS.iter().chain([&KEY]).any(|name| text.contains(name)) {
        return text.into_owned();
    }
    let mut written = String::with_capacity(text.len());
    let mut is_head = true;
    for line in text.split_inclusive('\n') {
        is_head &= !line.trim_end().is_empty();
        let mut proofs = PROOFS.iter().filter(|_| is_head);
        let secret = proofs.find(|name| line.starts_with(**name));
        match secret.or_else(|| [&KEY].into_iter().find(|name| line.starts_with(**name))) {
            Some(name) => {
                written.push_str(name);
                written.push_str(" ***\r\n");
            }
            None => written.push_str(line),
        }
    }
    written
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

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(texts: &[&str]) -> Vec<KeptMessage> {
        let seconds = (1..).map(|secs| secs * 1_000);
        let sent: Vec<_> = seconds.zip(texts.iter().copied()).collect();
        observed_at(&sent)
    }

    /// Milliseconds and texts.
    fn observed_at(sent: &[(i64, &str)]) -> Vec<KeptMessage> {
        let mut observer = Observer::default();
        observer.keep_messages();
        let ends = (
            "192.0.2.1:5060".parse().unwrap(),
            "192.0.2.2:5060".parse().unwrap(),
        );
        let mut kept = Vec::new();
        for (at, text) in sent {
            let told = observer.told(Micros(at * 1_000), ends, text.as_bytes());
            kept.extend(told.messages);
        }
        kept
    }

    fn request(method: &str, call_id: &str, more: &str) -> String {
        format!(
            "{method} sip:5000@desk SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\
             From: <sip:0312345678@a>;tag=a\r\nTo: <sip:5000@desk>\r\nCall-ID: {call_id}\r\n\
             CSeq: 1 {method}\r\n{more}\r\n"
        )
    }

    #[test]
    fn messages_of_calls_and_registrations_are_kept_and_others_are_not() {
        let kept = observed(&[
            &request("OPTIONS", "o", ""),
            &request("INVITE", "i", ""),
            &request("REGISTER", "r", ""),
            &request("CANCEL", "i", ""),
        ]);
        let told: Vec<_> = kept
            .iter()
            .map(|one| (one.call_id.as_str(), one.is_registration))
            .collect();
        assert_eq!(told, [("i", false), ("r", true), ("i", false)]);
        assert!(kept[0].text.starts_with("INVITE sip:5000@desk SIP/2.0\r\n"));
    }

    #[test]
    fn messages_of_one_instant_are_told_in_the_order_in_which_they_were_seen() {
        let texts = ["INVITE", "PRACK", "ACK", "BYE"].map(|method| request(method, "i", ""));
        let sent: Vec<_> = texts.iter().map(|text| (5_000, text.as_str())).collect();
        let kept = observed_at(&sent);
        let told: Vec<_> = kept.iter().map(|one| one.first.seq).collect();
        assert_eq!(told, [1, 2, 3, 4]);
        assert!(kept.iter().all(|one| one.first.at == Micros::from_secs(5)));
    }

    #[test]
    fn what_is_sent_again_is_the_message_that_it_was_with_the_times_it_was_repeated() {
        let (invite, cancel) = (request("INVITE", "i", ""), request("CANCEL", "i", ""));
        let kept = observed_at(&[
            (0, invite.as_str()),
            (3, &invite),
            (500, &invite),
            (1_500, &invite),
            (1_600, &cancel),
        ]);
        let told: Vec<_> = kept
            .iter()
            .map(|one| (one.first.seq, one.first.at.millis(), one.repeated))
            .collect();
        assert_eq!(told, [(1, 0, 0), (1, 0, 1), (1, 0, 2), (5, 1_600, 0)]);
        assert!(kept[..3].iter().all(|one| one.text == kept[0].text));
    }

    #[test]
    fn repetitions_bring_no_message_that_was_too_much_before() {
        let texts: Vec<String> = (0..502)
            .map(|n| request("INVITE", "i", &format!("X-Number: {n}\r\n")))
            .collect();
        let mut sent: Vec<_> = (1..).zip(texts.iter().map(String::as_str)).collect();
        let (_, last) = sent[501];
        sent.push((2_000, last));
        assert_eq!(observed_at(&sent).len(), 500);
    }

    #[test]
    fn an_answer_to_a_challenge_is_not_kept() {
        let proof = "Proxy-Authorization: Digest username=\"201\", response=\"secret\"\r\n";
        let kept = observed(&[&request("INVITE", "i", proof)]);
        assert!(
            kept[0].text.contains("Proxy-Authorization: ***\r\n"),
            "{}",
            kept[0].text
        );
        assert!(!kept[0].text.contains("secret"));
    }

    #[test]
    fn a_key_of_voice_is_not_kept() {
        let body =
            "v=0\r\nm=audio 4 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:secret\r\n";
        let length = body.len();
        let kind = format!("Content-Type: application/sdp\r\nContent-Length: {length}\r\n");
        let kept = observed(&[&(request("INVITE", "i", &kind) + body)]);
        assert!(kept[0].text.contains("a=crypto: ***"), "{}", kept[0].text);
        assert!(!kept[0].text.contains("secret"));
    }

    #[test]
    fn a_call_that_never_ends_to_speak_keeps_so_many_messages_and_no_more() {
        let texts: Vec<String> = (0..600)
            .map(|n| request("INVITE", "i", &format!("X-Number: {n}\r\n")))
            .collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        assert_eq!(observed(&texts).len(), 500);
    }
}
