//! How registrations with carriers end when their trunks leave, and when they do not.

use madoguchi_endpoint::settings::Trunk;
use madoguchi_sip::message::Request;

use super::bench::Bench;
use super::desk::{Settings, registering};
use super::peer::{Peer, expires, proves};

fn one() -> Trunk {
    registering("one", "127.0.0.1:6001", "one")
}

/// A desk that begins to register with one carrier.
fn begun() -> (Bench, Peer, Request) {
    let mut settings = Settings::new();
    settings.endpoint.trunks = vec![one()];
    let mut bench = Bench::new(settings);
    let carrier = Peer::new("127.0.0.1:6001");
    let register = bench.request_to(&carrier).expect("the desk registers");
    (bench, carrier, register)
}

fn registered() -> (Bench, Peer, Request) {
    let (mut bench, carrier, register) = begun();
    bench.reply(&carrier, &carrier.answer(&register, 200));
    (bench, carrier, register)
}

fn trunks(bench: &mut Bench, trunks: Vec<Trunk>) {
    bench.change(|settings| settings.endpoint.trunks = trunks);
    bench.look_up();
}

fn nothing_is_left(bench: &mut Bench, carrier: &Peer) {
    bench.secs(3_600);
    assert!(bench.requests_to(carrier).is_empty());
    assert_eq!(bench.switch.remembered(), 0);
}

#[test]
fn the_registration_of_a_trunk_that_is_gone_is_ended_with_proof_if_asked_for() {
    let (mut bench, carrier, register) = registered();
    trunks(&mut bench, vec![]);
    let end = bench.request_to(&carrier).expect("the end is told");
    assert_eq!(
        (end.method.as_str(), expires(&end)),
        ("REGISTER", Some("0"))
    );
    assert_eq!(end.call_id(), register.call_id());
    assert_eq!(end.cseq().unwrap().seq, 2);
    let contact = |request: &Request| request.contact().unwrap().uri;
    assert_eq!(contact(&end), contact(&register));
    bench.reply(&carrier, &carrier.challenge(&end, "salt"));
    let proof = bench.request_to(&carrier).unwrap();
    assert!(proves(&proof, "one") && expires(&proof) == Some("0"));
    bench.reply(&carrier, &carrier.answer(&proof, 200));
    nothing_is_left(&mut bench, &carrier);
}

#[test]
fn a_carrier_that_does_not_answer_the_end_is_given_up() {
    let (mut bench, carrier, _) = registered();
    trunks(&mut bench, vec![]);
    bench.secs(40);
    bench.requests_to(&carrier);
    nothing_is_left(&mut bench, &carrier);
}

#[test]
fn a_trunk_that_never_registered_leaves_without_a_word() {
    let (mut bench, carrier, register) = begun();
    bench.reply(&carrier, &carrier.answer(&register, 403));
    trunks(&mut bench, vec![]);
    nothing_is_left(&mut bench, &carrier);
}

#[test]
fn a_registration_on_its_way_when_the_trunk_leaves_is_ended_as_soon_as_it_stands() {
    let (mut bench, carrier, register) = begun();
    trunks(&mut bench, vec![]);
    assert!(
        bench.requests_to(&carrier).is_empty(),
        "one REGISTER at a time (10.2)"
    );
    bench.reply(&carrier, &carrier.answer(&register, 200));
    let end = bench.request_to(&carrier).unwrap();
    assert_eq!(expires(&end), Some("0"));
    bench.reply(&carrier, &carrier.answer(&end, 200));
    nothing_is_left(&mut bench, &carrier);
}

#[test]
fn a_challenge_on_its_way_when_the_trunk_leaves_is_not_answered() {
    let (mut bench, carrier, register) = begun();
    trunks(&mut bench, vec![]);
    bench.reply(&carrier, &carrier.challenge(&register, "salt"));
    nothing_is_left(&mut bench, &carrier);
}

#[test]
fn a_refresh_on_its_way_when_the_trunk_leaves_and_in_vain_is_followed_by_the_end() {
    let (mut bench, carrier, _) = registered();
    bench.secs(480);
    let refresh = bench.request_to(&carrier).unwrap();
    trunks(&mut bench, vec![]);
    bench.reply(&carrier, &carrier.challenge(&refresh, "salt"));
    let end = bench.request_to(&carrier).unwrap();
    assert_eq!(expires(&end), Some("0"));
    bench.reply(&carrier, &carrier.answer(&end, 200));
    nothing_is_left(&mut bench, &carrier);
}

