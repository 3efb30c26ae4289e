use std::collections::HashMap;

use madoguchi_core::call::{CallRecord, Direction, Outcome};

use super::*;
use crate::counting::Line;

mod cdr;
mod cel;
mod files;

fn rules() -> Rules {
    Rules {
        lines: vec![Line {
            name: "総合".into(),
            numbers: vec!["0312345678".to_owned()],
            is_direct: false,
        }],
        agents: vec![("201".to_owned(), "sato".into())],
        ..Rules::default()
    }
}

fn always(_line: &LineName, _at: Instant) -> bool {
    true
}

fn cel_known(
    text: &str,
    rules: &Rules,
    now: Instant,
    known: &HashMap<CallId, Vec<CallEvent>>,
) -> Import {
    let is_open = &always;
    let into = CelTarget {
        rules,
        is_open,
        now,
        known,
    };
    read_cel(text.as_bytes(), into)
}

/// A CEL file of whose calls nothing else is known.
fn cel_alone(text: &str, rules: &Rules, now: Instant) -> Import {
    cel_known(text, rules, now, &HashMap::new())
}

fn records(import: &Import) -> Vec<CallRecord> {
    let calls = import.events.chunk_by(|one, other| one.call == other.call);
    calls
        .map(|events| CallRecord::fold(events).unwrap())
        .collect()
}

/// A line of CEL.
fn cel(
    kind: &str,
    secs: i64,
    number: &str,
    exten: &str,
    channel: &str,
    id: &str,
    extra: &str,
) -> String {
    format!(
        "\"{kind}\",\"{}.500000\",\"\",\"{number}\",\"\",\"\",\"\",\"{exten}\",\"ctx\",\"{channel}\",\"Queue\",\"\",\
         \"3\",\"\",\"{id}\",\"1.1\",\"\",\"\",\"\",\"{}\"",
        1_795_478_400 + secs,
        extra.replace('"', "\"\"")
    )
}

/// A call that the queue answers after a second, and the phone behind it after ten.
fn cel_lines() -> [String; 8] {
    let caller = "PJSIP/trunk-01";
    [
        cel(
            "CHAN_START",
            0,
            "0451110000",
            "0312345678",
            caller,
            "1.1",
            "",
        ),
        cel("ANSWER", 1, "0451110000", "0312345678", caller, "1.1", ""),
        cel("CHAN_START", 3, "201", "s", "PJSIP/201-02", "1.2", ""),
        cel("ANSWER", 9, "201", "s", "PJSIP/201-02", "1.2", ""),
        cel("BRIDGE_ENTER", 10, "201", "s", "PJSIP/201-02", "1.2", ""),
        cel(
            "BRIDGE_ENTER",
            10,
            "0451110000",
            "0312345678",
            caller,
            "1.1",
            "",
        ),
        cel("HANGUP", 70, "201", "s", "PJSIP/201-02", "1.2", ""),
        cel(
            "HANGUP",
            70,
            "0451110000",
            "0312345678",
            caller,
            "1.1",
            r#"{"hangupsource":"PJSIP/trunk-01"}"#,
        ),
    ]
}

#[test]
fn the_agents_bridge_is_the_answer_not_that_of_the_queue() {
    let import = cel_alone(&cel_lines().join("\n"), &rules(), Instant(0));
    assert_eq!(import.skipped, []);
    let record = &records(&import)[0];
    assert_eq!(
        (record.direction, record.outcome()),
        (Direction::Inbound, Outcome::Completed)
    );
    assert_eq!(
        (record.wait().unwrap().0, record.talk().unwrap().0),
        (10_000, 60_000)
    );
    assert_eq!(record.agent().unwrap().as_str(), "sato");
    assert_eq!(record.cause, Some(madoguchi_core::event::EndCause::Caller));
}

#[test]
fn a_row_of_cdr_tells_answer_and_end_but_not_of_an_agent_behind_a_queue() {
    let row = |dst_channel: &str, app: &str, disposition: &str, id: &str| {
        format!(
            "\"\",\"0451110000\",\"0312345678\",\"ctx\",\"\",\"PJSIP/trunk-01\",\"{dst_channel}\",\"{app}\",\"\",\
             \"2026-11-24 09:00:00\",\"2026-11-24 09:00:10\",\"2026-11-24 09:01:10\",70,60,\"{disposition}\",\
             \"DOCUMENTATION\",\"{id}\",\"\""
        )
    };
    let rows = [
        row("PJSIP/201-02", "Dial", "ANSWERED", "1"),
        row("", "Dial", "NO ANSWER", "2"),
        row("PJSIP/201-03", "Queue", "ANSWERED", "3"),
        row("PJSIP/201-02", "Dial", "ANSWERED", "1"),
        "\"x\"".to_owned(),
    ];
    let import = read_cdr(rows.join("\n").as_bytes(), &rules(), &always);
    let records = records(&import);
    assert_eq!(records.len(), 2);
    assert_eq!(records[0].wait().unwrap().0, 10_000);
    assert_eq!(records[0].talk().unwrap().0, 60_000);
    assert!(matches!(records[1].outcome(), Outcome::Abandoned(_)));
    let skipped: Vec<usize> = import.skipped.iter().map(|skipped| skipped.line).collect();
    assert_eq!((skipped, import.counts.repeated), (vec![3, 5], 1));
}

proptest::proptest! {
    #[test]
    fn random_rows_do_no_harm(text in "[a-zA-Z0-9,\".\n /-]{0,400}") {
        let _any = read_cdr(text.as_bytes(), &rules(), &always);
        let _any = cel_alone(&text, &rules(), Instant(0));
    }
}
