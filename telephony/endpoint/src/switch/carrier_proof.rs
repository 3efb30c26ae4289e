//! Proving ourselves to carriers: a request that was challenged is sent again with the answer.

use madoguchi_sip::digest;
use madoguchi_sip::header::CSeq;
use madoguchi_sip::message::{HeaderName, Method, Request, Response};
use madoguchi_sip::transaction::Flow;

use super::challenges::{Challenges, Proof};
use super::purpose::{InDialog, Purpose};
use super::sender::Sender;
use super::side::{Phase, SideId};
use super::trunks::TrunkKey;
use super::{Now, Switch};

impl Switch {
    /// Sends the INVITE of a side again with an answer to the carrier's challenge.
    pub(super) fn answer_challenge(&mut self, id: SideId, response: &Response, now: Now) -> bool {
        let Some(side) = self.sides.get_mut(&id) else {
            return false;
        };
        let Phase::Calling { invite, .. } = &side.phase else {
            return false;
        };
        let Some(trunk) = side.trunk else {
            return false;
        };
        let uri = invite.uri.to_string();
        let mut challenges = std::mem::take(&mut side.challenges);
        let proof = self.proof(trunk, &mut challenges, response, &Method::Invite, &uri);
        if let Some(side) = self.sides.get_mut(&id) {
            side.challenges = challenges;
        }
        let Some(proof) = proof else {
            return false;
        };
        self.repeat_invite(id, now, |invite| proof.put_into(&mut invite.headers))
    }

    /// Sends the INVITE of a side again as a new transaction (8.1.3.5).
    pub(super) fn repeat_invite(
        &mut self,
        id: SideId,
        now: Now,
        change: impl FnOnce(&mut Request),
    ) -> bool {
        let Some(side) = self.sides.get(&id) else {
            return false;
        };
        if side.owner == super::side::Owner::Nobody {
            return false;
        }
        let Phase::Calling { invite, .. } = &side.phase else {
            return false;
        };
        let (mut invite, flow) = (invite.clone(), side.dialog.flow);
        let seq = side.dialog.last_seq() + 1;
        change(&mut invite);
        invite.headers.set(
            HeaderName::CSeq,
            CSeq {
                seq,
                method: Method::Invite,
            }
            .to_string(),
        );
        invite.headers.remove(&HeaderName::Via);
        self.put_via(flow, &mut invite);
        let Some(tx) = self.transactions.request(flow, &invite, now.mono) else {
            return false;
        };
        self.purposes.insert(tx, Purpose::Invite(id));
        let Some(side) = self.sides.get_mut(&id) else {
            return false;
        };
        side.dialog.set_last_seq(seq);
        side.phase = Phase::Calling { tx, invite };
        true
    }

    /// The carrier at the other end of a side, or of a flow if the side is gone.
    pub(super) fn carrier_of(&self, id: Option<SideId>, flow: Flow) -> Option<TrunkKey> {
        let Some(side) = id.and_then(|id| self.sides.get(&id)) else {
            return self.trunks.of_source(flow);
        };
        side.trunk.or(match &side.peer {
            Some(Sender::Trunk(trunk)) => Some(*trunk),
            Some(Sender::Phone(_)) | None => None,
        })
    }

    /// Sends a request inside a dialog, and with proof again if the carrier challenges it.
    pub(super) fn send_in_dialog(
        &mut self,
        side: Option<SideId>,
        flow: Flow,
        request: Request,
        now: Now,
    ) {
        let carrier = self.carrier_of(side, flow);
        self.send_to_carrier(carrier, side, flow, request, now);
    }

    /// The same with whoever is at the other end, if it is a carrier, and the side whose dialog
    /// counts the requests, if there is one.
    pub(super) fn send_to_carrier(
        &mut self,
        carrier: Option<TrunkKey>,
        side: Option<SideId>,
        flow: Flow,
        request: Request,
        now: Now,
    ) {
        let proves = |trunk: &TrunkKey| {
            let trunk = self.trunks.get(*trunk);
            trunk.is_some_and(|trunk| trunk.settings.credentials.is_some())
        };
        let Some(trunk) = carrier.filter(proves) else {
            self.send_request(flow, request, now);
            return;
        };
        self.send_challengeable(
            InDialog {
                request,
                flow,
                side,
                trunk,
                challenges: Challenges::default(),
            },
            now,
        );
    }

    fn send_challengeable(&mut self, sent: InDialog, now: Now) {
        if let Some(tx) = self.send_request(sent.flow, sent.request.clone(), now) {
            self.purposes.insert(tx, Purpose::InDialog(Box::new(sent)));
        }
    }

    /// The final answer to a request inside a dialog: a challenge is answered, even if the call is
    /// over, for the carrier would go on charging for it.
    pub(super) fn on_answered_in_dialog(
        &mut self,
        mut sent: InDialog,
        response: &Response,
        now: Now,
    ) {
        if !matches!(response.status, 401 | 407) {
            return;
        }
        let method = sent.request.method.clone();
        let uri = sent.request.uri.to_string();
        let Some(proof) = self.proof(sent.trunk, &mut sent.challenges, response, &method, &uri)
        else {
            tracing::warn!(%method, "a carrier does not believe our proof within a call");
            return;
        };
        let seq = match sent.side.and_then(|id| self.sides.get_mut(&id)) {
            Some(side) => side.dialog.next_seq(),
            None => sent.request.cseq().map_or(1, |cseq| cseq.seq) + 1,
        };
        let headers = &mut sent.request.headers;
        headers.set(HeaderName::CSeq, CSeq { seq, method }.to_string());
        proof.put_into(headers);
        self.send_challengeable(sent, now);
    }

    /// The proof of a trunk for whoever challenged a request: those who did so before included.
    pub(super) fn proof(
        &mut self,
        key: TrunkKey,
        challenges: &mut Challenges,
        response: &Response,
        method: &Method,
        uri: &str,
    ) -> Option<Proof> {
        if !challenges.take(response) {
            return None;
        }
        let cnonce = self.token();
        let trunk = self.trunks.get_mut(key)?;
        let credentials = trunk.settings.credentials.as_ref()?;
        let (user, password) = (&credentials.user, &credentials.password);
        let proof = digest::Proof {
            method: method.as_str(),
            uri,
            user,
            password,
            cnonce: &cnonce,
        };
        let answered = challenges.answered.iter();
        let fields = answered
            .map(|(name, challenge)| (name.clone(), challenge.answer(&mut trunk.client, proof)));
        Some(Proof(fields.collect()))
    }
}
