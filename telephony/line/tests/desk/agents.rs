//! Agents: 後処理, 離席, transfers.

use insta::assert_snapshot;
use madoguchi_core::live::{AgentCommand, AgentState};
use madoguchi_core::time::Millis;
use madoguchi_line::api::{HangUpCause, Input, LegFailure, Output};
use madoguchi_line::settings::LineSettings;

use crate::scene::{Scene, agent, line, script};

pub(crate) fn desk() -> Scene {
    let settings = LineSettings {
        wrap_up: Millis::from_secs(30),
        ..line("desk")
    };
    Scene::open(
        vec![settings],
        ["a", "b"].map(|name| agent(name, &["desk"])).to_vec(),
    )
}

pub(crate) fn away(reason: &str) -> AgentCommand {
    AgentCommand::Away {
        reason: reason.into(),
    }
}

pub(crate) fn refused(call: &str, cause: HangUpCause) -> Output {
    Output::HangUp {
        call: call.into(),
        cause,
    }
}

#[test]
fn wrap_up_ends_by_its_time_by_the_agent_or_by_being_ready() {
    for (command, secs) in [
        (None, 30),
        (Some(AgentCommand::EndWrapUp), 7),
        (Some(AgentCommand::Ready), 7),
    ] {
        let mut scene = desk();
        scene.call("x", "desk");
        scene.answer("x");
        scene.hang_up("x");
        assert_eq!(scene.state("a"), AgentState::WrapUp);
        scene.secs(secs);
        if let Some(command) = command {
            scene.command("a", command);
        }
        assert_eq!(scene.state("a"), AgentState::Ready);
        let part = scene.record("x").parts.remove(0);
        let wrap_up = part.wrap_up_ended_at.unwrap() - part.until.unwrap();
        assert_eq!(wrap_up, Millis::from_secs(secs));
        scene.ledger.nothing_is_left();
    }
}

#[test]
fn a_line_without_wrap_up_frees_the_agent_at_once() {
    let mut scene = Scene::open(vec![line("desk")], vec![agent("a", &["desk"])]);
    scene.call("x", "desk");
    scene.answer("x");
    scene.hang_up("x");
    assert_eq!(scene.state("a"), AgentState::Ready);
    // The log says so: without this event live figures would wait for it.
    assert!(scene.story("x").ends_with("ended(Caller) wrap_up_ended(a)"));
}

#[test]
fn away_or_log_out_during_a_call_take_effect_at_its_end() {
    let log_out = (AgentCommand::LogOut, AgentState::LoggedOut);
    let lunch = (
        away("昼休み"),
        AgentState::Away {
            reason: "昼休み".into(),
        },
    );
    for (command, state) in [log_out, lunch] {
        let mut scene = desk();
        scene.call("x", "desk");
        scene.answer("x");
        let seen = Output::AgentChanged { agent: "a".into() };
        assert!(scene.command("a", command).contains(&seen));
        assert_eq!(scene.state("a"), AgentState::Talking);
        assert_eq!(scene.next_state("a"), Some(state.clone()), "is seen");
        scene.hang_up("x");
        assert_eq!(scene.next_state("a"), None);
        assert_eq!(scene.state("a"), state);
        scene.call("y", "desk");
        assert_eq!(scene.rung("y"), ["b"]);
    }
}

