//! What strangers send: it is counted, answered without memory, and harms nobody whom we know.

use std::net::SocketAddr;

use madoguchi_core::time::Millis;
use madoguchi_endpoint::switch::{Acquaintance, SwitchInput};
use madoguchi_sip::digest::{ClientState, Proof, answer};
use madoguchi_sip::message::{HeaderName, Response};
use madoguchi_sip::parse::parse_datagram;
use madoguchi_sip::transaction::Flow;

use super::bench::Bench;
use super::desk::{DESK, Settings};
use super::peer::{Peer, authorization};

const SECRET: (&str, &str) = ("201", "secret");

fn stranger(n: u32) -> Peer {
    let [_, a, b, c] = n.to_be_bytes();
    Peer::at(SocketAddr::from(([10, a, b, c], 5060)))
}

/// How many final answers a peer gets to so many requests of its own.
fn answers(bench: &mut Bench, peer: &Peer, requests: u32, what: &str) -> usize {
    let answered = (0..requests).filter(|n| {
        let call = format!("{what}{n}");
        let bytes = peer.request("REGISTER", "201", "201", &call, 1, "");
        bench.send(peer, bytes);
        bench.response_to(peer).is_some()
    });
    answered.count()
}

#[test]
fn nothing_is_kept_of_what_strangers_send_whatever_the_method() {
    let mut bench = Bench::new(Settings::new());
    let before = bench.switch.remembered();
    let methods = [
        "INVITE",
        "REGISTER",
        "OPTIONS",
        "NOTIFY",
        "SUBSCRIBE",
        "MESSAGE",
        "BYE",
        "CANCEL",
        "ACK",
        "UPDATE",
        "INFO",
        "PRACK",
        "REFER",
        "PUBLISH",
        "WHATEVER",
    ];
    for (n, method) in (0..).zip(methods) {
        let peer = stranger(n);
        let mut answered = 0;
        for request in 0..100 {
            let call = format!("{method}{request}");
            let mut bytes = peer.request(method, "a", "5000", &call, 1, "");
            if request % 2 == 1 {
                // As if it belonged to a call.
                let text = String::from_utf8(bytes).unwrap();
                let to = format!("To: <sip:5000@{DESK}>");
                bytes = text.replace(&to, &format!("{to};tag=guess")).into_bytes();
            }
            bench.send(&peer, bytes);
            answered += usize::from(bench.response_to(&peer).is_some());
        }
        let expected = match method {
            "ACK" => 0,
            // Some are answered even while the address is ignored.
            "REGISTER" => 30,
            _ => 20,
        };
        assert_eq!((method, answered), (method, expected));
    }
    assert_eq!(bench.switch.remembered(), before);
}

#[test]
fn one_byte_datagrams_from_many_addresses_refuse_no_phone_its_challenge() {
    let mut bench = Bench::new(Settings::new());
    for n in 0..10_000 {
        bench.send(&stranger(n % 5_000), vec![b'x']);
    }
    let phone = stranger(7);
    for _ in 0..100 {
        bench.send(&phone, vec![b'x']);
    }
    assert_eq!(bench.register(&phone, SECRET, "reg"), 200);
}

#[test]
fn requests_from_many_addresses_refuse_no_phone_its_challenge() {
    let mut bench = Bench::new(Settings::new());
    for n in 0..5_000 {
        let peer = stranger(n);
        bench.send(&peer, peer.request("OPTIONS", "a", "desk", "o", 1, ""));
        bench.sent.clear();
    }
    assert_eq!(bench.register(&stranger(90_000), SECRET, "reg"), 200);
}

#[test]
fn a_phone_is_heard_though_its_address_is_flooded() {
    let mut bench = Bench::new(Settings::new());
    let phone = Peer::new("127.0.0.1:7001");
    assert_eq!(bench.register(&phone, SECRET, "reg"), 200);
    let neighbour = Peer::new("127.0.0.1:7666");
    answers(&mut bench, &neighbour, 500, "flood");
    assert_eq!(bench.register(&phone, SECRET, "again"), 200);
    // Begun anew behind another port of its NAT, it uses the reserve of its address.
    bench.secs(60);
    answers(&mut bench, &neighbour, 100, "flood");
    let restarted = Peer::new("127.0.0.1:7002");
    assert_eq!(bench.register(&restarted, SECRET, "restarted"), 200);
}

