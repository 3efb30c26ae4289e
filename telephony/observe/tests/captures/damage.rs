//! Captures that are cut off or damaged.

use madoguchi_observe::calls::JoinSettings;
use madoguchi_observe::hep::Frame;
use madoguchi_observe::observer::Observer;
use serde_json::{Value, json};

use super::build::{Leg, Sent, datagrams, hep, in_order, pcap, pcapng};
use super::samples::folder;
use super::{observe, of_kind, values};

const NINE: i64 = 1_795_478_400_000;

/// Two calls one after the other, in as few messages as tell of them.
fn two_calls() -> Vec<Sent> {
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
        [
            leg.invite(start, 1),
            leg.response(start + 2_000, 200, 1, "INVITE"),
            leg.request(start + 9_000, true, "BYE", 2),
        ]
    };
    in_order((0..2).flat_map(call).collect())
}

/// Both calls as captures.
fn captures() -> [Vec<u8>; 2] {
    let frames = datagrams(&two_calls());
    [pcap(&frames), pcapng(&frames)]
}

/// The rows of each call whose dialogs are those that were sent: its dialog, and the call.
fn told(rows: &[Value]) -> Vec<(Value, Value)> {
    let mut told = Vec::new();
    for dialog in of_kind(rows, "dialog") {
        let calls = of_kind(rows, "call");
        let mut of_it = calls.filter(|call| call["dialogs"] == json!([dialog["call_id"]]));
        told.extend(of_it.next().map(|call| (dialog.clone(), call.clone())));
    }
    told
}

/// However it is damaged, one of both calls is told as it was.
fn assert_one_is_whole(expected: &[(Value, Value)], rows: &[Value], what: &str) {
    let told = told(rows);
    let is_whole = expected.iter().any(|call| told.contains(call));
    assert!(is_whole, "{what}: {rows:?}");
}

#[test]
fn every_prefix_of_a_capture_is_read_as_far_as_it_goes() {
    for whole in captures() {
        let expected = told(&observe(&whole).0);
        let mut before = 0;
        for end in 0..=whole.len() {
            let (rows, _) = observe(&whole[..end]);
            let dialogs = of_kind(&rows, "dialog").count();
            assert!(dialogs >= before, "{end}");
            before = dialogs;
            // Of what was told to its end, nothing changes any more.
            if dialogs == 2 {
                assert!(told(&rows).contains(&expected[0]), "{end}: {rows:?}");
            }
        }
        assert_eq!((before, expected.len()), (2, 2));
    }
}

#[test]
fn every_flipped_bit_of_a_capture_costs_no_call_but_its_own() {
    for (whole, first_packet) in captures().into_iter().zip([24, 60]) {
        let expected = told(&observe(&whole).0);
        // What stands before the first packet says how to read all of them.
        for bit in first_packet * 8..whole.len() * 8 {
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let (rows, _) = observe(&damaged);
            assert_one_is_whole(&expected, &rows, &format!("bit {bit}"));
        }
        // There it may cost everything, but the reader ends.
        for bit in 0..first_packet * 8 {
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let _any = observe(&damaged);
        }
    }
}

/// What probes send comes frame by frame; a damaged one is refused or read as what it says.
fn heard(frames: &[Vec<u8>]) -> Vec<Value> {
    let mut observer = Observer::new(JoinSettings::default());
    let mut closed = Vec::new();
    for bytes in frames {
        if let Ok(frame) = Frame::read(bytes)
            && frame.is_sip
        {
            let ends = (frame.from, frame.to);
            let progress = observer.told(frame.at, ends, &frame.payload);
            closed.extend(progress.closed);
        }
    }
    closed.extend(observer.finish().closed);
    values(&closed)
}

#[test]
fn every_prefix_and_every_flipped_bit_of_a_hep_frame_costs_no_call_but_its_own() {
    let sent = two_calls();
    let frames: Vec<_> = sent.iter().map(hep).collect();
    let expected = told(&heard(&frames));
    assert_eq!(expected.len(), 2);
    for at in 0..frames.len() {
        let of_other = 1 - at / 3;
        let mut damaged = frames.clone();
        let mut assert_other_is_whole = |bytes: &[u8], what: &str| {
            damaged[at].clear();
            damaged[at].extend_from_slice(bytes);
            let rows = heard(&damaged);
            assert!(
                told(&rows).contains(&expected[of_other]),
                "{what}: {rows:?}"
            );
        };
        let whole = &frames[at];
        for end in 0..whole.len() {
            assert_other_is_whole(&whole[..end], &format!("frame {at} to {end}"));
        }
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_other_is_whole(&bytes, &format!("frame {at}, bit {bit}"));
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
        // Every byte of the short ones, some of the long ones.
        let step = if whole.len() < 10_000 {
            1
        } else {
            whole.len() / 40
        };
        for at in (0..whole.len()).step_by(step) {
            let _prefix = observe(&whole[..at]);
            let mut damaged = whole.clone();
            damaged[at] ^= 1 << (at % 8);
            let _any = observe(&damaged);
        }
    }
}
