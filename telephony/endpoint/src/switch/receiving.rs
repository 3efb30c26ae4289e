//! What comes in, up to the transaction that it belongs to.

use madoguchi_sip::check::check_request;
use madoguchi_sip::header::{NameAddr, Via};
use madoguchi_sip::message::{HeaderName, Message, Method, Request, Response};
use madoguchi_sip::parse::ParseError;
use madoguchi_sip::transaction::{Event, Flow};
use madoguchi_sip::uri::{Scheme, Uri, split_outside_quotes};

use super::levels;
use super::{Now, Switch};

impl Switch {
    /// Takes a message that came; requests of unknown origin that may not become a transaction are
    /// refused here.
    pub(super) fn receive(&mut self, flow: Flow, message: Result<Message, ParseError>, now: Now) {
        match message {
            Ok(Message::Request(request)) => {
                let request = mark_received(flow, request);
                match check_request(&request).and_then(|()| check_encrypted(flow, &request)) {
                    Err(_) if request.method == Method::Ack => self.ignore(flow, now),
                    Ok(()) => {
                        self.transactions
                            .receive(flow, Message::Request(request), now.mono);
                    }
                    Err(refusal) => self.refuse_malformed(flow, &refusal, now),
                }
            }
            Ok(response) => self.transactions.receive(flow, response, now.mono),
            Err(error) => {
                tracing::debug!(source = %flow.remote, error = %error, "not understood");
                // What cannot be answered costs nothing more: it is not held against its address,
                // which may be forged.
                if let Some(answer) = error.answer {
                    self.refuse_malformed(flow, &answer, now);
                }
            }
        }
        self.drain_transactions(now);
    }

    /// Takes a message from an address that is ignored, if it is one of the few that are heard.
    pub(super) fn receive_reserved(
        &mut self,
        flow: Flow,
        message: Result<Message, ParseError>,
        now: Now,
    ) {
        let is_reserved = |message: &Message| self.is_reserved(flow, message, now);
        if message.as_ref().is_ok_and(is_reserved) {
            self.receive(flow, message, now);
        }
    }

    /// Counts a message of unknown origin that is not answered.
    pub(super) fn ignore(&mut self, flow: Flow, now: Now) {
        if !self.is_familiar(flow) {
            // Nothing is sent either way.
            let _may_answer = self.count_stranger(flow, now);
        }
    }

    /// Does what the transactions tell.
    pub(super) fn drain_transactions(&mut self, now: Now) {
        while let Some(event) = self.transactions.poll_event() {
            match event {
                Event::Request { flow, request } => self.on_request(flow, *request, now),
                Event::Ack { flow, request } => self.on_ack(flow, &request, now),
                Event::Cancelled { invite } => self.on_cancelled(invite, now),
                Event::Unanswered { invite } => self.on_unanswered(invite, now),
                Event::Response { tx, response } => self.on_response(tx, &response, now),
                Event::Timeout { tx } => self.on_request_timeout(tx, now),
                Event::AckTimeout { tx } => self.on_ack_timeout(tx, now),
            }
        }
        levels::note_latencies(&mut self.transactions);
    }
}

/// What must be encrypted is not taken in clear text, for the answer would be as readable (RFC 3261
/// 26.2.2, RFC 5630 Warning 380).
fn check_encrypted(flow: Flow, request: &Request) -> Result<(), Box<Response>> {
    let is_sips = |uri: &Uri| uri.scheme == Scheme::Sips;
    let contacts = request.headers.list(&HeaderName::Contact);
    let mut contacts = contacts.filter_map(|text| text.parse::<NameAddr>().ok());
    let asked = is_sips(&request.uri) || contacts.any(|contact| is_sips(&contact.uri));
    if flow.is_encrypted() || !asked {
        return Ok(());
    }
    let mut response = request.respond(480, None);
    let warning = "380 desk \"SIPS Not Allowed\"";
    response.headers.push(HeaderName::Warning, warning);
    Err(Box::new(response))
}

/// Writes into the topmost Via where the request really came from (18.2.1, RFC 3581).
fn mark_received(flow: Flow, mut request: Request) -> Request {
    let Some(line) = request.headers.get(&HeaderName::Via) else {
        return request;
    };
    let first = split_outside_quotes(line, ',').next().unwrap_or_default();
    let others = line.get(first.len()..).unwrap_or_default();
    let Ok(mut via) = first.trim().parse::<Via>() else {
        return request;
    };
    via.params
        .set("received", Some(&flow.remote.ip().to_string()));
    if via.params.get("rport").is_some() {
        via.params
            .set("rport", Some(&flow.remote.port().to_string()));
    }
    let marked = format!("{via}{others}");
    request.headers.set_first(&HeaderName::Via, marked);
    request
}

#[cfg(test)]
mod tests {
    use madoguchi_sip::parse::parse_datagram;

    use super::*;

    #[test]
    fn the_topmost_via_tells_where_a_request_came_from_and_the_others_stay() {
        let text = "OPTIONS sip:desk SIP/2.0\r\nVia: SIP/2.0/UDP a;rport;branch=1, SIP/2.0/UDP b\r\n\
             Via: SIP/2.0/TCP c\r\nContent-Length: 0\r\n\r\n";
        let Ok(Message::Request(request)) = parse_datagram(text.as_bytes()) else {
            panic!()
        };
        let flow = Flow::udp(0, "192.0.2.7:5070".parse().unwrap());
        let marked = mark_received(flow, request);
        let vias: Vec<_> = marked.headers.list(&HeaderName::Via).collect();
        assert_eq!(
            vias,
            [
                "SIP/2.0/UDP a;rport=5070;branch=1;received=192.0.2.7",
                "SIP/2.0/UDP b",
                "SIP/2.0/TCP c"
            ]
        );
    }
}
