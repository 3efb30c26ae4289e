//! Callers who are sent on between machines that speak with each other, without a PBX that makes the legs:
//! REFER (RFC 3515, 5589) with and without Replaces (RFC 3891), refused ones, redirections.

use super::build::{Leg, Sent};
use super::own::{CARRIER, Call, NINE, OTHER_PHONE, PBX, PHONE, agent, call, caller, calls};

/// A caller who speaks with a phone.
fn direct() -> Leg {
    Leg::new("direct@caller", ("0451110000", CARRIER), ("201", PHONE))
}

/// What the caller makes of being asked to call another phone.
fn onward() -> Leg {
    Leg::new(
        "onward@caller",
        ("0451110000", CARRIER),
        ("202", OTHER_PHONE),
    )
}

/// The phone asks another one itself.
fn consulting() -> Leg {
    Leg::new("consulting@phone", ("201", PHONE), ("202", OTHER_PHONE))
}

/// With these lines in its requests and responses.
fn with(leg: &Leg, extra: &str) -> Leg {
    Leg {
        extra: extra.to_owned(),
        ..leg.clone()
    }
}

/// Without the BYE.
fn up(leg: &Leg, start: i64, answer: i64) -> Vec<Sent> {
    let mut sent = leg.answered(start, answer, answer + 1);
    sent.truncate(4);
    sent
}

/// One side asks the other one to call somebody, and is told that this is being done.
fn asked(leg: &Leg, at: i64, by_caller: bool, refer_to: &str) -> Vec<Sent> {
    let refer = with(leg, &format!("Refer-To: {refer_to}\r\n"));
    vec![
        refer.request(at, by_caller, "REFER", 8),
        leg.response(at + 10, 202, 8, "REFER"),
        told(leg, at + 20, !by_caller, 9, "SIP/2.0 100 Trying"),
    ]
}

/// How it goes.
fn told(leg: &Leg, at: i64, by_caller: bool, seq: u32, line: &str) -> Sent {
    let mut notify = leg.request(at, by_caller, "NOTIFY", seq);
    let text = String::from_utf8(notify.bytes).unwrap();
    let length = line.len() + 2;
    let fields = format!(
        "Event: refer\r\nContent-Type: message/sipfrag\r\nContent-Length: {length}\r\n\r\n{line}\r\n"
    );
    notify.bytes = text
        .replace("Content-Length: 0\r\n\r\n", &fields)
        .into_bytes();
    notify
}

/// The phone sends the caller to another one and hangs up; what more it is told, and what the caller says.
fn blind(more: Option<Sent>, extra: &str) -> Vec<Call> {
    let direct = direct();
    let mut sent = up(&direct, NINE, NINE + 3_000);
    sent.extend(asked(&direct, NINE + 30_000, false, "<sip:202@192.0.2.22>"));
    sent.push(direct.request(NINE + 30_050, false, "BYE", 10));
    sent.extend(with(&onward(), extra).answered(NINE + 30_100, NINE + 36_000, NINE + 90_000));
    sent.extend(more);
    calls(sent)
}

#[test]
fn a_caller_who_is_sent_to_another_phone_is_one_call_until_it_ends_there() {
    let told = told(&direct(), NINE + 36_020, true, 11, "SIP/2.0 200 OK");
    let by = "Referred-By: <sip:201@example.com>\r\n";
    for (more, extra, certainty) in [
        // The target, the sender and the time agree.
        (None, "", "estimated"),
        // The caller tells the phone that asked that it was answered.
        (Some(told), "", "certain"),
        // The caller tells the other phone who asked.
        (None, by, "certain"),
    ] {
        let expected = call("answered", certainty, 2, 3_000, 87_000);
        assert_eq!(blind(more, extra), [expected], "{extra}");
    }
}

#[test]
fn a_call_to_the_same_phone_that_nobody_asked_for_is_another_one() {
    let mut sent = direct().answered(NINE, NINE + 3_000, NINE + 30_000);
    sent.extend(onward().answered(NINE + 30_100, NINE + 36_000, NINE + 90_000));
    let alone = [
        call("answered", "certain", 1, 3_000, 27_000),
        call("answered", "certain", 1, 5_900, 54_000),
    ];
    assert_eq!(calls(sent.clone()), alone);
    // Asked, but not willing.
    let refer = with(&direct(), "Refer-To: <sip:202@192.0.2.22>\r\n");
    sent.push(refer.request(NINE + 20_000, false, "REFER", 8));
    sent.push(direct().response(NINE + 20_010, 603, 8, "REFER"));
    assert_eq!(calls(sent), alone);
}

