//! Settings that change while the desk runs: what holds at once, and whom it leaves alone.

use madoguchi_core::live::{AgentCommand, AgentState};
use madoguchi_core::time::Millis;
use madoguchi_line::api::{DialTarget, HangUpCause, Input, Output};
use madoguchi_line::settings::{LineSettings, Strategy};

use crate::scene::{Scene, agent, line, three};

const NOT_FOUND: HangUpCause = HangUpCause::NotFound;

fn refused(outputs: &[Output], call: &str, cause: HangUpCause) -> bool {
    let call = call.into();
    outputs == [Output::HangUp { call, cause }]
}

/// The agents as the board shows them.
fn shown(scene: &Scene) -> Vec<String> {
    let agents = scene.engine.snapshot().agents;
    agents.iter().map(|view| view.agent.to_string()).collect()
}

fn without(scene: &mut Scene, name: &str) {
    scene.reconfigure(|settings| {
        settings.agents.retain(|agent| agent.agent.as_str() != name);
    });
}

fn nothing_is_left(scene: &Scene) {
    scene.ledger.nothing_is_left();
    let rest = format!("{:?}", scene.engine);
    assert!(!rest.contains("leaving: true"), "{rest}");
}

#[test]
fn a_line_that_vanishes_takes_no_new_calls_and_serves_those_who_wait_to_the_end() {
    let lines = vec![line("desk"), line("vip")];
    let mut scene = Scene::open(lines, vec![agent("a", &["desk", "vip"])]);
    scene.call("talks", "desk");
    scene.answer("talks");
    scene.call("waits", "desk");
    scene.reconfigure(|settings| {
        settings.lines.remove(0);
        settings.agents = vec![agent("a", &["vip"])];
    });
    assert!(refused(scene.call("new", "desk"), "new", NOT_FOUND));
    assert_eq!(scene.state("a"), AgentState::Talking);
    scene.hang_up("talks");
    assert_eq!(
        scene.rung("waits"),
        ["a"],
        "the agents of the line serve it to the end"
    );
    scene.answer("waits");
    scene.hang_up("waits");
    assert_eq!(scene.ledger.answered, 2);
    nothing_is_left(&scene);
    assert!(!format!("{:?}", scene.engine).contains("name: \"desk\""));
    scene.call("vip", "vip");
    assert_eq!(scene.rung("vip"), ["a"]);
}

#[test]
fn a_line_without_calls_is_gone_at_once_and_comes_back_as_a_new_one() {
    let mut scene = three(line("desk"));
    let before = scene.settings.lines.clone();
    scene.reconfigure(|settings| settings.lines.clear());
    assert!(refused(scene.call("x", "desk"), "x", NOT_FOUND));
    nothing_is_left(&scene);
    scene.reconfigure(|settings| settings.lines = before);
    scene.call("y", "desk");
    assert_eq!(scene.rung("y"), ["a"], "who was ready still is");
}

#[test]
fn a_line_that_comes_back_before_its_last_call_is_over_goes_on() {
    let mut scene = Scene::open(vec![line("desk")], vec![agent("a", &["desk"])]);
    let before = scene.settings.lines.clone();
    for call in ["talks", "second", "third"] {
        scene.call(call, "desk");
    }
    scene.answer("talks");
    scene.reconfigure(|settings| settings.lines.clear());
    scene.reconfigure(|settings| settings.lines = before);
    scene.call("fourth", "desk");
    for (over, next) in [
        ("talks", "second"),
        ("second", "third"),
        ("third", "fourth"),
    ] {
        scene.hang_up(over);
        assert_eq!(scene.rung(next), ["a"]);
        scene.answer(next);
    }
}

