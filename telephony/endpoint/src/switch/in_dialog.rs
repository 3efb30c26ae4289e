//! Requests inside a dialog: BYE, re-INVITE, UPDATE, INFO; ACK and CANCEL; the session timer.

use madoguchi_sip::message::{HeaderName, Method, Request, Response};
use madoguchi_sip::transaction::{Flow, ServerTx};

use super::calls::Gone;
use super::dialog::DialogKey;
use super::outgoing::Purpose;
use super::session_timer::{SessionTimer, supports_timer};
use super::side::{Phase, SideId};
use super::{Now, Switch};

impl Switch {
    pub(super) fn on_request_in_dialog(
        &mut self,
        tx: ServerTx,
        flow: Flow,
        request: Request,
        now: Now,
    ) {
        let Some(id) = self.side_of(&request) else {
            return self.answer(tx, request.respond(481, None), now);
        };
        if !self.is_in_order(id, &request) {
            return self.answer(tx, request.respond(500, None), now);
        }
        if let Some(side) = self.sides.get_mut(&id)
            && side.dialog.flow.reliable == flow.reliable
        {
            // The peer may have moved (NAT, new connection): it is where it speaks from.
            side.dialog.flow = flow;
        }
        match request.method {
            Method::Bye => self.on_bye(tx, id, &request, now),
            Method::Invite => self.on_reinvite(tx, id, &request, now),
            Method::Update => self.on_update(tx, id, &request, now),
            Method::Info | Method::Options => self.answer(tx, request.respond(200, None), now),
            _ => self.answer_allow(tx, &request, 405, now),
        }
    }

    fn side_of(&self, request: &Request) -> Option<SideId> {
        let key = DialogKey {
            call_id: request.call_id()?.into(),
            local_tag: request.to()?.tag()?.into(),
        };
        let id = *self.side_by_dialog.get(&key)?;
        let from_tag = request.from()?;
        let known = self.sides.get(&id)?.dialog.remote_tag.as_deref();
        known
            .is_none_or(|tag| from_tag.tag().unwrap_or_default() == tag)
            .then_some(id)
    }

    fn is_in_order(&mut self, id: SideId, request: &Request) -> bool {
        let seq = request.cseq().map_or(0, |cseq| cseq.seq);
        self.sides
            .get_mut(&id)
            .is_some_and(|side| side.dialog.accept_seq(seq))
    }

    /// The answer follows when the end of the call is on disk.
    fn on_bye(&mut self, tx: ServerTx, id: SideId, request: &Request, now: Now) {
        let open_invite = self.sides.get(&id).and_then(|side| match &side.phase {
            Phase::Incoming { tx, invite } => Some((*tx, invite.respond(487, None))),
            _ => None,
        });
        if let Some((invite_tx, response)) = open_invite {
            self.answer(invite_tx, response, now);
        }
        self.side_ended(id, Gone::HungUp, now);
        let response = request.respond(200, None);
        self.respond_after(tx, response);
    }

    fn on_reinvite(&mut self, tx: ServerTx, id: SideId, request: &Request, now: Now) {
        let Some(side) = self.sides.get_mut(&id) else {
            return;
        };
        if !matches!(side.phase, Phase::Confirmed) || side.reinvite.is_some() {
            let mut response = request.respond(491, None);
            response.headers.push(HeaderName::RetryAfter, "1");
            return self.answer(tx, response, now);
        }
        side.dialog.refresh_target(request.contact());
        let late = request.body.is_empty();
        side.answer_in_ack = late;
        if let Some(response) = self.accept_inside(id, request, late, now) {
            if let Some(side) = self.sides.get_mut(&id) {
                side.reinvite = Some(tx);
                self.side_by_invite.insert(tx, id);
            }
            self.transactions.respond(tx, &response, now.mono);
        } else {
            self.answer(tx, request.respond(488, None), now);
        }
    }

    fn on_update(&mut self, tx: ServerTx, id: SideId, request: &Request, now: Now) {
        if let Some(side) = self.sides.get_mut(&id) {
            side.dialog.refresh_target(request.contact());
        }
        match self.accept_inside(id, request, false, now) {
            Some(response) => self.transactions.respond(tx, &response, now.mono),
            None => self.answer(tx, request.respond(488, None), now),
        }
    }

