//! 発信規制: calls to the outside that a rule forbids, and limits that are reached.

use insta::assert_snapshot;
use madoguchi_core::id::AgentId;
use madoguchi_core::live::{AgentCommand, AgentState};
use madoguchi_core::outbound::{OutboundElsewhere, OutboundRefusal, OutboundRule, OutboundRules};
use madoguchi_core::time::{Instant, Millis};
use madoguchi_line::api::{DialTarget, HangUpCause, Input, Output};

use crate::agents::{away, refused};
use crate::scene::{Scene, at, line, script, three};

fn minutes(count: i64) -> Millis {
    Millis::from_secs(count * 60)
}

fn desk(rules: OutboundRules) -> Scene {
    let mut scene = three(line("desk"));
    scene.reconfigure(|settings| settings.outbound = rules);
    scene
}

fn dial(scene: &mut Scene, call: &str, agent: &str, number: &str) -> Vec<Output> {
    let target = DialTarget::Outside {
        number: number.to_owned(),
        shown: "5000".into(),
        line: "desk".into(),
    };
    let (call, agent) = (call.into(), agent.into());
    scene
        .input(Input::AgentDialled {
            call,
            agent,
            target,
        })
        .to_vec()
}

fn talk(scene: &mut Scene, call: &str, agent: &str) {
    let outputs = dial(scene, call, agent, "0312345678");
    let dials = |output: &Output| matches!(output, Output::Dial { .. });
    assert!(outputs.iter().any(dials), "{outputs:?}");
    scene.input(Input::FarAnswered { call: call.into() });
}

/// Agents have talked for so many minutes today in calls that are not of this run.
fn elsewhere(scene: &Scene, talked: &[(&str, i64)]) -> Input {
    let talked = talked
        .iter()
        .map(|(agent, count)| (AgentId::new(*agent), minutes(*count)));
    Input::OutboundElsewhere(OutboundElsewhere {
        day: Instant::start_of(scene.now.date()),
        talked_by: talked.collect(),
        running: Vec::new(),
    })
}

fn stops(outputs: &[Output], agent: Option<&str>) -> bool {
    outputs.contains(&Output::OutboundStopped {
        agent: agent.map(AgentId::new),
    })
}

#[test]
fn a_call_that_a_rule_forbids_calls_nobody_and_is_kept_with_its_reason() {
    let mut scene = desk(OutboundRules::default());
    for (call, number, reason) in [
        ("p", "0990-500-123", "premium"),
        ("q", "184+81 990 500 123", "premium"),
        ("r", "０５７０－０００－１２３", "navi_dial"),
        ("s", "010-1-202-555-0100", "international"),
        ("t", "+881612345678", "satellite"),
    ] {
        let outputs = dial(&mut scene, call, "a", number);
        assert!(outputs.contains(&refused(call, HangUpCause::Forbidden)));
        let dials = |output: &Output| matches!(output, Output::Dial { .. });
        assert!(!outputs.iter().any(dials), "{outputs:?}");
        let story = format!("dialled barred({reason}) ended(Refused)");
        assert_eq!(scene.story(call), story);
        assert_eq!(scene.state("a"), AgentState::Ready, "and is free again");
    }
    let barred = scene.record("s").barred;
    assert_eq!(barred, Some(OutboundRefusal::International));
}

#[test]
fn what_is_dialled_is_what_was_judged() {
    let mut scene = desk(OutboundRules::default());
    let outputs = dial(&mut scene, "o", "a", "186 +81-3-1234-5678");
    let number = outputs.iter().find_map(|output| match output {
        Output::Dial {
            target: DialTarget::Outside { number, .. },
            ..
        } => Some(number.as_str()),
        _ => None,
    });
    assert_eq!(number, Some("1860312345678"));
    let outputs = dial(&mut scene, "x", "b", "0312345678,,1");
    assert_eq!(outputs, [refused("x", HangUpCause::NotFound)]);
}