#[test]
fn new_lines_and_agents_are_there_at_once_and_new_agents_are_logged_out() {
    let mut scene = Scene::open(vec![line("desk")], vec![agent("a", &["desk"])]);
    let outputs = scene.reconfigure(|settings| {
        settings.lines.push(line("vip"));
        settings.agents.insert(0, agent("b", &["vip"]));
    });
    assert_eq!(outputs, [Output::AgentChanged { agent: "b".into() }]);
    assert_eq!(shown(&scene), ["b", "a"], "in the order of the settings");
    let view = scene.engine.agent(&"b".into()).unwrap();
    assert_eq!((view.state, view.reachable), (AgentState::LoggedOut, false));
    scene.call("x", "vip");
    assert!(scene.rung("x").is_empty());
    scene.ready("b");
    assert_eq!(scene.rung("x"), ["b"]);
}

#[test]
fn the_same_settings_again_change_nothing() {
    let mut scene = three(LineSettings {
        wrap_up: Millis::from_secs(30),
        ..line("desk")
    });
    for call in ["talks", "rings", "wraps", "waits"] {
        scene.call(call, "desk");
        scene.secs(1);
    }
    scene.answer("talks");
    scene.answer("wraps");
    scene.hang_up("wraps");
    let before = scene.engine.snapshot();
    let outputs = scene.reconfigure(|_| {}).to_vec();
    // Only the closing timers of those who wait are set anew, for the same moment.
    let (set, cleared) = (
        |output: &Output| matches!(output, Output::SetTimer { .. }),
        |output: &Output| matches!(output, Output::ClearTimer { .. }),
    );
    assert!(
        outputs.iter().all(|output| set(output) || cleared(output)),
        "{outputs:?}"
    );
    assert_eq!(scene.engine.snapshot(), before);
}

#[test]
fn an_agent_who_vanishes_ends_the_call_and_the_work_after_it_and_is_gone() {
    let mut scene = three(LineSettings {
        wrap_up: Millis::from_secs(30),
        ..line("desk")
    });
    scene.call("x", "desk");
    scene.answer("x");
    without(&mut scene, "a");
    assert_eq!(shown(&scene), ["b", "c", "a"]);
    assert_eq!(scene.state("a"), AgentState::Talking);
    scene.hang_up("x");
    assert_eq!(scene.state("a"), AgentState::WrapUp);
    scene.secs(30);
    assert_eq!(shown(&scene), ["b", "c"]);
    assert!(scene.engine.agent(&"a".into()).is_none());
    let story = "arrived accepted queued ringing(a) answered(a) ended(Caller) wrap_up_ended(a)";
    assert_eq!(scene.story("x"), story);
    nothing_is_left(&scene);
}

#[test]
fn the_phone_of_an_agent_who_vanishes_rings_on_and_is_not_rung_again() {
    let mut scene = three(line("desk"));
    scene.call("x", "desk");
    assert_eq!(scene.rung("x"), ["a"]);
    without(&mut scene, "a");
    assert_eq!(scene.rung("x"), ["a"]);
    scene.secs(20);
    assert_eq!(scene.rung("x"), ["b"]);
    assert_eq!(shown(&scene), ["b", "c"]);
    for name in ["y", "z"] {
        scene.call(name, "desk");
    }
    assert_eq!(
        (scene.rung("y"), scene.rung("z")),
        (vec!["c".into()], vec![])
    );
}

#[test]
fn an_agent_who_does_nothing_and_vanishes_is_gone_at_once_and_comes_back_logged_out() {
    let mut scene = three(line("desk"));
    without(&mut scene, "a");
    assert_eq!(shown(&scene), ["b", "c"]);
    let outputs = scene.command("a", AgentCommand::Ready);
    assert!(outputs.is_empty());
    scene.reconfigure(|settings| settings.agents.push(agent("a", &["desk"])));
    assert_eq!(scene.state("a"), AgentState::LoggedOut);
    nothing_is_left(&scene);
}

