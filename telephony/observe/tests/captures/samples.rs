//! Samples of public packet tools, which lie beside the project: `../shared/sip/pcap`.

use std::path::PathBuf;

use serde_json::Value;

use super::{observe, of_kind};

/// The folder of the samples, if it is there.
pub(crate) fn folder() -> Option<PathBuf> {
    let project = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let places = ["../shared/sip/pcap", "../../shared/sip/pcap"];
    let found = places.iter().map(|place| project.join(place));
    let found = found.into_iter().find(|place| place.is_dir());
    if found.is_none() {
        eprintln!("the samples of captures (../shared/sip/pcap) are not here; going on without");
    }
    found
}

/// Unix seconds with six digits behind the point, as milliseconds; nothing for nothing.
fn millis(text: &str) -> Option<f64> {
    (!text.is_empty()).then(|| text.parse::<f64>().unwrap() * 1_000.0)
}

fn agrees(told: &Value, expected: Option<f64>) -> bool {
    match (told.as_f64(), expected) {
        (None, None) => told.is_null(),
        (Some(told), Some(expected)) => (told - expected).abs() <= 1.0,
        _ => false,
    }
}

#[test]
fn every_dialog_of_the_samples_is_told_as_their_table_says() {
    let Some(folder) = folder() else { return };
    let table = std::fs::read_to_string(folder.join("dialogs.tsv")).unwrap();
    let mut checked = 0;
    for line in table.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [
            file,
            call_id,
            from,
            to,
            answered,
            start,
            _ring,
            answer,
            end,
            reason,
            ..,
        ] = columns[..]
        else {
            panic!("{line}")
        };
        let (rows, _) = observe(&std::fs::read(folder.join(file)).unwrap());
        let row = of_kind(&rows, "dialog").find(|row| row["call_id"] == call_id);
        let row = row.unwrap_or_else(|| panic!("{file} {call_id}: {rows:?}"));
        assert_eq!(
            (row["from"].as_str(), row["to"].as_str()),
            (Some(from), Some(to)),
            "{line}"
        );
        assert_eq!(row["answered"], answered == "yes", "{line}");
        for (name, expected) in [("start_ms", start), ("answer_ms", answer), ("end_ms", end)] {
            assert!(agrees(&row[name], millis(expected)), "{line}: {row}");
        }
        let expected = (!reason.is_empty()).then_some(reason);
        assert_eq!(row["end_reason"].as_str(), expected, "{line}");
        checked += 1;
    }
    assert!(checked > 10);
}

/// Outcomes of the calls in a file, with how many dialogs each has.
fn calls(file: &str) -> Option<Vec<(String, usize)>> {
    let (rows, _) = observe(&std::fs::read(folder()?.join(file)).unwrap());
    let calls = of_kind(&rows, "call").map(|row| {
        let outcome = row["outcome"].as_str().unwrap().to_owned();
        (outcome, row["dialogs"].as_array().unwrap().len())
    });
    Some(calls.collect())
}

#[test]
fn the_dialogs_of_the_samples_are_as_many_calls_as_their_description_says() {
    let answered = |dialogs| ("answered".to_owned(), dialogs);
    for (file, expected) in [
        ("sipnab--b2bua-asterisk.pcapng", vec![answered(2)]),
        ("sipnab--sip-rtp-g711.pcap", vec![answered(1), answered(1)]),
        (
            "sipnab--register-invite-reinvite-bye.pcap",
            vec![answered(1)],
        ),
        (
            "sipnab--sip-488-codec-reject.pcapng",
            vec![("refused".to_owned(), 1)],
        ),
        ("sipnab--sip-over-tcp.pcap", vec![answered(1)]),
        ("sngrep--ipip.pcap", vec![answered(1)]),
        ("sngrep--ipv6frag.pcap", vec![answered(1)]),
    ] {
        let Some(calls) = calls(file) else { return };
        assert_eq!(calls, expected, "{file}");
    }
    let none_answered = calls("sngrep--aaa.pcap").unwrap();
    assert_eq!(none_answered.len(), 4);
    assert!(
        none_answered
            .iter()
            .all(|(outcome, dialogs)| outcome != "answered" && *dialogs == 1)
    );
}

#[test]
fn a_queue_that_takes_a_call_is_no_answer_the_agent_behind_it_is() {
    let Some(calls) = calls("own--desk-sip-only.pcapng") else {
        return;
    };
    let count = |outcome: &str, dialogs| {
        let wanted = (outcome.to_owned(), dialogs);
        calls.iter().filter(|call| **call == wanted).count()
    };
    assert_eq!(calls.len(), 9, "{calls:?}");
    assert_eq!(
        (
            count("answered", 2),
            count("abandoned", 2),
            count("refused", 1)
        ),
        (6, 2, 1),
        "{calls:?}"
    );
}

/// docs/observe.md tells of each refusal.
#[test]
fn the_typed_model_reads_what_the_tolerant_reader_makes_canonical() {
    let Some(folder) = folder() else { return };
    let (mut read, mut refused) = (0, 0);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|kind| kind.to_string_lossy().starts_with("pcap"))
        {
            let (_, mut observer) = observe(&std::fs::read(path).unwrap());
            let agreement = observer.agreement();
            for (kind, finding) in agreement.findings() {
                eprintln!("{kind}: {} times, e.g. {}", finding.count, finding.example);
            }
            read += agreement.read();
            refused += agreement.refused() + agreement.different();
        }
    }
    assert!(read > 250 && refused * 1_000 <= read, "{refused} of {read}");
}
