//! Calls as the sums of their events: a table for lists and figures, derived from the log.

use madoguchi_core::call::CallRecord;
use madoguchi_core::event::CallEvent;
use madoguchi_core::id::CallId;
use sqlx::{AnyConnection, Row};

use crate::derived;
use crate::error::StoreError;
use crate::event_rows;
use crate::sql::{ROWS_IN_A_STATEMENT, Sql};
use crate::store::Store;

mod list;
pub(crate) mod row;
mod stats;
mod superseded;

pub use list::{CallFilter, CallOrder, CallPage, OutcomeFilter};
pub(crate) use list::{records, unfinished};
pub(crate) use superseded::supersede;

/// To be raised whenever `CallRecord::fold` or [`row`] gives another result for the same events:
/// the next start then computes the table anew.
const VERSION: i64 = 3;
const TABLE: &str = "calls";

/// Brings the rows of some calls up to date. `events` are all events of these calls, those of one
/// call together.
pub(crate) async fn refresh(
    connection: &mut AnyConnection,
    events: &[CallEvent],
) -> Result<(), StoreError> {
    let mut rows = Vec::new();
    for history in events.chunk_by(|one, next| one.call == next.call) {
        if let (Some(first), Some(record)) = (history.first(), CallRecord::fold(history)) {
            rows.push((&first.node, record));
        }
    }
    for rows in rows.chunks(ROWS_IN_A_STATEMENT) {
        row::upsert(rows)?.execute(connection).await?;
    }
    Ok(())
}

/// Computes the table anew if another version of the program has filled it.
pub(crate) async fn rebuild_if_outdated(store: &Store) -> Result<(), StoreError> {
    if derived::is_current(&store.read, TABLE, VERSION).await? {
        return Ok(());
    }
    let calls = store.rebuild_calls().await?;
    if calls > 0 {
        tracing::info!(calls, "the table of calls was computed anew from the log");
    }
    let mut tx = store.begin_anyway().await?;
    derived::note(&mut tx, TABLE, VERSION).await?;
    tx.commit().await?;
    Ok(())
}

impl Store {
    /// Computes the table of calls anew from the log, a few hundred calls at a time while reading
    /// and appending go on. Tells how many calls the log holds.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn rebuild_calls(&self) -> Result<u64, StoreError> {
        let mut count = 0;
        let mut last = None;
        loop {
            let mut tx = self.begin_append().await?;
            let calls = calls_after(&mut tx, last.as_ref()).await?;
            let Some(newest) = calls.last().cloned() else {
                break;
            };
            let calls: Vec<&CallId> = calls.iter().collect();
            let history = event_rows::load(&mut tx, &calls).await?;
            delete(&mut tx, &calls).await?;
            refresh(&mut tx, &history).await?;
            tx.commit().await?;
            count += calls.len() as u64;
            last = Some(newest);
        }
        let mut tx = self.begin_append().await?;
        sqlx::query(
            "DELETE FROM calls WHERE NOT EXISTS \
             (SELECT 1 FROM call_events WHERE call_events.call_id = calls.call_id)",
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(count)
    }
}

/// The next calls of the log after `last`, in the order of the database.
async fn calls_after(
    connection: &mut AnyConnection,
    last: Option<&CallId>,
) -> Result<Vec<CallId>, StoreError> {
    let mut sql = Sql::new("SELECT DISTINCT call_id FROM call_events");
    if let Some(last) = last {
        sql.push(" WHERE call_id > ").bind(last.as_str());
    }
    sql.push(" ORDER BY call_id LIMIT ")
        .bind(ROWS_IN_A_STATEMENT as i64);
    let rows = sql.fetch_all(connection).await?;
    rows.iter()
        .map(|row| Ok(row.try_get::<&str, _>("call_id")?.into()))
        .collect()
}

async fn delete(connection: &mut AnyConnection, calls: &[&CallId]) -> Result<(), StoreError> {
    let mut sql = Sql::new("DELETE FROM calls WHERE call_id IN (");
    sql.bind_all(calls.iter().map(|call| call.as_str()))
        .push(")");
    sql.execute(connection).await?;
    Ok(())
}
