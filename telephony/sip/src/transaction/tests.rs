//! Two transaction layers with a network of the test's own between them, in virtual time.

use super::*;
use crate::message::HeaderName;
use crate::parse::parse_datagram;

fn flow(reliable: bool) -> Flow {
    let remote = "192.0.2.1:5060".parse().unwrap();
    if reliable {
        Flow::tcp(remote)
    } else {
        Flow::udp(0, remote)
    }
}

fn request(method: &str) -> Request {
    let text = format!(
        "{method} sip:5000@desk SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKone\r\n\
         From: <sip:a@b>;tag=a\r\nTo: <sip:5000@desk>\r\nCall-ID: c\r\nCSeq: 1 {method}\r\n\
         Contact: <sip:a@192.0.2.1>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    );
    match parse_datagram(text.as_bytes()).unwrap() {
        Message::Request(request) => request,
        Message::Response(_) => unreachable!(),
    }
}

fn answered(request: &Request, status: u16) -> Response {
    let mut response = request.respond(status, None);
    response.set_to_tag("b");
    response
}

/// The first words of all that is sent now.
fn sent(layer: &mut Transactions) -> Vec<String> {
    std::iter::from_fn(|| layer.poll_transmit())
        .map(|transmit| {
            let text = String::from_utf8(transmit.bytes).unwrap();
            let line = text.lines().next().unwrap();
            line.strip_prefix("SIP/2.0 ")
                .unwrap_or(line)
                .split(' ')
                .next()
                .unwrap()
                .to_owned()
        })
        .collect()
}

fn events(layer: &mut Transactions) -> Vec<Event> {
    std::iter::from_fn(|| layer.poll_event()).collect()
}

/// When anything is sent from now on, if nothing ever comes.
fn silence(layer: &mut Transactions) -> Vec<u64> {
    let mut times = Vec::new();
    while let Some(at) = layer.poll_timeout() {
        layer.handle_timeout(at);
        times.extend(sent(layer).iter().map(|_| at));
    }
    times
}

/// Takes in an INVITE; its transaction.
fn take(layer: &mut Transactions, request: &Request) -> ServerTx {
    layer.receive(flow(false), Message::Request(request.clone()), 0);
    match events(layer).pop() {
        Some(Event::Request { flow, request }) => layer.accept(flow, &request, 0).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn from(address: &str) -> Flow {
    Flow {
        remote: address.parse().unwrap(),
        ..flow(false)
    }
}

#[test]
fn an_invite_into_silence_is_sent_seven_times_and_given_up_after_32_s() {
    let mut layer = Transactions::new();
    let tx = layer.request(flow(false), &request("INVITE"), 0).unwrap();
    assert_eq!(sent(&mut layer), ["INVITE"]);
    assert_eq!(
        silence(&mut layer),
        [500, 1_500, 3_500, 7_500, 15_500, 31_500]
    );
    assert!(matches!(events(&mut layer)[..], [Event::Timeout { tx: of }] if of == tx));
    assert!(layer.is_empty());
}

/// An INVITE that was given up; its transaction, and the request.
fn given_up() -> (Transactions, ClientTx, Request) {
    let (mut layer, invite) = (Transactions::new(), request("INVITE"));
    let tx = layer.request(flow(false), &invite, 0).unwrap();
    layer.handle_timeout(GIVE_UP_MS);
    assert!(matches!(events(&mut layer)[..], [Event::Timeout { tx: of }] if of == tx));
    sent(&mut layer);
    (layer, tx, invite)
}

#[test]
fn who_picks_up_after_the_invite_was_given_up_is_told_once_and_gets_the_same_ack_again() {
    let (mut layer, tx, invite) = given_up();
    let late = answered(&invite, 200);
    layer.receive(flow(false), Message::Response(late.clone()), 100_000);
    assert!(matches!(events(&mut layer)[..], [Event::Response { tx: of, .. }] if of == tx));
    assert_eq!(layer.flow_of(tx), Some(flow(false)));
    let mut ack = request("ACK");
    ack.headers.set(HeaderName::To, "<sip:5000@desk>;tag=b");
    layer.acknowledge(tx, flow(false), ack);
    assert_eq!(sent(&mut layer), ["ACK"]);
    layer.receive(flow(false), Message::Response(late), 100_500);
    assert_eq!(sent(&mut layer), ["ACK"]);
    assert!(events(&mut layer).is_empty());
    assert!(silence(&mut layer).is_empty() && layer.is_empty());
}

#[test]
fn who_rings_after_the_invite_was_given_up_is_cancelled_once() {
    let (mut layer, _, invite) = given_up();
    for (status, expected) in [(180, &["CANCEL"][..]), (180, &[]), (487, &["ACK"])] {
        let late = answered(&invite, status);
        layer.receive(flow(false), Message::Response(late), 40_000);
        assert_eq!(sent(&mut layer), expected, "{status}");
        assert!(events(&mut layer).is_empty(), "its user knows already");
    }
}

#[test]
fn who_was_called_in_vain_is_forgotten_after_some_minutes() {
    let (mut layer, _, invite) = given_up();
    layer.handle_timeout(300_000);
    assert!(layer.is_empty());
    layer.receive(
        flow(false),
        Message::Response(answered(&invite, 200)),
        300_001,
    );
    assert!(events(&mut layer).is_empty());
}

#[test]
fn another_request_into_silence_is_sent_at_least_every_four_seconds() {
    let mut layer = Transactions::new();
    layer.request(flow(false), &request("OPTIONS"), 0).unwrap();
    sent(&mut layer);
    let times = silence(&mut layer);
    assert_eq!(times[..5], [500, 1_500, 3_500, 7_500, 11_500]);
    assert_eq!(times.len(), 10);
    assert!(layer.is_empty());
}

#[test]
fn over_a_stream_nothing_is_repeated() {
    let mut layer = Transactions::new();
    layer.request(flow(true), &request("INVITE"), 0).unwrap();
    sent(&mut layer);
    assert_eq!(silence(&mut layer), Vec::<u64>::new());
}

#[test]
fn a_repeated_invite_gets_the_last_answer_again_and_is_told_once() {
    let mut layer = Transactions::new();
    let invite = request("INVITE");
    let tx = take(&mut layer, &invite);
    layer.respond(tx, &answered(&invite, 180), 0);
    layer.receive(flow(false), Message::Request(invite.clone()), 10);
    assert_eq!(sent(&mut layer), ["180", "180"]);
    assert!(events(&mut layer).is_empty());
}

#[test]
fn a_2xx_is_repeated_until_it_is_acknowledged() {
    let mut layer = Transactions::new();
    let invite = request("INVITE");
    let tx = take(&mut layer, &invite);
    layer.respond(tx, &answered(&invite, 200), 0);
    layer.handle_timeout(500);
    layer.handle_timeout(1_500);
    assert_eq!(sent(&mut layer), ["200", "200", "200"]);
    layer.acknowledged(tx);
    // A late repetition of the INVITE is no new call.
    layer.receive(flow(false), Message::Request(invite), 2_000);
    assert!(events(&mut layer).is_empty());
    assert_eq!(silence(&mut layer), Vec::<u64>::new());
    assert!(layer.is_empty());
}

#[test]
fn a_2xx_that_is_never_acknowledged_is_told() {
    let mut layer = Transactions::new();
    let invite = request("INVITE");
    let tx = take(&mut layer, &invite);
    layer.respond(tx, &answered(&invite, 200), 0);
    silence(&mut layer);
    assert!(matches!(events(&mut layer)[..], [Event::AckTimeout { tx: of }] if of == tx));
    assert!(layer.is_empty());
}

#[test]
fn a_refusal_is_repeated_until_its_ack() {
    let mut layer = Transactions::new();
    let invite = request("INVITE");
    let tx = take(&mut layer, &invite);
    layer.respond(tx, &answered(&invite, 486), 0);
    layer.handle_timeout(500);
    assert_eq!(sent(&mut layer), ["486", "486"]);
    let mut ack = request("ACK");
    ack.headers
        .set(crate::message::HeaderName::To, "<sip:5000@desk>;tag=b");
    layer.receive(flow(false), Message::Request(ack), 600);
    assert!(
        events(&mut layer).is_empty(),
        "an ACK to a refusal is the layer's own"
    );
    assert_eq!(silence(&mut layer), Vec::<u64>::new());
}

#[test]
fn a_cancel_waits_for_a_provisional_response() {
    let mut layer = Transactions::new();
    let invite = request("INVITE");
    let tx = layer.request(flow(false), &invite, 0).unwrap();
    layer.cancel(tx, 10);
    assert_eq!(sent(&mut layer), ["INVITE"]);
    layer.receive(flow(false), Message::Response(answered(&invite, 180)), 20);
    assert_eq!(sent(&mut layer), ["CANCEL"]);
    layer.receive(flow(false), Message::Response(answered(&invite, 487)), 30);
    assert_eq!(sent(&mut layer), ["ACK"]);
    assert!(matches!(
        &events(&mut layer)[..],
        [Event::Response { .. }, Event::Response { response, .. }] if response.status == 487
    ));
}

#[test]
fn a_cancel_is_answered_and_told_only_while_the_invite_is_unanswered() {
    let mut layer = Transactions::new();
    let invite = request("INVITE");
    let tx = take(&mut layer, &invite);
    layer.receive(flow(false), Message::Request(request("CANCEL")), 10);
    assert_eq!(sent(&mut layer), ["200"]);
    assert!(matches!(events(&mut layer)[..], [Event::Cancelled { invite }] if invite == tx));

    let mut late = Transactions::new();
    let tx = take(&mut late, &invite);
    late.respond(tx, &answered(&invite, 200), 0);
    late.receive(flow(false), Message::Request(request("CANCEL")), 10);
    assert_eq!(sent(&mut late), ["200", "200"]);
    assert!(events(&mut late).is_empty());
}

#[test]
fn a_repeated_2xx_gets_its_ack_again_and_another_fork_is_told() {
    let mut layer = Transactions::new();
    let invite = request("INVITE");
    let tx = layer.request(flow(false), &invite, 0).unwrap();
    let first = answered(&invite, 200);
    layer.receive(flow(false), Message::Response(first.clone()), 10);
    layer.acknowledge(tx, flow(false), request("ACK"));
    layer.receive(flow(false), Message::Response(first), 20);
    assert_eq!(sent(&mut layer), ["INVITE", "ACK", "ACK"]);
    assert_eq!(events(&mut layer).len(), 1);
    let mut fork = invite.respond(200, None);
    fork.set_to_tag("other");
    layer.receive(flow(false), Message::Response(fork), 30);
    assert_eq!(events(&mut layer).len(), 1);
}

/// RFC 3261 13.2.2.4, 22.1: an ACK cannot be challenged, and so has the proof of its INVITE.
#[test]
fn each_ack_has_the_credentials_of_its_invite_and_cancel_none() {
    let mut invite = request("INVITE");
    let proof = |n: u32| format!("Digest realm=\"{n}\"");
    let (own, proxy) = (HeaderName::Authorization, HeaderName::ProxyAuthorization);
    invite.headers.push(proxy.clone(), proof(1));
    invite.headers.push(own.clone(), proof(2));
    invite.headers.push(proxy.clone(), proof(3));
    for (status, expected) in [(200, true), (486, true), (180, false)] {
        let mut layer = Transactions::new();
        let tx = layer.request(flow(false), &invite, 0).unwrap();
        let answer = Message::Response(answered(&invite, status));
        layer.receive(flow(false), answer.clone(), 10);
        if status == 200 {
            layer.acknowledge(tx, flow(false), request("ACK"));
        } else {
            layer.cancel(tx, 20);
        }
        layer.receive(flow(false), answer, 30);
        let messages = std::iter::from_fn(|| layer.poll_transmit()).skip(1);
        let messages: Vec<_> = messages
            .map(|transmit| parse_datagram(&transmit.bytes).unwrap())
            .collect();
        assert!(!messages.is_empty(), "{status}");
        for message in messages {
            let Message::Request(sent) = message else {
                panic!("{message:?}");
            };
            let all = |name| sent.headers.get_all(name).collect::<Vec<_>>();
            let (proofs, proof) = if expected {
                (vec![proof(1), proof(3)], vec![proof(2)])
            } else {
                (vec![], vec![])
            };
            assert_eq!(all(&proxy), proofs, "{status} {}", sent.method);
            assert_eq!(all(&own), proof, "{status} {}", sent.method);
        }
    }
}

#[test]
fn nothing_is_kept_of_a_request_that_is_not_accepted() {
    let mut layer = Transactions::new();
    for method in [
        "INVITE", "OPTIONS", "NOTIFY", "BYE", "ACK", "CANCEL", "WHATEVER",
    ] {
        let request = request(method);
        layer.receive(flow(false), Message::Request(request.clone()), 0);
        assert_eq!(events(&mut layer).len(), 1, "{method}");
        layer.send_response(flow(false), &answered(&request, 401));
    }
    assert!(layer.is_empty() && layer.poll_timeout().is_none());
}

#[test]
fn what_nobody_answers_is_forgotten_by_a_timer() {
    for (method, forgotten_at) in [("REGISTER", GIVE_UP_MS), ("INVITE", 900_000)] {
        let mut layer = Transactions::new();
        let tx = take(&mut layer, &request(method));
        let mut last = 0;
        while let Some(at) = layer.poll_timeout() {
            layer.handle_timeout(at);
            last = at;
        }
        assert!(layer.is_empty() && last == forgotten_at, "{method} {last}");
        let told = events(&mut layer);
        assert_eq!(told.len(), usize::from(method == "INVITE"));
        assert!(
            told.iter()
                .all(|event| matches!(event, Event::Unanswered { invite } if *invite == tx))
        );
        assert_eq!(layer.server_load(flow(false).remote.ip()).of_source, 0);
    }
}

#[test]
fn the_load_of_server_transactions_is_counted_and_goes_back_to_nothing() {
    let mut layer = Transactions::new();
    let (invite, source) = (request("INVITE"), flow(false).remote.ip());
    let tx = take(&mut layer, &invite);
    layer.respond(tx, &answered(&invite, 180), 0);
    let response = answered(&invite, 200);
    layer.respond(tx, &response, 0);
    let kept_bytes = response.to_bytes().len();
    let expected = ServerLoad {
        in_all: 1,
        of_source: 1,
        kept_bytes,
    };
    assert_eq!(layer.server_load(source), expected);
    assert_eq!(layer.server_load("192.0.2.9".parse().unwrap()).of_source, 0);
    layer.acknowledged(tx);
    assert_eq!(layer.server_load(source).kept_bytes, 0);
    silence(&mut layer);
    let nothing = ServerLoad {
        in_all: 0,
        of_source: 0,
        kept_bytes: 0,
    };
    assert_eq!(layer.server_load(source), nothing);
}

#[test]
fn a_cancel_from_another_address_cancels_nothing() {
    let mut layer = Transactions::new();
    let invite = request("INVITE");
    let tx = take(&mut layer, &invite);
    layer.receive(
        from("192.0.2.66:5060"),
        Message::Request(request("CANCEL")),
        10,
    );
    assert!(matches!(&events(&mut layer)[..], [Event::Request { .. }]));
    assert!(layer.is_unanswered(tx) && sent(&mut layer).is_empty());
    // From its own address another port is good enough: a stream may have been opened anew.
    layer.receive(
        from("192.0.2.1:6000"),
        Message::Request(request("CANCEL")),
        20,
    );
    assert!(matches!(&events(&mut layer)[..], [Event::Cancelled { invite }] if *invite == tx));
}

#[test]
fn an_invite_is_measured_until_the_first_answer_beyond_100_and_once() {
    let mut desk = Transactions::new();
    let invite = request("INVITE");
    let tx = take(&mut desk, &invite);
    desk.respond(tx, &invite.respond(100, None), 1);
    assert_eq!(desk.poll_latency(), None);
    desk.respond(tx, &answered(&invite, 180), 30);
    desk.respond(tx, &answered(&invite, 200), 900);
    let first = Latency::FirstAnswer {
        status: 180,
        ms: 30,
    };
    assert_eq!(desk.poll_latency(), Some(first));
    assert_eq!(desk.poll_latency(), None);
}

#[test]
fn a_request_of_ours_is_measured_until_it_is_settled_and_an_invite_until_somebody_is_there() {
    for (method, measured_at) in [("OPTIONS", 90), ("INVITE", 40)] {
        let mut desk = Transactions::new();
        let asked = request(method);
        desk.request(flow(false), &asked, 0).unwrap();
        for (status, at) in [(180, 40), (200, 90)] {
            desk.receive(flow(false), Message::Response(answered(&asked, status)), at);
        }
        let expected = Latency::Response {
            method: asked.method.clone(),
            ms: measured_at,
        };
        assert_eq!(desk.poll_latency(), Some(expected));
        assert_eq!(desk.poll_latency(), None);
    }
}
