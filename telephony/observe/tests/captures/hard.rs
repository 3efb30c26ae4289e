//! What is rarer on a wire: redirections, transfers, hold, forks, answers that cross a CANCEL, foreign
//! spellings.

use super::build::{Leg, Sent, datagrams, in_order, pcap};
use super::observe;
use super::own::{CARRIER, NINE, OTHER_PHONE, PBX, PHONE, agent, call, caller, calls, told};

const THIRD_PHONE: &str = "192.0.2.23:5060";

/// The message with a part of its text replaced.
fn with(mut sent: Sent, part: &str, by: &str) -> Sent {
    let text = String::from_utf8(sent.bytes).unwrap();
    assert!(text.contains(part), "{part}: {text}");
    sent.bytes = text.replace(part, by).into_bytes();
    sent
}

fn towards(mut sent: Sent, from: &str, to: &str) -> Sent {
    (sent.from, sent.to) = (from.parse().unwrap(), to.parse().unwrap());
    sent
}

fn other_agent() -> Leg {
    let mut other = agent();
    other.call_id = "other-leg@pbx".to_owned();
    other.callee = ("202", OTHER_PHONE.parse().unwrap());
    other.media.1 = "192.0.2.22".to_owned();
    other
}

#[test]
fn a_caller_who_is_sent_elsewhere_and_asks_there_is_one_call() {
    let leg = caller();
    let elsewhere = "192.0.2.11:5060";
    let sent = vec![
        leg.invite(NINE, 1),
        leg.response(NINE + 10, 302, 1, "INVITE"),
        leg.request_with(NINE + 20, true, "ACK", 1, true, ""),
        towards(leg.invite(NINE + 30, 2), CARRIER, elsewhere),
        towards(
            leg.response(NINE + 3_000, 200, 2, "INVITE"),
            elsewhere,
            CARRIER,
        ),
        towards(
            leg.request(NINE + 3_010, true, "ACK", 2),
            CARRIER,
            elsewhere,
        ),
        towards(
            leg.request(NINE + 9_000, true, "BYE", 3),
            CARRIER,
            elsewhere,
        ),
    ];
    assert_eq!(
        calls(sent.clone()),
        [call("answered", "certain", 1, 3_000, 6_000)]
    );
    // Who is sent elsewhere and gives up there has given up.
    let mut given_up = sent[..4].to_vec();
    let cancel = leg.request_with(NINE + 5_000, true, "CANCEL", 2, false, "");
    given_up.push(towards(cancel, CARRIER, elsewhere));
    let refusal = leg.response(NINE + 5_010, 487, 2, "INVITE");
    given_up.push(towards(refusal, elsewhere, CARRIER));
    assert_eq!(
        calls(given_up),
        [call("abandoned", "certain", 1, 5_010, None)]
    );
}

#[test]
fn a_phone_that_forwards_leads_to_the_one_that_answers() {
    let mut sent = caller().answered(NINE, NINE + 20, NINE + 60_000);
    let forwarding = agent();
    sent.extend([
        forwarding.invite(NINE + 5_000, 1),
        forwarding.response(NINE + 5_010, 302, 1, "INVITE"),
        forwarding.request_with(NINE + 5_015, true, "ACK", 1, true, ""),
    ]);
    sent.extend(other_agent().answered(NINE + 5_050, NINE + 9_000, NINE + 60_010));
    assert_eq!(
        calls(sent),
        [call("answered", "estimated", 3, 9_000, 51_000)]
    );
}

#[test]
fn a_call_that_is_held_and_passed_on_is_one_call_until_its_caller_goes() {
    let mut sent = caller().answered(NINE, NINE + 20, NINE + 120_000);
    let first = agent();
    sent.extend(first.answered(NINE + 5_000, NINE + 9_000, NINE + 40_000));
    sent.extend([
        first.request_with(NINE + 30_000, false, "INVITE", 7, true, "sendonly"),
        first.response(NINE + 30_010, 200, 7, "INVITE"),
        first.request(NINE + 31_000, false, "REFER", 8),
        first.response(NINE + 31_010, 202, 8, "REFER"),
        first.request(NINE + 31_020, true, "NOTIFY", 9),
        first.response(NINE + 31_030, 200, 9, "NOTIFY"),
    ]);
    sent.extend(other_agent().answered(NINE + 31_050, NINE + 36_000, NINE + 120_010));
    assert_eq!(
        calls(sent),
        [call("answered", "estimated", 3, 9_000, 111_000)]
    );
}

