//! What single dialogs look like on a wire, row by row.

use serde_json::{Value, json};

use super::build::{Leg, Sent, datagrams, pcap};
use super::observe;
use super::own::{CARRIER, NINE, PBX, call, caller, calls, told};

/// The row of the only dialog: answered, start, answer, end (in milliseconds after nine), and why.
fn row(sent: &[Sent]) -> Value {
    let rows = told(sent.to_vec());
    let dialogs: Vec<_> = super::of_kind(&rows, "dialog").collect();
    assert_eq!(dialogs.len(), 1, "{rows:?}");
    assert_eq!(super::of_kind(&rows, "call").count(), 1, "{rows:?}");
    let after = |name: &str| dialogs[0][name].as_i64().map(|at| at - NINE);
    json!([
        dialogs[0]["answered"],
        after("start_ms"),
        after("answer_ms"),
        after("end_ms"),
        dialogs[0]["end_reason"],
    ])
}

fn again(sent: &Sent, after_ms: &[i64]) -> Vec<Sent> {
    let repeated = after_ms.iter().map(|after| Sent {
        at_us: sent.at_us + after * 1_000,
        ..sent.clone()
    });
    repeated.collect()
}

#[test]
fn a_caller_who_is_asked_for_a_password_calls_once() {
    for status in [401, 407] {
        let leg = caller();
        let mut authorized = caller();
        authorized.extra = "Proxy-Authorization: Digest username=\"a\", response=\"1\"\r\n".into();
        let asked = [
            leg.invite(NINE, 1),
            leg.response(NINE + 3, 100, 1, "INVITE"),
            leg.response(NINE + 10, status, 1, "INVITE"),
            leg.request(NINE + 12, true, "ACK", 1),
        ];
        let mut sent = asked.to_vec();
        sent.extend(again(&asked[2], &[500]));
        assert_eq!(
            row(&sent),
            json!([false, 0, null, 10, format!("final {status}")])
        );
        sent.extend([
            authorized.invite(NINE + 20, 2),
            leg.response(NINE + 1_000, 180, 2, "INVITE"),
            leg.response(NINE + 4_000, 200, 2, "INVITE"),
            authorized.request(NINE + 4_010, true, "ACK", 2),
            // BYE is challenged as well.
            leg.request(NINE + 9_000, true, "BYE", 3),
            leg.response(NINE + 9_010, status, 3, "BYE"),
            authorized.request(NINE + 9_020, true, "BYE", 4),
            leg.response(NINE + 9_030, 200, 4, "BYE"),
        ]);
        assert_eq!(row(&sent), json!([true, 0, 4_000, 9_000, "BYE by caller"]));
        assert_eq!(calls(sent), [call("answered", "certain", 1, 4_000, 5_000)]);
    }
}

#[test]
fn what_is_sent_again_changes_no_row() {
    let leg = caller();
    let plain = leg.answered(NINE, NINE + 5_000, NINE + 20_000);
    let mut sent = plain.clone();
    sent.extend(again(&plain[0], &[500, 1_500, 3_500]));
    sent.extend(again(&plain[2], &[500, 1_500, 3_500, 7_500]));
    sent.extend(again(&plain[3], &[500, 1_500]));
    sent.extend(again(&plain[4], &[500, 1_500, 3_500]));
    sent.extend(again(&plain[5], &[500, 1_500]));
    assert_eq!(told(sent.clone()), told(plain));
    let sent = super::build::in_order(sent);
    let (_, observer) = observe(&pcap(&datagrams(&sent)));
    assert_eq!(observer.counts().repeated, 14);
}

#[test]
fn a_phone_of_the_first_sip_has_no_tags_and_is_a_caller_all_the_same() {
    let leg = caller();
    let bare = |sent: Sent| {
        let text = String::from_utf8(sent.bytes.clone()).unwrap();
        let text = text.replace(";tag=a", "").replace(";tag=b", "");
        let bytes = text.into_bytes();
        Sent { bytes, ..sent }
    };
    let mut sent = leg.answered(NINE, NINE + 2_000, NINE + 9_000);
    sent = sent.into_iter().map(bare).collect();
    assert_eq!(row(&sent), json!([true, 0, 2_000, 9_000, "BYE by caller"]));
    // The other side hangs up.
    sent.truncate(4);
    sent.push(bare(leg.request(NINE + 8_000, false, "BYE", 7)));
    assert_eq!(row(&sent), json!([true, 0, 2_000, 8_000, "BYE by callee"]));
    let refused = [
        leg.invite(NINE, 1),
        leg.response(NINE + 700, 486, 1, "INVITE"),
    ];
    assert_eq!(
        row(&refused.map(bare)),
        json!([false, 0, null, 700, "final 486"])
    );
}

