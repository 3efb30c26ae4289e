//! Carriers that challenge: the INVITE, more than once, and what follows inside the dialog.

use madoguchi_endpoint::settings::{Credentials, Trunk};
use madoguchi_endpoint::switch::SwitchInput;
use madoguchi_sip::digest::{self, Algorithm, Ha1, Verification, Verifier, challenge};
use madoguchi_sip::message::{HeaderName, Method, Request, Response};

use super::bench::Bench;
use super::desk::{Settings, registering, trunk};
use super::peer::Peer;

const PHONE: (&str, &str) = ("201", "secret");
/// With what the carrier makes its nonces.
const NONCE_KEY: [u8; 32] = [9; 32];

/// A carrier that knows us by user and password.
fn known() -> Trunk {
    Trunk {
        credentials: Some(Credentials {
            user: "desk".to_owned(),
            password: "right".to_owned(),
        }),
        ..trunk("carrier", "127.0.0.1:6001")
    }
}

fn bench() -> Bench {
    let mut settings = Settings::new();
    settings.endpoint.trunks = vec![known()];
    Bench::new(settings)
}

/// A phone that has dialled out, and the INVITE that the carrier got.
fn dialled(mut bench: Bench) -> (Bench, Peer, Peer, Request) {
    let (phone, carrier) = (Peer::new("127.0.0.1:6101"), Peer::new("127.0.0.1:6001"));
    assert_eq!(bench.register(&phone, PHONE, "r"), 200);
    bench.prove(&phone, PHONE, "INVITE", "0312345679", "out");
    let invite = bench.request_to(&carrier).expect("the carrier is called");
    assert!(proofs(&invite).is_empty());
    (bench, phone, carrier, invite)
}

/// 401 or 407 with a nonce of this salt.
fn challenged(request: &Request, status: u16, salt: &str, stale: bool) -> Response {
    let mut response = request.respond(status, None);
    response.set_to_tag("proxy");
    let name = if status == 407 {
        HeaderName::ProxyAuthenticate
    } else {
        HeaderName::WwwAuthenticate
    };
    let asked = challenge(Algorithm::Sha256, "carrier", &NONCE_KEY, salt, 0, stale);
    response.headers.push(name, asked);
    response
}

/// What a request proves itself with: the header field, the salt of the nonce, its use; all right.
fn proofs(request: &Request) -> Vec<(&'static str, String, u32)> {
    let secrets = Ha1::all("desk", "carrier", "right");
    let verifier = Verifier {
        realm: "carrier",
        offered: &Algorithm::ALL,
        nonce_secret: &NONCE_KEY,
    };
    let mut found = Vec::new();
    for (name, label) in [
        (HeaderName::Authorization, "own"),
        (HeaderName::ProxyAuthorization, "proxy"),
    ] {
        for text in request.headers.get_all(&name) {
            let given = digest::Credentials::parse(text).unwrap();
            let method = match &request.method {
                Method::Ack => "INVITE",
                other => other.as_str(),
            };
            let verdict = verifier.verify(&given, method, &request.uri, &secrets, 0);
            // An ACK has the proof of its INVITE, which went to another address.
            let is_right = matches!(verdict, Verification::Valid { .. });
            assert!(is_right || request.method == Method::Ack, "{text}");
            let salt = given.nonce.split('-').nth(1).unwrap().to_owned();
            found.push((label, salt, given.nonce_count.unwrap()));
        }
    }
    found
}

fn once(label: &'static str, salt: &str) -> Vec<(&'static str, String, u32)> {
    vec![(label, salt.to_owned(), 1)]
}

/// The carrier challenges a request; the one that comes with proof.
fn prove(bench: &mut Bench, carrier: &Peer, request: &Request, salt: &str) -> Request {
    bench.reply(carrier, &challenged(request, 407, salt, false));
    let again = bench.request_to(carrier).expect("it comes with proof");
    assert_eq!(again.method, request.method);
    assert_eq!(proofs(&again), once("proxy", salt), "{}", again.method);
    let number = |request: &Request| request.cseq().unwrap().seq;
    assert_eq!(number(&again), number(request) + 1);
    assert_ne!(
        again.via().unwrap().branch(),
        request.via().unwrap().branch()
    );
    again
}

