//! An agent asks somebody from the screen, on the leg on which they talk with a caller: no phone has dialled.

use madoguchi_core::caller::Caller;
use madoguchi_core::id::CallId;
use madoguchi_line::api::{DialTarget, Input, LegFailure, LegId};
use madoguchi_sip::message::Response;

use super::bodies::answer_in;
use super::call::{BridgeOf, Call};
use super::sender::Sender;
use super::side::{Owner, SideId};
use super::{Now, Switch};

impl Switch {
    /// Calls whom the agent at this attempt asks; the agent hears that it rings.
    pub(super) fn dial_beside(&mut self, id: &CallId, leg: LegId, target: DialTarget, now: Now) {
        let winner = self.legs.get(&leg).and_then(|leg| leg.winner);
        let side = winner.and_then(|winner| Some((winner, self.sides.get(&winner)?.media)));
        let Some((starter, media)) = side else {
            let (call, failure) = (id.clone(), LegFailure::Unreachable);
            return self.tell_engine(Input::FarFailed { call, failure });
        };
        let line = match &target {
            DialTarget::Outside { line, .. } => Some(line.clone()),
            DialTarget::Agent { .. } => None,
        };
        let entry = Call {
            beside: Some(leg),
            ..Call::new(id, starter, line, true)
        };
        self.calls.insert(id.clone(), entry);
        self.voice.ring_back(media, self.sounds.ringing());
        self.dial(id, target, now);
    }

    /// Whether no phone has dialled a call, and an agent asks in it on the leg of a talk.
    pub(super) fn is_beside(&self, id: &CallId) -> bool {
        let call = self.calls.get(id);
        call.is_some_and(|call| call.beside.is_some())
    }

    /// Whom the far end of a dialled call is shown.
    pub(super) fn shown_of_starter(&self, id: &CallId) -> Caller {
        let side = self.starter(id).and_then(|side| self.sides.get(&side));
        match side.map(|side| (&side.peer, &side.shown)) {
            // What the phone was called by may be anything.
            Some((Some(Sender::Phone(extension)), _)) if self.is_beside(id) => {
                extension.as_str().into()
            }
            Some((_, shown)) => shown.clone(),
            None => Caller::default(),
        }
    }

    /// The far end rings, and may have a voice already.
    pub(super) fn on_progress_beside(&mut self, id: SideId, starter: SideId, response: &Response) {
        let answer = answer_in(response);
        if answer.is_empty() || self.take_first_answer(id, answer).is_err() {
            return;
        }
        let legs = (self.sides.get(&starter), self.sides.get(&id));
        if let (Some(one), Some(other)) = legs {
            let (one, other) = (one.media, other.media);
            self.voice.bridge_early(one, other);
        }
    }

    /// The caller of this attempt is gone: its phone goes on in the call in which the agent asks.
    pub(super) fn keep_beside(&mut self, leg: &LegId, id: &CallId, now: Now) {
        self.voice.forget_bridge(&BridgeOf::Leg(leg.clone()));
        let winner = self.legs.remove(leg).and_then(|leg| leg.winner);
        let Some(call) = self.calls.get_mut(id) else {
            if let Some(winner) = winner {
                self.end_side(winner, now);
            }
            return;
        };
        call.beside = None;
        if let Some(side) = winner.and_then(|winner| self.sides.get_mut(&winner)) {
            side.owner = Owner::Starter(id.clone());
        }
        // Unless the phone has hung up meanwhile.
        self.keep_consultation(id, now);
    }

    /// The call in which the agent at this attempt talks with whom they ask, if they do.
    pub(super) fn asked_at(&self, leg: &LegId) -> Option<&CallId> {
        let mut calls = self.calls.iter();
        let found = calls.find(|(_, call)| call.beside.as_ref() == Some(leg));
        found
            .filter(|(_, call)| call.bridged.is_some())
            .map(|(id, _)| id)
    }
}
