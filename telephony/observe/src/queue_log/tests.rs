use madoguchi_core::call::CallRecord;
use madoguchi_core::event::AbandonReason;
use madoguchi_core::figures::{Figures, FiguresSettings};
use madoguchi_core::hours::HoursSettings;
use madoguchi_core::time::{Instant, Millis};
use proptest::prelude::*;

use super::*;

mod again;
mod files;
mod handed_on;

/// 2026-11-24 (Tuesday) 09:00:00 in Tokyo.
const NINE: i64 = 1_795_478_400;

fn import(lines: &[String]) -> Import {
    import_at(lines, None)
}

fn import_at(lines: &[String], now: Option<Instant>) -> Import {
    import_knowing(lines, (now, now.is_some()), &HashMap::new())
}

fn import_knowing(
    lines: &[String],
    (now, is_followed): (Option<Instant>, bool),
    known: &HashMap<CallId, Vec<CallEvent>>,
) -> Import {
    import_file(lines.join("\n").as_bytes(), (now, is_followed), known)
}

fn import_file(
    bytes: &[u8],
    (now, is_followed): (Option<Instant>, bool),
    known: &HashMap<CallId, Vec<CallEvent>>,
) -> Import {
    let rules = Rules {
        agents: vec![("301".to_owned(), "sato".into())],
        ..Rules::default()
    };
    let calendar = Calendar::new(HoursSettings::default());
    let target = Target {
        line: &"help".into(),
        queue: None,
        calendar: &calendar,
        wait_at_most: Some(Millis::from_secs(600)),
        now,
        is_followed,
        rules: &rules,
        known,
    };
    read(bytes, target)
}

fn line(secs: i64, id: &str, agent: &str, event: &str) -> String {
    format!("{}|{id}|q1|{agent}|{event}", NINE + secs)
}

fn records(events: &[CallEvent]) -> Vec<CallRecord> {
    events
        .chunk_by(|one, other| one.call == other.call)
        .map(|events| CallRecord::fold(events).unwrap())
        .collect()
}

fn figures(events: &[CallEvent]) -> Figures {
    let mut figures = Figures::default();
    for record in records(events) {
        figures.add(&record, FiguresSettings::default());
    }
    figures
}

#[test]
fn waits_and_talks_come_from_the_instants_not_from_the_data_fields() {
    let import = import(&[
        line(0, "1.1", "NONE", "ENTERQUEUE||0312345678|1"),
        line(4, "1.1", "SIP/201", "RINGNOANSWER|3000"),
        line(10, "1.1", "SIP/202", "CONNECT|999|1.2|3"),
        line(70, "1.1", "SIP/202", "COMPLETEAGENT|999|999|1"),
    ]);
    assert_eq!(import.skipped, []);
    let figures = figures(&import.events);
    assert_eq!((figures.offered, figures.answered), (1, 1));
    assert_eq!(figures.waits.mean(), Some(Millis(10_000)));
    assert_eq!(figures.talks.mean(), Some(Millis(60_000)));
    assert_eq!(records(&import.events)[0].agent().unwrap().as_str(), "202");
}

#[test]
fn every_way_out_of_the_queue_has_its_reason() {
    let mut lines = Vec::new();
    for (id, exit) in [
        "ABANDON|1|1|5",
        "EXITWITHTIMEOUT|1",
        "EXITEMPTY|1|1|5",
        "EXITWITHKEY|5|1",
    ]
    .iter()
    .enumerate()
    {
        lines.push(line(0, &id.to_string(), "NONE", "ENTERQUEUE||03"));
        lines.push(line(5, &id.to_string(), "NONE", exit));
    }
    let figures = figures(&import(&lines).events);
    assert_eq!(figures.offered, 4);
    assert_eq!(
        figures
            .abandoned_by_reason
            .get(&AbandonReason::CallerHangup),
        Some(&2)
    );
    assert_eq!(
        figures.abandoned_by_reason.get(&AbandonReason::MaxWait),
        Some(&1)
    );
    assert_eq!(
        figures.abandoned_by_reason.get(&AbandonReason::NoAgent),
        Some(&1)
    );
}

/// Asterisk-CDR-Viewer-Mod#141
#[test]
fn re_entering_the_queue_keeps_the_first_arrival() {
    let import = import(&[
        line(0, "1.1", "NONE", "ENTERQUEUE||03"),
        line(60, "1.1", "NONE", "EXITWITHTIMEOUT|1|1|60"),
        line(61, "1.1", "NONE", "ENTERQUEUE||03"),
        line(90, "1.1", "SIP/201", "CONNECT|29|x"),
        line(100, "1.1", "SIP/201", "COMPLETECALLER|29|10|1"),
    ]);
    let figures = figures(&import.events);
    assert_eq!(
        (figures.offered, figures.answered, figures.abandoned()),
        (1, 1, 0)
    );
    assert_eq!(figures.waits.mean(), Some(Millis(90_000)));
}

