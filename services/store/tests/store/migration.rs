//! The schema comes up by itself, wherever it starts from.

use madoguchi_store::{Appended, Store, StoreError};
use sqlx::{AnyConnection, AssertSqlSafe, Connection};

use crate::place::{Place, on_databases};
use crate::sample::call;

on_databases!([sqlite_file, postgres] [
    an_existing_database_keeps_what_it_holds,
    nodes_may_start_at_once,
    a_database_of_a_newer_program_is_refused,
    a_changed_migration_is_refused,
]);

async fn an_existing_database_keeps_what_it_holds(place: Place) {
    let events = call("a", 0).arrived("1").abandoned();
    let store = place.open().await;
    store.append(&events).await.unwrap();
    store.close().await;
    let store = place.open().await;
    assert_eq!(store.events_of(&"a".into()).await.unwrap(), events);
    assert_eq!(
        store.append(&events).await.unwrap(),
        Appended {
            new: 0,
            conflicting: 0
        }
    );
}

async fn nodes_may_start_at_once(place: Place) {
    let starting: Vec<_> = (0..6)
        .map(|_| {
            let address = place.address.clone();
            tokio::spawn(async move { Store::open(&address).await })
        })
        .collect();
    for store in starting {
        let store = store.await.unwrap().unwrap();
        store.ping().await.unwrap();
        store.close().await;
    }
}

async fn tampered(place: &Place, statement: &str) -> StoreError {
    place.open().await.close().await;
    let mut connection = AnyConnection::connect(&place.address).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    Store::open(&place.address).await.unwrap_err()
}

async fn a_database_of_a_newer_program_is_refused(place: Place) {
    let error = tampered(
        &place,
        "UPDATE _sqlx_migrations SET version = 9000 WHERE version = 1",
    );
    let error = error.await;
    assert!(
        matches!(error, StoreError::Newer { found: 9000, .. }),
        "{error}"
    );
    assert!(error.to_string().contains("9000"));
}

async fn a_changed_migration_is_refused(place: Place) {
    let statement = "UPDATE _sqlx_migrations SET checksum = checksum || checksum";
    let statement = if place.address.starts_with("sqlite") {
        "UPDATE _sqlx_migrations SET checksum = x'00'"
    } else {
        statement
    };
    let error = tampered(&place, statement).await;
    assert!(matches!(error, StoreError::Migration(_)), "{error}");
}
