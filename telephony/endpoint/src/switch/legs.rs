//! Ringing the phones of an agent for a queued call.

use madoguchi_core::caller::Caller;
use madoguchi_core::id::AgentId;
use madoguchi_line::api::{Input, LegFailure, LegId};
use madoguchi_sip::message::Response;

use super::binding::Binding;
use super::call::{BridgeOf, Leg};
use super::outgoing::{NewSide, Target};
use super::side::{Owner, Phase, SideId};
use super::{Now, Switch};

impl Switch {
    /// Rings all contacts of the agent's phone.
    pub(super) fn ring(&mut self, id: LegId, agent: &AgentId, now: Now) {
        let Some(from) = self.caller_shown(&id.call) else {
            return;
        };
        let codec = self.starter_codec(&id.call);
        let targets = self.contacts_of(agent);
        let mut leg = Leg::default();
        for target in targets {
            let new = NewSide {
                owner: Owner::Leg(id.clone()),
                target,
                from: from.clone(),
                codec,
                trunk: None,
            };
            leg.sides.extend(self.call_out(new, now));
        }
        if leg.sides.is_empty() {
            self.tell_engine(Input::LegFailed {
                leg: id,
                failure: LegFailure::Unreachable,
            });
        } else {
            self.legs.insert(id, leg);
        }
    }

    /// Where to ring an agent: every contact that is not known to be dead.
    pub(super) fn contacts_of(&self, agent: &AgentId) -> Vec<Target> {
        let Some(phone) = self.phones.of_agent(agent) else {
            return Vec::new();
        };
        let alive = |binding: &&Binding| !binding.silent;
        self.bindings
            .of(&phone.extension)
            .iter()
            .filter(alive)
            .map(|binding| Target {
                uri: binding.contact.clone(),
                flow: binding.flow,
                route: binding.path.clone(),
                phone: Some(phone.extension.clone()),
            })
            .collect()
    }

    /// Ends the attempt: CANCEL, or BYE after it was picked up.
    pub(super) fn end_leg(&mut self, id: &LegId, now: Now) {
        let Some(leg) = self.legs.remove(id) else {
            return;
        };
        self.voice.forget_bridge(&BridgeOf::Leg(id.clone()));
        for side in leg.sides {
            self.end_side(side, now);
        }
    }

    /// A contact of the agent picked up: the first one wins, the others are cancelled.
    pub(super) fn leg_picked_up(&mut self, id: &LegId, side: SideId, now: Now) {
        let Some(leg) = self.legs.get_mut(id) else {
            return;
        };
        if leg.winner.is_some() {
            return self.end_side(side, now);
        }
        leg.winner = Some(side);
        let others: Vec<_> = leg
            .sides
            .iter()
            .copied()
            .filter(|other| *other != side)
            .collect();
        leg.sides = vec![side];
        for other in others {
            self.end_side(other, now);
        }
        self.tell_engine(Input::LegAnswered { leg: id.clone() });
    }

    /// A contact of the agent refused or did not answer; the attempt fails with the last one.
    pub(super) fn leg_refused(&mut self, id: &LegId, side: SideId, failure: LegFailure) {
        let Some(leg) = self.legs.get_mut(id) else {
            return;
        };
        leg.sides.retain(|other| *other != side);
        if leg.sides.is_empty() {
            self.legs.remove(id);
            self.tell_engine(Input::LegFailed {
                leg: id.clone(),
                failure,
            });
        }
    }

    /// The caller as the agent's phone shows it.
    fn caller_shown(&self, call: &madoguchi_core::id::CallId) -> Option<Caller> {
        let side = self.sides.get(&self.starter(call)?)?;
        Some(side.shown.clone())
    }
}

/// What a refusal means for whoever rang.
pub(super) fn failure_of(response: &Response) -> LegFailure {
    match response.status {
        486 | 600 | 603 => LegFailure::Declined,
        _ => LegFailure::Unreachable,
    }
}

impl Phase {
    pub(super) fn is_calling(&self) -> bool {
        matches!(self, Self::Calling { .. })
    }

    /// Nobody has picked up yet.
    pub(super) fn is_early(&self) -> bool {
        matches!(self, Self::Incoming { .. } | Self::Calling { .. })
    }
}
