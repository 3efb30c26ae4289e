//! The endpoint stops: new calls are sent elsewhere, and at the end every dialog gets its BYE.

use madoguchi_core::live::AgentCommand;
use madoguchi_endpoint::switch::SwitchInput;
use madoguchi_sip::message::{HeaderName, Method};

use super::bench::Bench;
use super::desk::Settings;
use super::peer::Peer;

const SECRET: (&str, &str) = ("201", "secret");

/// One caller talks with "a".
fn talking() -> (Bench, Peer, Peer) {
    let mut bench = Bench::new(Settings::new());
    let (carrier, phone) = (Peer::new("127.0.0.1:6001"), Peer::new("127.0.0.1:7001"));
    assert_eq!(bench.register(&phone, SECRET, "reg"), 200);
    assert!(bench.command("a", AgentCommand::Ready));
    bench.call(&carrier, "5000", "talk");
    bench.pick_up(&phone);
    (bench, carrier, phone)
}

#[test]
fn while_it_drains_new_calls_go_elsewhere_and_talks_go_on() {
    let (mut bench, carrier, phone) = talking();
    let retry_after_secs = 30;
    bench.input(SwitchInput::Drain { retry_after_secs });
    for (method, call) in [("INVITE", "new"), ("OPTIONS", "probe")] {
        let request = carrier.request(method, "0312345678", "5000", call, 1, "");
        bench.send(&carrier, request);
        let refusal = bench.response_to(&carrier).unwrap();
        assert_eq!(refusal.status, 503, "{method}");
        let wait = refusal.headers.get(&HeaderName::RetryAfter);
        assert_eq!(wait, Some("30"), "{method}");
    }
    let dialled = bench.prove(&phone, SECRET, "INVITE", "0451112222", "out");
    assert_eq!(dialled.status, 503);
    assert_eq!(bench.register(&phone, SECRET, "stays"), 200);
    bench.secs(20);
    assert_eq!(bench.switch.calls_in_progress(), 1);
    assert!(bench.requests_to(&phone).is_empty());
}

#[test]
fn when_no_more_events_can_wait_in_memory_new_calls_go_elsewhere_but_those_for_help() {
    let (mut bench, carrier, phone) = talking();
    bench.input(SwitchInput::MemoryFull { full: true });
    for (method, call) in [("INVITE", "new"), ("OPTIONS", "probe")] {
        let request = carrier.request(method, "0312345678", "5000", call, 1, "");
        bench.send(&carrier, request);
        let refusal = bench.response_to(&carrier).unwrap();
        assert_eq!(refusal.status, 503, "{method}");
        assert!(refusal.headers.get(&HeaderName::RetryAfter).is_some());
    }
    let dialled = bench.prove(&phone, SECRET, "INVITE", "0451112222", "out");
    assert_eq!(dialled.status, 503);
    assert_eq!(bench.switch.calls_in_progress(), 1, "the talk goes on");
    bench.prove(&phone, SECRET, "INVITE", "119", "help");
    // The agent is in a call.
    assert!(
        bench
            .response_to(&phone)
            .is_none_or(|refusal| refusal.status != 503)
    );
    bench.input(SwitchInput::MemoryFull { full: false });
    let request = carrier.request("INVITE", "0312345678", "5000", "then", 1, "");
    bench.send(&carrier, request);
    assert_eq!(bench.response_to(&carrier).unwrap().status, 200);
}

#[test]
fn what_waits_for_a_disk_that_says_nothing_is_bounded() {
    let (mut bench, carrier, _phone) = talking();
    bench.hold_journal();
    let calls = |bench: &mut Bench, call: &str| {
        let request = carrier.request("INVITE", "0312345678", "5000", call, 1, "");
        bench.send(&carrier, request);
        bench.response_to(&carrier).map(|answer| answer.status)
    };
    assert_eq!(calls(&mut bench, "waits"), None, "until the disk has it");
    for n in 0..50_000 {
        let (reply, _answer) = tokio::sync::oneshot::channel();
        let reason = n.to_string();
        bench.input(SwitchInput::Command {
            agent: "a".into(),
            command: AgentCommand::Away { reason },
            reply,
        });
    }
    assert_eq!(calls(&mut bench, "too many"), Some(503));
    let batch = u64::MAX;
    bench.input(SwitchInput::Journaled { batch });
    assert_eq!(bench.response_to(&carrier).unwrap().status, 200);
}

#[test]
fn a_stranger_learns_nothing_of_it() {
    let (mut bench, ..) = talking();
    let retry_after_secs = 30;
    bench.input(SwitchInput::Drain { retry_after_secs });
    let stranger = Peer::new("127.0.0.1:9999");
    let request = stranger.request("INVITE", "201", "5000", "stranger", 1, "");
    bench.send(&stranger, request);
    assert_eq!(bench.response_to(&stranger).unwrap().status, 401);
}

#[test]
fn at_the_end_both_sides_get_bye_and_it_is_quiet_when_they_have_answered() {
    let (mut bench, carrier, phone) = talking();
    bench.input(SwitchInput::EndAll);
    assert_eq!(bench.switch.calls_in_progress(), 0);
    for peer in [&carrier, &phone] {
        assert!(!bench.switch.is_quiet(), "a BYE is not answered yet");
        let bye = bench.request_to(peer).expect("a BYE");
        assert_eq!(bye.method, Method::Bye);
        bench.reply(peer, &bye.respond(200, None));
    }
    assert!(bench.switch.is_quiet());
}

#[test]
fn a_phone_that_still_rings_gets_cancel() {
    let mut bench = Bench::new(Settings::new());
    let (carrier, phone) = (Peer::new("127.0.0.1:6001"), Peer::new("127.0.0.1:7001"));
    assert_eq!(bench.register(&phone, SECRET, "reg"), 200);
    assert!(bench.command("a", AgentCommand::Ready));
    bench.call(&carrier, "5000", "rings");
    let invite = bench.request_to(&phone).expect("the phone rings");
    bench.reply(&phone, &phone.answer(&invite, 180));
    bench.input(SwitchInput::EndAll);
    let cancel = bench.request_to(&phone).expect("a CANCEL");
    assert_eq!(cancel.method, Method::Cancel);
    let bye = bench.request_to(&carrier).expect("a BYE");
    assert_eq!(bye.method, Method::Bye);
}
