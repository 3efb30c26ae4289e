//! The tickets of a month as they were at its cut-off, read without the histories of those that nothing
//! happened to since: what stands in their rows is what they were, and their briefs hold what figures need of it.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

use madoguchi_core::id::TicketId;
use madoguchi_core::ticket::{Briefs, Ticket, TicketEvent, Turn, turns};
use madoguchi_core::time::Instant;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};
use tokio::task::JoinHandle;

use super::briefs;
use super::log::{events_of, unreadable};
use crate::error::StoreError;
use crate::sql::{Joined, ROWS_IN_A_STATEMENT, Sql};
use crate::store::Store;

/// Tickets that are read at once: as whole tickets, and in brief.
const AT_ONCE: i64 = 1_000;
const BRIEFS_AT_ONCE: i64 = 4_000;
/// Batches that wait to be taken out of their JSON, so that texts do not pile up.
const BATCHES: usize = 4;

/// Which tickets, and as of when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TicketSpan {
    /// From when,
    pub from: Instant,
    /// and before when.
    pub until: Instant,
    /// As they were before this.
    pub cut_off: Instant,
}

/// The tickets of a month.
#[derive(Debug, Default)]
pub struct MonthTickets {
    /// Those that were received in it, that stood open at its beginning or were closed since, that were
    /// spoken of, analysed or escalated in it, and what all of these go on as. As they were at the cut-off,
    /// without their texts.
    pub tickets: Vec<Ticket>,
    /// When those that were opened again or merged since its beginning were closed and opened.
    pub turns: BTreeMap<TicketId, Vec<Turn>>,
    /// Which of those stood open at its end, or at the cut-off if that is earlier: by the ticket as it was then.
    pub open_at_end: BTreeSet<TicketId>,
}

/// How much of each ticket is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    Whole,
    /// What figures need, so that many fit into memory.
    WithoutTexts,
}

impl Extent {
    fn of(self, ticket: Ticket) -> Ticket {
        match self {
            Self::Whole => ticket,
            Self::WithoutTexts => ticket.without_texts(),
        }
    }
}

/// From where the tickets of a month are read.
#[derive(Debug, Clone, Copy)]
struct Source {
    table: &'static str,
    id: &'static str,
    /// The column that holds the ticket.
    ticket: &'static str,
    at_once: i64,
}

/// Some hundred bytes each.
const BRIEFS: Source = Source {
    table: "ticket_briefs",
    id: "ticket_id",
    ticket: "brief",
    at_once: BRIEFS_AT_ONCE,
};

/// Whole tickets, of which some fill a page of the database each.
const WHOLE: Source = Source {
    table: "tickets",
    id: "id",
    ticket: "state",
    at_once: AT_ONCE,
};

