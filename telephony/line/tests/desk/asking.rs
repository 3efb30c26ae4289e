//! Asking somebody from the screen: the agent's phone is connected with them, and the caller hears music.

use madoguchi_core::event::Party;
use madoguchi_core::live::{AgentCommand, AgentState, DeskRequest, HandOnRefusal, HandOnTo};
use madoguchi_core::outbound::{OutboundRefusal, OutboundRules};
use madoguchi_core::time::Millis;
use madoguchi_line::api::{DialTarget, Input, LegFailure, Output, Whom};
use madoguchi_line::settings::LineSettings;

use crate::scene::{Scene, agent, line, outside, script};

/// A caller who has talked with a for a minute.
fn talking() -> Scene {
    let settings = LineSettings {
        wrap_up: Millis::from_secs(30),
        ..line("desk")
    };
    let mut agents = ["a", "b", "c"].map(|name| agent(name, &["desk"])).to_vec();
    agents.push(agent("d", &["other"]));
    let mut scene = Scene::open(vec![settings, line("other")], agents);
    scene.call("x", "desk");
    scene.answer("x");
    scene.secs(60);
    scene
}

fn b() -> Whom {
    Whom::Target(DialTarget::Agent { agent: "b".into() })
}

fn vendor() -> Whom {
    Whom::Target(outside("0398765432"))
}

/// a asks somebody, who has picked up.
fn asking(whom: Whom) -> Scene {
    let mut scene = talking();
    assert_eq!(scene.consult("a", "ask", whom), None);
    scene.secs(5);
    scene.input(Input::FarAnswered { call: "ask".into() });
    scene.secs(20);
    scene
}

fn is_back_with_a(scene: &Scene) -> bool {
    let leg = scene.leg("x");
    scene.last.contains(&Output::Bridge { leg }) && scene.state("a") == AgentState::Talking
}

fn hand_over(scene: &mut Scene) {
    let asked = DeskRequest::HandOn(HandOnTo::Asked);
    assert_eq!(scene.ask("a", asked), None);
}

fn bridged(scene: &mut Scene) {
    let leg = scene.leg("x");
    scene.input(Input::LegBridged { leg });
}

/// The agent's phone hangs up.
fn a_hangs_up(scene: &mut Scene) {
    let leg = scene.legs("x")[0].0.clone();
    scene.input(Input::LegEnded { leg });
}

#[test]
fn the_caller_hears_music_while_the_agents_phone_is_connected_with_whom_they_ask() {
    let mut scene = talking();
    assert_eq!(scene.consult("a", "ask", b()), None);
    assert_eq!(
        script(&scene.last)
            .lines()
            .filter(|done| !done.starts_with("log") && !done.starts_with("show"))
            .collect::<Vec<_>>(),
        [
            "play music to x",
            "dial for ask, beside x",
            "say on the screen: None"
        ]
    );
    assert_eq!(scene.state("b"), AgentState::Ringing);
    assert_eq!(scene.state("a"), AgentState::Talking);
    let consults = scene.engine.snapshot().consults;
    assert!(!consults[0].answered && consults[0].colleague == Some("b".into()));
    scene.input(Input::FarAnswered { call: "ask".into() });
    assert!(scene.engine.snapshot().consults[0].answered);
    scene.secs(10);
    assert_eq!(scene.ask("a", DeskRequest::EndConsult), None);
    assert!(is_back_with_a(&scene));
    assert_eq!(scene.state("b"), AgentState::Ready);
    scene.hang_up("x");
    assert!(
        scene
            .story("x")
            .contains("answered(a) held(Agent) resumed(Agent) ended"),
        "{}",
        scene.story("x")
    );
    assert_eq!(scene.story("ask"), "dialled answered(a) ended(Desk)");
    let record = scene.record("ask");
    assert_eq!(record.direction, madoguchi_core::call::Direction::Internal);
    assert_eq!((scene.ledger.offered, scene.ledger.answered), (1, 1));
}

#[test]
fn who_is_busy_silent_or_hangs_up_leaves_the_caller_with_the_agent_whose_screen_says_why() {
    for (failure, why) in [
        (LegFailure::Declined, HandOnRefusal::Busy),
        (LegFailure::NoAnswer, HandOnRefusal::NoAnswer),
        (LegFailure::Unreachable, HandOnRefusal::Unreachable),
    ] {
        let mut scene = talking();
        assert_eq!(scene.consult("a", "ask", b()), None);
        let call = "ask".into();
        scene.input(Input::FarFailed { call, failure });
        assert!(is_back_with_a(&scene));
        let told = &scene.engine.snapshot().hand_ons[0];
        assert!(told.asks && told.failed == Some(why));
        assert_eq!(scene.consult("a", "again", b()), None, "once more");
        assert!(scene.engine.snapshot().hand_ons.is_empty());
        scene.hang_up("x");
    }
    let mut scene = asking(vendor());
    scene.input(Input::FarEnded { call: "ask".into() });
    assert!(is_back_with_a(&scene));
    scene.hang_up("x");
}

