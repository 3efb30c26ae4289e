//! What captures are counted as: events of the desk, and the figures that they add up to.

use std::collections::{BTreeMap, HashMap};

use madoguchi_core::call::{CallRecord, Direction, Outcome};
use madoguchi_core::event::{CallEvent, EndCause, EventKind};
use madoguchi_core::id::CallId;
use madoguchi_core::time::Instant;
use madoguchi_observe::calls::JoinSettings;
use madoguchi_observe::capture::{CaptureReader, Micros, Packet};
use madoguchi_observe::counting::{Counting, IsOpen, Line, Rules, Tally};
use madoguchi_observe::observer::{Observer, Progress};

use super::build::{Leg, Sent, datagrams, in_order, pcap};
use super::samples::folder;

const CARRIER: &str = "192.0.2.1:5060";
const PBX: &str = "192.0.2.10:5060";
const PHONE: &str = "192.0.2.21:5060";
/// 2026-11-24 09:00 in Tokyo.
const NINE: i64 = 1_795_478_400_000;

pub(crate) fn rules() -> Rules {
    Rules {
        lines: vec![Line {
            name: "総合".into(),
            numbers: vec!["03-1234-5678".to_owned()],
            is_direct: false,
        }],
        agents: vec![("201".to_owned(), "sato".into())],
        extensions: vec!["2XX".parse().unwrap()],
        feature_codes: vec!["*X".parse().unwrap()],
        trunks: Vec::new(),
    }
}

/// Open from 9:00 until 17:50 in Tokyo.
pub(crate) fn counted(capture: &[u8], rules: Rules) -> (Vec<CallEvent>, Tally) {
    let open = |_: &_, at: Instant| at.0 % 86_400_000 < 31_800_000;
    counted_as(capture, rules, &open)
}

fn counted_as(capture: &[u8], rules: Rules, open: IsOpen<'_>) -> (Vec<CallEvent>, Tally) {
    let mut reader = CaptureReader::default();
    let mut observer = Observer::new(JoinSettings::default());
    let mut counting = Counting::new(rules, "here".into());
    let mut events = Vec::new();
    let mut take = |observer: &Observer, progress: &Progress| {
        for step in &progress.steps {
            events.extend(counting.step(observer.calls(), step, open));
        }
        for closed in &progress.closed {
            events.extend(counting.close(closed));
        }
    };
    reader.push(capture);
    reader.end();
    while let Ok(Some(packet)) = reader.next_packet() {
        let progress = observer.packet(&packet);
        take(&observer, &progress);
    }
    let progress = observer.finish();
    take(&observer, &progress);
    (events, counting.tally())
}

pub(crate) fn records(events: &[CallEvent]) -> Vec<CallRecord> {
    let mut calls: BTreeMap<&CallId, Vec<CallEvent>> = BTreeMap::new();
    for event in events {
        calls.entry(&event.call).or_default().push(event.clone());
    }
    let mut records: Vec<_> = calls
        .values()
        .map(|events| CallRecord::fold(events).unwrap())
        .collect();
    records.sort_by_key(|record| record.arrived_at);
    records
}

pub(crate) fn record(sent: Vec<Sent>) -> CallRecord {
    let (events, _) = counted(&pcap(&datagrams(&in_order(sent))), rules());
    let numbers: Vec<u32> = events.iter().map(|event| event.seq).collect();
    let expected: Vec<u32> = (0..).take(events.len()).collect();
    assert_eq!(numbers, expected, "{events:?}");
    let records = records(&events);
    assert_eq!(records.len(), 1, "{events:?}");
    records.into_iter().next().unwrap()
}

pub(crate) fn caller() -> Leg {
    Leg::new(
        "caller-leg@carrier",
        ("0451110000", CARRIER),
        ("0312345678", PBX),
    )
}

pub(crate) fn agent() -> Leg {
    Leg::new("agent-leg@pbx", ("0451110000", PBX), ("201", PHONE))
}

/// The journal that the desk wrote while it was captured.
fn journal(text: &str) -> Vec<CallEvent> {
    let rows = text.lines().skip(1).map(|line| {
        let columns: Vec<&str> = line.split('\t').collect();
        let [call, seq, at, node, line, kind, data] = columns[..] else {
            panic!("{line}")
        };
        let mut value: serde_json::Value = serde_json::from_str(data).unwrap();
        value["call"] = call.into();
        value["seq"] = seq.parse::<u32>().unwrap().into();
        value["at"] = at.parse::<i64>().unwrap().into();
        value["node"] = node.into();
        value["line"] = line.into();
        value["kind"] = kind.into();
        serde_json::from_value::<CallEvent>(value).unwrap()
    });
    rows.collect()
}

