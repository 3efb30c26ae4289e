//! The log of tickets: what is read of it, and what is added.

use madoguchi_core::id::TicketId;
use madoguchi_core::ticket::{TicketChange, TicketEvent};
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use crate::error::StoreError;
use crate::sql::{Sql, storable};

/// The histories of some tickets, each in order.
pub(super) async fn events_of(
    connection: &mut AnyConnection,
    ids: &[&TicketId],
) -> Result<Vec<TicketEvent>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::new("SELECT ticket_id, event FROM ticket_events WHERE ticket_id IN (");
    sql.bind_all(ids.iter().map(|id| id.as_str()));
    sql.push(") ORDER BY ticket_id, seq");
    let rows = sql.fetch_all(connection).await?;
    rows.iter().map(event).collect()
}

/// Appends events to the log.
pub(super) async fn append(
    connection: &mut AnyConnection,
    events: &[TicketEvent],
) -> Result<(), StoreError> {
    for event in events {
        let text = json(&event.ticket, event)?;
        sqlx::query(
            "INSERT INTO ticket_events (ticket_id, seq, kind, happened_at, event) \
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(storable(event.ticket.as_str()))
        .bind(i64::from(event.seq))
        .bind(kind(&event.change))
        .bind(event.happened_at().0)
        .bind(text)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// The name of what happened, by which figures find it.
fn kind(change: &TicketChange) -> &'static str {
    match change {
        TicketChange::Created { .. } => "created",
        TicketChange::ContactAdded { .. } => "contact_added",
        TicketChange::AnalysisBegun { .. } => "analysis_begun",
        TicketChange::Escalated { .. } => "escalated",
        _ => "other",
    }
}

fn event(row: &AnyRow) -> Result<TicketEvent, StoreError> {
    let text: &str = row.try_get("event")?;
    serde_json::from_str(text)
        .map_err(|source| unreadable(row.try_get("ticket_id").unwrap_or_default(), source))
}

pub(super) fn ticket_id(row: &AnyRow) -> Result<TicketId, StoreError> {
    Ok(TicketId::new(row.try_get::<&str, _>("ticket_id")?))
}

pub(super) fn json(id: &TicketId, value: &impl Serialize) -> Result<String, StoreError> {
    json_text(id, serde_json::to_string(value))
}

/// A ticket as it was written in JSON.
pub(super) fn json_text(
    id: &TicketId,
    written: serde_json::Result<String>,
) -> Result<String, StoreError> {
    written.map_err(|source| unreadable(id.as_str(), source))
}

pub(super) fn unreadable(id: &str, source: serde_json::Error) -> StoreError {
    StoreError::Unreadable {
        what: format!("ticket {id}"),
        source,
    }
}
