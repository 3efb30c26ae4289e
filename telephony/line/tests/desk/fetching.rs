//! Taking a caller on the screen: one who waits, or one who is parked.

use madoguchi_core::live::{AgentCommand, AgentState, DeskRequest, HandOnRefusal, HandOnTo};
use madoguchi_core::time::Millis;
use madoguchi_line::api::{Input, LegFailure, Output};
use madoguchi_line::settings::LineSettings;

use crate::scene::{Scene, agent, line};

fn desk() -> Scene {
    let settings = LineSettings {
        wrap_up: Millis::from_secs(30),
        ..line("desk")
    };
    let agents = ["a", "b", "c"].map(|name| agent(name, &["desk"])).to_vec();
    Scene::open(vec![settings, line("other")], agents)
}

fn take(call: &str) -> DeskRequest {
    DeskRequest::Take(call.into())
}

/// A talks with x, and parks them.
fn park(scene: &mut Scene, agent: &str) {
    assert_eq!(scene.ask(agent, DeskRequest::HandOn(HandOnTo::Park)), None);
}

fn slots(scene: &Scene) -> Vec<(u32, String)> {
    let parked = scene.engine.snapshot().parked.into_iter();
    parked.map(|one| (one.slot, one.call.to_string())).collect()
}

#[test]
fn a_call_that_rings_elsewhere_is_taken_by_a_button_and_rings_the_own_phone() {
    let mut scene = desk();
    scene.call("x", "desk");
    assert_eq!(scene.rung("x"), ["a"]);
    assert_eq!(scene.ask("c", take("x")), None);
    assert_eq!(scene.rung("x"), ["a", "c"], "a may still be the first");
    assert_eq!(scene.ask("c", take("x")), None, "once more is once");
    assert_eq!(scene.rung("x"), ["a", "c"]);
    scene.answer("x");
    assert_eq!(scene.rung("x"), ["c"]);
    assert_eq!(scene.state("a"), AgentState::Ready);
    assert_eq!(scene.ask("b", take("x")), Some(HandOnRefusal::Gone));
    scene.hang_up("x");
    assert_eq!((scene.ledger.offered, scene.ledger.answered), (1, 1));
    assert_eq!(scene.record("x").agent(), Some(&"c".into()));
}

#[test]
fn whoever_is_away_or_works_after_a_call_may_take_one_and_whoever_talks_may_not() {
    let mut scene = desk();
    scene.command("c", AgentCommand::LogOut);
    scene.call("x", "desk");
    assert_eq!(scene.ask("c", take("x")), None);
    scene.answer("x");
    assert_eq!(scene.state("c"), AgentState::Talking);
    scene.call("y", "desk");
    assert_eq!(scene.ask("c", take("y")), Some(HandOnRefusal::OwnPhone));
    scene.hang_up("x");
    scene.input(Input::AgentReachable {
        agent: "c".into(),
        reachable: false,
    });
    assert_eq!(scene.ask("c", take("y")), Some(HandOnRefusal::OwnPhone));
    assert_eq!(
        scene.ask("stranger", take("y")),
        Some(HandOnRefusal::OwnPhone)
    );
    assert_eq!(scene.ask("b", take("nobody")), Some(HandOnRefusal::Gone));
    scene.hang_up("y");
}

#[test]
fn a_taker_who_does_not_pick_up_leaves_the_caller_where_they_were() {
    let mut scene = desk();
    scene.call("x", "desk");
    assert_eq!(scene.ask("c", take("x")), None);
    let leg = scene.leg("x");
    scene.input(Input::LegFailed {
        leg,
        failure: LegFailure::Declined,
    });
    assert_eq!(scene.rung("x"), ["a"]);
    scene.answer("x");
    park(&mut scene, "a");
    assert_eq!(slots(&scene), [(1, "x".to_owned())]);
    assert_eq!(scene.ask("b", take("x")), None);
    assert_eq!(
        slots(&scene),
        [(1, "x".to_owned())],
        "until somebody has them"
    );
    scene.secs(21);
    assert!(scene.rung("x").is_empty(), "nobody else is rung");
    assert_eq!(slots(&scene), [(1, "x".to_owned())]);
    assert_eq!(scene.ask("b", take("x")), None);
    scene.answer("x");
    assert!(slots(&scene).is_empty());
    scene.hang_up("x");
    assert_eq!(scene.record("x").parts.len(), 2);
}

#[test]
fn parked_callers_have_the_first_free_slots_and_are_told_with_who_left_them() {
    let mut scene = desk();
    for (call, who) in [("x", "a"), ("y", "b"), ("z", "c")] {
        scene.call(call, "desk");
        scene.answer(call);
        scene.secs(1);
        park(&mut scene, who);
    }
    let parked = scene.engine.snapshot().parked;
    let told: Vec<_> = parked
        .iter()
        .map(|one| (one.slot, one.parked_by.clone().unwrap().to_string()))
        .collect();
    let expected = [(1, "a"), (2, "b"), (3, "c")];
    assert_eq!(told, expected.map(|(slot, who)| (slot, who.to_owned())));
    assert!(parked[0].parked_at < parked[2].parked_at);
    scene.hang_up("y");
    assert_eq!(slots(&scene).len(), 2);
    scene.call("w", "desk");
    scene.secs(30);
    scene.answer("w");
    let who = scene.rung("w").pop().unwrap();
    park(&mut scene, &who);
    assert_eq!(slots(&scene)[1], (2, "w".to_owned()));
}

#[test]
fn the_time_of_parking_ends_while_somebody_fetches_and_the_caller_waits_in_the_queue_then() {
    let mut scene = desk();
    scene.call("x", "desk");
    scene.answer("x");
    park(&mut scene, "a");
    scene.secs(170);
    assert_eq!(scene.ask("b", take("x")), None);
    scene.secs(15);
    assert!(slots(&scene).is_empty());
    let leg = scene.leg("x");
    let outputs = scene.input(Input::LegFailed {
        leg,
        failure: LegFailure::Declined,
    });
    let rings = |output: &Output| matches!(output, Output::Ring { .. });
    assert!(outputs.iter().any(rings), "somebody else is rung at once");
    scene.hang_up("x");
}