#[test]
fn a_transfer_that_is_refused_leaves_the_caller_where_they_were() {
    let direct = direct();
    let onward = onward();
    let mut sent = direct.answered(NINE, NINE + 3_000, NINE + 60_000);
    sent.extend(asked(&direct, NINE + 30_000, false, "<sip:202@192.0.2.22>"));
    sent.extend([
        onward.invite(NINE + 30_100, 1),
        onward.response(NINE + 30_200, 486, 1, "INVITE"),
        onward.request_with(NINE + 30_210, true, "ACK", 1, true, ""),
        told(&direct, NINE + 30_220, true, 10, "SIP/2.0 486 Busy Here"),
    ]);
    assert_eq!(
        calls(sent),
        [call("answered", "estimated", 2, 3_000, 57_000)]
    );
}

/// The phone lets the caller wait, asks another one, and gives the caller over to it.
fn attended(extra: &str) -> Vec<Sent> {
    let (direct, consulting) = (direct(), consulting());
    let mut sent = up(&direct, NINE, NINE + 3_000);
    sent.extend([
        direct.request_with(NINE + 9_000, false, "INVITE", 7, true, "sendonly"),
        direct.response(NINE + 9_010, 200, 7, "INVITE"),
    ]);
    sent.extend(up(&consulting, NINE + 10_000, NINE + 14_000));
    let refer_to = "<sip:202@192.0.2.22?Replaces=consulting%40phone%3Bto-tag%3Db%3Bfrom-tag%3Da>";
    sent.extend(asked(&direct, NINE + 30_000, false, refer_to));
    sent.extend(with(&onward(), extra).answered(NINE + 30_100, NINE + 30_200, NINE + 90_000));
    sent.extend([
        consulting.request(NINE + 30_250, false, "BYE", 2),
        told(&direct, NINE + 30_260, true, 10, "SIP/2.0 200 OK"),
        direct.request(NINE + 30_400, false, "BYE", 11),
    ]);
    sent
}

#[test]
fn a_caller_who_is_given_over_after_a_consultation_is_one_call() {
    let replaces = "Replaces: consulting@phone;to-tag=b;from-tag=a\r\n";
    for extra in [
        replaces.to_owned(),
        format!("{replaces}Referred-By: <sip:201@example.com>\r\n"),
        // The other phone is asked by a proxy that hides it; the caller tells that it was answered.
        String::new(),
    ] {
        assert_eq!(
            calls(attended(&extra)),
            [call("answered", "certain", 3, 3_000, 87_000)],
            "{extra}"
        );
    }
}

#[test]
fn a_caller_who_goes_on_where_nobody_looks_takes_the_consultation_along() {
    let sent = attended("").into_iter();
    let seen = sent.filter(|sent| !String::from_utf8_lossy(&sent.bytes).contains("onward@"));
    let told = calls(seen.collect());
    assert_eq!(told, [call("answered", "certain", 2, 3_000, 27_400)]);
}

#[test]
fn a_consultation_that_comes_to_nothing_does_not_make_the_caller_wait_longer() {
    let direct = direct();
    let mut sent = direct.answered(NINE, NINE + 3_000, NINE + 60_000);
    sent.extend([
        direct.request_with(NINE + 9_000, false, "INVITE", 7, true, "sendonly"),
        direct.response(NINE + 9_010, 200, 7, "INVITE"),
    ]);
    sent.extend(consulting().answered(NINE + 10_000, NINE + 14_000, NINE + 20_000));
    let told = calls(sent);
    let of_caller = call("answered", "certain", 1, 3_000, 57_000);
    assert!(told.len() == 2 && told.contains(&of_caller), "{told:?}");
}

