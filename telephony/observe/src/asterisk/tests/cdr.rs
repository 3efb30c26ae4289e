//! Calls with several rows of CDR.

use std::collections::HashMap;

use madoguchi_core::event::RingOutcome;

use super::*;
use crate::queue_log::continued;

const NINE: Instant = Instant(1_795_478_400_000);

/// Times in seconds after nine.
struct Row<'a> {
    id: &'a str,
    linked: &'a str,
    channel: &'a str,
    phone: &'a str,
    app: &'a str,
    times: (i64, Option<i64>, i64),
    disposition: &'a str,
}

impl Row<'_> {
    fn text(&self) -> String {
        let time = |secs: i64| Instant(NINE.0 + secs * 1_000);
        let time = |secs: i64| time(secs).in_tokyo().format("%Y-%m-%d %H:%M:%S");
        let (start, answer, end) = self.times;
        let answer = answer.map_or(String::new(), |secs| time(secs).to_string());
        format!(
            "\"\",\"0451110000\",\"0312345678\",\"ctx\",\"\",\"{}\",\"{}\",\"{}\",\"\",\"{}\",\"{answer}\",\"{}\",1,1,\
             \"{}\",\"DOCUMENTATION\",\"{}\",\"\",\"\",\"{}\",\"1\"\n",
            self.channel,
            self.phone,
            self.app,
            time(start),
            time(end),
            self.disposition,
            self.id,
            self.linked,
        )
    }
}

fn row<'a>(phone: &'a str, times: (i64, Option<i64>, i64)) -> Row<'a> {
    Row {
        id: "1.1",
        linked: "",
        channel: "PJSIP/trunk-01",
        phone,
        app: "Dial",
        times,
        disposition: if times.1.is_some() {
            "ANSWERED"
        } else {
            "NO ANSWER"
        },
    }
}

