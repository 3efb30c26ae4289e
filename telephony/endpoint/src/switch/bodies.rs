//! The session description in what comes in, whatever else the body holds (RFC 5621).

use madoguchi_sip::body::{ACCEPT, BodyFault, session_description};
use madoguchi_sip::message::{HeaderName, Request, Response};
use madoguchi_sip::sdp::SdpError;

/// Leaves nothing but the session description in the body of a request that may carry one; the
/// refusal, if the body cannot be used (8.2.3).
pub(super) fn keep_session_description(request: &mut Request) -> Result<(), Box<Response>> {
    match session_description(&request.headers, &request.body) {
        Ok(session) if session.map(<[u8]>::len) == Some(request.body.len()) => {}
        Ok(session) => request.body = session.unwrap_or_default().to_vec(),
        Err(fault) => return Err(Box::new(refusal(request, fault))),
    }
    Ok(())
}

/// The refusal of an offer that cannot be met, with the reason: a host's name in the place of an
/// address (RFC 4566 5.7) is not looked up, for the answer must not wait for a name server that the
/// peer chooses.
pub(super) fn not_acceptable(request: &Request, error: SdpError) -> Response {
    let (code, text) = error.warning();
    let mut response = request.respond(488, None);
    let warning = format!("{code} desk \"{text}\"");
    response.headers.push(HeaderName::Warning, warning);
    response
}

/// The session description that came with an ACK.
pub(super) fn answer_in_ack(ack: &Request) -> &[u8] {
    understood(session_description(&ack.headers, &ack.body))
}

/// The session description that came with a response.
pub(super) fn answer_in(response: &Response) -> &[u8] {
    understood(session_description(&response.headers, &response.body))
}

/// What cannot be used is as good as nothing where nothing can be refused.
fn understood(session: Result<Option<&[u8]>, BodyFault>) -> &[u8] {
    session
        .unwrap_or_else(|error| {
            tracing::warn!(%error, "a body is not understood");
            None
        })
        .unwrap_or_default()
}

fn refusal(request: &Request, fault: BodyFault) -> Response {
    let mut response = request.respond(fault.status(), None);
    if fault == BodyFault::Unsupported {
        response.headers.push(HeaderName::Accept, ACCEPT);
        response
            .headers
            .push(HeaderName::AcceptEncoding, "identity");
    }
    response
}
