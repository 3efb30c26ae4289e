//! Responses to what we sent, and their absence.

use madoguchi_line::api::LegFailure;
use madoguchi_sip::message::{HeaderName, Method, Response};
use madoguchi_sip::transaction::ClientTx;

use super::call::SideEnd;
use super::challenges::forget_proof;
use super::dialog::Dialog;
use super::legs::failure_of;
use super::purpose::Purpose;
use super::session_timer::{SessionTimer, session_expires};
use super::side::{Owner, Phase, SideId};
use super::{Now, Switch};

impl Switch {
    pub(super) fn on_response(&mut self, tx: ClientTx, response: &Response, now: Now) {
        let is_final = response.status >= 200;
        let purpose = if is_final && !self.is_invite(tx) {
            self.purposes.remove(&tx)
        } else {
            self.purposes.get(&tx).cloned()
        };
        let side = purpose.as_ref().and_then(Purpose::side);
        let _in_call = side.map(|side| self.span_of_side(side).entered());
        match purpose {
            Some(Purpose::Invite(side)) => self.on_invite_response(tx, side, response, now),
            Some(Purpose::Refresh(side)) if is_final => self.on_refreshed(tx, side, response, now),
            Some(Purpose::InDialog(sent)) if is_final => {
                self.on_answered_in_dialog(*sent, response, now);
            }
            Some(Purpose::Register(trunk)) if is_final => {
                self.on_trunk_registered(trunk, response, now);
            }
            Some(Purpose::ProbeTrunk { trunk, peer }) if is_final => {
                self.trunk_probed(trunk, peer, true, now);
            }
            Some(Purpose::ProbeContact { extension, contact }) if is_final => {
                self.contact_probed(&extension, &contact, true);
            }
            None if is_accepted_invite(response) => self.dismiss_fork(tx, response, now),
            _ => {}
        }
    }

    pub(super) fn on_request_timeout(&mut self, tx: ClientTx, now: Now) {
        let purpose = self.purposes.remove(&tx);
        let side = purpose.as_ref().and_then(Purpose::side);
        let _in_call = side.map(|side| self.span_of_side(side).entered());
        match purpose {
            Some(Purpose::Invite(side)) if self.trunk_failed(side, None, now) => {}
            Some(Purpose::Invite(side)) => self.refused(side, LegFailure::Unreachable),
            Some(Purpose::Refresh(side)) => self.on_refresh_timeout(tx, side, now),
            Some(Purpose::Register(trunk)) => self.on_register_timeout(trunk, now),
            Some(Purpose::ProbeTrunk { trunk, peer }) => {
                self.trunk_probed(trunk, peer, false, now);
            }
            Some(Purpose::ProbeContact { extension, contact }) => {
                self.contact_probed(&extension, &contact, false);
            }
            Some(Purpose::InDialog(_)) | None => {}
        }
    }

    fn is_invite(&self, tx: ClientTx) -> bool {
        matches!(self.purposes.get(&tx), Some(Purpose::Invite(_)))
    }

    fn on_invite_response(&mut self, tx: ClientTx, id: SideId, response: &Response, now: Now) {
        if let Some(side) = self.sides.get_mut(&id) {
            side.heard = true;
        }
        match response.status {
            100 => {}
            101..=199 => {
                if self.note_early(id, response, now) {
                    self.on_progress(id, response, now);
                }
            }
            200..=299 => self.on_picked_up(tx, id, response, now),
            status => {
                self.purposes.remove(&tx);
                let again = (status == 401 || status == 407)
                    && self.answer_challenge(id, response, now)
                    || status == 422 && self.longer_interval(id, response, now)
                    || status == 503 && self.trunk_failed(id, Some(response), now);
                if !again {
                    self.note_refusal(id, status);
                    self.refused(id, failure_of(response));
                }
            }
        }
    }

    /// 2xx: acknowledged at once; then either the side stands, or it is not wanted any more.
    fn on_picked_up(&mut self, tx: ClientTx, id: SideId, response: &Response, now: Now) {
        self.purposes.remove(&tx);
        let wanted_timer = self.wanted_timer();
        let Some(side) = self.sides.get_mut(&id) else {
            return self.dismiss_fork(tx, response, now);
        };
        side.dialog.established(response);
        side.phase = Phase::Confirmed;
        side.refreshing.note_allow(&response.headers);
        let timer = SessionTimer::for_answer(response, wanted_timer, now.mono);
        // A PRACK may have had a later number.
        let seq = response.cseq().map_or(0, |cseq| cseq.seq);
        self.send_ack(tx, id, seq);
        let agreed = self.take_winner(id, response);
        self.set_session_timer(id, timer);
        let Some(side) = self.sides.get(&id) else {
            return;
        };
        match (side.owner.clone(), agreed) {
            (Owner::Leg(leg), Ok(())) => self.leg_picked_up(&leg, id, now),
            (Owner::Far(call), Ok(())) => self.far_picked_up(&call, id, now),
            (Owner::Nobody, _) => self.end_side(id, now),
            (owner, Err(error)) => {
                tracing::warn!(%error, "picked up without a codec of ours");
                self.tell_refused(owner, id, LegFailure::Unreachable);
                self.end_side(id, now);
            }
            (Owner::Starter(_) | Owner::Feature, Ok(())) => {}
        }
    }

