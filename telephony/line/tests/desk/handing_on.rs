//! Handing a caller on to a colleague (blind transfer), in every order in which the parties can go.

use madoguchi_core::event::Party;
use madoguchi_core::live::{AgentCommand, AgentState};
use madoguchi_core::time::Millis;
use madoguchi_line::api::{Announcement, Input, LegFailure, Output};

use crate::scene::{Scene, agent, line};
use madoguchi_line::settings::LineSettings;

/// A caller who talks with a, and is being handed on to b.
fn handing_on() -> Scene {
    let settings = LineSettings {
        wrap_up: Millis::from_secs(30),
        ..line("desk")
    };
    let agents = ["a", "b", "c"].map(|name| agent(name, &["desk"])).to_vec();
    let mut scene = Scene::open(vec![settings], agents);
    scene.call("x", "desk");
    scene.answer("x");
    scene.secs(60);
    scene.input(Input::TransferToAgent {
        call: "x".into(),
        agent: "b".into(),
    });
    scene
}

/// A caller whom a has left for b, who has refused; nobody else is there.
fn left_alone(max_wait: Millis) -> Scene {
    let settings = LineSettings {
        max_wait,
        ..line("desk")
    };
    let agents = ["a", "b"].map(|name| agent(name, &["desk"])).to_vec();
    let mut scene = Scene::open(vec![settings], agents);
    scene.call("x", "desk");
    scene.answer("x");
    scene.secs(60);
    scene.input(Input::TransferToAgent {
        call: "x".into(),
        agent: "b".into(),
    });
    for agent in ["a", "b"] {
        scene.command(agent, AgentCommand::LogOut);
    }
    let_go(&mut scene);
    refuse(&mut scene);
    assert!(scene.rung("x").is_empty());
    scene
}

#[test]
fn a_caller_who_was_left_alone_waits_no_longer_than_the_line_lets_anybody_wait() {
    let mut scene = left_alone(Millis::from_secs(120));
    scene.secs(119);
    assert!(!scene.story("x").contains("ended(Desk)"));
    scene.secs(1);
    assert!(
        scene.story("x").ends_with("ended(Desk)"),
        "{}",
        scene.story("x")
    );
    let said = |output: &Output| {
        matches!(
            output,
            Output::Play {
                announcement: Announcement::MaxWait,
                ..
            }
        )
    };
    assert!(scene.last.iter().any(said));
    scene.hang_up("x");
    let ledger = &scene.ledger;
    assert_eq!((ledger.answered, ledger.abandoned), (1, 0), "no 放棄");

    // Somebody comes in time, and there is no limit any more.
    let mut scene = left_alone(Millis::from_secs(120));
    scene.secs(60);
    scene.ready("b");
    scene.answer("x");
    scene.secs(600);
    assert_eq!(scene.state("b"), AgentState::Talking);
    scene.hang_up("x");
}

#[test]
fn a_caller_who_was_left_alone_is_told_when_the_desk_stops() {
    let mut scene = left_alone(Millis::ZERO);
    scene.secs(600);
    scene.input(Input::Drain);
    assert!(
        scene.story("x").ends_with("ended(Desk)"),
        "{}",
        scene.story("x")
    );
    scene.hang_up("x");
}

/// The first agent hangs up while the other one is rung.
fn let_go(scene: &mut Scene) {
    let (leg, _) = scene.legs("x").into_iter().min().unwrap();
    scene.input(Input::LegEnded { leg });
}

fn refuse(scene: &mut Scene) {
    let leg = scene.leg("x");
    scene.input(Input::LegFailed {
        leg,
        failure: LegFailure::Declined,
    });
}

#[test]
fn the_caller_hears_music_while_the_colleague_is_rung() {
    let scene = handing_on();
    let music = Output::PlayMusic { call: "x".into() };
    assert_eq!(scene.last.first(), Some(&music));
    assert_eq!(scene.rung("x"), ["a", "b"]);
}

#[test]
fn an_agent_who_hangs_up_at_once_leaves_the_caller_to_the_colleague() {
    let mut scene = handing_on();
    scene.secs(1);
    let_go(&mut scene);
    assert_eq!(scene.state("a"), AgentState::WrapUp);
    assert_eq!(scene.rung("x"), ["b"], "the caller is not lost");
    scene.secs(9);
    scene.answer("x");
    scene.secs(40);
    scene.hang_up("x");
    assert_eq!((scene.ledger.offered, scene.ledger.answered), (1, 1));
    let record = scene.record("x");
    assert_eq!(record.talk(), Some(Millis::from_secs(110)));
    let parts: Vec<_> = record
        .parts
        .iter()
        .map(|part| (part.agent.clone().unwrap(), part.until.unwrap() - part.from))
        .collect();
    let secs = Millis::from_secs;
    assert_eq!(parts, [("a".into(), secs(61)), ("b".into(), secs(40))]);
    let story = "arrived accepted queued ringing(a) answered(a) ringing(b) transferred \
                 wrap_up_ended(a) transferred ended(Caller)";
    assert_eq!(
        scene.story("x").replace(" wrap_up_ended(a)", ""),
        story.replace(" wrap_up_ended(a)", "")
    );
}

