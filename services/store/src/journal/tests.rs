//! Tests of the journal as a whole, on a real disk.

use std::fs;
use std::path::PathBuf;

use madoguchi_core::event::{CallEvent, EventKind};
use madoguchi_core::live::AgentState;
use madoguchi_core::time::Instant;
use tempfile::TempDir;

use super::*;

pub(super) fn event(call: &str, seq: u32) -> CallEvent {
    CallEvent {
        call: call.into(),
        seq,
        at: Instant(1_000 + i64::from(seq)),
        node: "n1".into(),
        line: "共済".into(),
        kind: EventKind::Arrived {
            from: "０３-1234".into(),
            to: "100".into(),
            open: true,
        },
    }
}

fn events(range: std::ops::Range<u32>) -> Vec<CallEvent> {
    range.map(|seq| event("c", seq)).collect()
}

fn small_segments() -> JournalOptions {
    JournalOptions {
        sync: SyncMode::Never,
        segment_bytes: 300,
    }
}

fn open(dir: &TempDir) -> (Journal, JournalReader, Recovery) {
    Journal::open(dir.path(), small_segments()).unwrap()
}

fn segment_files(dir: &TempDir) -> Vec<PathBuf> {
    segment::list(dir.path())
        .unwrap()
        .iter()
        .map(|n| segment::path(dir.path(), *n))
        .collect()
}

/// The one segment of a journal that took `events`, and the journal's directory.
fn closed_with(events: &[CallEvent]) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let options = JournalOptions {
        sync: SyncMode::Always,
        ..JournalOptions::default()
    };
    Journal::open(dir.path(), options)
        .unwrap()
        .0
        .append(events)
        .unwrap();
    let file = segment_files(&dir).remove(0);
    (dir, file)
}

#[test]
fn the_reader_gets_what_was_written_in_order_over_many_segments() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, mut reader, recovery) = open(&dir);
    assert_eq!(recovery, Recovery::default());
    for event in events(0..20) {
        journal.append(&[event]).unwrap();
    }
    assert!(segment_files(&dir).len() > 5);
    assert_eq!(reader.backlog(), 20);
    let mut read = Vec::new();
    loop {
        let batch = reader.next_batch(3).unwrap().events;
        if batch.is_empty() {
            break;
        }
        assert!(batch.len() <= 3);
        read.extend(batch);
    }
    assert_eq!(read, events(0..20));
    assert_eq!(reader.backlog(), 20, "read is not yet delivered");
    reader.acknowledge().unwrap();
    assert_eq!(reader.backlog(), 0);
    assert_eq!(
        segment_files(&dir).len(),
        1,
        "delivered segments are deleted"
    );
}

#[test]
fn what_is_not_acknowledged_comes_again_after_a_restart_and_what_is_does_not() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..3 {
        let (mut journal, mut reader, recovery) = open(&dir);
        let old = if round == 0 { 0 } else { 5 };
        assert_eq!(recovery.undelivered, old);
        journal
            .append(&events(round * 10..round * 10 + 10))
            .unwrap();
        assert_eq!(reader.backlog(), old + 10);
        assert_eq!(
            reader
                .next_batch(usize::try_from(old).unwrap())
                .unwrap()
                .len() as u64,
            old
        );
        assert_eq!(
            reader.next_batch(5).unwrap().events,
            events(round * 10..round * 10 + 5)
        );
        reader.acknowledge().unwrap();
        assert_eq!(
            reader.next_batch(99).unwrap().events,
            events(round * 10 + 5..round * 10 + 10)
        );
    }
}

#[test]
fn a_lost_delivered_position_delivers_again_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, mut reader, _) = open(&dir);
    journal.append(&events(0..4)).unwrap();
    reader.next_batch(3).unwrap();
    reader.acknowledge().unwrap();
    drop((journal, reader));
    fs::write(dir.path().join("delivered"), "rubbish").unwrap();
    let (_journal, mut reader, recovery) = open(&dir);
    assert_eq!(recovery.undelivered, 4);
    assert_eq!(reader.next_batch(9).unwrap().events, events(0..4));
}

#[test]
fn a_tail_torn_at_any_byte_loses_only_the_torn_record() {
    let (dir, file) = closed_with(&events(0..3));
    let whole = fs::read(&file).unwrap();
    let line_ends: Vec<usize> = whole
        .iter()
        .enumerate()
        .filter(|(_, b)| **b == b'\n')
        .map(|(i, _)| i + 1)
        .collect();
    for length in 0..=whole.len() {
        for number in segment::list(dir.path()).unwrap() {
            fs::remove_file(segment::path(dir.path(), number)).unwrap();
        }
        fs::write(&file, &whole[..length]).unwrap();
        let (mut journal, mut reader, recovery) = open(&dir);
        let kept = line_ends.iter().filter(|end| **end <= length).count();
        let good = line_ends
            .iter()
            .copied()
            .filter(|end| *end <= length)
            .max()
            .unwrap_or(0);
        assert_eq!(recovery.undelivered, kept as u64, "torn at {length}");
        assert_eq!(
            recovery.cut.iter().map(|d| d.bytes).sum::<u64>(),
            (length - good) as u64
        );
        assert_eq!(fs::metadata(&file).unwrap().len(), good as u64);
        journal.append(&[event("next", 0)]).unwrap();
        let mut expected = events(0..kept as u32);
        expected.push(event("next", 0));
        assert_eq!(
            reader.next_batch(9).unwrap().events,
            expected,
            "torn at {length}"
        );
    }
}