#[test]
fn who_called_may_send_the_other_side_on_as_well() {
    let dialled = Leg::new("dialled@phone", ("201", PHONE), ("0451110000", CARRIER));
    let mut sent = up(&dialled, NINE, NINE + 3_000);
    sent.extend(asked(&dialled, NINE + 30_000, true, "<sip:202@192.0.2.22>"));
    sent.extend(onward().answered(NINE + 30_100, NINE + 36_000, NINE + 90_000));
    sent.push(told(&dialled, NINE + 36_020, false, 10, "SIP/2.0 200 OK"));
    sent.push(dialled.request(NINE + 36_100, true, "BYE", 11));
    assert_eq!(calls(sent), [call("answered", "certain", 2, 3_000, 87_000)]);
}

#[test]
fn a_pbx_that_gives_a_caller_over_without_another_leg_is_believed() {
    let mut sent = caller().answered(NINE, NINE + 20, NINE + 120_000);
    let first = agent();
    sent.extend(up(&first, NINE + 5_000, NINE + 9_000));
    sent.extend([
        first.request_with(NINE + 20_000, false, "INVITE", 7, true, "sendonly"),
        first.response(NINE + 20_010, 200, 7, "INVITE"),
    ]);
    let asks = Leg::new("consulting@phone", ("201", PHONE), ("202", PBX));
    let is_asked = Leg::new("consulted@pbx", ("201", PBX), ("202", OTHER_PHONE));
    sent.extend(up(&asks, NINE + 21_000, NINE + 25_000));
    sent.extend(is_asked.answered(NINE + 21_100, NINE + 24_990, NINE + 120_010));
    let refer_to = "<sip:202@192.0.2.10?Replaces=consulting%40phone%3Bto-tag%3Db%3Bfrom-tag%3Da>";
    let apart = calls(sent.clone());
    assert_eq!(apart.len(), 2, "{apart:?}");
    sent.extend(asked(&first, NINE + 40_000, false, refer_to));
    sent.extend([
        told(&first, NINE + 40_100, true, 10, "SIP/2.0 200 OK"),
        first.request(NINE + 40_200, true, "BYE", 11),
        asks.request(NINE + 40_210, false, "BYE", 2),
    ]);
    assert_eq!(
        calls(sent),
        [call("answered", "estimated", 4, 9_000, 111_000)]
    );
}

#[test]
fn a_caller_who_is_redirected_and_calls_there_anew_is_one_call() {
    let direct = direct();
    let redirected = with(&direct, "Contact: <sip:202@192.0.2.22>;q=0.9\r\n");
    let refused = vec![
        direct.invite(NINE, 1),
        redirected.response(NINE + 10, 302, 1, "INVITE"),
        direct.request_with(NINE + 20, true, "ACK", 1, true, ""),
    ];
    let mut sent = refused.clone();
    sent.extend(onward().answered(NINE + 100, NINE + 4_000, NINE + 24_000));
    assert_eq!(
        calls(sent),
        [call("answered", "estimated", 2, 4_000, 20_000)]
    );
    // Who gives up there has given up.
    let onward = onward();
    let mut given_up = refused.clone();
    given_up.extend([
        onward.invite(NINE + 100, 1),
        onward.request_with(NINE + 5_000, true, "CANCEL", 1, false, ""),
        onward.response(NINE + 5_010, 487, 1, "INVITE"),
    ]);
    assert_eq!(
        calls(given_up),
        [call("abandoned", "estimated", 2, 5_010, None)]
    );
    // Another caller was not sent there.
    let other = Leg::new(
        "onward@caller",
        ("0339990000", "192.0.2.2:5060"),
        ("202", OTHER_PHONE),
    );
    let mut apart = refused;
    apart.extend(other.answered(NINE + 100, NINE + 4_000, NINE + 24_000));
    let apart = calls(apart);
    assert_eq!(apart.len(), 2, "{apart:?}");
}

#[test]
fn what_is_no_invite_has_no_row() {
    let leg = direct();
    let sent = [
        "SUBSCRIBE",
        "NOTIFY",
        "OPTIONS",
        "MESSAGE",
        "REFER",
        "PUBLISH",
    ];
    let sent = (0..).zip(sent).flat_map(|(number, method)| {
        let mut leg = leg.clone();
        leg.call_id = format!("{method}@caller");
        [
            leg.request_with(NINE + number * 100, true, method, 1, false, ""),
            leg.response(NINE + number * 100 + 10, 200, 1, method),
        ]
    });
    assert_eq!(
        super::own::told(sent.collect()),
        Vec::<serde_json::Value>::new()
    );
}
