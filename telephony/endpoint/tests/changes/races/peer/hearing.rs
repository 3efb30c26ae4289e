//! What a peer does with what it hears from the desk.

use madoguchi_sip::digest::{ClientState, Proof, answer};
use madoguchi_sip::transaction::Event;

use super::*;

impl Peer {
    pub(super) fn hear(&mut self, now: u64) {
        while let Some(event) = self.transactions.poll_event() {
            match event {
                Event::Request { request, .. } => self.on_request(*request, now),
                Event::Ack { request, .. } => self.on_ack(&request, now),
                Event::Cancelled { invite } => self.on_cancelled(invite, now),
                Event::Unanswered { invite } => {
                    let ringing = State::Ringing { tx: invite };
                    for id in self.those(|dialog| dialog.state == ringing) {
                        self.forget(id);
                    }
                }
                Event::Response { tx, response } => self.on_response(tx, &response, now),
                Event::Timeout { tx } => self.on_timeout(tx, now),
                Event::AckTimeout { tx } => {
                    for id in self.those(|dialog| dialog.unacknowledged == Some(tx)) {
                        self.dialogs.get_mut(&id).unwrap().unacknowledged = None;
                        if self.dialogs[&id].is_up() {
                            self.bye(id, now);
                        }
                    }
                }
            }
        }
        while self.transactions.poll_latency().is_some() {}
    }

    fn on_request(&mut self, request: Request, now: u64) {
        if request.method == Method::Cancel {
            return self.refuse(&request, 481);
        }
        let in_dialog = request.to().unwrap().tag().is_some();
        match (in_dialog, self.dialog_of(&request)) {
            (true, Some(id)) => self.on_request_in_dialog(id, &request, now),
            (true, None) => self.refuse(&request, 481),
            (false, _) if request.method == Method::Invite => self.on_invite(request, now),
            (false, _) => self.refuse(&request, 200),
        }
    }

    fn refuse(&mut self, request: &Request, status: u16) {
        let mut response = request.respond(status, None);
        response.set_to_tag("none");
        self.transactions.send_response(desk(), &response);
    }

    /// It is called.
    fn on_invite(&mut self, invite: Request, now: u64) {
        let tx = self.transactions.accept(desk(), &invite, now).unwrap();
        let id = self.number();
        self.transactions
            .respond(tx, &invite.respond(100, None), now);
        let to = invite.headers.get(&HeaderName::To).unwrap();
        let from = invite.headers.get(&HeaderName::From).unwrap();
        let dialog = Dialog {
            about: About::Called,
            state: State::Ringing { tx },
            call_id: invite.call_id().unwrap().to_owned(),
            local: format!("{to};tag=t{id}"),
            remote: from.to_owned(),
            target: invite.contact().unwrap().uri,
            seq: 0,
            reinvite: None,
            unacknowledged: None,
            bye_due: false,
            holds: false,
            desk_hears: heard_at(&invite.body),
            refers: false,
            version: 0,
            invite,
        };
        self.dialogs.insert(id, dialog);
        if self.closes {
            return self.decline(id, 486, now);
        }
        if self.happens(90) {
            let after = self.chance.random_range(0..300);
            self.plan(after, Plan::Progress(id), now);
        }
        let after = self.chance.random_range(0..8_000);
        match self.chance.random_range(0..20) {
            0..10 => self.plan(after, Plan::Answer(id), now),
            10 => self.answer(id, now),
            11 => self.decline(id, 486, now),
            12 => self.plan(after, Plan::Decline(id, 486), now),
            13 => self.plan(after, Plan::Decline(id, 503), now),
            _ => {}
        }
    }