/// asterisk#759
#[test]
fn an_attended_transfer_into_a_second_queue_is_one_call() {
    let import = import(&[
        line(0, "1.1", "NONE", "ENTERQUEUE||03"),
        line(5, "1.1", "SIP/201", "CONNECT|5|x"),
        line(30, "1.1", "NONE", "ENTERQUEUE||03"),
        line(35, "1.1", "SIP/202", "CONNECT|5|y"),
        line(65, "1.1", "SIP/202", "COMPLETEAGENT|5|30|1"),
    ]);
    assert_eq!(import.skipped, []);
    let figures = figures(&import.events);
    assert_eq!((figures.offered, figures.answered), (1, 1));
    assert_eq!(figures.talks.mean(), Some(Millis(60_000)));
}

/// FreePBX issue-tracker#124
#[test]
fn talk_stops_at_a_transfer() {
    for event in [
        "BLINDTRANSFER|0120|from-internal|5|120|1",
        "TRANSFER|0120|ctx|5|120",
    ] {
        let import = import(&[
            line(0, "1.1", "NONE", "ENTERQUEUE||03"),
            line(5, "1.1", "SIP/201", "CONNECT|5|x"),
            line(125, "1.1", "SIP/201", event),
        ]);
        assert_eq!(figures(&import.events).talks.mean(), Some(Millis(120_000)));
    }
}

#[test]
fn a_bad_line_is_reported_with_its_number_and_all_the_rest_is_taken() {
    let import = import(&[
        line(0, "1.1", "NONE", "ENTERQUEUE||03"),
        "これは記録ではない".to_owned(),
        line(3, "9.9", "SIP/201", "CONNECT|3|x"),
        line(4, "1.1", "SIP/201", "CONNECT|-4|x"),
        line(5, "1.1", "SIP/201", "CONNECT|5|x"),
        line(6, "1.1", "SIP/201", "NONSENSE"),
        "x|1.1|q1|SIP/201|COMPLETEAGENT|1".to_owned(),
        line(9, "NONE", "SIP/201", "PAUSE|休憩"),
        line(10, "1.1", "SIP/201", "COMPLETEAGENT|5|5|1"),
    ]);
    let numbers: Vec<_> = import.skipped.iter().map(|skipped| skipped.line).collect();
    assert_eq!(numbers, [2, 3, 4, 6, 7]);
    let figures = figures(&import.events);
    assert_eq!((figures.answered, import.counts.not_about_calls), (1, 1));
    assert_eq!(figures.talks.mean(), Some(Millis(5_000)));
}

#[test]
fn arrival_outside_reception_hours_is_after_hours_whatever_became_of_it() {
    let import = import(&[
        line(9 * 3600, "1.1", "NONE", "ENTERQUEUE||03"),
        line(9 * 3600 + 5, "1.1", "SIP/201", "CONNECT|5|x"),
        line(9 * 3600 + 9, "1.1", "SIP/201", "COMPLETEAGENT|5|4|1"),
        line(9 * 3600 + 20, "2.1", "NONE", "ENTERQUEUE||03"),
        line(9 * 3600 + 25, "2.1", "NONE", "ABANDON|1|1|5"),
    ]);
    let figures = figures(&import.events);
    assert_eq!((figures.offered, figures.after_hours), (0, 2));
}

#[test]
fn a_log_cut_in_two_gives_the_same_as_the_whole() {
    let whole = [
        line(0, "1.1", "NONE", "ENTERQUEUE||03"),
        line(2, "2.1", "NONE", "ENTERQUEUE||04"),
        line(5, "1.1", "SIP/201", "CONNECT|5|x"),
        line(9, "2.1", "NONE", "ABANDON|1|1|7"),
        line(65, "1.1", "SIP/201", "COMPLETEAGENT|5|60|1"),
    ];
    let all = import(&whole).events;
    for cut in 0..whole.len() {
        let first = import(&whole[..cut]).events;
        let mut known: HashMap<CallId, Vec<CallEvent>> = HashMap::new();
        for event in &first {
            known
                .entry(event.call.clone())
                .or_default()
                .push(event.clone());
        }
        let mut both = first.clone();
        both.extend(continued(&all, &known));
        both.sort_by(|a, b| (&a.call, a.seq).cmp(&(&b.call, b.seq)));
        let mut expected = all.clone();
        expected.sort_by(|a, b| (&a.call, a.seq).cmp(&(&b.call, b.seq)));
        assert_eq!(both, expected, "cut at {cut}");
    }
}

