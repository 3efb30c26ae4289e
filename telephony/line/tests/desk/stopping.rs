//! The desk stops: who waits is told, who talks talks on, and at the end every call has its end.

use insta::assert_snapshot;
use madoguchi_core::live::AgentState;
use madoguchi_core::time::Millis;
use madoguchi_line::api::{DialTarget, Input, Output};
use madoguchi_line::settings::LineSettings;

use crate::scene::{Scene, line, script, three};

/// "t" talks with "a", "o" was dialled by "b" and answered, "r" rings at "c", "w" waits.
fn busy() -> Scene {
    let mut scene = three(LineSettings {
        wrap_up: Millis::from_secs(30),
        ..line("desk")
    });
    scene.call("t", "desk");
    scene.answer("t");
    let target = DialTarget::Outside {
        number: "0312345678".into(),
        shown: "5000".into(),
        line: "desk".into(),
    };
    scene.input(Input::AgentDialled {
        call: "o".into(),
        agent: "b".into(),
        target,
    });
    scene.input(Input::FarAnswered { call: "o".into() });
    scene.call("r", "desk");
    scene.call("w", "desk");
    scene
}

#[test]
fn whoever_waits_is_told_and_nobody_is_rung_any_more_while_talks_go_on() {
    let mut scene = busy();
    let outputs = scene.input(Input::Drain).to_vec();
    assert_snapshot!(script(&outputs), @"
    end a leg of r
    wake no more
    log r: ring_ended(c,Withdrawn)
    show c
    log r: abandoned(desk_closed_while_waiting)
    wake no more
    play ClosedWhileWaiting to r (number 1)
    wake after 90000 ms
    log w: abandoned(desk_closed_while_waiting)
    wake no more
    play ClosedWhileWaiting to w (number 1)
    wake after 90000 ms
    ");
    scene.secs(20);
    assert_eq!(scene.state("a"), AgentState::Talking);
    scene.hang_up("t");
    assert!(
        scene.story("t").ends_with("ended(Caller)"),
        "{}",
        scene.story("t")
    );
}

#[test]
fn at_the_end_every_call_is_hung_up_and_has_its_true_end() {
    let mut scene = busy();
    scene.input(Input::Drain);
    let outputs = scene.input(Input::EndAll).to_vec();
    assert_snapshot!(script(&outputs), @"
    log o: ended(Desk)
    show b
    end the far end of o
    hang up o: Normal
    hang up r: Normal
    wake no more
    log t: ended(Desk)
    end a leg of t
    wake after 30000 ms
    show a
    hang up t: Normal
    hang up w: Normal
    wake no more
    wake no more
    log t: wrap_up_ended(a)
    show a
    ");
    for call in ["t", "o", "w", "r"] {
        assert!(scene.record(call).ended_at.is_some(), "{call}");
    }
    let ends = |output: &&Output| matches!(output, Output::EndLeg { .. } | Output::EndFar { .. });
    assert_eq!(
        outputs.iter().filter(ends).count(),
        2,
        "both who were talked to"
    );
}

#[test]
fn a_stop_without_grace_leaves_no_caller_without_an_end() {
    let mut scene = busy();
    scene.input(Input::EndAll);
    for (call, end) in [
        ("w", "abandoned(desk_closed_while_waiting)"),
        ("r", "abandoned(desk_closed_while_waiting)"),
        ("o", "ended(Desk)"),
    ] {
        assert!(scene.story(call).ends_with(end), "{}", scene.story(call));
    }
    assert!(scene.input(Input::EndAll).is_empty(), "nothing is left");
}