    fn on_request_in_dialog(&mut self, id: DialogId, request: &Request, now: u64) {
        let Some(tx) = self.transactions.accept(desk(), request, now) else {
            return;
        };
        self.note_description(id, &request.body);
        let dialog = self.dialogs.get_mut(&id).unwrap();
        match request.method {
            Method::Bye => {
                let state = dialog.state;
                self.transactions
                    .respond(tx, &request.respond(200, None), now);
                if let State::Ringing { tx } = state {
                    let response = self.dialogs[&id].invite.respond(487, None);
                    self.transactions.respond(tx, &response, now);
                }
                match &mut self.dialogs.get_mut(&id).unwrap().state {
                    // It overtook the 2xx, which is to be acknowledged still.
                    State::Calling { cancelled, .. } => *cancelled = true,
                    _ => self.forget(id),
                }
            }
            Method::Invite if dialog.reinvite.is_some() || dialog.unacknowledged.is_some() => {
                // Both at once (14.2).
                self.transactions
                    .respond(tx, &request.respond(491, None), now);
            }
            Method::Invite => {
                dialog.unacknowledged = Some(tx);
                self.agree(id, tx, request, now);
            }
            Method::Update if dialog.reinvite.is_some() && !request.body.is_empty() => {
                self.transactions
                    .respond(tx, &request.respond(491, None), now);
            }
            Method::Update if !request.body.is_empty() => self.agree(id, tx, request, now),
            Method::Notify => {
                let over = HeaderName::SubscriptionState;
                let over = request.headers.get(&over).unwrap();
                dialog.refers &= !over.starts_with("terminated");
                self.transactions
                    .respond(tx, &request.respond(200, None), now);
            }
            Method::Update | Method::Info | Method::Options | Method::Prack => {
                self.transactions
                    .respond(tx, &request.respond(200, None), now);
            }
            _ => panic!("the desk asks for {}", request.method),
        }
    }

    /// Answers an offer inside the dialog.
    fn agree(&mut self, id: DialogId, tx: ServerTx, request: &Request, now: u64) {
        let body = self.description(id);
        let mut response = request.respond(200, None);
        response.headers.push(HeaderName::Contact, self.contact());
        response
            .headers
            .push(HeaderName::ContentType, "application/sdp");
        response.body = body;
        self.transactions.respond(tx, &response, now);
    }

    fn on_ack(&mut self, ack: &Request, now: u64) {
        let Some(id) = self.dialog_of(ack) else {
            return;
        };
        let dialog = self.dialogs.get_mut(&id).unwrap();
        let due = std::mem::take(&mut dialog.bye_due) && dialog.is_up();
        if let Some(tx) = dialog.unacknowledged.take() {
            self.transactions.acknowledged(tx);
        }
        self.note_description(id, &ack.body);
        if due {
            self.bye(id, now);
        }
    }

    fn on_cancelled(&mut self, invite: ServerTx, now: u64) {
        let ringing = State::Ringing { tx: invite };
        for id in self.those(|dialog| dialog.state == ringing) {
            self.decline(id, 487, now);
        }
    }

    fn on_response(&mut self, tx: ClientTx, response: &Response, now: u64) {
        let Some(why) = self.sent.get(&tx).copied() else {
            return;
        };
        let status = response.status;
        match why {
            Sent::Invite(id) => self.on_invite_response(tx, id, response, now),
            _ if status < 200 => {}
            Sent::Reinvite(id) => self.on_reinvited(tx, id, response, now),
            Sent::Bye(id) => self.forget(id),
            Sent::Refer(id) if status >= 300 => {
                if let Some(dialog) = self.dialogs.get_mut(&id) {
                    dialog.refers = false;
                }
                self.over_if_gone(id, status, now);
            }
            Sent::Info(id) => self.over_if_gone(id, status, now),
            Sent::Refer(_) => {}
        }
    }

    /// 12.2.1.2: nobody is there any more.
    fn over_if_gone(&mut self, id: DialogId, status: u16, now: u64) {
        let is_up = self.dialogs.get(&id).is_some_and(Dialog::is_up);
        if is_up && matches!(status, 408 | 481) {
            self.bye(id, now);
        }
    }

