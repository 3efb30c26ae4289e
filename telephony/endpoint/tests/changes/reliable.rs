//! Provisional responses that must be acknowledged (RFC 3262), on both sides of an outbound call.

use madoguchi_sip::message::{HeaderName, Request, Response};

use super::bench::Bench;
use super::desk::Settings;
use super::peer::{Peer, authorization};

const SDP: &str = "Content-Type: application/sdp\r\n";

/// A phone that has dialled out and requires 100rel, and the INVITE that the carrier got.
fn dialled(more: &str) -> (Bench, Peer, Peer, Request) {
    let mut bench = Bench::new(Settings::new());
    let (phone, carrier) = (Peer::new("127.0.0.1:6101"), Peer::new("127.0.0.1:6001"));
    assert_eq!(bench.register(&phone, ("201", "secret"), "r"), 200);
    let to = "0312345679";
    bench.send(&phone, phone.request("INVITE", "201", to, "out", 1, more));
    let asked = bench.response_to(&phone).unwrap();
    let proof = authorization(&asked, "INVITE", ("201", "secret"), to);
    let more = format!("{more}{proof}");
    bench.send(&phone, phone.request("INVITE", "201", to, "out", 2, &more));
    let invite = bench.request_to(&carrier).expect("the carrier is called");
    (bench, phone, carrier, invite)
}

/// A provisional answer of the carrier, with a description if `voice`.
fn progress(carrier: &Peer, invite: &Request, status: u16, tag: &str, voice: bool) -> Response {
    let mut response = invite.respond(status, None);
    response.set_to_tag(tag);
    let contact = format!("<sip:{tag}@{}>", carrier.addr);
    response.headers.push(HeaderName::Contact, contact);
    if voice {
        response
            .headers
            .push(HeaderName::ContentType, "application/sdp");
        response.body = carrier.offer().into_bytes();
    }
    response
}

fn reliable(mut response: Response, rseq: u32) -> Response {
    response.headers.push(HeaderName::Require, "100rel");
    response.headers.push(HeaderName::RSeq, rseq.to_string());
    response
}

fn rseq(response: &Response) -> u32 {
    let text = response.headers.get(&HeaderName::RSeq).unwrap();
    text.parse().unwrap()
}

fn prack(phone: &Peer, progress: &Response, rseq: u32, cseq: u32) -> Vec<u8> {
    let more = format!("RAck: {rseq} 2 INVITE\r\n");
    phone.in_dialog_with("PRACK", progress, cseq, &more, "")
}

#[test]
fn progress_is_repeated_until_its_prack_and_200_waits_for_it() {
    let (mut bench, phone, carrier, invite) = dialled("Require: 100rel\r\n");
    bench.reply(&carrier, &progress(&carrier, &invite, 183, "far", true));
    let first = bench.all_progress_to(&phone);
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].headers.get(&HeaderName::Require), Some("100rel"));
    assert!(!first[0].body.is_empty());
    bench.pass(499);
    assert!(bench.all_progress_to(&phone).is_empty());
    bench.pass(3_001);
    let again = bench.all_progress_to(&phone);
    assert_eq!(again.len(), 3, "after 500, 1500 and 3500 ms");
    assert!(
        again
            .iter()
            .all(|response| rseq(response) == rseq(&first[0]))
    );
    // More news, and the answer, wait.
    bench.reply(&carrier, &progress(&carrier, &invite, 180, "far", false));
    let mut accepted = carrier.answer(&invite, 200);
    accepted.headers.set(
        HeaderName::To,
        progress(&carrier, &invite, 183, "far", false)
            .headers
            .get(&HeaderName::To)
            .unwrap(),
    );
    bench.reply(&carrier, &accepted);
    let finals = bench.responses_to(&phone);
    assert!(
        finals.iter().all(|response| response.status == 401),
        "{finals:?}"
    );
    bench.send(&phone, prack(&phone, &first[0], rseq(&first[0]) + 1, 3));
    assert_eq!(
        bench.response_to(&phone).unwrap().status,
        481,
        "another number"
    );
    bench.send(&phone, prack(&phone, &first[0], rseq(&first[0]), 4));
    let finals = bench.responses_to(&phone);
    let told: Vec<_> = finals
        .iter()
        .map(|response| (response.status, response.cseq().unwrap().method.to_string()))
        .collect();
    assert_eq!(
        told,
        [(200, "PRACK".to_owned()), (200, "INVITE".to_owned())]
    );
    bench.send(&phone, prack(&phone, &first[0], rseq(&first[0]), 5));
    assert_eq!(
        bench.response_to(&phone).unwrap().status,
        481,
        "nothing is left to acknowledge"
    );
    bench.secs(40);
    assert!(bench.all_progress_to(&phone).is_empty());
}

#[test]
fn news_follow_the_prack_with_the_next_number() {
    let (mut bench, phone, carrier, invite) = dialled("Require: 100rel\r\n");
    bench.reply(&carrier, &progress(&carrier, &invite, 180, "far", false));
    let first = bench.all_progress_to(&phone).remove(0);
    bench.reply(&carrier, &progress(&carrier, &invite, 183, "far", true));
    assert!(bench.all_progress_to(&phone).is_empty());
    bench.send(&phone, prack(&phone, &first, rseq(&first), 3));
    let second = bench.all_progress_to(&phone).remove(0);
    assert_eq!((second.status, rseq(&second)), (183, rseq(&first) + 1));
}

