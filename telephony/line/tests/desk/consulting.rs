//! Asking a colleague while a caller waits, and handing the caller over (attended transfer).

use madoguchi_core::live::{AgentCommand, AgentState, DeskRequest, HandOnRefusal, HandOnTo};
use madoguchi_core::time::Millis;
use madoguchi_line::api::{HangUpCause, Input, LegFailure, Output, Take};
use madoguchi_line::settings::LineSettings;

use crate::scene::{Scene, agent, line, script};

/// A caller who has talked with a for a minute.
fn talking() -> Scene {
    let settings = LineSettings {
        wrap_up: Millis::from_secs(30),
        ..line("desk")
    };
    let agents = ["a", "b", "c"].map(|name| agent(name, &["desk"])).to_vec();
    let mut scene = Scene::open(vec![settings, line("other")], agents);
    scene.call("x", "desk");
    scene.answer("x");
    scene.secs(60);
    scene
}

/// a has asked b, who has picked up.
fn asking() -> Scene {
    let mut scene = talking();
    scene.dial("ask", "a", "b");
    scene.secs(5);
    scene.input(Input::FarAnswered { call: "ask".into() });
    scene.secs(20);
    scene
}

fn hand_over(scene: &mut Scene) -> &[Output] {
    scene.input(Input::HandOver {
        call: "x".into(),
        consult: "ask".into(),
    })
}

fn bridged(scene: &mut Scene) {
    let leg = scene.leg("x");
    scene.input(Input::LegBridged { leg });
}

#[test]
fn an_asked_colleague_takes_the_caller_and_each_has_their_part_of_one_call() {
    let mut scene = asking();
    hand_over(&mut scene);
    assert_eq!(scene.rung("x"), ["a", "b"]);
    bridged(&mut scene);
    assert_eq!(scene.rung("x"), ["b"]);
    assert_eq!(scene.state("a"), AgentState::WrapUp);
    assert_eq!(scene.state("b"), AgentState::Talking);
    scene.secs(40);
    scene.hang_up("x");
    assert_eq!((scene.ledger.offered, scene.ledger.answered), (1, 1));
    let record = scene.record("x");
    let parts: Vec<_> = record
        .parts
        .iter()
        .map(|part| (part.agent.clone().unwrap(), part.until.unwrap() - part.from))
        .collect();
    let secs = Millis::from_secs;
    assert_eq!(parts, [("a".into(), secs(85)), ("b".into(), secs(40))]);
    assert_eq!(record.talk(), Some(secs(125)));
    assert_eq!(scene.story("ask"), "dialled answered(a) ended(Agent)");
    assert_eq!(scene.state("b"), AgentState::WrapUp);
}

#[test]
fn the_agent_returns_to_the_caller_when_the_colleague_refuses_or_has_answered() {
    let mut scene = talking();
    scene.dial("ask", "a", "b");
    let outputs = scene.input(Input::FarFailed {
        call: "ask".into(),
        failure: LegFailure::Declined,
    });
    let busy = Output::HangUp {
        call: "ask".into(),
        cause: HangUpCause::Busy,
    };
    assert!(outputs.contains(&busy), "{}", script(outputs));
    assert_eq!(scene.state("a"), AgentState::Talking);
    assert_eq!(scene.rung("x"), ["a"]);
    scene.dial("again", "a", "c");
    scene.input(Input::FarAnswered {
        call: "again".into(),
    });
    scene.hang_up("again");
    assert_eq!(scene.state("a"), AgentState::Talking);
    assert_eq!(scene.state("c"), AgentState::Ready);
    scene.hang_up("x");
    assert_eq!(scene.state("a"), AgentState::WrapUp);
}

#[test]
fn one_colleague_is_asked_at_a_time() {
    let mut scene = asking();
    let outputs = scene.dial("more", "a", "c");
    let busy = Output::HangUp {
        call: "more".into(),
        cause: HangUpCause::Busy,
    };
    assert_eq!(outputs, [busy]);
}

#[test]
fn who_is_asked_and_has_not_picked_up_is_rung_for_the_caller() {
    let mut scene = talking();
    scene.dial("ask", "a", "b");
    hand_over(&mut scene);
    assert_eq!(scene.story("ask"), "dialled ended(Agent)");
    assert_eq!(scene.rung("x"), ["a", "b"]);
    assert_eq!(scene.state("b"), AgentState::Ringing);
    scene.answer("x");
    assert_eq!(scene.rung("x"), ["b"]);
}

