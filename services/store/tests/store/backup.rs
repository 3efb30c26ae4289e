//! Copies of a database that is in use.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use madoguchi_store::{BackupError, CallFilter, Store};

use crate::place::{Place, on_databases};
use crate::sample::call;

on_databases!([sqlite_file, postgres] [
    a_copy_of_a_database_that_is_written_holds_whole_calls_and_opens_elsewhere,
]);

async fn a_copy_of_a_database_that_is_written_holds_whole_calls_and_opens_elsewhere(place: Place) {
    let store = place.open().await;
    let stop = Arc::new(AtomicBool::new(false));
    let writer = {
        let (store, stop) = (store.clone(), stop.clone());
        tokio::spawn(async move {
            let mut written = 0_u32;
            while !stop.load(Ordering::Relaxed) {
                let events = call(&format!("c{written:06}"), i64::from(written))
                    .arrived("03")
                    .answered_by("a")
                    .ended();
                store.append(&events).await.unwrap();
                written += 1;
            }
            written
        })
    };
    let all = CallFilter {
        limit: 1_000_000,
        ..CallFilter::default()
    };
    while store.list_calls(&all).await.unwrap().calls.len() < 100 {
        tokio::task::yield_now().await;
    }
    let dir = tempfile::tempdir().unwrap();
    store.copy_to(dir.path()).await.unwrap();
    stop.store(true, Ordering::Relaxed);
    let written = writer.await.unwrap();
    let elsewhere = match &place.address {
        address if address.starts_with("sqlite") => {
            format!("sqlite://{}", dir.path().join("back.sqlite").display())
        }
        _ => Place::postgres().await.address,
    };
    Store::bring_back(dir.path(), &elsewhere).await.unwrap();
    let back = Store::open(&elsewhere).await.unwrap();
    let copied = back.list_calls(&all).await.unwrap().calls;
    assert!(copied.len() >= 100 && copied.len() <= written as usize);
    let original = store.list_calls(&all).await.unwrap().calls;
    let later = original.len() - copied.len();
    assert_eq!(original[later..], copied, "the first ones, and whole");
    back.close().await;
    let again = Store::bring_back(dir.path(), &elsewhere).await;
    assert!(matches!(again, Err(BackupError::NotEmpty { .. })));
}
