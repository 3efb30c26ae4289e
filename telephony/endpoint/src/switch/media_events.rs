//! What the media tells: playbacks that ended, bridges that stand, lines that fell silent.

use madoguchi_line::api::Input;

use super::call::BridgeOf;
use super::side::Owner;
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
                Some(BridgeOf::Leg(leg)) => self.tell_engine(Input::LegBridged { leg }),
                Some(BridgeOf::Far(call)) => self.tell_engine(Input::FarAnswered { call }),
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
}
