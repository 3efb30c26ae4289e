//! Captures that are cut off or damaged.

use std::collections::BTreeSet;
use std::ops::Range;

use madoguchi_observe::calls::JoinSettings;
use madoguchi_observe::capture::CaptureReader;
use madoguchi_observe::hep::Frame;
use madoguchi_observe::observer::Observer;
use serde_json::{Value, json};

use super::build::{Leg, Sent, datagrams, hep, in_order, pcap, pcapng};
use super::samples::folder;
use super::{observe, of_kind, values};

const NINE: i64 = 1_795_478_400_000;

/// Two calls one after the other, in as few messages as tell of them.
pub(crate) fn two_calls() -> Vec<Sent> {
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
pub(crate) fn told(rows: &[Value]) -> Vec<(Value, Value)> {
    let mut told = Vec::new();
    for dialog in of_kind(rows, "dialog") {
        let calls = of_kind(rows, "call");
        let mut of_it = calls.filter(|call| call["dialogs"] == json!([dialog["call_id"]]));
        told.extend(of_it.next().map(|call| (dialog.clone(), call.clone())));
    }
    told
}

/// However it is damaged, one of both calls is told as it was.
pub(crate) fn assert_one_is_whole(expected: &[(Value, Value)], rows: &[Value], what: &str) {
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

/// Where the packets of a capture stand in its bytes.
fn packets(capture: &[u8]) -> Vec<Range<usize>> {
    let mut reader = CaptureReader::default();
    reader.push(capture);
    reader.end();
    let (mut found, mut from) = (Vec::new(), 0);
    while let Ok(Some(packet)) = reader.next_packet() {
        let length = packet.data.len();
        let mut places = capture[from..].windows(length.max(1));
        let at = from + places.position(|bytes| bytes == packet.data).unwrap();
        found.push(at..at + length);
        from = at + length;
    }
    found
}

fn holds(bytes: &[u8], name: &str) -> bool {
    let name = name.as_bytes();
    bytes.windows(name.len()).any(|part| part == name)
}

/// A call of a whole capture.
struct Known {
    dialogs: Vec<String>,
    /// Its own row, and those of its dialogs.
    rows: Vec<Value>,
    /// The packets in which one of its Call-IDs stands.
    packets: Vec<Range<usize>>,
}

impl Known {
    fn of(capture: &[u8]) -> Vec<Self> {
        let (rows, _) = observe(capture);
        let places = packets(capture);
        let calls = of_kind(&rows, "call").map(|call| {
            let dialogs = call["dialogs"].as_array().unwrap().iter();
            let dialogs: Vec<_> = dialogs.map(|id| id.as_str().unwrap().to_owned()).collect();
            let is_of_it = |row: &&Value| dialogs.iter().any(|id| row["call_id"] == id.as_str());
            let of_it = of_kind(&rows, "dialog").filter(is_of_it);
            let told = of_it.chain([call]).cloned().collect();
            let is_in = |place: &&Range<usize>| {
                let bytes = &capture[(*place).clone()];
                dialogs.iter().any(|id| holds(bytes, id))
            };
            Self {
                packets: places.iter().filter(is_in).cloned().collect(),
                rows: told,
                dialogs,
            }
        });
        calls.collect()
    }

    fn call(&self) -> &Value {
        &self.rows[self.rows.len() - 1]
    }

    /// A message said that it was over.
    fn has_ended(&self) -> bool {
        let reason = self.call()["end_reason"].as_str().unwrap_or_default();
        reason.starts_with("BYE") || reason.starts_with("final")
    }

    /// Whether nothing of the other call can be taken for a part of this one: it was over before, or they have
    /// no number in common.
    fn is_apart_from(&self, other: &Self) -> bool {
        let was_over =
            self.has_ended() && self.call()["end_ms"].as_i64() < other.call()["start_ms"].as_i64();
        was_over || self.numbers().is_disjoint(&other.numbers())
    }

    fn numbers(&self) -> BTreeSet<&str> {
        let both = self.rows.iter().flat_map(|row| [&row["from"], &row["to"]]);
        both.filter_map(Value::as_str)
            .filter(|number| !number.is_empty())
            .collect()
    }

    fn is_told(&self, rows: &[Value]) -> bool {
        self.rows.iter().all(|row| rows.contains(row))
    }
}

/// Damages one bit, and looks whether the calls that it does not touch are told as before.
fn flip(capture: &[u8], known: &[Known], bit: usize, what: &str) {
    let mut damaged = capture.to_vec();
    damaged[bit / 8] ^= 1 << (bit % 8);
    let (rows, _) = observe(&damaged);
    let touched = |call: &&Known| call.packets.iter().any(|place| place.contains(&(bit / 8)));
    let touched: Vec<&Known> = known.iter().filter(touched).collect();
    // Elsewhere it may be the frame of a packet, or what belongs to a message that another packet begins.
    let [hit] = touched[..] else { return };
    // A name that has become another one may be that of the other call.
    let names = hit.dialogs.iter().map(String::len).max().unwrap();
    let around = (bit / 8).saturating_sub(names)..(bit / 8 + names).min(capture.len());
    if hit
        .dialogs
        .iter()
        .any(|id| holds(&capture[around.clone()], id))
    {
        return;
    }
    for other in known {
        if other.dialogs != hit.dialogs && other.is_apart_from(hit) {
            assert!(
                other.is_told(&rows),
                "{what}, bit {bit}: {:?}\n{rows:?}",
                other.rows
            );
        }
    }
}

/// Cuts it off, and looks whether the calls that were over by then are told as before.
fn cut(capture: &[u8], known: &[Known], end: usize, what: &str) {
    let (rows, _) = observe(&capture[..end]);
    for call in known {
        let is_whole = call.packets.iter().all(|place| place.end <= end);
        if is_whole && call.has_ended() {
            assert!(
                call.is_told(&rows),
                "{what} to {end}: {:?}\n{rows:?}",
                call.rows
            );
        }
    }
}

/// What a sample may cost: bytes that are read in all for its bits, and for its prefixes. All bits of the short
/// ones, every so many-th of the long ones, each time another one of its byte.
const READ_AT_MOST: usize = 32 * 1024 * 1024;

#[test]
fn damaged_samples_cost_no_call_that_the_damage_does_not_touch() {
    let Some(folder) = folder() else { return };
    let files = std::fs::read_dir(folder).unwrap();
    let files = files.map(|entry| entry.unwrap().path());
    let is_capture = |path: &std::path::PathBuf| {
        let kind = path.extension().unwrap_or_default().to_string_lossy();
        kind.starts_with("pcap")
    };
    std::thread::scope(|scope| {
        for path in files.filter(is_capture) {
            scope.spawn(move || {
                let whole = std::fs::read(&path).unwrap();
                let what = path.file_name().unwrap().to_string_lossy();
                let known = Known::of(&whole);
                let runs = READ_AT_MOST / whole.len();
                // Odd, so that all places of a byte come up.
                let step = (whole.len() * 8 / runs).max(1) | 1;
                for bit in (0..whole.len() * 8).step_by(step) {
                    flip(&whole, &known, bit, &what);
                }
                // Half of it is read on the average.
                let step = (whole.len() / runs / 2).max(1);
                for end in (0..=whole.len()).step_by(step) {
                    cut(&whole, &known, end, &what);
                }
            });
        }
    });
}

/// Two callers at once, with the legs that a PBX makes for them.
fn calls_at_once() -> Vec<Sent> {
    let pbx = "192.0.2.10:5060";
    let legs = [
        (
            "alpha",
            "0451110000",
            "192.0.2.1:5060",
            "201",
            "192.0.2.21:5060",
            0,
        ),
        (
            "omega",
            "0698887777",
            "198.51.100.6:5060",
            "206",
            "192.0.2.42:5060",
            3_000,
        ),
    ];
    let calls = legs
        .into_iter()
        .flat_map(|(name, number, carrier, extension, phone, after)| {
            let start = NINE + after;
            let caller = Leg::new(
                &format!("{name}-call@carrier"),
                (number, carrier),
                ("0312345678", pbx),
            );
            let phone = Leg::new(
                &format!("leg-of-{name}@pbx"),
                (number, pbx),
                (extension, phone),
            );
            [
                caller.invite(start, 1),
                caller.response(start + 20, 200, 1, "INVITE"),
                phone.invite(start + 100, 1),
                phone.response(start + 9_000, 200, 1, "INVITE"),
                phone.request(start + 30_010, true, "BYE", 2),
                caller.request(start + 30_000, true, "BYE", 2),
            ]
        });
    in_order(calls.collect())
}

#[test]
fn every_flipped_bit_and_every_prefix_of_calls_at_once_leaves_the_other_one_as_it_is() {
    let whole = pcap(&datagrams(&calls_at_once()));
    let known = Known::of(&whole);
    let sizes: Vec<_> = known.iter().map(|call| call.dialogs.len()).collect();
    assert_eq!(sizes, [2, 2]);
    let packets: usize = known.iter().map(|call| call.packets.len()).sum();
    assert_eq!(packets, 12);
    let bits = 24 * 8..whole.len() * 8;
    let middle = bits.len() / 2 + bits.start;
    let (whole, known) = (&whole, &known);
    std::thread::scope(|scope| {
        for half in [bits.start..middle, middle..bits.end] {
            scope.spawn(move || {
                for bit in half {
                    flip_at_once(whole, known, bit);
                }
            });
        }
        scope.spawn(move || {
            for end in 0..=whole.len() {
                cut(whole, known, end, "calls at once");
            }
        });
    });
}

/// Whether the line of a byte says where voice goes: it may now name the other call's place, to which both
/// then seem to go.
fn names_other_media(bytes: &[u8], at: usize) -> bool {
    let begins = bytes[..at].iter().rposition(|byte| *byte == b'\n');
    let line = &bytes[begins.map_or(0, |end| end + 1)..];
    line.starts_with(b"c=") || line.starts_with(b"m=")
}

/// Both have the number of the line in common, and nothing else.
fn flip_at_once(whole: &[u8], known: &[Known], bit: usize) {
    let mut damaged = whole.to_vec();
    damaged[bit / 8] ^= 1 << (bit % 8);
    let touches = |call: &Known| call.packets.iter().any(|place| place.contains(&(bit / 8)));
    let (rows, _) = observe(&damaged);
    for (call, other) in [(&known[0], &known[1]), (&known[1], &known[0])] {
        if touches(call) {
            let may_tell = names_other_media(&damaged, bit / 8);
            assert!(may_tell || other.is_told(&rows), "bit {bit}: {rows:?}");
        }
    }
}
