//! Phones that registered before a restart can be rung after it.

use std::collections::BTreeSet;

use madoguchi_core::id::CallId;
use madoguchi_core::live::AgentCommand;
use madoguchi_core::time::Millis;
use madoguchi_endpoint::registrations::SavedRegistration;
use madoguchi_endpoint::settings::Transport;
use madoguchi_sip::message::{Message, Method};

use super::bench::Bench;
use super::desk::Settings;
use super::peer::Peer;

const SECRET: (&str, &str) = ("201", "secret");

fn probing() -> Settings {
    let mut settings = Settings::new();
    settings.endpoint.keep_alive = Millis::from_secs(30);
    settings
}

fn phone() -> Peer {
    Peer::new("127.0.0.1:7001")
}

/// What a desk keeps whose phone has registered for an hour.
fn kept() -> Vec<SavedRegistration> {
    let mut bench = Bench::new(probing());
    assert_eq!(bench.register(&phone(), SECRET, "reg"), 200);
    let kept = bench.switch.kept_registrations(bench.now);
    assert_eq!(kept.len(), 1);
    kept
}

/// A desk that was begun anew so many seconds later.
fn restarted(settings: Settings, kept: Vec<SavedRegistration>, secs: i64) -> Bench {
    let mut bench = Bench::new(settings);
    bench.now.wall = bench.now.wall + Millis::from_secs(secs);
    bench.restore(kept);
    bench
}

#[test]
fn a_phone_is_rung_at_once_after_a_restart() {
    let mut bench = restarted(probing(), kept(), 5);
    assert!(bench.reachable("a"));
    let probe = bench.request_to(&phone()).unwrap();
    assert_eq!(probe.method, Method::Options);
    bench.command("a", AgentCommand::Ready);
    bench.call(&Peer::new("127.0.0.1:6001"), "5000", "c");
    let invite = bench.request_to(&phone()).unwrap();
    assert_eq!(invite.method, Method::Invite);
    assert_eq!(invite.uri.to_string(), "sip:201@127.0.0.1:7001");
    bench.reply(&phone(), &phone().answer(&probe, 200));
    bench.secs(10);
    assert!(bench.reachable("a"));
    // It registers again as if nothing had happened, and is heard as one who is known.
    assert_eq!(bench.register(&phone(), SECRET, "reg anew"), 200);
    assert_eq!(bench.switch.kept_registrations(bench.now).len(), 1);
}

#[test]
fn a_phone_that_is_not_there_any_more_is_given_up_within_seconds_and_found_again() {
    let mut bench = restarted(probing(), kept(), 5);
    bench.pass(3_999);
    assert!(bench.reachable("a"));
    bench.pass(1);
    assert!(!bench.reachable("a"));
    bench.sent.clear();
    bench.secs(40);
    let probes = bench.requests_to(&phone());
    bench.reply(&phone(), &phone().answer(probes.last().unwrap(), 200));
    assert!(bench.reachable("a"));
}

#[test]
fn what_has_lapsed_meanwhile_is_dropped_whatever_the_clock_did() {
    assert!(!restarted(probing(), kept(), 3_600).reachable("a"));
    assert!(restarted(probing(), kept(), 3_599).reachable("a"));
    // Set back by a day, the clock prolongs nothing beyond the longest interval.
    let mut bench = restarted(probing(), kept(), -86_400);
    let probe = bench.request_to(&phone()).unwrap();
    bench.reply(&phone(), &phone().answer(&probe, 200));
    let left = bench.switch.kept_registrations(bench.now);
    assert_eq!(
        left[0].expires_at,
        bench.now.wall + Millis::from_secs(3_600)
    );
}