/// What somebody sends who only forges the address of a peer, and hears no answer.
fn forge(bench: &mut Bench, peer: &Peer, method: &str) {
    for n in 0..200 {
        let call = format!("forged{method}{n}");
        bench.send(peer, peer.request(method, "x", "desk", &call, 1, ""));
    }
    bench.sent.clear();
}

#[test]
fn who_forges_the_address_of_a_phone_does_not_keep_it_from_registering() {
    let mut bench = Bench::new(Settings::new());
    let phone = Peer::new("192.0.2.1:5060");
    forge(&mut bench, &phone, "OPTIONS");
    forge(&mut bench, &phone, "INVITE");
    assert_eq!(bench.register(&phone, SECRET, "reg"), 200);
    // Nor with REGISTER, once the phone has heard a challenge.
    let mut bench = Bench::new(Settings::new());
    let register = |cseq, more: &str| phone.request("REGISTER", "201", "201", "reg", cseq, more);
    bench.send(&phone, register(1, ""));
    let asked = bench.response_to(&phone).unwrap();
    forge(&mut bench, &phone, "REGISTER");
    forge(&mut bench, &phone, "OPTIONS");
    let proof = authorization(&asked, "REGISTER", SECRET, "201");
    bench.send(&phone, register(2, &proof));
    assert_eq!(bench.response_to(&phone).unwrap().status, 200);
}

#[test]
fn a_challenge_that_was_heard_elsewhere_opens_no_address_that_is_ignored() {
    let mut bench = Bench::new(Settings::new());
    let (phone, thief) = (Peer::new("192.0.2.1:5060"), Peer::new("198.51.100.1:5060"));
    let bytes = thief.request("REGISTER", "201", "201", "ask", 1, "");
    bench.send(&thief, bytes);
    let asked = bench.response_to(&thief).unwrap();
    let proof = authorization(&asked, "REGISTER", ("201", "wrong"), "201");
    forge(&mut bench, &phone, "REGISTER");
    let bytes = phone.request("REGISTER", "201", "201", "reg", 2, &proof);
    bench.send(&phone, bytes);
    assert!(bench.response_to(&phone).is_none());
    // And where it was heard it opens the door for as many as are answered without a flood.
    let mut answered = 0;
    for cseq in 2..1_000 {
        let bytes = thief.request("OPTIONS", "201", "desk", "more", cseq, "");
        bench.send(&thief, bytes);
        let bytes = thief.request("REGISTER", "201", "201", "guess", cseq, &proof);
        bench.send(&thief, bytes);
        answered += bench.responses_to(&thief).len();
    }
    assert!((20..=50).contains(&answered), "{answered}");
}

#[test]
fn an_office_of_phones_behind_one_address_registers_within_a_minute() {
    let mut settings = Settings::new();
    let phones = (0..200).map(|n| super::desk::phone("a", &format!("3{n:03}"), "secret"));
    settings.endpoint.phones = phones.collect();
    let mut bench = Bench::new(settings);
    for n in 0..200_u16 {
        let phone = Peer::at(SocketAddr::from(([192, 0, 2, 1], 20_000 + n)));
        let extension = format!("3{n:03}");
        let status = bench.register(&phone, (&extension, "secret"), &extension);
        assert_eq!(status, 200, "{extension}");
    }
}

fn header_names(response: &Response) -> Vec<String> {
    let text = String::from_utf8_lossy(&response.to_bytes()).into_owned();
    let names = text.lines().map(|line| line.split(':').next().unwrap());
    names.map(str::to_owned).collect()
}

