//! Where voice goes, and who lets whom wait: it moves, stops, and is taken up by the next call.

use madoguchi_core::event::{EventKind, Party};
use madoguchi_observe::counting::Rules;
use serde_json::Value;

use super::build::{Leg, Sent, datagrams, frame, in_order, pcap};
use super::counted::{counted, rules};
use super::own::{NINE, PBX, PHONE, agent, caller};
use super::{observe, of_kind};

/// Voice between two addresses, ten times a second.
fn voice(from: &str, to: &str, begin: i64, end: i64) -> Vec<(i64, Vec<u8>)> {
    let packet = [&[0x80, 0, 0, 1][..], &[0; 168]].concat();
    let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
    let instants = (begin..end).step_by(100);
    instants
        .map(|at| ((NINE + at) * 1_000, frame(from, to, &packet)))
        .collect()
}

/// With this port for voice.
fn at_port(sent: Sent, port: u16) -> Sent {
    let text = String::from_utf8(sent.bytes).unwrap();
    let text = text.replace("audio 4000", &format!("audio {port:04}"));
    let bytes = text.into_bytes();
    Sent { bytes, ..sent }
}

fn rows(sent: Vec<Sent>, more: Vec<(i64, Vec<u8>)>) -> Vec<Value> {
    let mut frames = datagrams(&sent);
    frames.extend(more);
    frames.sort_by_key(|(at, _)| *at);
    observe(&pcap(&frames)).0
}

/// The talk of each call and by what it ended.
fn talks(rows: &[Value]) -> Vec<(i64, String)> {
    let calls = of_kind(rows, "call").map(|call| {
        let reason = call["end_reason"].as_str().unwrap();
        (call["talk_ms"].as_i64().unwrap(), reason.to_owned())
    });
    calls.collect()
}

#[test]
fn a_call_goes_on_where_its_voice_has_moved_to() {
    let leg = caller();
    let mut sent = leg.answered(NINE, NINE + 2_000, NINE + 400_000);
    sent.extend([
        at_port(leg.request(NINE + 20_000, true, "INVITE", 5), 6_000),
        at_port(leg.response(NINE + 20_010, 200, 5, "INVITE"), 6_002),
    ]);
    let mut heard = voice("192.0.2.1:4000", "192.0.2.10:4000", 2_000, 20_000);
    heard.extend(voice("192.0.2.1:6000", "192.0.2.10:6002", 20_000, 399_000));
    let told = talks(&rows(sent, heard));
    assert_eq!(told, [(398_000, "BYE by caller".to_owned())]);
}

#[test]
fn a_port_that_the_next_call_takes_at_once_tells_of_that_call() {
    let (first, mut second) = (caller(), caller());
    second.call_id = "second-call@carrier".to_owned();
    let mut sent = first.answered(NINE, NINE + 2_000, NINE + 10_000);
    // Its BYE is lost.
    sent.extend(
        second
            .answered(NINE + 12_000, NINE + 14_000, NINE + 50_000)
            .into_iter()
            .take(4),
    );
    let mut heard = voice("192.0.2.1:4000", "192.0.2.10:4000", 2_000, 10_000);
    heard.extend(voice("192.0.2.1:4000", "192.0.2.10:4000", 14_000, 50_000));
    // Something else goes on.
    heard.extend(voice("192.0.2.8:9000", "192.0.2.9:9000", 190_000, 190_200));
    let told = talks(&rows(sent, heard));
    assert_eq!(
        told,
        [
            (8_000, "BYE by caller".to_owned()),
            (35_900, "media stopped".to_owned())
        ]
    );
}

