//! What comes in, up to the transaction that it belongs to.

use madoguchi_sip::check::check_request;
use madoguchi_sip::header::Via;
use madoguchi_sip::message::{HeaderName, Message, Method, Request};
use madoguchi_sip::parse::ParseError;
use madoguchi_sip::transaction::{Event, Flow};

use super::levels;
use super::{Now, Switch};

impl Switch {
    /// Takes a message that came; requests of unknown origin that may not become a transaction are
    /// refused here.
    pub(super) fn receive(&mut self, flow: Flow, message: Result<Message, ParseError>, now: Now) {
        match message {
            Ok(Message::Request(request)) => {
                let request = mark_received(flow, request);
                match check_request(&request) {
                    Err(_) if request.method == Method::Ack => self.count_unknown(flow, now),
                    Ok(()) => {
                        self.transactions
                            .receive(flow, Message::Request(request), now.mono);
                    }
                    Err(refusal) => self.refuse_outside_transactions(flow, *refusal, now),
                }
            }
            Ok(response) => self.transactions.receive(flow, response, now.mono),
            Err(error) => {
                tracing::debug!(source = %flow.remote, error = %error, "not understood");
                match error.answer {
                    Some(answer) => self.refuse_outside_transactions(flow, *answer, now),
                    None => self.count_unknown(flow, now),
                }
            }
        }
        self.drain_transactions(now);
    }

    /// Does what the transactions tell.
    pub(super) fn drain_transactions(&mut self, now: Now) {
        while let Some(event) = self.transactions.poll_event() {
            match event {
                Event::Request { tx, flow, request } => self.on_request(tx, flow, *request, now),
                Event::Ack { request } => self.on_ack(&request, now),
                Event::Cancelled { invite } => self.on_cancelled(invite, now),
                Event::Response { tx, response } => self.on_response(tx, &response, now),
                Event::Timeout { tx } => self.on_request_timeout(tx, now),
                Event::AckTimeout { tx } => self.on_ack_timeout(tx, now),
            }
        }
        levels::note_latencies(&mut self.transactions);
    }
}

/// Writes into the topmost Via where the request really came from (18.2.1, RFC 3581).
fn mark_received(flow: Flow, mut request: Request) -> Request {
    let vias: Vec<String> = request
        .headers
        .list(&HeaderName::Via)
        .map(str::to_owned)
        .collect();
    let Some((first, others)) = vias.split_first() else {
        return request;
    };
    let Ok(mut via) = first.parse::<Via>() else {
        return request;
    };
    via.params
        .set("received", Some(&flow.remote.ip().to_string()));
    if via.params.get("rport").is_some() {
        via.params
            .set("rport", Some(&flow.remote.port().to_string()));
    }
    request.headers.remove(&HeaderName::Via);
    for other in others.iter().rev() {
        request.headers.push_front(HeaderName::Via, other.as_str());
    }
    request.headers.push_front(HeaderName::Via, via.to_string());
    request
}
