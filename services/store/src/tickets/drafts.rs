//! What people typed for a call or a ticket and did not save yet. It is theirs alone, and no record of
//! anything.

use madoguchi_core::id::{TicketId, UserId};
use madoguchi_core::time::{Instant, Millis};
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::sql::{escaped, storable};
use crate::store::Store;
use crate::tx::UnrecordedTx;

/// What nobody came back to is forgotten after so long.
const KEPT_FOR: Millis = Millis::from_secs(90 * 86_400);
/// Since when something must have been typed to be kept.
pub(super) fn kept_since(now: Instant) -> Instant {
    now - KEPT_FOR
}

/// What the drafts of the forms of a ticket's page are like.
pub(super) fn forms_of(ticket: &TicketId) -> String {
    format!("form:{}:%", escaped(&storable(ticket.as_str())))
}

/// The most drafts of one person that are given.
const DRAFTS_AT_MOST: i64 = 100;

/// What somebody typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketDraft {
    /// For what: `call:ID`, `ticket:ID`, `new`; `form:ID:NAME` for a form of a ticket's page.
    pub subject: String,
    pub at: Instant,
    /// The version of the ticket that it began with.
    pub version: Option<u32>,
    /// The fields of the form, as JSON.
    pub form: String,
}

impl UnrecordedTx {
    /// Keeps what somebody has typed so far, in the place of what they had typed before for the same.
    /// What was typed earlier and comes later changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn keep_ticket_draft(
        &mut self,
        user: &UserId,
        draft: &TicketDraft,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO ticket_drafts (user_id, subject, at, version, form) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (user_id, subject) DO UPDATE SET \
             at = excluded.at, version = excluded.version, form = excluded.form \
             WHERE ticket_drafts.at <= excluded.at",
        )
        .bind(storable(user.as_str()))
        .bind(storable(&draft.subject))
        .bind(draft.at.0)
        .bind(draft.version.map(i64::from))
        .bind(storable(&draft.form))
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Forgets what somebody had typed for one thing.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn forget_ticket_draft(
        &mut self,
        user: &UserId,
        subject: &str,
    ) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM ticket_drafts WHERE user_id = $1 AND subject = $2")
            .bind(storable(user.as_str()))
            .bind(storable(subject))
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Forgets what nobody came back to for a long time, with its files; tells how many.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn forget_old_ticket_drafts(&mut self, now: Instant) -> Result<u64, StoreError> {
        self.forget_draft_files_before(now - KEPT_FOR).await?;
        let forgotten = sqlx::query("DELETE FROM ticket_drafts WHERE at < $1")
            .bind(kept_since(now).0)
            .execute(self.connection())
            .await?;
        Ok(forgotten.rows_affected())
    }
}

impl Store {
    /// What somebody had typed for one thing.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn lookup_ticket_draft(
        &self,
        user: &UserId,
        subject: &str,
    ) -> Result<Option<TicketDraft>, StoreError> {
        let row = sqlx::query(
            "SELECT subject, at, version, form FROM ticket_drafts \
             WHERE user_id = $1 AND subject = $2",
        )
        .bind(storable(user.as_str()))
        .bind(storable(subject))
        .fetch_optional(self.read()?)
        .await?;
        row.as_ref().map(read).transpose()
    }

    /// All that somebody has typed and not saved, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn ticket_drafts(&self, user: &UserId) -> Result<Vec<TicketDraft>, StoreError> {
        let rows = sqlx::query(
            "SELECT subject, at, version, form FROM ticket_drafts WHERE user_id = $1 \
             ORDER BY at DESC, subject LIMIT $2",
        )
        .bind(storable(user.as_str()))
        .bind(DRAFTS_AT_MOST)
        .fetch_all(self.read()?)
        .await?;
        rows.iter().map(read).collect()
    }

    /// Who has typed something for a ticket since an instant and not saved it.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn users_typing(
        &self,
        ticket: &TicketId,
        since: Instant,
    ) -> Result<Vec<UserId>, StoreError> {
        let rows = sqlx::query(
            "SELECT DISTINCT user_id FROM ticket_drafts \
             WHERE (subject = $1 OR subject LIKE $2 ESCAPE '!') AND at >= $3 ORDER BY user_id",
        )
        .bind(storable(&format!("ticket:{ticket}")))
        .bind(forms_of(ticket))
        .bind(since.0)
        .fetch_all(self.read()?)
        .await?;
        rows.iter()
            .map(|row| Ok(UserId::new(row.try_get::<&str, _>("user_id")?)))
            .collect()
    }
}

fn read(row: &AnyRow) -> Result<TicketDraft, StoreError> {
    let version: Option<i64> = row.try_get("version")?;
    Ok(TicketDraft {
        subject: row.try_get("subject")?,
        at: Instant(row.try_get("at")?),
        version: version.and_then(|version| u32::try_from(version).ok()),
        form: row.try_get("form")?,
    })
}
