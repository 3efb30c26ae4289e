//! Things that are set on screens, with their versions.

use madoguchi_core::audit::{Action, Actor, AuditEntry, Fields};
use madoguchi_core::time::Instant;
use madoguchi_store::{NewVersion, Resource, Store, StoreError};

use crate::place::{Place, on_databases};

on_databases!([sqlite_file, postgres] [
    every_version_is_kept_and_the_newest_counts,
    a_version_replaces_the_newest_only_and_all_go_together,
    what_was_checked_against_all_others_is_set_only_if_nothing_else_was,
    removed_things_are_found_with_what_they_last_were,
    recordings_are_kept_by_their_hash,
]);

async fn save(store: &Store, versions: &[NewVersion], at: i64) -> Result<(), StoreError> {
    let mut tx = store.begin(entry(at)).await?;
    for version in versions {
        tx.save_setting(version).await?;
    }
    tx.commit().await
}

async fn save_checked(store: &Store, version: &NewVersion, stamp: &str) -> Result<(), StoreError> {
    let mut tx = store.begin(entry(1)).await?;
    tx.expect_settings(stamp).await?;
    tx.save_setting(version).await?;
    tx.commit().await
}

fn entry(at: i64) -> AuditEntry {
    AuditEntry {
        at: Instant(at),
        actor: Actor::Nobody {
            login: "sato".to_owned(),
        },
        address: String::new(),
        action: Action::LineChange,
        object: String::new(),
        before: Fields::new(),
        after: Fields::new(),
    }
}

fn version(id: &str, replaces: i64, data: Option<&str>) -> NewVersion {
    NewVersion {
        kind: "line",
        id: id.to_owned(),
        replaces,
        data: data.map(str::to_owned),
    }
}

async fn every_version_is_kept_and_the_newest_counts(place: Place) {
    let store = place.open().await;
    save(&store, &[version("b", 0, Some("b1"))], 1)
        .await
        .unwrap();
    save(&store, &[version("a", 0, Some("a1"))], 2)
        .await
        .unwrap();
    save(&store, &[version("a", 1, Some("a2"))], 3)
        .await
        .unwrap();
    let list = store.list_settings("line").await.unwrap();
    let newest: Vec<_> = list
        .iter()
        .map(|one| (one.id.as_str(), one.version))
        .collect();
    assert_eq!(newest, [("a", 2), ("b", 1)]);
    save(&store, &[version("b", 1, None)], 4).await.unwrap();
    assert_eq!(
        store.list_settings("line").await.unwrap().len(),
        1,
        "removed"
    );
    save(&store, &[version("b", 2, Some("b3"))], 5)
        .await
        .unwrap();
    let history = store.setting_history("line", "b").await.unwrap();
    let data: Vec<_> = history.iter().map(|one| one.data.as_deref()).collect();
    assert_eq!(data, [Some("b3"), None, Some("b1")]);
    assert_eq!(
        (history[0].at, history[0].by.as_str()),
        (Instant(5), "sato")
    );
    assert_eq!(store.last_settings("line", 2).await.unwrap().len(), 2);
    assert!(store.list_settings("trunk").await.unwrap().is_empty());
}

async fn a_version_replaces_the_newest_only_and_all_go_together(place: Place) {
    let store = place.open().await;
    save(&store, &[version("a", 0, Some("1"))], 1)
        .await
        .unwrap();
    let both = [version("new", 0, Some("x")), version("a", 0, Some("2"))];
    let error = save(&store, &both, 2).await.unwrap_err();
    assert!(matches!(error, StoreError::Changed { .. }), "{error}");
    let list = store.list_settings("line").await.unwrap();
    assert_eq!(list.len(), 1);
    assert_eq!(list[0].data.as_deref(), Some("1"));
}

async fn what_was_checked_against_all_others_is_set_only_if_nothing_else_was(place: Place) {
    let store = place.open().await;
    let stamp = store.settings_stamp().await.unwrap();
    let first = version("a", 0, Some("1"));
    save_checked(&store, &first, &stamp).await.unwrap();
    let other = version("b", 0, Some("1"));
    let error = save_checked(&store, &other, &stamp).await.unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::Changed {
                what: Resource::Setup
            }
        ),
        "{error}"
    );
    assert_eq!(store.list_settings("line").await.unwrap().len(), 1);
    let stamp = store.settings_stamp().await.unwrap();
    let error = save_checked(&store, &first, &stamp).await.unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::Changed {
                what: Resource::Setting
            }
        ),
        "{error}"
    );
    save_checked(&store, &other, &stamp).await.unwrap();
}

async fn removed_things_are_found_with_what_they_last_were(place: Place) {
    let store = place.open().await;
    for (at, new) in (1..).zip([
        version("a", 0, Some("a1")),
        version("a", 1, Some("a2")),
        version("a", 2, None),
        version("b", 0, Some("b1")),
        version("c", 0, Some("c1")),
        version("c", 1, None),
        version("c", 2, Some("c3")),
    ]) {
        save(&store, &[new], at).await.unwrap();
    }
    let gone = store.removed_settings("line").await.unwrap();
    assert_eq!(gone.len(), 1);
    assert_eq!(
        (
            gone[0].id.as_str(),
            gone[0].version,
            gone[0].at,
            gone[0].data.as_deref()
        ),
        ("a", 3, Instant(3), Some("a2"))
    );
    assert!(store.removed_settings("trunk").await.unwrap().is_empty());
}

async fn recordings_are_kept_by_their_hash(place: Place) {
    let store = place.open().await;
    for _ in 0..2 {
        unrecorded!(store, add_recording("h", "UklGRg")).unwrap();
    }
    let found = store.lookup_recording("h").await.unwrap();
    assert_eq!(found.as_deref(), Some("UklGRg"));
    assert_eq!(store.lookup_recording("x").await.unwrap(), None);
}
