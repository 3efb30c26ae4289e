//! What went wrong in others' queues, each row a test (docs of the project: lessons, "Calls and
//! counts").

use insta::assert_snapshot;
use madoguchi_core::event::Party;
use madoguchi_core::live::{AgentCommand, AgentState};
use madoguchi_core::time::Millis;
use madoguchi_line::api::{DialTarget, HangUpCause, Input, Output};
use madoguchi_line::settings::LineSettings;

use crate::scene::{Scene, agent, at, line, script};

fn with_wrap_up(secs: i64) -> LineSettings {
    LineSettings {
        wrap_up: Millis::from_secs(secs),
        ..line("desk")
    }
}

fn two_agents() -> Scene {
    Scene::open(
        vec![with_wrap_up(30)],
        vec![agent("a", &["desk"]), agent("b", &["desk"])],
    )
}

#[test]
fn freepbx_124_the_agents_talk_stops_at_the_transfer_to_the_outside() {
    let mut scene = two_agents();
    scene.call("c", "desk");
    scene.secs(3);
    scene.answer("c");
    scene.secs(120);
    scene.hand_on_outside("c", "o", "0120123456");
    scene.input(Input::FarAnswered { call: "o".into() });
    assert_eq!(scene.state("a"), AgentState::WrapUp);
    assert!(
        scene.legs("c").is_empty(),
        "the agent's phone is still in the call"
    );
    scene.secs(3_600);
    scene.hang_up("c");
    assert_eq!(scene.record("c").talk(), Some(Millis::from_secs(120)));
    let story = "arrived accepted queued ringing(a) answered(a) transferred wrap_up_ended(a) \
                 ended(Caller)";
    assert_eq!(scene.story("c"), story);
}

#[test]
fn asterisk_759_a_call_that_is_handed_on_is_one_arrival_and_one_answer() {
    let mut scene = two_agents();
    scene.call("c", "desk");
    scene.answer("c");
    scene.secs(10);
    scene.input(Input::TransferToAgent {
        call: "c".into(),
        agent: "b".into(),
    });
    assert_eq!(
        scene.rung("c"),
        ["a", "b"],
        "the first agent talks on while the other is rung"
    );
    scene.answer("c");
    scene.secs(5);
    scene.hang_up("c");
    assert_eq!((scene.ledger.offered, scene.ledger.answered), (1, 1));
    let parts: Vec<_> = scene.record("c").parts;
    let talked: Vec<_> = parts
        .iter()
        .map(|part| part.until.unwrap() - part.from)
        .collect();
    assert_eq!(talked, [Millis::from_secs(10), Millis::from_secs(5)]);
}

#[test]
fn asterisk_shared_lastcall_an_agent_on_two_lines_takes_one_call_at_a_time() {
    let lines = vec![line("desk"), line("vip")];
    let mut scene = Scene::open(lines, vec![agent("a", &["desk", "vip"])]);
    scene.call("c", "desk");
    scene.call("d", "vip");
    assert_eq!((scene.rung("c").len(), scene.rung("d").len()), (1, 0));
    scene.answer("c");
    scene.hang_up("c");
    assert_eq!(scene.rung("d"), ["a"]);
    scene.answer("d");
    assert_eq!(scene.ledger.answered, 2);
}

#[test]
fn asterisk_1557_picked_up_and_dropped_before_the_bridge_is_no_answer_and_the_wait_goes_on() {
    let mut scene = two_agents();
    scene.call("c", "desk");
    scene.call("d", "desk");
    scene.call("e", "desk");
    let leg = scene.leg("c");
    scene.input(Input::LegAnswered { leg: leg.clone() });
    scene.input(Input::LegEnded { leg });
    assert_eq!(scene.ledger.answered, 0);
    // The place is kept: b, free again, is for c and not for e.
    scene.hang_up("d");
    assert_eq!(
        (scene.rung("c"), scene.rung("e").len()),
        (vec!["b".to_owned()], 0)
    );
    scene.answer("c");
    let story = "arrived accepted queued ringing(a) ring_ended(a,Dropped) ringing(b) answered(b)";
    assert_eq!(scene.story("c"), story);
}

#[test]
fn asterisk_607_wrap_up_survives_a_transfer() {
    let mut scene = two_agents();
    scene.call("c", "desk");
    scene.answer("c");
    scene.input(Input::TransferToAgent {
        call: "c".into(),
        agent: "b".into(),
    });
    scene.answer("c");
    assert_eq!(scene.state("a"), AgentState::WrapUp);
    scene.secs(30);
    assert_eq!(scene.state("a"), AgentState::Ready);
    scene.hang_up("c");
    assert_eq!(scene.state("b"), AgentState::WrapUp);
    scene.secs(29);
    assert_eq!(scene.state("b"), AgentState::WrapUp);
    scene.secs(1);
    let parts = scene.record("c").parts;
    let wrap_ups = parts
        .iter()
        .map(|part| part.wrap_up_ended_at.unwrap() - part.until.unwrap());
    assert!(wrap_ups.eq([Millis::from_secs(30), Millis::from_secs(30)]));
}