#[test]
fn what_a_side_wants_to_change_and_may_not_ends_no_call() {
    let leg = caller();
    let mut sent = leg.answered(NINE, NINE + 2_000, NINE + 20_000);
    sent.extend([
        // Both at once (RFC 3261 14.1), and what the other side does not understand.
        leg.request_with(NINE + 4_000, true, "INVITE", 2, true, "sendonly"),
        leg.request_with(NINE + 4_001, false, "INVITE", 5, true, "sendonly"),
        leg.response(NINE + 4_010, 491, 2, "INVITE"),
        leg.request(NINE + 4_020, true, "ACK", 2),
        leg.request_with(NINE + 6_000, true, "INVITE", 3, true, "sendonly"),
        leg.response(NINE + 6_010, 488, 3, "INVITE"),
        leg.request(NINE + 6_020, true, "ACK", 3),
        leg.request(NINE + 8_000, true, "UPDATE", 4),
        leg.response(NINE + 8_010, 501, 4, "UPDATE"),
        leg.request(NINE + 9_000, true, "INFO", 5),
        leg.response(NINE + 9_010, 415, 5, "INFO"),
        leg.request(NINE + 10_000, true, "OPTIONS", 6),
        leg.response(NINE + 10_010, 404, 6, "OPTIONS"),
    ]);
    assert_eq!(row(&sent), json!([true, 0, 2_000, 20_000, "BYE by caller"]));
}

#[test]
fn a_cancel_that_comes_too_late_takes_no_answer_back() {
    let leg = caller();
    let sent = [
        leg.invite(NINE, 1),
        leg.response(NINE + 10, 180, 1, "INVITE"),
        leg.response(NINE + 5_000, 200, 1, "INVITE"),
        leg.request_with(NINE + 5_001, true, "CANCEL", 1, false, ""),
        leg.response(NINE + 5_002, 481, 1, "CANCEL"),
        leg.request(NINE + 5_010, true, "ACK", 1),
        leg.request(NINE + 65_000, false, "BYE", 1),
    ];
    assert_eq!(row(&sent), json!([true, 0, 5_000, 65_000, "BYE by callee"]));
    assert_eq!(
        calls(sent.to_vec()),
        [call("answered", "certain", 1, 5_000, 60_000)]
    );
}

#[test]
fn who_hangs_up_before_the_answer_has_given_up_however_they_say_it() {
    let leg = caller();
    let begun = [
        leg.invite(NINE, 1),
        leg.response(NINE + 10, 183, 1, "INVITE"),
    ];
    let cancelled = [
        leg.request_with(NINE + 8_000, true, "CANCEL", 1, false, ""),
        leg.response(NINE + 8_001, 200, 1, "CANCEL"),
        leg.response(NINE + 8_002, 487, 1, "INVITE"),
        leg.request(NINE + 8_010, true, "ACK", 1),
    ];
    // BYE within an early dialog (RFC 3261 15).
    let ended = [
        leg.request(NINE + 8_000, true, "BYE", 2),
        leg.response(NINE + 8_001, 200, 2, "BYE"),
        leg.response(NINE + 8_002, 487, 1, "INVITE"),
        leg.request(NINE + 8_010, true, "ACK", 1),
    ];
    let of = |rest: &[Sent]| [&begun[..], rest].concat();
    assert_eq!(
        row(&of(&cancelled)),
        json!([false, 0, null, 8_002, "final 487"])
    );
    assert_eq!(
        row(&of(&ended)),
        json!([false, 0, null, 8_000, "BYE by caller"])
    );
    for rest in [&cancelled[..], &ended] {
        assert_eq!(calls(of(rest))[0].0, "abandoned");
    }
    // The last thing that is seen is CANCEL.
    assert_eq!(
        row(&of(&cancelled[..1])),
        json!([false, 0, null, null, null])
    );
}