#[test]
fn whom_the_agent_has_asked_gets_the_caller() {
    let mut scene = asking(b());
    hand_over(&mut scene);
    assert_eq!(scene.rung("x"), ["a", "b"]);
    bridged(&mut scene);
    assert_eq!(scene.rung("x"), ["b"]);
    assert_eq!(scene.state("a"), AgentState::WrapUp);
    scene.secs(40);
    scene.hang_up("x");
    let record = scene.record("x");
    let parts = record.parts.iter();
    let parts: Vec<_> = parts
        .map(|part| (part.agent.clone().unwrap(), part.until.unwrap() - part.from))
        .collect();
    let secs = Millis::from_secs;
    assert_eq!(parts, [("a".into(), secs(85)), ("b".into(), secs(40))]);
    assert!(!scene.story("x").ends_with("held(Agent) ended(Caller)"));

    let mut scene = asking(vendor());
    hand_over(&mut scene);
    assert_eq!(scene.state("a"), AgentState::WrapUp);
    scene.input(Input::FarEnded { call: "ask".into() });
    assert!(scene.story("x").ends_with("ended(Desk)"));
}

#[test]
fn whom_the_agent_asks_and_who_has_not_picked_up_is_rung_for_the_caller() {
    let mut scene = talking();
    assert_eq!(scene.consult("a", "ask", b()), None);
    hand_over(&mut scene);
    assert_eq!(scene.story("ask"), "dialled ended(Agent)");
    scene.answer("x");
    assert_eq!(scene.rung("x"), ["b"]);
    scene.hang_up("x");

    // The phone hands the caller on to the same colleague.
    let mut scene = asking(b());
    scene.input(Input::TransferToAgent {
        call: "x".into(),
        agent: "b".into(),
    });
    bridged(&mut scene);
    assert_eq!(scene.rung("x"), ["b"]);

    // Chosen among the targets again, it is the same colleague.
    let mut scene = asking(b());
    let again = DeskRequest::HandOn(HandOnTo::Agent("b".into()));
    assert_eq!(scene.ask("a", again), None);
    bridged(&mut scene);
    assert_eq!(scene.rung("x"), ["b"]);
}

#[test]
fn an_agent_who_hangs_up_hands_the_caller_over() {
    let mut scene = asking(b());
    a_hangs_up(&mut scene);
    bridged(&mut scene);
    assert_eq!(scene.rung("x"), ["b"]);
    assert_eq!(scene.state("a"), AgentState::WrapUp);
    scene.hang_up("x");

    let mut scene = asking(vendor());
    a_hangs_up(&mut scene);
    assert!(
        scene.story("x").ends_with("transferred"),
        "{}",
        scene.story("x")
    );
    scene.hang_up("x");
    assert!(scene.story("ask").ends_with("transferred ended(Desk)"));

    // Nobody has picked up yet.
    let mut scene = talking();
    assert_eq!(scene.consult("a", "ask", b()), None);
    a_hangs_up(&mut scene);
    assert_eq!(scene.rung("x"), ["b"]);
    scene.secs(30);
    assert_eq!(
        scene.rung("x"),
        ["c"],
        "the caller waits for whoever is free"
    );
    scene.answer("x");
    scene.hang_up("x");
    assert_eq!((scene.ledger.offered, scene.ledger.answered), (1, 1));

    let mut scene = talking();
    assert_eq!(scene.consult("a", "ask", vendor()), None);
    a_hangs_up(&mut scene);
    let failure = LegFailure::NoAnswer;
    scene.input(Input::FarFailed {
        call: "ask".into(),
        failure,
    });
    assert_eq!(scene.rung("x").len(), 1, "{}", scene.story("x"));
}

#[test]
fn a_caller_who_goes_leaves_the_agent_with_whom_they_ask() {
    for answered in [true, false] {
        let mut scene = talking();
        assert_eq!(scene.consult("a", "ask", b()), None);
        if answered {
            scene.input(Input::FarAnswered { call: "ask".into() });
        }
        let leg = scene.leg("x");
        scene.hang_up("x");
        let call = "ask".into();
        assert!(scene.last.contains(&Output::KeepBeside { leg, call }));
        assert_eq!(scene.state("a"), AgentState::WrapUp);
        scene.secs(60);
        assert_eq!(scene.state("a"), AgentState::WrapUp, "as long as they ask");
        scene.hang_up("ask");
        scene.secs(30);
        assert_eq!(scene.state("a"), AgentState::Ready);
        assert_eq!(scene.state("b"), AgentState::Ready);
    }
}

