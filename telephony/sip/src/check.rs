//! What must be refused although it can be read (RFC 3261 8.2, RFC 4475).

use crate::header::NameAddr;
use crate::message::{HeaderName, Method, Request, Response};

/// Refuses a request that no element may act on. The answer of an ACK is not to be sent.
pub fn check_request(request: &Request) -> Result<(), Box<Response>> {
    let refuse = |status, reason: &str| Err(Box::new(request.respond(status, Some(reason))));
    if request.via().is_none() {
        return refuse(400, "Bad Request (Via)");
    }
    if request
        .headers
        .list(&HeaderName::Via)
        .any(|via| via.parse::<crate::header::Via>().is_err())
    {
        return refuse(400, "Bad Request (Via)");
    }
    if request.call_id().is_none() {
        return refuse(400, "Bad Request (Call-ID)");
    }
    let Some(cseq) = request.cseq() else {
        return refuse(400, "Bad Request (CSeq)");
    };
    if cseq.method != request.method {
        return refuse(400, "Bad Request (CSeq method)");
    }
    if request.from().is_none() {
        return refuse(400, "Bad Request (From)");
    }
    if request.to().is_none() {
        return refuse(400, "Bad Request (To)");
    }
    if let Some(text) = request.headers.get(&HeaderName::MaxForwards)
        && text.trim().parse::<u8>().is_err()
    {
        return refuse(400, "Bad Request (Max-Forwards)");
    }
    if !contacts_are_readable(request) {
        return refuse(400, "Bad Request (Contact)");
    }
    if request.method == Method::Invite && request.contact().is_none() && !is_old(request) {
        return refuse(400, "Bad Request (Contact)");
    }
    if let Some(date) = request.headers.get(&HeaderName::Date)
        && !date.trim().ends_with("GMT")
    {
        return refuse(400, "Bad Request (Date)");
    }
    if request
        .headers
        .get(&HeaderName::Expires)
        .is_some_and(|text| {
            text.is_empty() || !text.trim().bytes().all(|byte| byte.is_ascii_digit())
        })
    {
        return refuse(400, "Bad Request (Expires)");
    }
    if !request.uri.params.to_string().is_ascii() || request.uri.headers.is_some() {
        return refuse(400, "Bad Request (Request-URI)");
    }
    Ok(())
}

/// RFC 2543 did not ask for Contact in INVITE, nor for the cookie in the branch.
fn is_old(request: &Request) -> bool {
    let branch = request
        .via()
        .and_then(|via| via.branch().map(str::to_owned));
    !branch.is_some_and(|branch| branch.starts_with("z9hG4bK"))
}

fn contacts_are_readable(request: &Request) -> bool {
    request
        .headers
        .list(&HeaderName::Contact)
        .all(|text| text == "*" || text.parse::<NameAddr>().is_ok())
}