#[test]
fn an_agent_who_comes_back_during_the_call_is_afterwards_what_they_were() {
    let mut scene = Scene::open(vec![line("desk")], vec![agent("a", &["desk"])]);
    scene.call("x", "desk");
    scene.answer("x");
    without(&mut scene, "a");
    scene.call("y", "desk");
    scene.reconfigure(|settings| settings.agents.push(agent("a", &["desk"])));
    assert!(scene.rung("y").is_empty());
    scene.hang_up("x");
    assert_eq!(scene.rung("y"), ["a"]);
}

#[test]
fn with_the_last_agent_gone_callers_are_told_that_nobody_is_there() {
    let mut scene = Scene::open(
        vec![LineSettings {
            wait_without_agents: false,
            ..line("desk")
        }],
        vec![agent("a", &["desk"])],
    );
    scene.call("x", "desk");
    scene.answer("x");
    without(&mut scene, "a");
    scene.call("y", "desk");
    assert_eq!(scene.story("y"), "arrived accepted abandoned(no_agent)");
}

#[test]
fn who_leaves_the_desk_gets_no_transfer_no_call_of_a_colleague_and_dials_no_more() {
    let mut scene = three(LineSettings {
        wrap_up: Millis::from_secs(30),
        ..line("desk")
    });
    for call in ["x", "y"] {
        scene.call(call, "desk");
        scene.answer(call);
    }
    scene.hang_up("x");
    without(&mut scene, "a");
    let agent = |name: &str| name.into();
    scene.input(Input::TransferToAgent {
        call: "y".into(),
        agent: agent("a"),
    });
    assert_eq!(scene.rung("y"), ["b"]);
    scene.input(Input::AgentDialled {
        call: "to a".into(),
        agent: agent("c"),
        target: DialTarget::Agent { agent: agent("a") },
    });
    assert_eq!(scene.story("to a"), "dialled ended(Refused)");
    let outputs = scene.input(Input::AgentDialled {
        call: "from a".into(),
        agent: agent("a"),
        target: DialTarget::Agent { agent: agent("c") },
    });
    let refusal = Output::HangUp {
        call: "from a".into(),
        cause: HangUpCause::Forbidden,
    };
    assert_eq!(outputs.last(), Some(&refusal));
    assert_eq!(
        shown(&scene),
        ["b", "c"],
        "and with the end of 後処理 they are gone"
    );
}

#[test]
fn an_agent_who_is_put_on_a_line_takes_the_most_urgent_caller_who_waits() {
    let lines = vec![
        line("desk"),
        LineSettings {
            priority: 1,
            ..line("vip")
        },
    ];
    let mut scene = Scene::open(lines, vec![agent("a", &[])]);
    scene.call("desk", "desk");
    scene.call("vip", "vip");
    scene.reconfigure(|settings| settings.agents = vec![agent("a", &["desk", "vip"])]);
    assert_eq!(scene.rung("vip"), ["a"]);
    assert!(scene.rung("desk").is_empty());
}

#[test]
fn when_all_are_rung_whoever_is_put_on_the_line_joins_in() {
    let mut scene = Scene::open(
        vec![LineSettings {
            strategy: Strategy::RingAll,
            ..line("desk")
        }],
        vec![agent("a", &["desk"]), agent("b", &[])],
    );
    scene.call("x", "desk");
    scene.reconfigure(|settings| settings.agents[1] = agent("b", &["desk"]));
    assert_eq!(scene.rung("x"), ["a", "b"]);
}

#[test]
fn when_not_all_are_rung_any_more_nobody_joins_in() {
    let mut scene = three(LineSettings {
        strategy: Strategy::RingAll,
        ..line("desk")
    });
    scene.command("c", AgentCommand::LogOut);
    scene.call("x", "desk");
    scene.reconfigure(|settings| settings.lines[0].strategy = Strategy::LongestIdle);
    scene.command("c", AgentCommand::Ready);
    assert_eq!(scene.rung("x"), ["a", "b"], "they ring on, and nobody else");
    scene.call("y", "desk");
    assert_eq!(scene.rung("y"), ["c"]);
}

