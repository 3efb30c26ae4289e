//! Who answers though no setting names them, and what takes a call and is nobody.

use madoguchi_core::call::Outcome;
use madoguchi_core::event::{CallEvent, EndCause, EventKind, Party, RingOutcome};
use madoguchi_observe::capture::CaptureReader;
use madoguchi_observe::counting::Rules;
use madoguchi_observe::observer::Observer;
use madoguchi_observe::rows;
use serde_json::Value;

use super::build::{Leg, Sent, address, datagrams, in_order, pcap};
use super::counted::{agent, caller, record, records, rules};
use super::decided::{TRUNK, told, trunk_rules};
use super::own::{NINE, OTHER_PHONE, PBX, PHONE};

/// A queue on another machine, whose number no setting names, and an agent behind it.
fn inner_queue() -> (Leg, Leg) {
    let further = "192.0.2.11:5060";
    let queue = Leg::new("inner-queue@pbx", ("0451110000", PBX), ("7000", further));
    let mut behind = agent();
    behind.caller.1 = address(further);
    (queue, behind)
}

/// Without the ringing.
fn at_once(leg: &Leg, start: i64, answer: i64, end: i64) -> Vec<Sent> {
    let mut sent = leg.answered(start, answer, end);
    sent.remove(1);
    sent
}

#[test]
fn what_takes_a_call_without_ringing_is_nobody_until_an_agent_answers_behind_it() {
    let (queue, behind) = inner_queue();
    let mut sent = caller().answered(NINE, NINE + 20, NINE + 60_000);
    sent.extend(at_once(&queue, NINE + 30, NINE + 40, NINE + 60_010));
    let given_up = record(sent.clone());
    assert!(matches!(given_up.outcome(), Outcome::Abandoned(_)));
    sent.extend(behind.answered(NINE + 5_000, NINE + 9_000, NINE + 60_020));
    let answered = record(sent);
    assert_eq!(answered.wait().unwrap().0, 9_000);
    assert_eq!(answered.agent(), Some(&"sato".into()));
    assert_eq!(answered.talk().unwrap().0, 51_000);
}

#[test]
fn a_phone_that_has_registered_answers_even_if_it_does_not_ring() {
    let register = Leg::new("register@phone", ("301", PHONE), ("301", PBX));
    let mut sent = vec![register.request_with(NINE - 9_000, true, "REGISTER", 1, false, "")];
    let mut phone = agent();
    phone.callee.0 = "301";
    sent.extend(caller().answered(NINE, NINE + 20, NINE + 60_000));
    sent.extend(at_once(&phone, NINE + 5_000, NINE + 5_100, NINE + 60_010));
    let record = record(sent);
    assert_eq!(record.outcome(), Outcome::Completed);
    assert_eq!((record.agent(), record.wait().unwrap().0), (None, 5_100));
}

#[test]
fn rows_take_a_queue_for_no_answer_where_a_setting_names_its_number() {
    let last = |sent: Vec<Sent>, rules: &Rules| {
        let mut observer = Observer::default();
        let mut closed = Vec::new();
        let mut reader = CaptureReader::default();
        reader.push(&pcap(&datagrams(&in_order(sent))));
        reader.end();
        while let Ok(Some(packet)) = reader.next_packet() {
            closed.extend(observer.packet(&packet).closed);
        }
        closed.extend(observer.finish().closed);
        let line = rows::lines_by(rules, &closed[0]).pop().unwrap();
        let row: Value = serde_json::from_str(&line).unwrap();
        let text = |name: &str| row[name].as_str().map(str::to_owned);
        (text("outcome").unwrap(), row["wait_ms"].as_i64())
    };
    let told = |outcome: &str, wait| (outcome.to_owned(), Some(wait));
    let alone = caller().answered(NINE, NINE + 20, NINE + 60_000);
    assert_eq!(last(alone.clone(), &rules()), told("abandoned", 60_000));
    assert_eq!(last(alone.clone(), &Rules::default()), told("answered", 20));
    let mut direct = rules();
    direct.lines[0].is_direct = true;
    assert_eq!(last(alone.clone(), &direct), told("answered", 20));
    let (queue, behind) = inner_queue();
    let mut sent = alone;
    sent.extend(at_once(&queue, NINE + 30, NINE + 40, NINE + 60_010));
    assert_eq!(last(sent.clone(), &rules()), told("abandoned", 60_000));
    sent.extend(behind.answered(NINE + 5_000, NINE + 9_000, NINE + 60_020));
    assert_eq!(last(sent, &rules()), told("answered", 9_000));
}