    /// The 200 to a re-INVITE or UPDATE; `None` if its offer cannot be met, which leaves the
    /// session as it was (14.2).
    fn accept_inside(
        &mut self,
        id: SideId,
        request: &Request,
        make_offer: bool,
        now: Now,
    ) -> Option<Response> {
        let body = match (request.body.is_empty(), make_offer) {
            (false, _) => Some(self.take_offer(id, &request.body).ok()?),
            (true, true) => Some(self.reoffer(id)),
            (true, false) => None,
        };
        let wanted = self.wanted_timer();
        let timer = SessionTimer::for_request(request, wanted, now.mono)
            .ok()
            .flatten();
        let side = self.sides.get_mut(&id)?;
        let before = std::mem::replace(&mut side.timer, timer).map(|timer| timer.due_at);
        if let Some(before) = before {
            self.wakes.remove(&(before, super::Wake::SessionTimer(id)));
        }
        let side = self.sides.get(&id)?;
        let mut response = request.respond(200, None);
        if let Some(timer) = side.timer.filter(|_| supports_timer(&request.headers)) {
            response.headers.push(HeaderName::Require, "timer");
            response
                .headers
                .push(HeaderName::SessionExpires, timer.header(false));
        }
        self.finish_2xx(side.dialog.flow, &mut response);
        if let Some(body) = body {
            response
                .headers
                .push(HeaderName::ContentType, "application/sdp");
            response.body = body;
        }
        self.schedule_session_timer(id, now);
        Some(response)
    }

    /// The ACK to a 2xx of ours.
    pub(super) fn on_ack(&mut self, ack: &Request, now: Now) {
        let Some(id) = self.side_of(ack) else { return };
        let Some(side) = self.sides.get_mut(&id) else {
            return;
        };
        let takes_answer = std::mem::take(&mut side.answer_in_ack);
        let mut bye_due = false;
        if let Some(tx) = side.reinvite.take() {
            self.transactions.acknowledged(tx);
            self.side_by_invite.remove(&tx);
        } else if let Phase::Accepted { tx, bye } = side.phase {
            bye_due = bye;
            side.phase = Phase::Confirmed;
            self.transactions.acknowledged(tx);
            self.side_by_invite.remove(&tx);
        }
        if bye_due {
            return self.end_side(id, now);
        }
        if takes_answer && self.take_answer(id, &ack.body).is_err() {
            tracing::warn!("the answer in an ACK cannot be met; the call ends");
            self.request_in_dialog(id, Method::Bye, now);
            self.side_ended(id, Gone::Lost, now);
        }
    }

    /// CANCEL for an INVITE without a final answer; 487 follows when the end is on disk.
    pub(super) fn on_cancelled(&mut self, invite_tx: ServerTx, now: Now) {
        let Some(&id) = self.side_by_invite.get(&invite_tx) else {
            return;
        };
        let Some(side) = self.sides.get(&id) else {
            return;
        };
        let Phase::Incoming { tx, invite } = &side.phase else {
            return;
        };
        let (tx, mut response) = (*tx, invite.respond(487, None));
        response.set_to_tag(&side.dialog.local_tag);
        self.side_ended(id, Gone::HungUp, now);
        self.respond_after(tx, response);
    }

    /// A 2xx of ours was never acknowledged: nobody is there (13.3.1.4).
    pub(super) fn on_ack_timeout(&mut self, tx: ServerTx, now: Now) {
        let Some(id) = self.side_by_invite.remove(&tx) else {
            return;
        };
        if let Some(side) = self.sides.get_mut(&id) {
            side.phase = Phase::Confirmed;
            side.reinvite = None;
        }
        self.lost(id, now);
    }

    /// The session timer of a side is due: we refresh, or the peer has not.
    pub(super) fn on_session_timer(&mut self, id: SideId, now: Now) {
        let Some(side) = self.sides.get_mut(&id) else {
            return;
        };
        let Some(timer) = side.timer else { return };
        if !timer.ours {
            tracing::info!("a session was not refreshed in time; its call ends");
            return self.lost(id, now);
        }
        if !matches!(side.phase, Phase::Confirmed) || side.reinvite.is_some() {
            return self.schedule_session_timer(id, now);
        }
        let flow = side.dialog.flow;
        let mut request = side.dialog.request(Method::Invite);
        request.body.clone_from(&side.description);
        request
            .headers
            .push(HeaderName::ContentType, "application/sdp");
        request.headers.push(HeaderName::Supported, "timer");
        request
            .headers
            .push(HeaderName::SessionExpires, timer.header(true));
        request
            .headers
            .push(HeaderName::Contact, self.contact(flow));
        if let Some(tx) = self.send_request(flow, request, now) {
            self.purposes.insert(tx, Purpose::Refresh(id));
        }
    }
}
