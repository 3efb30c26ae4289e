//! Who is rung for whom.

use madoguchi_core::hours::{Calendar, HoursSettings, Override};
use madoguchi_core::live::{AgentCommand, AgentState};
use madoguchi_line::api::{Input, LegFailure, Output};
use madoguchi_line::settings::{AtClosing, LineSettings, Strategy};

use crate::scene::{Scene, agent, duty, line, three};

#[test]
fn the_agent_who_has_been_idle_longest_is_next_and_who_did_not_answer_goes_to_the_back() {
    let mut scene = three(line("desk"));
    scene.call("x", "desk");
    assert_eq!(scene.rung("x"), ["a"]);
    scene.secs(20);
    assert_eq!(scene.rung("x"), ["b"]);
    scene.answer("x");
    scene.hang_up("x");
    // c has been idle since the start, then a (missed a call), then b (just had one).
    for expected in ["c", "a", "b"] {
        scene.call(expected, "desk");
        assert_eq!(scene.rung(expected), [expected]);
    }
}

#[test]
fn agents_take_turns_in_the_order_of_the_settings() {
    let mut scene = three(LineSettings {
        strategy: Strategy::RoundRobin,
        ..line("desk")
    });
    for (n, expected) in ["a", "b", "c", "a", "b"].into_iter().enumerate() {
        let call = format!("x{n}");
        scene.call(&call, "desk");
        assert_eq!(scene.rung(&call), [expected]);
        scene.answer(&call);
        scene.hang_up(&call);
    }
}

#[test]
fn when_all_are_rung_the_first_to_pick_up_gets_the_call_and_the_others_fall_silent() {
    let mut scene = three(LineSettings {
        strategy: Strategy::RingAll,
        ..line("desk")
    });
    scene.call("x", "desk");
    assert_eq!(scene.rung("x"), ["a", "b", "c"]);
    let leg = scene.legs("x")[1].0.clone();
    scene.input(Input::LegAnswered { leg: leg.clone() });
    assert_eq!(scene.rung("x"), ["b"]);
    let outputs = scene.input(Input::LegEnded { leg }).to_vec();
    assert!(
        outputs
            .iter()
            .any(|output| matches!(output, Output::Ring { .. })),
        "ring again"
    );
    assert_eq!(scene.rung("x"), ["a", "c"], "b is left alone for a moment");
    scene.answer("x");
    assert_eq!(
        (scene.state("a"), scene.state("c")),
        (AgentState::Ready, AgentState::Talking)
    );
    assert_eq!((scene.ledger.answered, scene.ledger.abandoned), (1, 0));
}

#[test]
fn when_all_are_rung_whoever_becomes_ready_joins_in() {
    let mut scene = three(LineSettings {
        strategy: Strategy::RingAll,
        ..line("desk")
    });
    scene.command("b", AgentCommand::LogOut);
    scene.call("x", "desk");
    assert_eq!(scene.rung("x"), ["a", "c"]);
    scene.command("b", AgentCommand::Ready);
    assert_eq!(scene.rung("x"), ["a", "c", "b"]);
}

#[test]
fn lines_of_higher_priority_are_served_first() {
    let vip = LineSettings {
        priority: 1,
        ..line("vip")
    };
    let mut scene = Scene::open(vec![line("desk"), vip], vec![agent("a", &["desk", "vip"])]);
    scene.call("x", "desk");
    scene.call("early", "desk");
    scene.call("late", "desk");
    scene.call("urgent", "vip");
    for (done, next) in [("x", "urgent"), ("urgent", "early"), ("early", "late")] {
        scene.hang_up(done);
        assert_eq!(scene.rung(next), ["a"]);
    }
}

