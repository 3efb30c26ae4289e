//! Three who talk: whom an agent asks beside a caller hears the caller, too.

use madoguchi_core::live::{AgentState, DeskRequest, HandOnRefusal, HandOnTo};
use madoguchi_core::time::Millis;
use madoguchi_line::api::{DialTarget, Input, Output};
use madoguchi_line::settings::LineSettings;

use crate::scene::{Scene, agent, line, outside};

/// A caller who talks with a, and a who has asked somebody.
fn asking(target: DialTarget) -> Scene {
    let settings = LineSettings {
        wrap_up: Millis::from_secs(30),
        ..line("desk")
    };
    let agents = ["a", "b", "c"].map(|name| agent(name, &["desk"])).to_vec();
    let mut scene = Scene::open(vec![settings], agents);
    scene.call("x", "desk");
    scene.answer("x");
    scene.secs(60);
    scene.input(Input::AgentDialled {
        call: "ask".into(),
        agent: "a".into(),
        target,
    });
    scene
}

/// All three hear each other.
fn three(target: DialTarget) -> Scene {
    let mut scene = asking(target);
    scene.input(Input::FarAnswered { call: "ask".into() });
    assert_eq!(scene.ask("a", DeskRequest::Join), None);
    scene.secs(10);
    scene
}

fn b() -> DialTarget {
    DialTarget::Agent { agent: "b".into() }
}

fn is_back_with_a(scene: &Scene) -> bool {
    let leg = scene.leg("x");
    scene.last.contains(&Output::Bridge { leg }) && scene.state("a") == AgentState::Talking
}

#[test]
fn who_is_asked_is_joined_when_they_have_picked_up() {
    let mut scene = asking(b());
    let nobody = Some(HandOnRefusal::NobodyAsked);
    assert_eq!(scene.ask("a", DeskRequest::Join), nobody);
    scene.input(Input::FarAnswered { call: "ask".into() });
    assert_eq!(scene.ask("a", DeskRequest::Join), None);
    let together = Output::Join {
        call: "x".into(),
        consult: "ask".into(),
    };
    assert!(scene.last.contains(&together));
    assert!(scene.engine.snapshot().consults[0].joined);
    assert_eq!(scene.ask("a", DeskRequest::Join), None, "once more is once");
    assert!(!scene.last.contains(&together));
    assert_eq!(
        scene.ask("c", DeskRequest::Join),
        Some(HandOnRefusal::NoTalk)
    );
    scene.hang_up("x");
}

#[test]
fn who_was_joined_hangs_up_and_the_caller_is_with_the_agent_again() {
    for target in [b(), outside("0312345678")] {
        let mut scene = three(target);
        scene.input(Input::FarEnded { call: "ask".into() });
        assert!(is_back_with_a(&scene));
        scene.secs(5);
        scene.hang_up("x");
        assert!(
            scene.story("x").contains("joined(ask) parted ended"),
            "{}",
            scene.story("x")
        );
        assert_eq!(scene.record("x").parts.len(), 1);
        assert_eq!(scene.record("x").talk(), Some(Millis::from_secs(75)));
    }
}

#[test]
fn the_agent_ends_what_was_asked_by_phone_or_on_the_screen() {
    let mut scene = three(b());
    scene.hang_up("ask");
    assert!(is_back_with_a(&scene));
    let mut scene = three(b());
    assert_eq!(scene.ask("a", DeskRequest::EndConsult), None);
    assert!(is_back_with_a(&scene));
    assert_eq!(scene.state("b"), AgentState::Ready);
    let nobody = Some(HandOnRefusal::NobodyAsked);
    assert_eq!(scene.ask("a", DeskRequest::EndConsult), nobody);
}

#[test]
fn the_agent_hangs_up_and_the_two_others_go_on() {
    let mut scene = three(b());
    let leg = scene.leg("x");
    scene.input(Input::LegEnded { leg });
    assert_eq!(scene.state("a"), AgentState::WrapUp);
    let leg = scene.leg("x");
    scene.input(Input::LegBridged { leg });
    assert_eq!(scene.rung("x"), ["b"]);
    assert_eq!(scene.state("b"), AgentState::Talking);
    scene.hang_up("x");
    assert_eq!((scene.ledger.offered, scene.ledger.answered), (1, 1));
    assert_eq!(scene.record("x").parts.len(), 2);

    let mut scene = three(outside("0312345678"));
    let leg = scene.leg("x");
    scene.input(Input::LegEnded { leg });
    assert_eq!(scene.state("a"), AgentState::WrapUp);
    scene.secs(40);
    assert_eq!(scene.state("a"), AgentState::Ready);
    scene.input(Input::FarEnded { call: "ask".into() });
    assert!(
        scene.story("x").ends_with("ended(Desk)"),
        "{}",
        scene.story("x")
    );
    assert_eq!(scene.record("x").talk(), Some(Millis::from_secs(70)));
}

#[test]
fn the_caller_hangs_up_and_who_is_asked_is_still_asked() {
    let mut scene = three(b());
    scene.hang_up("x");
    let alone = Output::Unjoin {
        consult: "ask".into(),
    };
    assert!(scene.last.contains(&alone));
    assert_eq!(scene.state("b"), AgentState::Talking);
    assert_eq!(scene.state("a"), AgentState::WrapUp);
    scene.hang_up("ask");
    scene.secs(30);
    assert_eq!(scene.state("a"), AgentState::Ready);
}

#[test]
fn who_was_joined_gets_the_caller() {
    let mut scene = three(b());
    assert_eq!(scene.ask("a", DeskRequest::HandOn(HandOnTo::Asked)), None);
    let leg = scene.leg("x");
    scene.input(Input::LegBridged { leg });
    assert_eq!(scene.rung("x"), ["b"]);
    let mut scene = three(outside("0312345678"));
    assert_eq!(scene.ask("a", DeskRequest::HandOn(HandOnTo::Asked)), None);
    assert_eq!(scene.state("a"), AgentState::WrapUp);
    assert!(scene.story("x").contains("joined(ask) parted transferred"));
    scene.hang_up("x");
}
