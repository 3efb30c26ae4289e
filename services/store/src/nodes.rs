//! Nodes: each holds a lease under its name as long as its beat grows. A node whose lease has run
//! out gets its calls ended by one of the others, once.

use madoguchi_core::call::CallRecord;
use madoguchi_core::event::CallEvent;
use madoguchi_core::id::{CallId, NodeName, RunId};
use madoguchi_core::lease::NodeBeat;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use crate::calls;
use crate::error::StoreError;
use crate::event_rows;
use crate::sql::{ROWS_IN_A_STATEMENT, storable};
use crate::store::Store;

/// Stands for "nodes" among the locks of this database.
const LOCK: i64 = 7_105_540;

/// What became of a claim to a node's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The lease is held.
    Held,
    /// Another run holds it, as far as the store knows: it has this beat.
    Taken(NodeBeat),
}

impl Store {
    /// Takes the lease of `node` for `run`: if nobody has it, if it was given back or has run out,
    /// or if one of `previous` has it, runs that are known to be over.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn claim_node(
        &self,
        node: &NodeName,
        run: &RunId,
        previous: &[RunId],
    ) -> Result<Claim, StoreError> {
        let mut tx = self.begin_alone(LOCK).await?;
        let found = lookup(&mut tx, node).await?;
        if let Some(beat) = found
            && !beat.released
            && beat.run != *run
            && !previous.contains(&beat.run)
        {
            return Ok(Claim::Taken(beat));
        }
        take(&mut tx, node, run).await?;
        tx.commit().await?;
        Ok(Claim::Held)
    }

    /// Takes the lease of a node from a run that was seen to be silent; `false` if it was not.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn take_silent_node(&self, seen: &NodeBeat, run: &RunId) -> Result<bool, StoreError> {
        let mut tx = self.begin_alone(LOCK).await?;
        if lookup(&mut tx, &seen.node).await?.as_ref() != Some(seen) {
            return Ok(false);
        }
        take(&mut tx, &seen.node, run).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Lets the beat grow; `false` if another run has the lease.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn beat_node(&self, node: &NodeName, run: &RunId) -> Result<bool, StoreError> {
        self.change_lease(
            "UPDATE nodes SET beat = beat + 1, released = 0 WHERE node = $1 AND run = $2",
            node,
            run,
        )
        .await
    }

    /// Gives the lease back, if every call of the node has its end. Otherwise it runs out, and the
    /// calls get their end from another node.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn release_node(&self, node: &NodeName, run: &RunId) -> Result<(), StoreError> {
        let text = "UPDATE nodes SET released = 1 WHERE node = $1 AND run = $2 AND NOT EXISTS \
             (SELECT 1 FROM calls WHERE calls.node = nodes.node AND calls.ended_at IS NULL)";
        self.change_lease(text, node, run).await?;
        Ok(())
    }

    /// The leases of all nodes.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn node_beats(&self) -> Result<Vec<NodeBeat>, StoreError> {
        let rows = sqlx::query("SELECT node, run, beat, released FROM nodes ORDER BY node")
            .fetch_all(self.read()?)
            .await?;
        rows.iter().map(beat).collect()
    }

    /// Ends the calls of a node whose lease has run out, at the last instant that the log knows of
    /// each (docs/metrics.md). `None` if another node was quicker, or the node is alive after all.
    ///
    /// # Errors
    /// [`StoreError::Database`]; then nothing is changed.
    pub async fn end_calls_of_gone_node(
        &self,
        gone: &NodeBeat,
        by: &NodeName,
    ) -> Result<Option<usize>, StoreError> {
        let mut tx = self.begin_append().await?;
        let claimed = sqlx::query(
            "UPDATE nodes SET released = 1 \
             WHERE node = $1 AND run = $2 AND beat = $3 AND released = 0",
        )
        .bind(storable(gone.node.as_str()))
        .bind(storable(gone.run.as_str()))
        .bind(gone.beat)
        .execute(&mut *tx)
        .await?;
        if claimed.rows_affected() == 0 {
            return Ok(None);
        }
        let histories = calls::unfinished(&mut tx, &gone.node).await?;
        let ends = ends(&histories, |record| record.cut_off_event(by));
        append_ends(&mut tx, &ends).await?;
        tx.commit().await?;
        Ok(Some(ends.len()))
    }

    /// Ends the calls that an earlier observer of this name left open, at the last instant that the
    /// log knows of each. Whoever sees their true end later sets it right. Gives how many there were.
    ///
    /// # Errors
    /// [`StoreError::Database`]; then nothing is changed.
    pub async fn cut_off_calls_of(&self, node: &NodeName) -> Result<usize, StoreError> {
        let mut tx = self.begin_append().await?;
        let histories = calls::unfinished(&mut tx, node).await?;
        let ends = ends(&histories, |record| record.cut_off_event(node));
        append_ends(&mut tx, &ends).await?;
        tx.commit().await?;
        Ok(ends.len())
    }

    /// Ends the calls of earlier runs of this node that have no end, at the last instant that the
    /// log knows of each; `run` is the present one. To be called when the log has all that earlier
    /// runs left. Gives how many there were. Observers had the name of their desk once: what they
    /// left is cut off as [`Self::cut_off_calls_of`] does, for its true end may still be seen.
    ///
    /// # Errors
    /// [`StoreError::Database`]; then nothing is changed.
    pub async fn end_calls_of_earlier_runs(
        &self,
        node: &NodeName,
        run: &RunId,
    ) -> Result<usize, StoreError> {
        let mut tx = self.begin_append().await?;
        let mut histories = calls::unfinished(&mut tx, node).await?;
        histories.retain(|events| events.first().is_some_and(|event| !event.call.is_of(run)));
        let ends = ends(&histories, |record| {
            if record.call.is_observed() {
                return record.cut_off_event(node);
            }
            Some(CallEvent {
                call: record.call.clone(),
                seq: record.last_seq + 1,
                at: record.last_at,
                node: node.clone(),
                line: record.line.clone(),
                kind: record.recovery_event()?,
            })
        });
        append_ends(&mut tx, &ends).await?;
        tx.commit().await?;
        Ok(ends.len())
    }

    async fn change_lease(
        &self,
        text: &'static str,
        node: &NodeName,
        run: &RunId,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin_write().await?;
        let changed = sqlx::query(text)
            .bind(storable(node.as_str()))
            .bind(storable(run.as_str()))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(changed.rows_affected() > 0)
    }
}