fn read(rows: &[Row<'_>]) -> Import {
    let text: String = rows.iter().map(Row::text).collect();
    let mut rules = rules();
    rules.agents.push(("202".to_owned(), "suzuki".into()));
    read_cdr(text.as_bytes(), &rules, &always)
}

fn record(rows: &[Row<'_>]) -> CallRecord {
    let import = read(rows);
    assert_eq!((&import.skipped[..], import.counts.repeated), (&[][..], 0));
    let mut records = records(&import);
    assert_eq!(records.len(), 1);
    records.remove(0)
}

#[test]
fn a_call_with_a_row_for_each_phone_was_answered_if_one_of_them_answered() {
    let rang = || row("PJSIP/201-02", (0, None, 10));
    let answered = || row("PJSIP/202-03", (0, Some(10), 70));
    for rows in [[rang(), answered()], [answered(), rang()]] {
        let record = record(&rows);
        assert_eq!(record.outcome(), Outcome::Completed);
        assert_eq!(record.agent().unwrap().as_str(), "suzuki");
        assert_eq!(
            (record.wait().unwrap().0, record.talk().unwrap().0),
            (10_000, 60_000)
        );
    }
    let events = read(&[rang(), answered()]).events;
    let agent = AgentId::new("sato");
    let outcome = RingOutcome::Withdrawn;
    assert!(events.iter().any(|event| event.kind
        == EventKind::RingEnded {
            agent: agent.clone(),
            outcome
        }));
}

#[test]
fn a_phone_that_rings_after_another_did_not_answer_answers_the_call() {
    let record = record(&[
        row("PJSIP/201-02", (0, None, 20)),
        row("PJSIP/202-03", (20, Some(25), 70)),
    ]);
    assert_eq!(record.wait().unwrap().0, 25_000);
    assert_eq!(record.agent().unwrap().as_str(), "suzuki");
}

#[test]
fn nobody_answering_is_one_abandonment_until_the_last_phone_stopped() {
    let record = record(&[
        row("PJSIP/201-02", (0, None, 20)),
        row("PJSIP/202-03", (20, None, 45)),
    ]);
    let reason = AbandonReason::CallerHangup;
    assert_eq!(record.outcome(), Outcome::Abandoned(reason));
    assert_eq!(record.wait().unwrap().0, 45_000);
}

#[test]
fn after_a_transfer_the_next_agent_talks_and_the_call_ends_with_the_last_row() {
    let record = record(&[
        row("PJSIP/201-02", (0, Some(10), 70)),
        row("PJSIP/202-03", (70, Some(70), 100)),
    ]);
    assert_eq!(record.talk().unwrap().0, 90_000);
    let agents: Vec<_> = record
        .parts
        .iter()
        .map(|part| part.agent.as_ref().unwrap().as_str())
        .collect();
    assert_eq!(agents, ["sato", "suzuki"]);
}

#[test]
fn rows_of_one_linkedid_are_one_call_and_a_local_channel_stands_for_its_phone() {
    let of_caller = Row {
        linked: "1.1",
        ..row("Local/s@phones-01;1", (0, Some(10), 70))
    };
    let behind = Row {
        id: "1.3",
        linked: "1.1",
        channel: "Local/s@phones-01;2",
        ..row("PJSIP/202-03", (1, Some(9), 70))
    };
    let record = record(&[behind, of_caller]);
    assert_eq!(record.agent().unwrap().as_str(), "suzuki");
    assert_eq!(record.wait().unwrap().0, 10_000);
}

#[test]
fn all_rows_of_a_call_that_a_queue_put_through_are_told_and_none_is_taken() {
    let queue = |row: Row<'static>| Row {
        app: "Queue",
        ..row
    };
    let import = read(&[
        queue(row("PJSIP/201-02", (0, None, 10))),
        queue(row("PJSIP/202-03", (0, Some(0), 70))),
    ]);
    let lines: Vec<usize> = import.skipped.iter().map(|skipped| skipped.line).collect();
    assert_eq!((lines, import.counts.calls), (vec![1, 2], 0));
    assert!(import.skipped[0].reason.contains("queue_log か CEL"));
    assert_eq!(import.events, []);
}

#[test]
fn a_file_that_goes_on_and_one_that_is_read_twice_count_the_call_once_as_answered() {
    let rows = || {
        [
            row("PJSIP/201-02", (0, None, 10)),
            row("PJSIP/202-03", (0, Some(10), 70)),
        ]
    };
    for first in 0..=2 {
        let mut known: HashMap<CallId, Vec<CallEvent>> = HashMap::new();
        for count in [first, 2, 2] {
            for event in continued(&read(&rows()[..count]).events, &known) {
                known.entry(event.call.clone()).or_default().push(event);
            }
        }
        assert_eq!(known.len(), 1);
        let events = known.values().next().unwrap();
        let seqs: Vec<u32> = events.iter().map(|event| event.seq).collect();
        assert!(seqs.iter().copied().eq(0..seqs.len() as u32));
        assert!(events.is_sorted_by_key(|event| event.at));
        let record = CallRecord::fold(events).unwrap();
        assert_eq!(record.outcome(), Outcome::Completed, "first {first} rows");
        assert_eq!(
            (record.wait().unwrap().0, record.talk().unwrap().0),
            (10_000, 60_000)
        );
        assert_eq!(record.parts.len(), 1);
    }
}

#[test]
fn a_call_to_the_outside_by_a_second_trunk_was_answered() {
    let dialled = |row: Row<'static>| {
        row.text()
            .replace("0451110000", "201")
            .replace("0312345678", "0120")
    };
    let text = dialled(row("PJSIP/trunk1-02", (0, None, 2)))
        + &dialled(row("PJSIP/trunk2-03", (2, Some(12), 70)));
    let import = read_cdr(text.as_bytes(), &rules(), &always);
    let record = &records(&import)[0];
    assert_eq!(
        (record.direction, record.outcome()),
        (Direction::Outbound, Outcome::Completed)
    );
    assert_eq!(record.talk().unwrap().0, 58_000);
}

#[test]
fn the_order_of_the_sample_of_cdr_custom_tells_the_same() {
    let custom = |answer: &str, disposition: &str| {
        format!(
            "\"\"\"山田\"\" <0451110000>\",\"0451110000\",\"0312345678\",\"ctx\",\"PJSIP/trunk-01\",\
             \"PJSIP/201-02\",\"Dial\",\"PJSIP/201,20\",\"2026-11-24 09:00:00\",\"{answer}\",\
             \"2026-11-24 09:01:00\",\"60\",\"50\",\"{disposition}\",\"DOCUMENTATION\",\"\",\"1.1\",\"\",7\n"
        )
    };
    for (answer, disposition, seconds) in [
        ("2026-11-24 09:00:10", "ANSWERED", Some(10)),
        ("", "NO ANSWER", None),
    ] {
        let text = custom(answer, disposition);
        let import = read_cdr(text.as_bytes(), &rules(), &always);
        assert_eq!(import.skipped, []);
        let times = (0, seconds, 60);
        let expected = read(&[row("PJSIP/201-02", times)]);
        assert_eq!(import.events, expected.events);
    }
}