#[test]
fn the_capture_of_our_own_desk_gives_the_figures_of_its_journal() {
    let Some(folder) = folder() else { return };
    let capture = std::fs::read(folder.join("own--desk-sip-only.pcapng")).unwrap();
    let text = std::fs::read_to_string(folder.join("own--desk.events.tsv")).unwrap();
    // It was open at the time.
    let (seen, _) = counted_as(&capture, rules(), &|_, _| true);
    let (seen, own) = (records(&seen), records(&journal(&text)));
    assert_eq!(seen.len(), own.len());
    let near = |one: Option<Instant>, other: Option<Instant>| match (one, other) {
        (Some(one), Some(other)) => (one - other).0.abs() <= 20,
        (one, other) => one == other,
    };
    for (seen, own) in seen.iter().zip(&own) {
        assert_eq!(seen.outcome(), own.outcome(), "{seen:?}\n{own:?}");
        assert_eq!((&seen.line, seen.direction), (&own.line, own.direction));
        assert_eq!(seen.from.number(), own.from.number());
        assert_eq!(seen.to, own.to);
        assert_eq!(
            (seen.agent(), seen.cause),
            (own.agent(), own.cause),
            "{seen:?}\n{own:?}"
        );
        assert!(near(Some(seen.arrived_at), Some(own.arrived_at)));
        assert!(near(seen.answered_at, own.answered_at), "{seen:?}\n{own:?}");
        assert!(near(seen.ended_at, own.ended_at), "{seen:?}\n{own:?}");
    }
}

#[test]
fn a_call_through_the_queue_is_told_as_it_goes_on() {
    let mut sent = caller().answered(NINE, NINE + 20, NINE + 60_000);
    sent.extend(agent().answered(NINE + 5_000, NINE + 9_000, NINE + 60_010));
    let (events, tally) = counted(&pcap(&datagrams(&in_order(sent))), rules());
    let kinds: Vec<_> = events.iter().map(|event| event.kind.clone()).collect();
    assert!(
        matches!(
            kinds[..],
            [
                EventKind::Arrived { open: true, .. },
                EventKind::Queued,
                EventKind::Ringing { .. },
                EventKind::Answered { agent: Some(_) },
                EventKind::Ended {
                    cause: EndCause::Caller
                },
            ]
        ),
        "{kinds:?}"
    );
    assert_eq!((tally.arrived, tally.unknown), (1, 0));
}

#[test]
fn a_call_outside_reception_hours_is_no_offered_one() {
    let late = NINE + 9 * 3_600_000;
    let record = record(caller().answered(late, late + 20, late + 9_000));
    assert_eq!(
        (record.direction, record.outcome()),
        (Direction::AfterHours, Outcome::Ended)
    );
}

#[test]
fn the_agent_who_hangs_up_first_ends_the_talk() {
    let mut sent = caller().answered(NINE, NINE + 20, NINE + 60_000);
    let agent = agent();
    sent.extend(
        agent
            .answered(NINE + 5_000, NINE + 9_000, NINE + 60_010)
            .into_iter()
            .take(4),
    );
    sent.push(agent.request(NINE + 50_000, false, "BYE", 1));
    let record = record(sent);
    assert_eq!(record.cause, Some(EndCause::Agent));
    assert_eq!(record.talk().unwrap().0, 41_000);
}

#[test]
fn a_second_agent_takes_over_and_the_call_stays_one() {
    let mut sent = caller().answered(NINE, NINE + 20, NINE + 60_000);
    let (first, mut second) = (agent(), agent());
    second.call_id = "second-leg@pbx".to_owned();
    second.callee.0 = "202";
    sent.extend(first.answered(NINE + 5_000, NINE + 9_000, NINE + 30_000));
    sent.extend(second.answered(NINE + 30_100, NINE + 32_000, NINE + 60_010));
    let record = record(sent);
    let agents: Vec<_> = record
        .parts
        .iter()
        .map(|part| part.agent.clone().unwrap())
        .collect();
    assert_eq!(agents, ["sato".into(), "202".into()]);
    assert_eq!(record.outcome(), Outcome::Completed);
}

