//! A new calendar while callers wait: the new closing time decides, and the rule of their line.

use madoguchi_core::hours::{Calendar, HoursSettings, Override};
use madoguchi_core::time::Millis;
use madoguchi_line::api::{Input, Output};
use madoguchi_line::settings::{AtClosing, LineSettings};

use crate::scene::{Scene, agent, at, line};

const TOLD: &str = "abandoned(desk_closed_while_waiting)";

fn today(today: Override) -> Calendar {
    let date = chrono::NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
    Calendar::new(HoursSettings {
        overrides: [(date, today)].into(),
        ..HoursSettings::default()
    })
}

fn until(hour: u32, minute: u32) -> Calendar {
    today(Override::Until(chrono::NaiveTime::from_hms_opt(
        hour, minute, 0,
    )))
}

fn closed() -> Calendar {
    today(Override::Closed)
}

/// At 17:20 of a day that ends at 17:30, "x" waits and nobody takes calls.
fn waiting(at_closing: AtClosing) -> Scene {
    let settings = LineSettings {
        at_closing,
        ..line("desk")
    };
    let agents = vec![agent("a", &["desk"]), agent("b", &["desk"])];
    let mut scene = Scene::new(vec![settings], agents, at("2026-11-24T17:20:00"));
    scene.call("x", "desk");
    scene
}

fn serve(secs: i64) -> AtClosing {
    let limit = Millis::from_secs(secs);
    AtClosing::Serve { limit }
}

fn new_calendar(scene: &mut Scene, calendar: Calendar) {
    scene.reconfigure(|settings| settings.calendar = calendar);
}

fn told(scene: &Scene, call: &str) -> bool {
    scene.story(call).ends_with(TOLD)
}

/// Whether "x" is told after so many seconds, and not a second sooner.
fn is_told_after(scene: &mut Scene, secs: i64) -> bool {
    scene.secs(secs - 1);
    let sooner = told(scene, "x");
    scene.secs(1);
    !sooner && told(scene, "x")
}

#[test]
fn the_calendar_decides_the_next_arrival() {
    let mut scene = waiting(AtClosing::Tell);
    new_calendar(&mut scene, closed());
    scene.call("y", "desk");
    assert_eq!(scene.story("y"), "arrived(closed) accepted");
    new_calendar(&mut scene, until(18, 0));
    scene.call("z", "desk");
    assert_eq!(scene.story("z"), "arrived accepted queued");
}

#[test]
fn a_desk_that_closes_later_lets_those_who_wait_wait_until_then() {
    let mut scene = waiting(AtClosing::Tell);
    new_calendar(&mut scene, until(18, 0));
    assert!(is_told_after(&mut scene, 40 * 60));
}

#[test]
fn a_desk_that_closes_sooner_tells_those_who_wait_sooner() {
    let mut scene = waiting(AtClosing::Tell);
    new_calendar(&mut scene, until(17, 25));
    assert!(is_told_after(&mut scene, 5 * 60));
}

#[test]
fn those_who_may_wait_on_after_closing_do_so_from_the_new_closing_time() {
    let mut scene = waiting(serve(120));
    new_calendar(&mut scene, until(17, 25));
    assert!(is_told_after(&mut scene, 5 * 60 + 120));
}

#[test]
fn a_desk_that_is_closed_at_once_tells_those_who_wait_even_while_a_phone_rings() {
    let mut scene = waiting(AtClosing::Tell);
    scene.call("y", "desk");
    scene.ready("a");
    assert_eq!(scene.rung("x"), ["a"]);
    let outputs = scene
        .reconfigure(|settings| settings.calendar = closed())
        .to_vec();
    assert!(told(&scene, "x") && told(&scene, "y"));
    let rings = |output: &Output| matches!(output, Output::Ring { .. });
    assert!(
        !outputs.iter().any(rings),
        "nobody is rung for the others: {outputs:?}"
    );
    assert!(scene.legs("x").is_empty());
}

#[test]
fn a_desk_that_is_closed_at_once_lets_its_callers_wait_up_to_the_limit_from_now() {
    let mut scene = waiting(serve(120));
    new_calendar(&mut scene, closed());
    assert!(is_told_after(&mut scene, 120));
}