#[test]
fn a_new_name_or_password_takes_the_registration_over_without_a_gap() {
    let renamed = Trunk {
        name: "other".to_owned(),
        ..one()
    };
    let mut new_password = one();
    new_password.credentials.as_mut().unwrap().password = "secret-new".to_owned();
    for changed in [renamed, new_password] {
        let (mut bench, carrier, register) = registered();
        trunks(&mut bench, vec![changed]);
        let next = bench.request_to(&carrier).unwrap();
        assert_eq!(
            expires(&next),
            Some("600"),
            "not ended, but registered anew"
        );
        assert_ne!(next.call_id(), register.call_id());
        assert_eq!(next.to().unwrap().uri, register.to().unwrap().uri);
        bench.reply(&carrier, &carrier.answer(&next, 200));
        bench.secs(480);
        assert_eq!(bench.requests_to(&carrier).len(), 1, "one trunk refreshes");
    }
}

#[test]
fn another_address_of_record_is_registered_and_the_old_one_ended() {
    let (mut bench, carrier, register) = registered();
    let mut changed = one();
    changed.register.as_mut().unwrap().aor = "sip:new@carrier.example".to_owned();
    trunks(&mut bench, vec![changed]);
    let both = bench.requests_to(&carrier);
    let told = |request: &Request| {
        (
            request.to().unwrap().uri.to_string(),
            expires(request).unwrap().to_owned(),
        )
    };
    let mut told: Vec<_> = both.iter().map(told).collect();
    told.sort();
    let expected = [
        ("sip:new@carrier.example", "600"),
        ("sip:one@carrier.example", "0"),
    ];
    assert_eq!(
        told,
        expected.map(|(aor, secs)| (aor.to_owned(), secs.to_owned()))
    );
    assert!(
        both.iter()
            .any(|request| request.call_id() == register.call_id())
    );
}

#[test]
fn a_trunk_without_registration_any_more_ends_it_and_takes_calls_on() {
    let (mut bench, carrier, _) = registered();
    let plain = Trunk {
        register: None,
        ..one()
    };
    trunks(&mut bench, vec![plain]);
    let end = bench.request_to(&carrier).unwrap();
    assert_eq!(expires(&end), Some("0"));
    bench.reply(&carrier, &carrier.answer(&end, 200));
    assert_eq!(bench.call(&carrier, "5000", "c").status, 200);
}

#[test]
fn a_trunk_that_comes_back_while_its_registration_ends_registers_after_the_end() {
    // The end is answered, challenged or never answered.
    for answer in [Some(200), Some(401), None] {
        let (mut bench, carrier, _) = registered();
        trunks(&mut bench, vec![]);
        let end = bench.request_to(&carrier).unwrap();
        trunks(&mut bench, vec![one()]);
        assert!(
            bench.requests_to(&carrier).is_empty(),
            "the end is waited for"
        );
        match answer {
            Some(200) => bench.reply(&carrier, &carrier.answer(&end, 200)),
            Some(_) => bench.reply(&carrier, &carrier.challenge(&end, "salt")),
            None => bench.secs(33),
        }
        bench.pass(0);
        let register = |request: &Request| expires(request) == Some("600");
        let again = bench.requests_to(&carrier);
        let again = again.iter().find(|request| register(request));
        let again = again.expect("it registers again");
        bench.reply(&carrier, &carrier.answer(again, 200));
        bench.secs(480);
        assert_eq!(bench.requests_to(&carrier).len(), 1, "and refreshes once");
    }
}

#[test]
fn a_trunk_that_comes_back_under_another_name_waits_for_the_end_too() {
    let (mut bench, carrier, _) = registered();
    trunks(&mut bench, vec![]);
    let end = bench.request_to(&carrier).unwrap();
    let renamed = Trunk {
        name: "other".to_owned(),
        ..one()
    };
    trunks(&mut bench, vec![renamed]);
    assert!(bench.requests_to(&carrier).is_empty());
    bench.reply(&carrier, &carrier.answer(&end, 200));
    bench.pass(0);
    let again = bench.request_to(&carrier).unwrap();
    assert_eq!(expires(&again), Some("600"));
}

#[test]
fn a_trunk_that_a_call_kept_registers_again_when_it_comes_back() {
    let (mut bench, carrier, _) = registered();
    let phone = Peer::new("127.0.0.1:7001");
    let secret = ("201", "secret");
    bench.prove(&phone, secret, "INVITE", "0312345678", "out");
    let invite = bench.request_to(&carrier).expect("the call goes out");
    trunks(&mut bench, vec![]);
    let end = bench.request_to(&carrier).unwrap();
    bench.reply(&carrier, &carrier.answer(&end, 200));
    trunks(&mut bench, vec![one()]);
    let again = bench.request_to(&carrier).expect("it registers again");
    assert_eq!(expires(&again), Some("600"));
    assert_eq!(
        again.cseq().unwrap().seq,
        3,
        "it is the same trunk as before"
    );
    bench.reply(&carrier, &carrier.answer(&invite, 486));
    assert_eq!(bench.response_to(&phone).unwrap().status, 486);
}
