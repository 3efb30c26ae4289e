//! Units of work: changes, their records and what is told of them, together or not at all.

use std::time::Duration;

use madoguchi_core::access::Role;
use madoguchi_core::account::User;
use madoguchi_core::article::{Article, Content};
use madoguchi_core::audience::Audience;
use madoguchi_core::audit::{Action, AuditEntry};
use madoguchi_core::time::Instant;
use madoguchi_store::{AuditFilter, AuditRecord, Store, StoreError};

use crate::accounts::{add, entry, user};
use crate::place::{Place, on_databases};

on_databases!([sqlite_file, postgres] [
    a_commit_keeps_the_changes_their_records_and_what_is_told_of_them,
    what_is_dropped_leaves_nothing_and_the_next_unit_begins,
    a_unit_with_a_refused_change_cannot_be_committed,
    what_breaks_off_anywhere_leaves_nothing,
    units_at_the_same_time_keep_one_chain,
]);

fn article(id: &str) -> Article {
    let content = Content {
        question: "旅費の精算".to_owned(),
        audience: Audience::Portal,
        ..Content::default()
    };
    Article::imported(id, content, Instant(1))
}

async fn records(store: &Store) -> Vec<AuditRecord> {
    let all = AuditFilter {
        limit: 1_000,
        ..AuditFilter::default()
    };
    assert_eq!(store.verify_audit().await.unwrap().fault, None);
    store.list_audit(&all).await.unwrap()
}

/// What a unit of work may leave: records, articles told to searches, changes of access.
async fn left(store: &Store) -> (usize, usize, i64) {
    let fed = store.knowledge_changes(0, 1_000).await.unwrap().len();
    let access = store.access_changes(None).await.unwrap().count;
    (records(store).await.len(), fed, access)
}

fn about(action: Action, object: &str) -> AuditEntry {
    AuditEntry {
        object: object.to_owned(),
        ..entry(action)
    }
}

async fn sato(store: &Store) -> User {
    add(store, &user("sato", "佐藤", &[Role::Agent])).await;
    let found = store.lookup_login("sato").await.unwrap();
    found.unwrap().user
}

async fn a_commit_keeps_the_changes_their_records_and_what_is_told_of_them(place: Place) {
    let store = place.open().await;
    let sato = sato(&store).await;
    let mut tx = store.begin(about(Action::ArticleWrite, "a")).await.unwrap();
    tx.save_article(&article("a"), Instant(1)).await.unwrap();
    tx.describe("articles", "1".to_owned());
    tx.record(about(Action::UserChange, "sato"));
    tx.save_user(&sato).await.unwrap();
    tx.use_totp_step(&sato.id, 7).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(left(&store).await, (3, 1, 1));
    let told = records(&store).await;
    assert_eq!(told[1].entry.object, "a");
    assert_eq!(told[1].entry.after["articles"], "1");
    assert_eq!(told[0].entry, about(Action::UserChange, "sato"));
    assert!(store.lookup_article(&"a".into()).await.unwrap().is_some());
    assert!(!unrecorded!(store, use_totp_step(&sato.id, 7)).unwrap());
}

async fn what_is_dropped_leaves_nothing_and_the_next_unit_begins(place: Place) {
    let store = place.open().await;
    let sato = sato(&store).await;
    let before = left(&store).await;
    for n in 0..20 {
        let mut tx = store.begin(entry(Action::ArticleWrite)).await.unwrap();
        tx.save_article(&article("a"), Instant(1)).await.unwrap();
        if n % 2 == 0 {
            tx.save_user(&sato).await.unwrap();
        }
        drop(tx);
    }
    assert_eq!(left(&store).await, before);
    assert_eq!(store.lookup_article(&"a".into()).await.unwrap(), None);
    let written = entry(Action::ArticleWrite);
    change!(store, written, save_article(&article("a"), Instant(1))).unwrap();
    assert_eq!(left(&store).await, (before.0 + 1, 1, 0));
}

async fn a_unit_with_a_refused_change_cannot_be_committed(place: Place) {
    let store = place.open().await;
    let sato = sato(&store).await;
    let before = left(&store).await;
    // The one who was slower, and forgot to look at the answer.
    let mut tx = store.begin(entry(Action::UserChange)).await.unwrap();
    tx.save_article(&article("a"), Instant(1)).await.unwrap();
    let stale = User {
        version: sato.version + 1,
        ..sato.clone()
    };
    let refused = tx.save_user(&stale).await;
    assert!(matches!(refused, Err(StoreError::Changed { .. })));
    assert!(matches!(tx.commit().await, Err(StoreError::Refused)));
    // Something that is not there.
    let mut tx = store.begin(entry(Action::SignOut)).await.unwrap();
    assert!(!tx.end_session("none", &sato.id).await.unwrap());
    assert!(matches!(tx.commit().await, Err(StoreError::Refused)));
    // A name that is taken; PostgreSQL breaks the transaction off by itself.
    let mut tx = store.begin(entry(Action::UserCreate)).await.unwrap();
    let taken = tx.add_user(&sato, None).await;
    assert!(matches!(taken, Err(StoreError::Taken { .. })));
    assert!(matches!(tx.commit().await, Err(StoreError::Refused)));
    assert_eq!(left(&store).await, before);
    assert_eq!(store.lookup_article(&"a".into()).await.unwrap(), None);
}

async fn what_breaks_off_anywhere_leaves_nothing(place: Place) {
    let store = place.open().await;
    let sato = sato(&store).await;
    let before = left(&store).await;
    // As handlers whose browsers have gone: in the middle of a statement as well.
    for micros in 0..60 {
        let (store, sato) = (store.clone(), sato.clone());
        let never_committed = async move {
            let mut tx = store.begin(entry(Action::ArticleWrite)).await.unwrap();
            for n in 0.. {
                let _refused = tx.save_user(&sato).await;
                let article = article(&format!("a{n}"));
                tx.save_article(&article, Instant(1)).await.unwrap();
                tx.record(entry(Action::ArticleWrite));
            }
        };
        let within = Duration::from_micros(micros * 200);
        let ended = tokio::time::timeout(within, never_committed).await;
        assert!(ended.is_err(), "it goes on until it is broken off");
    }
    assert_eq!(left(&store).await, before);
    change!(store, entry(Action::UserChange), save_user(&sato)).unwrap();
    assert_eq!(left(&store).await, (before.0 + 1, 0, 1));
}

async fn units_at_the_same_time_keep_one_chain(place: Place) {
    let store = place.open().await;
    let writing = (0..20).map(|n| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut tx = store.begin(entry(Action::ArticleImport)).await?;
            tx.save_article(&article(&format!("a{n}")), Instant(1))
                .await?;
            if n % 4 == 0 {
                drop(tx);
                return Ok(());
            }
            tx.commit().await
        })
    });
    for written in writing.collect::<Vec<_>>() {
        let written: Result<(), StoreError> = written.await.unwrap();
        written.unwrap();
    }
    assert_eq!(left(&store).await, (15, 15, 0));
    // The feed tells them in the order of their positions, without a gap.
    let feed = store.knowledge_changes(0, 100).await.unwrap();
    let positions: Vec<_> = feed.iter().map(|(position, _)| *position).collect();
    assert_eq!(positions, (1..=15).collect::<Vec<_>>());
}
