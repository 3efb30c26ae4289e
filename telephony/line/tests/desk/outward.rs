//! Handing a caller on to somebody outside, in every order in which the parties can go.

use madoguchi_core::event::Party;
use madoguchi_core::live::{AgentState, DeskRequest, HandOnRefusal, HandOnTo};
use madoguchi_core::outbound::{OutboundRefusal, OutboundRules};
use madoguchi_core::time::Millis;
use madoguchi_line::api::{HangUpCause, Input, LegFailure, Output};
use madoguchi_line::settings::LineSettings;

use crate::scene::{Scene, agent, line, outside};

const OUTSIDE: &str = "0398765432";

/// A caller who has talked with a for a minute.
fn talking() -> Scene {
    let settings = LineSettings {
        wrap_up: Millis::from_secs(30),
        ..line("desk")
    };
    let agents = ["a", "b"].map(|name| agent(name, &["desk"])).to_vec();
    let mut scene = Scene::open(vec![settings], agents);
    scene.reconfigure(|settings| settings.outbound = OutboundRules::default());
    scene.call("x", "desk");
    scene.answer("x");
    scene.secs(60);
    scene
}

/// The caller hears music while the outside is called.
fn handing_on() -> Scene {
    let mut scene = talking();
    scene.hand_on_outside("x", "o", OUTSIDE);
    scene
}

fn answered(scene: &mut Scene) {
    scene.input(Input::FarAnswered { call: "o".into() });
}

fn fails(scene: &mut Scene, failure: LegFailure) {
    let call = "o".into();
    scene.input(Input::FarFailed { call, failure });
}

/// The agent hangs up while the outside is called.
fn let_go(scene: &mut Scene) {
    let leg = scene.leg("x");
    scene.input(Input::LegEnded { leg });
}

fn parts(scene: &Scene) -> Vec<(String, Millis)> {
    let parts = scene.record("x").parts.into_iter();
    let parts = parts.map(|part| {
        let agent = part.agent.unwrap().to_string();
        (agent, part.until.unwrap() - part.from)
    });
    parts.collect()
}

#[test]
fn a_caller_who_is_handed_on_to_the_outside_is_one_arrival_and_the_call_there_one_dialled() {
    let mut scene = handing_on();
    let music = Output::PlayMusic { call: "x".into() };
    assert!(scene.last.contains(&music));
    scene.secs(10);
    answered(&mut scene);
    assert_eq!(scene.state("a"), AgentState::WrapUp);
    assert!(scene.rung("x").is_empty(), "no phone of the desk is in it");
    scene.secs(300);
    scene.hang_up("x");
    assert_eq!((scene.ledger.offered, scene.ledger.answered), (1, 1));
    assert_eq!(parts(&scene), [("a".to_owned(), Millis::from_secs(70))]);
    assert_eq!(scene.record("x").talk(), Some(Millis::from_secs(70)));
    assert_eq!(
        scene.story("o"),
        "dialled answered(a) transferred ended(Desk)"
    );
    let out = scene.record("o");
    assert_eq!(out.talk(), Some(Millis::from_secs(300)));
    assert_eq!(
        out.parts[0].until,
        Some(out.parts[0].from),
        "a was not in it"
    );
}

#[test]
fn the_outside_hangs_up_and_the_caller_is_let_go() {
    let mut scene = handing_on();
    answered(&mut scene);
    scene.secs(5);
    let outputs = scene.input(Input::FarEnded { call: "o".into() });
    let let_go = Output::HangUp {
        call: "x".into(),
        cause: HangUpCause::Normal,
    };
    assert!(outputs.contains(&let_go));
    assert!(
        scene.story("x").ends_with("ended(Desk)"),
        "{}",
        scene.story("x")
    );
    assert!(scene.story("o").ends_with("ended(Caller)"));
}

#[test]
fn a_caller_comes_back_to_the_agent_when_the_outside_is_busy_or_silent_or_the_call_hangs() {
    for failure in [
        Some(LegFailure::Declined),
        Some(LegFailure::Unreachable),
        Some(LegFailure::NoAnswer),
        None,
    ] {
        let mut scene = handing_on();
        match failure {
            Some(failure) => fails(&mut scene, failure),
            // Nothing is heard of it any more.
            None => drop(scene.secs(180)),
        }
        let leg = scene.leg("x");
        assert!(scene.last.contains(&Output::Bridge { leg }), "{failure:?}");
        assert_eq!(scene.state("a"), AgentState::Talking);
        let shown = scene.engine.snapshot().hand_ons;
        assert_eq!(shown.len(), 1, "the screen says why");
        assert!(shown[0].failed.is_some());
        assert_eq!(scene.story("o"), "dialled ended(Refused)");
        // The agent may try again.
        scene.hand_on_outside("x", "p", OUTSIDE);
        assert_eq!(scene.engine.snapshot().hand_ons[0].failed, None);
        scene.hang_up("x");
        assert_eq!(scene.story("p"), "dialled ended(Desk)");
        assert_eq!(scene.record("x").parts.len(), 1);
    }
}