#[test]
fn both_sides_may_hold_and_an_offer_may_stand_in_the_response() {
    let phone = agent();
    let mut sent = caller().answered(NINE, NINE + 20, NINE + 90_000);
    sent.extend(phone.answered(NINE + 5_000, NINE + 9_000, NINE + 90_010));
    let caller = caller();
    let held = |leg: &Leg, at: i64, by_caller: bool, direction: &str| {
        leg.request_with(NINE + at, by_caller, "INVITE", 7, true, direction)
    };
    // Without a description: what is wanted stands in the ACK.
    let mut late = held(&caller, 40_000, true, "sendrecv");
    let text = String::from_utf8(late.bytes).unwrap();
    let (head, _) = text.split_once("Content-Length").unwrap();
    late.bytes = format!("{head}Content-Length: 0\r\n\r\n").into_bytes();
    let ack = held(&caller, 40_020, true, "sendrecv");
    let text = String::from_utf8(ack.bytes).unwrap();
    let text = text.replace("INVITE", "ACK");
    let bytes = text.into_bytes();
    sent.extend([
        held(&caller, 20_000, true, "sendonly"),
        held(&phone, 30_000, false, "sendonly"),
        late,
        Sent { bytes, ..ack },
        held(&phone, 50_000, false, "sendrecv"),
    ]);
    let (events, _) = counted(&pcap(&datagrams(&in_order(sent))), rules());
    let told: Vec<_> = events
        .iter()
        .filter_map(|event| match event.kind {
            EventKind::Held { by } => Some((event.at.0 - NINE, by, true)),
            EventKind::Resumed { by } => Some((event.at.0 - NINE, by, false)),
            _ => None,
        })
        .collect();
    assert_eq!(
        told,
        [
            (20_000, Party::Caller, true),
            (30_000, Party::Agent, true),
            (40_020, Party::Caller, false),
            (50_000, Party::Agent, false),
        ]
    );
}

#[test]
fn voice_that_stops_while_the_other_side_holds_yet_is_no_end() {
    let leg = caller();
    let mut sent = leg.answered(NINE, NINE + 2_000, NINE + 500_000);
    let ask = |at: i64, by_caller: bool, direction: &str| {
        leg.request_with(NINE + at, by_caller, "INVITE", 7, true, direction)
    };
    sent.extend([
        ask(10_000, true, "sendonly"),
        ask(11_000, false, "inactive"),
        ask(12_000, true, "sendrecv"),
    ]);
    let mut heard = voice("192.0.2.1:4000", "192.0.2.10:4000", 2_000, 10_000);
    heard.extend(voice("192.0.2.8:9000", "192.0.2.9:9000", 300_000, 300_200));
    let told = talks(&rows(sent, heard));
    assert_eq!(told, [(498_000, "BYE by caller".to_owned())]);
}

#[test]
fn a_hold_that_is_refused_is_none() {
    let leg = caller();
    let ask = |at: i64, by_caller: bool, seq: u32| {
        leg.request_with(NINE + at, by_caller, "INVITE", seq, true, "sendonly")
    };
    let refused = |status: u16| {
        let mut sent = leg.answered(NINE, NINE + 2_000, NINE + 500_000);
        // The BYE is lost.
        sent.truncate(4);
        sent.extend([
            ask(10_000, true, 2),
            // The other side asks at the same time.
            leg.request_with(NINE + 10_001, false, "INVITE", 7, true, "sendrecv"),
            leg.response(NINE + 10_010, status, 2, "INVITE"),
        ]);
        let mut heard = voice("192.0.2.1:4000", "192.0.2.10:4000", 2_000, 30_000);
        heard.extend(voice("192.0.2.8:9000", "192.0.2.9:9000", 300_000, 300_200));
        talks(&rows(sent, heard))
    };
    for status in [488, 491, 500] {
        let ended = [(27_900, "media stopped".to_owned())];
        assert_eq!(refused(status), ended, "{status}");
    }
}

#[test]
fn a_line_without_a_queue_is_answered_by_whoever_takes_it_ringing_or_not() {
    let mut sent = caller().answered(NINE, NINE + 2_000, NINE + 9_000);
    sent.remove(1);
    let mut direct: Rules = rules();
    direct.lines[0].is_direct = true;
    let (events, _) = counted(&pcap(&datagrams(&sent)), direct);
    let answered = |event: &&madoguchi_core::event::CallEvent| {
        matches!(event.kind, EventKind::Answered { agent: None })
    };
    assert_eq!(events.iter().filter(answered).count(), 1);
    assert!(sent.iter().all(|sent| sent.from != PHONE.parse().unwrap()));
    assert!(sent.iter().any(|sent| sent.from == PBX.parse().unwrap()));
}