#[test]
fn who_is_refused_after_the_agent_hung_up_waits_at_the_head_of_the_queue() {
    let mut scene = handing_on();
    scene.call("y", "desk");
    scene.answer("y");
    scene.call("z", "desk");
    let_go(&mut scene);
    refuse(&mut scene);
    // c talks with y, a works after the call, b is left alone: z came later than x.
    assert!(scene.rung("x").is_empty() && scene.rung("z").is_empty());
    scene.hang_up("y");
    scene.secs(30);
    assert_eq!(scene.rung("x").len(), 1, "{}", scene.story("x"));
    scene.answer("x");
    scene.hang_up("x");
    assert!(scene.story("x").ends_with("transferred ended(Caller)"));
    assert_eq!(scene.ledger.answered, 2);
}

#[test]
fn a_caller_who_gives_up_between_two_agents_was_answered_all_the_same() {
    for refused in [false, true] {
        let mut scene = handing_on();
        let_go(&mut scene);
        if refused {
            for agent in ["a", "b", "c"] {
                scene.command(agent, madoguchi_core::live::AgentCommand::LogOut);
            }
            refuse(&mut scene);
        }
        scene.secs(2);
        scene.hang_up("x");
        assert_eq!((scene.ledger.answered, scene.ledger.abandoned), (1, 0));
        assert!(
            scene.story("x").contains("ended(Caller)"),
            "{}",
            scene.story("x")
        );
        assert_eq!(scene.record("x").talk(), Some(Millis::from_secs(62)));
    }
}

#[test]
fn the_desk_that_stops_ends_a_caller_between_two_agents() {
    let mut scene = handing_on();
    let_go(&mut scene);
    scene.input(Input::EndAll);
    assert!(
        scene.story("x").contains("ended(Desk)"),
        "{}",
        scene.story("x")
    );
    assert_eq!((scene.ledger.answered, scene.ledger.abandoned), (1, 0));
}

#[test]
fn a_hold_of_the_caller_survives_the_way_to_the_colleague() {
    let mut scene = handing_on();
    let hold = |held: bool| {
        let (call, by) = ("x".into(), Party::Caller);
        if held {
            Input::Held { call, by }
        } else {
            Input::Resumed { call, by }
        }
    };
    scene.input(hold(true));
    let_go(&mut scene);
    scene.answer("x");
    scene.input(hold(false));
    scene.input(hold(false));
    scene.hang_up("x");
    let story = scene.story("x");
    assert_eq!(story.matches("resumed(Caller)").count(), 1, "{story}");
}

#[test]
fn a_second_transfer_while_one_goes_on_changes_nothing() {
    let mut scene = handing_on();
    let outputs = scene.input(Input::TransferToAgent {
        call: "x".into(),
        agent: "c".into(),
    });
    assert!(outputs.is_empty(), "{outputs:?}");
    assert_eq!(scene.rung("x"), ["a", "b"]);
}

#[test]
fn who_cannot_be_reached_is_told_to_the_agent_at_once() {
    let mut scene = handing_on();
    refuse(&mut scene);
    scene.input(Input::AgentReachable {
        agent: "c".into(),
        reachable: false,
    });
    for nobody in ["c", "nobody"] {
        let leg = scene.leg("x");
        let outputs = scene.input(Input::TransferToAgent {
            call: "x".into(),
            agent: nobody.into(),
        });
        let refused = Output::TransferOver {
            leg,
            failure: Some(LegFailure::Unreachable),
        };
        assert_eq!(outputs, [refused]);
    }
}

#[test]
fn who_hands_on_before_both_hear_each_other_is_told_that_it_failed() {
    let mut scene = handing_on();
    let_go(&mut scene);
    let leg = scene.leg("x");
    scene.input(Input::LegAnswered { leg: leg.clone() });
    let outputs = scene.input(Input::TransferToAgent {
        call: "x".into(),
        agent: "c".into(),
    });
    let refused = Output::TransferOver {
        leg,
        failure: Some(LegFailure::Unreachable),
    };
    assert_eq!(outputs, [refused]);
}