#[test]
fn an_agent_who_is_taken_off_a_line_ends_the_call_and_gets_no_more() {
    let lines = vec![line("desk"), line("vip")];
    let mut scene = Scene::open(lines, vec![agent("a", &["desk"])]);
    scene.call("x", "desk");
    scene.answer("x");
    scene.reconfigure(|settings| settings.agents = vec![agent("a", &["vip"])]);
    scene.call("y", "desk");
    scene.call("z", "vip");
    scene.hang_up("x");
    assert_eq!(
        (scene.rung("y"), scene.rung("z")),
        (vec![], vec!["a".into()])
    );
}

#[test]
fn the_order_of_idleness_survives() {
    let mut scene = three(line("desk"));
    scene.call("x", "desk");
    scene.answer("x");
    scene.hang_up("x");
    scene.reconfigure(|settings| settings.agents.rotate_left(1));
    for (call, next) in [("1", "b"), ("2", "c"), ("3", "a")] {
        scene.call(call, "desk");
        assert_eq!(scene.rung(call), [next]);
    }
}

#[test]
fn turns_go_on_in_the_new_order_after_whoever_was_rung_last() {
    let mut scene = three(LineSettings {
        strategy: Strategy::RoundRobin,
        ..line("desk")
    });
    let rung = |scene: &mut Scene, call: &str| {
        scene.call(call, "desk");
        let rung = scene.rung(call);
        scene.answer(call);
        scene.hang_up(call);
        rung
    };
    assert_eq!(rung(&mut scene, "1"), ["a"]);
    scene.reconfigure(|settings| {
        settings.agents = ["c", "a", "b"].map(|name| agent(name, &["desk"])).to_vec();
    });
    assert_eq!(rung(&mut scene, "2"), ["b"]);
    assert_eq!(rung(&mut scene, "3"), ["c"]);
    assert_eq!(rung(&mut scene, "4"), ["a"]);
    // Who was rung last vanishes: it is still the turn of the next one.
    without(&mut scene, "a");
    assert_eq!(rung(&mut scene, "5"), ["b"]);
}

#[test]
fn new_rules_of_a_line_hold_for_what_happens_next() {
    let mut scene = three(line("desk"));
    scene.call("x", "desk");
    scene.reconfigure(|settings| {
        let line = &mut settings.lines[0];
        line.ring_timeout = Millis::from_secs(5);
        line.wrap_up = Millis::from_secs(30);
        line.max_waiting = 2;
    });
    scene.secs(19);
    assert_eq!(scene.rung("x"), ["a"], "what rings already rings on");
    scene.secs(1);
    assert_eq!(scene.rung("x"), ["b"]);
    scene.secs(5);
    assert_eq!(scene.rung("x"), ["c"]);
    scene.call("y", "desk");
    scene.call("z", "desk");
    assert_eq!(scene.story("z"), "arrived accepted abandoned(queue_full)");
    scene.answer("x");
    scene.hang_up("x");
    assert_eq!(scene.state("c"), AgentState::WrapUp);
}

#[test]
fn a_priority_that_rises_lets_those_who_wait_overtake() {
    let lines = vec![line("desk"), line("vip")];
    let mut scene = Scene::open(lines, vec![agent("a", &["desk", "vip"])]);
    scene.call("talks", "desk");
    scene.answer("talks");
    scene.call("desk", "desk");
    scene.call("vip", "vip");
    scene.reconfigure(|settings| settings.lines[1].priority = 1);
    scene.hang_up("talks");
    assert_eq!(scene.rung("vip"), ["a"]);
}

#[test]
fn a_name_and_an_extension_are_shown_as_they_are_now() {
    let mut scene = three(line("desk"));
    scene.reconfigure(|settings| {
        settings.agents[0].name = "新しい名前".into();
        settings.agents[0].extension = "299".into();
    });
    let view = scene.engine.agent(&"a".into()).unwrap();
    assert_eq!((&*view.name, &*view.extension), ("新しい名前", "299"));
    assert_eq!(view.state, AgentState::Ready);
}
