//! What every agent was last doing, so that a restart finds them as they were.

use madoguchi_core::id::AgentId;
use madoguchi_core::live::AgentState;
use madoguchi_core::time::Instant;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::sql::storable;
use crate::store::Store;

/// An agent's state, as it is kept over a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentPresence {
    /// Who.
    pub agent: AgentId,
    /// What the agent is doing.
    pub state: AgentState,
    /// Since when.
    pub since: Instant,
    /// Consecutive ringings that the agent did not answer (RONA).
    pub no_answers: u32,
}

impl Store {
    /// Keeps an agent's state, in place of the one before.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn save_agent_state(&self, presence: &AgentPresence) -> Result<(), StoreError> {
        let state =
            serde_json::to_string(&presence.state).map_err(|source| StoreError::Unreadable {
                what: "agent state".into(),
                source,
            })?;
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO agent_states (agent, state, since, no_answers) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (agent) DO UPDATE SET state = excluded.state, since = excluded.since, \
             no_answers = excluded.no_answers",
        )
        .bind(storable(presence.agent.as_str()))
        .bind(state)
        .bind(presence.since.0)
        .bind(i64::from(presence.no_answers))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// The kept states of all agents, by name.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn agent_states(&self) -> Result<Vec<AgentPresence>, StoreError> {
        let rows =
            sqlx::query("SELECT agent, state, since, no_answers FROM agent_states ORDER BY agent")
                .fetch_all(self.read()?)
                .await?;
        rows.iter().map(presence).collect()
    }
}

fn presence(row: &AnyRow) -> Result<AgentPresence, StoreError> {
    let agent: &str = row.try_get("agent")?;
    let state: &str = row.try_get("state")?;
    let no_answers: i64 = row.try_get("no_answers")?;
    Ok(AgentPresence {
        agent: agent.into(),
        state: serde_json::from_str(state).map_err(|source| StoreError::Unreadable {
            what: format!("the state of agent {agent}"),
            source,
        })?,
        since: Instant(row.try_get("since")?),
        no_answers: u32::try_from(no_answers).map_err(|_| StoreError::OutOfRange {
            what: "no_answers of an agent",
            found: no_answers,
        })?,
    })
}
