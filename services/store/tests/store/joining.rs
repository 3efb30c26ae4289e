//! A database that is away, damaged, gone or empty at the start, and joined when it is well.

use std::sync::Arc;
use std::time::Duration;

use madoguchi_core::clock::SystemClock;
use madoguchi_store::testing::PostgresServer;
use madoguchi_store::{Expected, Fault, Store, StoreError};

use crate::place::Place;
use crate::sample::call;

async fn cause(address: &str) -> Fault {
    let error = Store::open(address).await.unwrap_err();
    error.fault().expect("a cause that an operator can mend")
}

#[tokio::test]
async fn a_database_that_was_there_is_never_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("desk.sqlite");
    let address = format!("sqlite://{}", file.display());
    let join = async || {
        let store = Store::prepare(&address, Expected::Existing).unwrap();
        let joined = store.join().await;
        store.close().await;
        joined
    };
    assert!(matches!(join().await, Err(StoreError::Missing { .. })));
    assert!(!file.exists());
    std::fs::write(&file, "").unwrap();
    assert!(matches!(join().await, Err(StoreError::Missing { .. })));
    assert_eq!(std::fs::read(&file).unwrap(), b"");
    // A new one is made when none was there, and found from then on.
    std::fs::remove_file(&file).unwrap();
    Store::open(&address).await.unwrap().close().await;
    join().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_database_of_a_server_is_not_taken_for_the_one_that_was_there() {
    let place = Place::postgres().await;
    let store = Store::prepare(&place.address, Expected::Existing).unwrap();
    let error = store.join().await.unwrap_err();
    assert!(matches!(error, StoreError::Missing { .. }), "{error}");
    place.open().await.close().await;
    store.join().await.unwrap();
}

#[tokio::test]
async fn a_damaged_file_is_called_damaged_and_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("desk.sqlite");
    let address = format!("sqlite://{}", file.display());
    Store::open(&address).await.unwrap().close().await;
    let whole = std::fs::read(&file).unwrap();
    let mut garbled = whole.clone();
    garbled[..4096].fill(0xa5);
    let cut = whole[..whole.len() / 2].to_vec();
    for damaged in [garbled, cut, b"no database at all".repeat(100)] {
        std::fs::write(&file, &damaged).unwrap();
        let fault = cause(&address).await;
        assert_eq!(fault, Fault::Damaged);
        assert_eq!(std::fs::read(&file).unwrap(), damaged);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cause_is_named_and_not_that_a_pool_waited() {
    let place = Place::postgres().await;
    let (server, _) = place.address.rsplit_once('/').unwrap();
    let nobody = place.address.replace("postgres@", "nobody@");
    assert_eq!(cause(&nobody).await, Fault::Unauthorised);
    assert_eq!(cause(&format!("{server}/none")).await, Fault::Unknown);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let refused = format!("postgres://postgres@127.0.0.1:{port}/desk");
    let error = Store::open(&refused).await.unwrap_err();
    assert_eq!(error.fault(), Some(Fault::Unreachable));
    let said = error.to_string();
    assert!(said.contains("refused") && !said.contains("pool"), "{said}");
    let nowhere = "sqlite:///nowhere/at/all/desk.sqlite";
    assert_eq!(cause(nowhere).await, Fault::Unreachable);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_at_the_start_is_joined_when_it_comes() {
    let server = tokio::task::spawn_blocking(PostgresServer::start).await;
    let server = server.unwrap().unwrap();
    let address = server.new_database().await.unwrap();
    tokio::task::block_in_place(|| server.stop()).unwrap();
    let store = Store::prepare(&address, Expected::Anything).unwrap();
    let events = call("c", 0).arrived("03").abandoned();
    // Nothing waits for it meanwhile.
    let asked = async {
        assert!(matches!(
            store.append(&events).await,
            Err(StoreError::Away { .. })
        ));
        assert!(matches!(store.ping().await, Err(StoreError::Away { .. })));
        assert!(matches!(
            store.agent_states().await,
            Err(StoreError::Away { .. })
        ));
    };
    tokio::time::timeout(Duration::from_secs(1), asked)
        .await
        .unwrap();
    let watch = tokio::spawn(
        store
            .clone()
            .keep_watch("node".into(), Arc::new(SystemClock)),
    );
    let mut health = store.health();
    let within = Duration::from_secs(60);
    let away = health.wait_for(|health| health.fault == Some(Fault::Unreachable));
    tokio::time::timeout(within, away).await.unwrap().unwrap();
    tokio::task::block_in_place(|| server.start_again()).unwrap();
    let up = health.wait_for(|health| health.is_up());
    tokio::time::timeout(within, up).await.unwrap().unwrap();
    store.append(&events).await.unwrap();
    // And away again: whoever reads is refused at once, and served when it is back.
    tokio::task::block_in_place(|| server.stop()).unwrap();
    let away = health.wait_for(|health| health.fault == Some(Fault::Unreachable));
    tokio::time::timeout(within, away).await.unwrap().unwrap();
    assert!(matches!(store.ping().await, Err(StoreError::Away { .. })));
    tokio::task::block_in_place(|| server.start_again()).unwrap();
    let up = health.wait_for(|health| health.is_up());
    tokio::time::timeout(within, up).await.unwrap().unwrap();
    assert_eq!(store.events_of(&events[0].call).await.unwrap(), events);
    watch.abort();
    store.close().await;
}

#[tokio::test]
async fn a_file_that_is_taken_away_while_it_is_used_is_missed() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("desk.sqlite");
    let store = Store::open(&format!("sqlite://{}", file.display()))
        .await
        .unwrap();
    let watch = tokio::spawn(
        store
            .clone()
            .keep_watch("node".into(), Arc::new(SystemClock)),
    );
    std::fs::rename(&file, dir.path().join("elsewhere")).unwrap();
    let mut health = store.health();
    let missed = health.wait_for(|health| health.fault == Some(Fault::Missing));
    tokio::time::timeout(Duration::from_secs(60), missed)
        .await
        .unwrap()
        .unwrap();
    // What the journal holds is not handed to a file that nobody will find again.
    let events = call("c", 0).arrived("03").abandoned();
    let error = store.append(&events).await.unwrap_err();
    assert_eq!(error.fault(), Some(Fault::Missing));
    assert!(!file.exists());
    watch.abort();
    store.close().await;
}
