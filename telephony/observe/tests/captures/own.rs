//! Captures of our own making: what the samples do not hold.

use madoguchi_observe::calls::JoinSettings;
use serde_json::Value;

use super::build::{Leg, Sent, datagrams, in_order, pcap, pcapng};
use super::{observe, observe_with, of_kind};

pub(crate) const CARRIER: &str = "192.0.2.1:5060";
pub(crate) const PBX: &str = "192.0.2.10:5060";
pub(crate) const PHONE: &str = "192.0.2.21:5060";
pub(crate) const OTHER_PHONE: &str = "192.0.2.22:5060";
/// 2026-11-24 09:00 in Tokyo.
pub(crate) const NINE: i64 = 1_795_478_400_000;

pub(crate) fn told(sent: Vec<Sent>) -> Vec<Value> {
    observe(&pcap(&datagrams(&in_order(sent)))).0
}

/// Outcome, certainty, number of dialogs, wait and talk.
pub(crate) type Call = (String, String, usize, Option<i64>, Option<i64>);

pub(crate) fn calls(sent: Vec<Sent>) -> Vec<Call> {
    calls_of(&told(sent))
}

fn calls_of(rows: &[Value]) -> Vec<Call> {
    let calls = of_kind(rows, "call").map(|row| {
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        let dialogs = row["dialogs"].as_array().unwrap().len();
        let (wait, talk) = (row["wait_ms"].as_i64(), row["talk_ms"].as_i64());
        (text("outcome"), text("certainty"), dialogs, wait, talk)
    });
    calls.collect()
}