impl Store {
    /// The tickets of a month, without their texts.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn month_tickets(&self, span: TicketSpan) -> Result<MonthTickets, StoreError> {
        let mut tx = self.begin_snapshot().await?;
        let mut reading = Reading::new(span, Extent::WithoutTexts);
        let source = match briefs::are_current(&mut tx).await? {
            true => BRIEFS,
            false => WHOLE,
        };
        reading.received(&mut tx, source).await?;
        reading.parsed().await?;
        let others = others(&mut tx, span).await?;
        reading.named(&mut tx, others).await?;
        loop {
            reading.settle(&mut tx).await?;
            let missing = reading.missing_family();
            if missing.is_empty() {
                break;
            }
            reading.named(&mut tx, missing).await?;
        }
        let turned = reading.turned();
        let (mut all, mut open_at_end) = (BTreeMap::new(), BTreeSet::new());
        let end = span.until.min(span.cut_off);
        for history in histories(&mut tx, &turned).await? {
            let Some(first) = history.first() else {
                continue;
            };
            all.insert(first.ticket.clone(), turns(&history));
            if Ticket::as_of(&history, end).is_some_and(|then| then.is_open()) {
                open_at_end.insert(first.ticket.clone());
            }
        }
        tx.rollback().await?;
        Ok(MonthTickets {
            tickets: reading.tickets,
            turns: all,
            open_at_end,
        })
    }

    /// Some tickets as they were before an instant, whole; those that are not there are left out.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn tickets_as_of(
        &self,
        ids: Vec<TicketId>,
        before: Instant,
    ) -> Result<Vec<Ticket>, StoreError> {
        let span = TicketSpan {
            from: before,
            until: before,
            cut_off: before,
        };
        let mut tx = self.begin_snapshot().await?;
        let mut reading = Reading::new(span, Extent::Whole);
        reading.named(&mut tx, ids).await?;
        reading.settle(&mut tx).await?;
        tx.rollback().await?;
        Ok(reading.tickets)
    }

    /// Whether a call arrived or a ticket was received from `from` on and before `until`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn has_month(&self, from: Instant, until: Instant) -> Result<bool, StoreError> {
        let row = sqlx::query(
            "SELECT 1 AS found FROM calls WHERE arrived_at >= $1 AND arrived_at < $2 \
             UNION ALL SELECT 1 AS found FROM tickets WHERE received_at >= $1 AND received_at < $2 \
             LIMIT 1",
        )
        .bind(from.0)
        .bind(until.0)
        .fetch_optional(self.read()?)
        .await?;
        Ok(row.is_some())
    }

    /// How many tickets were received in a span, without those that were merged into others by its cut-off: the rows
    /// of the ledger.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn count_received(&self, span: TicketSpan) -> Result<u64, StoreError> {
        let mut tx = self.begin_snapshot().await?;
        let row = sqlx::query(
            "SELECT CAST(COUNT(*) AS BIGINT) AS found FROM tickets \
             WHERE received_at >= $1 AND received_at < $2 AND merged_into IS NULL",
        )
        .bind(span.from.0)
        .bind(span.until.0)
        .fetch_one(&mut *tx)
        .await?;
        let found: i64 = row.try_get("found")?;
        // Of what is merged by now its history tells whether it was by then. Few are, and have an index of their own.
        let rows = sqlx::query(
            "SELECT id AS ticket_id FROM tickets WHERE +received_at >= $1 AND +received_at < $2 \
             AND merged_into IS NOT NULL AND updated_at >= $3",
        )
        .bind(span.from.0)
        .bind(span.until.0)
        .bind(span.cut_off.0)
        .fetch_all(&mut *tx)
        .await?;
        let mut found = found.unsigned_abs();
        for history in histories(&mut tx, &ids(&rows)?).await? {
            let then = Ticket::as_of(&history, span.cut_off);
            found += u64::from(then.is_some_and(|then| then.merged_into.is_none()));
        }
        tx.rollback().await?;
        Ok(found)
    }
}

fn ids(rows: &[AnyRow]) -> Result<Vec<TicketId>, StoreError> {
    rows.iter()
        .map(|row| Ok(TicketId::new(row.try_get::<&str, _>("ticket_id")?)))
        .collect()
}

/// Those that were not received in the month and count in it.
async fn others(
    connection: &mut AnyConnection,
    span: TicketSpan,
) -> Result<Vec<TicketId>, StoreError> {
    let rows = sqlx::query(
        "SELECT id AS ticket_id FROM tickets WHERE is_open = 1 AND received_at < $1 \
         UNION SELECT id FROM tickets WHERE done_at IS NOT NULL AND anonymised = 0 \
         AND done_at >= $1 AND received_at < $1 \
         UNION SELECT id FROM tickets WHERE merged_into IS NOT NULL \
         AND updated_at >= $1 AND received_at < $1 \
         UNION SELECT ticket_id FROM ticket_events \
         WHERE kind IN ('contact_added', 'analysis_begun', 'escalated') \
         AND happened_at >= $1 AND happened_at < $2 AND ticket_id NOT IN \
         (SELECT id FROM tickets WHERE received_at >= $1 AND received_at < $3)",
    )
    .bind(span.from.0)
    .bind(span.until.max(span.cut_off).0)
    .bind(span.until.0)
    .fetch_all(connection)
    .await?;
    ids(&rows)
}

type Parsed = JoinHandle<Result<Vec<Ticket>, StoreError>>;

