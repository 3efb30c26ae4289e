//! What every agent was last doing, so that a restart, and every other node, finds them as they were.

use madoguchi_core::id::AgentId;
use madoguchi_core::live::AgentPresence;
use madoguchi_core::time::Instant;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};
use std::collections::BTreeMap;

use crate::error::StoreError;
use crate::sql::{Sql, storable};
use crate::store::Store;

impl Store {
    /// Keeps states of agents. Of two of one agent the one stays that takes the place of the other,
    /// in whatever order they come.
    ///
    /// # Errors
    /// [`StoreError::Database`]; then none is kept and it may be tried again.
    pub async fn save_agent_states(&self, presences: &[AgentPresence]) -> Result<(), StoreError> {
        let mut newest: BTreeMap<&AgentId, &AgentPresence> = BTreeMap::new();
        for presence in presences {
            let kept = newest.entry(&presence.agent).or_insert(presence);
            if presence.replaces(kept) {
                *kept = presence;
            }
        }
        if newest.is_empty() {
            return Ok(());
        }
        // One at a time over all nodes: changes are numbered in the order in which they can be seen.
        let mut tx = self.begin_append().await?;
        let mut change = last_change(&mut tx).await?;
        for presence in newest.into_values() {
            change += 1;
            save(&mut tx, presence, change).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// The kept states of all agents, by name.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn agent_states(&self) -> Result<Vec<AgentPresence>, StoreError> {
        let mut states = self.agent_states_after(-1).await?.0;
        states.sort_by(|a, b| a.agent.cmp(&b.agent));
        Ok(states)
    }

    /// The states that were kept after a change (-1: all), and the number of the last of them.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn agent_states_after(
        &self,
        change: i64,
    ) -> Result<(Vec<AgentPresence>, i64), StoreError> {
        let mut sql = Sql::new(
            "SELECT agent, state, since, version, node, change_number FROM agent_states \
             WHERE change_number > ",
        );
        sql.bind(change).push(" ORDER BY change_number, agent");
        let rows = sql.fetch_all(&mut *self.read()?.acquire().await?).await?;
        let mut last = change;
        let mut states = Vec::with_capacity(rows.len());
        for row in &rows {
            last = last.max(row.try_get("change_number")?);
            states.push(presence(row)?);
        }
        Ok((states, last))
    }
}

async fn last_change(connection: &mut AnyConnection) -> Result<i64, StoreError> {
    let row = sqlx::query("SELECT COALESCE(MAX(change_number), 0) AS last FROM agent_states")
        .fetch_one(connection)
        .await?;
    Ok(row.try_get("last")?)
}

async fn save(
    connection: &mut AnyConnection,
    presence: &AgentPresence,
    change: i64,
) -> Result<(), StoreError> {
    let state =
        serde_json::to_string(&presence.state).map_err(|source| StoreError::Unreadable {
            what: "agent state".into(),
            source,
        })?;
    sqlx::query(
        "INSERT INTO agent_states (agent, state, since, no_answers, version, node, change_number) \
         VALUES ($1, $2, $3, 0, $4, $5, $6) \
         ON CONFLICT (agent) DO UPDATE SET state = excluded.state, since = excluded.since, \
         version = excluded.version, node = excluded.node, change_number = excluded.change_number \
         WHERE excluded.version > agent_states.version \
         OR (excluded.version = agent_states.version AND excluded.node > agent_states.node) \
         OR (excluded.version = agent_states.version AND excluded.node = agent_states.node \
         AND excluded.since > agent_states.since)",
    )
    .bind(storable(presence.agent.as_str()))
    .bind(state)
    .bind(presence.since.0)
    .bind(i64::try_from(presence.version).unwrap_or(i64::MAX))
    .bind(storable(presence.node.as_str()))
    .bind(change)
    .execute(connection)
    .await?;
    Ok(())
}

fn presence(row: &AnyRow) -> Result<AgentPresence, StoreError> {
    let agent: &str = row.try_get("agent")?;
    let state: &str = row.try_get("state")?;
    let version: i64 = row.try_get("version")?;
    Ok(AgentPresence {
        agent: agent.into(),
        state: serde_json::from_str(state).map_err(|source| StoreError::Unreadable {
            what: format!("the state of agent {agent}"),
            source,
        })?,
        since: Instant(row.try_get("since")?),
        version: u64::try_from(version).map_err(|_| StoreError::OutOfRange {
            what: "version of an agent's state",
            found: version,
        })?,
        node: row.try_get::<&str, _>("node")?.into(),
    })
}
