//! Trunks that stay, change and move in the settings.

use madoguchi_endpoint::switch::{Peer as PeerAddress, SwitchInput};
use madoguchi_sip::message::{Method, Request};

use super::bench::Bench;
use super::desk::{Settings, registering, trunk};
use super::peer::{Peer, expires, proves};

const SECRET: (&str, &str) = ("201", "secret");

fn carriers() -> (Peer, Peer) {
    (Peer::new("127.0.0.1:6001"), Peer::new("127.0.0.1:6002"))
}

/// A desk with this trunk alone.
fn with(trunk: madoguchi_endpoint::settings::Trunk) -> Bench {
    let mut settings = Settings::new();
    settings.endpoint.trunks = vec![trunk];
    Bench::new(settings)
}

/// The desk registers with a carrier that asks for proof; what proved it.
fn until_registered(bench: &mut Bench, carrier: &Peer) -> Request {
    let first = bench.request_to(carrier).expect("the desk registers");
    bench.reply(carrier, &carrier.challenge(&first, "salt"));
    let second = bench.request_to(carrier).expect("the desk answers");
    bench.reply(carrier, &carrier.answer(&second, 200));
    second
}

/// The phone 201 dials a number outside; what the carrier gets.
fn dial(bench: &mut Bench, phone: &Peer, carrier: &Peer, call: &str) -> Option<Request> {
    bench.prove(phone, SECRET, "INVITE", "0312345678", call);
    bench.request_to(carrier)
}

#[test]
fn a_trunk_keeps_its_registration_whatever_its_place_in_the_settings() {
    let (one, other) = carriers();
    let mut bench = with(registering("one", "127.0.0.1:6001", "one"));
    assert!(proves(&until_registered(&mut bench, &one), "one"));
    bench.change(|settings| {
        let trunk = registering("other", "127.0.0.1:6002", "other");
        settings.endpoint.trunks.insert(0, trunk);
        settings.endpoint.trunks[1].max_outbound = 5;
    });
    bench.look_up();
    assert!(proves(&until_registered(&mut bench, &other), "other"));
    assert!(bench.requests_to(&one).is_empty(), "nothing is to be done");
    // Each is refreshed at its own carrier, in its own sequence.
    bench.secs(480);
    for (carrier, user) in [(&one, "one"), (&other, "other")] {
        let refresh = bench.request_to(carrier).expect("a refresh is due");
        assert_eq!(refresh.cseq().unwrap().seq, 3);
        assert_eq!(expires(&refresh), Some("600"));
        bench.reply(carrier, &carrier.challenge(&refresh, "new"));
        let proof = bench.request_to(carrier).unwrap();
        assert!(proves(&proof, user));
        bench.reply(carrier, &carrier.answer(&proof, 200));
    }
}

#[test]
fn a_registration_in_progress_is_finished_at_its_own_carrier_after_the_trunks_moved() {
    let (one, other) = carriers();
    let mut bench = with(registering("one", "127.0.0.1:6001", "one"));
    let first = bench.request_to(&one).unwrap();
    bench.change(|settings| {
        let trunk = registering("other", "127.0.0.1:6002", "other");
        settings.endpoint.trunks.insert(0, trunk);
    });
    bench.reply(&one, &one.challenge(&first, "salt"));
    assert!(proves(&bench.request_to(&one).unwrap(), "one"));
    assert!(bench.requests_to(&other).is_empty());
}

#[test]
fn a_call_answers_the_challenge_of_its_own_trunk_after_the_trunks_moved() {
    let (one, _) = carriers();
    let phone = Peer::new("127.0.0.1:7001");
    let mut outbound = registering("one", "127.0.0.1:6001", "one");
    outbound.register = None;
    let mut bench = with(outbound);
    let invite = dial(&mut bench, &phone, &one, "out").expect("it goes out");
    bench.change(|settings| {
        let trunk = registering("other", "127.0.0.1:6002", "other");
        settings.endpoint.trunks.insert(0, trunk);
    });
    bench.reply(&one, &one.challenge(&invite, "salt"));
    let again = bench.request_to(&one).expect("it is tried again");
    assert!(again.method == Method::Invite && proves(&again, "one"));
}

#[test]
fn a_call_answers_the_challenge_of_a_trunk_that_is_gone_and_goes_on() {
    let (one, _) = carriers();
    let phone = Peer::new("127.0.0.1:7001");
    let mut outbound = registering("one", "127.0.0.1:6001", "one");
    outbound.register = None;
    let mut bench = with(outbound);
    let invite = dial(&mut bench, &phone, &one, "out").unwrap();
    bench.change(|settings| settings.endpoint.trunks.clear());
    bench.reply(&one, &one.challenge(&invite, "salt"));
    let again = bench.request_to(&one).unwrap();
    assert!(proves(&again, "one"));
    bench.reply(&one, &one.answer(&again, 200));
    bench.media();
    let accepted = bench.response_to(&phone).unwrap();
    assert_eq!(accepted.status, 200);
    bench.send(&phone, phone.in_dialog("ACK", &accepted, 2));
    assert!(dial(&mut bench, &phone, &one, "another").is_none());
    bench.response_to(&phone);
    bench.send(&phone, phone.in_dialog("BYE", &accepted, 3));
    let bye = bench.request_to(&one).unwrap();
    assert_eq!(bye.method, Method::Bye);
    bench.reply(&one, &one.answer(&bye, 200));
    bench.secs(60);
    assert_eq!(bench.switch.remembered(), 0, "nothing of the trunk is kept");
}

