//! An agent's phone hands its caller on to the outside, by REFER: what the phone is told, what the carrier is asked
//! for, and what is refused.

use madoguchi_core::event::{EventKind, TransferTarget};
use madoguchi_core::live::AgentState;
use madoguchi_core::outbound::{OutboundRefusal, OutboundRules};
use madoguchi_endpoint::switch::SwitchInput;
use madoguchi_sip::message::{Method, Request, Response};

use super::transfers::{Talk, talk as inside};

const TO_OUTSIDE: &str = "Refer-To: <sip:0398765432@127.0.0.1>\r\n";

/// A caller who talks with a, at a desk with the usual rules for calls to the outside.
fn talk() -> Talk {
    let mut talk = inside();
    talk.bench
        .change(|settings| settings.engine.outbound = OutboundRules::default());
    talk
}

/// What the desk asks the carrier for: the far end is called through it.
fn call_to_carrier(talk: &mut Talk) -> Request {
    let invite = talk.bench.request_to(&talk.carrier).expect("a call out");
    assert_eq!(invite.method, Method::Invite);
    invite
}

fn has(talk: &Talk, kind: &EventKind) -> bool {
    talk.bench.events.contains(kind)
}

#[test]
fn the_caller_talks_with_the_outside_and_both_calls_end_together() {
    for far_hangs_up in [false, true] {
        let mut talk = talk();
        assert_eq!(talk.refer(1, TO_OUTSIDE).status, 202);
        assert_eq!(talk.told(), ["active SIP/2.0 100 Trying"]);
        let invite = call_to_carrier(&mut talk);
        assert_eq!(invite.uri.user.as_deref(), Some("0398765432"));
        let ringing = talk.carrier.answer(&invite, 183);
        talk.bench.reply(&talk.carrier, &ringing);
        assert_eq!(talk.bench.state("a"), AgentState::Talking);
        let answer = talk.carrier.answer(&invite, 200);
        talk.bench.reply(&talk.carrier, &answer);
        talk.bench.media();
        assert_eq!(talk.told(), ["terminated SIP/2.0 200 OK", "BYE"]);
        assert_eq!(talk.bench.state("a"), AgentState::Ready);
        let number = "0398765432".to_owned();
        assert!(has(
            &talk,
            &EventKind::Transferred {
                from: Some("a".into()),
                to: TransferTarget::Outside { number },
            }
        ));
        // The ACK of the desk.
        talk.bench.requests_to(&talk.carrier);
        let bye = if far_hangs_up {
            talk.carrier.back("BYE", &answer, 2)
        } else {
            talk.carrier.in_dialog("BYE", &talk.caller, 2)
        };
        talk.bench.send(&talk.carrier, bye);
        let ends = talk.bench.requests_to(&talk.carrier);
        let methods: Vec<_> = ends.iter().map(|one| one.method.clone()).collect();
        assert_eq!(methods, [Method::Bye], "the other party is let go");
        assert_eq!(talk.bench.switch.calls_in_progress(), 0);
    }
}

#[test]
fn a_phone_that_hangs_up_at_once_leaves_the_caller_to_the_outside() {
    let mut talk = talk();
    assert_eq!(talk.refer(1, TO_OUTSIDE).status, 202);
    let invite = call_to_carrier(&mut talk);
    talk.told();
    let bye = talk.first.back("BYE", &talk.agent, 2);
    talk.bench.send(&talk.first, bye);
    assert!(talk.bench.requests_to(&talk.carrier).is_empty());
    talk.bench
        .reply(&talk.carrier, &talk.carrier.answer(&invite, 200));
    talk.bench.media();
    let ends = |kind: &EventKind| matches!(kind, EventKind::Ended { .. });
    assert!(!talk.bench.events.iter().any(ends));
}

#[test]
fn who_is_busy_silent_or_gone_outside_gives_the_caller_back() {
    for (status, told) in [
        (486, "terminated SIP/2.0 486 Busy Here"),
        (503, "terminated SIP/2.0 480 Temporarily Unavailable"),
        (0, "terminated SIP/2.0 408 Request Timeout"),
    ] {
        let mut talk = talk();
        assert_eq!(talk.refer(1, TO_OUTSIDE).status, 202);
        talk.told();
        let invite = call_to_carrier(&mut talk);
        if status > 0 {
            talk.bench
                .reply(&talk.carrier, &talk.carrier.answer(&invite, status));
        } else {
            let ringing = talk.carrier.answer(&invite, 180);
            talk.bench.reply(&talk.carrier, &ringing);
            talk.bench.secs(200);
        }
        // Meanwhile the phone is asked whether it lives.
        let mut said = talk.told();
        said.retain(|one| one.starts_with("terminated"));
        // What nobody answered in time comes again.
        said.dedup();
        assert_eq!(said, [told]);
        assert_eq!(talk.bench.state("a"), AgentState::Talking);
        assert_eq!(talk.bench.switch.calls_in_progress(), 1);
        talk.bench.requests_to(&talk.carrier);
        assert_eq!(
            talk.refer(2, TO_OUTSIDE).status,
            202,
            "it may be tried again"
        );
    }
}

#[test]
fn a_caller_who_goes_while_the_outside_is_called_ends_that_too() {
    let mut talk = talk();
    assert_eq!(talk.refer(1, TO_OUTSIDE).status, 202);
    let invite = call_to_carrier(&mut talk);
    let ringing = talk.carrier.answer(&invite, 180);
    talk.bench.reply(&talk.carrier, &ringing);
    let bye = talk.carrier.in_dialog("BYE", &talk.caller, 2);
    talk.bench.send(&talk.carrier, bye);
    let cancel = talk
        .bench
        .request_to(&talk.carrier)
        .expect("called no more");
    assert_eq!(cancel.method, Method::Cancel);
    assert_eq!(talk.bench.switch.calls_in_progress(), 0);
}