#[test]
fn a_corrupted_record_in_the_middle_is_reported_and_the_others_are_kept() {
    let (dir, file) = closed_with(&events(0..3));
    let mut bytes = fs::read(&file).unwrap();
    let line = bytes.len() / 3;
    bytes[line + 40] ^= 0x20;
    fs::write(&file, &bytes).unwrap();
    let (_journal, mut reader, recovery) = open(&dir);
    let damage = Damage {
        path: file,
        offset: line as u64,
        bytes: line as u64,
    };
    assert_eq!(
        recovery,
        Recovery {
            presences: vec![],
            undelivered: 2,
            cut: vec![],
            damaged: vec![damage]
        }
    );
    assert_eq!(
        reader.next_batch(9).unwrap().events,
        [event("c", 0), event("c", 2)]
    );
    reader.acknowledge().unwrap();
    assert_eq!(reader.backlog(), 0);
}

#[test]
fn a_journal_of_a_newer_program_is_refused_and_left_alone() {
    let (dir, file) = closed_with(&events(0..1));
    let json = r#"{"kind":"teleported"}"#;
    let line = format!(
        "{:08x} {:08x} {json}\n",
        json.len(),
        crc32fast::hash(json.as_bytes())
    );
    fs::write(&file, &line).unwrap();
    let error = Journal::open(dir.path(), small_segments()).unwrap_err();
    assert!(
        matches!(error, JournalError::UnknownEvent { offset: 0, .. }),
        "{error}"
    );
    assert_eq!(fs::read(&file).unwrap(), line.as_bytes());
}

#[test]
fn only_one_may_open_a_journal_until_both_sides_are_gone() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, reader, _) = open(&dir);
    let again = || Journal::open(dir.path(), small_segments());
    assert!(matches!(again().unwrap_err(), JournalError::InUse { .. }));
    drop(journal);
    assert!(matches!(again().unwrap_err(), JournalError::InUse { .. }));
    drop(reader);
    again().unwrap();
}

#[test]
fn a_read_error_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, mut reader, _) = open(&dir);
    for event in events(0..6) {
        journal.append(&[event]).unwrap();
    }
    let second = segment_files(&dir).remove(1);
    let hidden = dir.path().join("hidden");
    fs::rename(&second, &hidden).unwrap();
    fs::create_dir(&second).unwrap();
    reader.next_batch(9).unwrap_err();
    fs::remove_dir(&second).unwrap();
    fs::rename(&hidden, &second).unwrap();
    assert_eq!(reader.next_batch(9).unwrap().events, events(0..6));
}

#[tokio::test]
async fn the_reader_is_woken_by_writing_and_by_the_end_of_the_writer() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, mut reader, _) = open(&dir);
    let writer = std::thread::spawn(move || {
        journal.append(&events(0..1)).unwrap();
    });
    assert!(reader.more_written().await);
    assert_eq!(reader.next_batch(9).unwrap().events, events(0..1));
    writer.join().unwrap();
    assert!(!reader.more_written().await);
}

fn presence(agent: &str, version: u64) -> AgentPresence {
    AgentPresence {
        agent: agent.into(),
        state: AgentState::Away {
            reason: format!("理由{version}"),
        },
        since: Instant(1),
        version,
        node: "n1".into(),
    }
}

#[test]
fn states_of_agents_are_read_beside_the_events_and_found_by_the_next_run() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, mut reader, recovery) = open(&dir);
    assert_eq!(recovery.presences, []);
    let both = [presence("a", 1), presence("b", 1)];
    journal
        .write(&Records::encode_all(&events(0..2), &both).unwrap())
        .unwrap();
    journal
        .write(&Records::encode_all(&[], &[presence("a", 2)]).unwrap())
        .unwrap();
    let batch = reader.next_batch(9).unwrap();
    assert_eq!(batch.events, events(0..2));
    assert_eq!(batch.presences.last(), Some(&presence("a", 2)));
    drop((journal, reader));
    let recovery = open(&dir).2;
    assert_eq!(recovery.undelivered, 7, "a second segment repeats both");
    assert_eq!(recovery.presences, [presence("a", 2), presence("b", 1)]);
}

#[test]
fn states_of_agents_are_found_when_everything_was_delivered_and_deleted_long_ago() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..3 {
        let (mut journal, mut reader, recovery) = open(&dir);
        if round > 0 {
            assert_eq!(recovery.presences, [presence("a", 1), presence("b", 7)]);
        } else {
            let both = [presence("a", 1), presence("b", 7)];
            journal
                .write(&Records::encode_all(&[], &both).unwrap())
                .unwrap();
        }
        for event in events(0..20) {
            journal.append(&[event]).unwrap();
        }
        while !reader.next_batch(9).unwrap().is_empty() {}
        reader.acknowledge().unwrap();
        assert_eq!(reader.backlog(), 0);
        assert_eq!(segment_files(&dir).len(), 1);
    }
}

#[test]
fn a_state_that_was_asked_for_earlier_does_not_take_the_place_of_a_later_one() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, ..) = open(&dir);
    for version in [3, 2] {
        journal
            .write(&Records::encode_all(&[], &[presence("a", version)]).unwrap())
            .unwrap();
    }
    drop(journal);
    assert_eq!(open(&dir).2.presences, [presence("a", 3)]);
}
