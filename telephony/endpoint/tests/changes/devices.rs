//! Which contact of a phone is called: devices that come back (RFC 5626), proxies on the way
//! (RFC 3327), connections that close.

use madoguchi_core::live::AgentCommand;
use madoguchi_endpoint::switch::SwitchInput;
use madoguchi_sip::message::{HeaderName, Message, Method, Response};
use madoguchi_sip::parse::parse_datagram;
use madoguchi_sip::transaction::Flow;

use super::bench::Bench;
use super::desk::Settings;
use super::peer::{Peer, authorization};

const SECRET: (&str, &str) = ("201", "secret");
const DEVICE: &str = ";+sip.instance=\"<urn:uuid:f81d4fae>\";reg-id=1";

/// A phone registers with these contact parameters and header lines.
fn register(bench: &mut Bench, phone: &Peer, call: &str, params: &str, more: &str) -> Response {
    let request = |cseq, proof: &str| {
        let more = format!("{more}{proof}");
        let bytes = phone.request("REGISTER", "201", "201", call, cseq, &more);
        let contact = format!("Contact: <sip:201@{}>", phone.addr);
        let text = String::from_utf8(bytes).unwrap();
        text.replace(&contact, &format!("{contact}{params}"))
            .into_bytes()
    };
    bench.send(phone, request(1, ""));
    let asked = bench.response_to(phone).unwrap();
    let proof = authorization(&asked, "REGISTER", SECRET, "201");
    bench.send(phone, request(2, &proof));
    bench.response_to(phone).unwrap()
}

fn ready() -> (Bench, Peer) {
    let mut bench = Bench::new(Settings::new());
    assert!(bench.command("a", AgentCommand::Ready));
    (bench, Peer::new("127.0.0.1:6001"))
}

#[test]
fn a_phone_that_comes_back_at_another_port_is_rung_there_alone() {
    let (mut bench, carrier) = ready();
    let (before, after) = (Peer::new("127.0.0.1:7001"), Peer::new("127.0.0.1:7002"));
    let supported = "Supported: path, outbound\r\n";
    let first = register(&mut bench, &before, "one", DEVICE, supported);
    assert_eq!(first.status, 200);
    let contact = first.headers.get(&HeaderName::Contact).unwrap();
    assert!(contact.contains(DEVICE), "{contact}");
    assert_eq!(first.headers.get(&HeaderName::Require), Some("outbound"));
    let second = register(&mut bench, &after, "two", DEVICE, supported);
    assert_eq!(second.headers.get_all(&HeaderName::Contact).count(), 1);
    bench.call(&carrier, "5000", "c");
    assert!(bench.request_to(&before).is_none());
    assert!(bench.request_to(&after).is_some());
}

#[test]
fn a_phone_behind_a_proxy_is_called_through_it() {
    let (mut bench, carrier) = ready();
    let proxy = Peer::new("127.0.0.1:7001");
    let path = "Path: <sip:edge2.example;lr>, <sip:edge1.example;lr;ob>\r\nSupported: path\r\n";
    let accepted = register(&mut bench, &proxy, "one", "", path);
    let told: Vec<_> = accepted.headers.list(&HeaderName::Path).collect();
    assert_eq!(
        told,
        ["<sip:edge2.example;lr>", "<sip:edge1.example;lr;ob>"]
    );
    bench.call(&carrier, "5000", "c");
    let invite = bench.request_to(&proxy).expect("the proxy gets the call");
    let route: Vec<_> = invite.headers.list(&HeaderName::Route).collect();
    assert_eq!(route, told);
    assert_eq!(invite.uri.user.as_deref(), Some("201"));
}

#[test]
fn a_path_that_is_no_way_or_too_long_is_refused() {
    let (mut bench, _) = ready();
    let phone = Peer::new("127.0.0.1:7001");
    let long = format!("Path: {}\r\n", ["<sip:a;lr>"; 6].join(","));
    for (call, path) in [("a", "Path: nowhere to go\r\n"), ("b", long.as_str())] {
        assert_eq!(register(&mut bench, &phone, call, "", path).status, 400);
        assert!(!bench.reachable("a"));
    }
}

/// RFC 5626 6: where a proxy on the way does not keep connections apart, `reg-id` means nothing.
#[test]
fn reg_id_counts_only_where_the_way_keeps_connections_apart() {
    let (mut bench, _) = ready();
    let phone = Peer::new("127.0.0.1:7001");
    let via = "Via: SIP/2.0/UDP 127.0.0.1:7050;branch=z9hG4bKedge\r\n";
    let more = format!("{via}Supported: outbound\r\n");
    let accepted = register(&mut bench, &phone, "one", DEVICE, &more);
    assert_eq!(accepted.status, 200);
    assert_eq!(accepted.headers.get(&HeaderName::Require), None);
    let more = format!("{via}Path: <sip:edge.example;lr;ob>\r\nSupported: outbound\r\n");
    let accepted = register(&mut bench, &phone, "two", DEVICE, &more);
    assert_eq!(accepted.headers.get(&HeaderName::Require), Some("outbound"));
}

#[test]
fn a_phone_whose_connection_closes_is_not_rung_until_it_registers_again() {
    let (mut bench, carrier) = ready();
    let phone = Peer::new("127.0.0.1:7001");
    let flow = Flow::tcp(phone.addr);
    let over_stream = |bench: &mut Bench, bytes: Vec<u8>| {
        let message: Result<Message, _> = parse_datagram(&bytes);
        bench.input(SwitchInput::Streamed { flow, message });
    };
    let request = |cseq, proof: &str| phone.request("REGISTER", "201", "201", "r", cseq, proof);
    over_stream(&mut bench, request(1, ""));
    let asked = bench.response_to(&phone).unwrap();
    let proof = authorization(&asked, "REGISTER", SECRET, "201");
    over_stream(&mut bench, request(2, &proof));
    assert_eq!(bench.response_to(&phone).unwrap().status, 200);
    assert!(bench.reachable("a"));
    bench.input(SwitchInput::StreamClosed { flow });
    assert!(!bench.reachable("a"));
    bench.call(&carrier, "5000", "c");
    assert!(bench.requests_to(&phone).is_empty());
    assert_eq!(bench.register(&phone, SECRET, "again"), 200);
    let rung = bench.request_to(&phone).map(|invite| invite.method);
    assert_eq!(rung, Some(Method::Invite), "the caller has waited for it");
}
