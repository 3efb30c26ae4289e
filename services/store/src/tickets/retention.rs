//! After the time of retention names and numbers are taken out of tickets; what figures count stays.

use chrono::NaiveDate;
use madoguchi_core::id::{TicketId, UserId};
use madoguchi_core::ticket::{Ticket, TicketChange, TicketNumber, anonymised};
use madoguchi_core::time::Instant;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::changing::{self, TicketEdit, TicketWriteError};
use super::drafts;
use super::drafts::forms_of;
use super::log::{events_of, json};
use super::{files, row};
use crate::error::StoreError;
use crate::sql::{Sql, storable};
use crate::store::Store;
use crate::tx::UnrecordedTx;

/// Tickets that have been 完了, or merged and left alone, since before `?`, with the instant since when.
const PAST: &str = "(SELECT id, fiscal_year, sequence, done_at AS since FROM tickets \
     WHERE done_at < ? AND anonymised = 0 UNION ALL \
     SELECT id, fiscal_year, sequence, updated_at AS since FROM tickets \
     WHERE merged_into IS NOT NULL AND done_at IS NULL AND updated_at < ? AND anonymised = 0) \
     AS past";
/// So many of the oldest are shown beforehand.
const OLDEST: u32 = 10;

/// A ticket past the time of retention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastTicket {
    pub id: TicketId,
    /// 受付番号
    pub number: TicketNumber,
    /// Since when it is 完了, or merged and left alone.
    pub since: Instant,
}

/// What would be changed now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionPreview {
    /// Tickets that hold names and numbers.
    pub tickets: u64,
    /// The oldest of them.
    pub oldest: Vec<PastTicket>,
    /// Notes on calls without a ticket.
    pub call_notes: u64,
    /// People who left.
    pub people: u64,
    /// Since when the one is gone who left first.
    pub left_first: Option<NaiveDate>,
    /// What somebody typed and did not come back to.
    pub drafts: u64,
    /// Tickets that are not 完了 and stay as they are, though they came before that day.
    pub still_open: u64,
}

impl Store {
    /// What is done to what is older than a day, without doing it.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn retention_preview(
        &self,
        before: Instant,
        now: Instant,
    ) -> Result<RetentionPreview, StoreError> {
        let mut connection = self.read()?.acquire().await?;
        let connection = &mut *connection;
        let mut sql = Sql::new("SELECT CAST(COUNT(*) AS BIGINT) AS found FROM ");
        push_past(&mut sql, before);
        let tickets = count(&sql.fetch_all(connection).await?)?;
        let mut sql = Sql::new(
            "SELECT CAST(COUNT(*) AS BIGINT) AS found FROM calls_without_ticket \
             WHERE note <> '' AND at < ",
        );
        sql.bind(before.0);
        let call_notes = count(&sql.fetch_all(connection).await?)?;
        let mut sql = Sql::new(
            "SELECT CAST(COUNT(*) AS BIGINT) AS found, MIN(left_on) AS first FROM people \
             WHERE left_on IS NOT NULL AND left_on < ",
        );
        sql.bind(before.date().to_string());
        let rows = sql.fetch_all(connection).await?;
        let people = count(&rows)?;
        let left_first: Option<String> = match rows.first() {
            Some(row) => row.try_get("first")?,
            None => None,
        };
        let mut sql =
            Sql::new("SELECT CAST(COUNT(*) AS BIGINT) AS found FROM ticket_drafts WHERE at < ");
        sql.bind(drafts::kept_since(now).0);
        let drafts = count(&sql.fetch_all(connection).await?)?;
        let mut sql = Sql::new(
            "SELECT CAST(COUNT(*) AS BIGINT) AS found FROM tickets \
             WHERE is_open = 1 AND received_at < ",
        );
        sql.bind(before.0);
        let still_open = count(&sql.fetch_all(connection).await?)?;
        Ok(RetentionPreview {
            tickets,
            oldest: past(connection, before, None, OLDEST).await?,
            call_notes,
            people,
            left_first: left_first.and_then(|day| day.parse().ok()),
            drafts,
            still_open,
        })
    }
}

