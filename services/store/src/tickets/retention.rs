//! After the time of retention names and numbers are taken out of tickets; what figures count stays.

use madoguchi_core::id::{TicketId, UserId};
use madoguchi_core::ticket::{Ticket, TicketChange};
use madoguchi_core::time::Instant;
use sqlx::{AnyConnection, Row};

use super::changing::{self, TicketEdit, TicketWriteError};
use super::log::{events_of, json};
use super::{files, row};
use crate::error::StoreError;
use crate::sql::storable;
use crate::store::Store;
use crate::tx::UnrecordedTx;

impl Store {
    /// The tickets that have been 完了 since before an instant and still hold names and numbers, the oldest
    /// first: what the next run would take in hand.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn tickets_past_retention(
        &self,
        before: Instant,
        limit: u32,
    ) -> Result<Vec<TicketId>, StoreError> {
        let rows = sqlx::query(
            "SELECT id FROM tickets WHERE done_at < $1 AND anonymised = 0 \
             ORDER BY done_at, id LIMIT $2",
        )
        .bind(before.0)
        .bind(i64::from(limit))
        .fetch_all(self.read()?)
        .await?;
        rows.iter()
            .map(|row| Ok(TicketId::new(row.try_get::<&str, _>("id")?)))
            .collect()
    }
}

impl UnrecordedTx {
    /// Takes names and numbers out of a ticket and its whole history. Nothing brings them back.
    ///
    /// # Errors
    /// [`TicketWriteError`]; then the unit cannot be committed.
    pub async fn anonymise_ticket(
        &mut self,
        id: &TicketId,
        at: Instant,
        by: Option<UserId>,
    ) -> Result<Ticket, TicketWriteError> {
        self.lock_records().await?;
        let anonymised = anonymise(self.connection(), id, at, by).await;
        self.checked_ticket(anonymised)
    }
}

async fn anonymise(
    connection: &mut AnyConnection,
    id: &TicketId,
    at: Instant,
    by: Option<UserId>,
) -> Result<Ticket, TicketWriteError> {
    let edit = TicketEdit {
        id: id.clone(),
        version: None,
        by,
        at,
        happened_at: None,
        changes: vec![TicketChange::Anonymised],
    };
    if let Some(before) = row::lookup(connection, id).await? {
        let own = before.attachments().map(|own| own.file.id.clone());
        let own: Vec<_> = own.collect();
        files::forget(connection, &own).await?;
    }
    changing::change(connection, &edit).await?;
    let events = events_of(connection, &[id]).await?;
    let cleared: Vec<_> = events.iter().map(|event| event.anonymised()).collect();
    for (event, cleared) in events.iter().zip(&cleared) {
        if event == cleared {
            continue;
        }
        sqlx::query("UPDATE ticket_events SET event = $1 WHERE ticket_id = $2 AND seq = $3")
            .bind(json(id, cleared)?)
            .bind(storable(id.as_str()))
            .bind(i64::from(event.seq))
            .execute(&mut *connection)
            .await?;
    }
    let ticket = Ticket::fold(&cleared).ok_or(TicketWriteError::Missing)?;
    row::write(connection, &ticket).await?;
    Ok(ticket)
}
