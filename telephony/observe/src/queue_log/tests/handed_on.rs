//! Calls with several agents and several queues.

use madoguchi_core::call::Outcome;

use super::*;

fn record(lines: &[String]) -> CallRecord {
    let import = import(lines);
    assert_eq!(import.skipped, []);
    let mut records = records(&import.events);
    assert_eq!(records.len(), 1);
    records.remove(0)
}

/// Who talked, and for how many seconds.
fn parts(record: &CallRecord) -> Vec<(&str, i64)> {
    let parts = record.parts.iter();
    parts
        .map(|part| {
            let agent = part.agent.as_ref().unwrap().as_str();
            (agent, (part.until.unwrap() - part.from).0 / 1_000)
        })
        .collect()
}

fn begun() -> Vec<String> {
    vec![
        line(0, "1.1", "NONE", "ENTERQUEUE||03"),
        line(5, "1.1", "SIP/201", "CONNECT|5|x"),
    ]
}

fn with(more: &[(i64, &str, &str)]) -> CallRecord {
    let mut lines = begun();
    let more = more
        .iter()
        .map(|(secs, agent, event)| line(*secs, "1.1", agent, event));
    lines.extend(more);
    record(&lines)
}

#[test]
fn a_blind_transfer_into_another_queue_is_one_call_with_two_agents() {
    let record = with(&[
        (65, "SIP/201", "BLINDTRANSFER|600|ctx|5|60|1"),
        (66, "NONE", "ENTERQUEUE||03"),
        (70, "SIP/202", "RINGNOANSWER|3000"),
        (76, "SIP/203", "CONNECT|10|y"),
        (96, "SIP/203", "COMPLETECALLER|10|20|1"),
    ]);
    assert_eq!(record.outcome(), Outcome::Completed);
    assert_eq!(record.wait(), Some(Millis(5_000)));
    assert_eq!(record.talk(), Some(Millis(91_000)));
    assert_eq!(parts(&record), [("201", 60), ("203", 20)]);
}

#[test]
fn who_gives_up_in_the_second_queue_was_answered_in_the_first() {
    for exit in ["ABANDON|1|1|9", "EXITWITHTIMEOUT|1|1|9", "EXITEMPTY|1|1|9"] {
        let record = with(&[
            (65, "SIP/201", "BLINDTRANSFER|600|ctx|5|60|1"),
            (66, "NONE", "ENTERQUEUE||03"),
            (75, "NONE", exit),
        ]);
        assert_eq!(record.outcome(), Outcome::Completed, "{exit}");
        assert_eq!(parts(&record), [("201", 60)]);
    }
}

#[test]
fn the_books_of_who_handed_a_call_on_do_not_end_it() {
    for books in [
        "ATTENDEDTRANSFER|BRIDGE|0c3e5c27|5|31|1",
        "COMPLETEAGENT|5|31|1",
        "COMPLETECALLER|5|31|1",
    ] {
        let record = with(&[
            (30, "NONE", "ENTERQUEUE||03"),
            (35, "SIP/202", "CONNECT|5|y"),
            (36, "SIP/201", books),
            (65, "SIP/202", "COMPLETEAGENT|5|30|1"),
        ]);
        assert_eq!(record.talk(), Some(Millis(60_000)), "{books}");
        assert_eq!(parts(&record), [("201", 30), ("202", 30)]);
    }
}

#[test]
fn a_connection_that_is_told_twice_is_one() {
    let record = with(&[
        (6, "SIP/201", "CONNECT|6|x"),
        (65, "SIP/201", "COMPLETECALLER|5|60|1"),
    ]);
    assert_eq!(parts(&record), [("201", 60)]);
}

#[test]
fn a_call_that_goes_from_queue_to_queue_counts_once_with_its_last_way_out() {
    let line =
        |secs: i64, queue: &str, event: &str| format!("{}|1.1|{queue}|NONE|{event}", NINE + secs);
    let record = record(&[
        line(0, "q1", "ENTERQUEUE||03"),
        line(60, "q1", "EXITWITHTIMEOUT|1"),
        line(60, "q2", "ENTERQUEUE||03"),
        line(90, "q2", "EXITEMPTY|1"),
        line(91, "q3", "ENTERQUEUE||03"),
        line(99, "q3", "ABANDON|1|1|8"),
        line(99, "q3", "RINGNOANSWER|5000"),
    ]);
    let reason = AbandonReason::CallerHangup;
    assert_eq!(record.outcome(), Outcome::Abandoned(reason));
    assert_eq!(record.wait(), Some(Millis(99_000)));
}

#[test]
fn a_transfer_that_is_followed_may_still_lead_into_a_queue() {
    let mut lines = begun();
    lines.push(line(65, "1.1", "SIP/201", "BLINDTRANSFER|600|ctx|5|60|1"));
    let ended = |secs: i64| {
        let now = Some(Instant((NINE + secs) * 1_000));
        records(&import_at(&lines, now).events)[0].ended_at
    };
    assert_eq!(ended(67), None);
    assert_eq!(ended(71), Some(Instant((NINE + 65) * 1_000)));
}