/// freeswitch#1973, #2540: every order in which a hang-up can meet an answer.
#[test]
fn freeswitch_1973_a_caller_who_hangs_up_in_the_instant_of_the_answer_has_one_outcome() {
    for news_before in 0..=2 {
        let mut scene = two_agents();
        scene.call("c", "desk");
        let leg = scene.leg("c");
        let news = [
            Input::LegAnswered { leg: leg.clone() },
            Input::LegBridged { leg },
        ];
        for input in &news[..news_before] {
            scene.input(input.clone());
        }
        scene.hang_up("c");
        for input in &news[news_before..] {
            let late = scene.input(input.clone());
            assert!(late.is_empty(), "{late:?}");
        }
        let answered = u64::from(news_before == 2);
        assert_eq!(scene.ledger.answered, answered);
        assert_eq!(scene.ledger.abandoned, 1 - answered);
        assert!(scene.legs("c").is_empty(), "a phone is left in the call");
        scene.secs(30);
        assert_eq!(scene.state("a"), AgentState::Ready);
        scene.ledger.nothing_is_left();
    }
}

#[test]
fn opensips_2530_a_lost_bye_frees_the_agent_and_closes_the_record() {
    let mut scene = two_agents();
    scene.call("c", "desk");
    scene.answer("c");
    scene.call("d", "desk");
    scene.answer("d");
    scene.secs(60);
    scene.input(Input::CallerLost { call: "c".into() });
    assert!(
        scene.story("c").ends_with("answered(a) ended(Lost)"),
        "{}",
        scene.story("c")
    );
    let leg = scene.leg("d");
    let outputs = scene.input(Input::LegLost { leg }).to_vec();
    let hang_up = Output::HangUp {
        call: "d".into(),
        cause: HangUpCause::Normal,
    };
    assert!(
        outputs.contains(&hang_up),
        "the caller is left alone in the line"
    );
    assert!(scene.story("d").ends_with("answered(b) ended(Lost)"));
    scene.secs(30);
    scene.ledger.nothing_is_left();
}

