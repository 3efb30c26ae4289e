//! What is done once an hour: sessions that are over are forgotten, records of the audit and of the
//! readers of the FAQ that were kept long enough are deleted, old tickets lose their names, and the end of the audit log is told to the log: written down
//! elsewhere, it proves the whole chain up to there.

pub(crate) mod tickets;

use std::sync::Arc;

use anyhow::Context as _;
use futures::future::BoxFuture;
use madoguchi_core::account::SessionLimits;
use madoguchi_core::audit::{Action, AuditEntry, Fields};
use madoguchi_core::clock::{Clock, JumpWatch};
use madoguchi_core::portal::{LogRetention, PORTAL_RETENTION};
use madoguchi_core::setup::{AUDIT_RETENTION, AuditRetention};
use madoguchi_core::signal::{
    DIALOG_DAYS, MESSAGES_AT_MOST, REGISTRATION_TIME, SIGNAL_RETENTION, SignalRetention,
};
use madoguchi_core::ticket::{TICKET_RETENTION, TicketRetention};
use madoguchi_core::time::{Instant, Millis, Monotonic};
use madoguchi_store::{Store, StoreError};
use serde::de::DeserializeOwned;

use crate::scheduler::{Progress, Work};

/// Sessions are forgotten when they were over for so long: one that a clock set by mistake seems to
/// end goes on when the clock is right again.
const OVER_FOR: Millis = Millis::from_secs(86_400);
/// A clock that was set may be wrong for so long; what it takes for old is not deleted.
const TRUST_AFTER: Millis = Millis::from_secs(86_400);

/// Forgets sessions that are over.
pub(crate) struct Sessions {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) limits: SessionLimits,
}

impl Work for Sessions {
    fn run(&mut self) -> BoxFuture<'_, anyhow::Result<Progress>> {
        Box::pin(async move {
            let over = self.clock.now() - OVER_FOR;
            let (idle, absolute) = (over - self.limits.idle, over - self.limits.absolute);
            let swept = self.store.sweep_sessions(idle, absolute).await;
            swept.context("sessions that are over cannot be forgotten now")?;
            Ok(Progress::Again)
        })
    }
}

/// Deletes what was kept long enough.
pub(crate) struct Retention {
    store: Store,
    clock: Arc<dyn Clock>,
    watch: JumpWatch,
    deletes_from: Monotonic,
}

impl Retention {
    pub(crate) fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            watch: JumpWatch::new(clock.moment()),
            deletes_from: clock.monotonic(),
            clock,
        }
    }
}

impl Work for Retention {
    fn run(&mut self) -> BoxFuture<'_, anyhow::Result<Progress>> {
        Box::pin(async move {
            if self.watch.observe(self.clock.moment()).is_some() {
                self.deletes_from = self.clock.monotonic() + TRUST_AFTER;
                tracing::warn!("the clock was set: nothing old is deleted for a day");
            }
            if self.clock.monotonic() >= self.deletes_from {
                delete_old(&self.store, self.clock.now()).await?;
            }
            Ok(Progress::Again)
        })
    }
}

/// Deletes as much as can be; one that fails does not keep the other.
async fn delete_old(store: &Store, now: Instant) -> anyhow::Result<()> {
    let audit = keep_audit(store, now).await;
    let log = keep_portal_log(store, now).await;
    let drafts = forget_drafts(store, now).await;
    let tickets = keep_tickets(store, now).await;
    let signals = keep_signals(store, now).await;
    audit.context("old audit records cannot be deleted now")?;
    log.context("what readers of the FAQ did cannot be deleted now")?;
    drafts.context("what was typed and left cannot be forgotten now")?;
    signals.context("what was signalled long ago cannot be deleted now")?;
    tickets
}

/// Forgets what somebody typed for a ticket and did not come back to.
async fn forget_drafts(store: &Store, now: Instant) -> Result<(), StoreError> {
    let mut tx = store.begin_unrecorded().await?;
    tx.forget_old_ticket_drafts(now).await?;
    tx.commit().await
}

/// For how long names and numbers stand in tickets.
pub(crate) async fn ticket_retention(store: &Store) -> Result<TicketRetention, StoreError> {
    read_setting(store, TICKET_RETENTION).await
}

