//! What decides whether and as what a call is counted: who answered, what is but a leg, where a caller is
//! handed on to.

use madoguchi_core::call::{CallRecord, Direction, Outcome};
use madoguchi_core::event::{CallEvent, EndCause, EventKind, Party, TransferTarget};
use madoguchi_observe::capture::CaptureReader;
use madoguchi_observe::counting::Rules;
use madoguchi_observe::observer::Observer;
use madoguchi_observe::rows;
use serde_json::Value;

use super::build::{Leg, Sent, address, datagrams, in_order, pcap};
use super::counted::{agent, caller, counted, record, records, rules};
use super::own::{CARRIER, NINE, PBX, PHONE};

pub(crate) const TRUNK: &str = "198.51.100.1:5060";

pub(crate) fn trunk_rules() -> Rules {
    Rules {
        trunks: vec!["198.51.100.0/24".parse().unwrap()],
        ..rules()
    }
}

pub(crate) fn told(
    sent: Vec<Sent>,
    rules: Rules,
) -> (Vec<CallEvent>, madoguchi_observe::counting::Tally) {
    counted(&pcap(&datagrams(&in_order(sent))), rules)
}

/// Of the calls, those that count somewhere.
fn counting(events: &[CallEvent]) -> Vec<CallRecord> {
    let mut records = records(events);
    records.retain(|record| record.direction != Direction::Superseded);
    records
}

fn kinds(events: &[CallEvent]) -> Vec<EventKind> {
    events.iter().map(|event| event.kind.clone()).collect()
}

fn without_description(mut sent: Sent) -> Sent {
    let text = String::from_utf8(sent.bytes).unwrap();
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    let (head, _) = head.split_once("Content-Length:").unwrap();
    sent.bytes = format!("{head}Content-Length: 0\r\n\r\n").into_bytes();
    sent
}

#[test]
fn an_agent_whom_no_setting_names_has_answered_all_the_same() {
    let mut sent = caller().answered(NINE, NINE + 20, NINE + 60_000);
    let mut stranger = agent();
    stranger.callee.0 = "301";
    sent.extend(stranger.answered(NINE + 5_000, NINE + 9_000, NINE + 60_010));
    let record = record(sent);
    assert_eq!(
        (record.outcome(), record.agent()),
        (Outcome::Completed, None)
    );
    assert_eq!(record.wait().unwrap().0, 9_000);
    assert_eq!(record.talk().unwrap().0, 51_000);
}

#[test]
fn a_phone_of_nobody_known_that_rings_in_vain_is_no_answer() {
    let mut sent = caller().answered(NINE, NINE + 20, NINE + 15_000);
    let mut stranger = agent();
    stranger.callee.0 = "301";
    sent.extend([
        stranger.invite(NINE + 5_000, 1),
        stranger.response(NINE + 5_010, 180, 1, "INVITE"),
        stranger.request_with(NINE + 15_010, true, "CANCEL", 1, false, ""),
        stranger.response(NINE + 15_020, 487, 1, "INVITE"),
    ]);
    assert!(matches!(record(sent).outcome(), Outcome::Abandoned(_)));
}

#[test]
fn a_queue_behind_a_gateway_and_a_recorder_are_nobody_who_answers() {
    for (name, called) in [
        ("further-leg@gateway", "0312345678"),
        ("recorder@pbx", "*9"),
    ] {
        let further = Leg::new(name, ("0451110000", PBX), (called, PHONE));
        let mut sent = caller().answered(NINE, NINE + 20, NINE + 60_000);
        sent.extend(further.answered(NINE + 10, NINE + 18, NINE + 60_010));
        let outcome = record(sent).outcome();
        assert!(
            matches!(outcome, Outcome::Abandoned(_)),
            "{name}: {outcome:?}"
        );
    }
}

#[test]
fn a_named_agent_after_an_unnamed_one_has_a_part_and_the_unnamed_one_after_it_none() {
    let mut sent = caller().answered(NINE, NINE + 20, NINE + 60_000);
    let leg = |call_id: &str, callee: &'static str| {
        let mut leg = agent();
        leg.call_id = call_id.to_owned();
        leg.callee.0 = callee;
        leg
    };
    sent.extend(leg("first@pbx", "301").answered(NINE + 1_000, NINE + 2_000, NINE + 10_000));
    sent.extend(leg("second@pbx", "201").answered(NINE + 10_100, NINE + 12_000, NINE + 30_000));
    sent.extend(leg("third@pbx", "302").answered(NINE + 30_100, NINE + 32_000, NINE + 60_010));
    let record = record(sent);
    let parts: Vec<_> = record
        .parts
        .iter()
        .map(|part| {
            let until = part.until.unwrap();
            let name = part.agent.as_ref().map(ToString::to_string);
            (name, (until - part.from).0)
        })
        .collect();
    assert_eq!(parts, [(None, 10_000), (Some("sato".to_owned()), 20_000)]);
    assert_eq!(record.talk().unwrap().0, 58_000);
}

