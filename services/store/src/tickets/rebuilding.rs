//! What is derived from the log of tickets can be computed anew.

use madoguchi_core::id::TicketId;
use madoguchi_core::ticket::Ticket;
use sqlx::AnyConnection;

use super::log::{events_of, ticket_id};
use super::row;
use crate::audit;
use crate::error::StoreError;
use crate::sql::{ROWS_IN_A_STATEMENT, Sql};
use crate::store::{Store, lock};

impl Store {
    /// Computes what is derived from the log of tickets anew, a few hundred tickets at a time while
    /// reading and writing go on. Tells how many tickets the log holds.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn rebuild_tickets(&self) -> Result<u64, StoreError> {
        let mut count = 0;
        let mut after = String::new();
        loop {
            let mut tx = self.begin_anyway().await?;
            lock(&mut tx, audit::LOCK).await?;
            let ids = tickets_after(&mut tx, &after).await?;
            let Some(last) = ids.last() else {
                return Ok(count);
            };
            last.as_str().clone_into(&mut after);
            let mut sql = Sql::new("DELETE FROM tickets WHERE id IN (");
            sql.bind_all(ids.iter().map(TicketId::as_str)).push(")");
            sql.execute(&mut tx).await?;
            let events = events_of(&mut tx, &ids.iter().collect::<Vec<_>>()).await?;
            for history in events.chunk_by(|one, next| one.ticket == next.ticket) {
                if let Some(ticket) = Ticket::fold(history) {
                    row::write(&mut tx, &ticket).await?;
                    count += 1;
                }
            }
            tx.commit().await?;
        }
    }
}

async fn tickets_after(
    connection: &mut AnyConnection,
    after: &str,
) -> Result<Vec<TicketId>, StoreError> {
    let limit = i64::try_from(ROWS_IN_A_STATEMENT).unwrap_or(i64::MAX);
    let rows = sqlx::query(
        "SELECT ticket_id FROM ticket_events WHERE seq = 0 AND ticket_id > $1 \
         ORDER BY ticket_id LIMIT $2",
    )
    .bind(after)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.iter().map(ticket_id).collect()
}
