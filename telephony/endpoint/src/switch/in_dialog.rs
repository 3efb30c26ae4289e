//! Requests inside a dialog: BYE, re-INVITE, UPDATE, INFO; ACK and CANCEL.

use madoguchi_sip::header::NameAddr;
use madoguchi_sip::message::{HeaderName, Method, Request, Response};
use madoguchi_sip::stateless;
use madoguchi_sip::transaction::{Flow, ServerTx};
use rand::RngExt;

use super::bodies::{answer_in_ack, keep_session_description, not_acceptable};
use super::call::SideEnd;
use super::dialog::DialogKey;
use super::familiar::Standing;
use super::incoming::{not_allowed, unsupported_extension};
use super::session_timer::{IntervalTooSmall, SessionTimer, supports_timer};
use super::side::{Phase, Side, SideId};
use super::{Now, Switch};

/// RFC 3261 14.2: a second INVITE before the first is answered is told to wait so long at the most.
const RETRY_AFTER_SECS_AT_MOST: u32 = 10;

impl Switch {
    pub(super) fn on_request_in_dialog(&mut self, flow: Flow, mut request: Request, now: Now) {
        let Some(id) = self.side_of(&request) else {
            return self.refuse(flow, &request, request.respond(481, None), now);
        };
        let _in_call = self.span_of_side(id).entered();
        if !self.may_act(id, flow, &request, now) {
            return;
        }
        let Some(tx) = self.begin(flow, &request, now) else {
            return;
        };
        if !self.is_in_order(id, &request) {
            return self.answer(tx, request.respond(500, None), now);
        }
        if self
            .sides
            .get(&id)
            .is_some_and(|side| side.dialog.flow.is_carried_as(flow))
        {
            // The peer may have moved (NAT, new connection): it is where it speaks from.
            self.sides.move_to(id, flow);
        }
        if matches!(request.method, Method::Invite | Method::Update)
            && let Err(refusal) = keep_session_description(&mut request)
        {
            return self.answer(tx, *refusal, now);
        }
        if request.method != Method::Bye
            && let Some(refusal) = unsupported_extension(&request)
        {
            return self.answer(tx, refusal, now);
        }
        match request.method {
            Method::Bye => self.on_bye(tx, id, &request, now),
            Method::Invite => self.on_reinvite(tx, id, &request, now),
            Method::Update => self.on_update(tx, id, &request, now),
            Method::Info => self.on_info(tx, id, &request, now),
            Method::Prack => self.on_prack(tx, id, request, now),
            Method::Refer => self.on_refer(tx, id, &request, now),
            Method::Options => self.answer(tx, request.respond(200, None), now),
            _ => self.answer(tx, not_allowed(&request, 405), now),
        }
    }

    fn side_of(&self, request: &Request) -> Option<SideId> {
        let key = DialogKey {
            call_id: request.call_id()?.into(),
            local_tag: request.to()?.tag()?.into(),
        };
        let id = self.sides.of_dialog(&key)?;
        let from_tag = request.from()?;
        let known = self.sides.get(&id)?.dialog.remote_tag.as_deref();
        known
            .is_none_or(|tag| from_tag.tag().unwrap_or_default() == tag)
            .then_some(id)
    }

    fn is_in_order(&mut self, id: SideId, request: &Request) -> bool {
        let seq = request.cseq().map_or(0, |cseq| cseq.seq);
        let Some(side) = self.sides.get_mut(&id) else {
            return false;
        };
        let tag = from_tag(request);
        match side.early.iter_mut().find(|early| early.is_of(&tag)) {
            Some(early) => early.accept_seq(seq),
            None => side.dialog.accept_seq(seq),
        }
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
        self.side_ended(id, SideEnd::HungUp, now);
        let response = request.respond(200, None);
        self.respond_after(tx, response);
    }

    fn on_reinvite(&mut self, tx: ServerTx, id: SideId, request: &Request, now: Now) {
        if let Some(refusal) = self.collision(id, request) {
            return self.answer(tx, refusal, now);
        }
        let late = request.body.is_empty();
        let response = match self.accept_inside(id, request, late, now) {
            Ok(response) => response,
            Err(refusal) => return self.answer(tx, refusal, now),
        };
        if let Some(side) = self.sides.get_mut(&id) {
            side.answer_in_ack = late;
            side.reinvite = Some(tx);
            self.sides.reinvited(tx, id);
        }
        self.transactions.respond(tx, &response, now.mono);
    }