#[test]
fn a_consultation_that_takes_the_place_of_a_leg_belongs_to_its_call() {
    let mut sent = caller().answered(NINE, NINE + 20, NINE + 90_000);
    sent.extend(agent().answered(NINE + 5_000, NINE + 9_000, NINE + 50_000));
    let mut taking_over = Leg::new(
        "consulted@phone",
        ("299", THIRD_PHONE),
        ("5555", "192.0.2.10:5060"),
    );
    taking_over.extra = "Replaces: agent-leg@pbx;to-tag=b;from-tag=a\r\n".to_owned();
    sent.extend(taking_over.answered(NINE + 49_000, NINE + 49_500, NINE + 90_020));
    let calls = calls(sent);
    assert_eq!(calls.len(), 1, "{calls:?}");
    let (outcome, _, dialogs, wait, talk) = &calls[0];
    assert_eq!(
        (outcome.as_str(), *dialogs, *wait, *talk),
        ("answered", 3, Some(9_000), Some(81_000))
    );
}

#[test]
fn of_forks_that_answer_the_one_that_is_confirmed_first_is_the_call() {
    let leg = caller();
    let second = |sent| with(sent, ";tag=b", ";tag=second");
    let sent = vec![
        leg.invite(NINE, 1),
        leg.response(NINE + 100, 180, 1, "INVITE"),
        second(leg.response(NINE + 110, 180, 1, "INVITE")),
        leg.response(NINE + 4_000, 200, 1, "INVITE"),
        leg.request(NINE + 4_010, true, "ACK", 1),
        second(leg.response(NINE + 4_020, 200, 1, "INVITE")),
        second(leg.request(NINE + 4_030, true, "ACK", 1)),
        second(leg.request(NINE + 4_040, true, "BYE", 2)),
        second(leg.response(NINE + 4_050, 200, 2, "BYE")),
        leg.request(NINE + 9_000, false, "BYE", 1),
        with(leg.response(NINE + 9_010, 200, 1, "BYE"), "tag=a", "tag=b"),
    ];
    assert_eq!(calls(sent), [call("answered", "certain", 1, 4_000, 5_000)]);
}

#[test]
fn phones_that_a_proxy_asks_one_after_the_other_are_one_call() {
    // Seen behind the proxy, and before and behind it.
    let leg = caller();
    let branch = |sent, to: &str| towards(sent, PBX, to);
    let behind = vec![
        branch(leg.invite(NINE + 5, 1), PHONE),
        branch(
            leg.request_with(NINE + 8_000, true, "CANCEL", 1, false, ""),
            PHONE,
        ),
        towards(leg.response(NINE + 8_010, 487, 1, "INVITE"), PHONE, PBX),
        branch(
            with(leg.invite(NINE + 8_020, 1), "branch=", "branch=other"),
            OTHER_PHONE,
        ),
        towards(
            leg.response(NINE + 11_000, 200, 1, "INVITE"),
            OTHER_PHONE,
            PBX,
        ),
        branch(leg.request(NINE + 11_010, true, "ACK", 1), OTHER_PHONE),
        branch(leg.request(NINE + 20_000, true, "BYE", 2), OTHER_PHONE),
    ];
    let mut both: Vec<Sent> = behind
        .iter()
        .map(|sent| {
            with(
                sent.clone(),
                "Via:",
                "Via: SIP/2.0/UDP proxy;branch=z9hG4bKp\r\nVia:",
            )
        })
        .collect();
    both.extend([
        leg.invite(NINE, 1),
        leg.response(NINE + 11_005, 200, 1, "INVITE"),
        leg.request(NINE + 11_008, true, "ACK", 1),
        leg.request(NINE + 19_999, true, "BYE", 2),
    ]);
    assert_eq!(
        calls(in_order(both)),
        [call("answered", "certain", 1, 11_000, 8_999)]
    );
    // The first phone's refusal is the caller's there, until another phone is asked.
    let rows = told(behind);
    assert_eq!(rows[0]["answered"], true, "{rows:?}");
}

