//! Calls of CEL whose phones no setting names, or that are transferred.

use madoguchi_core::event::EndCause;

use super::*;

const CALLER: &str = "PJSIP/trunk-01";

/// A line of the caller's channel.
fn caller(kind: &str, secs: i64, extra: &str) -> String {
    cel(kind, secs, "0451110000", "0312345678", CALLER, "1.1", extra)
}

/// A line of another channel.
fn other(kind: &str, secs: i64, channel: &str, extra: &str) -> String {
    cel(kind, secs, "", "s", channel, "1.2", extra)
}

fn bridge(id: &str) -> String {
    format!(r#"{{"bridge_id":"{id}"}}"#)
}

fn read(lines: &[String]) -> Import {
    let mut rules = rules();
    rules.agents.push(("202".to_owned(), "suzuki".into()));
    let text = lines.join("\n");
    let import = cel_alone(&text, &rules, Instant(0));
    assert_eq!(import.skipped, []);
    import
}

fn record(lines: &[String]) -> CallRecord {
    records(&read(lines)).remove(0)
}

#[test]
fn a_phone_that_no_setting_names_answers_too() {
    let phone = "PJSIP/250-02";
    for caller_first in [true, false] {
        let mut lines = vec![
            caller("CHAN_START", 0, ""),
            caller("ANSWER", 0, ""),
            other("CHAN_START", 3, phone, ""),
            other("BRIDGE_ENTER", 10, phone, &bridge("b")),
            caller("BRIDGE_ENTER", 10, &bridge("b")),
            caller("HANGUP", 70, ""),
        ];
        if caller_first {
            lines.swap(3, 4);
        }
        let record = record(&lines);
        assert_eq!(record.outcome(), Outcome::Completed);
        assert_eq!((record.agent(), record.wait().unwrap().0), (None, 10_000));
    }
}

/// A line of the caller's channel that names another one, as Asterisk up to 11 writes it.
fn with_peer(kind: &str, secs: i64, peer: &str) -> String {
    let line = caller(kind, secs, "");
    let (head, _) = line.rsplit_once("\"1.1\",\"\"").unwrap();
    format!("{head}\"1.1\",\"{peer}\",\"\",\"\",\"\"")
}

#[test]
fn a_bridge_that_an_old_asterisk_tells_of_is_the_answer() {
    for (peer, agent) in [
        ("PJSIP/201-02", Some("sato")),
        ("Local/201@from-queue-07;1", Some("sato")),
        ("SIP/250-02", None),
    ] {
        let record = record(&[
            caller("CHAN_START", 0, ""),
            caller("ANSWER", 0, ""),
            other("CHAN_START", 3, "PJSIP/201-02", ""),
            with_peer("BRIDGE_START", 10, peer),
            with_peer("BRIDGE_END", 69, peer),
            caller("HANGUP", 70, ""),
        ]);
        assert_eq!(record.outcome(), Outcome::Completed, "{peer}");
        assert_eq!(record.wait().unwrap().0, 10_000);
        assert_eq!(record.agent().map(AgentId::as_str), agent);
    }
}

#[test]
fn a_channel_that_the_caller_does_not_hear_is_no_answer() {
    for (channel, id) in [
        ("PJSIP/250-02", "another"),
        ("Local/s@x-01;1", "b"),
        ("Announcer/ARI-02", "b"),
    ] {
        let record = record(&[
            caller("CHAN_START", 0, ""),
            caller("BRIDGE_ENTER", 5, &bridge("b")),
            other("BRIDGE_ENTER", 6, channel, &bridge(id)),
            caller("HANGUP", 70, ""),
        ]);
        assert!(record.abandoned.is_some(), "{channel}");
    }
}

#[test]
fn local_channels_and_the_phone_behind_them_ring_and_answer_once() {
    let channels = ["Local/201@q-01;1", "Local/201@q-01;2", "PJSIP/201-02"];
    let mut lines = vec![caller("CHAN_START", 0, "")];
    lines.extend(channels.map(|channel| other("CHAN_START", 3, channel, "")));
    lines.extend([2, 1, 0].map(|at| other("BRIDGE_ENTER", 10, channels[at], &bridge("b"))));
    lines.push(caller("BRIDGE_ENTER", 10, &bridge("b")));
    lines.push(caller("HANGUP", 70, ""));
    let import = read(&lines);
    let count = |wanted: fn(&EventKind) -> bool| {
        let events = import.events.iter();
        events.filter(|event| wanted(&event.kind)).count()
    };
    assert_eq!(count(|kind| matches!(kind, EventKind::Ringing { .. })), 1);
    assert_eq!(count(|kind| matches!(kind, EventKind::RingEnded { .. })), 0);
    assert_eq!(records(&import)[0].parts.len(), 1);
}

fn answered_by_201() -> Vec<String> {
    let phone = "PJSIP/201-02";
    vec![
        caller("CHAN_START", 0, ""),
        other("CHAN_START", 3, phone, ""),
        other("BRIDGE_ENTER", 10, phone, &bridge("b")),
        caller("BRIDGE_ENTER", 10, &bridge("b")),
    ]
}

#[test]
fn talk_stops_at_a_blind_transfer_to_the_outside_and_not_at_one_to_a_colleague() {
    for (number, talk) in [("0120444444", 30_000), ("202", 60_000)] {
        let transfer = format!(r#"{{"extension":"{number}","context":"x"}}"#);
        let mut lines = answered_by_201();
        lines.push(other("BLINDTRANSFER", 40, "PJSIP/201-02", &transfer));
        lines.push(caller("HANGUP", 70, ""));
        assert_eq!(record(&lines).talk().unwrap().0, talk, "{number}");
    }
}

#[test]
fn a_colleague_whose_own_call_came_into_this_one_talks_from_then_on() {
    let mut lines = answered_by_201();
    lines.push(other("BRIDGE_EXIT", 40, "PJSIP/201-02", &bridge("b")));
    lines.push(other("BRIDGE_ENTER", 40, "PJSIP/202-05", &bridge("b")));
    lines.push(caller("HANGUP", 70, ""));
    let record = record(&lines);
    let agents: Vec<_> = record
        .parts
        .iter()
        .map(|part| part.agent.as_ref().unwrap().as_str())
        .collect();
    assert_eq!(agents, ["sato", "suzuki"]);
}

#[test]
fn a_call_that_went_on_as_part_of_another_one_is_over() {
    let lines = [
        cel("CHAN_START", 0, "201", "202", "PJSIP/201-05", "1.1", ""),
        other("BRIDGE_ENTER", 4, "PJSIP/202-05", &bridge("c")),
        other("LINKEDID_END", 9, "PJSIP/202-05", ""),
    ];
    let record = record(&lines);
    assert_eq!(record.direction, Direction::Internal);
    assert_eq!(record.talk().unwrap().0, 5_000);
}

#[test]
fn a_line_that_stands_twice_is_taken_once() {
    let lines = answered_by_201();
    let twice = read(&[&lines[..], &lines[..]].concat());
    assert_eq!(twice.counts.repeated, lines.len());
    assert_eq!(twice.events, read(&lines).events);
}

#[test]
fn a_call_without_an_end_is_a_fault_after_a_day() {
    let text = answered_by_201().join("\n");
    let end_after = |secs: i64| {
        let now = Instant((1_795_478_400 + 10 + secs) * 1_000);
        let import = cel_alone(&text, &rules(), now);
        let record = records(&import).remove(0);
        (record.outcome(), record.cause)
    };
    assert_eq!(end_after(80_000), (Outcome::Talking, None));
    let cause = Some(EndCause::SystemError);
    assert_eq!(end_after(90_000), (Outcome::Completed, cause));
}

#[test]
fn what_an_earlier_file_left_open_ends_a_day_after_its_last_line_whatever_the_next_file_tells() {
    let first = cel_alone(&answered_by_201().join("\n"), &rules(), Instant(0));
    let known = HashMap::from([(CallId::new("cel/1.1"), first.events)]);
    let after = |secs: i64| {
        let now = Instant((1_795_478_400 + 10 + secs) * 1_000);
        let import = cel_known("", &rules(), now, &known);
        let fresh = crate::queue_log::continued(&import.events, &known);
        let mut events = known[&CallId::new("cel/1.1")].clone();
        events.extend(fresh);
        CallRecord::fold(&events).unwrap()
    };
    assert_eq!(after(80_000).outcome(), Outcome::Talking);
    let ended = after(90_000);
    assert_eq!(ended.cause, Some(EndCause::SystemError));
    assert_eq!(ended.ended_at, Some(ended.last_at));
}

/// What the store knows after files were imported one after the other, and how many records were new each time.
fn imported(files: &[String]) -> (Vec<CallRecord>, Vec<usize>) {
    let mut known: HashMap<CallId, Vec<CallEvent>> = HashMap::new();
    let mut new = Vec::new();
    let mut rules = rules();
    rules.agents.push(("202".to_owned(), "suzuki".into()));
    for file in files {
        let import = cel_known(file, &rules, Instant(0), &known);
        assert_eq!(import.skipped, []);
        let fresh = crate::queue_log::continued(&import.events, &known);
        new.push(fresh.len());
        for event in fresh {
            known.entry(event.call.clone()).or_default().push(event);
        }
    }
    let records = known
        .values()
        .map(|events| CallRecord::fold(events).unwrap());
    (records.collect(), new)
}

#[test]
fn a_file_that_begins_in_the_middle_of_a_call_goes_on_from_what_is_known_of_it() {
    let phone = "PJSIP/201-02";
    let lines = [
        caller("CHAN_START", 0, ""),
        caller("ANSWER", 0, ""),
        other("CHAN_START", 3, phone, ""),
        other("BRIDGE_ENTER", 10, phone, &bridge("b")),
        caller("BRIDGE_ENTER", 10, &bridge("b")),
        other("CHAN_START", 40, "PJSIP/202-03", ""),
        other("BRIDGE_EXIT", 44, phone, &bridge("b")),
        other("BRIDGE_ENTER", 45, "PJSIP/202-03", &bridge("b")),
        other("HANGUP", 46, phone, ""),
        caller("HANGUP", 70, r#"{"hangupsource":"PJSIP/202-03"}"#),
    ];
    let (whole, _) = imported(&[lines.join("\n")]);
    assert_eq!(whole[0].parts.len(), 2);
    for at in 1..lines.len() {
        let (first, second) = (lines[..at].join("\n"), lines[at..].join("\n"));
        let files = [first, second.clone(), second];
        let (parts, new) = imported(&files);
        let told = |records: &[CallRecord]| {
            let of = &records[0];
            (of.answered_at, of.ended_at, of.cause, of.parts.clone())
        };
        assert_eq!(told(&parts), told(&whole), "{at}");
        assert_eq!(new[2], 0, "{at}: nothing is new the second time");
    }
}

#[test]
fn a_call_of_whose_beginning_nobody_knows_is_named_and_nothing_is_made_of_it() {
    let lines = [
        caller("BRIDGE_ENTER", 10, &bridge("b")),
        caller("HANGUP", 70, ""),
    ];
    let import = read(&lines);
    assert_eq!(import.events, []);
    assert_eq!(import.unbegun, [CallId::new("cel/1.1")]);
}