#[test]
fn a_caller_who_is_sent_on_to_the_outside_by_nobody_is_answered_there() {
    let caller = Leg::new(
        "caller-leg@carrier",
        ("0451110000", TRUNK),
        ("0312345678", PBX),
    );
    let outside = Leg::new("outside@pbx", ("0451110000", PBX), ("09012345678", TRUNK));
    let phone = agent();
    let mut sent = caller.answered(NINE, NINE + 25_010, NINE + 60_000);
    sent.extend([
        phone.invite(NINE + 20, 1),
        phone.response(NINE + 30, 180, 1, "INVITE"),
        phone.request_with(NINE + 20_000, true, "CANCEL", 1, false, ""),
        phone.response(NINE + 20_005, 487, 1, "INVITE"),
    ]);
    sent.extend(outside.answered(NINE + 20_100, NINE + 25_000, NINE + 60_010));
    let (events, _) = told(sent, trunk_rules());
    let record = &records(&events)[0];
    assert_eq!(record.outcome(), Outcome::Completed);
    assert_eq!((record.agent(), record.wait().unwrap().0), (None, 25_010));
    assert_eq!(record.talk().unwrap().0, 34_990);
}

/// Who takes the call from another phone has no leg of it: that which rang tells (RFC 3326).
#[test]
fn a_call_that_is_picked_up_from_another_phone_is_answered_by_somebody() {
    let ring = |reason: &str| {
        let mut phone = agent();
        let mut sent = caller().answered(NINE, NINE + 6_010, NINE + 60_000);
        sent.extend([
            phone.invite(NINE + 20, 1),
            phone.response(NINE + 30, 180, 1, "INVITE"),
        ]);
        phone.extra = reason.to_owned();
        sent.extend([
            phone.request_with(NINE + 6_000, true, "CANCEL", 1, false, ""),
            phone.response(NINE + 6_005, 487, 1, "INVITE"),
        ]);
        sent
    };
    let picked_up = ring("Reason: SIP ;cause=200 ;text=\"Call completed elsewhere\"\r\n");
    let answered = record(picked_up.clone());
    assert_eq!(
        (answered.outcome(), answered.agent()),
        (Outcome::Completed, None)
    );
    assert_eq!(answered.wait().unwrap().0, 6_010);
    let (events, _) = told(picked_up, rules());
    let withdrawn = |event: &CallEvent| {
        let outcome = RingOutcome::Withdrawn;
        matches!(&event.kind, EventKind::RingEnded { outcome: told, .. } if *told == outcome)
    };
    assert!(events.iter().any(withdrawn), "{events:?}");
    // A mailbox that takes it after the phone has rung in vain is nobody.
    let mailbox = record(ring(""));
    assert!(matches!(mailbox.outcome(), Outcome::Abandoned(_)));
}

/// RFC 3891 7.1: the phone that takes it up calls the exchange, with the leg that rings named.
#[test]
fn a_call_that_a_colleague_takes_up_is_the_colleagues() {
    let phone = agent();
    for (extension, expected) in [("202", Some("202")), ("399", None)] {
        let mut taking = Leg::new("takes@phone", (extension, OTHER_PHONE), ("201", PBX));
        taking.extra = "Replaces: agent-leg@pbx;to-tag=b;from-tag=a;early-only\r\n".to_owned();
        let mut sent = caller().answered(NINE, NINE + 20, NINE + 60_000);
        sent.extend([
            phone.invite(NINE + 1_000, 1),
            phone.response(NINE + 1_010, 180, 1, "INVITE"),
            phone.request_with(NINE + 6_020, true, "CANCEL", 1, false, ""),
            phone.response(NINE + 6_030, 487, 1, "INVITE"),
            taking.request_with(NINE + 30_000, true, "INVITE", 5, true, "sendonly"),
        ]);
        sent.extend(at_once(&taking, NINE + 6_000, NINE + 6_010, NINE + 50_000));
        let (events, _) = told(sent.clone(), rules());
        let held = EventKind::Held { by: Party::Agent };
        assert!(events.iter().any(|event| event.kind == held), "{events:?}");
        let record = record(sent);
        assert_eq!(record.outcome(), Outcome::Completed);
        assert_eq!(record.agent().map(|agent| agent.as_str()), expected);
        assert_eq!(record.wait().unwrap().0, 6_010);
        assert_eq!(record.talk().unwrap().0, 43_990);
        assert_eq!(record.cause, Some(EndCause::Agent));
    }
}