fn ends(
    histories: &[Vec<CallEvent>],
    end: impl Fn(&CallRecord) -> Option<CallEvent>,
) -> Vec<CallEvent> {
    let records = histories
        .iter()
        .filter_map(|events| CallRecord::fold(events));
    records.filter_map(|record| end(&record)).collect()
}

async fn append_ends(connection: &mut AnyConnection, ends: &[CallEvent]) -> Result<(), StoreError> {
    event_rows::insert(connection, ends).await?;
    let touched: Vec<&CallId> = ends.iter().map(|event| &event.call).collect();
    for touched in touched.chunks(ROWS_IN_A_STATEMENT) {
        let stored = event_rows::load(connection, touched).await?;
        calls::refresh(connection, &stored).await?;
        calls::supersede(connection, touched).await?;
    }
    Ok(())
}

async fn lookup(
    connection: &mut AnyConnection,
    node: &NodeName,
) -> Result<Option<NodeBeat>, StoreError> {
    let row = sqlx::query("SELECT node, run, beat, released FROM nodes WHERE node = $1")
        .bind(storable(node.as_str()))
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(beat).transpose()
}

async fn take(
    connection: &mut AnyConnection,
    node: &NodeName,
    run: &RunId,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO nodes (node, run, beat, released) VALUES ($1, $2, 1, 0) \
         ON CONFLICT (node) DO UPDATE SET run = excluded.run, beat = nodes.beat + 1, released = 0",
    )
    .bind(storable(node.as_str()))
    .bind(storable(run.as_str()))
    .execute(connection)
    .await?;
    Ok(())
}

fn beat(row: &AnyRow) -> Result<NodeBeat, StoreError> {
    let released: i64 = row.try_get("released")?;
    Ok(NodeBeat {
        node: row.try_get::<&str, _>("node")?.into(),
        run: row.try_get::<&str, _>("run")?.into(),
        beat: row.try_get("beat")?,
        released: released != 0,
    })
}
