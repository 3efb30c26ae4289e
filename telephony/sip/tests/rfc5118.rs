//! The IPv6 torture cases of RFC 5118, written anew from what its section 4 says of each.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets what it does not expect fails"
)]

use std::net::{IpAddr, SocketAddr};

use madoguchi_sip::check::check_request;
use madoguchi_sip::message::{HeaderName, Message, Request};
use madoguchi_sip::parse::parse_datagram;
use madoguchi_sip::sdp;
use madoguchi_sip::uri::Host;

/// A request with this address and Via, and more lines.
fn text(method: &str, uri: &str, via: &str, more: &str) -> String {
    format!(
        "{method} {uri} SIP/2.0\r\nTo: sip:user@example.com\r\n\
         From: sip:user@example.com;tag=81x2\r\nVia: {via};branch=z9hG4bKas3\r\n\
         Call-ID: six-{method}@[2001:db8::1]\r\nMax-Forwards: 70\r\nCSeq: 98176 {method}\r\n\
         Contact: \"Caller\" <sip:caller@[2001:db8::1]>\r\n{more}"
    )
}

const VIA: &str = "SIP/2.0/UDP [2001:db8::9:1]";
const EMPTY: &str = "Content-Length: 0\r\n\r\n";

/// The request, or the status with which it is refused.
fn fate(text: &str) -> Result<Request, u16> {
    match parse_datagram(text.as_bytes()) {
        Ok(Message::Request(request)) => match check_request(&request) {
            Ok(()) => Ok(request),
            Err(refusal) => Err(refusal.status),
        },
        Ok(Message::Response(_)) => panic!("a request was written"),
        Err(error) => Err(error.answer.map_or(0, |answer| answer.status)),
    }
}

fn v6(text: &str) -> Host {
    Host::from(text.parse::<IpAddr>().unwrap())
}

/// 4.1
#[test]
fn an_address_in_brackets_is_valid() {
    let request = fate(&text("REGISTER", "sip:[2001:db8::10]", VIA, EMPTY)).unwrap();
    assert_eq!(
        (request.uri.host, request.uri.port),
        (v6("2001:db8::10"), None)
    );
    assert_eq!(
        request.headers.get(&HeaderName::CallId),
        Some("six-REGISTER@[2001:db8::1]")
    );
}

/// 4.2
#[test]
fn an_address_without_brackets_is_refused_with_400() {
    assert_eq!(
        fate(&text("REGISTER", "sip:2001:db8::10", VIA, EMPTY)),
        Err(400)
    );
    assert_eq!(
        fate(&text("REGISTER", "sip:[2001:db8::10", VIA, EMPTY)),
        Err(400)
    );
    let via = "SIP/2.0/UDP 2001:db8::9:1";
    assert_eq!(
        fate(&text("REGISTER", "sip:[2001:db8::10]", via, EMPTY)),
        Err(400)
    );
}

/// 4.3 and 4.4
#[test]
fn a_port_stands_behind_the_brackets() {
    let within = fate(&text("REGISTER", "sip:[2001:db8::10:5070]", VIA, EMPTY)).unwrap();
    assert_eq!(
        (within.uri.host, within.uri.port),
        (v6("2001:db8::10:5070"), None)
    );
    let behind = fate(&text("REGISTER", "sip:[2001:db8::10]:5070", VIA, EMPTY)).unwrap();
    assert_eq!(
        (behind.uri.host, behind.uri.port),
        (v6("2001:db8::10"), Some(5070))
    );
}

/// 4.5
#[test]
fn received_is_understood_with_brackets_and_without() {
    for received in ["[2001:db8::9:255]", "2001:db8::9:255"] {
        let via = format!("{VIA};received={received}");
        let request = fate(&text("BYE", "sip:[2001:db8::10]", &via, EMPTY)).unwrap();
        let via = request.via().unwrap();
        assert_eq!(via.params.get("received"), Some(received));
        assert_eq!(via.host, v6("2001:db8::9:1"));
    }
}

fn with_sdp(via: &str, body: &str) -> String {
    let length = body.len();
    let more = format!("Content-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{body}");
    text("INVITE", "sip:user@[2001:db8::10]", via, &more)
}

fn local() -> sdp::Local {
    sdp::Local::in_the_clear(1, 1, ([192, 0, 2, 1], 10_000).into())
}

/// 4.6
#[test]
fn an_offer_of_an_ipv6_address_is_understood() {
    let body = "v=0\r\no=assistant 971731711378798081 0 IN IP6 2001:db8::20\r\ns=Live\r\n\
                c=IN IP6 2001:db8::20\r\nt=3338481189 3370017201\r\nm=audio 6000 RTP/AVP 0\r\n";
    let request = fate(&with_sdp(VIA, body)).unwrap();
    let remote = sdp::accept_answer(&request.body, &local()).unwrap().remote;
    assert_eq!(remote, "[2001:db8::20]:6000".parse::<SocketAddr>().unwrap());
}

/// 4.7
#[test]
fn addresses_of_both_families_stand_side_by_side_in_a_header() {
    let via = "SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=a, \
               SIP/2.0/UDP 192.0.2.1, SIP/2.0/UDP [2001:db8::9:2]:5070";
    let request = fate(&text("BYE", "sip:user@host.example.net", via, EMPTY)).unwrap();
    let hosts: Vec<_> = request
        .headers
        .list(&HeaderName::Via)
        .map(|via| via.parse::<madoguchi_sip::header::Via>().unwrap().host)
        .collect();
    assert_eq!(
        hosts,
        [v6("2001:db8::9:1"), v6("192.0.2.1"), v6("2001:db8::9:2")]
    );
}

/// 4.8
#[test]
fn addresses_of_both_families_stand_side_by_side_in_a_description() {
    let body = "v=0\r\no=bob 280744730 28977631 IN IP4 host.example.com\r\ns=\r\nt=0 0\r\n\
                m=audio 22334 RTP/AVP 0\r\nc=IN IP4 192.0.2.1\r\n\
                m=video 6024 RTP/AVP 107\r\nc=IN IP6 2001:db8::1\r\na=rtpmap:107 H263-1998/90000\r\n";
    let request = fate(&with_sdp(VIA, body)).unwrap();
    let remote = sdp::accept_answer(&request.body, &local()).unwrap().remote;
    assert_eq!(remote, "192.0.2.1:22334".parse::<SocketAddr>().unwrap());
}

/// 4.9
#[test]
fn an_ipv4_address_within_ipv6_is_understood() {
    let via = "SIP/2.0/UDP [::ffff:192.0.2.10]:19823";
    let body = "v=0\r\no=u 1 1 IN IP6 ::ffff:192.0.2.10\r\ns=-\r\nc=IN IP6 ::ffff:192.0.2.10\r\n\
                t=0 0\r\nm=audio 49170 RTP/AVP 0\r\n";
    let request = fate(&with_sdp(via, body)).unwrap();
    assert_eq!(request.via().unwrap().host, v6("::ffff:192.0.2.10"));
    assert!(sdp::accept_answer(&request.body, &local()).is_ok());
}

/// 4.10: the grammar of RFC 3261 allows what no address is.
#[test]
fn three_colons_are_refused_with_400() {
    let uri = "sip:user@[2001:db8:::192.0.2.1]";
    assert_eq!(fate(&text("OPTIONS", uri, VIA, EMPTY)), Err(400));
    let via = "SIP/2.0/UDP [2001:db8:::192.0.2.1]";
    assert_eq!(
        fate(&text("OPTIONS", "sip:user@[2001:db8::1]", via, EMPTY)),
        Err(400)
    );
}
