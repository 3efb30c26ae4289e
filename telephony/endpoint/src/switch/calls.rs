//! What the engine wants done with the side that started a call: answer it, let it hear
//! something, hang up.

use madoguchi_core::id::CallId;
use madoguchi_line::api::{Announcement, HangUpCause, Input, LegId};
use madoguchi_sip::message::Method;

use super::call::{BridgeOf, SideEnd};
use super::side::{Owner, Phase, SideId};
use super::{Now, Switch};

impl Switch {
    /// Answers the starter's INVITE with 200.
    pub(super) fn accept(&mut self, call: &CallId, now: Now) {
        if let Some(starter) = self.starter(call) {
            self.answer_invite(starter, now);
        }
    }

    pub(super) fn play(&mut self, call: &CallId, announcement: Announcement, playback: u32) {
        let Some(starter) = self.starter(call) else {
            return;
        };
        let line = self.calls.get(call).and_then(|call| call.line.clone());
        let Some(side) = self.sides.get(&starter) else {
            return;
        };
        let sound = self.sounds.announcement(line.as_ref(), announcement);
        self.voice.say(side.media, sound, playback);
    }

    pub(super) fn play_music(&mut self, call: &CallId) {
        let Some(starter) = self.starter(call) else {
            return;
        };
        let line = self.calls.get(call).and_then(|call| call.line.clone());
        let Some(side) = self.sides.get(&starter) else {
            return;
        };
        let music = self.sounds.music(line.as_ref());
        self.voice.play_music(side.media, music);
    }

    /// Connects the media of the caller and the phone that picked up.
    pub(super) fn bridge_leg(&mut self, leg: LegId) {
        let other = self.legs.get(&leg).and_then(|leg| leg.winner);
        let starter = self.starter(&leg.call);
        let (Some(starter), Some(other)) = (starter, other) else {
            return;
        };
        self.bridge(&leg.call.clone(), starter, other, BridgeOf::Leg(leg));
    }

    pub(super) fn bridge(&mut self, call: &CallId, a: SideId, b: SideId, what: BridgeOf) {
        let (Some(one), Some(other)) = (self.sides.get(&a), self.sides.get(&b)) else {
            return;
        };
        let (one, other) = (one.media, other.media);
        // Whoever the starter heard until now leaves.
        self.tell_quality(call);
        if let Some(call) = self.calls.get_mut(call) {
            call.bridged = Some(b);
        }
        self.voice.bridge(one, other, what);
    }

    /// Ends the side that started the call. The call is forgotten; nothing more is told of it.
    pub(super) fn hang_up(&mut self, id: &CallId, cause: HangUpCause, now: Now) {
        let Some(call) = self.calls.remove(id) else {
            return;
        };
        self.voice.forget_bridge(&BridgeOf::Far(id.clone()));
        for far in &call.far {
            self.end_side(*far, now);
        }
        if call.carries.is_some() || call.beside.is_some() {
            return;
        }
        let refusal = call.refusal.unwrap_or(match cause {
            HangUpCause::Normal | HangUpCause::Unavailable => 480,
            HangUpCause::Busy => 486,
            HangUpCause::NotFound => 404,
            HangUpCause::Forbidden => 403,
        });
        self.end_starter(call.starter, refusal, now);
    }

    pub(super) fn end_starter(&mut self, id: SideId, refusal: u16, now: Now) {
        let Some(side) = self.sides.get(&id) else {
            return;
        };
        if let Phase::Incoming { tx, invite } = &side.phase {
            let (tx, mut response) = (*tx, invite.respond(refusal, None));
            response.set_to_tag(&side.dialog.local_tag);
            self.transactions.respond(tx, &response, now.mono);
            self.forget_side(id);
        } else {
            self.end_side(id, now);
        }
    }

    /// Ends a side whatever its phase: CANCEL, BYE, or BYE as soon as the ACK is there.
    pub(super) fn end_side(&mut self, id: SideId, now: Now) {
        let Some(side) = self.sides.get_mut(&id) else {
            return;
        };
        side.owner = Owner::Nobody;
        match &mut side.phase {
            Phase::Incoming { .. } => self.end_starter(id, 480, now),
            Phase::Accepted { bye, .. } => {
                *bye = true;
                let media = side.media;
                self.voice.close(media);
            }
            Phase::Calling { tx, .. } => {
                let (tx, media) = (*tx, side.media);
                self.transactions.cancel(tx, now.mono);
                self.voice.close(media);
            }
            Phase::Confirmed => {
                self.request_in_dialog(id, Method::Bye, now);
                self.forget_side(id);
            }
        }
    }

    /// The side is gone on its own: tells the engine whose it was, and forgets it.
    pub(super) fn side_ended(&mut self, id: SideId, how: SideEnd, now: Now) {
        let Some(side) = self.sides.get(&id) else {
            return;
        };
        let owner = side.owner.clone();
        if let Some(call) = owner.call() {
            self.tell_quality(call);
        }
        self.forget_side(id);
        match owner {
            Owner::Starter(call) => {
                if self.calls.get(&call).is_some_and(|call| call.handed_over) {
                    return;
                }
                self.voice.forget_bridge(&BridgeOf::Far(call.clone()));
                for far in self
                    .calls
                    .remove(&call)
                    .map(|call| call.far)
                    .unwrap_or_default()
                {
                    self.end_side(far, now);
                }
                self.tell_engine(match how {
                    SideEnd::HungUp => Input::CallerHungUp { call },
                    SideEnd::Lost => Input::CallerLost { call },
                });
            }
            Owner::Leg(leg) => {
                self.legs.remove(&leg);
                self.voice.forget_bridge(&BridgeOf::Leg(leg.clone()));
                self.tell_engine(match how {
                    SideEnd::HungUp => Input::LegEnded { leg },
                    SideEnd::Lost => Input::LegLost { leg },
                });
            }
            Owner::Far(call) => self.tell_engine(Input::FarEnded { call }),
            Owner::Feature | Owner::Nobody => {}
        }
    }

    /// Removes every trace of a side but its transactions, which end by themselves.
    pub(super) fn forget_side(&mut self, id: SideId) {
        let Some(side) = self.sides.remove(id) else {
            return;
        };
        if let Some(timer) = side.timer {
            let wake = super::Wake::SessionTimer(id);
            self.wakes.clear(timer.due_at, wake);
        }
        if let Some(trunk) = side.trunk {
            self.trunks.outbound_call_ended(trunk);
        }
        self.voice.close(side.media);
    }

    pub(super) fn starter(&self, call: &CallId) -> Option<SideId> {
        self.calls.get(call).map(|call| call.starter)
    }
}