/// Takes names and numbers out of what was kept as long as is set.
async fn keep_tickets(store: &Store, now: Instant) -> anyhow::Result<()> {
    let Some(before) = ticket_retention(store).await?.clears_before(now) else {
        return Ok(());
    };
    let cleared = tickets::clear(store, before, now).await?;
    let failed: Vec<_> = cleared.failed.iter().map(ToString::to_string).collect();
    anyhow::ensure!(
        failed.is_empty(),
        "tickets cannot be anonymised: {}",
        failed.join(", ")
    );
    Ok(())
}

/// Tells the log where the audit log ends.
pub(crate) struct AuditEnd {
    pub(crate) store: Store,
}

impl Work for AuditEnd {
    fn run(&mut self) -> BoxFuture<'_, anyhow::Result<Progress>> {
        Box::pin(async move {
            let told = tell_audit_end(&self.store).await;
            told.context("the end of the audit log is not known now")?;
            Ok(Progress::Again)
        })
    }
}

/// Makes the index of words in tickets anew after an upgrade.
pub(crate) struct WordIndex {
    pub(crate) store: Store,
}

impl Work for WordIndex {
    fn run(&mut self) -> BoxFuture<'_, anyhow::Result<Progress>> {
        Box::pin(async move {
            self.store.rebuild_word_index_if_outdated().await?;
            Ok(Progress::Finished)
        })
    }
}

/// Makes the briefs of tickets, which months are read from, anew after an upgrade.
pub(crate) struct TicketBriefs {
    pub(crate) store: Store,
}

impl Work for TicketBriefs {
    fn run(&mut self) -> BoxFuture<'_, anyhow::Result<Progress>> {
        Box::pin(async move {
            self.store.rebuild_ticket_briefs_if_outdated().await?;
            Ok(Progress::Finished)
        })
    }
}

async fn keep_audit(store: &Store, now: Instant) -> Result<(), StoreError> {
    let retention: AuditRetention = read_setting(store, AUDIT_RETENTION).await?;
    if let Some(before) = retention.deletes_before(now) {
        let entry = deletion(now, before, Action::AuditDelete);
        let mut tx = store.begin(entry).await?;
        let deleted = tx.delete_audit_before(before).await?;
        if deleted > 0 {
            tx.commit().await?;
            tracing::info!(records = deleted, "old audit records were deleted");
        }
    }
    Ok(())
}

async fn tell_audit_end(store: &Store) -> Result<(), StoreError> {
    let (seq, hash) = store.audit_end().await?;
    tracing::info!(audit.seq = seq, audit.hash = %hash.to_hex(), "the end of the audit log");
    Ok(())
}

async fn keep_portal_log(store: &Store, now: Instant) -> Result<(), StoreError> {
    let retention: LogRetention = read_setting(store, PORTAL_RETENTION).await?;
    if let Some(before) = retention.deletes_before(now) {
        let entry = deletion(now, before, Action::PortalLogDelete);
        let mut tx = store.begin(entry).await?;
        let deleted = tx.delete_portal_log_before(before).await?;
        if deleted > 0 {
            tx.commit().await?;
            tracing::info!(records = deleted, "what readers of the FAQ did was deleted");
        }
    }
    Ok(())
}

/// For how long the messages of calls are kept.
pub(crate) async fn signal_retention(store: &Store) -> Result<SignalRetention, StoreError> {
    read_setting(store, SIGNAL_RETENTION).await
}

/// Deletes what was signalled and was kept as long as is set, or is too much.
async fn keep_signals(store: &Store, now: Instant) -> Result<(), StoreError> {
    let mut tx = store.begin_unrecorded().await?;
    tx.forget_registrations_before(now - REGISTRATION_TIME)
        .await?;
    tx.commit().await?;
    let before = signal_retention(store).await?.deletes_before(now);
    let dialogs_before = now - Millis::from_secs(i64::from(DIALOG_DAYS) * 86_400);
    let mut tx = store
        .begin(deletion(now, before, Action::SignalDelete))
        .await?;
    let deleted = tx
        .delete_signals(before, MESSAGES_AT_MOST, dialogs_before)
        .await?;
    if deleted > 0 {
        tx.commit().await?;
        tracing::info!(records = deleted, "old signals were deleted");
    }
    Ok(())
}

