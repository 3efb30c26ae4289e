//! INFO inside a dialog: keys, which go on to whoever the side talks with (RFC 2976, RFC 6086).

use std::time::Duration;

use madoguchi_sip::body::BodyFault;
use madoguchi_sip::body::dtmf::{self, Key};
use madoguchi_sip::message::{HeaderName, Method, Request, Response};
use madoguchi_sip::transaction::ServerTx;

use super::side::{Owner, SideId};
use super::{Now, Switch};

impl Switch {
    pub(super) fn on_info(&mut self, tx: ServerTx, id: SideId, request: &Request, now: Now) {
        if request.headers.get(&HeaderName::InfoPackage).is_some() {
            // We take none (RFC 6086 5.2).
            let mut response = request.respond(469, None);
            response.headers.push(HeaderName::RecvInfo, "");
            return self.answer(tx, response, now);
        }
        match dtmf::key(&request.headers, &request.body) {
            Ok(key) => {
                if let Some(key) = key {
                    self.pass_key_on(id, key, now);
                }
                self.answer(tx, request.respond(200, None), now);
            }
            Err(fault) => self.answer(tx, refusal(request, fault), now),
        }
    }

    /// By RFC 4733, or by INFO to a peer that asked for no telephone-event. A side that talks
    /// with nobody presses keys at nobody, whichever way they come.
    fn pass_key_on(&mut self, from: SideId, key: Key, now: Now) {
        let Some(other) = self.talks_with(from) else {
            return;
        };
        let Some(side) = self.sides.get_mut(&other) else {
            return;
        };
        let by_rtp = side
            .negotiated
            .as_ref()
            .is_some_and(|agreed| agreed.dtmf_payload_type.is_some());
        if by_rtp {
            let lasts = Duration::from_millis(key.lasts_ms.into());
            return self.voice.press(side.media, key.digit, lasts);
        }
        let mut info = side.dialog.request(Method::Info);
        let flow = side.dialog.flow;
        info.headers
            .push(HeaderName::ContentType, "application/dtmf-relay");
        let Key { digit, lasts_ms } = key;
        info.body = format!("Signal={digit}\r\nDuration={lasts_ms}\r\n").into_bytes();
        self.send_in_dialog(Some(other), flow, info, now);
    }

    /// The side that a side is connected with.
    fn talks_with(&self, id: SideId) -> Option<SideId> {
        let call = match &self.sides.get(&id)?.owner {
            Owner::Starter(call) | Owner::Far(call) => call,
            Owner::Leg(leg) => self.asked_at(leg).unwrap_or(&leg.call),
            Owner::Feature | Owner::Nobody => return None,
        };
        let call = self.calls.get(call)?;
        let other = call.bridged?;
        if id == call.starter {
            Some(other)
        } else {
            (id == other).then_some(call.starter)
        }
    }
}

fn refusal(request: &Request, fault: BodyFault) -> Response {
    let mut response = request.respond(fault.status(), None);
    if fault == BodyFault::Unsupported {
        response.headers.push(HeaderName::Accept, dtmf::ACCEPT);
    }
    response
}