#[test]
fn the_count_of_calls_through_a_trunk_survives() {
    let (one, _) = carriers();
    let phone = Peer::new("127.0.0.1:7001");
    let mut narrow = trunk("one", "127.0.0.1:6001");
    narrow.max_outbound = 1;
    let mut bench = with(narrow);
    bench.change(|settings| {
        settings
            .endpoint
            .phones
            .push(super::desk::phone("b", "202", "other"));
        settings.engine.agents.push(super::desk::agent("b", "202"));
    });
    assert!(dial(&mut bench, &phone, &one, "first").is_some());
    bench.change(|settings| {
        settings
            .endpoint
            .trunks
            .insert(0, trunk("new", "127.0.0.1:6003"))
    });
    bench.change(|settings| {
        settings.endpoint.trunks.remove(0);
    });
    let other = Peer::new("127.0.0.1:7002");
    let refusal = bench.prove(&other, ("202", "other"), "INVITE", "0312345678", "second");
    assert_eq!(refusal.status, 480, "there is room for one call");
    assert!(bench.request_to(&one).is_none());
}

#[test]
fn a_trunk_with_a_new_host_takes_calls_when_the_name_is_looked_up_and_not_sooner() {
    let (one, other) = carriers();
    let phone = Peer::new("127.0.0.1:7001");
    let mut bench = with(trunk("one", "127.0.0.1:6001"));
    let old_hosts = bench.switch.trunk_hosts();
    bench.change(|settings| settings.endpoint.trunks = vec![trunk("one", "127.0.0.1:6002")]);
    // The answer to the old question comes late.
    let late = SwitchInput::Resolved {
        trunk: old_hosts[0].trunk,
        peers: Vec::from_iter(PeerAddress::of_literal(
            &"sip:127.0.0.1:6001".parse().unwrap(),
        )),
        registrars: Vec::new(),
    };
    bench.input(late);
    assert!(dial(&mut bench, &phone, &one, "too soon").is_none());
    assert!(bench.requests_to(&other).is_empty());
    bench.look_up();
    assert!(dial(&mut bench, &phone, &other, "now").is_some());
    assert!(bench.requests_to(&one).is_empty());
}

#[test]
fn calls_come_in_by_the_addresses_of_the_new_settings_and_those_that_came_go_on() {
    let (one, other) = carriers();
    let mut bench = with(trunk("one", "127.0.0.1:6001"));
    let accepted = bench.call(&one, "5000", "before");
    bench.change(|settings| {
        settings.endpoint.trunks[0].sources = trunk("", "127.0.0.1:6002").sources
    });
    assert_eq!(bench.call(&one, "5000", "after").status, 401);
    assert_eq!(bench.call(&other, "5000", "new").status, 200);
    bench.change(|settings| settings.endpoint.trunks.clear());
    assert_eq!(bench.switch.calls_in_progress(), 2);
    // What is not welcome any more does not bury what is.
    for n in 0..30 {
        let bytes = one.request("INVITE", "0312345678", "5000", &format!("flood{n}"), 1, "");
        bench.send(&one, bytes);
    }
    bench.sent.clear();
    bench.send(&one, one.in_dialog("BYE", &accepted, 2));
    assert_eq!(bench.response_to(&one).unwrap().status, 200);
    assert_eq!(bench.switch.calls_in_progress(), 1);
}

#[test]
fn a_trunk_that_proves_itself_by_digest_is_known_by_its_new_password_alone() {
    let inbound = |password: &str| madoguchi_endpoint::settings::TrunkAuth {
        user: "carrier".to_owned(),
        secrets: madoguchi_sip::digest::Ha1::all("carrier", super::desk::REALM, password),
    };
    let mut by_digest = trunk("one", "127.0.0.1:6001");
    by_digest.sources.clear();
    by_digest.inbound_auth = Some(inbound("old"));
    let mut bench = with(by_digest);
    let carrier = Peer::new("127.0.0.1:6001");
    bench.change(|settings| settings.endpoint.trunks[0].inbound_auth = Some(inbound("new")));
    let status = |bench: &mut Bench, password, call| {
        let who = ("carrier", password);
        bench.prove(&carrier, who, "INVITE", "5000", call).status
    };
    assert_eq!(status(&mut bench, "old", "1"), 401);
    assert_eq!(status(&mut bench, "new", "2"), 200);
}
