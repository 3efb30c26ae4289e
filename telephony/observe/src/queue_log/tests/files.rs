//! Logs as versions of Asterisk, distributions and other systems write them.

use encoding_rs::SHIFT_JIS;
use madoguchi_core::call::Outcome;

use super::*;

fn read(bytes: &[u8]) -> Import {
    let import = import_file(bytes, (None, false), &HashMap::new());
    assert_eq!(import.skipped, []);
    import
}

fn answered() -> Vec<String> {
    vec![
        line(0, "1.1", "NONE", "ENTERQUEUE||\"ポ山田\" <0312000012>|1"),
        line(5, "1.1", "SIP/301", "CONNECT|5|1.2|3"),
        line(65, "1.1", "SIP/301", "COMPLETEAGENT|5|60|1"),
    ]
}

#[test]
fn line_ends_marks_and_letters_of_either_encoding_change_nothing() {
    let text = answered().join("\n") + "\n";
    let expected = read(text.as_bytes());
    assert_eq!(records(&expected.events)[0].from, "0312000012".into());
    let windows = text.replace('\n', "\r\n");
    let marked = format!("\u{feff}{windows}");
    // The second byte of this letter looks like what stands between the fields.
    let cp932 = SHIFT_JIS.encode(&windows).0.into_owned();
    let bars = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'|').count();
    assert_eq!(bars(&cp932), bars(windows.as_bytes()) + 1);
    let blank = format!("\r\n{windows}\r\n");
    let files = [
        windows.as_bytes(),
        marked.as_bytes(),
        &cp932,
        blank.as_bytes(),
    ];
    for (place, file) in files.into_iter().enumerate() {
        let import = read(file);
        assert_eq!(import.events, expected.events, "{place}");
        assert_eq!(import.counts.lines, 3, "{place}");
    }
}

#[test]
fn a_date_and_time_in_the_place_of_the_epoch_tells_the_same() {
    let expected = read(answered().join("\n").as_bytes());
    for more in ["", ".000000"] {
        let lines: Vec<String> = answered()
            .iter()
            .zip([0, 5, 65])
            .map(|(line, secs)| {
                let (_, rest) = line.split_once('|').unwrap();
                let at = Instant((NINE + secs) * 1_000).in_tokyo();
                format!("{}{more}|{rest}", at.format("%Y-%m-%d %H:%M:%S"))
            })
            .collect();
        let import = read(lines.join("\n").as_bytes());
        assert_eq!(import.events, expected.events, "{more}");
    }
    let fraction = answered().join("\n").replace("|1.1|q1|", ".123456|1.1|q1|");
    let record = &records(&read(fraction.as_bytes()).events)[0];
    assert_eq!(record.arrived_at, Instant(NINE * 1_000 + 123));
    assert_eq!(record.talk(), Some(Millis(60_000)));
}

#[test]
fn versions_tell_more_or_less_behind_an_event_and_the_same_in_it() {
    for (enter, connect, complete) in [
        ("ENTERQUEUE||03", "CONNECT|5", "COMPLETECALLER|5|60"),
        ("ENTERQUEUE||03|1", "CONNECT|5|1.2", "COMPLETECALLER|5|60|1"),
        (
            "ENTERQUEUE||03|1|0",
            "CONNECT|5|1.2|3",
            "COMPLETECALLER|5|60|1|",
        ),
        (
            "ENTERQUEUE|http://x/|03|1||",
            "CONNECT|5|1.2|3||",
            "COMPLETECALLER|||||",
        ),
        ("ENTERQUEUE||03", "CONNECT", "COMPLETECALLER"),
    ] {
        let lines = [
            line(0, "1.1", "NONE", enter),
            line(5, "1.1", "SIP/301", connect),
            line(65, "1.1", "SIP/301", complete),
        ];
        let import = read(lines.join("\n").as_bytes());
        let record = &records(&import.events)[0];
        assert_eq!(record.outcome(), Outcome::Completed, "{connect}");
        assert_eq!(
            (record.wait(), record.talk()),
            (Some(Millis(5_000)), Some(Millis(60_000)))
        );
        assert_eq!(record.from, "03".into(), "{enter}");
    }
}