/// The one setting of a kind, or what holds without it.
pub(crate) async fn read_setting<T>(store: &Store, kind: &'static str) -> Result<T, StoreError>
where
    T: DeserializeOwned + Default,
{
    let settings = store.list_settings(kind).await?;
    let data = settings.first().and_then(|setting| setting.data.as_deref());
    let kept = data.and_then(|data| serde_json::from_str(data).ok());
    Ok(kept.unwrap_or_default())
}

fn deletion(now: Instant, before: Instant, action: Action) -> AuditEntry {
    AuditEntry::of_system(
        now,
        action,
        "",
        Fields::from([("before".to_owned(), before.to_rfc3339())]),
    )
}

#[cfg(test)]
mod tests {
    use madoguchi_core::audience::Viewer;
    use madoguchi_core::id::CategoryId;
    use madoguchi_core::signal::{SignalKind, SignalMessage};
    use madoguchi_store::{AuditFilter, NewVersion, Search};

    use super::*;

    pub(super) fn entry(at: Instant) -> AuditEntry {
        AuditEntry::of_system(at, Action::CallView, "c", Fields::new())
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
        let mut tx = store.begin(entry(now)).await.unwrap();
        tx.save_setting(&version).await.unwrap();
        tx.commit().await.unwrap();
        keep_audit(&store, now).await.unwrap();
        assert_eq!(
            count().await,
            2,
            "the young one, and the record of the setting"
        );
        assert_eq!(store.verify_audit().await.unwrap().fault, None);
    }
    #[tokio::test]
    async fn what_readers_did_is_deleted_when_it_was_kept_as_long_as_is_set() {
        let store = Store::open("sqlite::memory:").await.unwrap();
        let now = Instant(1_800_000_000_000);
        for days in [99, 101] {
            let search = Search {
                id: days.to_string(),
                at: now - Millis::from_secs(days * 86_400),
                viewer: Viewer::Portal,
                query: "宿泊料".to_owned(),
                category: CategoryId::default(),
                results: 3,
                site: None,
                user: None,
            };
            store.log_search(&search).await.unwrap();
        }
        let searches = async || {
            let figures = store.access_figures(Instant(0), now).await.unwrap();
            figures.portal.searches
        };
        keep_portal_log(&store, now).await.unwrap();
        assert_eq!(searches().await, 2, "kept for ever unless set otherwise");
        let version = NewVersion {
            kind: PORTAL_RETENTION,
            id: "days".to_owned(),
            replaces: 0,
            data: Some(r#"{"days":100}"#.to_owned()),
        };
        let mut tx = store.begin(entry(now)).await.unwrap();
        tx.save_setting(&version).await.unwrap();
        tx.commit().await.unwrap();
        keep_portal_log(&store, now).await.unwrap();
        assert_eq!(searches().await, 1);
        let filter = AuditFilter {
            action: Some(Action::PortalLogDelete),
            limit: 10,
            ..AuditFilter::default()
        };
        let told = store.list_audit(&filter).await.unwrap();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].entry.after["records"], "1");
    }

    #[tokio::test]
    async fn signals_are_deleted_by_whole_days_with_one_record_a_day() {
        let store = Store::open("sqlite::memory:").await.unwrap();
        let now = Instant::from_tokyo("2026-11-24T10:00:00".parse().unwrap());
        let message = |hours: i64| SignalMessage {
            at_us: (now.0 - hours * 3_600_000) * 1_000,
            seq: 0,
            repeated: 0,
            dialog: "a".to_owned(),
            source: "192.0.2.1:5060".to_owned(),
            destination: "192.0.2.2:5060".to_owned(),
            kind: SignalKind::Observed,
            text: hours.to_string(),
        };
        // The day seven days ago began 178 hours ago.
        let messages = [message(1), message(177), message(179), message(300)];
        let mut tx = store.begin_unrecorded().await.unwrap();
        tx.save_signals(&messages, &[]).await.unwrap();
        tx.commit().await.unwrap();
        for _ in 0..2 {
            keep_signals(&store, now).await.unwrap();
        }
        let left = store.signals_since(Instant(0), 10).await.unwrap();
        let hours: Vec<_> = left.iter().map(|one| one.text.as_str()).collect();
        assert_eq!(hours, ["177", "1"]);
        let filter = AuditFilter {
            action: Some(Action::SignalDelete),
            limit: 10,
            ..AuditFilter::default()
        };
        let told = store.list_audit(&filter).await.unwrap();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].entry.after["records"], "2");
    }
}
