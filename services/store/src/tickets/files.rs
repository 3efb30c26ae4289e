//! The contents of files beside tickets, in parts, so that nobody holds a whole one in memory who sends
//! it; and files for tickets that are not registered yet.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use madoguchi_core::id::{AttachmentId, TicketId, UserId};
use madoguchi_core::ticket::{Attachment, TicketChange, TicketEvent};
use madoguchi_core::time::Instant;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::log::{json, unreadable};
use crate::error::StoreError;
use crate::sql::storable;
use crate::store::Store;
use crate::tx::UnrecordedTx;

/// The bytes of a part.
const PART_BYTES: usize = 1024 * 1024;

impl UnrecordedTx {
    /// Keeps the content of a file. It belongs to a ticket, or to one that is not registered yet, which
    /// is told of it in the same unit. `false` if there is a file of this name already; then the unit
    /// cannot be committed.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn add_ticket_file(
        &mut self,
        id: &AttachmentId,
        content: &[u8],
    ) -> Result<bool, StoreError> {
        for (part, content) in (0_i64..).zip(content.chunks(PART_BYTES)) {
            let added = sqlx::query(
                "INSERT INTO ticket_file_parts (file_id, part, content) VALUES ($1, $2, $3) \
                 ON CONFLICT (file_id, part) DO NOTHING",
            )
            .bind(storable(id.as_str()))
            .bind(part)
            .bind(STANDARD.encode(content))
            .execute(self.connection())
            .await?;
            if !self.found(added.rows_affected()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Keeps that somebody brought a file for a ticket that is not registered yet.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn add_draft_file(
        &mut self,
        (user, ticket): (&UserId, &TicketId),
        file: &Attachment,
        at: Instant,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO ticket_draft_files (file_id, user_id, ticket_id, at, file) \
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(storable(file.id.as_str()))
        .bind(storable(user.as_str()))
        .bind(storable(ticket.as_str()))
        .bind(at.0)
        .bind(storable(&json(ticket, file)?))
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Hands over the files that somebody brought for a ticket, which is registered in the same unit.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn take_draft_files(
        &mut self,
        user: &UserId,
        ticket: &TicketId,
    ) -> Result<Vec<Attachment>, StoreError> {
        let files = draft_files(self.connection(), user, ticket).await?;
        if !files.is_empty() {
            sqlx::query("DELETE FROM ticket_draft_files WHERE user_id = $1 AND ticket_id = $2")
                .bind(storable(user.as_str()))
                .bind(storable(ticket.as_str()))
                .execute(self.connection())
                .await?;
        }
        Ok(files)
    }

    /// Forgets a file that somebody brought for a ticket that is not registered yet, and its content.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn forget_draft_file(
        &mut self,
        (user, ticket): (&UserId, &TicketId),
        id: &AttachmentId,
    ) -> Result<(), StoreError> {
        let forgotten = sqlx::query(
            "DELETE FROM ticket_draft_files \
             WHERE file_id = $1 AND user_id = $2 AND ticket_id = $3",
        )
        .bind(storable(id.as_str()))
        .bind(storable(user.as_str()))
        .bind(storable(ticket.as_str()))
        .execute(self.connection())
        .await?;
        // The content of somebody else's stays.
        if forgotten.rows_affected() > 0 {
            forget(self.connection(), std::slice::from_ref(id)).await?;
        }
        Ok(())
    }

    /// Forgets the files that somebody brought for a ticket that is not going to be registered.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn forget_draft_files(
        &mut self,
        user: &UserId,
        ticket: &TicketId,
    ) -> Result<(), StoreError> {
        let files = self.take_draft_files(user, ticket).await?;
        let ids: Vec<_> = files.into_iter().map(|file| file.id).collect();
        forget(self.connection(), &ids).await
    }

    /// Forgets the files for tickets that were not registered for a long time.
    pub(super) async fn forget_draft_files_before(
        &mut self,
        before: Instant,
    ) -> Result<(), StoreError> {
        for statement in [
            "DELETE FROM ticket_file_parts WHERE file_id IN \
             (SELECT file_id FROM ticket_draft_files WHERE at < $1)",
            "DELETE FROM ticket_draft_files WHERE at < $1",
        ] {
            sqlx::query(statement)
                .bind(before.0)
                .execute(self.connection())
                .await?;
        }
        Ok(())
    }
}

impl Store {
    /// The files that somebody brought for a ticket that is not registered yet, in the order in which
    /// they were brought.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn draft_files(
        &self,
        user: &UserId,
        ticket: &TicketId,
    ) -> Result<Vec<Attachment>, StoreError> {
        draft_files(&mut *self.read()?.acquire().await?, user, ticket).await
    }

    /// A part of the content of a file, counted from 0; `None` behind the last.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::OutOfRange`] if it cannot be read.
    pub async fn ticket_file_part(
        &self,
        id: &AttachmentId,
        part: u32,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let row =
            sqlx::query("SELECT content FROM ticket_file_parts WHERE file_id = $1 AND part = $2")
                .bind(storable(id.as_str()))
                .bind(i64::from(part))
                .fetch_optional(self.read()?)
                .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let text: String = row.try_get("content")?;
        let content = STANDARD.decode(text).map_err(|_| StoreError::OutOfRange {
            what: "a part of a file",
            found: i64::from(part),
        })?;
        Ok(Some(content))
    }
}

async fn draft_files(
    connection: &mut AnyConnection,
    user: &UserId,
    ticket: &TicketId,
) -> Result<Vec<Attachment>, StoreError> {
    let rows = sqlx::query(
        "SELECT ticket_id, file FROM ticket_draft_files WHERE user_id = $1 AND ticket_id = $2 \
         ORDER BY at, file_id",
    )
    .bind(storable(user.as_str()))
    .bind(storable(ticket.as_str()))
    .fetch_all(connection)
    .await?;
    rows.iter().map(file).collect()
}

fn file(row: &AnyRow) -> Result<Attachment, StoreError> {
    let text: &str = row.try_get("file")?;
    serde_json::from_str(text)
        .map_err(|source| unreadable(row.try_get("ticket_id").unwrap_or_default(), source))
}

/// Forgets the contents of files.
pub(super) async fn forget(
    connection: &mut AnyConnection,
    ids: &[AttachmentId],
) -> Result<(), StoreError> {
    for id in ids {
        sqlx::query("DELETE FROM ticket_file_parts WHERE file_id = $1")
            .bind(storable(id.as_str()))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Forgets the contents of files that these events take away.
pub(super) async fn forget_removed(
    connection: &mut AnyConnection,
    events: &[TicketEvent],
) -> Result<(), StoreError> {
    let removed = events.iter().filter_map(|event| match &event.change {
        TicketChange::FileRemoved { file, .. } => Some(file.clone()),
        _ => None,
    });
    let removed: Vec<_> = removed.collect();
    forget(connection, &removed).await
}