#[test]
fn a_leg_that_may_belong_to_several_calls_is_unknown_and_no_arrival() {
    let from = |call_id: &str, at: &str| Leg::new(call_id, ("anonymous", at), ("0312345678", PBX));
    let one = from("first-caller@carrier", CARRIER);
    let other = from("second-caller@carrier", "192.0.2.2:5060");
    let leg = Leg::new("which@pbx", ("anonymous", PBX), ("x7", PHONE));
    // To still names the line.
    let told_to = |mut sent: Sent| {
        let text = String::from_utf8(sent.bytes).unwrap();
        let text = text.replace("To: <sip:x7@", "To: <sip:0312345678@");
        sent.bytes = text.into_bytes();
        sent
    };
    let mut sent = one.answered(NINE, NINE + 20, NINE + 60_000);
    sent.extend(other.answered(NINE + 5, NINE + 25, NINE + 61_000));
    let legs = leg.answered(NINE + 5_000, NINE + 9_000, NINE + 60_010);
    sent.extend(legs.into_iter().map(told_to));
    let (events, tally) = told(sent, rules());
    assert_eq!((tally.arrived, tally.unknown), (2, 1));
    assert_eq!(records(&events).len(), 2);
}

#[test]
fn a_phone_that_rings_for_a_call_to_the_line_is_no_call_to_the_line() {
    let leg = agent();
    let told_to = |mut sent: Sent| {
        let text = String::from_utf8(sent.bytes).unwrap();
        let text = text.replace("To: <sip:201@", "To: <sip:0312345678@");
        sent.bytes = text.into_bytes();
        sent
    };
    let sent = leg.answered(NINE, NINE + 3_000, NINE + 9_000);
    let (events, tally) = told(sent.into_iter().map(told_to).collect(), rules());
    assert_eq!((events.len(), tally.arrived, tally.unknown), (0, 0, 1));
}

const SESSION: &str = "Session-ID: ab30317f1a784dc48ff824d0d3715d86\r\n";

/// A call, and a leg that nothing but a late Session-ID joins to it.
fn told_late() -> Vec<Sent> {
    let mut caller = caller();
    caller.extra = SESSION.to_owned();
    let mut sent = caller.answered(NINE, NINE + 20, NINE + 60_000);
    // From another machine, and to a name that is no agent's.
    let leg = Leg::new(
        "another@pbx",
        ("anonymous", "192.0.2.77:5060"),
        ("0312345678", PHONE),
    );
    let legs = leg.answered(NINE + 5_000, NINE + 9_000, NINE + 60_010);
    sent.extend(legs.into_iter().enumerate().map(|(place, mut sent)| {
        if place == 1 {
            let text = String::from_utf8(sent.bytes).unwrap();
            let text = text.replace("Content-Length", &format!("{SESSION}Content-Length"));
            sent.bytes = text.into_bytes();
        }
        sent
    }));
    sent
}

#[test]
fn what_turns_out_to_be_a_leg_of_another_call_counts_once() {
    let (events, tally) = told(told_late(), rules());
    let counted = counting(&events);
    assert_eq!((counted.len(), tally.arrived, tally.unknown), (1, 1, 0));
    let all = records(&events);
    assert_eq!(all.len(), 2);
    assert!(
        all.iter().all(|record| record.ended_at.is_some()),
        "{all:?}"
    );
    // Read once more, nothing is new.
    assert_eq!(told(told_late(), rules()).0, events);
}

#[test]
fn a_caller_who_is_handed_on_to_the_outside_is_no_talk_of_the_desk_any_more() {
    let caller = Leg::new(
        "caller-leg@carrier",
        ("0451110000", TRUNK),
        ("0312345678", PBX),
    );
    let outside = Leg::new("outside@pbx", ("0451110000", PBX), ("09012345678", TRUNK));
    let first = agent();
    let mut sent = caller.answered(NINE, NINE + 20, NINE + 90_000);
    sent.extend(first.answered(NINE + 5_000, NINE + 9_000, NINE + 40_000));
    sent.extend(outside.answered(NINE + 30_000, NINE + 35_000, NINE + 90_010));
    let (events, _) = told(sent, trunk_rules());
    let to = TransferTarget::Outside {
        number: "09012345678".to_owned(),
    };
    let from = Some("sato".into());
    let transferred = EventKind::Transferred { from, to };
    assert!(kinds(&events).contains(&transferred), "{events:?}");
    let record = &records(&events)[0];
    assert_eq!(record.talk().unwrap().0, 26_000);
    assert_eq!(record.cause, Some(EndCause::Desk));
}