#[test]
fn who_is_logged_out_calls_nobody_outside_but_help_and_colleagues() {
    let mut scene = desk(OutboundRules::default());
    scene.command("a", AgentCommand::LogOut);
    dial(&mut scene, "o", "a", "0312345678");
    assert_eq!(
        scene.story("o"),
        "dialled barred(logged_out) ended(Refused)"
    );
    dial(&mut scene, "e", "a", "119");
    assert_eq!(scene.story("e"), "dialled");
    scene.hang_up("e");
    let target = DialTarget::Agent { agent: "b".into() };
    scene.input(Input::AgentDialled {
        call: "i".into(),
        agent: "a".into(),
        target,
    });
    assert_eq!(scene.story("i"), "dialled");
    scene.hang_up("i");
    scene.command("a", away("会議"));
    dial(&mut scene, "p", "a", "0312345678");
    assert_eq!(
        scene.story("p"),
        "dialled",
        "who is away is still at the desk"
    );
}

#[test]
fn only_so_many_calls_go_out_at_once() {
    let mut scene = desk(OutboundRules {
        calls_at_once: 1,
        ..OutboundRules::default()
    });
    dial(&mut scene, "o", "a", "0312345678");
    dial(&mut scene, "p", "b", "0312345678");
    assert_eq!(
        scene.story("p"),
        "dialled barred(calls_at_once) ended(Refused)"
    );
    scene.hang_up("o");
    dial(&mut scene, "q", "b", "0312345678");
    assert_eq!(scene.story("q"), "dialled");
}

#[test]
fn when_the_minutes_of_the_desk_are_used_up_calls_go_on_and_new_ones_do_not_until_tomorrow() {
    let mut scene = desk(OutboundRules {
        talk_per_day: minutes(10),
        ..OutboundRules::default()
    });
    talk(&mut scene, "o", "a");
    talk(&mut scene, "p", "b");
    // Two talk at once: ten minutes are used up after five.
    assert!(!stops(&scene.secs(299), None));
    assert!(stops(&scene.secs(2), None));
    assert!(scene.engine.snapshot().outbound.stopped);
    assert_eq!(scene.story("o"), "dialled answered(a)", "it goes on");
    dial(&mut scene, "q", "c", "0312345678");
    assert_eq!(
        scene.story("q"),
        "dialled barred(minutes_per_day) ended(Refused)"
    );
    scene.hang_up("o");
    scene.hang_up("p");
    let night = at("2026-11-25T00:00:00") - scene.now;
    assert!(scene.pass(night).contains(&Output::OutboundResumed));
    assert!(!scene.engine.snapshot().outbound.stopped);
    dial(&mut scene, "r", "c", "0312345678");
    assert_eq!(scene.story("r"), "dialled");
}