    fn on_invite_response(&mut self, tx: ClientTx, id: DialogId, response: &Response, now: u64) {
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        let State::Calling { cancelled, .. } = dialog.state else {
            return;
        };
        match response.status {
            100 => {}
            101..200 => {
                let to: &str = response.headers.get(&HeaderName::To).unwrap();
                dialog.remote = to.to_owned();
                self.note_description(id, &response.body);
            }
            200..300 => {
                let to: &str = response.headers.get(&HeaderName::To).unwrap();
                dialog.remote = to.to_owned();
                dialog.target = response.contact().unwrap().uri;
                dialog.state = State::Up;
                self.note_description(id, &response.body);
                self.acknowledge(tx, id, response);
                if cancelled {
                    self.bye(id, now);
                }
            }
            401 if !cancelled && self.prove(id, response, now) => {}
            _ => self.forget(id),
        }
    }

    fn acknowledge(&mut self, tx: ClientTx, id: DialogId, response: &Response) {
        let seq = response.cseq().unwrap().seq;
        let ack = self.in_dialog_at(id, Method::Ack, seq);
        self.transactions.acknowledge(tx, desk(), ack);
    }

    /// Sends the INVITE again with proof of who it is.
    fn prove(&mut self, id: DialogId, response: &Response, now: u64) -> bool {
        let Some((user, password)) = self.who else {
            return false;
        };
        let dialog = &self.dialogs[&id];
        let mut invite = dialog.invite.clone();
        if invite.headers.get(&HeaderName::Authorization).is_some() {
            return false;
        }
        let offered = HeaderName::WwwAuthenticate;
        let offered: Vec<_> = response.headers.get_all(&offered).collect();
        let proof = Proof {
            method: "INVITE",
            uri: &invite.uri.to_string(),
            user,
            password,
            cnonce: "cnonce",
        };
        let Some(proof) = answer(&offered, &mut ClientState::default(), proof) else {
            return false;
        };
        let branch = self.number();
        let via = format!("SIP/2.0/UDP {};branch=z9hG4bKp{branch};rport", self.addr);
        invite.headers.set(HeaderName::Via, via);
        invite.headers.set(HeaderName::CSeq, "2 INVITE");
        invite.headers.push(HeaderName::Authorization, proof);
        let tx = self.send(&invite, Sent::Invite(id), now);
        let dialog = self.dialogs.get_mut(&id).unwrap();
        dialog.seq = 2;
        dialog.invite = invite;
        dialog.state = State::Calling {
            tx,
            cancelled: false,
        };
        true
    }

    fn on_reinvited(&mut self, tx: ClientTx, id: DialogId, response: &Response, now: u64) {
        if !self.dialogs.contains_key(&id) {
            return;
        }
        self.dialogs.get_mut(&id).unwrap().reinvite = None;
        match response.status {
            200..300 => {
                self.note_description(id, &response.body);
                self.acknowledge(tx, id, response);
            }
            status => {
                let dialog = self.dialogs.get_mut(&id).unwrap();
                dialog.holds = !dialog.holds;
                if status == 491 {
                    let after = self.chance.random_range(0..4_000);
                    self.plan(after, Plan::Hold(id), now);
                }
                self.over_if_gone(id, status, now);
            }
        }
    }

    fn on_timeout(&mut self, tx: ClientTx, now: u64) {
        match self.sent.get(&tx).copied() {
            Some(Sent::Invite(id)) => {
                let calling = |dialog: &Dialog| matches!(dialog.state, State::Calling { .. });
                if self.dialogs.get(&id).is_some_and(calling) {
                    self.forget(id);
                }
            }
            Some(Sent::Bye(id)) => self.forget(id),
            Some(Sent::Reinvite(id)) => {
                if let Some(dialog) = self.dialogs.get_mut(&id) {
                    dialog.reinvite = None;
                }
                self.over_if_gone(id, 408, now);
            }
            Some(Sent::Refer(id) | Sent::Info(id)) => self.over_if_gone(id, 408, now),
            None => {}
        }
    }
}