    pub(super) fn send_ack(&mut self, tx: ClientTx, id: SideId, seq: u32) {
        let Some(side) = self.sides.get(&id) else {
            return;
        };
        let (flow, mut ack) = (side.dialog.flow, side.dialog.ack(seq));
        self.put_via(flow, &mut ack);
        self.transactions.acknowledge(tx, flow, ack);
    }

    /// Another fork of an INVITE picked up, or one that is not wanted any more: it is thanked
    /// and sent away (13.2.2.4).
    pub(super) fn dismiss_fork(&mut self, tx: ClientTx, response: &Response, now: Now) {
        let Some(flow) = self.transactions.flow_of(tx) else {
            return;
        };
        let Some(mut dialog) = Dialog::of_accepted(response, flow) else {
            return;
        };
        let mut ack = dialog.ack(dialog.last_seq());
        self.put_via(flow, &mut ack);
        self.transactions.acknowledge(tx, flow, ack);
        let bye = dialog.request(Method::Bye);
        let side = self.sides.of_dialog(&dialog.key());
        let carrier = self.carrier_of(side, flow);
        // The fork counts its own requests.
        self.send_to_carrier(carrier, None, flow, bye, now);
    }

    /// The INVITE of a side failed for good.
    fn refused(&mut self, id: SideId, failure: LegFailure) {
        let Some(side) = self.sides.get(&id) else {
            return;
        };
        let owner = side.owner.clone();
        self.forget_side(id);
        self.tell_refused(owner, id, failure);
    }

    fn tell_refused(&mut self, owner: Owner, id: SideId, failure: LegFailure) {
        match owner {
            Owner::Leg(leg) => self.leg_refused(&leg, id, failure),
            Owner::Far(call) => self.far_refused(&call, id, failure),
            Owner::Starter(_) | Owner::Feature | Owner::Nobody => {}
        }
    }

    /// Nobody answers inside the dialog any more: BYE for form's sake, and the call is over.
    pub(super) fn lost(&mut self, id: SideId, now: Now) {
        if self
            .sides
            .get(&id)
            .is_some_and(|side| matches!(side.phase, Phase::Confirmed))
        {
            self.request_in_dialog(id, Method::Bye, now);
        }
        self.side_ended(id, SideEnd::Lost, now);
    }

    /// 422: tries once more with the interval that the peer demands (RFC 4028 section 7.3), unless
    /// we offered as much already. Proof was given for a request that is past: the new one is
    /// challenged anew, for the same proof twice would be a replay.
    fn longer_interval(&mut self, id: SideId, response: &Response, now: Now) -> bool {
        let Some(min_se) = super::session_timer::min_se(response) else {
            return false;
        };
        let offered = self.sides.get(&id).and_then(|side| match &side.phase {
            Phase::Calling { invite, .. } => session_expires(&invite.headers),
            _ => None,
        });
        if offered.is_none_or(|offered| offered.secs >= min_se) {
            return false;
        }
        if let Some(side) = self.sides.get_mut(&id) {
            side.challenges.begin_anew();
        }
        self.repeat_invite(id, now, |invite| {
            forget_proof(&mut invite.headers);
            invite.headers.set(HeaderName::MinSe, min_se.to_string());
            invite
                .headers
                .set(HeaderName::SessionExpires, min_se.to_string());
        })
    }

    fn note_refusal(&mut self, id: SideId, status: u16) {
        if let Some(Owner::Far(call)) = self.sides.get(&id).map(|side| side.owner.clone())
            && let Some(call) = self.calls.get_mut(&call)
        {
            call.refusal = Some(match status {
                401 | 403 | 407 => 403,
                300..=399 => 480,
                other => other,
            });
        }
    }
}

fn is_accepted_invite(response: &Response) -> bool {
    (200..300).contains(&response.status)
        && response
            .cseq()
            .is_some_and(|cseq| cseq.method == Method::Invite)
}