#[test]
fn what_agents_dial_is_outbound_or_internal_and_feature_codes_are_nothing() {
    let dial = |to: &'static str| {
        let leg = Leg::new("dialled-leg@phone", ("201", PHONE), (to, PBX));
        let sent = leg.answered(NINE, NINE + 3_000, NINE + 9_000);
        counted(&pcap(&datagrams(&sent)), rules())
    };
    for (to, direction) in [
        ("09012345678", Direction::Outbound),
        ("202", Direction::Internal),
    ] {
        let (events, _) = dial(to);
        let record = &records(&events)[0];
        assert_eq!(
            (record.direction, record.outcome()),
            (direction, Outcome::Completed)
        );
        assert_eq!(record.talk().unwrap().0, 6_000);
    }
    let (events, tally) = dial("*1");
    assert_eq!((events.len(), tally.feature_codes), (0, 1));
}

#[test]
fn a_leg_without_its_call_is_unknown_and_counted_so() {
    let sent = agent().answered(NINE, NINE + 3_000, NINE + 9_000);
    let (events, tally) = counted(&pcap(&datagrams(&sent)), rules());
    assert_eq!((events.len(), tally.unknown), (0, 1));
}

#[test]
fn the_same_packets_give_the_same_events_and_a_longer_capture_completes_them() {
    let mut sent = caller().answered(NINE, NINE + 20, NINE + 60_000);
    sent.extend(agent().answered(NINE + 5_000, NINE + 9_000, NINE + 60_010));
    let sent = in_order(sent);
    let (whole, _) = counted(&pcap(&datagrams(&sent)), rules());
    assert_eq!(whole, counted(&pcap(&datagrams(&sent)), rules()).0);
    for end in 1..sent.len() {
        let (part, _) = counted(&pcap(&datagrams(&sent[..end])), rules());
        assert!(records(&part)[0].ended_at.is_some(), "{end}");
        // As the store takes them: an event is known by call and number.
        let mut log: HashMap<(CallId, u32), CallEvent> = HashMap::new();
        for event in part.into_iter().chain(whole.clone()) {
            log.entry((event.call.clone(), event.seq)).or_insert(event);
        }
        let both: Vec<CallEvent> = log.into_values().collect();
        let (both, whole) = (&records(&both)[0], &records(&whole)[0]);
        assert_eq!(
            (both.answered_at, both.ended_at, both.cause),
            (whole.answered_at, whole.ended_at, whole.cause),
            "{end}"
        );
    }
}

/// A call a day for a year: answered, given up, or after hours.
fn year() -> (Vec<Sent>, String) {
    use std::fmt::Write as _;

    let (mut sent, mut log) = (Vec::new(), String::new());
    for day in 0..365 {
        // Whole seconds, as old logs have them.
        let start = NINE + day * 86_400_000 + (day % 7) * 1_200_000 + (day % 19) * 7_000;
        let (id, secs) = (format!("{day}-of-the-year@carrier"), start / 1_000);
        let mut leg = caller();
        leg.call_id.clone_from(&id);
        let mut phone = agent();
        phone.call_id = format!("{day}-phone-of-the-year@pbx");
        let wait = 3 + day % 40;
        writeln!(log, "{secs}|{id}|q|NONE|ENTERQUEUE||0451110000|1").unwrap();
        let after = |secs: i64| start + secs * 1_000;
        if day % 5 == 0 {
            sent.extend(leg.answered(start, start + 20, after(wait)));
            writeln!(log, "{}|{id}|q|NONE|ABANDON|1|1|{wait}", secs + wait).unwrap();
        } else {
            let end = wait + 30 + day % 100;
            sent.extend(leg.answered(start, start + 20, after(end)));
            sent.extend(phone.answered(start + 500, after(wait), after(end) + 10));
            writeln!(log, "{}|{id}|q|SIP/201|CONNECT|{wait}|x", secs + wait).unwrap();
            writeln!(log, "{}|{id}|q|SIP/201|COMPLETECALLER|1|1|1", secs + end).unwrap();
        }
    }
    (in_order(sent), log)
}

