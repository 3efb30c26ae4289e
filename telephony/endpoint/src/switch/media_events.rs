//! What the media tells: playbacks that ended, bridges that stand, lines that fell silent.

use madoguchi_core::id::CallId;
use madoguchi_line::api::Input;

use super::call::BridgeOf;
use super::side::{Owner, SideId};
use super::{Now, Switch};
use crate::media::MediaEvent;

impl Switch {
    pub(super) fn on_media(&mut self, event: MediaEvent, now: Now) {
        match event {
            MediaEvent::PlaybackEnded { session, playback } => {
                let Some(&id) = self.side_by_media.get(&session) else {
                    return;
                };
                match self.sides.get(&id).map(|side| side.owner.clone()) {
                    Some(Owner::Starter(call)) => {
                        self.tell_engine(Input::PlaybackEnded { call, playback });
                    }
                    Some(Owner::Feature) => self.end_side(id, now),
                    _ => {}
                }
            }
            MediaEvent::Bridged { token } => match self.bridges.remove(&token) {
                Some(BridgeOf::Leg(leg)) => {
                    let call = leg.call.clone();
                    self.tell_engine(Input::LegBridged { leg });
                    self.tell_encryption(call);
                }
                Some(BridgeOf::Far(call)) => {
                    self.tell_engine(Input::FarAnswered { call: call.clone() });
                    self.tell_encryption(call);
                }
                None => {}
            },
            MediaEvent::Silent { session } => {
                if let Some(&id) = self.side_by_media.get(&session) {
                    let _in_call = self.span_of_side(id).entered();
                    self.lost(id, now);
                }
            }
            MediaEvent::Dtmf { .. } => {}
        }
    }

    /// Tells on which legs the voice of a call is encrypted.
    fn tell_encryption(&mut self, call: CallId) {
        let Some(entry) = self.calls.get(&call) else {
            return;
        };
        let is_encrypted = |id: Option<SideId>| {
            let side = id.and_then(|id| self.sides.get(&id));
            let negotiated = side.and_then(|side| side.negotiated.as_ref());
            negotiated.is_some_and(|negotiated| negotiated.srtp.is_some())
        };
        let (starter, other) = (
            is_encrypted(Some(entry.starter)),
            is_encrypted(entry.bridged),
        );
        let (caller, agent) = if entry.dialled {
            (other, starter)
        } else {
            (starter, other)
        };
        self.tell_engine(Input::VoiceEncrypted {
            call,
            caller,
            agent,
        });
    }
}
