//! Tickets in brief, in the order of their reception: a month's figures read these, some hundred bytes each,
//! instead of whole tickets. Derived from the log as the tickets are.

use sqlx::{AnyConnection, Row};

use super::{brief_row, row};
use crate::audit;
use crate::derived;
use crate::error::StoreError;
use crate::store::{Store, lock};

/// To be raised whenever [`Ticket::brief`] writes another line of the same ticket: until they are made anew,
/// months are read from whole tickets.
const VERSION: i64 = 1;
const NAME: &str = "ticket_briefs";
/// Tickets of which briefs are made anew at a time.
const AT_ONCE: i64 = 500;

/// Whether all tickets stand there as this version writes them.
pub(super) async fn are_current(connection: &mut AnyConnection) -> Result<bool, StoreError> {
    derived::is_current(connection, NAME, VERSION).await
}

impl Store {
    /// Sees whether briefs can be read, when the store begins to use its database. Where there are tickets,
    /// making them anew is for later.
    pub(crate) async fn join_ticket_briefs(&self) -> Result<(), StoreError> {
        let any = sqlx::query("SELECT 1 AS one FROM tickets LIMIT 1")
            .fetch_optional(&self.read)
            .await?;
        match any {
            Some(_) => Ok(()),
            None => self.rebuild_ticket_briefs_if_outdated().await,
        }
    }

    /// Makes the briefs of all tickets anew if another version of the program has made them, a few hundred at a
    /// time while reading and writing go on.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn rebuild_ticket_briefs_if_outdated(&self) -> Result<(), StoreError> {
        if derived::is_current(&self.read, NAME, VERSION).await? {
            return Ok(());
        }
        let (mut last, mut tickets) = ((i64::MIN, String::new()), 0_u64);
        loop {
            let mut tx = self.begin_anyway().await?;
            lock(&mut tx, audit::LOCK).await?;
            let rows = sqlx::query(
                "SELECT received_at, id, state FROM tickets WHERE (received_at, id) > ($1, $2) \
                 ORDER BY received_at, id LIMIT $3",
            )
            .bind(last.0)
            .bind(last.1.as_str())
            .bind(AT_ONCE)
            .fetch_all(&mut *tx)
            .await?;
            for row in &rows {
                last = (row.try_get("received_at")?, row.try_get("id")?);
                brief_row::write(&mut tx, &row::state(row)?).await?;
            }
            tickets += rows.len() as u64;
            if rows.is_empty() {
                derived::note(&mut tx, NAME, VERSION).await?;
            }
            tx.commit().await?;
            if rows.is_empty() {
                break;
            }
        }
        if tickets > 0 {
            tracing::info!(tickets, "the briefs of tickets were made anew");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use madoguchi_core::ticket::{Ticket, TicketChange, TicketEvent, TicketFields, TicketNumber};
    use madoguchi_core::time::Instant;

    use super::*;
    use crate::tickets::TicketSpan;

    fn ticket(sequence: u32) -> Ticket {
        let number = TicketNumber {
            fiscal_year: 2026,
            sequence,
        };
        let fields = TicketFields {
            question: format!("{sequence}番目の問合せ\nVPNにつながらない"),
            answer: "再起動してください。".to_owned(),
            ..TicketFields::default()
        };
        let event = TicketEvent {
            ticket: format!("t{sequence}").as_str().into(),
            seq: 0,
            at: Instant(i64::from(sequence)),
            happened_at: None,
            by: None,
            change: TicketChange::Created {
                number,
                received_at: Instant(i64::from(sequence)),
                fields: Box::new(fields),
                split_from: None,
            },
        };
        Ticket::begin(&event).unwrap()
    }

    async fn execute(store: &Store, sql: &'static str) {
        let mut tx = store.begin_anyway().await.unwrap();
        sqlx::query(sql).execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
    }

    #[tokio::test]
    async fn a_month_is_the_same_from_briefs_and_from_whole_tickets() {
        let store = Store::open("sqlite::memory:").await.unwrap();
        let all: Vec<Ticket> = (1..=9).map(ticket).collect();
        let mut tx = store.begin_anyway().await.unwrap();
        for ticket in &all {
            row::write(&mut tx, ticket).await.unwrap();
        }
        tx.commit().await.unwrap();
        let read = async || {
            let span = TicketSpan {
                from: Instant(2),
                until: Instant(9),
                cut_off: Instant(10),
            };
            let mut tickets = store.month_tickets(span).await.unwrap().tickets;
            tickets.sort_by_key(|ticket| ticket.number);
            tickets
        };
        let kept = all.into_iter().map(Ticket::without_texts);
        // The first is open, and so carried over.
        let expected: Vec<Ticket> = kept.take(8).collect();
        assert_eq!(read().await, expected);

        // Briefs of another version are not read, until they are made anew.
        execute(
            &store,
            "UPDATE ticket_briefs SET brief = 'of another version'",
        )
        .await;
        execute(
            &store,
            "UPDATE derived SET version = 0 WHERE name = 'ticket_briefs'",
        )
        .await;
        assert_eq!(read().await, expected);
        store.rebuild_ticket_briefs_if_outdated().await.unwrap();
        execute(&store, "UPDATE tickets SET state = 'not read'").await;
        execute(&store, "UPDATE tickets SET is_open = 0").await;
        assert_eq!(read().await, expected.get(1..).unwrap());
    }
}
