//! Captures that are cut off or damaged.

use serde_json::Value;

use super::build::{Leg, datagrams, in_order, pcap, pcapng};
use super::samples::folder;
use super::{observe, of_kind};

const NINE: i64 = 1_795_478_400_000;

/// Two calls one after the other.
fn two_calls() -> Vec<(i64, Vec<u8>)> {
    let call = |number: i64| {
        let from = ["0451110001", "0451110002"][usize::try_from(number).unwrap()];
        let id = format!(
            "{}-call@carrier",
            ["first", "second"][usize::try_from(number).unwrap()]
        );
        let leg = Leg::new(
            &id,
            (from, "192.0.2.1:5060"),
            ("0312345678", "192.0.2.10:5060"),
        );
        let start = NINE + number * 20_000;
        leg.answered(start, start + 2_000, start + 9_000)
    };
    datagrams(&in_order((0..2).flat_map(call).collect()))
}

/// The rows of the dialogs of a capture, by Call-ID.
fn dialogs(capture: &[u8]) -> Vec<(String, Value)> {
    let (rows, _) = observe(capture);
    let dialogs = of_kind(&rows, "dialog");
    dialogs
        .map(|row| (row["call_id"].as_str().unwrap().to_owned(), row.clone()))
        .collect()
}

#[test]
fn every_prefix_of_a_capture_is_read_as_far_as_it_goes() {
    for whole in [pcap(&two_calls()), pcapng(&two_calls())] {
        let mut told = 0;
        for end in 0..=whole.len() {
            let dialogs = dialogs(&whole[..end]);
            assert!(dialogs.len() >= told, "{end}");
            told = dialogs.len();
        }
        assert_eq!(told, 2);
    }
}

#[test]
fn a_flipped_bit_in_a_packet_costs_no_call_but_its_own() {
    for whole in [pcap(&two_calls()), pcapng(&two_calls())] {
        let expected = dialogs(&whole);
        // What stands before the first packet says how to read all of them.
        for at in 64..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1 << (at % 8);
            let told = dialogs(&damaged);
            let same = expected.iter().filter(|row| told.contains(row)).count();
            assert!(same >= 1, "byte {at}: {told:?}");
        }
    }
}

#[test]
fn damaged_samples_do_no_harm() {
    let Some(folder) = folder() else { return };
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if !path
            .extension()
            .is_some_and(|kind| kind.to_string_lossy().starts_with("pcap"))
        {
            continue;
        }
        let whole = std::fs::read(&path).unwrap();
        let step = (whole.len() / 20).max(1);
        for at in (0..whole.len()).step_by(step) {
            let _prefix = observe(&whole[..at]);
            let mut damaged = whole.clone();
            damaged[at] ^= 1 << (at % 8);
            let _any = observe(&damaged);
        }
    }
}
