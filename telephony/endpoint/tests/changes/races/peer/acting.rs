//! What the people at a peer do.

use super::*;

impl Peer {
    /// Calls somebody.
    pub(crate) fn call(
        &mut self,
        to: &str,
        about: About,
        more: Vec<(HeaderName, String)>,
        now: u64,
    ) -> DialogId {
        let id = self.number();
        let user = self.who.map_or("0312345678", |(extension, _)| extension);
        let (addr, branch) = (self.addr, self.number());
        let call_id = format!("{user}-{id}-{}", addr.port());
        let target: Uri = format!("sip:{to}@{DESK}").parse().unwrap();
        let local = format!("<sip:{user}@{addr}>;tag=f{id}");
        let remote = format!("<{target}>");
        let mut headers = Headers::default();
        let via = format!("SIP/2.0/UDP {addr};branch=z9hG4bKp{branch};rport");
        headers.push(HeaderName::Via, via);
        headers.push(HeaderName::MaxForwards, "70");
        headers.push(HeaderName::From, local.clone());
        headers.push(HeaderName::To, remote.clone());
        headers.push(HeaderName::CallId, call_id.clone());
        headers.push(HeaderName::CSeq, "1 INVITE");
        headers.push(HeaderName::Contact, self.contact());
        for (name, value) in more {
            headers.push(name, value);
        }
        headers.push(HeaderName::ContentType, "application/sdp");
        let mut invite = Request {
            method: Method::Invite,
            uri: target.clone(),
            headers,
            body: Vec::new(),
        };
        let port = 40_000 + id % 10_000 * 2;
        invite.body = format!(
            "v=0\r\no=- {id} 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\n"
        )
        .into_bytes();
        let tx = self.send(&invite, Sent::Invite(id), now);
        let dialog = Dialog {
            about,
            state: State::Calling {
                tx,
                cancelled: false,
            },
            call_id,
            local,
            remote,
            target,
            seq: 1,
            invite,
            reinvite: None,
            unacknowledged: None,
            bye_due: false,
            holds: false,
            desk_hears: None,
            refers: false,
            version: 1,
        };
        self.dialogs.insert(id, dialog);
        id
    }

    pub(super) fn progress(&mut self, id: DialogId, now: u64) {
        let Some(tx) = self.ringing(id) else { return };
        let response = self.response(id, 180);
        self.transactions.respond(tx, &response, now);
    }

    /// Picks up.
    pub(crate) fn answer(&mut self, id: DialogId, now: u64) {
        let Some(tx) = self.ringing(id) else { return };
        let body = self.description(id);
        let mut response = self.response(id, 200);
        response
            .headers
            .push(HeaderName::ContentType, "application/sdp");
        response.body = body;
        self.transactions.respond(tx, &response, now);
        let dialog = self.dialogs.get_mut(&id).unwrap();
        dialog.state = State::Up;
        dialog.unacknowledged = Some(tx);
    }

    pub(crate) fn decline(&mut self, id: DialogId, status: u16, now: u64) {
        let Some(tx) = self.ringing(id) else { return };
        let response = self.response(id, status);
        self.transactions.respond(tx, &response, now);
        self.forget(id);
    }

    fn ringing(&self, id: DialogId) -> Option<ServerTx> {
        match self.dialogs.get(&id)?.state {
            State::Ringing { tx } => Some(tx),
            _ => None,
        }
    }

    fn response(&self, id: DialogId, status: u16) -> Response {
        let dialog = &self.dialogs[&id];
        let mut response = dialog.invite.respond(status, None);
        response.set_to_tag(&dialog.local_tag().unwrap());
        response.headers.push(HeaderName::Contact, self.contact());
        response
    }

    /// Hangs up, however far it has got.
    pub(crate) fn hang_up(&mut self, id: DialogId, now: u64) {
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        match dialog.state {
            State::Calling { tx, .. } => {
                let cancelled = true;
                dialog.state = State::Calling { tx, cancelled };
                self.transactions.cancel(tx, now);
            }
            State::Ringing { .. } => self.decline(id, 486, now),
            // Mostly as it should be (15.1.1): not before the ACK.
            State::Up if dialog.unacknowledged.is_some() && self.chance.random_bool(0.8) => {
                dialog.bye_due = true;
            }
            State::Up => self.bye(id, now),
            State::Ending => {}
        }
    }

    pub(super) fn bye(&mut self, id: DialogId, now: u64) {
        let bye = self.in_dialog(id, Method::Bye);
        self.send(&bye, Sent::Bye(id), now);
        self.dialogs.get_mut(&id).unwrap().state = State::Ending;
    }

    /// Holds, or goes on.
    pub(crate) fn hold(&mut self, id: DialogId, now: u64) {
        let Some(dialog) = self.dialogs.get_mut(&id) else {
            return;
        };
        if !dialog.is_up() || dialog.reinvite.is_some() || dialog.unacknowledged.is_some() {
            return;
        }
        dialog.holds = !dialog.holds;
        let body = self.description(id);
        let mut invite = self.in_dialog(id, Method::Invite);
        invite
            .headers
            .push(HeaderName::ContentType, "application/sdp");
        invite.body = body;
        let tx = self.send(&invite, Sent::Reinvite(id), now);
        self.dialogs.get_mut(&id).unwrap().reinvite = Some(tx);
    }

    /// Asks the desk to hand on whom it talks with.
    pub(crate) fn refer(&mut self, id: DialogId, to: &str, now: u64) {
        let Some(dialog) = self.dialogs.get_mut(&id).filter(|dialog| dialog.is_up()) else {
            return;
        };
        dialog.refers = true;
        let mut refer = self.in_dialog(id, Method::Refer);
        refer.headers.push(HeaderName::ReferTo, format!("<{to}>"));
        self.send(&refer, Sent::Refer(id), now);
    }

    /// Presses a key.
    pub(crate) fn press(&mut self, id: DialogId, now: u64) {
        if !self.dialogs.get(&id).is_some_and(Dialog::is_up) {
            return;
        }
        let mut info = self.in_dialog(id, Method::Info);
        info.headers
            .push(HeaderName::ContentType, "application/dtmf-relay");
        info.body = b"Signal=5\r\nDuration=160\r\n".to_vec();
        self.send(&info, Sent::Info(id), now);
    }
}
