//! Carriers as they are: what they send, what they want to be told, and what becomes of a call
//! when one of their servers does not take it.

use madoguchi_core::setup::{IdentityHeader, OutboundPrivacy};
use madoguchi_endpoint::settings::{Listen, Transport, Trunk};
use madoguchi_endpoint::switch::{Acquaintance, Peer as PeerAddress, SwitchInput};
use madoguchi_sip::message::{HeaderName, Method, Request};
use madoguchi_sip::transaction::Flow;

use super::bench::Bench;
use super::desk::{DESK, Settings, registering, trunk};
use super::peer::Peer;

const SECRET: (&str, &str) = ("201", "secret");

fn carriers() -> (Peer, Peer) {
    (Peer::new("127.0.0.1:6001"), Peer::new("127.0.0.1:6002"))
}

fn with(trunk: Trunk) -> Bench {
    let mut settings = Settings::new();
    settings.endpoint.trunks = vec![trunk];
    Bench::new(settings)
}

/// An INVITE to our Contact, with these header lines.
fn invite(carrier: &Peer, call: &str, from: &str, to: &str, more: &str) -> Vec<u8> {
    let (here, body) = (carrier.addr, carrier.offer());
    let length = body.len();
    format!(
        "INVITE sip:desk@{DESK} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{call};rport\r\n\
         From: {from};tag=f{call}\r\nTo: {to}\r\nCall-ID: {call}\r\nCSeq: 1 INVITE\r\n\
         Contact: <sip:carrier@{here}>\r\nMax-Forwards: 70\r\n{more}\
         Content-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

fn status(bench: &mut Bench, carrier: &Peer, call: &str, to: &str, more: &str) -> u16 {
    let bytes = invite(carrier, call, "<sip:0451112222@carrier.example>", to, more);
    bench.send(carrier, bytes);
    bench.response_to(carrier).unwrap().status
}

/// The trunk has these addresses, for calls and for registrations.
fn located_at(bench: &mut Bench, carriers: &[&Peer]) {
    let address = |carrier: &&Peer| PeerAddress {
        transport: Transport::Udp,
        addr: carrier.addr,
    };
    let peers: Vec<_> = carriers.iter().map(address).collect();
    let hosts = bench.switch.trunk_hosts();
    bench.input(SwitchInput::Resolved {
        trunk: hosts[0].trunk,
        peers: peers.clone(),
        registrars: peers,
    });
    bench.pass(0);
}

fn dial(bench: &mut Bench, phone: &Peer, call: &str) -> u16 {
    let dialled = bench.prove(phone, SECRET, "INVITE", "0312345678", call);
    dialled.status
}

fn header(request: &Request, name: &str) -> String {
    let found = request.headers.get(&HeaderName::new(name));
    found.unwrap_or_default().to_owned()
}

/// menhera-org/ftth-sip, sabiden#249, baresip-studio#654
#[test]
fn a_trunk_that_is_called_at_its_contact_finds_the_line_that_was_dialled() {
    let (carrier, _) = carriers();
    let mut bench = with(registering("one", "127.0.0.1:6001", "one"));
    let dialled = "P-Called-Party-ID: <sip:5000@carrier.example>\r\n";
    for (n, (to, more, expected)) in [
        ("<sip:5000@carrier.example;user=phone>", "", 200),
        ("<tel:5000;phone-context=carrier.example>", "", 200),
        ("<sip:one@carrier.example>", dialled, 200),
        ("\"5999\" <sip:5999@carrier.example>", dialled, 200),
        ("<sip:5999@carrier.example>", "", 404),
        ("<sip:one@carrier.example>", "", 404),
        (
            "<sip:5000@carrier.example>",
            "P-Called-Party-ID: <sip:5999@carrier.example>\r\n",
            404,
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let found = status(&mut bench, &carrier, &format!("c{n}"), to, more);
        assert_eq!(found, expected, "{to} {more}");
    }
}

#[test]
fn a_phone_that_rings_is_not_told_who_wishes_to_be_withheld() {
    let (carrier, _) = carriers();
    let mut settings = Settings::new();
    settings.endpoint.phones[0].fixed_contacts = vec!["sip:201@127.0.0.1:7001".to_owned()];
    let mut bench = Bench::new(settings);
    let phone = Peer::new("127.0.0.1:7001");
    bench.command("a", madoguchi_core::live::AgentCommand::Ready);
    let from = "\"Coin line/payphone\" <sip:anonymous@anonymous.invalid>";
    let more = "P-Asserted-Identity: <tel:+81451112222>\r\nPrivacy: user;ID\r\n";
    let bytes = invite(&carrier, "c", from, "<sip:5000@carrier.example>", more);
    bench.send(&carrier, bytes);
    let ringing = bench.request_to(&phone).expect("the phone rings");
    let from = header(&ringing, "From");
    assert!(from.starts_with("\"Coin line/payphone\" <sip:anonymous@anonymous.invalid>"));
    let text = String::from_utf8(ringing.to_bytes()).unwrap();
    assert!(!text.contains("451112222"), "{text}");
}

/// JsSIP#544, SIP.js#868: a stale binding of another machine is not ours.
#[test]
fn a_registration_is_refreshed_by_the_lease_of_our_own_contact() {
    let (carrier, _) = carriers();
    let mut bench = with(registering("one", "127.0.0.1:6001", "one"));
    let first = bench.request_to(&carrier).unwrap();
    let mut granted = first.respond(200, None);
    for contact in [
        "<sip:0312345678@192.0.2.77:50066>;expires=0".to_owned(),
        format!("{};expires=300", header(&first, "Contact")),
        "<sip:other@192.0.2.78>;expires=15".to_owned(),
    ] {
        granted.headers.push(HeaderName::Contact, contact);
    }
    bench.reply(&carrier, &granted);
    bench.secs(239);
    assert!(bench.requests_to(&carrier).is_empty());
    bench.secs(1);
    assert_eq!(bench.request_to(&carrier).unwrap().method, Method::Register);
}

#[test]
fn a_call_that_one_server_does_not_take_goes_to_the_next() {
    let (one, other) = carriers();
    let phone = Peer::new("127.0.0.1:7001");
    let mut bench = with(trunk("one", "127.0.0.1:6001"));
    located_at(&mut bench, &[&one, &other]);
    // 503 at once.
    dial(&mut bench, &phone, "busy");
    let first = bench.request_to(&one).unwrap();
    bench.reply(&one, &one.answer(&first, 503));
    let second = bench.request_to(&other).expect("the next one gets it");
    for name in ["Call-ID", "From", "To"] {
        assert_eq!(header(&first, name), header(&second, name));
    }
    assert_eq!(first.uri, second.uri, "the host is the one of the settings");
    assert_ne!(
        first.via().unwrap().branch(),
        second.via().unwrap().branch()
    );
    bench.reply(&other, &other.answer(&second, 486));
    assert_eq!(bench.response_to(&phone).unwrap().status, 486);
    // The next call does not go where the last one failed; later it does.
    dial(&mut bench, &phone, "later");
    let third = bench.request_to(&other).unwrap();
    bench.reply(&other, &other.answer(&third, 486));
    bench.secs(60);
    dial(&mut bench, &phone, "again");
    assert!(bench.requests_to(&one).len() == 1);
}

#[test]
fn a_silent_server_is_given_up_before_the_caller_gives_up() {
    let (one, other) = carriers();
    let phone = Peer::new("127.0.0.1:7001");
    let mut bench = with(trunk("one", "127.0.0.1:6001"));
    located_at(&mut bench, &[&one, &other]);
    dial(&mut bench, &phone, "silent");
    let late = bench.request_to(&one).unwrap();
    bench.secs(4);
    let invite = bench.request_to(&other).expect("the next one gets it");
    bench.reply(&other, &other.answer(&invite, 200));
    bench.media();
    let accepted = bench.response_to(&phone).unwrap();
    assert_eq!(accepted.status, 200);
    // The silent one wakes up: it is thanked and sent away, and the call goes on.
    bench.sent.clear();
    bench.reply(&one, &one.answer(&late, 200));
    let requests = bench.requests_to(&one);
    assert!(requests.iter().any(|request| request.method == Method::Bye));
    assert_eq!(bench.switch.calls_in_progress(), 1);
    bench.send(&phone, phone.in_dialog("ACK", &accepted, 2));
    bench.send(&phone, phone.in_dialog("BYE", &accepted, 3));
    let bye = bench.request_to(&other).unwrap();
    bench.reply(&other, &other.answer(&bye, 200));
    bench.secs(120);
    assert_eq!(bench.switch.remembered(), 0);
}

#[test]
fn a_server_that_rings_is_not_given_up() {
    let (one, other) = carriers();
    let phone = Peer::new("127.0.0.1:7001");
    let mut bench = with(trunk("one", "127.0.0.1:6001"));
    located_at(&mut bench, &[&one, &other]);
    dial(&mut bench, &phone, "rings");
    let invite = bench.request_to(&one).unwrap();
    bench.reply(&one, &one.answer(&invite, 180));
    bench.secs(30);
    assert!(bench.requests_to(&other).is_empty());
}

#[test]
fn nobody_is_asked_before_the_time_of_retry_after() {
    let (one, _) = carriers();
    let phone = Peer::new("127.0.0.1:7001");
    let mut bench = with(trunk("one", "127.0.0.1:6001"));
    dial(&mut bench, &phone, "first");
    let invite = bench.request_to(&one).unwrap();
    let mut busy = one.answer(&invite, 503);
    busy.headers
        .push(HeaderName::RetryAfter, "30 (maintenance);duration=600");
    bench.reply(&one, &busy);
    assert_eq!(bench.response_to(&phone).unwrap().status, 503);
    bench.secs(29);
    assert_eq!(dial(&mut bench, &phone, "soon"), 480);
    assert!(bench.requests_to(&one).is_empty());
    bench.secs(1);
    dial(&mut bench, &phone, "then");
    assert!(bench.request_to(&one).is_some());
}

#[test]
fn a_registration_goes_to_the_next_server_and_respects_retry_after() {
    let (one, other) = carriers();
    let mut bench = with(registering("one", "127.0.0.1:6001", "one"));
    let first = bench.request_to(&one).unwrap();
    located_at(&mut bench, &[&one, &other]);
    let mut refused = one.answer(&first, 503);
    refused.headers.push(HeaderName::RetryAfter, "3000");
    bench.reply(&one, &refused);
    bench.secs(10);
    assert!(bench.requests_to(&one).is_empty());
    let second = bench.request_to(&other).expect("the next one is asked");
    bench.reply(&other, &other.answer(&second, 200));
    let mut bench = with(registering("one", "127.0.0.1:6001", "one"));
    let first = bench.request_to(&one).unwrap();
    let mut refused = one.answer(&first, 500);
    refused.headers.push(HeaderName::RetryAfter, "900");
    bench.reply(&one, &refused);
    bench.secs(899);
    assert!(bench.requests_to(&one).is_empty(), "there is no other one");
    bench.secs(1);
    assert!(bench.request_to(&one).is_some());
}

#[test]
fn a_carrier_is_told_who_calls_in_its_own_way() {
    let (one, _) = carriers();
    let phone = Peer::new("127.0.0.1:7001");
    let mut settings = Settings::new();
    settings.endpoint.lines[0].shown = Some("0355550000".to_owned());
    settings.endpoint.trunks = vec![Trunk {
        identity_header: IdentityHeader::PPreferredIdentity,
        privacy: OutboundPrivacy::Id,
        dial_prefix: "184".to_owned(),
        outbound: Some("sip:sbc.carrier.example;user=phone".to_owned()),
        ..registering("one", "127.0.0.1:6001", "one")
    }];
    let mut bench = Bench::new(settings);
    let register = bench.request_to(&one).unwrap();
    let mut registered = one.answer(&register, 200);
    let given = "<sip:+81355550000@ims.example>, <tel:+81355550000>";
    registered.headers.push(HeaderName::PAssociatedUri, given);
    bench.reply(&one, &registered);
    located_at(&mut bench, &[&one]);
    dial(&mut bench, &phone, "out");
    let invite = bench.request_to(&one).unwrap();
    let uri = "sip:1840312345678@sbc.carrier.example;user=phone";
    assert_eq!(
        invite.uri.to_string(),
        uri,
        "the name stays, the address only routes"
    );
    assert!(header(&invite, "From").starts_with("\"Anonymous\" <sip:anonymous@anonymous.invalid>"));
    let preferred = "<sip:+81355550000@ims.example>";
    assert_eq!(header(&invite, "P-Preferred-Identity"), preferred);
    assert_eq!(header(&invite, "Privacy"), "id");
    assert_eq!(
        header(&invite, "To"),
        "<sip:1840312345678@sbc.carrier.example>"
    );
}

#[test]
fn requests_to_a_trunk_go_out_from_the_port_that_is_set() {
    let mut settings = Settings::new();
    settings.endpoint.listen.push(Listen {
        transport: Transport::Udp,
        addr: "127.0.0.1:5070".parse().unwrap(),
    });
    settings.endpoint.trunks[0].source_port = Some(5070);
    let mut bench = Bench::new(settings);
    let phone = Peer::new("127.0.0.1:7001");
    let carrier = Peer::new("127.0.0.1:6001");
    dial(&mut bench, &phone, "out");
    assert!(bench.request_to(&carrier).is_some());
    assert_eq!(bench.socket_to(&carrier), Some(1));
    assert_eq!(bench.socket_to(&phone), Some(0));
}

/// Tags can be overheard: a call is known where its INVITE was taken, and nowhere else.
#[test]
fn a_call_that_went_to_the_next_server_is_known_there() {
    let (one, other) = (
        Peer::new("198.51.100.1:5060"),
        Peer::new("203.0.113.2:5060"),
    );
    let phone = Peer::new("192.0.2.1:5060");
    let mut bench = with(trunk("one", "198.51.100.1:5060"));
    located_at(&mut bench, &[&one, &other]);
    let known = |bench: &Bench| bench.switch.acquaintance(Flow::udp(0, other.addr));
    dial(&mut bench, &phone, "busy");
    let first = bench.request_to(&one).unwrap();
    assert_eq!(known(&bench), Acquaintance::Stranger);
    bench.reply(&one, &one.answer(&first, 503));
    let second = bench.request_to(&other).expect("the next one gets it");
    assert_eq!(known(&bench), Acquaintance::Kept);
    bench.reply(&other, &other.answer(&second, 486));
    assert_eq!(known(&bench), Acquaintance::Stranger);
}
