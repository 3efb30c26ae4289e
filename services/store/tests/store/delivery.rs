//! From the journal to the store, also when the database goes away.

use std::sync::Arc;
use std::time::Duration;

use madoguchi_core::clock::SystemClock;
use madoguchi_core::event::CallEvent;
use madoguchi_core::live::{AgentPresence, AgentState};
use madoguchi_core::time::Instant;
use madoguchi_store::delivery::{Delivery, DeliveryStatus};
use madoguchi_store::journal::{Journal, JournalOptions, Records};
use madoguchi_store::testing::PostgresServer;
use madoguchi_store::{Appended, Store};
use tempfile::TempDir;

use crate::place::{Place, on_databases};
use crate::sample::call;

on_databases!([sqlite_file, sqlite_memory, postgres] [
    everything_written_reaches_the_store,
    what_was_left_over_is_delivered_by_the_next_run,
    agents_states_reach_the_store_between_events,
]);

fn calls(range: std::ops::Range<u32>) -> Vec<Vec<CallEvent>> {
    range
        .map(|n| {
            call(&format!("c{n}"), 0)
                .arrived("03")
                .answered_by("a")
                .ended()
        })
        .collect()
}

async fn reached(delivery: &Delivery, what: impl FnMut(&DeliveryStatus) -> bool) -> DeliveryStatus {
    let mut status = delivery.status();
    let reached = tokio::time::timeout(Duration::from_secs(60), status.wait_for(what)).await;
    *reached
        .expect("within a minute")
        .expect("the delivery goes on")
}

async fn assert_holds(store: &Store, calls: &[Vec<CallEvent>]) {
    for events in calls {
        assert_eq!(&store.events_of(&events[0].call).await.unwrap(), events);
    }
}

async fn everything_written_reaches_the_store(place: Place) {
    let (dir, store) = (TempDir::new().unwrap(), place.open().await);
    let (mut journal, reader, _) = Journal::open(dir.path(), JournalOptions::default()).unwrap();
    let delivery = Delivery::start(reader, store.clone(), Arc::new(SystemClock));
    let calls = calls(0..30);
    for events in &calls {
        for event in events {
            journal.append(std::slice::from_ref(event)).unwrap();
        }
    }
    assert_eq!(delivery.finish().await, 0);
    assert_holds(&store, &calls).await;
}

async fn what_was_left_over_is_delivered_by_the_next_run(place: Place) {
    let (dir, store) = (TempDir::new().unwrap(), place.open().await);
    let calls = calls(0..3);
    let open = || Journal::open(dir.path(), JournalOptions::default()).unwrap();
    let (mut journal, mut reader, _) = open();
    journal.append(&calls.concat()).unwrap();
    // Killed between the store and the acknowledgement.
    let batch = reader.next_batch(5).unwrap();
    store.append(&batch.events).await.unwrap();
    drop((journal, reader));
    let (journal, reader, recovery) = open();
    assert_eq!(recovery.undelivered, calls.concat().len() as u64);
    let delivery = Delivery::start(reader, store.clone(), Arc::new(SystemClock));
    reached(&delivery, |status| status.backlog == 0).await;
    delivery.finish().await;
    drop(journal);
    assert_holds(&store, &calls).await;
    assert_eq!(open().2.undelivered, 0);
}

async fn agents_states_reach_the_store_between_events(place: Place) {
    let (dir, store) = (TempDir::new().unwrap(), place.open().await);
    let (mut journal, reader, _) = Journal::open(dir.path(), JournalOptions::default()).unwrap();
    let delivery = Delivery::start(reader, store.clone(), Arc::new(SystemClock));
    let calls = calls(0..3);
    let mut last = None;
    for (version, events) in (1..).zip(&calls) {
        let presence = AgentPresence {
            agent: "a".into(),
            state: AgentState::LoggedOut,
            since: Instant(version),
            version: version.unsigned_abs(),
            node: "n1".into(),
        };
        let states = [presence.clone()];
        let records = Records::encode_all(events, &states).unwrap();
        journal.write(&records).unwrap();
        last = Some(presence);
    }
    assert_eq!(delivery.finish().await, 0);
    assert_holds(&store, &calls).await;
    assert_eq!(store.agent_states().await.unwrap().pop(), last);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_goes_away_and_comes_back_misses_nothing() {
    let server = tokio::task::spawn_blocking(PostgresServer::start)
        .await
        .unwrap()
        .unwrap();
    let store = Store::open(&server.new_database().await.unwrap())
        .await
        .unwrap();
    let dir = TempDir::new().unwrap();
    let (mut journal, reader, _) = Journal::open(dir.path(), JournalOptions::default()).unwrap();
    let delivery = Delivery::start(reader, store.clone(), Arc::new(SystemClock));

    let calls = calls(0..30);
    let (before, during) = calls.split_at(10);
    journal.append(&before.concat()).unwrap();
    reached(&delivery, |status| status.backlog == 0).await;

    // The other tests' threads go on meanwhile.
    tokio::task::block_in_place(|| server.stop()).unwrap();
    for events in during {
        journal.append(events).unwrap();
    }
    let away = reached(&delivery, |status| !status.database_up).await;
    assert!(away.backlog > 0);
    assert!(store.ping().await.is_err());

    tokio::task::block_in_place(|| server.start_again()).unwrap();
    let back = reached(&delivery, |status| {
        status.database_up && status.backlog == 0
    })
    .await;
    assert!(back.since >= away.since);
    assert_holds(&store, &calls).await;

    // Told to stop while the database is away: the rest waits in the journal.
    tokio::task::block_in_place(|| server.stop()).unwrap();
    let late = call("late", 0).arrived("1").abandoned();
    journal.append(&late).unwrap();
    assert_eq!(delivery.finish().await, late.len() as u64);
    drop(journal);
    tokio::task::block_in_place(|| server.start_again()).unwrap();
    let (_journal, reader, recovery) =
        Journal::open(dir.path(), JournalOptions::default()).unwrap();
    assert_eq!(recovery.undelivered, late.len() as u64);
    let delivery = Delivery::start(reader, store.clone(), Arc::new(SystemClock));
    reached(&delivery, |status| status.backlog == 0).await;
    assert_eq!(
        store.append(&late).await.unwrap(),
        Appended {
            new: 0,
            conflicting: 0
        }
    );
    delivery.finish().await;
    store.close().await;
}