#[test]
fn a_year_imported_from_queue_log_and_observed_gives_the_same_figures() {
    use madoguchi_core::figures::{Figures, FiguresSettings};
    use madoguchi_core::hours::{Calendar, HoursSettings};
    use madoguchi_observe::queue_log::{self, Target};

    let (sent, log) = year();
    let calendar = Calendar::new(HoursSettings::default());
    let target = Target {
        line: &"総合".into(),
        queue: None,
        calendar: &calendar,
        wait_at_most: None,
        now: None,
        is_followed: false,
        rules: &rules(),
        known: &HashMap::new(),
    };
    let imported = queue_log::read(log.as_bytes(), target);
    assert_eq!(imported.skipped, []);
    let open = |_: &_, at: Instant| calendar.status(at).open;
    let (observed, tally) = counted_as(&pcap(&datagrams(&sent)), rules(), &open);
    assert_eq!(tally.arrived, 365);
    let figures = |events: &[CallEvent]| {
        let mut figures = Figures::default();
        for record in records(events) {
            figures.add(&record, FiguresSettings::default());
        }
        figures
    };
    let (imported, observed) = (figures(&imported.events), figures(&observed));
    assert!(imported.answered > 150 && imported.abandoned() > 30 && imported.after_hours > 50);
    assert_eq!(
        (observed.offered, observed.answered),
        (imported.offered, imported.answered)
    );
    assert_eq!(observed.abandoned_by_reason, imported.abandoned_by_reason);
    assert_eq!(observed.after_hours, imported.after_hours);
    assert_eq!(
        (&observed.waits, &observed.talks),
        (&imported.waits, &imported.talks)
    );
}

#[test]
fn a_probe_that_sends_messages_and_a_capture_tell_the_same_apart_and_at_once() {
    let mut sent = caller().answered(NINE, NINE + 20, NINE + 60_000);
    sent.extend(agent().answered(NINE + 5_000, NINE + 9_000, NINE + 60_010));
    let sent = in_order(sent);
    let open = |_: &_, _: Instant| true;
    let told = |by_capture: bool, by_probe: bool| {
        let mut observer = Observer::new(JoinSettings::default());
        let mut counting = Counting::new(rules(), "here".into());
        let mut events = Vec::new();
        for sent in &sent {
            let at = Micros(sent.at_us);
            let data = super::build::frame(sent.from, sent.to, &sent.bytes);
            let packet = Packet {
                at,
                link: 1,
                data: &data,
            };
            let mut all = Vec::new();
            if by_capture {
                all.push(observer.packet(&packet));
            }
            if by_probe {
                // A probe has a clock of its own.
                let at = at.after(Micros(120_000));
                all.push(observer.told(at, (sent.from, sent.to), &sent.bytes));
            }
            for step in all.iter().flat_map(|progress| &progress.steps) {
                events.extend(counting.step(observer.calls(), step, &open));
            }
        }
        for closed in observer.finish().closed {
            events.extend(counting.close(&closed));
        }
        events
    };
    let kinds = |events: &[CallEvent]| -> Vec<(CallId, u32, EventKind)> {
        let told = events
            .iter()
            .map(|event| (event.call.clone(), event.seq, event.kind.clone()));
        told.collect()
    };
    let (capture, probe, both) = (told(true, false), told(false, true), told(true, true));
    assert_eq!(capture.len(), 5);
    assert_eq!(kinds(&capture), kinds(&probe));
    assert_eq!(capture, both);
}

#[test]
fn a_phone_that_is_called_by_its_contact_is_known_by_its_registration() {
    let mut phone = agent();
    phone.callee.0 = "x7k2q9";
    let register = "REGISTER sip:pbx SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.21;branch=z9hG4bKr\r\n\
                    From: <sip:201@pbx>;tag=r\r\nTo: <sip:201@pbx>\r\nCall-ID: register@phone\r\n\
                    CSeq: 1 REGISTER\r\nContact: <sip:x7k2q9@192.0.2.21:5060;ob>\r\n\r\n";
    let mut sent = vec![Sent {
        at_us: (NINE - 1_000) * 1_000,
        from: PHONE.parse().unwrap(),
        to: PBX.parse().unwrap(),
        bytes: register.as_bytes().to_vec(),
    }];
    sent.extend(caller().answered(NINE, NINE + 20, NINE + 60_000));
    sent.extend(phone.answered(NINE + 5_000, NINE + 9_000, NINE + 60_010));
    assert_eq!(record(sent).agent().unwrap().as_str(), "sato");
}

#[test]
fn an_answer_that_overtakes_its_invite_is_one() {
    let mut sent = caller().answered(NINE, NINE + 200, NINE + 9_000);
    sent.remove(1);
    sent.swap(0, 1);
    let mut direct = rules();
    direct.lines[0].is_direct = true;
    let (events, _) = counted(&pcap(&datagrams(&sent)), direct);
    let record = &records(&events)[0];
    assert_eq!(
        (record.outcome(), record.talk().unwrap().0),
        (Outcome::Completed, 8_800)
    );
}
