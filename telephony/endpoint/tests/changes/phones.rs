//! Phones that stay, change and go.

use madoguchi_core::live::{AgentCommand, AgentState};
use madoguchi_core::time::Millis;
use madoguchi_sip::message::{Method, Response};

use super::bench::Bench;
use super::desk::{Settings, agent, phone};
use super::peer::{Peer, authorization};

const SECRET: (&str, &str) = ("201", "secret");

/// A desk, its carrier, and the registered phone of "a", who is ready.
fn ready() -> (Bench, Peer, Peer) {
    let mut bench = Bench::new(Settings::new());
    let (carrier, phone) = (Peer::new("127.0.0.1:6001"), Peer::new("127.0.0.1:7001"));
    assert_eq!(bench.register(&phone, SECRET, "reg"), 200);
    assert!(bench.command("a", AgentCommand::Ready) && bench.reachable("a"));
    (bench, carrier, phone)
}

#[test]
fn a_phone_that_stays_keeps_its_registration_whatever_its_place_in_the_settings() {
    let (mut bench, carrier, phone_of_a) = ready();
    bench.change(|settings| {
        settings
            .endpoint
            .phones
            .insert(0, phone("b", "202", "other"));
        settings.engine.agents.insert(0, agent("b", "202"));
    });
    assert!(bench.reachable("a") && !bench.reachable("b"));
    assert_eq!(bench.state("b"), AgentState::LoggedOut);
    bench.call(&carrier, "5000", "c");
    let ringing = bench.request_to(&phone_of_a).map(|invite| invite.method);
    assert_eq!(ringing, Some(Method::Invite));
    let phone_of_b = Peer::new("127.0.0.1:7002");
    assert_eq!(bench.register(&phone_of_b, ("202", "other"), "new"), 200);
    assert!(bench.reachable("b"));
}

#[test]
fn a_phone_with_a_new_password_must_prove_itself_anew_at_once() {
    let (mut bench, carrier, phone_of_a) = ready();
    bench.change(|settings| settings.endpoint.phones = vec![phone("a", "201", "new secret")]);
    assert!(!bench.reachable("a"));
    assert_eq!(bench.state("a"), AgentState::Ready);
    bench.call(&carrier, "5000", "c");
    assert!(bench.request_to(&phone_of_a).is_none(), "nobody is rung");
    assert_eq!(bench.register(&phone_of_a, SECRET, "old"), 401);
    assert!(!bench.reachable("a"));
    assert_eq!(
        bench.register(&phone_of_a, ("201", "new secret"), "new"),
        200
    );
    assert!(bench.reachable("a"));
    assert!(
        bench.request_to(&phone_of_a).is_some(),
        "and the caller is put through"
    );
}

fn header_names(response: &Response) -> Vec<String> {
    let text = String::from_utf8_lossy(&response.to_bytes()).into_owned();
    let names = text.lines().map(|line| line.split(':').next().unwrap());
    names.map(str::to_owned).collect()
}

#[test]
fn a_phone_that_is_gone_gets_the_same_challenge_as_a_stranger() {
    let (mut bench, _, phone_of_a) = ready();
    bench.change(|settings| {
        settings.endpoint.phones.clear();
        settings.engine.agents.clear();
    });
    assert!(bench.agent("a").is_none());
    let gone = bench.prove(&phone_of_a, SECRET, "REGISTER", "201", "gone");
    let stranger = Peer::new("127.0.0.1:7999");
    let unknown = bench.prove(&stranger, ("999", "guess"), "REGISTER", "999", "guess");
    assert_eq!((gone.status, unknown.status), (401, 401));
    assert_eq!(header_names(&gone), header_names(&unknown));
    let dialled = bench.prove(&phone_of_a, SECRET, "INVITE", "5000", "dial");
    assert_eq!(dialled.status, 401);
    assert_eq!(bench.switch.calls_in_progress(), 0);
    // Nor is it listened to for longer than a stranger.
    for n in 0..30 {
        let bytes = phone_of_a.request("REGISTER", "201", "201", &format!("try{n}"), 1, "");
        bench.send(&phone_of_a, bytes);
    }
    assert!(bench.response_to(&phone_of_a).is_some());
    bench.send(
        &phone_of_a,
        phone_of_a.request("REGISTER", "201", "201", "late", 1, ""),
    );
    assert!(bench.response_to(&phone_of_a).is_none());
    bench.secs(60);
    // It comes back: what was registered before is not remembered.
    bench.change(|settings| {
        settings.endpoint.phones = vec![phone("a", "201", "secret")];
        settings.engine.agents = vec![agent("a", "201")];
    });
    assert!(!bench.reachable("a"));
    assert_eq!(bench.register(&phone_of_a, SECRET, "again"), 200);
    assert!(bench.reachable("a"));
}

#[test]
fn the_call_of_a_phone_that_is_gone_goes_on_to_its_end() {
    let (mut bench, carrier, phone_of_a) = ready();
    let caller = bench.call(&carrier, "5000", "c");
    let answer = bench.pick_up(&phone_of_a);
    bench.change(|settings| {
        settings.endpoint.phones.clear();
        settings.engine.agents.clear();
    });
    assert_eq!(bench.state("a"), AgentState::Talking);
    // The phone tries to register, again and again, until nobody listens to strangers from there.
    for n in 0..30 {
        let bytes = phone_of_a.request("REGISTER", "201", "201", &format!("try{n}"), 1, "");
        bench.send(&phone_of_a, bytes);
    }
    bench.sent.clear();
    bench.send(&phone_of_a, phone_of_a.back("BYE", &answer, 1));
    assert_eq!(bench.response_to(&phone_of_a).unwrap().status, 200);
    let bye = bench.request_to(&carrier).unwrap();
    assert_eq!(bye.method, Method::Bye);
    assert_eq!(bye.call_id(), caller.call_id());
    assert!(bench.agent("a").is_none());
    assert_eq!(bench.switch.calls_in_progress(), 0);
}

