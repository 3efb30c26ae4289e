//! What the media tells: playbacks that ended, bridges that stand, lines that fell silent.

use madoguchi_core::event::Party;
use madoguchi_core::id::CallId;
use madoguchi_line::api::Input;

use super::call::BridgeOf;
use super::sender::Sender;
use super::side::{Owner, Side, SideId};
use super::{Now, Switch};
use crate::media::MediaEvent;

impl Switch {
    pub(super) fn on_media(&mut self, event: MediaEvent, now: Now) {
        match event {
            MediaEvent::PlaybackEnded { session, playback } => {
                let Some(id) = self.voice.side_of(session) else {
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
            MediaEvent::Bridged { token } => match self.voice.bridged(token) {
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
                if let Some(id) = self.voice.side_of(session) {
                    let _in_call = self.span_of_side(id).entered();
                    self.lost(id, now);
                }
            }
            MediaEvent::Quality { session, quality } => {
                let side = self.voice.side_of(session);
                if let Some(side) = side.and_then(|id| self.sides.get_mut(&id)) {
                    side.quality = Some(quality);
                }
            }
            MediaEvent::Dtmf { .. } => {}
        }
    }

    /// Tells how well the voice of those who talk in a call came through: somebody is about to leave.
    pub(super) fn tell_quality(&mut self, call: &CallId) {
        let Some(entry) = self.calls.get(call) else {
            return;
        };
        let (starter, other) = if entry.dialled {
            (Party::Agent, Party::Caller)
        } else {
            (Party::Caller, Party::Agent)
        };
        // The leg on which an agent asks somebody is told of by the call that it is of.
        let first = entry.beside.is_none().then_some(entry.starter);
        for (leg, id) in [(starter, first), (other, entry.bridged)] {
            let side = id.and_then(|id| self.sides.get(&id));
            let Some((side, quality)) = side.and_then(|side| Some((side, side.quality?))) else {
                continue;
            };
            let trunk = self.trunk_of(side).map(str::to_owned);
            self.tell_engine(Input::VoiceMeasured {
                call: call.clone(),
                leg,
                trunk,
                quality,
            });
        }
    }

    /// The name of the trunk that a side goes over, if it is none of the desk's phones.
    fn trunk_of(&self, side: &Side) -> Option<&str> {
        let from = match side.peer {
            Some(Sender::Trunk(key)) => Some(key),
            Some(Sender::Phone(_)) | None => None,
        };
        let trunk = self.trunks.get(side.trunk.or(from)?)?;
        Some(trunk.settings.name.as_str())
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
