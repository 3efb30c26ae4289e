//! The row of a ticket in brief.

use madoguchi_core::ticket::Ticket;
use sqlx::AnyConnection;

use super::log::json_text;
use crate::error::StoreError;
use crate::sql::storable;

/// Keeps a ticket in brief.
pub(super) async fn write(
    connection: &mut AnyConnection,
    ticket: &Ticket,
) -> Result<(), StoreError> {
    let brief = json_text(&ticket.id, ticket.brief())?;
    sqlx::query(
        "INSERT INTO ticket_briefs (received_at, ticket_id, updated_at, brief) \
         VALUES ($1, $2, $3, $4) ON CONFLICT (received_at, ticket_id) \
         DO UPDATE SET updated_at = excluded.updated_at, brief = excluded.brief",
    )
    .bind(ticket.received_at.0)
    .bind(storable(ticket.id.as_str()))
    .bind(ticket.updated_at.0)
    .bind(brief)
    .execute(connection)
    .await?;
    Ok(())
}