    fn on_update(&mut self, tx: ServerTx, id: SideId, request: &Request, now: Now) {
        if let Some(refusal) = self.collision(id, request) {
            return self.answer(tx, refusal, now);
        }
        let is_early = self
            .sides
            .get(&id)
            .is_some_and(|side| side.phase.is_early());
        let accepted = if is_early {
            self.accept_early(id, request)
        } else {
            self.accept_inside(id, request, false, now)
        };
        let response = accepted.unwrap_or_else(|refusal| refusal);
        self.answer(tx, response, now);
    }

    /// The refusal of a request that changes media while another such change is not settled:
    /// 500 while the peer's own INVITE is unanswered, 491 while an offer of ours is (RFC 3261 14.2,
    /// RFC 3311 5.2). Media and timer stay as they are. An UPDATE may come before the pick-up, when
    /// the first offer was answered reliably.
    fn collision(&mut self, id: SideId, request: &Request) -> Option<Response> {
        let by_invite = request.method == Method::Invite;
        if !by_invite && request.body.is_empty() {
            return None;
        }
        let side = self.sides.get(&id)?;
        let exchanged = !by_invite && side.has_exchanged_early(request);
        if matches!(side.phase, Phase::Incoming { .. }) && !exchanged {
            let mut refusal = request.respond(500, None);
            let secs = self.rng.random_range(0..=RETRY_AFTER_SECS_AT_MOST);
            refusal
                .headers
                .push(HeaderName::RetryAfter, secs.to_string());
            return Some(refusal);
        }
        let refreshes = side.refreshing.open.is_some_and(|open| open.offers);
        let ours = refreshes || side.answer_in_ack || side.phase.is_calling() && !exchanged;
        // Their first INVITE is answered, but as long as its ACK is missing nobody knows by whom.
        let unacknowledged =
            matches!(side.phase, Phase::Accepted { .. }) || side.reinvite.is_some();
        (ours || by_invite && unacknowledged).then(|| request.respond(491, None))
    }

    /// The 200 to an UPDATE before the pick-up, or the refusal of one whose offer cannot be met.
    /// There is no session yet that a timer could watch.
    fn accept_early(&mut self, id: SideId, request: &Request) -> Result<Response, Response> {
        let gone = || request.respond(481, None);
        let is_fork = self.sides.get(&id).ok_or_else(gone)?.phase.is_calling();
        let answer = if request.body.is_empty() {
            None
        } else if is_fork {
            Some(self.take_early_offer(id, &from_tag(request), &request.body))
        } else {
            Some(self.take_offer(id, &request.body))
        };
        let answer = answer.transpose();
        let answer = answer.map_err(|error| not_acceptable(request, error))?;
        let side = self.sides.get_mut(&id).ok_or_else(gone)?;
        if !is_fork {
            // A fork names its address anew when it picks up.
            side.dialog.refresh_target(request.contact());
        }
        side.refreshing.note_allow(&request.headers);
        let (flow, sips) = (side.dialog.flow, side.dialog.sips);
        let mut response = request.respond(200, None);
        self.finish_2xx(flow, sips, &mut response);
        if let Some(answer) = answer {
            response
                .headers
                .push(HeaderName::ContentType, "application/sdp");
            response.body = answer;
        }
        Ok(response)
    }

    /// The 200 to a re-INVITE or UPDATE, or the refusal of one whose offer (488) or interval (422)
    /// cannot be met, which leaves session, media and timer as they were (14.2).
    fn accept_inside(
        &mut self,
        id: SideId,
        request: &Request,
        make_offer: bool,
        now: Now,
    ) -> Result<Response, Response> {
        let gone = || request.respond(481, None);
        let current = self.sides.get(&id).ok_or_else(gone)?.timer;
        let wanted = self.wanted_timer();
        let timer = SessionTimer::for_request(request, wanted, current, now.mono)
            .map_err(|IntervalTooSmall| self.interval_too_small(request))?;
        let body = match (request.body.is_empty(), make_offer) {
            (false, _) => {
                let answer = self.take_offer(id, &request.body);
                Some(answer.map_err(|error| not_acceptable(request, error))?)
            }
            (true, true) => Some(self.reoffer(id)),
            (true, false) => None,
        };
        let side = self.sides.get_mut(&id).ok_or_else(gone)?;
        side.dialog.refresh_target(request.contact());
        side.refreshing.note_allow(&request.headers);
        let (flow, sips) = (side.dialog.flow, side.dialog.sips);
        let mut response = request.respond(200, None);
        if let Some(timer) = timer.filter(|_| supports_timer(&request.headers)) {
            response.headers.push(HeaderName::Require, "timer");
            response
                .headers
                .push(HeaderName::SessionExpires, timer.header(false));
        }
        self.finish_2xx(flow, sips, &mut response);
        if let Some(body) = body {
            response
                .headers
                .push(HeaderName::ContentType, "application/sdp");
            response.body = body;
        }
        self.set_session_timer(id, timer);
        Ok(response)
    }

