use std::net::SocketAddr;

use super::*;
use crate::message::{Identity, read};

const ASKS: &str = "192.0.2.21:5060";
const ASKED: &str = "192.0.2.1:5060";

fn seen(at_ms: i64, from: &str, text: &str) -> Seen {
    let to = if from == ASKS { ASKED } else { ASKS };
    let address = |text: &str| text.parse::<SocketAddr>().unwrap();
    let message = read(text.as_bytes()).unwrap();
    Seen {
        at: Micros(at_ms * 1_000),
        from: address(from),
        to: address(to),
        identity: Identity::of(&message).unwrap(),
        message,
    }
}

fn request(method: &str, to: &str, call_id: &str, more: &str) -> String {
    format!(
        "{method} sip:{to}@192.0.2.22 SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK1\r\n\
         From: <sip:201@desk>;tag=b\r\nTo: <sip:{to}@desk>\r\nCall-ID: {call_id}\r\n\
         CSeq: 7 {method}\r\n{more}\r\n"
    )
}

/// What REFERs in these dialogs, with these header fields, make of an INVITE to 202 a second later.
fn found(refers: &[(&str, &str)], invite: &str) -> Option<Asked> {
    let mut transfers = Transfers::default();
    for (dialog, more) in refers {
        let refer = request("REFER", "0451110000", dialog, more);
        transfers.take(&seen(1_000, ASKS, &refer), |_| true);
    }
    let invite = request("INVITE", "202", "onward", invite);
    transfers.find(&seen(2_000, ASKED, &invite))
}

fn asked(dialog: &str, is_certain: bool) -> Option<Asked> {
    let dialog = dialog.to_owned();
    Some(Asked { dialog, is_certain })
}

#[test]
fn every_spelling_of_refer_to_is_understood() {
    for refer_to in [
        "Refer-To: <sip:202@desk>\r\n",
        "r: \"Suzuki\" <sip:202@192.0.2.22:5060;user=phone>\r\n",
        "Refer-To: sip:202@desk\r\n",
        "Refer-To: <tel:202>\r\n",
        "refer-to : <sip:%32%30%32@desk;method=INVITE>\r\n",
    ] {
        assert_eq!(
            found(&[("a", refer_to)], ""),
            asked("a", false),
            "{refer_to}"
        );
    }
    for other in [
        "",
        "Refer-To: <sip:203@desk>\r\n",
        "Refer-To: <http://desk/202>\r\n",
        "Refer-To: nothing\r\n",
    ] {
        assert_eq!(found(&[("a", other)], ""), None, "{other}");
    }
}

#[test]
fn a_dialog_named_within_refer_to_is_certain_whatever_the_target_is() {
    let refer = "Refer-To: <sip:x@gruu?Require=replaces&Replaces=consulting%40phone%3Bto-tag%3Db%3Bfrom-tag%3Da>\r\n";
    let invite = "Replaces: consulting@phone;to-tag=b;from-tag=a\r\n";
    assert_eq!(found(&[("a", refer)], invite), asked("a", true));
    for plain in [
        "Refer-To: sip:x@gruu?replaces=consulting%40phone%3bto-tag%3db\r\n",
        "Refer-To: <sip:x@gruu?Replaces=consulting@phone%3Bto-tag%3Db>\r\n",
    ] {
        assert_eq!(found(&[("a", plain)], invite), asked("a", true), "{plain}");
    }
    // Another dialog is not the one that was meant.
    let other = "Replaces: else@phone;to-tag=b;from-tag=a\r\n";
    assert_eq!(found(&[("a", "Refer-To: <sip:202@desk>\r\n")], other), None);
}

#[test]
fn who_asked_is_named_by_the_invite() {
    let refer = "Refer-To: <sip:202@desk>\r\n";
    let by = |user: &str| format!("Referred-By: <sip:{user}@desk>;cid=\"x\"\r\n");
    assert_eq!(found(&[("a", refer)], &by("201")), asked("a", true));
    assert_eq!(
        found(&[("a", refer)], "b: sip:201@desk\r\n"),
        asked("a", true)
    );
    assert_eq!(found(&[("a", refer)], &by("299")), None);
    // A proxy or a hunt group has changed the target.
    let elsewhere = "Refer-To: <sip:600@desk>\r\n";
    assert_eq!(found(&[("a", elsewhere)], &by("201")), asked("a", true));
}

