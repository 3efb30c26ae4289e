//! The exchange: which leg hears what. A state machine without sockets and clock: packets,
//! commands and the time come in; packets and events go out through [`Outside`].

mod bridge;
mod keys;
mod measuring;
mod mixing;
mod sealing;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::g711;
use super::interface::{MediaCommand, MediaEvent, SessionId};
use super::rtp::{HEADER_BYTES, Packet, TelephoneEvent};
use super::session::{Content, Playing, Purpose, Session};
use super::sound::{Cursor, FRAME_SAMPLES, Sound};
use super::stream::StreamStart;
use measuring::MEASURING_EVERY;
use mixing::Mix;

/// How long a frame of ours lasts.
const FRAME: Duration = Duration::from_millis(20);
/// A playback that is later than this does not hurry after the clock.
const LATE_AT_MOST: Duration = Duration::from_millis(100);
/// Frames sent before packets are looked after again.
const FRAMES_AT_ONCE: usize = 32;
/// How often holds and silences are looked for.
const SWEEP_EVERY: Duration = Duration::from_millis(100);

/// Where the exchange's packets and events go.
pub(super) trait Outside {
    /// Sends a packet from a session's port.
    fn send(&mut self, from: SessionId, to: SocketAddr, packet: &[u8]);
    /// Sends a report (RTCP) from the port beside a session's.
    fn send_report(&mut self, from: SessionId, to: SocketAddr, report: &[u8]);
    /// Tells the owner of the sessions.
    fn tell(&mut self, event: MediaEvent);
}

/// When the next frame of a playback is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    at: Duration,
    serial: u64,
    session: SessionId,
}

/// All sessions.
#[derive(Debug)]
pub(super) struct Exchange {
    /// Zero: silence is never told.
    rtp_timeout: Duration,
    hold_music: Arc<Sound>,
    sessions: HashMap<SessionId, Session>,
    due: BinaryHeap<Reverse<Due>>,
    mixes: Vec<Mix>,
    next_sweep: Duration,
    next_measuring: Duration,
    last_serial: u64,
    packet: Vec<u8>,
    /// A packet as it goes over the wire, or came in the clear.
    sealed: Vec<u8>,
    opened: Vec<u8>,
}

impl Exchange {
    pub(super) fn new(rtp_timeout: Duration, hold_music: Arc<Sound>) -> Self {
        Self {
            rtp_timeout,
            hold_music,
            sessions: HashMap::new(),
            due: BinaryHeap::new(),
            mixes: Vec::new(),
            next_sweep: Duration::ZERO,
            next_measuring: Duration::ZERO,
            last_serial: 0,
            packet: Vec::new(),
            sealed: Vec::new(),
            opened: Vec::new(),
        }
    }

    /// A new session, of which nothing is known yet.
    pub(super) fn open(&mut self, session: SessionId, start: StreamStart) {
        self.sessions.insert(session, Session::new(start));
    }

    /// Carries out a command. Sessions that are not there (any more) are no fault.
    pub(super) fn handle(&mut self, command: MediaCommand, now: Duration, out: &mut impl Outside) {
        match command {
            MediaCommand::SetRemote { session, remote } => self.set_remote(session, remote, now),
            MediaCommand::Secure { session, keys } => self.secure(session, keys),
            MediaCommand::Play {
                session,
                sound,
                playback,
                repeat,
            } => {
                if repeat && let Some(session) = self.sessions.get_mut(&session) {
                    session.music = Some(sound.clone());
                }
                let purpose = if repeat {
                    Purpose::Music
                } else {
                    Purpose::Once { playback }
                };
                self.play(session, Cursor::new(sound, repeat), purpose, now);
            }
            MediaCommand::Tone { session, sound } => {
                self.play(session, Cursor::new(sound, true), Purpose::Music, now);
            }
            MediaCommand::Stop { session } => {
                if let Some(session) = self.sessions.get_mut(&session) {
                    session.playing = None;
                }
            }
            MediaCommand::Bridge { a, b, token } => self.bridge(a, b, token, now, out),
            MediaCommand::Join { legs } => self.join(legs, now),
            MediaCommand::Unbridge { session } => self.unbridge(session),
            MediaCommand::Withhold { session, withheld } => {
                if let Some(session) = self.sessions.get_mut(&session) {
                    session.withheld = withheld;
                }
            }
            MediaCommand::Press {
                session,
                digit,
                lasts,
            } => self.press(session, digit, lasts, now),
            MediaCommand::SetHoldMusic { music } => self.hold_music = music,
            MediaCommand::Close { session } => {
                self.unbridge(session);
                self.sessions.remove(&session);
            }
        }
    }