#[test]
fn an_agent_who_hangs_up_at_once_has_handed_over_all_the_same() {
    let mut scene = asking();
    let (first, _) = scene.legs("x").into_iter().min().unwrap();
    hand_over(&mut scene);
    scene.input(Input::LegEnded { leg: first });
    assert_eq!(scene.state("a"), AgentState::WrapUp);
    bridged(&mut scene);
    assert_eq!(scene.state("b"), AgentState::Talking);
    scene.hang_up("x");
    assert!(scene.story("x").contains("transferred ended(Caller)"));
}

#[test]
fn a_colleague_who_is_gone_before_both_hear_each_other_gives_the_caller_back() {
    let mut scene = asking();
    hand_over(&mut scene);
    let leg = scene.leg("x");
    let outputs = scene.input(Input::LegEnded { leg }).to_vec();
    let (first, _) = scene.legs("x").into_iter().min().unwrap();
    assert!(
        outputs.contains(&Output::Bridge { leg: first }),
        "{}",
        script(&outputs)
    );
    assert_eq!(scene.rung("x"), ["a"]);
}

#[test]
fn a_colleague_who_leaves_the_desk_while_asked_is_given_no_caller() {
    let mut scene = asking();
    scene.reconfigure(|settings| settings.agents.retain(|agent| agent.agent != "b".into()));
    let first = scene.leg("x");
    let refused = [
        Output::TransferOver {
            leg: first,
            failure: Some(LegFailure::Declined),
        },
        Output::NotAdopted {
            consult: "ask".into(),
        },
    ];
    assert_eq!(hand_over(&mut scene), refused);
    assert_eq!(scene.rung("x"), ["a"]);
    scene.hang_up("ask");
    assert_eq!(scene.state("a"), AgentState::Talking);
}

#[test]
fn work_after_the_call_waits_for_the_end_of_the_consultation() {
    let mut scene = asking();
    scene.hang_up("x");
    assert_eq!(scene.state("a"), AgentState::WrapUp);
    scene.secs(60);
    assert_eq!(scene.state("a"), AgentState::WrapUp, "still on the phone");
    scene.input(Input::FarEnded { call: "ask".into() });
    scene.secs(29);
    assert_eq!(scene.state("a"), AgentState::WrapUp);
    scene.secs(1);
    assert_eq!(scene.state("a"), AgentState::Ready);
}

#[test]
fn who_ends_the_work_while_asking_gets_no_call_before_the_phone_is_free() {
    let mut scene = asking();
    scene.hang_up("x");
    scene.command("a", madoguchi_core::live::AgentCommand::EndWrapUp);
    assert_eq!(scene.state("a"), AgentState::Talking);
    scene.call("y", "desk");
    scene.call("z", "desk");
    assert_eq!((scene.rung("y").len(), scene.rung("z").len()), (1, 0));
    scene.hang_up("ask");
    assert_eq!(scene.rung("z").len(), 1);
}

#[test]
fn a_caller_put_to_another_line_keeps_the_arrival_and_goes_first() {
    let mut scene = talking();
    scene.reconfigure(|settings| {
        settings.agents.push(agent("d", &["other"]));
    });
    scene.ready("d");
    scene.call("y", "other");
    scene.answer("y");
    scene.call("z", "other");
    scene.input(Input::TransferToLine {
        call: "x".into(),
        line: "other".into(),
    });
    assert_eq!(scene.state("a"), AgentState::WrapUp);
    scene.hang_up("y");
    assert_eq!(scene.rung("x"), ["d"], "x came before z");
    scene.answer("x");
    scene.hang_up("x");
    assert_eq!((scene.ledger.offered, scene.ledger.answered), (3, 2));
    let story = scene.story("x").replace(" wrap_up_ended(a)", "");
    assert!(
        story.contains("transferred ringing(d) transferred ended(Caller)"),
        "{story}"
    );
}

#[test]
fn a_line_without_agents_takes_nobody() {
    let mut scene = talking();
    scene.reconfigure(|settings| settings.lines[1].wait_without_agents = false);
    let leg = scene.leg("x");
    let refused = Output::TransferOver {
        leg,
        failure: Some(LegFailure::Unreachable),
    };
    for nowhere in ["other", "nowhere"] {
        let outputs = scene.input(Input::TransferToLine {
            call: "x".into(),
            line: nowhere.into(),
        });
        assert_eq!(outputs, std::slice::from_ref(&refused));
    }
    assert_eq!(scene.state("a"), AgentState::Talking);
}