/// RFC 3261 22.3, 13.2.2.4.
#[test]
fn what_a_carrier_challenges_within_a_call_comes_again_with_proof() {
    let (mut bench, phone, carrier, first) = dialled(bench());
    let invite = prove(&mut bench, &carrier, &first, "invite");
    let mut early = carrier.answer(&invite, 183);
    early.headers.push(HeaderName::Require, "100rel");
    early.headers.push(HeaderName::RSeq, "5");
    bench.reply(&carrier, &early);
    let prack = bench.request_to(&carrier).unwrap();
    let again = prove(&mut bench, &carrier, &prack, "prack");
    assert_eq!(
        again.headers.get(&HeaderName::RAck),
        prack.headers.get(&HeaderName::RAck)
    );
    bench.reply(&carrier, &carrier.answer(&again, 200));
    bench.acks_to(&carrier);
    bench.reply(&carrier, &carrier.answer(&invite, 200));
    let ack = bench.acks_to(&carrier).pop().unwrap();
    assert_eq!(ack.cseq().unwrap().seq, invite.cseq().unwrap().seq);
    let name = HeaderName::ProxyAuthorization;
    assert!(ack.headers.get(&name).is_some());
    assert_eq!(ack.headers.get(&name), invite.headers.get(&name));
    bench.media();
    let accepted = bench.response_to(&phone).unwrap();
    bench.send(&phone, phone.in_dialog("ACK", &accepted, 2));
    // The carrier speaks no telephone-event: keys go by INFO.
    let keys = "Content-Type: application/dtmf-relay\r\n";
    let body = "Signal=5\r\nDuration=160\r\n";
    bench.send(
        &phone,
        phone.in_dialog_with("INFO", &accepted, 3, keys, body),
    );
    let info = bench.request_to(&carrier).expect("the key goes on");
    let again = prove(&mut bench, &carrier, &info, "info");
    assert_eq!(again.body, info.body);
    bench.reply(&carrier, &carrier.answer(&again, 200));
    bench.send(&phone, phone.in_dialog("BYE", &accepted, 4));
    let bye = bench.request_to(&carrier).unwrap();
    assert_eq!(bye.method, Method::Bye);
    let again = prove(&mut bench, &carrier, &bye, "bye");
    bench.reply(&carrier, &carrier.answer(&again, 200));
    bench.secs(120);
    assert_eq!(bench.switch.remembered(), 0);
}

#[test]
fn a_carrier_that_never_believes_a_bye_is_asked_no_more_than_a_few_times() {
    for (stale, expected) in [(false, 2), (true, 5)] {
        let mut bench = bench();
        let carrier = Peer::new("127.0.0.1:6001");
        let call = bench.call(&carrier, "5000", "c");
        assert_eq!(call.status, 200);
        bench.input(SwitchInput::EndAll);
        let mut byes = 0;
        while let Some(bye) = bench.request_to(&carrier) {
            assert_eq!(bye.method, Method::Bye);
            assert!(!bench.switch.is_quiet(), "a stop waits for the BYE");
            byes += 1;
            let refused = challenged(&bye, 401, &format!("s{byes}"), stale && byes > 1);
            bench.reply(&carrier, &refused);
        }
        assert_eq!(byes, expected);
        assert!(bench.switch.is_quiet());
    }
}

#[test]
fn a_second_fork_that_is_sent_away_by_a_challenged_bye_is_sent_away_with_proof() {
    let (mut bench, _phone, carrier, first) = dialled(bench());
    let invite = prove(&mut bench, &carrier, &first, "invite");
    bench.reply(&carrier, &carrier.answer(&invite, 200));
    bench.acks_to(&carrier);
    let mut fork = carrier.answer(&invite, 200);
    let to = fork.headers.get(&HeaderName::To).unwrap();
    let to = to.replace("tag=peer", "tag=other");
    fork.headers.set(HeaderName::To, to);
    bench.reply(&carrier, &fork);
    let ack = bench.acks_to(&carrier).pop().unwrap();
    assert_eq!(proofs(&ack), once("proxy", "invite"));
    let bye = bench.request_to(&carrier).unwrap();
    let again = prove(&mut bench, &carrier, &bye, "bye");
    assert_eq!(again.to().unwrap().tag(), Some("other"));
    assert_eq!(bench.switch.calls_in_progress(), 1);
}

/// RFC 7616 3.4: the same use of a nonce twice is a replay.
#[test]
fn an_invite_with_a_longer_interval_begins_its_proof_anew() {
    let mut settings = Settings::new();
    settings.endpoint.trunks = vec![known()];
    settings.endpoint.session_expires_secs = 90;
    let (mut bench, phone, carrier, first) = dialled(Bench::new(settings));
    let proven = prove(&mut bench, &carrier, &first, "a");
    let mut refused = carrier.answer(&proven, 422);
    refused.headers.push(HeaderName::MinSe, "300");
    bench.reply(&carrier, &refused);
    let longer = bench.request_to(&carrier).expect("a longer interval");
    assert_eq!(longer.headers.get(&HeaderName::SessionExpires), Some("300"));
    assert!(proofs(&longer).is_empty(), "{longer:?}");
    let proven = prove(&mut bench, &carrier, &longer, "b");
    bench.reply(&carrier, &carrier.answer(&proven, 200));
    assert_eq!(bench.response_to(&phone).unwrap().status, 200);
    assert_eq!(bench.switch.calls_in_progress(), 1);
}