#[test]
fn the_same_name_in_other_spellings_is_one_number() {
    for caller in [
        "0312000012",
        "\"山田\" <0312000012>",
        "山田 <0312000012>",
        "\"Sato, \"\"T\"\" <1>\" <0312000012>",
        " <0312000012> ",
    ] {
        let enter = format!("ENTERQUEUE||{caller}|1");
        let import = read(line(0, "1.1", "NONE", &enter).as_bytes());
        assert_eq!(
            records(&import.events)[0].from,
            "0312000012".into(),
            "{caller}"
        );
    }
}

#[test]
fn what_dial_plans_tell_of_the_way_out_is_understood_and_a_caller_counts_once() {
    let reason = |events: &[&str]| {
        let lines: Vec<String> = (0..)
            .zip(events)
            .map(|(secs, event)| line(secs, "1.1", "NONE", event))
            .collect();
        let records = records(&read(lines.join("\n").as_bytes()).events);
        assert_eq!(records.len(), 1, "{events:?}");
        records[0].abandoned
    };
    let (full, nobody) = (AbandonReason::QueueFull, AbandonReason::NoAgent);
    for (events, expected) in [
        (&["FULL|"][..], Some(full)),
        (&["FULL"], Some(full)),
        (&["DIVERT_HOLDTIME|90"], Some(full)),
        (&["DIVERT_CAPACITY"], Some(full)),
        (&["JOINEMPTY|"], Some(nobody)),
        (&["LEAVEEMPTY|"], Some(nobody)),
        (&["EXITCODE|FULL"], Some(full)),
        (&["EXITCODE|joinunavail"], Some(nobody)),
        (&["EXITCODE|LEAVEUNAVAIL"], Some(nobody)),
        // Let in after all.
        (
            &[
                "FULL|",
                "ENTERQUEUE||03",
                "EXITWITHTIMEOUT|1",
                "EXITCODE|TIMEOUT",
            ],
            Some(AbandonReason::MaxWait),
        ),
        (
            &["ENTERQUEUE||03", "LEAVEEMPTY|", "EXITCODE|LEAVEEMPTY"],
            Some(nobody),
        ),
        (
            &["ENTERQUEUE||03", "EXITCODE|TIMEOUT"],
            Some(AbandonReason::MaxWait),
        ),
        (
            &["ENTERQUEUE||03", "ABANDON|1|1|1", "EXITCODE|CONTINUE"],
            Some(AbandonReason::CallerHangup),
        ),
        (
            &["ENTERQUEUE||03", "CLOSED|"],
            Some(AbandonReason::DeskClosedWhileWaiting),
        ),
        (&["CLOSED|"], None),
    ] {
        assert_eq!(reason(events), expected, "{events:?}");
    }
}

#[test]
fn a_call_that_is_open_when_asterisk_starts_ends_then_in_every_queue() {
    let other_queue = line(9, "NONE", "NONE", "QUEUESTART").replace("|q1|", "|NONE|");
    let lines = [
        line(0, "1.1", "NONE", "ENTERQUEUE||03"),
        other_queue,
        line(20, "2.1", "NONE", "ENTERQUEUE||04"),
        line(25, "2.1", "SIP/301", "CONNECT|5"),
        line(30, "2.1", "SIP/301", "COMPLETEAGENT|5|5"),
    ];
    let import = read(lines.join("\n").as_bytes());
    let outcomes: Vec<_> = records(&import.events)
        .iter()
        .map(CallRecord::outcome)
        .collect();
    let cut_off = Outcome::Abandoned(AbandonReason::SystemError);
    assert_eq!(outcomes, [cut_off, Outcome::Completed]);
}
