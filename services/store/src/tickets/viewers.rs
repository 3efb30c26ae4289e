//! Who has a ticket open on the screen. It is no record of anything: a browser says it again as long as it is so.

use madoguchi_core::id::{TicketId, UserId};
use madoguchi_core::time::Instant;
use sqlx::Row;

use crate::error::StoreError;
use crate::sql::storable;
use crate::store::Store;
use crate::tx::UnrecordedTx;

impl UnrecordedTx {
    /// Notes that somebody has a ticket open until an instant. Whoever said so and went away is forgotten.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn note_ticket_viewer(
        &mut self,
        ticket: &TicketId,
        user: &UserId,
        (now, until): (Instant, Instant),
    ) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM ticket_viewers WHERE until_at < $1")
            .bind(now.0)
            .execute(self.connection())
            .await?;
        sqlx::query(
            "INSERT INTO ticket_viewers (ticket_id, user_id, until_at) VALUES ($1, $2, $3) \
             ON CONFLICT (ticket_id, user_id) DO UPDATE SET until_at = excluded.until_at",
        )
        .bind(storable(ticket.as_str()))
        .bind(storable(user.as_str()))
        .bind(until.0)
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

impl Store {
    /// Who has a ticket open now, in the order of their ids.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn ticket_viewers(
        &self,
        ticket: &TicketId,
        now: Instant,
    ) -> Result<Vec<UserId>, StoreError> {
        let rows = sqlx::query(
            "SELECT user_id FROM ticket_viewers WHERE ticket_id = $1 AND until_at >= $2 \
             ORDER BY user_id",
        )
        .bind(storable(ticket.as_str()))
        .bind(now.0)
        .fetch_all(self.read()?)
        .await?;
        rows.iter()
            .map(|row| Ok(UserId::new(row.try_get::<&str, _>("user_id")?)))
            .collect()
    }
}