#[test]
fn agents_take_calls_of_their_lines_only_when_ready_and_reachable() {
    let agents = vec![agent("a", &["desk"]), agent("v", &["vip"])];
    let mut scene = Scene::open(vec![line("desk"), line("vip")], agents);
    scene.input(Input::AgentReachable {
        agent: "a".into(),
        reachable: false,
    });
    scene.call("x", "desk");
    assert!(scene.rung("x").is_empty());
    scene.command(
        "a",
        AgentCommand::Away {
            reason: "休憩".into(),
        },
    );
    scene.input(Input::AgentReachable {
        agent: "a".into(),
        reachable: true,
    });
    assert!(scene.rung("x").is_empty());
    scene.command("a", AgentCommand::Ready);
    assert_eq!(scene.rung("x"), ["a"]);
}

#[test]
fn who_does_not_answer_again_and_again_is_set_away() {
    let mut scene = three(LineSettings {
        away_after_no_answers: 2,
        ..line("desk")
    });
    scene.command("b", AgentCommand::LogOut);
    scene.command("c", AgentCommand::LogOut);
    scene.call("x", "desk");
    scene.secs(20);
    assert_eq!(scene.state("a"), AgentState::Ringing);
    scene.secs(20);
    assert_eq!(
        scene.state("a"),
        AgentState::Away {
            reason: "応答なし".into()
        }
    );
    assert_eq!(scene.engine.snapshot().waiting.len(), 1);
}

#[test]
fn a_phone_that_gives_up_by_itself_counts_as_not_answered_too() {
    let mut scene = three(LineSettings {
        away_after_no_answers: 2,
        ..line("desk")
    });
    scene.command("b", AgentCommand::LogOut);
    scene.command("c", AgentCommand::LogOut);
    scene.call("x", "desk");
    for _ in 0..2 {
        let leg = scene.leg("x");
        scene.input(Input::LegFailed {
            leg,
            failure: LegFailure::NoAnswer,
        });
        scene.secs(6);
    }
    assert_eq!(
        scene.state("a"),
        AgentState::Away {
            reason: "応答なし".into()
        }
    );
}

#[test]
fn an_answer_in_between_begins_the_count_of_missed_calls_anew() {
    let mut scene = three(LineSettings {
        away_after_no_answers: 2,
        ..line("desk")
    });
    scene.command("b", AgentCommand::LogOut);
    scene.command("c", AgentCommand::LogOut);
    for call in ["x", "y"] {
        scene.call(call, "desk");
        scene.secs(20);
        scene.answer(call);
        scene.hang_up(call);
    }
    assert_eq!(scene.state("a"), AgentState::Ready);
}

#[test]
fn a_phone_that_refuses_is_not_rung_in_a_circle() {
    let mut scene = three(line("desk"));
    scene.command("b", AgentCommand::LogOut);
    scene.command("c", AgentCommand::LogOut);
    scene.call("x", "desk");
    for failure in [LegFailure::Declined, LegFailure::Unreachable] {
        let leg = scene.leg("x");
        scene.input(Input::LegFailed { leg, failure });
        scene.secs(4);
        assert!(scene.rung("x").is_empty(), "left alone after {failure:?}");
        scene.secs(1);
        assert_eq!(scene.rung("x"), ["a"], "and rung again");
    }
}

/// A line with two agents who come first, one who comes second and one who helps out.
fn levels(strategy: Strategy) -> Scene {
    let agents = vec![
        agent("help", &["desk:3"]),
        agent("second", &["desk:2"]),
        agent("a", &["desk"]),
        agent("b", &["desk"]),
    ];
    let settings = LineSettings {
        strategy,
        ..line("desk")
    };
    Scene::open(vec![settings], agents)
}

#[test]
fn those_who_come_first_are_rung_first_whoever_has_been_idle_longer() {
    for strategy in [Strategy::LongestIdle, Strategy::RoundRobin] {
        let mut scene = levels(strategy);
        for (call, expected) in [("1", "a"), ("2", "b"), ("3", "second"), ("4", "help")] {
            scene.call(call, "desk");
            assert_eq!(scene.rung(call), [expected], "{strategy:?}");
            scene.answer(call);
        }
        scene.hang_up("3");
        scene.hang_up("1");
        scene.call("5", "desk");
        assert_eq!(scene.rung("5"), ["a"], "{strategy:?}");
    }
}

