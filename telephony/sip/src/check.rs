//! What must be refused although it can be read (RFC 3261 8.2, RFC 4475).

use crate::header::{NameAddr, Via};
use crate::message::{HeaderName, Method, Request, Response};

/// The longest Call-ID, tag or branch. Honest ones have some fifty bytes; what we keep of a call
/// is found by them.
pub const IDENTIFIER_BYTES_AT_MOST: usize = 512;
/// The longest Request-URI, and the longest address in From, To and Contact.
pub const ADDRESS_BYTES_AT_MOST: usize = 2_048;
/// The longest value of any header field: some hold certificates.
pub const FIELD_BYTES_AT_MOST: usize = 8_192;
/// The longest name of a method; the longest of a standard is SUBSCRIBE.
pub const METHOD_BYTES_AT_MOST: usize = 64;
/// The most Via: a request takes no more hops than Max-Forwards has room for (8.1.1.6).
pub const VIAS_AT_MOST: usize = 256;

/// Refuses a request that no element may act on. The answer of an ACK is not to be sent.
pub fn check_request(request: &Request) -> Result<(), Box<Response>> {
    let refuse = |status, reason: &str| Err(Box::new(request.respond(status, Some(reason))));
    let Some(via) = readable_vias(request) else {
        return refuse(400, "Bad Request (Via)");
    };
    if request.call_id().is_none() {
        return refuse(400, "Bad Request (Call-ID)");
    }
    let Some(cseq) = request.cseq() else {
        return refuse(400, "Bad Request (CSeq)");
    };
    if cseq.method != request.method {
        return refuse(400, "Bad Request (CSeq method)");
    }
    let Some(from) = request.from() else {
        return refuse(400, "Bad Request (From)");
    };
    let Some(to) = request.to() else {
        return refuse(400, "Bad Request (To)");
    };
    if let Some((status, reason)) = excess(request, &via, [&from, &to]) {
        return refuse(status, reason);
    }
    if let Some(text) = request.headers.get(&HeaderName::MaxForwards)
        && text.trim().parse::<u8>().is_err()
    {
        return refuse(400, "Bad Request (Max-Forwards)");
    }
    let Some(has_contact) = first_contact_is_address(request) else {
        return refuse(400, "Bad Request (Contact)");
    };
    if request.method == Method::Invite && !has_contact && !is_old(&via) {
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
    if !request.uri.params.is_ascii() || request.uri.headers.is_some() {
        return refuse(400, "Bad Request (Request-URI)");
    }
    Ok(())
}

/// The topmost Via, if there is one and all of them can be read.
fn readable_vias(request: &Request) -> Option<Via> {
    let mut vias = request.headers.list(&HeaderName::Via);
    let topmost = vias.next()?.parse().ok()?;
    let others = VIAS_AT_MOST - 1;
    let readable = vias
        .by_ref()
        .take(others)
        .all(|via| via.parse::<Via>().is_ok());
    (readable && vias.next().is_none()).then_some(topmost)
}

/// What is longer than any honest peer makes it, so that it is not kept.
fn excess(request: &Request, via: &Via, parties: [&NameAddr; 2]) -> Option<(u16, &'static str)> {
    let too_long = |text: Option<&str>, limit: usize| text.is_some_and(|text| text.len() > limit);
    let identifier = |text: Option<&str>| too_long(text, IDENTIFIER_BYTES_AT_MOST);
    if identifier(via.branch()) {
        return Some((400, "Bad Request (branch too long)"));
    }
    if identifier(request.call_id()) {
        return Some((400, "Bad Request (Call-ID too long)"));
    }
    if parties.iter().any(|party| identifier(party.tag())) {
        return Some((400, "Bad Request (tag too long)"));
    }
    if request.method.as_str().len() > METHOD_BYTES_AT_MOST {
        return Some((400, "Bad Request (method too long)"));
    }
    if request.uri.is_longer_than(ADDRESS_BYTES_AT_MOST) {
        return Some((414, "Request-URI Too Long"));
    }
    for (name, value) in request.headers.iter() {
        let is_address = matches!(
            name,
            HeaderName::From | HeaderName::To | HeaderName::Contact
        );
        let limit = if is_address {
            ADDRESS_BYTES_AT_MOST
        } else {
            FIELD_BYTES_AT_MOST
        };
        // A REGISTER may hold several contacts in one line.
        let several = *name == HeaderName::Contact && value.contains(',');
        if value.len() > if several { FIELD_BYTES_AT_MOST } else { limit } {
            return Some((513, "Message Too Large"));
        }
    }
    None
}

/// RFC 2543 did not ask for Contact in INVITE, nor for the cookie in the branch.
fn is_old(via: &Via) -> bool {
    !via.branch()
        .is_some_and(|branch| branch.starts_with("z9hG4bK"))
}

/// Whether the first Contact is an address; nothing if one of them cannot be read.
fn first_contact_is_address(request: &Request) -> Option<bool> {
    let mut first = None;
    for text in request.headers.list(&HeaderName::Contact) {
        let is_address = text.parse::<NameAddr>().is_ok();
        if !is_address && text != "*" {
            return None;
        }
        first.get_or_insert(is_address);
    }
    Some(first.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Message;
    use crate::parse::parse_datagram;

    /// The status with which a request with these parts is refused; 0 if it is not.
    fn status(change: impl Fn(&str) -> String) -> u16 {
        let text = "INVITE sip:5000@desk SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\
             From: <sip:a@b>;tag=from\r\nTo: <sip:5000@desk>\r\nCall-ID: call\r\n\
             CSeq: 1 INVITE\r\nContact: <sip:a@192.0.2.1>\r\nContent-Length: 0\r\n\r\n";
        match parse_datagram(change(text).as_bytes()) {
            Ok(Message::Request(request)) => {
                check_request(&request).map_or_else(|refusal| refusal.status, |()| 0)
            }
            Ok(Message::Response(_)) => unreachable!(),
            Err(error) => error.answer.map_or(0, |answer| answer.status),
        }
    }

    #[test]
    fn what_no_honest_peer_makes_so_long_is_refused() {
        let long = |bytes: usize| "x".repeat(bytes);
        let identifier = IDENTIFIER_BYTES_AT_MOST;
        assert_eq!(status(str::to_owned), 0);
        for (part, limit, refused) in [
            ("call", identifier, 400),
            ("from", identifier, 400),
            ("z9hG4bK1", identifier, 400),
            ("5000", ADDRESS_BYTES_AT_MOST - "sip:@desk".len(), 414),
        ] {
            let with = |length: usize| {
                let value = match part {
                    "z9hG4bK1" => format!("z9hG4bK{}", long(length - 7)),
                    _ => long(length),
                };
                status(|text| text.replacen(part, &value, 1))
            };
            assert_eq!((part, with(limit), with(limit + 1)), (part, 0, refused));
        }
        let field = |bytes| {
            status(|text| {
                text.replace(
                    "Content-Length",
                    &format!("X: {}\r\nContent-Length", long(bytes)),
                )
            })
        };
        assert_eq!(
            (field(FIELD_BYTES_AT_MOST), field(FIELD_BYTES_AT_MOST + 1)),
            (0, 513)
        );
        assert_eq!(
            status(|text| text.replace("sip:a@b", &format!("sip:{}@b", long(2_100)))),
            513
        );
        assert_eq!(
            status(|text| text.replace("INVITE", &long(METHOD_BYTES_AT_MOST + 1))),
            400
        );
    }

    #[test]
    fn more_hops_than_a_request_can_take_are_refused() {
        let hops = |count: usize| {
            let vias = vec!["SIP/2.0/UDP a"; count].join(",");
            status(|text| text.replace("From:", &format!("Via: {vias}\r\nFrom:")))
        };
        assert_eq!((hops(VIAS_AT_MOST - 1), hops(VIAS_AT_MOST)), (0, 400));
    }
}
