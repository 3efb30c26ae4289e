//! What messages describe of voice: where it is heard, and who lets whom wait.

use super::ending::Side;
use super::{Change, Dialog};
use crate::media::{self, Media};
use crate::message::{Seen, body};

/// Addresses of one dialog at which voice may be heard.
const VOICE_AT_MOST: usize = 32;

/// A request within the dialog that may change who hears whom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    side: Side,
    /// The number of the request.
    seq: u32,
    /// Whether that side held when it asked.
    held_before: bool,
}

impl Dialog {
    /// What a message describes; where it wants to hear is kept.
    pub(super) fn described(&mut self, seen: &Seen) -> Option<Media> {
        let body = body(&seen.message);
        if body.is_empty() {
            return None;
        }
        let media = media::described(body)?;
        if !self.voice.contains(&media.address) && self.voice.len() < VOICE_AT_MOST {
            self.voice.push(media.address);
        }
        Some(media)
    }

    /// A request within the dialog asks for voice.
    pub(super) fn asked_for_voice(&mut self, seen: &Seen) -> Change {
        let (side, seq) = (self.side_of_request(seen), seen.identity.seq);
        if self.asked_by(side, seq).is_none() {
            self.asked.retain(|asked| asked.side != side);
            let held_before = self.holds.holds(side);
            self.asked.push(Asked {
                side,
                seq,
                held_before,
            });
        }
        match self.described(seen) {
            Some(media) if self.is_answered() && self.end.is_none() => {
                self.holds.offered(side, media.on_hold)
            }
            _ => Change::Nothing,
        }
    }

    /// The response to that request agrees to it, or asks for voice in its turn.
    pub(super) fn agreed(&mut self, seen: &Seen) -> Change {
        let asked = self.asked_by(self.side_of_request(seen), seen.identity.seq);
        match (asked, self.described(seen)) {
            (Some(asked), Some(media)) if self.is_answered() && self.end.is_none() => {
                let side = match asked.side {
                    Side::Caller => Side::Callee,
                    Side::Callee => Side::Caller,
                    Side::Unknown => Side::Unknown,
                };
                self.holds.agreed(side, media.on_hold)
            }
            _ => Change::Nothing,
        }
    }

    /// That request is refused: whoever held holds as before (RFC 3261 14.1).
    pub(super) fn refused(&mut self, seen: &Seen) -> Change {
        match self.asked_by(self.side_of_request(seen), seen.identity.seq) {
            Some(asked) if self.end.is_none() => self.holds.offered(asked.side, asked.held_before),
            _ => Change::Nothing,
        }
    }

    /// What this side asked for by the request with this number, if it was its last one.
    fn asked_by(&self, side: Side, seq: u32) -> Option<Asked> {
        let mut asked = self.asked.iter().copied();
        asked.find(|asked| asked.side == side && asked.seq == seq)
    }
}