pub(crate) fn call(
    outcome: &str,
    certainty: &str,
    dialogs: usize,
    wait: impl Into<Option<i64>>,
    talk: impl Into<Option<i64>>,
) -> Call {
    (
        outcome.to_owned(),
        certainty.to_owned(),
        dialogs,
        wait.into(),
        talk.into(),
    )
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

#[test]
fn both_formats_of_captures_tell_the_same() {
    let frames = datagrams(&caller().answered(NINE, NINE + 2_000, NINE + 9_000));
    let (one, _) = observe(&pcap(&frames));
    let (other, _) = observe(&pcapng(&frames));
    assert_eq!(one, other);
    assert_eq!(one.len(), 2);
}

#[test]
fn an_agent_who_answers_after_the_queue_is_the_answer() {
    let mut sent = caller().answered(NINE, NINE + 20, NINE + 60_000);
    sent.extend(agent().answered(NINE + 5_000, NINE + 9_000, NINE + 60_010));
    assert_eq!(
        calls(sent),
        [call("answered", "estimated", 2, 9_000, 51_000)]
    );
}

#[test]
fn a_caller_who_gives_up_while_phones_ring_has_given_up() {
    let mut sent = caller().answered(NINE, NINE + 20, NINE + 15_000);
    let agent = agent();
    sent.extend([
        agent.invite(NINE + 5_000, 1),
        agent.response(NINE + 5_010, 180, 1, "INVITE"),
        agent.request_with(NINE + 15_010, true, "CANCEL", 1, false, ""),
        agent.response(NINE + 15_020, 487, 1, "INVITE"),
    ]);
    assert_eq!(
        calls(sent),
        [call("abandoned", "estimated", 2, 15_000, None)]
    );
}

#[test]
fn phones_that_ring_at_once_are_one_call_and_one_answer() {
    let mut sent = caller().answered(NINE, NINE + 20, NINE + 30_000);
    let mut other = agent();
    other.call_id = "other-leg@pbx".to_owned();
    other.callee = ("202", OTHER_PHONE.parse().unwrap());
    sent.extend(agent().answered(NINE + 100, NINE + 4_000, NINE + 30_010));
    sent.extend([
        other.invite(NINE + 101, 1),
        other.response(NINE + 110, 180, 1, "INVITE"),
        other.request_with(NINE + 4_010, true, "CANCEL", 1, false, ""),
        other.response(NINE + 4_020, 487, 1, "INVITE"),
    ]);
    assert_eq!(
        calls(sent),
        [call("answered", "estimated", 3, 4_000, 26_000)]
    );
}

#[test]
fn an_answer_that_crosses_the_end_of_the_caller_is_none() {
    let caller = caller();
    let agent = agent();
    let sent = vec![
        caller.invite(NINE, 1),
        agent.invite(NINE + 10, 1),
        agent.response(NINE + 30, 180, 1, "INVITE"),
        caller.response(NINE + 40, 180, 1, "INVITE"),
        caller.request_with(NINE + 8_000, true, "CANCEL", 1, false, ""),
        agent.response(NINE + 8_001, 200, 1, "INVITE"),
        caller.response(NINE + 8_005, 487, 1, "INVITE"),
        agent.request(NINE + 8_010, true, "ACK", 1),
        agent.request(NINE + 8_020, true, "BYE", 2),
    ];
    assert_eq!(
        calls(sent),
        [call("abandoned", "estimated", 2, 8_005, None)]
    );
}

#[test]
fn what_the_messages_say_is_certain() {
    for (of_caller, of_agent) in [
        (
            "Session-ID: ab30317f1a784dc48ff824d0d3715d86;remote=00000000000000000000000000000000\r\n",
            "Session-ID: AB30317F1A784DC48FF824D0D3715D86\r\n",
        ),
        ("", "X-CID: caller-leg@carrier\r\n"),
    ] {
        let sent = strangers(of_caller, of_agent);
        assert_eq!(
            calls(sent),
            [call("answered", "certain", 2, 9_000, 51_000)],
            "{of_agent}"
        );
    }
}

/// A call and the leg of it, of which neither numbers nor addresses tell that they belong together.
fn strangers(of_caller: &str, of_agent: &str) -> Vec<Sent> {
    let (mut caller, mut agent) = (caller(), agent());
    caller.extra = of_caller.to_owned();
    agent.extra = of_agent.to_owned();
    agent.caller = ("anonymous", "198.51.100.1:5060".parse().unwrap());
    agent.media.0 = "198.51.100.1".to_owned();
    let mut sent = caller.answered(NINE, NINE + 20, NINE + 60_000);
    sent.extend(agent.answered(NINE + 5_000, NINE + 9_000, NINE + 60_010));
    in_order(sent)
}

#[test]
fn a_call_id_that_is_made_of_another_one_is_certain() {
    let named = |caller: &str, agent: &str| {
        let sent = strangers("", "").into_iter().map(|sent| {
            let text = String::from_utf8(sent.bytes).unwrap();
            let text = text.replace("caller-leg@carrier", caller);
            let bytes = text.replace("agent-leg@pbx", agent).into_bytes();
            Sent { bytes, ..sent }
        });
        calls(sent.collect())
    };
    let joined = [call("answered", "certain", 2, 9_000, 51_000)];
    for agent in [
        "caller-leg_b2b-1@pbx",
        "caller-leg-1@pbx",
        "caller-leg@pbx",
        "caller-leg.2.1",
    ] {
        assert_eq!(named("caller-leg@carrier", agent), joined, "{agent}");
    }
    for (caller, agent) in [
        // Too short to be made of by no chance.
        ("call-1@carrier", "call-1-1@pbx"),
        // A longer name, not a part that was added.
        ("caller-leg@carrier", "caller-legs@pbx"),
        ("caller-leg@carrier", "other-caller-leg@pbx"),
    ] {
        assert_eq!(named(caller, agent).len(), 2, "{agent}");
    }
}

#[test]
fn header_fields_by_setting_join_legs_and_no_others_do() {
    let settings = |names: &[&str]| JoinSettings {
        correlation_headers: names.iter().map(|name| (*name).to_owned()).collect(),
    };
    let own = settings(&["X-Linked", "P-Charging-Vector"]);
    let told = |sent: &[Sent], join: JoinSettings| {
        calls_of(&observe_with(&pcap(&datagrams(sent)), join).0)
    };
    let joined = [call("answered", "certain", 2, 9_000, 51_000)];
    for (of_caller, of_agent) in [
        // A value that both legs share, in any spelling of the name.
        (
            "X-Linked: 1795478400.17\r\n",
            "x-linked:  1795478400.17\r\n",
        ),
        (
            "P-Charging-Vector: icid=7\r\n",
            "P-Charging-Vector: icid=7\r\n",
        ),
        // The Call-ID of the other one; it may as well stand in the first.
        ("", "X-Linked: caller-leg@carrier\r\n"),
        ("X-Linked: agent-leg@pbx\r\n", ""),
    ] {
        let sent = strangers(of_caller, of_agent);
        assert_eq!(told(&sent, own.clone()), joined, "{of_caller}{of_agent}");
        assert_eq!(told(&sent, JoinSettings::default()).len(), 2);
    }
    // Others mean nothing by this setting, X-CID neither.
    let named = strangers("", "X-CID: caller-leg@carrier\r\n");
    assert_eq!(told(&named, own).len(), 2);
    assert_eq!(told(&named, JoinSettings::default()), joined);
}

#[test]
fn a_leg_that_fits_two_calls_alike_is_joined_to_none() {
    let (one, mut other) = (caller(), caller());
    other.call_id = "second-caller@carrier".to_owned();
    other.caller.1 = "192.0.2.2:5060".parse().unwrap();
    other.media.0 = "192.0.2.2".to_owned();
    let mut sent = one.answered(NINE, NINE + 20, NINE + 60_000);
    sent.extend(other.answered(NINE + 5, NINE + 25, NINE + 61_000));
    sent.extend(agent().answered(NINE + 5_000, NINE + 9_000, NINE + 60_010));
    let calls = calls(sent);
    assert_eq!(calls.len(), 3);
    assert_eq!(calls[2], call("answered", "unknown", 1, 4_000, 51_010));
}

#[test]
fn the_same_messages_from_two_probes_are_counted_once() {
    let sent = caller().answered(NINE, NINE + 2_000, NINE + 9_000);
    let mut both = sent.clone();
    both.extend(sent.iter().cloned().map(|mut sent| {
        sent.at_us += 400_000;
        sent
    }));
    let (rows, observer) = observe(&pcap(&datagrams(&in_order(both))));
    assert_eq!(rows, told(sent));
    assert_eq!(observer.counts().second_probe, 6);
}

#[test]
fn a_capture_that_begins_or_ends_within_a_call_leaves_open_what_it_does_not_show() {
    let sent = caller().answered(NINE, NINE + 2_000, NINE + 9_000);
    let rows = told(sent[..4].to_vec());
    assert_eq!(rows[0]["answer_ms"], NINE + 2_000);
    assert_eq!(
        (&rows[0]["end_ms"], &rows[0]["end_reason"]),
        (&Value::Null, &Value::Null)
    );
    let rows = told(sent[4..].to_vec());
    assert_eq!(
        (&rows[0]["start_ms"], &rows[0]["answer_ms"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(
        (&rows[0]["answered"], &rows[0]["end_ms"]),
        (&Value::Bool(true), &Value::from(NINE + 9_000))
    );
    assert_eq!(rows[1]["outcome"], "answered");
}

#[test]
fn a_call_whose_end_was_lost_ends_where_its_voice_stopped() {
    let leg = caller();
    let sent = leg.answered(NINE, NINE + 2_000, NINE + 9_000);
    let mut frames = datagrams(&sent[..4]);
    let voice = [&[0x80, 0, 0, 1][..], &[0; 168]].concat();
    let (from, to) = (
        "192.0.2.1:4000".parse().unwrap(),
        "192.0.2.10:4000".parse().unwrap(),
    );
    for at in 0..50 {
        let frame = super::build::frame(from, to, &voice);
        frames.push(((NINE + 2_100 + at * 20) * 1_000, frame));
    }
    // Something else goes on.
    for at in [200_000, 201_000] {
        let frame = super::build::frame(to, from, b"hello");
        frames.push(((NINE + at) * 1_000, frame));
    }
    let (rows, _) = observe(&pcap(&frames));
    assert_eq!(rows[0]["end_ms"], Value::Null);
    assert_eq!(rows[1]["end_reason"], "media stopped");
    assert_eq!(rows[1]["end_ms"], NINE + 2_100 + 49 * 20);
}

#[test]
fn a_call_whose_end_was_lost_ends_when_its_session_timer_runs_out() {
    let mut leg = caller();
    leg.extra = "Session-Expires: 90;refresher=uac\r\n".to_owned();
    let up = &leg.answered(NINE, NINE + 2_000, NINE + 9_000)[..4];
    let ends = |more: &[Sent], until: i64| {
        let mut frames = datagrams(up);
        frames.extend(datagrams(more));
        // Something else goes on: not before 32 s later is it lost.
        for at in [until + 31_000, until + 31_500] {
            let frame = super::build::frame(leg.caller.1, leg.callee.1, b"hello");
            frames.push(((NINE + at) * 1_000, frame));
        }
        let before = observe(&pcap(&frames)).0;
        for at in [until + 33_000, until + 33_500] {
            let frame = super::build::frame(leg.caller.1, leg.callee.1, b"hello");
            frames.push(((NINE + at) * 1_000, frame));
        }
        let after = observe(&pcap(&frames)).0;
        assert_eq!(
            (&before[1]["end_ms"], &after[0]["end_ms"]),
            (&Value::Null, &Value::Null)
        );
        assert_eq!(after[1]["end_reason"], "silent");
        assert_eq!(after[1]["end_ms"], NINE + until);
        assert_eq!(after[1]["talk_ms"], until - 2_000);
    };
    ends(&[], 92_000);
    // Refreshed from either side, with or without saying for how long (RFC 4028 9).
    ends(&[leg.request(NINE + 60_000, true, "UPDATE", 2)], 150_000);
    leg.extra.clear();
    let refresh = leg.request(NINE + 80_000, false, "INVITE", 7);
    ends_with_refresh(up, refresh);
}

fn ends_with_refresh(up: &[Sent], refresh: Sent) {
    let at = refresh.at_us / 1_000;
    let mut frames = datagrams(up);
    frames.extend(datagrams(&[refresh]));
    for after in [123_000, 123_500] {
        let frame = super::build::frame(up[0].from, up[0].to, b"hello");
        frames.push(((at + after) * 1_000, frame));
    }
    let (rows, _) = observe(&pcap(&frames));
    assert_eq!(rows[1]["end_ms"], at + 90_000);
}

#[test]
fn the_answer_to_a_bye_that_was_not_seen_is_the_end() {
    let leg = caller();
    let mut sent = leg.answered(NINE, NINE + 2_000, NINE + 9_000);
    sent.remove(4);
    let rows = told(sent);
    assert_eq!(rows[0]["end_reason"], "BYE by caller");
    assert_eq!(rows[0]["end_ms"], NINE + 9_005);
}

#[test]
fn a_phone_that_refuses_a_proxy_is_no_end_while_another_answers() {
    let leg = caller();
    let mut refusal = leg.response(NINE + 500, 486, 1, "INVITE");
    // Between the proxy and the phone.
    (refusal.from, refusal.to) = (PHONE.parse().unwrap(), PBX.parse().unwrap());
    let mut sent = leg.answered(NINE, NINE + 2_000, NINE + 9_000);
    sent.push(refusal.clone());
    assert_eq!(calls(sent), [call("answered", "certain", 1, 2_000, 7_000)]);
    let rows = told(vec![leg.invite(NINE, 1), refusal]);
    assert_eq!(rows[0]["end_reason"], "final 486");
}
