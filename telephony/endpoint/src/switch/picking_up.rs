//! A phone takes a call that rings elsewhere, or waits (call pick-up): by a feature code, or by naming the
//! dialog (RFC 3891).

use madoguchi_line::api::{Input, LegFailure, LegId, Take};
use madoguchi_sip::message::Request;
use madoguchi_sip::transaction::{Flow, ServerTx};

use super::call::Leg;
use super::invite_id::InviteId;
use super::offers::NotOpened;
use super::sender::Sender;
use super::side::{Owner, SideId};
use super::{Now, Switch};
use crate::settings::Phone;

/// Nobody is there to be taken.
const NOT_FOUND: u16 = 404;

impl Switch {
    /// What a number that is dialled takes, if it is a code for that.
    pub(super) fn take_by_code(&self, dialled: &str) -> Option<Take> {
        let codes = &self.settings.feature_codes;
        match dialled {
            "" => None,
            code if code == codes.pick_up => Some(Take::MostUrgent),
            code if code == codes.park => Some(Take::Parked),
            _ => None,
        }
    }

    /// A phone waits for a call to take.
    #[expect(
        clippy::too_many_arguments,
        reason = "all of one INVITE, taken apart by its reader"
    )]
    pub(super) fn on_pick_up(
        &mut self,
        tx: ServerTx,
        flow: Flow,
        invite: Request,
        id: InviteId,
        phone: &Phone,
        take: Take,
        now: Now,
    ) {
        let shown = phone.extension.as_str().into();
        let sender = Sender::Phone(phone.extension.clone());
        let opened = self.open_incoming(tx, flow, invite, id, Owner::Feature, &sender, shown, now);
        match opened {
            Ok(SideId(asked)) => self.tell_engine(Input::PickUp {
                agent: phone.agent.clone(),
                take,
                asked,
            }),
            Err(NotOpened::Refused) => {}
            Err(NotOpened::NoMeans(response)) => self.answer(tx, *response, now),
        }
    }

    /// The phone that asked has the call now.
    pub(super) fn give_to_phone(&mut self, id: SideId, leg: Option<LegId>, now: Now) {
        let Some(leg) = leg else {
            return self.end_starter(id, NOT_FOUND, now);
        };
        let Some(side) = self.sides.get_mut(&id) else {
            // It hung up meanwhile.
            return self.tell_engine(Input::LegFailed {
                leg,
                failure: LegFailure::Unreachable,
            });
        };
        side.owner = Owner::Leg(leg.clone());
        let winner = Leg {
            sides: vec![id],
            winner: Some(id),
        };
        self.legs.insert(leg.clone(), winner);
        self.answer_invite(id, now);
        self.tell_engine(Input::LegAnswered { leg });
    }
}