#[test]
fn wrong_passwords_lock_an_extension_alike_whether_it_exists_or_not() {
    let mut settings = Settings::new();
    settings.endpoint.unknown_requests_per_minute = 1_000;
    let mut bench = Bench::new(settings);
    let phone = Peer::new("192.0.2.1:5060");
    assert_eq!(bench.register(&phone, SECRET, "reg"), 200);
    let guesser = Peer::new("198.51.100.1:5060");
    let mut tries = |extension: &str| -> Vec<(u16, Vec<String>)> {
        let guess = |n: u32| {
            let (who, call) = ((extension, "wrong"), format!("{extension}-{n}"));
            let response = bench.prove(&guesser, who, "REGISTER", extension, &call);
            (response.status, header_names(&response))
        };
        (0..15).map(guess).collect()
    };
    assert_eq!(tries("201"), tries("999"));
    // Not even the right password opens it now, from anywhere but from its home.
    assert_eq!(bench.register(&guesser, SECRET, "lucky"), 401);
    let elsewhere = Peer::new("203.0.113.9:5060");
    assert_eq!(bench.register(&elsewhere, SECRET, "moved"), 401);
    assert_eq!(bench.register(&phone, SECRET, "again"), 200);
    // The lock ends by the clock that never jumps.
    bench.now.wall = bench.now.wall + Millis::from_secs(-86_400);
    bench.secs(600);
    assert_eq!(bench.register(&elsewhere, SECRET, "moved later"), 200);
}

#[test]
fn limits_end_in_time_though_the_clock_on_the_wall_is_set() {
    for jump in [-3_600, 3_600] {
        let mut bench = Bench::new(Settings::new());
        let peer = stranger(1);
        assert_eq!(answers(&mut bench, &peer, 50, "a"), 30);
        bench.now.wall = bench.now.wall + Millis::from_secs(jump);
        assert_eq!(answers(&mut bench, &peer, 50, "b"), 0);
        bench.secs(60);
        assert_eq!(answers(&mut bench, &peer, 50, "c"), 30);
    }
}

#[test]
fn credentials_are_believed_once() {
    let mut bench = Bench::new(Settings::new());
    let phone = Peer::new("192.0.2.1:5060");
    let bytes = phone.request("REGISTER", "201", "201", "reg", 1, "");
    bench.send(&phone, bytes);
    let asked = bench.response_to(&phone).unwrap();
    let proof = authorization(&asked, "REGISTER", SECRET, "201");
    let mut statuses = Vec::new();
    for cseq in 2..4 {
        let bytes = phone.request("REGISTER", "201", "201", "reg", cseq, &proof);
        bench.send(&phone, bytes);
        statuses.push(bench.response_to(&phone).unwrap().status);
    }
    assert_eq!(statuses, [200, 401]);
    // Nor in a transaction that somebody else begins.
    let thief = Peer::new("198.51.100.1:5060");
    let bytes = thief.request("REGISTER", "201", "201", "reg", 9, &proof);
    bench.send(&thief, bytes);
    let refusal = bench.response_to(&thief).unwrap();
    let challenge = refusal.headers.get(&HeaderName::WwwAuthenticate).unwrap();
    assert!(refusal.status == 401 && challenge.contains("stale=true"));
}

#[test]
fn a_hash_that_was_not_offered_is_not_believed() {
    let mut bench = Bench::new(Settings::new());
    let phone = Peer::new("192.0.2.1:5060");
    bench.send(
        &phone,
        phone.request("REGISTER", "201", "201", "reg", 1, ""),
    );
    let asked = bench.response_to(&phone).unwrap();
    let challenge = asked.headers.get(&HeaderName::WwwAuthenticate).unwrap();
    let weaker = challenge.replace("SHA-256", "MD5");
    assert_ne!(weaker, challenge);
    let proof = Proof {
        method: "REGISTER",
        uri: &format!("sip:201@{DESK}"),
        user: "201",
        password: "secret",
        cnonce: "c",
    };
    let value = answer(&[&weaker], &mut ClientState::default(), proof).unwrap();
    let more = format!("Authorization: {value}\r\n");
    bench.send(
        &phone,
        phone.request("REGISTER", "201", "201", "reg", 2, &more),
    );
    assert_eq!(bench.response_to(&phone).unwrap().status, 401);
}