#[test]
fn rustpbx_206_a_caller_who_hangs_up_while_a_phone_rings_cancels_it_and_nobody_else_is_rung() {
    let mut scene = two_agents();
    scene.call("c", "desk");
    assert_snapshot!(script(scene.hang_up("c")), @"
    end a leg of c
    wake no more
    log c: ring_ended(a,Withdrawn)
    show a
    log c: abandoned(caller_hangup)
    wake no more
    ");
    let story = "arrived accepted queued ringing(a) ring_ended(a,Withdrawn) \
                 abandoned(caller_hangup)";
    assert_eq!(scene.story("c"), story);
    // It was not the agent's fault: the place in the order is kept.
    scene.call("d", "desk");
    assert_eq!(scene.rung("d"), ["a"]);
}

#[test]
fn nethserver_7015_talk_does_not_contain_the_wait() {
    let mut scene = two_agents();
    scene.call("c", "desk");
    scene.secs(15);
    scene.answer("c");
    scene.secs(40);
    scene.hang_up("c");
    let record = scene.record("c");
    assert_eq!(record.wait(), Some(Millis::from_secs(15)));
    assert_eq!(record.talk(), Some(Millis::from_secs(40)));
}

#[test]
fn fusionpbx_5778_a_call_that_many_phones_missed_is_one_abandoned_call() {
    let mut scene = two_agents();
    scene.call("c", "desk");
    scene.secs(100);
    scene.hang_up("c");
    let missed = scene.story("c").matches("NoAnswer").count();
    assert!(missed >= 4, "phones rang in turn: {}", scene.story("c"));
    assert_eq!((scene.ledger.offered, scene.ledger.abandoned), (1, 1));
}

#[test]
fn fusionpbx_1386_the_systems_own_voice_is_no_answer() {
    let greeting = LineSettings {
        greeting: true,
        ..line("desk")
    };
    let mut scene = Scene::open(vec![greeting], vec![agent("a", &["desk"])]);
    scene.call("c", "desk");
    assert_eq!(scene.rung("c").len(), 0, "the greeting is heard to its end");
    assert_eq!(scene.engine.snapshot().waiting.len(), 1);
    scene.hang_up("c");
    assert_eq!(
        scene.story("c"),
        "arrived accepted abandoned(caller_hangup)"
    );
    assert_eq!(scene.ledger.answered, 0);
}

#[test]
fn issabel_41_what_an_agent_without_log_in_dials_is_neither_offered_nor_abandoned() {
    let mut scene = two_agents();
    scene.command("a", AgentCommand::LogOut);
    let target = DialTarget::Outside {
        number: "0120".into(),
        shown: "5000".into(),
        line: "desk".into(),
    };
    scene.input(Input::AgentDialled {
        call: "o".into(),
        agent: "a".into(),
        target,
    });
    assert_eq!(scene.state("a"), AgentState::Talking);
    scene.hang_up("o");
    assert_eq!(scene.story("o"), "dialled ended(Agent)");
    assert_eq!(scene.state("a"), AgentState::LoggedOut);
    assert_eq!((scene.ledger.offered, scene.ledger.abandoned), (0, 0));
}

#[test]
fn cdr_viewer_141_who_comes_back_to_the_queue_keeps_the_first_arrival() {
    let mut scene = two_agents();
    scene.call("c", "desk");
    scene.secs(5);
    scene.call("d", "desk");
    scene.call("e", "desk");
    let leg = scene.leg("c");
    scene.input(Input::LegAnswered { leg: leg.clone() });
    scene.input(Input::LegLost { leg });
    let waiting = scene.engine.snapshot().waiting;
    let calls: Vec<_> = waiting
        .iter()
        .map(|waiting| waiting.call.as_str())
        .collect();
    assert_eq!(calls, ["c", "d", "e"]);
    scene.secs(10);
    scene.answer("c");
    assert_eq!(scene.record("c").wait(), Some(Millis::from_secs(15)));
}

/// fusionpbx PR#7732, #1587
#[test]
fn reception_hours_decide_at_the_millisecond_of_arrival() {
    let cases = [
        ("2026-11-24T07:59:59.999", false),
        ("2026-11-24T08:00:00.000", true),
        ("2026-11-24T17:29:59.999", true),
        ("2026-11-24T17:30:00.000", false),
        ("2026-11-14T09:00:00.000", true),  // 第2土曜
        ("2026-11-21T09:00:00.000", false), // 第3土曜
        ("2026-05-06T09:00:00.000", false), // 振替休日
        ("2026-12-29T09:00:00.000", false),
        ("2027-01-03T09:00:00.000", false),
    ];
    for (when, open) in cases {
        let mut scene = Scene::new(vec![line("desk")], vec![agent("a", &["desk"])], at(when));
        scene.ready("a");
        scene.call("c", "desk");
        assert_eq!(
            scene.story("c").starts_with("arrived accepted queued"),
            open,
            "{when}"
        );
        assert_eq!(scene.rung("c").len(), usize::from(open), "{when}");
        assert_eq!(scene.ledger.offered, u64::from(open), "{when}");
    }
}

#[test]
fn fusionpbx_1587_a_caller_of_17_29_is_served_after_17_30() {
    let now = at("2026-11-24T17:29:00");
    let mut scene = Scene::new(vec![line("desk")], vec![agent("a", &["desk"])], now);
    scene.call("c", "desk");
    scene.secs(300);
    assert_eq!(scene.engine.snapshot().waiting.len(), 1);
    scene.ready("a");
    scene.answer("c");
    assert_eq!((scene.ledger.offered, scene.ledger.answered), (1, 1));
}

/// qpanel#113: the log is replayed elsewhere; what the engine must know is who is at the desk.
#[test]
fn qpanel_113_after_a_restart_agents_are_what_they_were_and_nobody_is_stuck_in_a_call() {
    let names = ["talking", "ringing", "wrap-up", "away", "out"];
    let agents = names.iter().map(|name| agent(name, &["desk"])).collect();
    let mut scene = Scene::new(vec![line("desk")], agents, at("2026-11-24T09:00:00"));
    let since = at("2026-11-24T08:30:00");
    let away = AgentState::Away {
        reason: "会議".into(),
    };
    let states = [
        AgentState::Talking,
        AgentState::Ringing,
        AgentState::WrapUp,
        away.clone(),
        AgentState::LoggedOut,
    ];
    for (name, state) in names.iter().zip(states) {
        scene.engine.restore_agent(&(*name).into(), state, since);
    }
    let ready = AgentState::Ready;
    let expected = [
        ready.clone(),
        ready.clone(),
        ready,
        away,
        AgentState::LoggedOut,
    ];
    for (name, state) in names.iter().zip(expected) {
        let view = scene.engine.agent(&(*name).into()).unwrap();
        assert_eq!(
            (view.state, view.call, view.since),
            (state, None, since),
            "{name}"
        );
    }
    scene.input(Input::AgentReachable {
        agent: "talking".into(),
        reachable: true,
    });
    scene.call("c", "desk");
    assert_eq!(scene.rung("c"), ["talking"]);
}

#[test]
fn hold_counts_as_talk_and_is_balanced_over_a_transfer() {
    let mut scene = two_agents();
    scene.call("c", "desk");
    let held = Input::Held {
        call: "c".into(),
        by: Party::Agent,
    };
    let resumed = Input::Resumed {
        call: "c".into(),
        by: Party::Agent,
    };
    assert!(
        scene.input(held.clone()).is_empty(),
        "no hold before the talk"
    );
    scene.answer("c");
    scene.input(held.clone());
    assert!(scene.input(held.clone()).is_empty(), "the same news twice");
    scene.secs(20);
    scene.input(Input::TransferToAgent {
        call: "c".into(),
        agent: "b".into(),
    });
    scene.answer("c");
    scene.input(held);
    scene.input(resumed);
    scene.hang_up("c");
    let story = scene.story("c");
    assert_eq!(story.matches("held(Agent)").count(), 2, "{story}");
    assert_eq!(story.matches("resumed(Agent)").count(), 2, "{story}");
    assert_eq!(scene.record("c").talk(), Some(Millis::from_secs(20)));
}
