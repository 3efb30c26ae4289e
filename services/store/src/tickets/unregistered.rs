//! 未登録: answered calls that have neither a ticket nor a reason for having none.

use madoguchi_core::call::CallRecord;
use madoguchi_core::id::AgentId;
use madoguchi_core::time::Instant;
use sqlx::Row;

use crate::calls::row::{COLUMNS, record, searched_whole};
use crate::error::StoreError;
use crate::sql::Sql;
use crate::store::Store;

const UNREGISTERED: &str = " FROM calls WHERE direction = 'inbound' AND answered_at IS NOT NULL \
     AND NOT EXISTS (SELECT 1 FROM contacts WHERE contacts.call_id = calls.call_id) \
     AND NOT EXISTS (SELECT 1 FROM calls_without_ticket kept WHERE kept.call_id = calls.call_id) \
     AND arrived_at >= ";
const BEFORE: &str = " AND arrived_at < ";

impl Store {
    /// The calls that arrived from `from` on and before `until` and are 未登録, the oldest first: those in which
    /// an agent talked, or all.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn unregistered_calls(
        &self,
        agent: Option<&AgentId>,
        (from, until): (Instant, Instant),
        limit: u32,
    ) -> Result<Vec<CallRecord>, StoreError> {
        let mut sql = Sql::new("SELECT ");
        sql.push(COLUMNS).push(UNREGISTERED).bind(from.0);
        sql.push(BEFORE).bind(until.0);
        of_agent(&mut sql, agent);
        sql.push(" ORDER BY arrived_at, call_id LIMIT ")
            .bind(i64::from(limit));
        let rows = sql.fetch_all(&mut *self.read()?.acquire().await?).await?;
        rows.iter().map(record).collect()
    }

    /// How many there are.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn count_unregistered(
        &self,
        agent: Option<&AgentId>,
        (from, until): (Instant, Instant),
    ) -> Result<u64, StoreError> {
        let mut sql = Sql::new("SELECT CAST(COUNT(*) AS BIGINT) AS found");
        sql.push(UNREGISTERED).bind(from.0);
        sql.push(BEFORE).bind(until.0);
        of_agent(&mut sql, agent);
        let rows = sql.fetch_all(&mut *self.read()?.acquire().await?).await?;
        let found: i64 = rows.first().map_or(Ok(0), |row| row.try_get("found"))?;
        Ok(found.unsigned_abs())
    }
}

fn of_agent(sql: &mut Sql, agent: Option<&AgentId>) {
    if let Some(agent) = agent {
        sql.push(" AND REPLACE(agents, ")
            .bind(searched_whole(agent.as_str()));
        sql.push(", '') <> agents");
    }
}