#[test]
fn credentials_for_one_number_dial_no_other() {
    let mut bench = Bench::new(Settings::new());
    let (phone, carrier) = (Peer::new("127.0.0.1:7001"), Peer::new("127.0.0.1:6001"));
    assert_eq!(bench.register(&phone, SECRET, "reg"), 200);
    let bytes = phone.request("INVITE", "201", "0312345678", "dial", 1, "");
    bench.send(&phone, bytes);
    let asked = bench.response_to(&phone).unwrap();
    let proof = authorization(&asked, "INVITE", SECRET, "0312345678");
    let bytes = phone.request("INVITE", "201", "0990123456", "dial", 2, &proof);
    bench.send(&phone, bytes);
    assert_eq!(bench.response_to(&phone).unwrap().status, 401);
    assert!(bench.request_to(&carrier).is_none());
}

/// What a phone sends over a connection.
fn over_stream(bench: &mut Bench, phone: &Peer, bytes: &[u8]) -> Flow {
    let flow = Flow::tcp(phone.addr);
    let message = parse_datagram(bytes);
    bench.input(SwitchInput::Streamed { flow, message });
    flow
}

#[test]
fn a_closed_connection_ends_what_was_registered_over_it_and_nothing_else() {
    let mut bench = Bench::new(Settings::new());
    let phone = Peer::new("127.0.0.1:7001");
    let register = |cseq, more: &str| phone.request("REGISTER", "201", "201", "reg", cseq, more);
    over_stream(&mut bench, &phone, &register(1, ""));
    let asked = bench.response_to(&phone).unwrap();
    let proof = authorization(&asked, "REGISTER", SECRET, "201");
    let flow = over_stream(&mut bench, &phone, &register(2, &proof));
    assert!(bench.reachable("a"));
    assert_eq!(bench.switch.acquaintance(flow), Acquaintance::Kept);
    let datagrams = Flow::udp(0, flow.remote);
    bench.input(SwitchInput::StreamClosed { flow: datagrams });
    assert!(bench.reachable("a"));
    bench.input(SwitchInput::StreamClosed { flow });
    assert!(!bench.reachable("a"));
    assert_eq!(bench.switch.acquaintance(flow), Acquaintance::Stranger);
}

#[test]
fn one_phone_fills_no_more_than_its_share_of_the_memory() {
    let mut settings = Settings::new();
    let other = super::desk::phone("b", "202", "other");
    settings.endpoint.phones.push(other);
    let mut bench = Bench::new(settings);
    let phone = Peer::new("192.0.2.1:5060");
    let register = |cseq, more: &str| phone.request("REGISTER", "201", "201", "reg", cseq, more);
    bench.send(&phone, register(1, ""));
    let asked = bench.response_to(&phone).unwrap();
    let offered: Vec<_> = asked
        .headers
        .get_all(&HeaderName::WwwAuthenticate)
        .collect();
    let mut client = ClientState::default();
    let uri = format!("sip:201@{DESK}");
    let mut next = |bench: &mut Bench, cseq| {
        let proof = Proof {
            method: "REGISTER",
            uri: &uri,
            user: "201",
            password: "secret",
            cnonce: "c",
        };
        let value = answer(&offered, &mut client, proof).unwrap();
        bench.send(
            &phone,
            register(cseq, &format!("Authorization: {value}\r\n")),
        );
        bench.response_to(&phone).unwrap().status
    };
    let accepted = (2..5_000).take_while(|cseq| next(&mut bench, *cseq) == 200);
    assert_eq!(accepted.count(), 4_096);
    let neighbour = Peer::new("192.0.2.2:5060");
    assert_eq!(bench.register(&neighbour, ("202", "other"), "reg2"), 200);
    bench.secs(32);
    assert_eq!(next(&mut bench, 6_000), 200);
}
