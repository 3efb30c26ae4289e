//! Call events: the append-only log in the database.

use std::collections::BTreeSet;

use madoguchi_core::call::CallRecord;
use madoguchi_core::event::{CallEvent, EventKind};
use madoguchi_core::id::{CallId, RunId};
use madoguchi_core::time::Instant;
use sqlx::Row;

use crate::calls;
use crate::error::StoreError;
use crate::event_rows::{event, insert, last_position, load};
use crate::sql::{ROWS_IN_A_STATEMENT, Sql, escaped, storable};
use crate::store::Store;

/// Events as the log took them, one after another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// The events, in the order in which the log took them.
    pub events: Vec<CallEvent>,
    /// Behind the last of them, and behind those that were left out.
    pub position: i64,
    /// More can be had at once.
    pub more: bool,
}

/// What became of appended events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Appended {
    /// Events that the log did not have yet.
    pub new: usize,
    /// Events whose call and number the log already has with another content. The log keeps what
    /// it had.
    pub conflicting: usize,
}

impl Store {
    /// Appends `events` to the log and brings the list of calls up to date, all or nothing.
    /// Events that the log has already change nothing, and the order does not matter.
    ///
    /// # Errors
    /// [`StoreError::Database`]; then nothing was appended and it may be tried again.
    pub async fn append(&self, events: &[CallEvent]) -> Result<Appended, StoreError> {
        if events.is_empty() {
            return Ok(Appended::default());
        }
        let events = events.iter().map(storable_event).collect::<Vec<_>>();
        let touched: Vec<&CallId> = events
            .iter()
            .map(|event| &event.call)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        self.must_be_there()?;
        let mut tx = self.begin_append().await?;
        let new = insert(&mut tx, &events).await?;
        let mut conflicting = 0;
        for touched in touched.chunks(ROWS_IN_A_STATEMENT) {
            let stored = load(&mut tx, touched).await?;
            conflicting += count_conflicting(&stored, &events);
            if new > 0 {
                calls::refresh(&mut tx, &stored).await?;
            }
        }
        let arrived: Vec<&CallId> = events
            .iter()
            .filter(|event| matches!(event.kind, EventKind::Arrived { .. }))
            .map(|event| &event.call)
            .collect();
        if new > 0 {
            calls::supersede(&mut tx, &arrived).await?;
        }
        tx.commit().await?;
        Ok(Appended { new, conflicting })
    }

    /// The events that the log took after `position`, at the most `limit`, without those of calls of
    /// one run.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn events_after(
        &self,
        position: i64,
        without: &RunId,
        limit: u32,
    ) -> Result<Feed, StoreError> {
        let mut connection = self.read()?.acquire().await?;
        // Whatever comes in between is read the next time.
        let end = last_position(&mut connection).await?;
        if end <= position {
            return Ok(Feed {
                events: Vec::new(),
                position,
                more: false,
            });
        }
        let mut sql = Sql::new(
            "SELECT call_id, seq, at, node, line, kind, data, feed_position FROM call_events \
             WHERE feed_position > ",
        );
        sql.bind(position).push(" AND feed_position <= ").bind(end);
        let of_run = format!("%-{}-%", escaped(without.as_str()));
        sql.push(" AND call_id NOT LIKE ").bind(of_run);
        sql.push(" ESCAPE '!' ORDER BY feed_position LIMIT ")
            .bind(i64::from(limit));
        let rows = sql.fetch_all(&mut connection).await?;
        let more = u32::try_from(rows.len()).is_ok_and(|count| count >= limit);
        let last = rows
            .last()
            .map_or(Ok(end), |row| row.try_get("feed_position"))?;
        Ok(Feed {
            events: rows.iter().map(event).collect::<Result<_, _>>()?,
            position: if more { last } else { end },
            more,
        })
    }

    /// The calls that arrived from `from` on and before `until`, and the position of the log at the
    /// same moment: what [`Self::events_after`] gives from there on is what comes to them.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn call_records_at_position(
        &self,
        from: Instant,
        until: Instant,
    ) -> Result<(Vec<CallRecord>, i64), StoreError> {
        let mut tx = self.begin_snapshot().await?;
        let position = last_position(&mut tx).await?;
        let records = calls::records(&mut tx, from, until).await?;
        tx.rollback().await?;
        Ok((records, position))
    }

    /// What was measured of voice from `from` on and before `until`, in the order in which it was; the newest of
    /// more than `at_most`.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn voice_measured(
        &self,
        from: Instant,
        until: Instant,
        at_most: u32,
    ) -> Result<Vec<CallEvent>, StoreError> {
        let mut connection = self.read()?.acquire().await?;
        let mut sql = Sql::new(
            "SELECT call_id, seq, at, node, line, kind, data FROM call_events \
             WHERE kind = 'voice_measured' AND at >= ",
        );
        sql.bind(from.0).push(" AND at < ").bind(until.0);
        sql.push(" ORDER BY at DESC, call_id DESC, seq DESC LIMIT ")
            .bind(i64::from(at_most));
        let rows = sql.fetch_all(&mut connection).await?;
        rows.iter().rev().map(event).collect()
    }

    /// All events of a call, in order; none if the log does not know it.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn events_of(&self, call: &CallId) -> Result<Vec<CallEvent>, StoreError> {
        let call = CallId::new(storable(call.as_str()));
        load(&mut *self.read()?.acquire().await?, &[&call]).await
    }
}

/// How many of `given` stand in `stored` (which is in order) with another content.
fn count_conflicting(stored: &[CallEvent], given: &[CallEvent]) -> usize {
    let stored: std::collections::HashMap<_, _> = stored
        .iter()
        .map(|event| ((&event.call, event.seq), event))
        .collect();
    // Whoever else observes the same messages sees the same.
    let is_same = |one: &CallEvent, other: &CallEvent| {
        let nodes = one.node == other.node || one.call.is_observed();
        nodes && (one.at, &one.line, &one.kind) == (other.at, &other.line, &other.kind)
    };
    let differs = |event: &&CallEvent| {
        stored
            .get(&(&event.call, event.seq))
            .is_some_and(|stored| !is_same(stored, event))
    };
    given.iter().filter(differs).inspect(|event| {
        tracing::warn!(call.id = %event.call, seq = event.seq, "another event of this call and number is in the log; it stays");
    }).count()
}

/// The event as it comes back from the database.
fn storable_event(event: &CallEvent) -> CallEvent {
    let mut event = event.clone();
    if event.call.as_str().contains('\0') {
        event.call = CallId::new(storable(event.call.as_str()));
    }
    if event.node.as_str().contains('\0') {
        event.node = storable(event.node.as_str()).as_str().into();
    }
    if event.line.as_str().contains('\0') {
        event.line = storable(event.line.as_str()).as_str().into();
    }
    event
}
