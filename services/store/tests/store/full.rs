//! A disk that is full, and has room again: nobody needs to start the program anew.

use std::sync::Arc;
use std::time::Duration;

use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::clock::SystemClock;
use madoguchi_core::event::CallEvent;
use madoguchi_core::time::Instant;
use madoguchi_store::delivery::Delivery;
use madoguchi_store::journal::{Journal, JournalError, JournalOptions};
use madoguchi_store::testing::SmallDisk;
use madoguchi_store::{Fault, Store};

use crate::sample::call;

const DISK_BYTES: u64 = 8 << 20;

fn calls(name: &str, count: u32) -> Vec<CallEvent> {
    let one = |n| {
        call(&format!("{name}{n}"), 0)
            .arrived("03")
            .answered_by("a")
            .ended()
    };
    (0..count).flat_map(one).collect()
}

fn entry() -> AuditEntry {
    AuditEntry::of_system(
        Instant(1),
        Action::SignIn,
        &"x".repeat(20_000),
        Fields::new(),
    )
}

async fn store_on(disk: &SmallDisk) -> Store {
    let address = format!("sqlite://{}", disk.path().join("desk.sqlite").display());
    Store::open(&address).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_failed_on_a_full_disk_is_written_when_there_is_room_again() {
    let disk = SmallDisk::new(DISK_BYTES).unwrap();
    let store = store_on(&disk).await;
    for round in 0..3 {
        disk.fill().unwrap();
        // Until it fails, in the middle of a transaction or at its end: some room was left inside
        // of the files.
        let mut failed = 0;
        for n in 0..400 {
            let appended = store.append(&calls(&format!("full{round}-{n}-"), 20)).await;
            let recorded = store.append_audit(&[entry()]).await;
            for error in [appended.err(), recorded.err()].into_iter().flatten() {
                assert_eq!(error.fault(), Some(Fault::DiskFull), "{error}");
                failed += 1;
            }
            if failed > 20 {
                break;
            }
        }
        assert!(failed > 20, "the disk is full");
        disk.free().unwrap();
        let events = calls(&format!("room{round}-"), 20);
        assert_eq!(store.append(&events).await.unwrap().new, events.len());
        store.append_audit(&[entry()]).await.unwrap();
        assert_eq!(store.events_of(&events[0].call).await.unwrap().len(), 8);
    }
    assert_eq!(store.verify_audit().await.unwrap().fault, None);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_journal_holds_is_delivered_when_the_full_disk_of_the_database_has_room_again() {
    let disk = SmallDisk::new(DISK_BYTES).unwrap();
    let store = store_on(&disk).await;
    let health = tokio::spawn(
        store
            .clone()
            .keep_watch("node".into(), Arc::new(SystemClock)),
    );
    let journal = tempfile::tempdir().unwrap();
    let options = JournalOptions::default();
    let (mut journal, reader, _) = Journal::open(journal.path(), options).unwrap();
    let delivery = Delivery::start(reader, store.clone(), Arc::new(SystemClock));
    disk.fill().unwrap();
    let events = calls("c", 20_000);
    journal.append(&events).unwrap();
    let within = Duration::from_secs(60);
    let (mut status, mut seen) = (delivery.status(), store.health());
    let away = tokio::time::timeout(within, status.wait_for(|status| !status.database_up));
    away.await.unwrap().unwrap();
    let full = seen.wait_for(|health| health.fault == Some(Fault::DiskFull));
    tokio::time::timeout(within, full).await.unwrap().unwrap();
    disk.free().unwrap();
    // Room for all there is not; but for what comes first.
    let back = tokio::time::timeout(within, status.wait_for(|status| status.database_up));
    back.await.unwrap().unwrap();
    let some = store.events_of(&events[0].call).await.unwrap();
    assert_eq!(some.len(), 8);
    drop(journal);
    health.abort();
    delivery.finish().await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_journal_goes_on_when_its_full_disk_has_room_again() {
    let disk = SmallDisk::new(4 << 20).unwrap();
    let options = JournalOptions {
        segment_bytes: 64 << 10,
        ..JournalOptions::default()
    };
    let (mut journal, mut reader, _) = Journal::open(disk.path(), options).unwrap();
    let mut written = Vec::new();
    for round in 0..3 {
        let before = calls(&format!("before{round}-"), 50);
        journal.append(&before).unwrap();
        written.extend(before);
        disk.fill().unwrap();
        let refused = calls(&format!("refused{round}-"), 500);
        for _ in 0..5 {
            let error = journal.append(&refused).unwrap_err();
            assert!(matches!(error, JournalError::DiskFull { .. }), "{error}");
        }
        disk.free().unwrap();
        journal.append(&refused).unwrap();
        written.extend(refused);
    }
    let mut read = Vec::new();
    while read.len() < written.len() {
        let batch = reader.next_batch(1_000).unwrap();
        assert!(!batch.is_empty());
        read.extend(batch.events);
    }
    assert_eq!(read, written);
}