    /// Takes a datagram that came in at a session's port.
    pub(super) fn receive(
        &mut self,
        id: SessionId,
        source: SocketAddr,
        datagram: &[u8],
        now: Duration,
        out: &mut impl Outside,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        // The buffer is taken out, for what follows changes other sessions.
        let mut opened = std::mem::take(&mut self.opened);
        if let Some(clear) = sealing::open(session, datagram, &mut opened) {
            self.hear(id, source, clear, now, out);
        }
        self.opened = opened;
    }

    /// Takes what came, in the clear.
    fn hear(
        &mut self,
        id: SessionId,
        source: SocketAddr,
        datagram: &[u8],
        now: Duration,
        out: &mut impl Outside,
    ) {
        let Some(packet) = Packet::parse(datagram) else {
            return;
        };
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let Some(content) = session.hear(source, &packet, now) else {
            return;
        };
        let peer = session.peer;
        let samples = match content {
            Content::Voice(_) => u32::try_from(packet.payload.len()).unwrap_or(0),
            Content::Keys => {
                let Some(event) = TelephoneEvent::parse(packet.payload) else {
                    return;
                };
                if session.is_new_key(packet.timestamp)
                    && let Some(digit) = event.digit
                {
                    out.tell(MediaEvent::Dtmf { session: id, digit });
                }
                u32::from(event.duration)
            }
        };
        if let Content::Voice(codec) = content
            && self.mix_in(id, codec, packet.payload)
        {
            return;
        }
        if let Some(peer) = peer.filter(|_| !packet.payload.is_empty()) {
            self.relay(id, peer, &packet, content, samples, now, out);
        }
    }