#[test]
fn all_three_talk_and_the_caller_is_held_no_more() {
    let mut scene = asking(b());
    assert_eq!(scene.ask("a", DeskRequest::Join), None);
    assert!(
        scene
            .story("x")
            .ends_with("held(Agent) resumed(Agent) joined(ask)"),
        "{}",
        scene.story("x")
    );
    assert_eq!(scene.ask("a", DeskRequest::EndConsult), None);
    assert!(is_back_with_a(&scene));
    scene.hang_up("x");

    let mut scene = asking(b());
    assert_eq!(scene.ask("a", DeskRequest::Join), None);
    a_hangs_up(&mut scene);
    bridged(&mut scene);
    assert_eq!(scene.rung("x"), ["b"]);

    let mut scene = asking(b());
    assert_eq!(scene.ask("a", DeskRequest::Join), None);
    scene.hang_up("x");
    assert_eq!(scene.state("b"), AgentState::Talking, "two go on");
}

#[test]
fn a_hold_of_the_phone_holds_whom_the_agent_asks() {
    let mut scene = asking(b());
    let (held, resumed) = (
        Input::Held {
            call: "x".into(),
            by: Party::Agent,
        },
        Input::Resumed {
            call: "x".into(),
            by: Party::Agent,
        },
    );
    scene.input(held.clone());
    assert!(scene.story("ask").ends_with("held(Agent)"));
    scene.input(resumed);
    assert!(scene.story("ask").ends_with("resumed(Agent)"));
    assert!(
        scene.story("x").ends_with("held(Agent)"),
        "the caller is held all the time"
    );
    scene.input(held);
    scene.input(Input::FarEnded { call: "ask".into() });
    assert!(
        scene.story("x").ends_with("held(Agent)"),
        "now by the phone"
    );
    scene.hang_up("x");
}

#[test]
fn whoever_hands_the_caller_on_elsewhere_asks_no_more() {
    let mut scene = asking(b());
    let line = DeskRequest::HandOn(HandOnTo::Line("other".into()));
    assert_eq!(scene.ask("a", line), None);
    assert_eq!(scene.story("ask"), "dialled answered(a) ended(Agent)");
    assert_eq!(scene.state("b"), AgentState::Ready);
    assert_eq!(scene.rung("x"), ["d"]);
    scene.hang_up("x");
}

#[test]
fn of_a_line_whoever_is_free_is_asked() {
    let mut scene = talking();
    let line = || Whom::Line("other".into());
    assert_eq!(scene.consult("a", "ask", line()), None);
    assert_eq!(scene.state("d"), AgentState::Ringing);
    assert_eq!(scene.ask("a", DeskRequest::EndConsult), None);
    let reason = "会議".to_owned();
    scene.command("d", AgentCommand::Away { reason });
    let nobody = Some(HandOnRefusal::Busy);
    assert_eq!(scene.consult("a", "again", line()), nobody);
    let nowhere = Whom::Line("nowhere".into());
    let unreachable = Some(HandOnRefusal::Unreachable);
    assert_eq!(scene.consult("a", "again", nowhere), unreachable);
    scene.hang_up("x");
}

#[test]
fn what_cannot_be_asked_is_refused_and_the_talk_goes_on() {
    let mut scene = talking();
    let of = |agent: &str| {
        Whom::Target(DialTarget::Agent {
            agent: agent.into(),
        })
    };
    assert_eq!(
        scene.consult("b", "ask", of("c")),
        Some(HandOnRefusal::NoTalk)
    );
    assert_eq!(
        scene.consult("a", "ask", of("a")),
        Some(HandOnRefusal::Busy)
    );
    assert_eq!(
        scene.consult("a", "ask", of("nobody")),
        Some(HandOnRefusal::Unreachable)
    );
    let caller = Whom::Target(outside("0312345678"));
    assert_eq!(
        scene.consult("a", "ask", caller),
        Some(HandOnRefusal::TheCaller)
    );
    scene.reconfigure(|settings| settings.outbound = OutboundRules::default());
    let premium = Whom::Target(outside("0990500123"));
    let barred = HandOnRefusal::Barred(OutboundRefusal::Premium);
    assert_eq!(scene.consult("a", "barred", premium), Some(barred));
    assert_eq!(
        scene.story("barred"),
        "dialled barred(premium) ended(Refused)"
    );
    assert!(
        scene.engine.snapshot().hand_ons[0].asks,
        "the screen says why"
    );
    let nobody = DeskRequest::HandOn(HandOnTo::Agent("nobody".into()));
    assert_eq!(scene.consult("a", "ask", b()), None);
    let unreachable = Some(HandOnRefusal::Unreachable);
    assert_eq!(scene.ask("a", nobody), unreachable);
    assert_eq!(scene.state("b"), AgentState::Ringing, "a goes on asking");
    let already = Some(HandOnRefusal::AsksAlready);
    assert_eq!(scene.consult("a", "more", of("c")), already);
    assert_eq!(scene.ask("a", DeskRequest::EndConsult), None);
    scene.input(Input::Held {
        call: "x".into(),
        by: Party::Agent,
    });
    assert_eq!(
        scene.consult("a", "held", b()),
        Some(HandOnRefusal::Held),
        "the phone would hold whom they ask"
    );
    assert_eq!(scene.state("a"), AgentState::Talking);
    scene.hang_up("x");
}
