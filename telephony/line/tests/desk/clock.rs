//! Somebody sets the clock on the wall while callers wait and talk: what lasts, lasts as long as it
//! lasts; the calendar follows the clock.

use madoguchi_core::hours::{Calendar, HoursSettings};
use madoguchi_core::time::Millis;
use madoguchi_line::api::{Input, Output};
use madoguchi_line::settings::{AtClosing, LineSettings};

use crate::scene::{Scene, agent, at, line};

const HOUR: Millis = Millis::from_secs(3_600);
const HOUR_BACK: Millis = Millis::from_secs(-3_600);
/// Less than what counts as a jump: nobody is told, and durations hold all the same.
const STEP: Millis = Millis(-700);

/// At 9:00 "a" is ready; after talks there is work for half a minute.
fn desk() -> Scene {
    let settings = LineSettings {
        wrap_up: Millis::from_secs(30),
        ..line("desk")
    };
    Scene::open(vec![settings], vec![agent("a", &["desk"])])
}

#[test]
fn wait_talk_and_wrap_up_last_as_long_as_they_last_whatever_happens_to_the_clock() {
    for by in [HOUR, HOUR_BACK, STEP, Millis(700)] {
        let mut scene = desk();
        scene.call("c", "desk");
        scene.secs(5);
        scene.set_clock(by);
        scene.secs(5);
        scene.answer("c");
        scene.secs(40);
        scene.set_clock(by);
        scene.secs(50);
        scene.hang_up("c");
        scene.secs(10);
        scene.set_clock(by);
        scene.secs(20);
        let record = scene.record("c");
        assert_eq!(record.arrived_at, at("2026-11-24T09:00:00"), "{by:?}");
        assert_eq!(record.wait(), Some(Millis::from_secs(10)), "{by:?}");
        assert_eq!(record.talk(), Some(Millis::from_secs(90)), "{by:?}");
        let part = &record.parts[0];
        let worked = part.wrap_up_ended_at.unwrap() - part.until.unwrap();
        assert_eq!(worked, Millis::from_secs(30), "{by:?}");
    }
}

#[test]
fn a_call_that_comes_after_the_clock_was_set_follows_it() {
    for (by, arrival) in [
        (HOUR, "2026-11-24T10:00:00"),
        (HOUR_BACK, "2026-11-24T08:00:00"),
    ] {
        let mut scene = desk();
        scene.call("before", "desk");
        scene.set_clock(by);
        scene.call("after", "desk");
        scene.secs(3);
        scene.hang_up("after");
        let record = scene.record("after");
        assert_eq!(record.arrived_at, at(arrival));
        assert_eq!(record.ended_at, Some(at(arrival) + Millis::from_secs(3)));
    }
}

#[test]
fn the_longest_wait_is_measured_by_time_that_passed() {
    let settings = LineSettings {
        max_wait: Millis::from_secs(60),
        ..line("desk")
    };
    let mut scene = Scene::new(vec![settings], Vec::new(), at("2026-11-24T09:00:00"));
    scene.call("c", "desk");
    scene.secs(30);
    scene.set_clock(HOUR);
    scene.secs(29);
    assert!(!scene.story("c").contains("abandoned"));
    scene.secs(1);
    assert!(scene.story("c").ends_with("abandoned(max_wait)"));
}

#[test]
fn the_board_shows_how_long_something_lasts_by_time_that_passed() {
    for by in [HOUR, HOUR_BACK] {
        let mut scene = desk();
        scene.call("talks", "desk");
        scene.answer("talks");
        scene.call("waits", "desk");
        scene.secs(100);
        scene.set_clock(by);
        scene.secs(20);
        let wall = scene.wall();
        let shown = scene.engine.snapshot();
        let lasted = Millis::from_secs(120);
        assert_eq!(wall - shown.waiting[0].arrived_at, lasted, "{by:?}");
        assert_eq!(wall - shown.agents[0].since, lasted, "{by:?}");
    }
}

#[test]
fn those_who_wait_are_told_of_the_closing_by_the_clock_that_was_set() {
    let settings = LineSettings {
        at_closing: AtClosing::Tell,
        ..line("desk")
    };
    let waiting = || {
        let mut scene = Scene::new(
            vec![settings.clone()],
            Vec::new(),
            at("2026-11-24T17:00:00"),
        );
        scene.settings.calendar = Calendar::new(HoursSettings::default());
        scene.call("c", "desk");
        scene
    };
    let told = |scene: &Scene| {
        scene
            .story("c")
            .ends_with("abandoned(desk_closed_while_waiting)")
    };
    let mut forward = waiting();
    forward.set_clock(Millis::from_secs(20 * 60));
    forward.secs(10 * 60 - 1);
    assert!(!told(&forward));
    forward.secs(1);
    assert!(told(&forward));
    let mut beyond = waiting();
    beyond.set_clock(HOUR);
    assert!(told(&beyond));
    let mut back = waiting();
    back.set_clock(HOUR_BACK);
    back.secs(90 * 60 - 1);
    assert!(!told(&back));
    back.secs(1);
    assert!(told(&back));
}

#[test]
fn whoever_is_free_when_the_clock_is_set_stays_next_in_turn() {
    let agents = vec![agent("a", &["desk"]), agent("b", &["desk"])];
    let mut scene = Scene::open(vec![line("desk")], agents);
    scene.set_clock(HOUR_BACK);
    let outputs = scene.call("c", "desk").to_vec();
    assert!(
        outputs
            .iter()
            .any(|output| matches!(output, Output::Ring { .. }))
    );
    assert_eq!(scene.rung("c"), ["a"]);
    scene.input(Input::CallerHungUp { call: "c".into() });
}
