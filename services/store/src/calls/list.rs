//! Questions about calls: lists with filters, all calls of a period, calls without an end.

use madoguchi_core::call::{CallRecord, Direction};
use madoguchi_core::caller::NoNumberReason;
use madoguchi_core::event::{AbandonReason, CallEvent};
use madoguchi_core::id::{AgentId, CallId, LineName, NodeName};
use madoguchi_core::time::{Instant, Millis};
use sqlx::{AnyConnection, Row};

use super::row::{COLUMNS, record, searched_number, searched_whole};
use crate::error::StoreError;
use crate::event_rows;
use crate::page::{self, Key, Order, Page, Start};
use crate::sql::{ROWS_IN_A_STATEMENT, Sql, storable};
use crate::store::Store;

/// Which calls are listed. What is `None` does not matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallFilter {
    /// Arrived at this instant or later.
    pub from: Option<Instant>,
    /// Arrived before this instant.
    pub until: Option<Instant>,
    /// On this line.
    pub line: Option<LineName>,
    /// This agent talked.
    pub agent: Option<AgentId>,
    /// Of this kind.
    pub direction: Option<Direction>,
    /// With this outcome.
    pub outcome: Option<OutcomeFilter>,
    /// Answered or ended within less than this after the arrival.
    pub wait_below: Option<Millis>,
    /// A number with these letters in it, in any spelling; or why there is none (公衆電話 …).
    pub number: Option<String>,
    /// Which come first.
    pub order: CallOrder,
    /// Where the page begins.
    pub start: Start,
    /// At the most so many are given.
    pub limit: u32,
}

impl Default for CallFilter {
    /// The newest 50 of all calls.
    fn default() -> Self {
        Self {
            from: None,
            until: None,
            line: None,
            agent: None,
            direction: None,
            outcome: None,
            wait_below: None,
            number: None,
            order: CallOrder::Newest,
            start: Start::First,
            limit: 50,
        }
    }
}

/// Which calls of a list come first. Of those that waited or talked equally long, the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CallOrder {
    /// Those that arrived last.
    #[default]
    Newest,
    /// Those that arrived first.
    Oldest,
    /// Those that waited longest.
    LongestWait,
    /// Those that were talked to longest.
    LongestTalk,
}

const ARRIVAL: [Key; 2] = [Key::Number("arrived_at"), Key::Text("call_id")];
const WAIT: [Key; 3] = [
    Key::Number("COALESCE(COALESCE(answered_at, ended_at) - arrived_at, -1)"),
    Key::Number("arrived_at"),
    Key::Text("call_id"),
];
const TALK: [Key; 3] = [
    Key::Number("COALESCE(talk_ended_at - answered_at, -1)"),
    Key::Number("arrived_at"),
    Key::Text("call_id"),
];

impl CallOrder {
    fn order(self) -> Order {
        let (keys, descending): (&[Key], bool) = match self {
            Self::Newest => (&ARRIVAL, true),
            Self::Oldest => (&ARRIVAL, false),
            Self::LongestWait => (&WAIT, true),
            Self::LongestTalk => (&TALK, true),
        };
        Order { keys, descending }
    }
}

/// An outcome, as figures count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutcomeFilter {
    /// Neither answered nor ended.
    Waiting,
    /// 応答, whether the conversation goes on or has ended.
    Answered,
    /// 応答, and the conversation goes on.
    Talking,
    /// 放棄, for this reason or for any.
    Abandoned(Option<AbandonReason>),
    /// Ended without 応答 and no 放棄.
    Ended,
}

/// Some of the calls that a filter lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallPage {
    /// These, in the order of the filter.
    pub calls: Vec<CallRecord>,
    /// How many there are in all.
    pub total: u64,
}

impl Store {
    /// A page of the calls that `filter` lets through, in its order.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`], [`StoreError::Cursor`].
    pub async fn page_calls(&self, filter: &CallFilter) -> Result<Page<CallRecord>, StoreError> {
        let order = filter.order.order();
        let part = (&filter.start, filter.limit);
        let restrict = |sql: &mut Sql| restrict(sql, filter);
        page::page(
            self.read()?,
            (COLUMNS, "calls"),
            &order,
            part,
            restrict,
            record,
        )
        .await
    }