#[test]
fn a_phone_outside_that_rings_in_vain_or_beside_others_hands_nobody_on() {
    let caller = Leg::new(
        "caller-leg@carrier",
        ("0451110000", TRUNK),
        ("0312345678", PBX),
    );
    let outside = Leg::new("outside@pbx", ("0451110000", PBX), ("09012345678", TRUNK));
    let mut sent = caller.answered(NINE, NINE + 20, NINE + 90_000);
    sent.extend(agent().answered(NINE + 5_000, NINE + 9_000, NINE + 90_010));
    sent.extend([
        outside.invite(NINE + 30_000, 1),
        outside.response(NINE + 30_100, 180, 1, "INVITE"),
        outside.response(NINE + 40_000, 486, 1, "INVITE"),
    ]);
    let (events, _) = told(sent, trunk_rules());
    let record = &records(&events)[0];
    assert_eq!(record.talk().unwrap().0, 81_000);
    assert_eq!(record.cause, Some(EndCause::Caller));
}

#[test]
fn a_dialled_call_tells_of_hold_by_whoever_holds() {
    let phone = Leg::new("dialled@phone", ("201", PHONE), ("09012345678", PBX));
    let far_end = Leg::new("dialled@pbx", ("201", PBX), ("09012345678", TRUNK));
    let mut sent = phone.answered(NINE, NINE + 3_010, NINE + 60_000);
    sent.extend(far_end.answered(NINE + 100, NINE + 3_000, NINE + 60_010));
    sent.extend([
        phone.request_with(NINE + 20_000, true, "INVITE", 5, true, "sendonly"),
        phone.response(NINE + 20_010, 200, 5, "INVITE"),
        // The exchange passes it on.
        far_end.request_with(NINE + 20_020, true, "INVITE", 5, true, "sendonly"),
        far_end.response(NINE + 20_030, 200, 5, "INVITE"),
        phone.request_with(NINE + 30_000, true, "INVITE", 6, true, "sendrecv"),
        phone.response(NINE + 30_010, 200, 6, "INVITE"),
        far_end.request_with(NINE + 30_020, true, "INVITE", 6, true, "sendrecv"),
        far_end.response(NINE + 30_030, 200, 6, "INVITE"),
        far_end.request_with(NINE + 40_000, false, "INVITE", 9, true, "sendonly"),
        far_end.request_with(NINE + 45_000, false, "INVITE", 10, true, "sendrecv"),
    ]);
    let (events, _) = told(sent, trunk_rules());
    let holds: Vec<_> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Held { by } => Some((event.at.0 - NINE, "held", *by)),
            EventKind::Resumed { by } => Some((event.at.0 - NINE, "resumed", *by)),
            _ => None,
        })
        .collect();
    assert_eq!(
        holds,
        [
            (20_000, "held", Party::Agent),
            (30_000, "resumed", Party::Agent),
            (40_000, "held", Party::Caller),
            (45_000, "resumed", Party::Caller),
        ]
    );
    assert_eq!(records(&events)[0].talk().unwrap().0, 56_990);
}

/// RFC 3262: the description may stand in a provisional response; RFC 3264: in the ACK.
#[test]
fn an_answer_without_a_description_is_one() {
    let mut sent = caller().answered(NINE, NINE + 20, NINE + 60_000);
    let legs = agent().answered(NINE + 5_000, NINE + 9_000, NINE + 60_010);
    sent.extend(legs.into_iter().enumerate().map(|(place, sent)| {
        if place == 2 {
            without_description(sent)
        } else {
            sent
        }
    }));
    let record = record(sent);
    assert_eq!(record.outcome(), Outcome::Completed);
    assert_eq!(record.wait().unwrap().0, 9_000);
}

#[test]
fn a_leg_without_its_caller_is_certain_of_nothing_in_rows() {
    let certainty = |from: &str, rules: &Rules| {
        let mut leg = agent();
        leg.caller.1 = address(from);
        let sent = leg.answered(NINE, NINE + 3_000, NINE + 9_000);
        let mut reader = CaptureReader::default();
        let mut observer = Observer::default();
        reader.push(&pcap(&datagrams(&sent)));
        reader.end();
        let mut closed = Vec::new();
        while let Ok(Some(packet)) = reader.next_packet() {
            closed.extend(observer.packet(&packet).closed);
        }
        closed.extend(observer.finish().closed);
        let line = rows::lines_by(rules, &closed[0]).pop().unwrap();
        let row: Value = serde_json::from_str(&line).unwrap();
        row["certainty"].as_str().unwrap().to_owned()
    };
    assert_eq!(certainty(PBX, &trunk_rules()), "unknown");
    // Who is called from the outside at an extension of their own, and where no setting tells of extensions.
    assert_eq!(certainty(TRUNK, &trunk_rules()), "certain");
    assert_eq!(certainty(PBX, &Rules::default()), "certain");
}