#[test]
fn a_call_that_rings_elsewhere_is_taken() {
    let mut scene = talking();
    scene.call("y", "desk");
    assert_eq!(scene.rung("y"), ["b"]);
    scene.input(Input::PickUp {
        agent: "c".into(),
        take: Take::MostUrgent,
        asked: 7,
    });
    assert_eq!(scene.rung("y"), ["b", "c"]);
    scene.answer("y");
    assert_eq!(scene.rung("y"), ["c"]);
    assert_eq!(scene.state("b"), AgentState::Ready);
    let outputs = scene.input(Input::PickUp {
        agent: "b".into(),
        take: Take::MostUrgent,
        asked: 8,
    });
    assert_eq!(
        outputs,
        [Output::PickUp {
            asked: 8,
            leg: None
        }]
    );
}

#[test]
fn two_who_take_calls_at_once_get_a_call_each() {
    let agents = ["a", "b", "c", "d"]
        .map(|name| agent(name, &["desk"]))
        .to_vec();
    let mut scene = Scene::open(vec![line("desk")], agents);
    scene.command("c", AgentCommand::LogOut);
    scene.command("d", AgentCommand::LogOut);
    scene.call("x", "desk");
    scene.call("y", "desk");
    for (agent, asked) in [("c", 7), ("d", 8)] {
        scene.input(Input::PickUp {
            agent: agent.into(),
            take: Take::MostUrgent,
            asked,
        });
    }
    assert_eq!(scene.rung("x"), ["a", "c"]);
    assert_eq!(scene.rung("y"), ["b", "d"]);
    // Whose phone fails leaves the call to the others.
    let leg = scene.leg("y");
    scene.input(Input::LegFailed {
        leg,
        failure: LegFailure::Unreachable,
    });
    scene.input(Input::PickUp {
        agent: "d".into(),
        take: Take::MostUrgent,
        asked: 9,
    });
    assert_eq!(scene.rung("y"), ["b", "d"]);
}

#[test]
fn who_talks_takes_no_other_call() {
    let mut scene = talking();
    scene.call("y", "desk");
    let outputs = scene.input(Input::PickUp {
        agent: "a".into(),
        take: Take::MostUrgent,
        asked: 7,
    });
    assert_eq!(
        outputs,
        [Output::PickUp {
            asked: 7,
            leg: None
        }]
    );
}

#[test]
fn the_caller_is_handed_on_from_the_screen() {
    let to_agent = |agent: &str| DeskRequest::HandOn(HandOnTo::Agent(agent.into()));
    let mut scene = talking();
    assert_eq!(scene.ask("a", to_agent("b")), None);
    assert_eq!(scene.rung("x"), ["a", "b"]);
    scene.answer("x");
    assert_eq!(scene.state("a"), AgentState::WrapUp);
    let no_talk = Some(HandOnRefusal::NoTalk);
    assert_eq!(scene.ask("a", to_agent("b")), no_talk, "a talks no more");
    assert_eq!(scene.ask("b", to_agent("b")), Some(HandOnRefusal::Busy));
    let to_line = DeskRequest::HandOn(HandOnTo::Line("desk".into()));
    assert_eq!(scene.ask("b", to_line), None);
    assert_eq!(scene.rung("x"), ["c"]);
}

#[test]
fn a_parked_caller_hears_music_and_is_fetched_by_another_phone() {
    let mut scene = talking();
    let outputs = scene.input(Input::Park { call: "x".into() });
    assert!(outputs.contains(&Output::PlayMusic { call: "x".into() }));
    assert_eq!(scene.state("a"), AgentState::WrapUp);
    assert!(scene.rung("x").is_empty(), "nobody is rung");
    scene.secs(60);
    assert!(scene.rung("x").is_empty());
    scene.input(Input::PickUp {
        agent: "c".into(),
        take: Take::Parked,
        asked: 7,
    });
    scene.answer("x");
    assert_eq!(scene.rung("x"), ["c"]);
    scene.secs(200);
    scene.hang_up("x");
    assert_eq!((scene.ledger.offered, scene.ledger.answered), (1, 1));
    assert_eq!(scene.record("x").parts.len(), 2);
}

#[test]
fn whom_nobody_fetches_is_rung_for_again() {
    let mut scene = talking();
    scene.input(Input::Park { call: "x".into() });
    scene.secs(179);
    assert!(scene.rung("x").is_empty());
    scene.secs(1);
    assert_eq!(scene.rung("x").len(), 1);
}

#[test]
fn a_parked_caller_who_hangs_up_is_gone() {
    let mut scene = talking();
    scene.input(Input::Park { call: "x".into() });
    scene.hang_up("x");
    let outputs = scene.input(Input::PickUp {
        agent: "c".into(),
        take: Take::Parked,
        asked: 7,
    });
    assert_eq!(
        outputs,
        [Output::PickUp {
            asked: 7,
            leg: None
        }]
    );
}
