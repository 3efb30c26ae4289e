//! Keys that we tell to a leg ourselves (RFC 4733), because they came by INFO.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::time::Duration;

use super::sealing::send;
use super::{Due, Exchange, FRAME, Outside};
use crate::media::interface::SessionId;
use crate::media::key_press::KeyPress;
use crate::media::rtp::TelephoneEvent;
use crate::media::sound::FRAME_SAMPLES;

/// Keys that may wait while one is told.
const WAITING_AT_MOST: usize = 32;
/// The end of a key is told so often (RFC 4733 2.5.1.4).
const ENDS: u32 = 3;
/// What is taken for a key press, in frames.
const FRAMES: std::ops::RangeInclusive<u32> = 2..=100;

impl Exchange {
    /// Begins to tell a key, or puts it behind those before it.
    pub(super) fn press(&mut self, id: SessionId, digit: char, lasts: Duration, now: Duration) {
        let serial = self.last_serial + 1;
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let frames = u32::try_from(lasts.as_millis() / FRAME.as_millis()).unwrap_or(u32::MAX);
        let frames = frames.clamp(*FRAMES.start(), *FRAMES.end());
        if let Some(key) = &mut session.key {
            if key.waiting.len() < WAITING_AT_MOST {
                key.waiting.push_back((digit, frames));
            }
            return;
        }
        self.last_serial = serial;
        session.key = Some(KeyPress {
            serial,
            digit,
            frames,
            told: 0,
            waiting: VecDeque::new(),
        });
        self.due.push(Reverse(Due {
            at: now,
            serial,
            session: id,
        }));
    }

    /// Tells the next bit of a key; `false` if what is due is no key.
    pub(super) fn key_frame(&mut self, due: Due, now: Duration, out: &mut impl Outside) -> bool {
        let Some(session) = self.sessions.get_mut(&due.session) else {
            return false;
        };
        let listens = session.listens() && !session.withheld;
        let Some(key) = session.key.as_mut().filter(|key| key.serial == due.serial) else {
            return false;
        };
        let wanted = session.remote.as_ref().filter(|_| listens);
        let wanted = wanted.and_then(|remote| {
            let payload_type = remote.media.dtmf_payload_type?;
            Some((remote.latch.target(), payload_type))
        });
        let Some((target, payload_type)) = wanted else {
            session.key = None;
            return true;
        };
        key.told += 1;
        let lasted = key.told.min(key.frames) * FRAME_SAMPLES as u32;
        let event = TelephoneEvent {
            digit: Some(key.digit),
            duration: u16::try_from(lasted).unwrap_or(u16::MAX),
        };
        let heading = session.stream.key(key.serial, lasted, now);
        self.packet.clear();
        self.packet
            .extend_from_slice(&heading.to_bytes(payload_type));
        self.packet
            .extend_from_slice(&event.to_bytes(key.told >= key.frames));
        let from = (due.session, &mut session.secrecy, &mut session.reporting);
        send(from, target, &self.packet, &mut self.sealed, out);
        let mut next = due;
        if key.told + 1 < key.frames + ENDS {
            next.at += FRAME;
        } else if let Some((digit, frames)) = key.waiting.pop_front() {
            // A pause tells the same key twice from one that is long.
            next.at += FRAME * 3;
            self.last_serial += 1;
            next.serial = self.last_serial;
            (key.serial, key.digit, key.frames, key.told) = (next.serial, digit, frames, 0);
        } else {
            session.key = None;
            session.stream.interrupt();
            return true;
        }
        self.due.push(Reverse(next));
        true
    }
}