/// RFC 3262 section 3: 64 × T1.
#[test]
fn a_call_whose_progress_is_never_acknowledged_is_refused() {
    let (mut bench, phone, carrier, invite) = dialled("Require: 100rel\r\n");
    bench.reply(&carrier, &progress(&carrier, &invite, 183, "far", true));
    bench.secs(33);
    assert_eq!(bench.response_to(&phone).unwrap().status, 504);
    let cancel = bench.requests_to(&carrier).remove(0);
    assert_eq!(cancel.method.as_str(), "CANCEL");
    assert_eq!(bench.switch.calls_in_progress(), 0);
}

#[test]
fn a_phone_that_does_not_require_it_gets_progress_as_ever() {
    let (mut bench, phone, carrier, invite) = dialled("Supported: 100rel\r\n");
    bench.reply(&carrier, &progress(&carrier, &invite, 180, "far", false));
    let told = bench.all_progress_to(&phone).remove(0);
    assert_eq!(told.headers.get(&HeaderName::Require), None);
    bench.secs(10);
    assert!(bench.all_progress_to(&phone).is_empty());
}

/// RFC 3262 section 4.
#[test]
fn reliable_progress_of_a_carrier_is_acknowledged_once_and_in_order() {
    let (mut bench, phone, carrier, invite) = dialled("");
    let supported: Vec<_> = invite.headers.list(&HeaderName::Supported).collect();
    assert!(supported.contains(&"100rel"), "{supported:?}");
    let first = reliable(progress(&carrier, &invite, 183, "far", true), 9_001);
    bench.reply(&carrier, &first);
    let prack = bench.request_to(&carrier).unwrap();
    assert_eq!(prack.method.as_str(), "PRACK");
    assert_eq!(prack.headers.get(&HeaderName::RAck), Some("9001 1 INVITE"));
    assert_eq!(prack.uri.user.as_deref(), Some("far"));
    assert_eq!(prack.to().unwrap().tag(), Some("far"));
    assert_eq!(prack.cseq().unwrap().seq, 2);
    bench.reply(&carrier, &carrier.answer(&prack, 200));
    // Again, and one too many: neither is acknowledged.
    bench.reply(&carrier, &first);
    bench.reply(
        &carrier,
        &reliable(progress(&carrier, &invite, 180, "far", false), 9_003),
    );
    assert!(bench.request_to(&carrier).is_none());
    bench.reply(
        &carrier,
        &reliable(progress(&carrier, &invite, 180, "far", false), 9_002),
    );
    let prack = bench.request_to(&carrier).unwrap();
    assert_eq!(prack.headers.get(&HeaderName::RAck), Some("9002 1 INVITE"));
    bench.reply(&carrier, &carrier.answer(&prack, 200));
    // The answer was told early: 200 need not repeat it. Its ACK has the number of the INVITE.
    let mut accepted = carrier.answer(&invite, 200);
    accepted
        .headers
        .set(HeaderName::To, first.headers.get(&HeaderName::To).unwrap());
    accepted.headers.remove(&HeaderName::ContentType);
    accepted.body.clear();
    bench.reply(&carrier, &accepted);
    let acks = bench.acks_to(&carrier);
    assert_eq!((acks.len(), acks[0].cseq().unwrap().seq), (1, 1));
    assert_eq!(bench.response_to(&phone).unwrap().status, 200);
    assert!(bench.request_to(&carrier).is_none(), "no BYE");
}

/// RFC 3311 5.1: the first offer is answered, and the answer is known to have come.
#[test]
fn an_offer_in_update_is_answered_once_the_early_answer_was_acknowledged() {
    let (mut bench, phone, carrier, invite) = dialled("Require: 100rel\r\n");
    bench.reply(&carrier, &progress(&carrier, &invite, 183, "far", true));
    let first = bench.all_progress_to(&phone).remove(0);
    let update = |cseq| phone.in_dialog_with("UPDATE", &first, cseq, SDP, &phone.offer());
    bench.send(&phone, update(3));
    assert_eq!(bench.response_to(&phone).unwrap().status, 500);
    bench.send(&phone, prack(&phone, &first, rseq(&first), 4));
    assert_eq!(bench.response_to(&phone).unwrap().status, 200);
    bench.send(&phone, update(5));
    let answer = bench.response_to(&phone).unwrap();
    assert_eq!((answer.status, answer.body.is_empty()), (200, false));
    bench.reply(&carrier, &carrier.answer(&invite, 200));
    let accepted = bench.response_to(&phone).unwrap();
    assert_eq!(accepted.status, 200);
    assert_eq!(accepted.body, answer.body, "what was agreed on last");
}

/// A new offer in PRACK (RFC 3262 section 5).
#[test]
fn an_offer_in_prack_is_answered() {
    let (mut bench, phone, carrier, invite) = dialled("Require: 100rel\r\n");
    bench.reply(&carrier, &progress(&carrier, &invite, 183, "far", true));
    let first = bench.all_progress_to(&phone).remove(0);
    let more = format!("RAck: {} 2 INVITE\r\n{SDP}", rseq(&first));
    let offer = phone.offer();
    bench.send(
        &phone,
        phone.in_dialog_with("PRACK", &first, 3, &more, &offer),
    );
    let answer = bench.response_to(&phone).unwrap();
    assert_eq!(answer.status, 200);
    assert!(String::from_utf8(answer.body).unwrap().contains("m=audio "));
}