#[test]
fn an_agent_who_hangs_up_at_once_leaves_the_caller_to_the_outside() {
    let mut scene = handing_on();
    scene.secs(1);
    let_go(&mut scene);
    assert_eq!(scene.state("a"), AgentState::WrapUp);
    scene.secs(9);
    answered(&mut scene);
    scene.secs(20);
    scene.hang_up("x");
    assert_eq!(parts(&scene), [("a".to_owned(), Millis::from_secs(61))]);
    assert_eq!(scene.record("x").talk(), Some(Millis::from_secs(70)));
}

#[test]
fn who_is_refused_outside_after_the_agent_hung_up_waits_in_the_queue_by_the_first_arrival() {
    let mut scene = handing_on();
    scene.call("y", "desk");
    scene.answer("y");
    scene.call("z", "desk");
    let_go(&mut scene);
    fails(&mut scene, LegFailure::Declined);
    scene.secs(30);
    assert_eq!(scene.rung("x").len(), 1, "{}", scene.story("x"));
    assert!(scene.rung("z").is_empty());
    scene.answer("x");
    scene.hang_up("x");
    assert_eq!((scene.ledger.offered, scene.ledger.answered), (3, 2));
}

#[test]
fn a_colleague_may_take_a_caller_while_the_outside_is_called_and_nobody_is_called_any_more() {
    let mut scene = handing_on();
    let_go(&mut scene);
    assert_eq!(scene.ask("b", DeskRequest::Take("x".into())), None);
    assert_eq!(scene.rung("x"), ["b"]);
    scene.answer("x");
    assert_eq!(scene.story("o"), "dialled ended(Desk)");
    scene.secs(10);
    scene.hang_up("x");
    assert_eq!(scene.record("x").parts.len(), 2);
}

#[test]
fn the_outside_is_quicker_than_a_colleague_whose_phone_rings_no_more() {
    let mut scene = handing_on();
    let_go(&mut scene);
    assert_eq!(scene.ask("b", DeskRequest::Take("x".into())), None);
    answered(&mut scene);
    assert!(scene.rung("x").is_empty());
    assert_eq!(scene.state("b"), AgentState::Ready);
    scene.hang_up("x");
    assert_eq!(scene.record("x").parts.len(), 1);
}

#[test]
fn what_the_rules_forbid_is_refused_logged_and_counted_and_nobody_is_called() {
    for (number, refusal) in [
        ("0990500123", OutboundRefusal::Premium),
        ("0570000123", OutboundRefusal::NaviDial),
        ("01012025550100", OutboundRefusal::International),
        ("184-0990-500123", OutboundRefusal::Premium),
    ] {
        let mut scene = talking();
        let outputs = scene.input(Input::HandOnOutside {
            agent: "a".into(),
            outbound: "o".into(),
            target: outside(number),
            asked: 7,
        });
        let reply = Output::Reply {
            asked: 7,
            refusal: Some(HandOnRefusal::Barred(refusal)),
        };
        assert!(outputs.contains(&reply), "{number}");
        let dials = |output: &Output| matches!(output, Output::DialFor { .. });
        assert!(!outputs.iter().any(dials));
        let story = format!("dialled barred({}) ended(Refused)", refusal.as_str());
        assert_eq!(scene.story("o"), story);
        assert_eq!(scene.state("a"), AgentState::Talking);
    }
}

#[test]
fn calls_for_callers_count_among_those_that_the_rules_limit_and_a_limit_ends_them() {
    let mut scene = talking();
    scene.reconfigure(|settings| {
        settings.outbound.calls_at_once = 1;
        settings.outbound.talk_per_day = Millis::from_secs(60);
        settings.outbound.cut_at_limit = true;
    });
    scene.hand_on_outside("x", "o", OUTSIDE);
    assert_eq!(scene.engine.snapshot().outbound.calls, 1);
    scene.call("y", "desk");
    scene.answer("y");
    scene.hand_on_outside("y", "p", OUTSIDE);
    assert_eq!(
        scene.story("p"),
        "dialled barred(calls_at_once) ended(Refused)"
    );
    answered(&mut scene);
    scene.secs(61);
    assert!(
        scene.story("o").ends_with("ended(Desk)"),
        "{}",
        scene.story("o")
    );
    assert!(scene.story("x").contains("ended(Desk)"));
    assert_eq!(scene.engine.snapshot().outbound.calls, 0);
    scene.hang_up("y");
}