    /// 422 with the smallest interval that we accept (RFC 4028 section 9).
    pub(super) fn interval_too_small(&self, request: &Request) -> Response {
        let mut refusal = request.respond(422, None);
        let min_secs = self.settings.min_se_secs.to_string();
        refusal.headers.push(HeaderName::MinSe, min_secs);
        refusal
    }

    /// The ACK to a 2xx of ours.
    pub(super) fn on_ack(&mut self, flow: Flow, ack: &Request, now: Now) {
        let Some(id) = self.side_of(ack) else {
            if !stateless::is_ack_of_ours(ack, &self.settings.nonce_secret) {
                self.ignore(flow, now);
            }
            return;
        };
        let _in_call = self.span_of_side(id).entered();
        if !self.may_acknowledge(id, flow) {
            tracing::warn!(source = %flow.remote, "a stranger acknowledges in a call");
            return self.ignore(flow, now);
        }
        let Some(side) = self.sides.get_mut(&id) else {
            return;
        };
        let takes_answer = std::mem::take(&mut side.answer_in_ack);
        let mut bye_due = false;
        if let Some(tx) = side.reinvite.take() {
            self.transactions.acknowledged(tx);
            self.sides.settle_invite(tx);
        } else if let Phase::Accepted { tx, bye } = side.phase {
            bye_due = bye;
            side.phase = Phase::Confirmed;
            if std::mem::take(&mut side.unproven) {
                let media = side.media;
                self.voice.withhold(media, false);
            }
            self.transactions.acknowledged(tx);
            self.sides.settle_invite(tx);
        }
        if bye_due {
            return self.end_side(id, now);
        }
        if takes_answer && self.take_answer(id, answer_in_ack(ack)).is_err() {
            tracing::warn!("the answer in an ACK cannot be met; the call ends");
            self.request_in_dialog(id, Method::Bye, now);
            self.side_ended(id, SideEnd::Lost, now);
        }
    }

    /// CANCEL for an INVITE without a final answer; 487 follows when the end is on disk.
    pub(super) fn on_cancelled(&mut self, invite_tx: ServerTx, now: Now) {
        let Some(id) = self.sides.of_invite(invite_tx) else {
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
        self.side_ended(id, SideEnd::HungUp, now);
        self.respond_after(tx, response);
    }

    /// An INVITE waited for our answer longer than anybody does.
    pub(super) fn on_unanswered(&mut self, invite: ServerTx, now: Now) {
        if let Some(id) = self.sides.settle_invite(invite) {
            self.side_ended(id, SideEnd::Lost, now);
        }
    }

    /// An ACK cannot be challenged: its address must do.
    fn may_acknowledge(&self, id: SideId, flow: Flow) -> bool {
        let home = self.sides.get(&id).map(|side| side.dialog.flow.remote.ip());
        self.standing(id, flow) == Standing::AtHome
            || home.is_some_and(|home| home.to_canonical() == flow.remote.ip().to_canonical())
    }

    /// A 2xx of ours was never acknowledged: nobody is there (13.3.1.4).
    pub(super) fn on_ack_timeout(&mut self, tx: ServerTx, now: Now) {
        let Some(id) = self.sides.settle_invite(tx) else {
            return;
        };
        if let Some(side) = self.sides.get_mut(&id) {
            side.phase = Phase::Confirmed;
            side.reinvite = None;
        }
        self.lost(id, now);
    }
}

impl Side {
    /// Whether offer and answer were exchanged reliably before the pick-up, in the dialog that a
    /// request belongs to.
    fn has_exchanged_early(&self, request: &Request) -> bool {
        match &self.phase {
            Phase::Incoming { .. } => self.negotiated.is_some() && self.reliable.is_acknowledged(),
            Phase::Calling { .. } => {
                let tag = from_tag(request);
                let mut forks = self.early.iter();
                forks.any(|early| early.is_of(&tag) && early.is_answered())
            }
            Phase::Accepted { .. } | Phase::Confirmed => false,
        }
    }
}

fn from_tag(request: &Request) -> String {
    let from = request.from();
    let tag = from.as_ref().and_then(NameAddr::tag);
    tag.unwrap_or_default().to_owned()
}
