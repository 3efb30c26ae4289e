//! Settings of the sample desk, as if somebody had made them on a screen.

use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::time::Instant;
use madoguchi_store::{NewVersion, Store, StoreError};
use serde::Serialize;

/// Writes one by its kind, its id and what the audit log calls it, unless there has been one already.
pub(super) async fn keep_setting(
    store: &Store,
    (kind, id, action): (&'static str, &str, Action),
    title: &str,
    setting: &impl Serialize,
    now: Instant,
) -> Result<(), StoreError> {
    if !store.setting_history(kind, id).await?.is_empty() {
        return Ok(());
    }
    let fields = Fields::from([("title".to_owned(), title.to_owned())]);
    let version = NewVersion {
        kind,
        id: id.to_owned(),
        replaces: 0,
        data: serde_json::to_string(setting).ok(),
    };
    let entry = AuditEntry::of_system(now, action, id, fields);
    let mut tx = store.begin(entry).await?;
    tx.save_setting(&version).await?;
    tx.commit().await
}
