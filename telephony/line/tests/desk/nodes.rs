//! Several nodes: agents' states that were asked for elsewhere, and calls that keep agents there.

use madoguchi_core::live::{AgentCommand, AgentPresence, AgentState};
use madoguchi_core::time::Millis;
use madoguchi_line::api::{Input, Output};
use madoguchi_line::settings::LineSettings;

use crate::agents::away;
use crate::scene::{Scene, agent, line};

/// A desk with agents a and b, where b may be busy in a way that no book here knows of.
fn desk() -> Scene {
    let settings = LineSettings {
        wrap_up: Millis::from_secs(30),
        ..line("desk")
    };
    let agents = ["a", "b"].map(|name| agent(name, &["desk"])).to_vec();
    let mut scene = Scene::open(vec![settings], agents);
    scene.careful = false;
    scene
}

/// What is put out for the record.
fn recorded(outputs: &[Output]) -> Vec<AgentPresence> {
    let presence = |output: &Output| match output {
        Output::Presence(presence) => Some(presence.clone()),
        _ => None,
    };
    outputs.iter().filter_map(presence).collect()
}

fn asked(scene: &mut Scene, name: &str, command: AgentCommand) -> AgentPresence {
    let agent = name.into();
    let outputs = scene.input(Input::Agent { agent, command });
    recorded(outputs).pop().unwrap()
}

fn elsewhere(name: &str, state: AgentState, version: u64, scene: &Scene) -> AgentPresence {
    AgentPresence {
        agent: name.into(),
        state,
        since: scene.now,
        version,
        node: "other".into(),
    }
}

#[test]
fn every_state_that_is_asked_for_is_on_the_record_with_the_next_version() {
    let mut scene = desk();
    let lunch = asked(&mut scene, "a", away("昼休み"));
    scene.secs(5);
    let out = asked(&mut scene, "a", AgentCommand::LogOut);
    assert_eq!(out.version, lunch.version + 1);
    assert_eq!(out.state, AgentState::LoggedOut);
    assert_eq!((out.node.as_str(), out.since), ("node", scene.now));
    assert!(out.replaces(&lunch));
}

#[test]
fn who_does_not_answer_is_away_at_all_nodes() {
    let settings = LineSettings {
        away_after_no_answers: 1,
        ..line("desk")
    };
    let mut scene = Scene::open(vec![settings], vec![agent("a", &["desk"])]);
    let before = asked(&mut scene, "a", AgentCommand::Ready);
    scene.call("x", "desk");
    let outputs = scene.secs(20);
    let last = recorded(&outputs).pop().unwrap();
    assert!(matches!(last.state, AgentState::Away { .. }));
    assert!(last.is_asked_after(&before));
}

#[test]
fn who_logged_out_at_another_node_is_not_rung_here() {
    let mut scene = desk();
    let version = asked(&mut scene, "a", AgentCommand::Ready).version + 1;
    let out = elsewhere("a", AgentState::LoggedOut, version, &scene);
    let outputs = scene.input(Input::Presence(out.clone())).to_vec();
    assert_eq!(recorded(&outputs), [out], "it is on the record here, too");
    assert_eq!(scene.state("a"), AgentState::LoggedOut);
    scene.call("x", "desk");
    assert_eq!(scene.rung("x"), ["b"]);
}

#[test]
fn what_was_asked_for_earlier_changes_nothing_whenever_it_comes() {
    let mut scene = desk();
    let old = elsewhere("a", AgentState::LoggedOut, 1, &scene);
    let lunch = asked(&mut scene, "a", away("昼休み"));
    assert!(lunch.version > 1);
    for presence in [old, lunch.clone()] {
        assert!(scene.input(Input::Presence(presence)).is_empty());
        assert_eq!(scene.state("a"), lunch.state);
    }
}

#[test]
fn two_nodes_at_which_something_was_asked_for_at_once_agree() {
    let (mut one, mut other) = (desk(), desk());
    one.settings.node = "n1".into();
    one.reconfigure(|_| {});
    other.settings.node = "n2".into();
    other.reconfigure(|_| {});
    let out = asked(&mut one, "a", AgentCommand::LogOut);
    let lunch = asked(&mut other, "a", away("昼休み"));
    assert_eq!(out.version, lunch.version);
    one.input(Input::Presence(lunch));
    other.input(Input::Presence(out));
    assert_eq!(one.state("a"), other.state("a"));
}

#[test]
fn who_talks_at_another_node_is_not_rung_here_until_that_is_over() {
    let mut scene = desk();
    for name in ["a", "b"] {
        scene.input(Input::AgentElsewhere {
            agent: name.into(),
            busy: true,
        });
    }
    scene.call("x", "desk");
    assert!(scene.rung("x").is_empty());
    scene.input(Input::AgentElsewhere {
        agent: "b".into(),
        busy: false,
    });
    assert_eq!(scene.rung("x"), ["b"]);
}

#[test]
fn work_after_a_call_ends_when_it_is_ended_at_another_node() {
    let mut scene = desk();
    scene.call("x", "desk");
    scene.answer("x");
    scene.input(Input::CallerHungUp { call: "x".into() });
    assert_eq!(scene.state("a"), AgentState::WrapUp);
    let version = asked(&mut scene, "b", AgentCommand::Ready).version + 9;
    let ready = elsewhere("a", AgentState::Ready, version, &scene);
    scene.input(Input::Presence(ready));
    assert_eq!(scene.state("a"), AgentState::Ready);
}

#[test]
fn since_when_somebody_is_free_after_a_call_is_on_the_record_and_asks_for_nothing() {
    let mut scene = desk();
    let asked = asked(&mut scene, "a", AgentCommand::Ready);
    scene.secs(5);
    scene.call("x", "desk");
    scene.answer("x");
    scene.input(Input::CallerHungUp { call: "x".into() });
    let outputs = scene.secs(30);
    let free = recorded(&outputs).pop().unwrap();
    assert_eq!(free.since, scene.now);
    assert!(free.replaces(&asked) && !free.is_asked_after(&asked));
}