#[test]
fn the_limit_after_closing_does_not_begin_anew_with_every_change() {
    for calendar in [
        closed(),
        until(17, 20),
        Calendar::new(HoursSettings::default()),
    ] {
        let mut scene = waiting(serve(120));
        let closes_in = if calendar == Calendar::new(HoursSettings::default()) {
            600
        } else {
            0
        };
        new_calendar(&mut scene, calendar);
        scene.secs(closes_in + 60);
        scene.reconfigure(|settings| settings.agents.truncate(1));
        assert!(is_told_after(&mut scene, 60));
    }
}

#[test]
fn after_closing_a_new_rule_of_the_line_counts_from_the_moment_of_closing() {
    let mut scene = waiting(serve(600));
    new_calendar(&mut scene, closed());
    scene.secs(60);
    scene.reconfigure(|settings| settings.lines[0].at_closing = serve(90));
    assert!(is_told_after(&mut scene, 30));
    let mut scene = waiting(serve(600));
    new_calendar(&mut scene, closed());
    scene.secs(60);
    scene.reconfigure(|settings| settings.lines[0].at_closing = AtClosing::Tell);
    assert!(told(&scene, "x"));
}

#[test]
fn a_desk_that_opens_again_lets_those_who_still_wait_wait_on() {
    let mut scene = waiting(serve(120));
    new_calendar(&mut scene, closed());
    scene.secs(60);
    new_calendar(&mut scene, until(17, 25));
    assert!(is_told_after(&mut scene, 4 * 60 + 120));
}

#[test]
fn closing_the_desk_spares_whoever_is_just_being_answered_and_who_talks() {
    let mut scene = waiting(AtClosing::Tell);
    scene.ready("a");
    scene.answer("x");
    scene.ready("b");
    scene.call("y", "desk");
    let leg = scene.leg("y");
    scene.input(Input::LegAnswered { leg: leg.clone() });
    new_calendar(&mut scene, closed());
    scene.input(Input::LegBridged { leg });
    assert_eq!((scene.ledger.answered, scene.ledger.abandoned), (2, 0));
}

#[test]
fn who_was_not_told_because_somebody_picked_up_waits_on_if_the_desk_opens_again() {
    for opens_again in [false, true] {
        let mut scene = waiting(AtClosing::Tell);
        scene.ready("a");
        let leg = scene.leg("x");
        scene.input(Input::LegAnswered { leg: leg.clone() });
        new_calendar(&mut scene, closed());
        if opens_again {
            new_calendar(&mut scene, until(18, 0));
        }
        scene.input(Input::LegEnded { leg });
        assert_eq!(told(&scene, "x"), !opens_again);
    }
}

#[test]
fn callers_of_a_line_that_vanished_are_told_by_its_last_rule() {
    let mut scene = waiting(AtClosing::Tell);
    scene.reconfigure(|settings| settings.lines.clear());
    assert!(!told(&scene, "x"));
    new_calendar(&mut scene, until(17, 25));
    assert!(is_told_after(&mut scene, 5 * 60));
}

#[test]
fn a_line_with_a_calendar_of_its_own_opens_and_closes_by_it_alone() {
    let mut scene = waiting(AtClosing::Tell);
    let own = |calendar| LineSettings {
        at_closing: AtClosing::Tell,
        calendar: Some(calendar),
        ..line("macs")
    };
    scene.reconfigure(|settings| settings.lines.push(own(until(17, 25))));
    scene.call("y", "macs");
    assert_eq!(scene.story("y"), "arrived accepted queued");
    scene.secs(5 * 60);
    assert!(told(&scene, "y") && !told(&scene, "x"));
    scene.call("z", "macs");
    assert_eq!(scene.story("z"), "arrived(closed) accepted");
    scene.call("w", "desk");
    assert_eq!(scene.story("w"), "arrived accepted queued");
    // The desk closes at once, the line is open until 18:00.
    scene.reconfigure(|settings| {
        settings.lines[1] = own(until(18, 0));
        settings.calendar = closed();
    });
    assert!(told(&scene, "x") && told(&scene, "w"));
    scene.call("v", "macs");
    assert_eq!(scene.story("v"), "arrived accepted queued");
}