#[test]
fn calls_are_cut_at_the_limit_if_so_set_and_emergency_calls_never() {
    let mut scene = desk(OutboundRules {
        talk_per_day: minutes(10),
        cut_at_limit: true,
        ..OutboundRules::default()
    });
    dial(&mut scene, "e", "c", "110");
    scene.input(Input::FarAnswered { call: "e".into() });
    talk(&mut scene, "o", "a");
    let outputs = scene.secs(601);
    assert_snapshot!(script(&outputs), @"
    nobody calls the outside
    log o: ended(Desk)
    wake after 53399999 ms
    show a
    log a: Ready
    end the far end of o
    hang up o: Normal
    wake no more
    wake after 53399999 ms
    ");
    assert_eq!(scene.story("e"), "dialled answered(c)");
}

#[test]
fn an_agents_own_minutes_stop_that_agent_alone() {
    let own = OutboundRule {
        talk_per_day: minutes(2),
        ..OutboundRule::default()
    };
    let mut scene = desk(OutboundRules {
        cut_at_limit: true,
        of_agents: [(AgentId::new("a"), own)].into(),
        ..OutboundRules::default()
    });
    talk(&mut scene, "o", "a");
    talk(&mut scene, "p", "b");
    scene.secs(60);
    scene.hang_up("o");
    scene.secs(3_600);
    talk(&mut scene, "q", "a");
    let outputs = scene.secs(61);
    assert!(stops(&outputs, Some("a")) && !stops(&outputs, None));
    assert_eq!(scene.story("q"), "dialled answered(a) ended(Desk)");
    assert_eq!(scene.story("p"), "dialled answered(b)");
    dial(&mut scene, "r", "a", "0312345678");
    let story = "dialled barred(agent_minutes_per_day) ended(Refused)";
    assert_eq!(scene.story("r"), story);
}

#[test]
fn minutes_of_before_that_are_known_later_stop_who_talks_meanwhile() {
    let mut scene = desk(OutboundRules {
        talk_per_day: minutes(10),
        cut_at_limit: true,
        ..OutboundRules::default()
    });
    talk(&mut scene, "o", "a");
    scene.secs(60);
    let used = elsewhere(&scene, &[("b", 8)]);
    assert!(!stops(scene.input(used), None));
    let used = elsewhere(&scene, &[("a", 1), ("b", 8)]);
    let outputs = scene.input(used).to_vec();
    assert!(stops(&outputs, None));
    assert!(outputs.contains(&refused("o", HangUpCause::Normal)));
}

#[test]
fn a_restart_gives_no_new_minutes_and_other_rules_hold_at_once() {
    let mut scene = desk(OutboundRules {
        talk_per_day: minutes(10),
        ..OutboundRules::default()
    });
    let used = elsewhere(&scene, &[("b", 10)]);
    scene.input(used);
    dial(&mut scene, "o", "a", "0312345678");
    assert_eq!(
        scene.story("o"),
        "dialled barred(minutes_per_day) ended(Refused)"
    );
    let outputs = scene.reconfigure(|settings| settings.outbound.talk_per_day = minutes(5));
    assert!(stops(outputs, None));
    scene.reconfigure(|settings| settings.outbound.talk_per_day = minutes(20));
    assert!(!scene.engine.snapshot().outbound.stopped);
    dial(&mut scene, "p", "a", "0312345678");
    assert_eq!(scene.story("p"), "dialled");
}

#[test]
fn calls_and_minutes_of_other_nodes_count_as_those_of_this_one() {
    let mut scene = desk(OutboundRules {
        calls_at_once: 2,
        talk_per_day: minutes(10),
        cut_at_limit: true,
        ..OutboundRules::default()
    });
    let used = |scene: &Scene, running| {
        Input::OutboundElsewhere(OutboundElsewhere {
            day: Instant::start_of(scene.now.date()),
            talked_by: [("b".into(), minutes(4))].into(),
            running,
        })
    };
    // One rings at another node, and one is talked: no third one.
    let two = vec![None, Some(("c".into(), scene.now))];
    let told = used(&scene, two);
    scene.input(told);
    dial(&mut scene, "o", "a", "0312345678");
    assert_eq!(
        scene.story("o"),
        "dialled barred(calls_at_once) ended(Refused)"
    );
    // Two talk at two nodes: what is left of the minutes is over in half the time.
    let one = vec![Some(("c".into(), scene.now))];
    let told = used(&scene, one);
    scene.input(told);
    talk(&mut scene, "p", "a");
    assert!(!stops(&scene.secs(179), None));
    assert!(stops(&scene.secs(2), None));
    assert_eq!(scene.story("p"), "dialled answered(a) ended(Desk)");
}

#[test]
fn what_other_nodes_used_yesterday_is_nothing_today() {
    let mut scene = desk(OutboundRules {
        talk_per_day: minutes(10),
        ..OutboundRules::default()
    });
    let used = elsewhere(&scene, &[("b", 10)]);
    let outputs = scene.input(used.clone()).to_vec();
    assert!(stops(&outputs, None));
    scene.secs(86_400);
    assert!(!scene.engine.snapshot().outbound.stopped);
    // Told once more, late: it is of another day.
    assert!(!stops(scene.input(used), None));
}
