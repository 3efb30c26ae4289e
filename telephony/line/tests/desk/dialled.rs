//! Calls that agents dial themselves: outside and to colleagues.

use insta::assert_snapshot;
use madoguchi_core::live::{AgentCommand, AgentState};
use madoguchi_line::api::{DialTarget, HangUpCause, Input, LegFailure, Output};

use crate::agents::{away, desk, refused};
use crate::scene::{Scene, script};

fn dial_out(scene: &mut Scene, call: &str, agent: &str) -> Vec<Output> {
    let target = DialTarget::Outside {
        number: "0120".into(),
        shown: "5000".into(),
        line: "desk".into(),
    };
    scene
        .input(Input::AgentDialled {
            call: call.into(),
            agent: agent.into(),
            target,
        })
        .to_vec()
}

fn dial_colleague(scene: &mut Scene, call: &str, agent: &str, to: &str) -> Vec<Output> {
    let target = DialTarget::Agent { agent: to.into() };
    scene
        .input(Input::AgentDialled {
            call: call.into(),
            agent: agent.into(),
            target,
        })
        .to_vec()
}

#[test]
fn an_outbound_call_that_is_answered() {
    let mut scene = desk();
    let outputs = dial_out(&mut scene, "o", "a");
    assert_snapshot!(script(&outputs), @"
    log o: dialled
    show a
    dial for o
    ");
    assert_eq!(scene.state("a"), AgentState::Talking);
    scene.input(Input::FarAnswered { call: "o".into() });
    let outputs = scene.input(Input::FarEnded { call: "o".into() }).to_vec();
    assert_snapshot!(script(&outputs), @"
    log o: ended(Caller)
    show a
    hang up o: Normal
    ");
    assert_eq!(scene.story("o"), "dialled answered(a) ended(Caller)");
    assert_eq!(
        scene.state("a"),
        AgentState::Ready,
        "no 後処理 after a dialled call"
    );
}

#[test]
fn an_outbound_call_that_is_refused_or_given_up() {
    let mut scene = desk();
    dial_out(&mut scene, "o", "a");
    let failed = Input::FarFailed {
        call: "o".into(),
        failure: LegFailure::Declined,
    };
    assert_snapshot!(script(scene.input(failed)), @"
    log o: ended(Refused)
    show a
    hang up o: Busy
    ");
    dial_out(&mut scene, "p", "a");
    assert_snapshot!(script(scene.hang_up("p")), @"
    log p: ended(Agent)
    show a
    end the far end of p
    ");
}

#[test]
fn whoever_is_in_a_call_or_rung_may_not_dial() {
    let mut scene = desk();
    scene.call("x", "desk");
    assert_eq!(
        dial_out(&mut scene, "o", "a"),
        [refused("o", HangUpCause::Busy)]
    );
    scene.answer("x");
    // Somebody may be asked beside the talk, but not two at once.
    dial_out(&mut scene, "beside", "a");
    assert_eq!(
        dial_out(&mut scene, "p", "a"),
        [refused("p", HangUpCause::Busy)]
    );
    assert_eq!(
        dial_out(&mut scene, "q", "stranger"),
        [refused("q", HangUpCause::Forbidden)]
    );
    assert!(scene.kinds("o").is_empty(), "not an attempt to the outside");
}

#[test]
fn an_agent_who_dials_is_afterwards_what_they_were_before() {
    let states = [
        (AgentCommand::Ready, AgentState::Ready),
        (
            away("会議"),
            AgentState::Away {
                reason: "会議".into(),
            },
        ),
        (AgentCommand::LogOut, AgentState::LoggedOut),
    ];
    for (command, state) in states {
        let mut scene = desk();
        scene.command("a", command);
        dial_out(&mut scene, "o", "a");
        assert_eq!(scene.state("a"), AgentState::Talking);
        scene.hang_up("o");
        assert_eq!(scene.state("a"), state);
    }
}

#[test]
fn a_colleague_in_no_call_is_rung_and_both_are_taken() {
    for command in [AgentCommand::Ready, away("会議"), AgentCommand::LogOut] {
        let mut scene = desk();
        scene.command("b", command);
        let before = scene.state("b");
        dial_colleague(&mut scene, "i", "a", "b");
        assert_eq!(
            (scene.state("a"), scene.state("b")),
            (AgentState::Talking, AgentState::Ringing)
        );
        scene.call("x", "desk");
        assert!(scene.rung("x").is_empty(), "nobody is free");
        scene.input(Input::FarAnswered { call: "i".into() });
        assert_eq!(scene.state("b"), AgentState::Talking);
        scene.hang_up("x");
        scene.hang_up("i");
        assert_eq!(
            (scene.state("a"), scene.state("b")),
            (AgentState::Ready, before)
        );
        assert_eq!(scene.story("i"), "dialled answered(a) ended(Agent)");
    }
}

#[test]
fn a_colleague_in_a_call_is_busy() {
    let mut scene = desk();
    scene.call("x", "desk");
    let outputs = dial_colleague(&mut scene, "i", "b", "a");
    assert!(outputs.contains(&refused("i", HangUpCause::Busy)));
    assert_eq!(scene.story("i"), "dialled ended(Refused)");
    let outputs = dial_colleague(&mut scene, "j", "b", "b");
    assert!(
        outputs.contains(&refused("j", HangUpCause::Busy)),
        "nobody rings the own phone"
    );
    let outputs = dial_colleague(&mut scene, "k", "b", "stranger");
    assert!(outputs.contains(&refused("k", HangUpCause::NotFound)));
}

#[test]
fn an_agent_who_ends_wrap_up_by_dialling_in_vain_takes_the_next_caller() {
    let mut scene = desk();
    for call in ["x", "y", "z"] {
        scene.call(call, "desk");
    }
    scene.answer("x");
    scene.answer("y");
    scene.hang_up("x");
    assert_eq!(scene.state("a"), AgentState::WrapUp);
    let outputs = dial_colleague(&mut scene, "i", "a", "b");
    assert!(outputs.contains(&refused("i", HangUpCause::Busy)));
    assert_eq!(scene.rung("z"), ["a"]);
}