/// RFC 3261 22.2, 22.3: a nonce that is too old, and a proxy before whoever answers.
#[test]
fn an_invite_is_proven_to_everyone_who_asks_with_a_nonce_of_their_own() {
    let (mut bench, phone, carrier, first) = dialled(bench());
    let proven = prove(&mut bench, &carrier, &first, "a");
    bench.reply(&carrier, &challenged(&proven, 407, "b", true));
    let fresh = bench.request_to(&carrier).expect("with the new nonce");
    assert_eq!(proofs(&fresh), once("proxy", "b"));
    bench.reply(&carrier, &challenged(&fresh, 401, "c", false));
    let both = bench.request_to(&carrier).expect("with both proofs");
    let expected = [("own", "c".to_owned(), 1), ("proxy", "b".to_owned(), 2)];
    assert_eq!(proofs(&both), expected);
    bench.reply(&carrier, &carrier.answer(&both, 200));
    let ack = bench.acks_to(&carrier).pop().unwrap();
    assert_eq!(proofs(&ack), expected);
    assert_eq!(bench.response_to(&phone).unwrap().status, 200);
}

#[test]
fn a_carrier_that_does_not_believe_our_proof_is_not_asked_again() {
    for (salt, stale) in [("b", false), ("a", true), ("a", false)] {
        let (mut bench, phone, carrier, first) = dialled(bench());
        let proven = prove(&mut bench, &carrier, &first, "a");
        bench.reply(&carrier, &challenged(&proven, 407, salt, stale));
        assert!(bench.request_to(&carrier).is_none(), "{salt} {stale}");
        assert_eq!(bench.response_to(&phone).unwrap().status, 403);
    }
    let (mut bench, phone, carrier, mut invite) = dialled(bench());
    for round in 1..=4 {
        let asked = challenged(&invite, 407, &format!("s{round}"), round > 1);
        bench.reply(&carrier, &asked);
        invite = bench.request_to(&carrier).expect("one more round");
    }
    bench.reply(&carrier, &challenged(&invite, 407, "s5", true));
    assert!(bench.request_to(&carrier).is_none());
    assert_eq!(bench.response_to(&phone).unwrap().status, 403);
}

#[test]
fn a_registration_whose_nonce_is_too_old_is_proven_anew() {
    let mut settings = Settings::new();
    settings.endpoint.trunks = vec![Trunk {
        credentials: known().credentials,
        ..registering("one", "127.0.0.1:6001", "one")
    }];
    let mut bench = Bench::new(settings);
    let carrier = Peer::new("127.0.0.1:6001");
    let first = bench.request_to(&carrier).unwrap();
    let proven = prove(&mut bench, &carrier, &first, "a");
    bench.reply(&carrier, &challenged(&proven, 407, "b", true));
    let fresh = bench.request_to(&carrier).expect("at once");
    assert_eq!(proofs(&fresh), once("proxy", "b"));
    bench.reply(&carrier, &challenged(&fresh, 407, "c", false));
    assert!(bench.request_to(&carrier).is_none(), "it waits");
    bench.secs(10);
    let later = bench.request_to(&carrier).expect("another try");
    prove(&mut bench, &carrier, &later, "d");
}

#[test]
fn a_refresh_with_a_longer_interval_begins_its_proof_anew() {
    let mut settings = Settings::new();
    settings.endpoint.trunks = vec![known()];
    settings.endpoint.session_expires_secs = 90;
    let mut bench = Bench::new(settings);
    let carrier = Peer::new("127.0.0.1:6001");
    let more = "Supported: timer\r\n";
    bench.send(
        &carrier,
        carrier.request("INVITE", "0312345678", "5000", "c", 1, more),
    );
    let accepted = bench.response_to(&carrier).unwrap();
    bench.send(&carrier, carrier.in_dialog("ACK", &accepted, 1));
    bench.secs(45);
    let refresh = bench.request_to(&carrier).expect("the desk refreshes");
    let proven = prove(&mut bench, &carrier, &refresh, "a");
    let mut refused = proven.respond(422, None);
    refused.headers.push(HeaderName::MinSe, "300");
    bench.reply(&carrier, &refused);
    let longer = bench.request_to(&carrier).expect("with a longer interval");
    assert!(proofs(&longer).is_empty());
    let proven = prove(&mut bench, &carrier, &longer, "b");
    bench.acks_to(&carrier);
    bench.reply(&carrier, &carrier.answer(&proven, 200));
    let ack = bench.acks_to(&carrier).pop().unwrap();
    assert_eq!(proofs(&ack), once("proxy", "b"));
}

/// A phone behind the address of a carrier is not told what proves us to the carrier.
#[test]
fn a_phone_that_challenges_gets_no_proof_of_a_carriers_password() {
    let (mut bench, phone, carrier, invite) = dialled(bench());
    bench.reply(&carrier, &carrier.answer(&invite, 200));
    bench.media();
    let accepted = bench.response_to(&phone).unwrap();
    bench.send(&phone, phone.in_dialog("ACK", &accepted, 2));
    bench.send(
        &carrier,
        carrier.back("BYE", &carrier.answer(&invite, 200), 1),
    );
    let bye = bench.request_to(&phone).unwrap();
    bench.reply(&phone, &challenged(&bye, 407, "a", false));
    assert!(bench.requests_to(&phone).is_empty());
}