#[test]
fn an_answer_that_crosses_a_cancel_is_no_answered_call() {
    let leg = caller();
    let crossing = vec![
        leg.invite(NINE, 1),
        leg.response(NINE + 100, 180, 1, "INVITE"),
        leg.request_with(NINE + 8_000, true, "CANCEL", 1, false, ""),
        leg.response(NINE + 8_001, 200, 1, "INVITE"),
        leg.response(NINE + 8_002, 200, 1, "CANCEL"),
        leg.request(NINE + 8_010, true, "ACK", 1),
        leg.request(NINE + 8_020, true, "BYE", 2),
        leg.response(NINE + 8_030, 200, 2, "BYE"),
    ];
    let rows = told(crossing.clone());
    assert_eq!(
        (&rows[0]["answered"], &rows[0]["answer_ms"]),
        (&true.into(), &(NINE + 8_001).into())
    );
    assert_eq!(
        calls(crossing),
        [call("abandoned", "certain", 1, 8_020, None)]
    );
    // A phone that answers when it is rung no more, while another one talks with the caller.
    let mut sent = caller().answered(NINE, NINE + 20, NINE + 60_000);
    let late = agent();
    sent.extend([
        late.invite(NINE + 1_000, 1),
        late.response(NINE + 1_010, 180, 1, "INVITE"),
        late.request_with(NINE + 16_000, true, "CANCEL", 1, false, ""),
        late.response(NINE + 16_001, 200, 1, "INVITE"),
        late.request(NINE + 16_010, true, "ACK", 1),
        late.request(NINE + 16_020, true, "BYE", 2),
    ]);
    sent.extend(other_agent().answered(NINE + 16_050, NINE + 20_000, NINE + 60_010));
    assert_eq!(
        calls(sent),
        [call("answered", "estimated", 3, 20_000, 40_000)]
    );
}

#[test]
fn shift_jis_bare_line_feeds_folded_and_compact_fields_change_nothing() {
    let leg = caller();
    let plain = leg.answered(NINE, NINE + 2_000, NINE + 9_000);
    let name = [0x8e, 0x52, 0x93, 0x63];
    let foreign = plain.iter().map(|sent| {
        let text = String::from_utf8(sent.bytes.clone()).unwrap();
        let text = text
            .replace("From: <", "f:\r\n \"NAME\" <")
            .replace("To: ", "t: ")
            .replace("Call-ID: ", "i :")
            .replace("Content-Length: ", "l: ");
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let text = format!("{}\n\n{body}", head.replace("\r\n", "\n"));
        let mut bytes = text.into_bytes();
        let at = bytes.windows(4).position(|four| four == b"NAME").unwrap();
        bytes.splice(at..at + 4, name);
        Sent {
            bytes,
            ..sent.clone()
        }
    });
    let (rows, observer) = observe(&pcap(&datagrams(&foreign.collect::<Vec<_>>())));
    assert_eq!(rows, told(plain));
    assert_eq!(observer.counts().unreadable, 0);
}

#[test]
fn a_name_that_everybody_shares_makes_no_call_without_end() {
    let mut sent = Vec::new();
    for number in 0..1_200_i64 {
        let mut leg = caller();
        leg.call_id = format!("leg-{number:06}@carrier");
        leg.extra = "X-CID: everybody\r\n".to_owned();
        sent.push(leg.invite(NINE + number, 1));
    }
    let legs: Vec<usize> = calls(sent).iter().map(|call| call.2).collect();
    assert_eq!(legs.iter().sum::<usize>(), 1_200);
    assert_eq!(legs.iter().max(), Some(&1_000));
}