#[test]
fn what_the_rules_forbid_is_told_to_the_phone_and_nobody_is_called() {
    for (number, refusal) in [
        ("0990500123", OutboundRefusal::Premium),
        ("0570000123", OutboundRefusal::NaviDial),
        ("01012025550100", OutboundRefusal::International),
    ] {
        for scheme in ["sip:NUMBER@127.0.0.1", "tel:NUMBER"] {
            let mut talk = talk();
            let uri = scheme.replace("NUMBER", number);
            let more = format!("Refer-To: <{uri}>\r\n");
            assert_eq!(talk.refer(1, &more).status, 202, "{uri}");
            let told = talk.told();
            assert_eq!(
                told.last().unwrap(),
                "terminated SIP/2.0 403 Forbidden",
                "{uri}"
            );
            assert!(talk.caller_is_there(), "{uri}: nobody is called");
            assert!(has(&talk, &EventKind::Barred { reason: refusal }), "{uri}");
            assert_eq!(talk.bench.state("a"), AgentState::Talking);
        }
    }
}

#[test]
fn a_refer_to_the_desk_itself_to_the_caller_or_to_a_thousand_targets_calls_nobody() {
    let thousand = "Refer-To: <sip:0398765432@127.0.0.1>\r\n".repeat(1_000);
    let listed = format!(
        "Refer-To: {}\r\n",
        vec!["<sip:0398765432@127.0.0.1>"; 1_000].join(", ")
    );
    let caller = "Refer-To: <sip:0312345678@127.0.0.1>\r\n";
    for (more, status) in [
        (thousand.as_str(), 400),
        (listed.as_str(), 400),
        ("Refer-To: <sip:201@127.0.0.1>\r\n", 603),
        ("Refer-To: <sip:desk@127.0.0.1>\r\n", 404),
        (caller, 202),
    ] {
        let mut talk = talk();
        let bytes = talk.first.back_with("REFER", &talk.agent, 1, more, "");
        talk.bench.send(&talk.first, bytes);
        if let Some(answer) = talk.bench.response_to(&talk.first) {
            let shown = more.chars().take(60).collect::<String>();
            let too_large = more.len() > 10_000 && answer.status == 513;
            assert!(
                too_large || answer.status == status,
                "{shown}: {}",
                answer.status
            );
        } else {
            assert_eq!(status, 400, "too long to be a message at all");
        }
        assert!(talk.caller_is_there(), "nobody is called");
        assert_eq!(talk.bench.state("a"), AgentState::Talking);
        talk.told();
        let bye = talk.carrier.in_dialog("BYE", &talk.caller, 2);
        talk.bench.send(&talk.carrier, bye);
        assert_eq!(talk.bench.switch.calls_in_progress(), 0);
    }
}

/// The phone of a has asked the outside meanwhile, which has picked up; the answer to its INVITE.
fn ask(talk: &mut Talk) -> (Response, Response) {
    let first = ("201", "secret");
    talk.bench
        .prove(&talk.first, first, "INVITE", "0398765432", "ask");
    let invite = call_to_carrier(talk);
    let far = talk.carrier.answer(&invite, 200);
    talk.bench.reply(&talk.carrier, &far);
    talk.bench.media();
    let answer = talk.bench.response_to(&talk.first).expect("picked up");
    assert_eq!(answer.status, 200);
    talk.bench
        .send(&talk.first, talk.first.in_dialog("ACK", &answer, 2));
    talk.bench.requests_to(&talk.carrier);
    (answer, far)
}

#[test]
fn whom_the_phone_has_asked_outside_gets_the_caller() {
    let mut talk = talk();
    let (asked, far) = ask(&mut talk);
    let named = super::attended::replaces(&asked);
    let more = format!("Refer-To: <sip:0398765432@127.0.0.1?Replaces={named}>\r\n");
    assert_eq!(talk.refer(1, &more).status, 202);
    talk.bench.media();
    let mut told = talk.told();
    told.sort();
    assert_eq!(
        told,
        [
            "BYE",
            "BYE",
            "active SIP/2.0 100 Trying",
            "terminated SIP/2.0 200 OK"
        ]
    );
    assert!(talk.caller_is_there());
    let bye = talk.carrier.back("BYE", &far, 2);
    talk.bench.send(&talk.carrier, bye);
    let end = talk
        .bench
        .request_to(&talk.carrier)
        .expect("the caller is let go");
    assert_eq!(end.method, Method::Bye);
    assert_eq!(talk.bench.switch.calls_in_progress(), 0);
}

#[test]
fn nobody_is_called_for_a_caller_who_is_gone_before_the_disk_has_it() {
    let mut talk = talk();
    talk.bench.hold_journal();
    talk.refer(1, TO_OUTSIDE);
    let bye = talk.carrier.in_dialog("BYE", &talk.caller, 2);
    talk.bench.send(&talk.carrier, bye);
    // All that was held is on disk now.
    let batch = u64::MAX;
    talk.bench.input(SwitchInput::Journaled { batch });
    let to_carrier = talk.bench.requests_to(&talk.carrier);
    let invites = to_carrier.iter().any(|one| one.method == Method::Invite);
    assert!(!invites, "{to_carrier:?}");
    assert_eq!(talk.bench.switch.calls_in_progress(), 0);
}