#[test]
fn of_two_dialogs_that_fit_alike_none_is_chosen_until_one_is_followed() {
    let refer = "Refer-To: <sip:202@desk>\r\n";
    assert_eq!(found(&[("a", refer), ("b", refer)], ""), None);
    assert_eq!(found(&[("a", refer), ("a", refer)], ""), asked("a", false));
    let mut transfers = Transfers::default();
    for dialog in ["a", "b"] {
        let text = request("REFER", "0451110000", dialog, refer);
        transfers.take(&seen(1_000, ASKS, &text), |_| true);
    }
    transfers.follow("a", "first");
    let invite = request("INVITE", "202", "onward", "");
    let found = transfers.find(&seen(2_000, ASKED, &invite));
    assert_eq!(found, asked("b", false));
}

#[test]
fn a_request_outside_of_a_dialog_names_the_one_that_it_is_about() {
    let refer =
        "Refer-To: <sip:202@desk>\r\nTarget-Dialog: about@phone;local-tag=a;remote-tag=b\r\n";
    assert_eq!(
        found(&[("outside", refer)], ""),
        asked("about@phone", false)
    );
    let mut transfers = Transfers::default();
    let text = request("REFER", "0451110000", "outside", refer);
    transfers.take(&seen(1_000, ASKS, &text), |call_id| call_id == "outside");
    assert!(transfers.waiting.is_empty(), "nobody knows that dialog");
}

#[test]
fn what_was_refused_is_over_or_too_old_is_not_followed() {
    let refer = request("REFER", "0451110000", "a", "Refer-To: <sip:202@desk>\r\n");
    let invite = request("INVITE", "202", "onward", "");
    let found_after = |text: Option<String>, at_ms: i64| {
        let mut transfers = Transfers::default();
        transfers.take(&seen(1_000, ASKS, &refer), |_| true);
        let reached = text.and_then(|text| transfers.take(&seen(1_500, ASKED, &text), |_| true));
        (transfers.find(&seen(at_ms, ASKED, &invite)), reached)
    };
    let response = |status: u16| {
        let text = request("REFER", "0451110000", "a", "");
        let (_, fields) = text.split_once("\r\n").unwrap();
        Some(format!("SIP/2.0 {status} Told\r\n{fields}"))
    };
    let notify = |line: &str| {
        let more = "Event: refer\r\nContent-Type: message/sipfrag\r\n";
        Some(request("NOTIFY", "201", "a", more) + line)
    };
    let reached = Reached {
        dialog: "a".to_owned(),
        by: None,
        replaces: None,
    };
    for (text, at_ms, expected) in [
        (None, 60_900, (asked("a", false), None)),
        (None, 61_100, (None, None)),
        (response(202), 2_000, (asked("a", false), None)),
        (response(603), 2_000, (None, None)),
        (
            notify("SIP/2.0 100 Trying"),
            2_000,
            (asked("a", false), None),
        ),
        (notify("SIP/2.0 486 Busy Here\r\n"), 2_000, (None, None)),
        (notify("SIP/2.0 200 OK\r\n"), 2_000, (None, Some(reached))),
    ] {
        assert_eq!(found_after(text.clone(), at_ms), expected, "{text:?}");
    }
}

#[test]
fn what_waits_is_bounded() {
    let mut transfers = Transfers::default();
    for number in 0..2_000 {
        let dialog = format!("dialog-{number}");
        let refer = request(
            "REFER",
            "0451110000",
            &dialog,
            "Refer-To: <sip:202@desk>\r\n",
        );
        transfers.take(&seen(1_000, ASKS, &refer), |_| true);
    }
    assert_eq!(transfers.waiting.len(), WAITING_AT_MOST);
    assert_eq!(transfers.waiting.back().unwrap().dialog, "dialog-1999");
}
