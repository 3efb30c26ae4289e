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