/// a asks the outside beside the caller.
fn asking(picked_up: bool) -> Scene {
    let mut scene = talking();
    scene.input(Input::AgentDialled {
        call: "o".into(),
        agent: "a".into(),
        target: outside(OUTSIDE),
    });
    scene.secs(5);
    if picked_up {
        answered(&mut scene);
        scene.secs(20);
    }
    scene
}

#[test]
fn whom_the_agent_has_asked_outside_gets_the_caller() {
    let mut scene = asking(true);
    let asked = scene.engine.snapshot().consults;
    assert!(asked[0].answered && asked[0].colleague.is_none());
    assert_eq!(scene.ask("a", DeskRequest::HandOn(HandOnTo::Asked)), None);
    let carry = Output::Carry {
        call: "o".into(),
        caller: "x".into(),
    };
    assert!(scene.last.contains(&carry));
    assert_eq!(scene.state("a"), AgentState::WrapUp);
    scene.secs(30);
    assert_eq!(
        scene.state("a"),
        AgentState::Ready,
        "後処理 ends by its time"
    );
    scene.input(Input::FarEnded { call: "o".into() });
    assert_eq!(parts(&scene), [("a".to_owned(), Millis::from_secs(85))]);
    assert_eq!(scene.record("o").talk(), Some(Millis::from_secs(50)));
}

#[test]
fn whom_the_agent_has_asked_and_who_has_not_picked_up_goes_on_being_called_for_the_caller() {
    let mut scene = asking(false);
    scene.input(Input::HandOver {
        call: "x".into(),
        consult: "o".into(),
    });
    assert_eq!(scene.state("a"), AgentState::Talking);
    assert!(scene.last.contains(&Output::PlayMusic { call: "x".into() }));
    let mut other = asking(false);
    other.input(Input::HandOver {
        call: "x".into(),
        consult: "o".into(),
    });
    fails(&mut other, LegFailure::NoAnswer);
    let leg = other.leg("x");
    assert!(other.last.contains(&Output::Bridge { leg }), "back to a");
    other.hang_up("x");
    answered(&mut scene);
    assert_eq!(scene.state("a"), AgentState::WrapUp);
    scene.hang_up("x");
    assert_eq!(
        scene.story("o"),
        "dialled answered(a) transferred ended(Desk)"
    );
}

#[test]
fn the_caller_may_hold_while_they_talk_with_the_outside() {
    let mut scene = handing_on();
    answered(&mut scene);
    let by = Party::Caller;
    for call in ["x", "o"] {
        scene.input(Input::Held {
            call: call.into(),
            by,
        });
        scene.input(Input::Resumed {
            call: call.into(),
            by,
        });
        assert!(
            scene.story(call).contains("held(Caller) resumed(Caller)"),
            "{}",
            scene.story(call)
        );
    }
    scene.hang_up("x");
}

#[test]
fn nobody_is_handed_on_to_themselves() {
    let mut scene = talking();
    let outputs = scene.input(Input::HandOnOutside {
        agent: "a".into(),
        outbound: "o".into(),
        target: outside("184-03-1234-5678"),
        asked: 7,
    });
    let refusal = Some(HandOnRefusal::TheCaller);
    assert!(outputs.contains(&Output::Reply { asked: 7, refusal }));
    assert!(scene.kinds("o").is_empty(), "nobody is called");
    assert_eq!(scene.state("a"), AgentState::Talking);
}

#[test]
fn one_transfer_goes_on_at_a_time() {
    let mut scene = handing_on();
    let none = Some(HandOnRefusal::NoTalk);
    let to_b = DeskRequest::HandOn(HandOnTo::Agent("b".into()));
    assert_eq!(scene.ask("a", to_b), none);
    assert_eq!(scene.ask("a", DeskRequest::HandOn(HandOnTo::Park)), none);
    scene.hand_on_outside("x", "p", OUTSIDE);
    assert!(scene.last.is_empty(), "{:?}", scene.last);
    scene.hang_up("x");
}

#[test]
fn the_desk_stops_and_ends_who_talks_with_the_outside() {
    let mut scene = handing_on();
    answered(&mut scene);
    scene.input(Input::EndAll);
    for call in ["x", "o"] {
        assert!(
            scene.story(call).contains("ended(Desk)"),
            "{}",
            scene.story(call)
        );
    }
}