/// Tickets while they are read.
struct Reading {
    span: TicketSpan,
    extent: Extent,
    seen: HashSet<TicketId>,
    /// Something was recorded of them after the cut-off, so that their histories have to tell.
    changed: Vec<TicketId>,
    tickets: Vec<Ticket>,
    parsing: VecDeque<Parsed>,
}

impl Reading {
    fn new(span: TicketSpan, extent: Extent) -> Self {
        Self {
            span,
            extent,
            seen: HashSet::new(),
            changed: Vec::new(),
            tickets: Vec::new(),
            parsing: VecDeque::new(),
        }
    }

    /// Those that were received in the month. Many of them come as one row, a ticket in each line: a row costs
    /// more than what stands in it.
    async fn received(
        &mut self,
        connection: &mut AnyConnection,
        source: Source,
    ) -> Result<(), StoreError> {
        let mut last: Option<(i64, String)> = None;
        loop {
            // An index of the tickets tells where some of them end, whatever they are read from.
            let mut sql = Sql::new("SELECT received_at, id");
            self.restrict_to_received(&mut sql, WHOLE, last.as_ref());
            sql.push(" ORDER BY received_at, id LIMIT 1 OFFSET ");
            sql.bind(source.at_once - 1);
            let end = sql.fetch_all(&mut *connection).await?;
            let end = end.first().map(|row| {
                Ok::<(i64, String), sqlx::Error>((row.try_get("received_at")?, row.try_get("id")?))
            });
            let end = end.transpose()?;
            let joined = Joined::of(connection);
            let mut sql = Sql::new("SELECT ");
            sql.push(joined.begin).push("CASE WHEN updated_at < ");
            sql.bind(self.span.cut_off.0).push(" THEN ");
            sql.push(source.ticket).push(" END");
            sql.push(joined.end).push(" AS states, ");
            sql.push(joined.begin).push("CASE WHEN updated_at >= ");
            sql.bind(self.span.cut_off.0).push(" THEN ");
            sql.push(source.id).push(" END");
            sql.push(joined.end).push(" AS changed");
            self.restrict_to_received(&mut sql, source, last.as_ref());
            if let Some((at, id)) = &end {
                sql.push(" AND (received_at, ").push(source.id);
                sql.push(") <= (").bind(*at);
                sql.push(", ").bind(id.as_str()).push(")");
            }
            for row in sql.fetch_all(&mut *connection).await? {
                if let Some(states) = row.try_get("states")? {
                    self.parse(states).await?;
                }
                let changed: Option<&str> = row.try_get("changed")?;
                for id in changed.iter().flat_map(|ids| ids.lines()) {
                    self.seen.insert(id.into());
                    self.changed.push(id.into());
                }
            }
            if end.is_none() {
                return Ok(());
            }
            last = end;
        }
    }

    /// Adds the table, and the condition that tickets were received in the month and lie beyond one.
    fn restrict_to_received(&self, sql: &mut Sql, source: Source, last: Option<&(i64, String)>) {
        let from = last.map_or(self.span.from.0, |(at, _)| *at);
        sql.push(" FROM ").push(source.table);
        sql.push(" WHERE received_at >= ").bind(from);
        sql.push(" AND received_at < ").bind(self.span.until.0);
        if let Some((at, id)) = last {
            sql.push(" AND (received_at, ").push(source.id);
            sql.push(") > (").bind(*at);
            sql.push(", ").bind(id.as_str()).push(")");
        }
    }

    /// Those of these ids that were not read yet.
    async fn named(
        &mut self,
        connection: &mut AnyConnection,
        mut ids: Vec<TicketId>,
    ) -> Result<(), StoreError> {
        ids.retain(|id| !self.seen.contains(id));
        for some in ids.chunks(ROWS_IN_A_STATEMENT) {
            let mut sql = Sql::new("SELECT id, updated_at, state FROM tickets WHERE id IN (");
            sql.bind_all(some.iter().map(TicketId::as_str)).push(")");
            let rows = sql.fetch_all(&mut *connection).await?;
            self.take(rows).await?;
        }
        Ok(())
    }