    /// How many calls `filter` lets through, counted up to `at_most`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn count_calls(&self, filter: &CallFilter, at_most: u32) -> Result<u64, StoreError> {
        page::count(self.read()?, "calls", at_most, |sql| restrict(sql, filter)).await
    }

    /// A page of the calls that `filter` lets through, with how many there are in all.
    ///
    /// # Errors
    /// As [`Self::page_calls`].
    pub async fn list_calls(&self, filter: &CallFilter) -> Result<CallPage, StoreError> {
        Ok(CallPage {
            calls: self.page_calls(filter).await?.rows,
            total: self.count_calls(filter, u32::MAX).await?,
        })
    }

    /// All calls that arrived from `from` on and before `until`, in the order of arrival.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn call_records(
        &self,
        from: Instant,
        until: Instant,
    ) -> Result<Vec<CallRecord>, StoreError> {
        records(&mut *self.read()?.acquire().await?, from, until).await
    }

    /// The calls of these ids, in no order.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn calls_of_ids(&self, ids: &[CallId]) -> Result<Vec<CallRecord>, StoreError> {
        let mut calls = Vec::with_capacity(ids.len());
        for some in ids.chunks(ROWS_IN_A_STATEMENT) {
            let mut sql = Sql::new("SELECT ");
            sql.push(COLUMNS).push(" FROM calls WHERE call_id IN (");
            let ids: Vec<_> = some.iter().map(|id| storable(id.as_str())).collect();
            sql.bind_all(ids.iter().map(String::as_str)).push(")");
            let rows = sql.fetch_all(&mut *self.read()?.acquire().await?).await?;
            for row in &rows {
                calls.push(record(row)?);
            }
        }
        Ok(calls)
    }

    /// The calls first seen by `node` that have no end in the log, each with all its events in
    /// order.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn unfinished_calls(
        &self,
        node: &NodeName,
    ) -> Result<Vec<Vec<CallEvent>>, StoreError> {
        unfinished(&mut *self.read()?.acquire().await?, node).await
    }
}

/// The calls that arrived from `from` on and before `until`, in the order of arrival.
pub(crate) async fn records(
    connection: &mut AnyConnection,
    from: Instant,
    until: Instant,
) -> Result<Vec<CallRecord>, StoreError> {
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS)
        .push(" FROM calls WHERE arrived_at >= ")
        .bind(from.0);
    sql.push(" AND arrived_at < ")
        .bind(until.0)
        .push(" ORDER BY arrived_at, call_id");
    let rows = sql.fetch_all(connection).await?;
    rows.iter().map(record).collect()
}

/// The calls first seen by `node` that have no end in the log, each with all its events in order.
pub(crate) async fn unfinished(
    connection: &mut AnyConnection,
    node: &NodeName,
) -> Result<Vec<Vec<CallEvent>>, StoreError> {
    let rows = sqlx::query(
        "SELECT call_id FROM calls WHERE node = $1 AND ended_at IS NULL \
         ORDER BY arrived_at, call_id",
    )
    .bind(storable(node.as_str()))
    .fetch_all(&mut *connection)
    .await?;
    let calls: Vec<CallId> = rows
        .iter()
        .map(|row| Ok(row.try_get::<&str, _>("call_id")?.into()))
        .collect::<Result<_, StoreError>>()?;
    let mut unfinished = Vec::with_capacity(calls.len());
    for calls in calls.chunks(ROWS_IN_A_STATEMENT) {
        let calls: Vec<&CallId> = calls.iter().collect();
        let events = event_rows::load(connection, &calls).await?;
        unfinished.extend(
            events
                .chunk_by(|one, next| one.call == next.call)
                .map(<[_]>::to_vec),
        );
    }
    Ok(unfinished)
}

/// Adds the conditions of `filter`.
fn restrict(sql: &mut Sql, filter: &CallFilter) {
    sql.push(" WHERE 1 = 1");
    if let Some(from) = filter.from {
        sql.push(" AND arrived_at >= ").bind(from.0);
    }
    if let Some(until) = filter.until {
        sql.push(" AND arrived_at < ").bind(until.0);
    }
    if let Some(line) = &filter.line {
        sql.push(" AND line = ").bind(storable(line.as_str()));
    }
    if let Some(direction) = filter.direction {
        sql.push(" AND direction = ").bind(direction.as_str());
    }
    if let Some(wait) = filter.wait_below {
        sql.push(" AND COALESCE(answered_at, ended_at) - arrived_at < ")
            .bind(wait.0);
    }
    // LIKE folds case on one database and not on the other, and has letters of its own; REPLACE
    // is plain on both.
    if let Some(agent) = &filter.agent {
        sql.push(" AND REPLACE(agents, ")
            .bind(searched_whole(agent.as_str()));
        sql.push(", '') <> agents");
    }
    let sought = filter.number.as_deref().unwrap_or_default();
    let number = searched_number(sought);
    if let Some(reason) = NoNumberReason::of_word(sought) {
        sql.push(" AND no_number = ").bind(reason.as_str());
    } else if !number.is_empty() {
        sql.push(" AND REPLACE(numbers, ")
            .bind(number)
            .push(", '') <> numbers");
    }
    match filter.outcome {
        None => sql,
        Some(OutcomeFilter::Waiting) => sql.push(" AND outcome = 'waiting'"),
        Some(OutcomeFilter::Answered) => sql.push(" AND outcome IN ('talking', 'completed')"),
        Some(OutcomeFilter::Talking) => sql.push(" AND outcome = 'talking'"),
        Some(OutcomeFilter::Abandoned(None)) => sql.push(" AND outcome = 'abandoned'"),
        Some(OutcomeFilter::Abandoned(Some(reason))) => sql
            .push(" AND outcome = 'abandoned' AND reason = ")
            .bind(reason.as_str()),
        Some(OutcomeFilter::Ended) => sql.push(" AND outcome = 'ended'"),
    };
}