#[test]
fn a_phone_that_rings_while_it_is_taken_away_can_be_picked_up() {
    let (mut bench, carrier, phone_of_a) = ready();
    bench.call(&carrier, "5000", "c");
    bench.change(|settings| {
        settings.endpoint.phones.clear();
        settings.engine.agents.clear();
    });
    bench.pick_up(&phone_of_a);
    assert_eq!(bench.state("a"), AgentState::Talking);
}

#[test]
fn a_registration_follows_the_extension_to_another_agent() {
    let (mut bench, carrier, phone_of_a) = ready();
    bench.change(|settings| {
        settings.endpoint.phones = vec![phone("b", "201", "secret"), phone("a", "202", "other")];
        settings.engine.agents = vec![agent("a", "202"), agent("b", "201")];
    });
    assert!(bench.reachable("b") && !bench.reachable("a"));
    bench.command("b", AgentCommand::Ready);
    bench.call(&carrier, "5000", "c");
    assert!(bench.request_to(&phone_of_a).is_some());
    assert_eq!(bench.state("b"), AgentState::Ringing);
}

#[test]
fn fixed_contacts_follow_the_settings() {
    let mut settings = Settings::new();
    settings.endpoint.phones[0].fixed_contacts = vec!["sip:201@127.0.0.1:7001".to_owned()];
    let mut bench = Bench::new(settings);
    bench.command("a", AgentCommand::Ready);
    let carrier = Peer::new("127.0.0.1:6001");
    let (old, new) = (Peer::new("127.0.0.1:7001"), Peer::new("127.0.0.1:7003"));
    bench.change(|settings| {
        settings.endpoint.phones[0].fixed_contacts = vec!["sip:201@127.0.0.1:7003".to_owned()];
    });
    bench.call(&carrier, "5000", "c");
    assert!(bench.request_to(&old).is_none() && bench.request_to(&new).is_some());
    bench.change(|settings| settings.endpoint.phones[0].fixed_contacts.clear());
    assert!(!bench.reachable("a"));
}

#[test]
fn nobody_is_rung_by_the_new_settings_at_a_phone_that_they_take_away() {
    let (mut bench, carrier, phone_of_a) = ready();
    bench.change(|settings| settings.engine.agents[0].lines.clear());
    bench.call(&carrier, "5000", "c");
    bench.change(|settings| {
        settings.endpoint.phones = vec![phone("a", "202", "other")];
        settings.engine.agents = vec![agent("a", "202")];
    });
    assert!(bench.requests_to(&phone_of_a).is_empty());
    // An attempt in vain would let the agent alone for a moment.
    assert_eq!(bench.register(&phone_of_a, ("202", "other"), "new"), 200);
    assert!(bench.request_to(&phone_of_a).is_some());
}

#[test]
fn addresses_realm_and_nonces_stay_what_they_were_at_the_start() {
    let (mut bench, _, phone_of_a) = ready();
    let bytes = phone_of_a.request("REGISTER", "201", "201", "over", 1, "");
    bench.send(&phone_of_a, bytes);
    let asked = bench.response_to(&phone_of_a).unwrap();
    bench.change(|settings| {
        settings.endpoint.realm = "elsewhere".to_owned();
        settings.endpoint.nonce_secret = [9; 32];
        settings.endpoint.public_address = Some("192.0.2.1".parse().unwrap());
        settings.endpoint.listen.clear();
    });
    let proof = authorization(&asked, "REGISTER", SECRET, "201");
    let bytes = phone_of_a.request("REGISTER", "201", "201", "over", 2, &proof);
    bench.send(&phone_of_a, bytes);
    assert_eq!(bench.response_to(&phone_of_a).unwrap().status, 200);
    let carrier = Peer::new("127.0.0.1:6001");
    bench.prove(&phone_of_a, SECRET, "INVITE", "0312345678", "out");
    assert!(bench.request_to(&carrier).is_some(), "our socket is known");
    let accepted = bench.call(&carrier, "5000", "c");
    assert_eq!(
        accepted.contact().unwrap().uri.to_string(),
        "sip:desk@127.0.0.1:5060"
    );
}

#[test]
fn probes_begin_and_end_with_the_settings() {
    let (mut bench, _, phone_of_a) = ready();
    let probes = |bench: &mut Bench, secs| {
        bench.change(|settings| settings.endpoint.keep_alive = Millis::from_secs(secs));
        let mut probes = 0;
        for _ in 0..10 {
            bench.secs(1);
            for probe in bench.requests_to(&phone_of_a) {
                assert_eq!(probe.method, Method::Options);
                bench.reply(&phone_of_a, &phone_of_a.answer(&probe, 200));
                probes += 1;
            }
        }
        probes
    };
    assert_eq!(probes(&mut bench, 0), 0);
    assert_eq!(probes(&mut bench, 3), 3);
    assert_eq!(probes(&mut bench, 0), 0);
}
