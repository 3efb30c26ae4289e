//! 受付番号, counted within a fiscal year: none is given twice, and none is left out.

use madoguchi_core::era::fiscal_year;
use madoguchi_core::ticket::TicketNumber;
use madoguchi_core::time::Instant;
use sqlx::{AnyConnection, Row};

use crate::error::StoreError;

/// The next number of the fiscal year of an instant. Others who want one wait until this transaction is
/// over, over all nodes; one that is rolled back gives its number back. A counter that stands behind the
/// tickets, as after a table was restored by hand, is passed over.
pub(super) async fn next(
    connection: &mut AnyConnection,
    received_at: Instant,
) -> Result<TicketNumber, StoreError> {
    let fiscal_year = fiscal_year(received_at.date());
    sqlx::query(
        "INSERT INTO ticket_numbers (fiscal_year, last) VALUES ($1, \
         1 + (SELECT COALESCE(MAX(sequence), 0) FROM tickets WHERE fiscal_year = $1)) \
         ON CONFLICT (fiscal_year) DO UPDATE SET last = CASE \
         WHEN excluded.last > ticket_numbers.last THEN excluded.last ELSE ticket_numbers.last + 1 END",
    )
    .bind(i64::from(fiscal_year))
    .execute(&mut *connection)
    .await?;
    let row = sqlx::query("SELECT last FROM ticket_numbers WHERE fiscal_year = $1")
        .bind(i64::from(fiscal_year))
        .fetch_one(connection)
        .await?;
    let last: i64 = row.try_get("last")?;
    let sequence = u32::try_from(last).map_err(|_| StoreError::OutOfRange {
        what: "the number of a ticket",
        found: last,
    })?;
    Ok(TicketNumber {
        fiscal_year,
        sequence,
    })
}
