//! What is done once an hour: sessions that are over are forgotten, audit records that were kept
//! long enough are deleted, and the end of the audit log is told to the log: written down
//! elsewhere, it proves the whole chain up to there.

use std::sync::Arc;
use std::time::Duration;

use madoguchi_core::account::SessionLimits;
use madoguchi_core::audit::{Action, Actor, AuditEntry, Fields};
use madoguchi_core::clock::Clock;
use madoguchi_core::setup::{AUDIT_RETENTION, AuditRetention};
use madoguchi_core::time::Instant;
use madoguchi_store::{Store, StoreError};

const EVERY: Duration = Duration::from_secs(3_600);

/// Does so until the desk stops.
pub(crate) async fn keep(store: Store, clock: Arc<dyn Clock>, sessions: SessionLimits) {
    loop {
        let now = clock.now();
        let swept = store.sweep_sessions(now - sessions.idle, now - sessions.absolute);
        if let Err(error) = swept.await {
            tracing::warn!(%error, "sessions that are over cannot be forgotten now");
        }
        if let Err(error) = keep_audit(&store, now).await {
            tracing::warn!(%error, "old audit records cannot be deleted now");
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn keep_audit(store: &Store, now: Instant) -> Result<(), StoreError> {
    let settings = store.list_settings(AUDIT_RETENTION).await?;
    let data = settings.first().and_then(|setting| setting.data.as_deref());
    let retention: AuditRetention = data
        .and_then(|data| serde_json::from_str(data).ok())
        .unwrap_or_default();
    if let Some(before) = retention.deletes_before(now) {
        let entry = AuditEntry {
            at: now,
            actor: Actor::System,
            address: String::new(),
            action: Action::AuditDelete,
            object: String::new(),
            before: Fields::new(),
            after: Fields::from([("before".to_owned(), before.to_rfc3339())]),
        };
        let deleted = store.delete_audit_before(before, entry).await?;
        if deleted > 0 {
            tracing::info!(records = deleted, "old audit records were deleted");
        }
    }
    let (seq, hash) = store.audit_end().await?;
    tracing::info!(audit.seq = seq, audit.hash = %hash.to_hex(), "the end of the audit log");
    Ok(())
}

#[cfg(test)]
mod tests {
    use madoguchi_core::time::Millis;
    use madoguchi_store::{AuditFilter, NewVersion};

    use super::*;

    fn entry(at: Instant) -> AuditEntry {
        AuditEntry {
            at,
            actor: Actor::System,
            address: String::new(),
            action: Action::CallView,
            object: "c".to_owned(),
            before: Fields::new(),
            after: Fields::new(),
        }
    }

    #[tokio::test]
    async fn records_are_deleted_when_they_were_kept_as_long_as_is_set() {
        let store = Store::open("sqlite::memory:").await.unwrap();
        let now = Instant(1_800_000_000_000);
        let days = |days: i64| Millis::from_secs(days * 86_400);
        let old = [
            entry(now - days(500)),
            entry(now - days(401)),
            entry(now - days(399)),
        ];
        store.append_audit(&old).await.unwrap();
        keep_audit(&store, now).await.unwrap();
        let count = async || {
            let all = AuditFilter {
                action: Some(Action::CallView),
                limit: 10,
                ..AuditFilter::default()
            };
            store.list_audit(&all).await.unwrap().len()
        };
        assert_eq!(count().await, 3, "kept for ever unless set otherwise");
        let version = NewVersion {
            kind: AUDIT_RETENTION,
            id: "days".to_owned(),
            replaces: 0,
            data: Some(r#"{"days":400}"#.to_owned()),
        };
        store.save_settings(&[version], entry(now)).await.unwrap();
        keep_audit(&store, now).await.unwrap();
        assert_eq!(
            count().await,
            2,
            "the young one, and the record of the setting"
        );
        assert_eq!(store.verify_audit().await.unwrap().fault, None);
    }
}