#[test]
fn a_caller_who_tries_another_way_under_the_same_name_calls_once() {
    let leg = caller();
    let mut sent = vec![
        leg.invite(NINE, 1),
        leg.response(NINE + 50, 503, 1, "INVITE"),
        leg.request(NINE + 60, true, "ACK", 1),
        leg.invite(NINE + 100, 2),
        leg.response(NINE + 150, 180, 2, "INVITE"),
    ];
    let refused = leg.response(NINE + 9_000, 480, 2, "INVITE");
    let answered = [
        leg.response(NINE + 7_000, 200, 2, "INVITE"),
        leg.request(NINE + 7_010, true, "ACK", 2),
        leg.request(NINE + 30_000, true, "BYE", 3),
    ];
    let refused = [&sent[..], &[refused]].concat();
    assert_eq!(row(&refused), json!([false, 0, null, 9_000, "final 480"]));
    sent.extend(answered);
    assert_eq!(row(&sent), json!([true, 0, 7_000, 30_000, "BYE by caller"]));
}

#[test]
fn a_capture_that_begins_while_it_rings_knows_the_answer_and_not_the_beginning() {
    let sent = caller().answered(NINE, NINE + 2_000, NINE + 9_000);
    assert_eq!(
        row(&sent[1..]),
        json!([true, null, 2_000, 9_000, "BYE by caller"])
    );
    assert_eq!(
        row(&sent[2..]),
        json!([true, null, 2_000, 9_000, "BYE by caller"])
    );
}

#[test]
fn a_capture_that_begins_within_a_call_knows_its_end_whoever_speaks_first() {
    let leg = caller();
    for changed_by_caller in [true, false] {
        let change = leg.request_with(
            NINE + 4_000,
            changed_by_caller,
            "INVITE",
            5,
            true,
            "sendonly",
        );
        for by_caller in [true, false] {
            let end = leg.request(NINE + 9_000, by_caller, "BYE", 9);
            let row = row(&[change.clone(), end]);
            assert_eq!(
                (&row[0], &row[1], &row[2], &row[3]),
                (&json!(true), &Value::Null, &Value::Null, &json!(9_000)),
                "{row}"
            );
        }
    }
    // Nothing but what is said within it: no row at all, rather than one that is made up.
    let sent = vec![
        leg.request(NINE, true, "ACK", 1),
        leg.request(NINE + 10, true, "INFO", 2),
        leg.response(NINE + 20, 200, 2, "INFO"),
    ];
    assert_eq!(told(sent), [] as [Value; 0]);
}

#[test]
fn ipv6_tells_the_same_as_ipv4() {
    let old = caller();
    let mut new = Leg::new(
        "caller-leg@carrier",
        ("0451110000", "[2001:db8::1]:5060"),
        ("0312345678", "[2001:db8::10]:5060"),
    );
    new.media = ("2001:db8::1".to_owned(), "2001:db8::10".to_owned());
    let [old, new] = [old, new].map(|leg| told(leg.answered(NINE, NINE + 2_000, NINE + 9_000)));
    assert_eq!(old, new);
    assert_eq!(new.len(), 2);
}

#[test]
fn what_else_is_said_under_the_name_of_a_call_is_no_part_of_it() {
    let leg = caller();
    let mut sent = leg.answered(NINE, NINE + 2_000, NINE + 9_000);
    sent.extend([
        leg.request(NINE + 500, true, "PRACK", 2),
        leg.response(NINE + 510, 200, 2, "PRACK"),
        leg.request(NINE + 3_000, true, "SUBSCRIBE", 20),
        leg.response(NINE + 3_010, 202, 20, "SUBSCRIBE"),
        leg.request(NINE + 3_020, false, "NOTIFY", 21),
        leg.request(NINE + 3_100, true, "MESSAGE", 22),
        leg.response(NINE + 3_110, 480, 22, "MESSAGE"),
    ]);
    assert_eq!(row(&sent), json!([true, 0, 2_000, 9_000, "BYE by caller"]));
    let (from, to) = (CARRIER.parse().unwrap(), PBX.parse().unwrap());
    let ping = Sent {
        at_us: NINE * 1_000,
        from,
        to,
        bytes: b"\r\n\r\n".to_vec(),
    };
    sent.push(ping);
    assert_eq!(row(&sent), json!([true, 0, 2_000, 9_000, "BYE by caller"]));
}
