//! What messages describe of voice: where it is heard, and who lets whom wait.

use super::ending::Side;
use super::{Change, Dialog};
use crate::media::{self, Media};
use crate::message::{Seen, body};

/// Addresses of one dialog at which voice may be heard.
const VOICE_AT_MOST: usize = 32;

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
        self.asked = Some((self.side_of_request(seen), seen.identity.seq));
        match self.described(seen) {
            Some(media) if self.is_answered() && self.end.is_none() => {
                let side = self.side_of_request(seen);
                self.holds.offered(side, media.on_hold)
            }
            _ => Change::Nothing,
        }
    }

    /// The response to that request agrees to it, or asks for voice in its turn.
    pub(super) fn agreed(&mut self, seen: &Seen) -> Change {
        let asked_by = self.side_of_request(seen);
        let is_of_it = self.asked == Some((asked_by, seen.identity.seq));
        match self.described(seen) {
            Some(media) if is_of_it && self.is_answered() && self.end.is_none() => {
                let side = match asked_by {
                    Side::Caller => Side::Callee,
                    Side::Callee => Side::Caller,
                    Side::Unknown => Side::Unknown,
                };
                self.holds.agreed(side, media.on_hold)
            }
            _ => Change::Nothing,
        }
    }
}