    /// Sends on what one leg said to the other.
    #[expect(
        clippy::too_many_arguments,
        reason = "one packet, taken apart by its reader"
    )]
    fn relay(
        &mut self,
        from: SessionId,
        to: SessionId,
        packet: &Packet<'_>,
        content: Content,
        samples: u32,
        now: Duration,
        out: &mut impl Outside,
    ) {
        let Some(listener) = self
            .sessions
            .get_mut(&to)
            .filter(|session| session.listens() && !session.withheld && session.key.is_none())
        else {
            return;
        };
        if listener.hears_hold_music() {
            listener.playing = None;
        }
        let (Some(remote), None) = (&listener.remote, &listener.playing) else {
            return;
        };
        let payload_type = match content {
            Content::Voice(_) => Some(remote.media.payload_type),
            Content::Keys => remote.media.dtmf_payload_type,
        };
        let Some(payload_type) = payload_type else {
            return;
        };
        let Some(heading) = listener.stream.relayed(from, packet, samples, now) else {
            return;
        };
        self.packet.clear();
        self.packet
            .extend_from_slice(&heading.to_bytes(payload_type));
        self.packet.extend_from_slice(packet.payload);
        if let Content::Voice(codec) = content
            && let Some((_, payload)) = self.packet.split_at_mut_checked(HEADER_BYTES)
        {
            g711::transcode(codec, remote.media.codec, payload);
        }
        let target = remote.latch.target();
        let to = (to, &mut listener.secrecy, &mut listener.reporting);
        sealing::send(to, target, &self.packet, &mut self.sealed, out);
    }

    /// Plays what is due, and looks after holds and silences.
    pub(super) fn tick(&mut self, now: Duration, out: &mut impl Outside) {
        for _ in 0..FRAMES_AT_ONCE {
            let Some(&Reverse(due)) = self.due.peek().filter(|due| due.0.at <= now) else {
                break;
            };
            self.due.pop();
            if !self.key_frame(due, now, out) {
                self.play_frame(due, now, out);
            }
        }
        if !self.mixes.is_empty() {
            self.mix(now, out);
        }
        if !self.sessions.is_empty() && now >= self.next_sweep {
            self.next_sweep = now + self.sweep_every();
            self.sweep(now, out);
            if now >= self.next_measuring {
                self.next_measuring = now + MEASURING_EVERY;
                self.measure(now, out);
            }
        }
    }

    /// When [`Self::tick`] is needed next.
    pub(super) fn next_tick(&self) -> Option<Duration> {
        let sweep = (!self.sessions.is_empty()).then_some(self.next_sweep);
        let frame = self.due.peek().map(|due| due.0.at);
        sweep.into_iter().chain(frame).chain(self.next_mix()).min()
    }

    fn sweep_every(&self) -> Duration {
        if self.rtp_timeout.is_zero() {
            SWEEP_EVERY
        } else {
            SWEEP_EVERY.min(self.rtp_timeout / 4)
        }
    }

    fn sweep(&mut self, now: Duration, out: &mut impl Outside) {
        let mut held = Vec::new();
        for (id, session) in &mut self.sessions {
            if !self.rtp_timeout.is_zero() && session.fell_silent(self.rtp_timeout, now) {
                out.tell(MediaEvent::Silent { session: *id });
            }
            if session.holds_silently(now) {
                held.extend(session.peer);
            }
        }
        for held in held {
            self.start_hold_music(held, now);
        }
    }

    fn play(&mut self, id: SessionId, cursor: Cursor, purpose: Purpose, now: Duration) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        self.last_serial += 1;
        let serial = self.last_serial;
        session.playing = Some(Playing {
            serial,
            cursor,
            purpose,
        });
        self.due.push(Reverse(Due {
            at: now,
            serial,
            session: id,
        }));
    }

    fn play_frame(&mut self, due: Due, now: Duration, out: &mut impl Outside) {
        let Some(session) = self.sessions.get_mut(&due.session) else {
            return;
        };
        let Some(playing) = session.playing.as_mut().filter(|p| p.serial == due.serial) else {
            return;
        };
        let mut next = due.at + FRAME;
        if now.saturating_sub(due.at) > LATE_AT_MOST {
            next = now + FRAME;
            session.stream.interrupt();
        }
        // Before the answer nobody can hear it, nor may anybody before they are known to be there:
        // it waits.
        if let Some(remote) = session.remote.as_ref().filter(|_| !session.withheld) {
            let Some(frame) = playing.cursor.next_frame(remote.media.codec) else {
                let purpose = playing.purpose;
                session.playing = None;
                if let Purpose::Once { playback } = purpose {
                    out.tell(MediaEvent::PlaybackEnded {
                        session: due.session,
                        playback,
                    });
                }
                return;
            };
            let (target, payload_type) = (remote.latch.target(), remote.media.payload_type);
            if session.listens() {
                let heading = session.stream.played(due.serial, FRAME_SAMPLES as u32, now);
                self.packet.clear();
                self.packet
                    .extend_from_slice(&heading.to_bytes(payload_type));
                self.packet.extend_from_slice(&frame);
                let from = (due.session, &mut session.secrecy, &mut session.reporting);
                sealing::send(from, target, &self.packet, &mut self.sealed, out);
            }
        }
        self.due.push(Reverse(Due { at: next, ..due }));
    }
}

#[cfg(test)]
mod tests;
