use madoguchi_core::call::CallRecord;
use madoguchi_core::event::AbandonReason;
use madoguchi_core::figures::{Figures, FiguresSettings};
use madoguchi_core::hours::HoursSettings;
use madoguchi_core::time::Millis;
use proptest::prelude::*;

use super::*;

/// 2026-11-24 (Tuesday) 09:00:00 in Tokyo.
const NINE: i64 = 1_795_478_400;

fn import(lines: &[String]) -> Import {
    let calendar = Calendar::new(HoursSettings::default());
    read(lines.join("\n").as_bytes(), &"help".into(), None, &calendar)
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