impl UnrecordedTx {
    /// The tickets past the time of retention behind another, the oldest first. As the unit has the lock
    /// of the records, nobody else takes them in hand.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn tickets_past_retention(
        &mut self,
        before: Instant,
        behind: Option<&PastTicket>,
        limit: u32,
    ) -> Result<Vec<PastTicket>, StoreError> {
        self.lock_records().await?;
        past(self.connection(), before, behind, limit).await
    }

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

    /// Removes some of the people who left before a day, those who left first; tells how many.
    ///
    /// # Errors
    /// [`StoreError::Database`]; then the unit cannot be committed.
    pub async fn forget_people_left_before(
        &mut self,
        day: NaiveDate,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let forgotten = forget_people(self.connection(), day, limit).await;
        self.checked(forgotten)
    }

    /// Empties some of the notes on calls without a ticket that are older than an instant, the oldest
    /// first; tells how many.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn clear_call_notes_before(
        &mut self,
        before: Instant,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let cleared = sqlx::query(
            "UPDATE calls_without_ticket SET note = '' WHERE call_id IN (\
             SELECT call_id FROM calls_without_ticket WHERE note <> '' AND at < $1 \
             ORDER BY at LIMIT $2)",
        )
        .bind(before.0)
        .bind(i64::from(limit))
        .execute(self.connection())
        .await?;
        Ok(cleared.rows_affected())
    }
}

fn push_past(sql: &mut Sql, before: Instant) {
    let mut pieces = PAST.split('?');
    sql.push(pieces.next().unwrap_or_default());
    for piece in pieces {
        sql.bind(before.0).push(piece);
    }
}

fn count(rows: &[AnyRow]) -> Result<u64, StoreError> {
    let found = rows.first().map(|row| row.try_get::<i64, _>("found"));
    Ok(found.transpose()?.unwrap_or(0).unsigned_abs())
}

async fn past(
    connection: &mut AnyConnection,
    before: Instant,
    behind: Option<&PastTicket>,
    limit: u32,
) -> Result<Vec<PastTicket>, StoreError> {
    let mut sql = Sql::new("SELECT id, fiscal_year, sequence, since FROM ");
    push_past(&mut sql, before);
    if let Some(behind) = behind {
        sql.push(" WHERE (since, id) > (").bind(behind.since.0);
        sql.push(", ").bind(storable(behind.id.as_str())).push(")");
    }
    sql.push(" ORDER BY since, id LIMIT ")
        .bind(i64::from(limit));
    let rows = sql.fetch_all(connection).await?;
    let read = |row: &AnyRow| {
        Ok(PastTicket {
            id: TicketId::new(row.try_get::<&str, _>("id")?),
            number: row::number(row)?,
            since: Instant(row.try_get("since")?),
        })
    };
    rows.iter().map(read).collect()
}

async fn forget_people(
    connection: &mut AnyConnection,
    day: NaiveDate,
    limit: u32,
) -> Result<u64, StoreError> {
    let mut sql = Sql::new("SELECT id FROM people WHERE left_on IS NOT NULL AND left_on < ");
    sql.bind(day.to_string()).push(" ORDER BY left_on LIMIT ");
    sql.bind(i64::from(limit));
    let rows = sql.fetch_all(connection).await?;
    let ids: Vec<&str> = rows
        .iter()
        .map(|row| row.try_get("id"))
        .collect::<Result<_, _>>()?;
    if ids.is_empty() {
        return Ok(0);
    }
    let mut sql = Sql::new("DELETE FROM people_numbers WHERE person_id IN (");
    sql.bind_all(ids.iter().copied()).push(")");
    sql.execute(connection).await?;
    let mut sql = Sql::new("DELETE FROM people WHERE id IN (");
    sql.bind_all(ids.iter().copied()).push(")");
    Ok(sql.execute(connection).await?)
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
    let cleared = anonymised(&events);
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
    forget_drafts(connection, id).await?;
    let ticket = Ticket::fold(&cleared).ok_or(TicketWriteError::Missing)?;
    row::write(connection, &ticket).await?;
    Ok(ticket)
}

/// What somebody typed for the ticket, whoever it was, may hold the names again.
async fn forget_drafts(connection: &mut AnyConnection, id: &TicketId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM ticket_drafts WHERE subject = $1 OR subject LIKE $2 ESCAPE '!'")
        .bind(storable(&format!("ticket:{id}")))
        .bind(forms_of(id))
        .execute(connection)
        .await?;
    Ok(())
}
