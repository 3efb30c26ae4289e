//! The audit log: chained, filtered, verified, cut off at its old end.

use madoguchi_core::audit::{Action, Actor, AuditEntry, Fields};
use madoguchi_core::time::Instant;
use madoguchi_store::{AuditFault, AuditFilter, Start, Store};
use sqlx::Connection as _;

use crate::place::{Place, on_databases};

on_databases!([sqlite_file, postgres] [
    records_are_numbered_chained_and_found_by_what_they_tell,
    pages_follow_each_other_without_gap,
    a_changed_record_is_found,
    a_deleted_record_is_found_wherever_it_was,
    an_added_record_is_found,
    records_kept_long_enough_are_deleted_and_that_is_recorded,
    writers_at_the_same_time_keep_one_chain,
]);

fn entry(at: i64, login: &str, action: Action, object: &str) -> AuditEntry {
    AuditEntry {
        at: Instant(at),
        actor: Actor::User {
            id: login.into(),
            login: login.to_owned(),
        },
        address: "192.0.2.1".to_owned(),
        action,
        object: object.to_owned(),
        before: Fields::from([("役割".to_owned(), "agent\0".to_owned())]),
        after: Fields::from([("役割".to_owned(), "supervisor".to_owned())]),
    }
}

async fn ten(store: &Store) {
    let entries: Vec<_> = (1..=10)
        .map(|n| entry(n * 1000, "sato", Action::UserChange, &format!("u{n}")))
        .collect();
    store.append_audit(&entries).await.unwrap();
}

async fn fault(store: &Store) -> Option<AuditFault> {
    store.verify_audit().await.unwrap().fault
}

/// Does to the database what nobody may do.
async fn tamper(place: &Place, statement: &'static str) {
    let mut connection = sqlx::AnyConnection::connect(&place.address).await.unwrap();
    let done = sqlx::query(statement)
        .execute(&mut connection)
        .await
        .unwrap();
    assert!(done.rows_affected() > 0);
    connection.close().await.unwrap();
}

async fn records_are_numbered_chained_and_found_by_what_they_tell(place: Place) {
    let store = place.open().await;
    assert_eq!(fault(&store).await, None);
    ten(&store).await;
    let other = entry(20_000, "abe", Action::CallView, "c1");
    store
        .append_audit(std::slice::from_ref(&other))
        .await
        .unwrap();
    let find = async |filter: AuditFilter| {
        let filter = AuditFilter {
            limit: 100,
            ..filter
        };
        store.list_audit(&filter).await.unwrap()
    };
    let all = find(AuditFilter::default()).await;
    let numbers: Vec<_> = all.iter().map(|record| record.seq).collect();
    assert_eq!(numbers, (1..=11).rev().collect::<Vec<_>>());
    // PostgreSQL cannot hold U+0000; all else is kept as it was.
    assert_eq!(all[0].entry.after, other.after);
    let by_actor = AuditFilter {
        actor: Some("abe".to_owned()),
        ..AuditFilter::default()
    };
    assert_eq!(find(by_actor).await.len(), 1);
    let by_object = AuditFilter {
        object: Some("u3".to_owned()),
        action: Some(Action::UserChange),
        ..AuditFilter::default()
    };
    assert_eq!(find(by_object).await[0].seq, 3);
    let by_time = AuditFilter {
        from: Some(Instant(2_000)),
        until: Some(Instant(4_000)),
        ..AuditFilter::default()
    };
    assert_eq!(find(by_time).await.len(), 2);
    let verified = store.verify_audit().await.unwrap();
    assert_eq!(
        (verified.sound, verified.last_seq, verified.fault),
        (11, 11, None)
    );
}

async fn pages_follow_each_other_without_gap(place: Place) {
    let store = place.open().await;
    let entries: Vec<_> = (0..10)
        .map(|n| entry(n / 4, "sato", Action::CallView, "c"))
        .collect();
    store.append_audit(&entries).await.unwrap();
    let mut filter = AuditFilter {
        limit: 3,
        ..AuditFilter::default()
    };
    let mut seen = Vec::new();
    loop {
        let page = store.page_audit(&filter).await.unwrap();
        seen.extend(page.rows.iter().map(|record| record.seq));
        let Some(after) = page.after else { break };
        filter.start = Start::After(after);
    }
    assert_eq!(seen, (1..=10).rev().collect::<Vec<_>>());
}

async fn a_changed_record_is_found(place: Place) {
    let store = place.open().await;
    ten(&store).await;
    tamper(
        &place,
        "UPDATE audit SET address = '192.0.2.2' WHERE seq = 4",
    )
    .await;
    assert_eq!(fault(&store).await, Some(AuditFault::Changed { seq: 4 }));
}

async fn a_deleted_record_is_found_wherever_it_was(place: Place) {
    let store = place.open().await;
    ten(&store).await;
    tamper(&place, "DELETE FROM audit WHERE seq = 10").await;
    assert_eq!(
        fault(&store).await,
        Some(AuditFault::Missing { seq: 10 }),
        "the last"
    );
    tamper(&place, "DELETE FROM audit WHERE seq = 6").await;
    assert_eq!(
        fault(&store).await,
        Some(AuditFault::Missing { seq: 6 }),
        "in between"
    );
    tamper(&place, "DELETE FROM audit WHERE seq = 1").await;
    assert_eq!(
        fault(&store).await,
        Some(AuditFault::Missing { seq: 1 }),
        "the first"
    );
}

async fn an_added_record_is_found(place: Place) {
    let store = place.open().await;
    ten(&store).await;
    tamper(
        &place,
        "INSERT INTO audit SELECT 11, at, actor, actor_name, address, action, object, \
         before_fields, after_fields, hash FROM audit WHERE seq = 10",
    )
    .await;
    assert_eq!(fault(&store).await, Some(AuditFault::Added { seq: 11 }));
}

async fn records_kept_long_enough_are_deleted_and_that_is_recorded(place: Place) {
    let store = place.open().await;
    ten(&store).await;
    let deletion = || entry(50_000, "admin", Action::AuditDelete, "");
    let before = Instant(4_001);
    let deleted = change!(store, deletion(), delete_audit_before(before));
    assert_eq!(deleted.unwrap(), 4);
    let mut tx = store.begin(deletion()).await.unwrap();
    assert_eq!(tx.delete_audit_before(before).await.unwrap(), 0);
    drop(tx);
    let verified = store.verify_audit().await.unwrap();
    assert_eq!((verified.sound, verified.fault), (7, None));
    let newest = AuditFilter {
        limit: 1,
        ..AuditFilter::default()
    };
    let newest = store.list_audit(&newest).await.unwrap();
    assert_eq!(newest[0].entry.action, Action::AuditDelete);
    assert_eq!(newest[0].entry.after["up_to"], "4");
    // What is left is still guarded.
    tamper(&place, "DELETE FROM audit WHERE seq = 5").await;
    assert_eq!(fault(&store).await, Some(AuditFault::Missing { seq: 5 }));
}

async fn writers_at_the_same_time_keep_one_chain(place: Place) {
    let store = place.open().await;
    let writing: Vec<_> = (0..20)
        .map(|n| {
            let store = store.clone();
            let entries = vec![entry(n, "sato", Action::CallView, "c"); 5];
            tokio::spawn(async move { store.append_audit(&entries).await })
        })
        .collect();
    for written in writing {
        written.await.unwrap().unwrap();
    }
    let verified = store.verify_audit().await.unwrap();
    assert_eq!((verified.sound, verified.fault), (100, None));
}