#[test]
fn phones_come_back_when_the_settings_know_them() {
    let mut settings = probing();
    settings.endpoint.phones = vec![super::desk::phone("b", "202", "other")];
    settings.engine.agents = vec![super::desk::agent("b", "202")];
    let mut bench = restarted(settings, kept(), 5);
    assert!(bench.sent.is_empty());
    // A desk that starts while its store is away forgets nobody who is known there alone.
    assert_eq!(bench.switch.kept_registrations(bench.now), kept());
    bench.change(|settings| {
        settings.endpoint.phones = vec![super::desk::phone("a", "201", "secret")];
        settings.engine.agents = vec![super::desk::agent("a", "201")];
    });
    assert!(bench.reachable("a") && bench.request_to(&phone()).is_some());
    assert_eq!(bench.switch.kept_registrations(bench.now).len(), 1);
    // Nonsense in the file changes nothing.
    let mut nonsense = kept();
    nonsense[0].contact = "nobody".to_owned();
    assert!(!restarted(probing(), nonsense, 5).reachable("a"));
}

#[test]
fn a_phone_on_a_connection_is_reachable_when_a_new_one_stands() {
    let over_tcp = |contact: &str| {
        let mut kept = kept();
        kept[0].transport = Transport::Tcp;
        kept[0].remote = "127.0.0.1:45678".parse().unwrap();
        kept[0].contact = contact.to_owned();
        kept
    };
    let direct = over_tcp("sip:201@127.0.0.1:7001;transport=tcp");
    let mut bench = restarted(probing(), direct, 5);
    assert!(!bench.reachable("a"), "nobody waits for it");
    let probe = bench.request_to(&phone()).unwrap();
    let message = Ok(Message::Response(phone().answer(&probe, 200)));
    let flow = madoguchi_sip::transaction::Flow::tcp(phone().addr);
    bench.input(madoguchi_endpoint::switch::SwitchInput::Streamed { flow, message });
    assert!(bench.reachable("a"));
    bench.input(madoguchi_endpoint::switch::SwitchInput::StreamClosed { flow });
    assert!(!bench.reachable("a"));
    // Behind NAT nobody can be connected to.
    let behind_nat = over_tcp("sip:201@192.168.1.7:7001;transport=tcp");
    let bench = restarted(probing(), behind_nat, 5);
    assert!(!bench.reachable("a") && bench.sent.is_empty());
}

/// A caller who has heard a 100 sends the INVITE no more (RFC 3261 17.1.1.2): were the desk killed
/// then, nobody would ever count or answer them.
#[test]
fn a_caller_who_is_not_on_disk_yet_goes_on_sending() {
    let mut bench = Bench::new(Settings::new());
    let carrier = Peer::new("127.0.0.1:6001");
    bench.hold_journal();
    let invite = carrier.request("INVITE", "0312345678", "5000", "c", 1, "");
    bench.send(&carrier, invite.clone());
    bench.pass(500);
    bench.send(&carrier, invite.clone());
    assert!(!bench.heard_anything(&carrier));
    let mut after = Bench::new(Settings::new());
    after.send(&carrier, invite);
    assert_eq!(after.response_to(&carrier).unwrap().status, 200);
}

/// So that the store counts the caller once (RFC 3261 8.2.2.2: Call-ID, From tag and CSeq tell).
#[test]
fn an_invite_that_comes_again_after_a_kill_is_known_by_the_name_of_its_call() {
    let carrier = Peer::new("127.0.0.1:6001");
    let invite = |call: &str, cseq| carrier.request("INVITE", "0312345678", "5000", call, cseq, "");
    let marks = |invites: &[Vec<u8>]| -> Vec<String> {
        let mut bench = Bench::new(Settings::new());
        bench.hold_journal();
        for invite in invites {
            bench.send(&carrier, invite.clone());
        }
        let mark = |call: &CallId| call.invite().unwrap().to_owned();
        bench.calls.iter().map(mark).collect()
    };
    let before = marks(&[invite("c", 1)]);
    let after = marks(&[invite("c", 1), invite("c", 2), invite("d", 1)]);
    assert_eq!(before[0], after[0]);
    assert_eq!(
        BTreeSet::from_iter(&after).len(),
        3,
        "others are told apart"
    );
}
