//! 問合せ: the log of what happened to tickets, and what is derived from it in the same transaction.

mod brief_row;
mod briefs;
pub(crate) mod changing;
pub(crate) mod counting;
mod drafts;
mod files;
mod importing;
mod list;
mod log;
mod merging;
mod month;
mod number;
mod paging;
mod rebuilding;
mod registration;
mod request_keys;
mod retention;
mod row;
mod unregistered;
mod viewers;
pub(crate) mod words;

use madoguchi_core::id::{CallId, TicketId};
use madoguchi_core::ticket::{Status, Ticket, TicketEvent, TicketNumber};
use madoguchi_core::time::Instant;
use sqlx::Row;

pub use self::changing::{NewTicket, TicketEdit, TicketWriteError};
pub use self::drafts::TicketDraft;
pub use self::importing::{LedgerFile, LedgerOutcome, LedgerPlan, LedgerReading, NumberedRow};
pub use self::list::TicketFilter;
use self::log::{events_of, ticket_id};
pub use self::month::{MonthTickets, TicketSpan};
pub use self::paging::{ContactFilter, TicketContact, TicketOrder};
pub use self::registration::KeptNoTicket;
pub use self::request_keys::{KeptRequest, NewRequest};
pub use self::retention::{PastTicket, RetentionPreview};
pub use self::row::TicketRow;
use self::row::lookup;
pub(crate) use self::row::number as number_of;
use crate::error::StoreError;
use crate::sql::{ROWS_IN_A_STATEMENT, storable};
use crate::store::Store;

/// Keeps a ticket as its history tells it.
#[cfg(feature = "testing")]
pub(crate) async fn insert_history(
    connection: &mut sqlx::AnyConnection,
    history: &[TicketEvent],
) -> Result<(), StoreError> {
    log::append(connection, history).await?;
    if let Some(ticket) = Ticket::fold(history) {
        row::write(connection, &ticket).await?;
    }
    Ok(())
}

impl Store {
    /// A ticket.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn lookup_ticket(&self, id: &TicketId) -> Result<Option<Ticket>, StoreError> {
        lookup(&mut *self.read()?.acquire().await?, id).await
    }

    /// The id of the ticket of this number.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn lookup_ticket_id(
        &self,
        number: TicketNumber,
    ) -> Result<Option<TicketId>, StoreError> {
        let row = sqlx::query("SELECT id FROM tickets WHERE fiscal_year = $1 AND sequence = $2")
            .bind(i64::from(number.fiscal_year))
            .bind(i64::from(number.sequence))
            .fetch_optional(self.read()?)
            .await?;
        row.map(|row| Ok(TicketId::new(row.try_get::<&str, _>("id")?)))
            .transpose()
    }

    /// Everything that happened to a ticket, in order.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn ticket_events(&self, id: &TicketId) -> Result<Vec<TicketEvent>, StoreError> {
        events_of(&mut *self.read()?.acquire().await?, &[id]).await
    }

    /// A ticket and all that go on as it, each with its history: whole matters, for the page of one.
    /// The ticket that the matter goes on as comes first.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn ticket_family(&self, id: &TicketId) -> Result<Vec<Ticket>, StoreError> {
        let mut connection = self.read()?.acquire().await?;
        let root = merging::resolve(&mut connection, id).await?;
        let mut family = Vec::new();
        let mut open = vec![root];
        while let Some(next) = open.pop() {
            if family.iter().any(|known: &Ticket| known.id == next) {
                continue;
            }
            if let Some(ticket) = lookup(&mut connection, &next).await? {
                open.extend(ticket.merged_from.iter().cloned());
                family.push(ticket);
            }
        }
        Ok(family)
    }

    /// The ticket that this one goes on as; itself if it is not merged.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn resolve_ticket(&self, id: &TicketId) -> Result<TicketId, StoreError> {
        merging::resolve(&mut *self.read()?.acquire().await?, id).await
    }

    /// The tickets that a call led to.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn tickets_of_call(&self, call: &CallId) -> Result<Vec<TicketId>, StoreError> {
        let rows = sqlx::query(
            "SELECT DISTINCT ticket_id FROM contacts WHERE call_id = $1 ORDER BY ticket_id",
        )
        .bind(storable(call.as_str()))
        .fetch_all(self.read()?)
        .await?;
        rows.iter().map(ticket_id).collect()
    }

    /// The histories of all tickets of which something happened from `from` on and before `until`, of
    /// those that calls of that time led to, and of those that they go on as: what the figures of a month
    /// need.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn ticket_histories(
        &self,
        from: Instant,
        until: Instant,
    ) -> Result<Vec<Vec<TicketEvent>>, StoreError> {
        let mut tx = self.begin_snapshot().await?;
        let rows = sqlx::query(
            "SELECT ticket_id FROM ticket_events WHERE kind IN \
             ('created', 'contact_added', 'analysis_begun', 'escalated') \
             AND happened_at >= $1 AND happened_at < $2 \
             UNION SELECT id FROM tickets WHERE received_at >= $1 AND received_at < $2 \
             UNION SELECT ticket_id FROM contacts WHERE from_at >= $1 AND from_at < $2",
        )
        .bind(from.0)
        .bind(until.0)
        .fetch_all(&mut *tx)
        .await?;
        let mut ids: Vec<TicketId> = rows.iter().map(ticket_id).collect::<Result<_, _>>()?;
        merging::add_families(&mut tx, &mut ids).await?;
        let mut histories = Vec::with_capacity(ids.len());
        for some in ids.chunks(ROWS_IN_A_STATEMENT) {
            let some: Vec<&TicketId> = some.iter().collect();
            let events = events_of(&mut tx, &some).await?;
            let each = events.chunk_by(|one, next| one.ticket == next.ticket);
            histories.extend(each.map(<[_]>::to_vec));
        }
        Ok(histories)
    }

    /// The tickets that changed after a position of the feed, with the position they stand at; at the
    /// most `limit` changes. One may come several times.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn ticket_changes(
        &self,
        after: i64,
        limit: u32,
    ) -> Result<Vec<(i64, TicketId)>, StoreError> {
        let rows = sqlx::query(
            "SELECT position, ticket_id FROM ticket_changes WHERE position > $1 \
             ORDER BY position LIMIT $2",
        )
        .bind(after)
        .bind(i64::from(limit))
        .fetch_all(self.read()?)
        .await?;
        rows.iter()
            .map(|row| Ok((row.try_get("position")?, ticket_id(row)?)))
            .collect()
    }

    /// The last position of that feed; 0 if there is none.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn ticket_position(&self) -> Result<i64, StoreError> {
        let row = sqlx::query("SELECT COALESCE(MAX(position), 0) AS position FROM ticket_changes")
            .fetch_one(self.read()?)
            .await?;
        Ok(row.try_get("position")?)
    }

    /// Tickets that are answered and not merged into others, after an id, in order: what may answer others.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn answered_tickets(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Ticket>, StoreError> {
        let rows = sqlx::query(
            "SELECT state FROM tickets WHERE id > $1 AND status IN ($2, $3) \
             AND merged_into IS NULL ORDER BY id LIMIT $4",
        )
        .bind(storable(after))
        .bind(Status::Answered.as_str())
        .bind(Status::Done.as_str())
        .bind(i64::from(limit))
        .fetch_all(self.read()?)
        .await?;
        rows.iter().map(row::state).collect()
    }
}
