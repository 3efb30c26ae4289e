//! Forks behind a carrier: several early dialogs of one INVITE, and more than one that picks up.

use std::time::Duration;

use madoguchi_sip::message::{HeaderName, Request, Response};
use madoguchi_sip::sdp::{Local, accept_answer};

use super::bench::Bench;
use super::desk::Settings;
use super::peer::Peer;

const PHONE: (&str, &str) = ("201", "secret");

/// What a fork says; its voice is heard at `fork.rtp`.
fn says(fork: &Peer, carrier: &Peer, invite: &Request, status: u16, tag: &str) -> Response {
    let mut response = invite.respond(status, None);
    response.set_to_tag(tag);
    let contact = format!("<sip:{tag}@{}>", carrier.addr);
    response.headers.push(HeaderName::Contact, contact);
    response
        .headers
        .push(HeaderName::ContentType, "application/sdp");
    response.body = fork.offer().into_bytes();
    response
}

fn dialled() -> (Bench, Peer, Peer, Request) {
    let mut bench = Bench::with_real_voice(Settings::new());
    let (phone, carrier) = (Peer::new("127.0.0.1:6101"), Peer::new("127.0.0.1:6001"));
    assert_eq!(bench.register(&phone, PHONE, "r"), 200);
    bench.prove(&phone, PHONE, "INVITE", "0312345679", "out");
    let invite = bench.request_to(&carrier).expect("the carrier is called");
    (bench, phone, carrier, invite)
}

/// Where the desk hears the dialling phone.
fn desk_rtp(response: &Response) -> std::net::SocketAddr {
    let local = Local::in_the_clear(1, 1, ([127, 0, 0, 1], 1).into());
    accept_answer(&response.body, &local).unwrap().remote
}

/// Whether a fork hears the next packet, with this number, of the phone.
fn hears(fork: &Peer, phone: &Peer, desk: std::net::SocketAddr, number: u8) -> bool {
    fork.rtp
        .set_read_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    let mut packet = vec![0x80, 0, 0, number, 0, 0, number, 0, 9, 9, 9, 9];
    packet.resize(172, 0x11);
    phone.rtp.send_to(&packet, desk).unwrap();
    fork.rtp.recv(&mut [0; 2_000]).is_ok()
}

#[test]
fn the_voice_follows_the_fork_that_picks_up() {
    let (mut bench, phone, carrier, invite) = dialled();
    let (one, two) = (Peer::new("127.0.0.1:6011"), Peer::new("127.0.0.1:6012"));
    bench.reply(&carrier, &says(&one, &carrier, &invite, 183, "one"));
    let early = bench.all_progress_to(&phone).remove(0);
    let desk = desk_rtp(&early);
    assert!(hears(&one, &phone, desk, 1), "early media");
    bench.reply(&carrier, &says(&two, &carrier, &invite, 183, "two"));
    assert!(hears(&two, &phone, desk, 2), "the later fork");
    bench.reply(&carrier, &says(&one, &carrier, &invite, 200, "one"));
    assert_eq!(bench.response_to(&phone).unwrap().status, 200);
    let acks = bench.acks_to(&carrier);
    assert_eq!(acks.len(), 1);
    assert_eq!(acks[0].uri.user.as_deref(), Some("one"));
    bench.media();
    assert!(hears(&one, &phone, desk, 3) && !hears(&two, &phone, desk, 4));
}

/// RFC 3261 13.2.2.4.
#[test]
fn a_second_fork_that_picks_up_is_thanked_and_sent_away() {
    let (mut bench, phone, carrier, invite) = dialled();
    let (one, two) = (Peer::new("127.0.0.1:6011"), Peer::new("127.0.0.1:6012"));
    let first = says(&one, &carrier, &invite, 200, "one");
    let second = says(&two, &carrier, &invite, 200, "two");
    bench.reply(&carrier, &first);
    bench.reply(&carrier, &second);
    let tags = |acks: Vec<Request>| -> Vec<String> {
        let tag = |ack: &Request| ack.to().unwrap().tag().unwrap().to_owned();
        acks.iter().map(tag).collect()
    };
    assert_eq!(tags(bench.acks_to(&carrier)), ["one", "two"]);
    let bye = bench.request_to(&carrier).unwrap();
    assert_eq!(bye.method.as_str(), "BYE");
    assert_eq!(bye.to().unwrap().tag(), Some("two"));
    bench.reply(&carrier, &carrier.answer(&bye, 200));
    // Both say it again: each gets its own ACK, and nobody another BYE.
    bench.reply(&carrier, &second);
    bench.reply(&carrier, &first);
    assert_eq!(tags(bench.acks_to(&carrier)), ["two", "one"]);
    assert!(bench.request_to(&carrier).is_none());
    assert_eq!(bench.response_to(&phone).unwrap().status, 200);
    assert_eq!(bench.switch.calls_in_progress(), 1);
}