    /// Takes rows up.
    async fn take(&mut self, rows: Vec<AnyRow>) -> Result<(), StoreError> {
        let mut states = String::new();
        for row in &rows {
            let id = TicketId::new(row.try_get::<&str, _>("id")?);
            let updated_at: i64 = row.try_get("updated_at")?;
            self.seen.insert(id.clone());
            if updated_at < self.span.cut_off.0 {
                states.push_str(row.try_get("state")?);
                states.push('\n');
            } else {
                self.changed.push(id);
            }
        }
        self.parse(states).await
    }

    /// Takes tickets out of their JSON, one in a line, in brief or whole, beside the reading.
    async fn parse(&mut self, states: String) -> Result<(), StoreError> {
        let extent = self.extent;
        self.parsing.push_back(tokio::task::spawn_blocking(move || {
            let mut briefs = Briefs::default();
            let tickets = states.lines().map(|line| {
                let ticket = briefs.read(line).map(|ticket| extent.of(ticket));
                ticket.map_err(|source| unreadable(&id_in(line), source))
            });
            tickets.collect()
        }));
        while self.parsing.len() > BATCHES {
            self.take_parsed().await?;
        }
        Ok(())
    }

    /// Waits until all that was read is out of its JSON.
    async fn parsed(&mut self) -> Result<(), StoreError> {
        while !self.parsing.is_empty() {
            self.take_parsed().await?;
        }
        Ok(())
    }

    async fn take_parsed(&mut self) -> Result<(), StoreError> {
        if let Some(batch) = self.parsing.pop_front() {
            let crashed = |_| StoreError::from(sqlx::Error::WorkerCrashed);
            let batch = batch.await.map_err(crashed)??;
            self.seen
                .extend(batch.iter().map(|ticket| ticket.id.clone()));
            self.tickets.extend(batch);
        }
        Ok(())
    }

    /// Ends what was begun: nothing is parsed any more, and what changed later is as it was.
    async fn settle(&mut self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        self.parsed().await?;
        let changed = std::mem::take(&mut self.changed);
        for some in changed.chunks(ROWS_IN_A_STATEMENT) {
            for history in histories(&mut *connection, some).await? {
                let ticket = Ticket::as_of(&history, self.span.cut_off);
                self.tickets
                    .extend(ticket.map(|ticket| self.extent.of(ticket)));
            }
        }
        Ok(())
    }

    /// What tickets that were read go on as, or what goes on as them, if it was not read.
    fn missing_family(&self) -> Vec<TicketId> {
        let merged = self.tickets.iter().flat_map(|ticket| {
            let into = ticket.merged_into.iter();
            into.chain(&ticket.merged_from)
        });
        let missing = merged.filter(|id| !self.seen.contains(*id));
        let missing: BTreeSet<&TicketId> = missing.collect();
        missing.into_iter().cloned().collect()
    }

    /// Those that were opened again or merged since the month began, as far as their rows tell.
    fn turned(&self) -> Vec<TicketId> {
        let from = self.span.from;
        let turned = self.tickets.iter().filter(|ticket| {
            let went_on = |until: Option<Instant>| until.is_some_and(|until| until >= from);
            ticket.pauses.iter().any(|pause| went_on(pause.until))
                || (ticket.merged_into.is_some() && ticket.updated_at >= from)
        });
        turned.map(|ticket| ticket.id.clone()).collect()
    }
}

/// The id of a ticket whose JSON cannot be read as a whole.
fn id_in(state: &str) -> String {
    let read = serde_json::from_str::<serde_json::Value>(state).ok();
    let id = read.as_ref().and_then(|read| read.get("id")?.as_str());
    id.unwrap_or("in a row").to_owned()
}

/// The histories of tickets, each by itself.
async fn histories(
    connection: &mut AnyConnection,
    ids: &[TicketId],
) -> Result<Vec<Vec<TicketEvent>>, StoreError> {
    let mut all = Vec::with_capacity(ids.len());
    for some in ids.chunks(ROWS_IN_A_STATEMENT) {
        let some: Vec<&TicketId> = some.iter().collect();
        let events = events_of(&mut *connection, &some).await?;
        let each = events.chunk_by(|one, next| one.ticket == next.ticket);
        all.extend(each.map(<[_]>::to_vec));
    }
    Ok(all)
}