#[test]
fn the_agent_who_hangs_up_ends_the_call() {
    let mut scene = desk();
    scene.call("x", "desk");
    scene.answer("x");
    let leg = scene.leg("x");
    let outputs = scene.input(Input::LegEnded { leg }).to_vec();
    assert_snapshot!(script(&outputs), @"
    log x: ended(Agent)
    wake after 30000 ms
    show a
    hang up x: Normal
    ");
}

#[test]
fn a_transfer_that_fails_leaves_the_caller_with_the_first_agent() {
    for n in 0..4 {
        let mut scene = desk();
        scene.call("x", "desk");
        scene.answer("x");
        scene.input(Input::TransferToAgent {
            call: "x".into(),
            agent: "b".into(),
        });
        let leg = scene.leg("x");
        match n {
            0 => drop(scene.secs(20)),
            1 => {
                scene.input(Input::LegFailed {
                    leg,
                    failure: LegFailure::Declined,
                });
            }
            2 => {
                scene.input(Input::LegAnswered { leg: leg.clone() });
                scene.input(Input::LegEnded { leg });
            }
            _ => {
                scene.input(Input::LegAnswered { leg });
                scene.secs(5);
                assert!(scene.story("x").ends_with("ring_ended(b,Dropped)"));
            }
        }
        assert_eq!(scene.rung("x"), ["a"]);
        assert_eq!(
            (scene.state("a"), scene.state("b")),
            (AgentState::Talking, AgentState::Ready)
        );
        assert!(!scene.story("x").contains("transferred"));
        // They are connected again, and the first agent is told.
        let leg = scene.leg("x");
        let bridged = Output::Bridge { leg: leg.clone() };
        let told = scene.last.iter().filter(
            |output| matches!(output, Output::TransferOver { leg: of, failure: Some(_) } if *of == leg),
        );
        assert_eq!(told.count(), 1);
        assert!(scene.last.contains(&bridged), "{:?}", scene.last);
    }
}

#[test]
fn a_transfer_to_somebody_in_a_call_changes_nothing() {
    let mut scene = desk();
    for call in ["x", "y"] {
        scene.call(call, "desk");
        scene.answer(call);
    }
    for busy in ["b", "a"] {
        let refused = Output::TransferOver {
            leg: scene.leg("x"),
            failure: Some(LegFailure::Declined),
        };
        let outputs = scene.input(Input::TransferToAgent {
            call: "x".into(),
            agent: busy.into(),
        });
        assert_eq!(outputs, [refused]);
    }
}

#[test]
fn a_caller_who_hangs_up_during_a_transfer_frees_both_agents() {
    let mut scene = desk();
    scene.call("x", "desk");
    scene.answer("x");
    scene.input(Input::TransferToAgent {
        call: "x".into(),
        agent: "b".into(),
    });
    scene.hang_up("x");
    assert!(scene.rung("x").is_empty());
    assert_eq!(
        (scene.state("a"), scene.state("b")),
        (AgentState::WrapUp, AgentState::Ready)
    );
}

#[test]
fn a_pick_up_that_is_told_twice_is_bridged_once() {
    let mut scene = desk();
    scene.call("x", "desk");
    scene.answer("x");
    scene.input(Input::TransferToAgent {
        call: "x".into(),
        agent: "b".into(),
    });
    let leg = scene.leg("x");
    assert!(
        !scene
            .input(Input::LegAnswered { leg: leg.clone() })
            .is_empty()
    );
    assert!(scene.input(Input::LegAnswered { leg }).is_empty());
}

#[test]
fn after_a_restart_the_longest_idle_agent_is_still_the_first() {
    let agents = ["a", "b", "c"].map(|name| agent(name, &["desk"])).to_vec();
    let mut scene = Scene::new(
        vec![line("desk")],
        agents,
        crate::scene::at("2026-11-24T09:00:00"),
    );
    for (name, minutes_ago) in [("a", 1), ("b", 30), ("c", 10)] {
        let since = scene.now - Millis::from_secs(minutes_ago * 60);
        scene
            .engine
            .restore_agent(&name.into(), AgentState::Ready, since);
        scene.input(Input::AgentReachable {
            agent: name.into(),
            reachable: true,
        });
    }
    for expected in ["b", "c", "a"] {
        scene.call(expected, "desk");
        assert_eq!(scene.rung(expected), [expected]);
    }
}

#[test]
fn a_colleague_who_misses_a_transfer_while_logged_out_stays_logged_out() {
    let settings = LineSettings {
        away_after_no_answers: 1,
        ..line("desk")
    };
    let agents = ["a", "b"].map(|name| agent(name, &["desk"])).to_vec();
    let mut scene = Scene::open(vec![settings], agents);
    scene.command("b", AgentCommand::LogOut);
    scene.call("x", "desk");
    scene.answer("x");
    scene.input(Input::TransferToAgent {
        call: "x".into(),
        agent: "b".into(),
    });
    scene.secs(20);
    assert_eq!(scene.state("b"), AgentState::LoggedOut);
}