/// RFC 3261 13.2.2.4: nobody is left in a call that the desk has given up.
#[test]
fn who_picks_up_after_the_call_was_given_up_is_thanked_and_sent_away() {
    let (mut bench, phone, carrier, invite) = dialled();
    bench.secs(33);
    assert_eq!(bench.response_to(&phone).unwrap().status, 480);
    assert_eq!(bench.switch.calls_in_progress(), 0);
    bench.requests_to(&carrier);
    let far = Peer::new("127.0.0.1:6011");
    bench.secs(60);
    let late = says(&far, &carrier, &invite, 200, "late");
    bench.reply(&carrier, &late);
    assert_eq!(bench.acks_to(&carrier).len(), 1);
    let bye = bench.request_to(&carrier).unwrap();
    assert_eq!(bye.method.as_str(), "BYE");
    assert_eq!(bye.to().unwrap().tag(), Some("late"));
    bench.reply(&carrier, &carrier.answer(&bye, 200));
    bench.reply(&carrier, &late);
    assert_eq!(bench.acks_to(&carrier).len(), 1);
    assert!(bench.request_to(&carrier).is_none());
}

#[test]
fn who_rings_after_the_call_was_given_up_rings_no_more() {
    let (mut bench, _phone, carrier, invite) = dialled();
    bench.secs(33);
    bench.requests_to(&carrier);
    let far = Peer::new("127.0.0.1:6011");
    bench.reply(&carrier, &says(&far, &carrier, &invite, 180, "late"));
    let cancel = bench.request_to(&carrier).unwrap();
    assert_eq!(cancel.method.as_str(), "CANCEL");
}

#[test]
fn forks_beyond_all_sense_are_not_remembered() {
    let (mut bench, phone, carrier, invite) = dialled();
    let fork = Peer::new("127.0.0.1:6011");
    for n in 0..1_000 {
        bench.reply(
            &carrier,
            &says(&fork, &carrier, &invite, 183, &format!("t{n}")),
        );
    }
    assert_eq!(bench.all_progress_to(&phone).len(), 16);
    bench.reply(&carrier, &says(&fork, &carrier, &invite, 200, "t999"));
    assert_eq!(bench.response_to(&phone).unwrap().status, 200);
}

/// RFC 3311 5.1, 5.2.
#[test]
fn an_update_of_a_fork_whose_answer_was_acknowledged_is_answered_and_others_wait() {
    let (mut bench, phone, carrier, invite) = dialled();
    let (one, moved) = (Peer::new("127.0.0.1:6011"), Peer::new("127.0.0.1:6012"));
    let reliable = |tag: &str| {
        let mut told = says(&one, &carrier, &invite, 183, tag);
        told.headers.push(HeaderName::Require, "100rel");
        told.headers.push(HeaderName::RSeq, "7");
        told
    };
    let loose = says(&one, &carrier, &invite, 183, "loose");
    bench.reply(&carrier, &loose);
    let told = reliable("one");
    bench.reply(&carrier, &told);
    bench.reply(&carrier, &reliable("two"));
    for prack in bench.requests_to(&carrier) {
        bench.reply(&carrier, &carrier.answer(&prack, 200));
    }
    let early = bench.all_progress_to(&phone).remove(0);
    let desk = desk_rtp(&early);
    let update = |of: &Response, cseq| {
        let kind = "Content-Type: application/sdp\r\n";
        carrier.back_with("UPDATE", of, cseq, kind, &moved.offer())
    };
    let answered = |bench: &mut Bench, bytes| {
        bench.send(&carrier, bytes);
        bench.response_to(&carrier).unwrap()
    };
    assert_eq!(answered(&mut bench, update(&loose, 11)).status, 491);
    let unknown = says(&one, &carrier, &invite, 183, "unknown");
    assert_eq!(answered(&mut bench, update(&unknown, 12)).status, 491);
    // Each fork counts its own requests.
    assert_eq!(
        answered(&mut bench, update(&reliable("two"), 20)).status,
        200
    );
    let accepted = answered(&mut bench, update(&told, 3));
    assert_eq!(accepted.status, 200);
    assert!(!accepted.body.is_empty());
    assert_eq!(answered(&mut bench, update(&told, 2)).status, 500);
    assert!(hears(&moved, &phone, desk, 1), "early media");
    // Its first answer again is past.
    bench.reply(&carrier, &says(&one, &carrier, &invite, 200, "one"));
    assert_eq!(bench.response_to(&phone).unwrap().status, 200);
    bench.media();
    assert!(hears(&moved, &phone, desk, 2) && !hears(&one, &phone, desk, 3));
    let in_order = [(3, 500), (4, 200)];
    for (cseq, expected) in in_order {
        let later = carrier.back("OPTIONS", &told, cseq);
        assert_eq!(answered(&mut bench, later).status, expected, "{cseq}");
    }
}