#[test]
fn a_call_without_an_end_is_a_fault_once_nobody_can_be_waiting_any_more() {
    let open = [
        line(0, "1.1", "NONE", "ENTERQUEUE||03"),
        line(5, "2.1", "NONE", "ENTERQUEUE||04"),
        line(9, "2.1", "SIP/201", "CONNECT|4|x"),
    ];
    let with = |last: &str| figures(&import(&[&open[..], &[last.to_owned()]].concat()).events);
    let still_open = with(&line(590, "3.1", "NONE", "ENTERQUEUE||05"));
    assert_eq!((still_open.waiting, still_open.abandoned()), (2, 0));
    let too_long = with(&line(601, "3.1", "NONE", "ENTERQUEUE||05"));
    assert_eq!(
        too_long
            .abandoned_by_reason
            .get(&AbandonReason::SystemError),
        Some(&1)
    );
    let restarted = import(&[&open[..], &[line(20, "NONE", "NONE", "QUEUESTART")]].concat());
    let ends: Vec<_> = records(&restarted.events)
        .iter()
        .map(|call| call.ended_at)
        .collect();
    let at = |secs: i64| Some(Instant((NINE + secs) * 1_000));
    assert_eq!(ends, [at(0), at(9)]);
}

#[test]
fn in_a_log_that_grows_who_has_just_left_a_queue_may_enter_another() {
    let lines = [
        line(0, "1.1", "NONE", "ENTERQUEUE||03"),
        line(60, "1.1", "NONE", "EXITWITHTIMEOUT|1"),
    ];
    let at = |secs: i64| Some(Instant((NINE + secs) * 1_000));
    let abandoned = |now| figures(&import_at(&lines, now).events).abandoned();
    assert_eq!(
        (abandoned(at(62)), abandoned(at(70)), abandoned(None)),
        (0, 1, 1)
    );
}

#[test]
fn a_caller_with_a_name_is_known_by_the_number() {
    let import = import(&[line(
        0,
        "1.1",
        "NONE",
        "ENTERQUEUE||\"山田\" <0312000012>|1",
    )]);
    assert_eq!(records(&import.events)[0].from, "0312000012".into());
}

#[test]
fn a_line_that_stands_twice_is_known_already() {
    let once = [
        line(0, "1.1", "NONE", "ENTERQUEUE||03"),
        line(5, "1.1", "SIP/201", "CONNECT|5|x"),
        line(65, "1.1", "SIP/201", "COMPLETEAGENT|5|60|1"),
    ];
    let twice = import(&[&once[..], &once[..]].concat());
    assert_eq!((twice.skipped.len(), twice.counts.repeated), (0, 3));
    assert_eq!(twice.events, import(&once).events);
}

#[test]
fn callers_whom_the_dial_plan_turns_away_are_counted() {
    let import = import(&[
        line(0, "1.1", "NONE", "FULL|"),
        line(1, "2.1", "NONE", "JOINEMPTY|"),
        line(2, "3.1", "NONE", "DIVERT_HOLDTIME|"),
        line(3, "4.1", "NONE", "CLOSED|"),
        line(4, "5.1", "NONE", "ENTERQUEUE||03"),
        line(9, "5.1", "NONE", "EXITWITHTIMEOUT|1"),
        line(9, "5.1", "NONE", "EXITCODE|TIMEOUT"),
        line(10, "6.1", "NONE", "ENTERQUEUE||03"),
        line(12, "6.1", "NONE", "LEAVEEMPTY|"),
    ]);
    assert_eq!(import.skipped, []);
    let figures = figures(&import.events);
    let of = |reason| figures.abandoned_by_reason.get(&reason).copied();
    assert_eq!(of(AbandonReason::QueueFull), Some(2));
    assert_eq!(of(AbandonReason::NoAgent), Some(2));
    assert_eq!(of(AbandonReason::MaxWait), Some(1));
    assert_eq!((figures.offered, figures.after_hours), (5, 1));
}

proptest! {
    #[test]
    fn figures_add_up_for_any_log(
        steps in proptest::collection::vec((0_u8..4, 0_usize..11, 0_i64..30), 0..60)
    ) {
        const EVENTS: [&str; 11] = [
            "ENTERQUEUE||03", "ENTERQUEUE||03", "CONNECT|1|x", "CONNECT|1|x", "ABANDON|1|1|1",
            "EXITWITHTIMEOUT|1", "EXITEMPTY|1", "RINGNOANSWER|1000", "COMPLETECALLER|1|1|1",
            "COMPLETEAGENT|1|1|1", "BLINDTRANSFER|03|x|1|1",
        ];
        let mut now = 0;
        let lines: Vec<_> = steps.iter().map(|(id, event, later)| {
            now += later;
            line(now, &id.to_string(), "SIP/201", EVENTS[*event])
        }).collect();
        let events = import(&lines).events;
        let figures = figures(&events);
        prop_assert_eq!(figures.offered, figures.answered + figures.abandoned() + figures.waiting);
        prop_assert_eq!(events, import(&lines).events);
    }
}
