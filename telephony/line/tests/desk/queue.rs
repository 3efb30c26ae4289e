//! From arrival to answer: greeting, queue, announcements, distribution, and being turned away.

use insta::assert_snapshot;
use madoguchi_core::live::{AgentCommand, AgentState};
use madoguchi_core::time::Millis;
use madoguchi_line::api::{Announcement, HangUpCause, Input, Output};
use madoguchi_line::settings::{AtClosing, LineSettings, PeriodicAnnouncement};

use crate::scene::{Scene, agent, at, line, script, three};

fn played(outputs: &[Output]) -> Vec<(Announcement, u32)> {
    let play = |output: &Output| match output {
        Output::Play {
            announcement,
            playback,
            ..
        } => Some((*announcement, *playback)),
        _ => None,
    };
    outputs.iter().filter_map(play).collect()
}

fn hung_up(outputs: &[Output]) -> bool {
    outputs
        .iter()
        .any(|output| matches!(output, Output::HangUp { .. }))
}

#[test]
fn outside_reception_hours_the_closing_announcement_is_played_to_its_end() {
    let now = at("2026-11-24T18:00:00");
    let mut scene = Scene::new(vec![line("desk")], vec![agent("a", &["desk"])], now);
    scene.ready("a");
    let outputs = scene.call("x", "desk").to_vec();
    assert_snapshot!(script(&outputs), @"
    log x: arrived(closed)
    accept x
    log x: accepted
    play Closed to x (number 1)
    wake after 90000 ms
    ");
    let [(Announcement::Closed, playback)] = played(&outputs)[..] else {
        panic!("{outputs:?}")
    };
    assert!(!hung_up(&scene.secs(20)));
    let outputs = scene.input(Input::PlaybackEnded {
        call: "x".into(),
        playback,
    });
    assert!(hung_up(outputs));
    assert_eq!(scene.story("x"), "arrived(closed) accepted ended(Desk)");
    scene.call("y", "desk");
    scene.hang_up("y");
    assert_eq!(scene.story("y"), "arrived(closed) accepted ended(Caller)");
    assert_eq!((scene.ledger.offered, scene.ledger.abandoned), (0, 0));
    scene.ledger.nothing_is_left();
}

#[test]
fn after_the_greeting_comes_music_and_the_search_for_an_agent() {
    let mut scene = three(LineSettings {
        greeting: true,
        ..line("desk")
    });
    let outputs = scene.call("x", "desk").to_vec();
    let [(Announcement::Greeting, playback)] = played(&outputs)[..] else {
        panic!("{outputs:?}")
    };
    assert!(scene.rung("x").is_empty());
    let outputs = scene
        .input(Input::PlaybackEnded {
            call: "x".into(),
            playback,
        })
        .to_vec();
    assert_snapshot!(script(&outputs), @"
    log x: queued
    play music to x
    log x: ringing(a)
    show a
    ring a for x
    wake after 20000 ms
    ");
    assert_eq!(scene.rung("x"), ["a"]);
}

#[test]
fn a_call_for_an_unknown_line_is_not_found_and_not_counted() {
    let mut scene = three(line("desk"));
    let outputs = scene.call("x", "nowhere").to_vec();
    let expected = Output::HangUp {
        call: "x".into(),
        cause: HangUpCause::NotFound,
    };
    assert_eq!(outputs, [expected]);
}

#[test]
fn a_full_queue_turns_away() {
    let mut scene = three(LineSettings {
        max_waiting: 1,
        ..line("desk")
    });
    scene.call("x", "desk");
    let outputs = scene.call("y", "desk").to_vec();
    let [(Announcement::QueueFull, playback)] = played(&outputs)[..] else {
        panic!("{outputs:?}")
    };
    assert_eq!(scene.story("y"), "arrived accepted abandoned(queue_full)");
    assert!(hung_up(scene.input(Input::PlaybackEnded {
        call: "y".into(),
        playback
    })));
    // Somebody who talks does not wait any more.
    scene.answer("x");
    scene.call("z", "desk");
    assert_eq!(scene.rung("z"), ["b"]);
}

#[test]
fn without_an_agent_at_the_desk_callers_are_told_or_wait_as_the_line_says() {
    for wait in [false, true] {
        let mut scene = three(LineSettings {
            wait_without_agents: wait,
            ..line("desk")
        });
        scene.call("before", "desk");
        for name in ["a", "b"] {
            scene.command(name, AgentCommand::LogOut);
        }
        scene.command(
            "c",
            AgentCommand::Away {
                reason: "休憩".into(),
            },
        );
        scene.call("away", "desk");
        assert!(
            scene.story("away").ends_with("queued"),
            "somebody is there, only 離席"
        );
        scene.command("c", AgentCommand::LogOut);
        let outputs = scene.call("x", "desk").to_vec();
        let told = played(&outputs)
            .first()
            .is_some_and(|(what, _)| *what == Announcement::NoAgent);
        assert_eq!(told, !wait);
        let end = if wait {
            "queued"
        } else {
            "abandoned(no_agent)"
        };
        assert!(scene.story("x").ends_with(end), "{}", scene.story("x"));
        assert!(
            scene.story("away").ends_with("queued"),
            "who waits already is not sent away"
        );
    }
}

#[test]
fn after_the_longest_wait_the_caller_is_told_so_even_while_a_phone_rings() {
    let settings = LineSettings {
        max_wait: Millis::from_secs(30),
        ..line("desk")
    };
    let mut scene = three(settings);
    scene.call("x", "desk");
    scene.secs(29);
    assert_eq!(scene.rung("x"), ["b"]);
    let outputs = scene.secs(1);
    assert_eq!(played(&outputs)[0].0, Announcement::MaxWait);
    assert!(scene.rung("x").is_empty());
    assert!(
        scene
            .story("x")
            .ends_with("ring_ended(b,Withdrawn) abandoned(max_wait)")
    );
    assert_eq!(scene.state("b"), AgentState::Ready);
}

#[test]
fn the_longest_wait_that_runs_out_between_pick_up_and_bridge_spares_the_answer() {
    let settings = LineSettings {
        max_wait: Millis::from_secs(10),
        ..line("desk")
    };
    let mut scene = three(settings);
    scene.call("x", "desk");
    scene.secs(9);
    let leg = scene.leg("x");
    scene.input(Input::LegAnswered { leg: leg.clone() });
    scene.secs(2);
    scene.input(Input::LegBridged { leg });
    assert!(scene.story("x").ends_with("answered(a)"));
}

#[test]
fn the_longest_wait_that_runs_out_between_pick_up_and_drop_ends_the_wait_at_the_drop() {
    let settings = LineSettings {
        max_wait: Millis::from_secs(10),
        ..line("desk")
    };
    let mut scene = three(settings);
    scene.call("x", "desk");
    scene.secs(9);
    let leg = scene.leg("x");
    scene.input(Input::LegAnswered { leg: leg.clone() });
    scene.secs(2);
    let outputs = scene.input(Input::LegEnded { leg }).to_vec();
    assert_eq!(
        played(&outputs).first().map(|(what, _)| *what),
        Some(Announcement::MaxWait)
    );
    assert!(
        scene
            .story("x")
            .ends_with("ring_ended(a,Dropped) abandoned(max_wait)")
    );
}

fn closing(at_closing: AtClosing) -> Scene {
    let settings = LineSettings {
        at_closing,
        ..line("desk")
    };
    let mut scene = Scene::new(
        vec![settings],
        vec![agent("a", &["desk"])],
        at("2026-11-24T17:29:00"),
    );
    scene.ready("a");
    scene.call("x", "desk");
    scene
}

#[test]
fn at_closing_time_those_who_wait_are_told_even_while_a_phone_rings() {
    let mut scene = closing(AtClosing::Tell);
    scene.pass(Millis(59_999));
    assert_eq!(scene.state("a"), AgentState::Ringing);
    let outputs = scene.pass(Millis(1));
    assert_eq!(played(&outputs)[0].0, Announcement::ClosedWhileWaiting);
    assert!(
        scene
            .story("x")
            .ends_with("abandoned(desk_closed_while_waiting)")
    );
    assert_eq!(scene.state("a"), AgentState::Ready);
}

#[test]
fn at_closing_time_those_who_wait_are_served_up_to_the_limit() {
    let mut scene = closing(AtClosing::Serve {
        limit: Millis::from_secs(600),
    });
    scene.secs(60 + 599);
    assert_eq!(scene.engine.snapshot().waiting.len(), 1);
    scene.secs(1);
    assert!(
        scene
            .story("x")
            .ends_with("abandoned(desk_closed_while_waiting)")
    );
}

#[test]
fn closing_time_does_not_touch_who_talks() {
    let mut scene = closing(AtClosing::Tell);
    scene.answer("x");
    scene.secs(3_600);
    assert_eq!(scene.state("a"), AgentState::Talking);
}

#[test]
fn the_music_is_interrupted_by_the_place_in_the_queue() {
    let every = Millis::from_secs(30);
    let mut scene = Scene::open(
        vec![LineSettings {
            announce_every: every,
            ..line("desk")
        }],
        vec![],
    );
    scene.call("x", "desk");
    scene.call("y", "desk");
    let said = played(&scene.secs(30));
    assert_eq!(
        said,
        [
            (Announcement::Position(1), 1),
            (Announcement::Position(2), 1)
        ]
    );
    let outputs = scene
        .input(Input::PlaybackEnded {
            call: "y".into(),
            playback: 1,
        })
        .to_vec();
    assert!(outputs.contains(&Output::PlayMusic { call: "y".into() }));
    scene.hang_up("x");
    assert_eq!(played(&scene.secs(30)), [(Announcement::Position(1), 2)]);
}

#[test]
fn the_estimate_is_the_mean_wait_of_the_last_answers() {
    let settings = LineSettings {
        announce_every: Millis::from_secs(30),
        announce: PeriodicAnnouncement::WaitingTime,
        ring_timeout: Millis::from_secs(600),
        ..line("desk")
    };
    let mut scene = Scene::open(vec![settings], vec![agent("a", &["desk"])]);
    for (call, wait) in [("x", 60), ("y", 180)] {
        scene.call(call, "desk");
        scene.secs(wait);
        scene.answer(call);
        scene.hang_up(call);
    }
    scene.call("z", "desk");
    assert_eq!(played(&scene.secs(30))[0].0, Announcement::WaitMinutes(2));
}

#[test]
fn an_announcement_that_ends_after_the_answer_starts_no_music() {
    let settings = LineSettings {
        announce_every: Millis::from_secs(5),
        ..line("desk")
    };
    let mut scene = three(settings);
    scene.call("x", "desk");
    assert_eq!(played(&scene.secs(5)).len(), 1);
    scene.answer("x");
    assert!(
        scene
            .input(Input::PlaybackEnded {
                call: "x".into(),
                playback: 1
            })
            .is_empty()
    );
}