#[test]
fn among_equals_turns_go_on_where_they_were_on_each_level() {
    let mut scene = levels(Strategy::RoundRobin);
    for (call, expected) in [("1", "a"), ("2", "b"), ("3", "second")] {
        scene.call(call, "desk");
        assert_eq!(scene.rung(call), [expected]);
        scene.answer(call);
    }
    scene.hang_up("1");
    scene.hang_up("2");
    // b was the last of those who come first, whatever happened on other levels.
    for (call, expected) in [("4", "a"), ("5", "b")] {
        scene.call(call, "desk");
        assert_eq!(scene.rung(call), [expected]);
    }
}

#[test]
fn who_does_not_answer_leaves_the_call_to_the_next_level_and_is_tried_again() {
    let mut scene = levels(Strategy::LongestIdle);
    scene.command("b", AgentCommand::LogOut);
    scene.command("help", AgentCommand::LogOut);
    scene.call("x", "desk");
    for expected in ["a", "second", "a"] {
        assert_eq!(scene.rung("x"), [expected]);
        scene.secs(20);
    }
}

#[test]
fn all_of_the_lowest_level_that_has_anybody_idle_are_rung() {
    let mut scene = levels(Strategy::RingAll);
    scene.command("second", AgentCommand::LogOut);
    scene.call("x", "desk");
    assert_eq!(scene.rung("x"), ["a", "b"]);
    scene.command("second", AgentCommand::Ready);
    assert_eq!(
        scene.rung("x"),
        ["a", "b"],
        "the second level waits for its turn"
    );
    scene.call("y", "desk");
    assert_eq!(scene.rung("y"), ["second"], "nobody else is idle");
    scene.answer("x");
    // Freed by that, the other one who comes first joins in for y.
    assert_eq!(scene.rung("y"), ["second", "a"]);
    let declined = scene.legs("y");
    for (leg, _) in declined {
        scene.input(Input::LegFailed {
            leg,
            failure: LegFailure::Declined,
        });
    }
    assert_eq!(
        scene.rung("y"),
        ["help"],
        "the others are left alone for a moment"
    );
}

#[test]
fn levels_hold_by_line() {
    let agents = vec![
        agent("a", &["desk:2", "vip"]),
        agent("b", &["desk", "vip:2"]),
    ];
    let mut scene = Scene::open(vec![line("desk"), line("vip")], agents);
    scene.call("x", "vip");
    assert_eq!(scene.rung("x"), ["a"]);
    scene.hang_up("x");
    scene.call("y", "desk");
    assert_eq!(scene.rung("y"), ["b"]);
}

#[test]
fn another_level_holds_from_the_next_call_on() {
    let mut scene = levels(Strategy::LongestIdle);
    scene.reconfigure(|settings| {
        for agent in &mut settings.agents {
            agent.lines = vec![duty(if agent.agent.as_str() == "help" {
                "desk"
            } else {
                "desk:3"
            })];
        }
    });
    scene.call("x", "desk");
    assert_eq!(scene.rung("x"), ["help"]);
}

/// A random history found this: who was freed by the change was rung before who now comes first.
#[test]
fn who_comes_first_by_new_settings_is_rung_before_who_is_freed_by_them() {
    let told = LineSettings {
        at_closing: AtClosing::Tell,
        ..line("told")
    };
    let agents = vec![agent("a", &["told"]), agent("b", &[])];
    let mut scene = Scene::open(vec![told, line("desk")], agents);
    scene.call("x", "told");
    scene.call("y", "desk");
    assert_eq!(scene.rung("x"), ["a"]);
    let today = scene.now.date();
    scene.reconfigure(|settings| {
        let closed = [(today, Override::Closed)];
        settings.calendar = Calendar::new(HoursSettings {
            overrides: closed.into_iter().collect(),
            ..HoursSettings::default()
        });
        settings.agents = vec![agent("a", &["desk:2"]), agent("b", &["desk"])];
    });
    assert!(
        scene.rung("x").is_empty(),
        "x is told that the desk has closed"
    );
    assert_eq!(scene.rung("y"), ["b"]);
}
