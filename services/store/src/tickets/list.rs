//! Short lists of tickets, the newest first, and what long ones have in common with them.

use madoguchi_core::era::fiscal_year;
use madoguchi_core::id::{CategoryId, DivisionId, PersonId, TicketId, UserId};
use madoguchi_core::phone;
use madoguchi_core::ticket::{Channel, Status, System, Ticket};
use madoguchi_core::time::{Instant, Millis};
use sqlx::Row;

use super::row::{self, COLUMNS, TicketRow};
use super::words::WordQuery;
use crate::error::StoreError;
use crate::sql::{Sql, storable};
use crate::store::Store;

/// Which tickets are wanted. What is `None` or empty does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TicketFilter {
    /// With one of these.
    pub statuses: Vec<Status>,
    /// Neither 完了 nor merged into another.
    pub open: bool,
    /// Whose 一次回答 is due.
    pub awaiting_answer: bool,
    /// Also those that go on as another.
    pub merged: bool,
    /// Of one of these 業務区分.
    pub divisions: Vec<DivisionId>,
    /// Of one of these 分類.
    pub categories: Vec<CategoryId>,
    /// That came so.
    pub channel: Option<Channel>,
    /// About this system.
    pub system: Option<System>,
    /// Seen to by this user; `Some(None)`: by nobody.
    pub owner: Option<Option<UserId>>,
    /// Asked by this person.
    pub person: Option<PersonId>,
    /// From this number, in any spelling.
    pub caller: Option<String>,
    /// From this 拠点.
    pub site: Option<String>,
    /// From this 部署, of whatever 拠点.
    pub department: Option<String>,
    /// Marked 障害.
    pub incident: bool,
    /// Marked 緊急.
    pub urgent: bool,
    /// Received from here on.
    pub from: Option<Instant>,
    /// Received before this.
    pub until: Option<Instant>,
    /// 保留 until a day before this one.
    pub held_before: Option<chrono::NaiveDate>,
    /// Waiting for a vendor whose answer is due, or who is to be reminded, before this.
    pub escalation_due_before: Option<Instant>,
    /// With all these words somewhere.
    pub words: String,
    /// At the most so many.
    pub limit: u32,
}

impl TicketFilter {
    /// Whether it lets open tickets through alone.
    fn is_of_open(&self) -> bool {
        let waits = self.escalation_due_before.is_some() || self.held_before.is_some();
        let is_named = !self.statuses.is_empty() && !self.statuses.contains(&Status::Done);
        self.open || waits || (is_named && !self.merged)
    }
}

/// From which end on the fiscal years of a period narrow a list. A page that begins at a row has its place from
/// that row on that end: two bounds there would let the database choose the wrong one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Years {
    pub(super) first: bool,
    pub(super) last: bool,
}

impl Default for Years {
    fn default() -> Self {
        let (first, last) = (true, true);
        Self { first, last }
    }
}

/// Adds in which fiscal years the numbers of the tickets are that were received in the period of a filter.
pub(super) fn within_years(sql: &mut Sql, filter: &TicketFilter, years: Years) {
    let year = |at: Instant| i64::from(fiscal_year(at.date()));
    if let Some(from) = filter.from.filter(|_| years.first) {
        sql.push(" AND fiscal_year >= ").bind(year(from));
    }
    if let Some(until) = filter.until.filter(|_| years.last) {
        sql.push(" AND fiscal_year <= ")
            .bind(year(until - Millis(1)));
    }
}

impl Store {
    /// The newest tickets that a filter lets through.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::UnknownName`].
    pub async fn list_tickets(&self, filter: &TicketFilter) -> Result<Vec<TicketRow>, StoreError> {
        let words = self.word_query(&filter.words).await?;
        let mut sql = Sql::new("SELECT ");
        sql.push(COLUMNS).push(" FROM tickets");
        restrict(&mut sql, filter, &words);
        within_years(&mut sql, filter, Years::default());
        sql.push(" ORDER BY fiscal_year DESC, sequence DESC LIMIT ")
            .bind(i64::from(filter.limit));
        let found = sql.fetch_all(&mut *self.read()?.acquire().await?).await?;
        found.iter().map(row::read).collect()
    }

    /// The open tickets whose 一次回答 is due, the oldest first: what 期限の近いもの are chosen from by the
    /// clock of their 業務区分.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn tickets_awaiting_answer(&self, limit: u32) -> Result<Vec<Ticket>, StoreError> {
        let rows = sqlx::query(
            "SELECT state FROM tickets WHERE awaits_answer = 1 ORDER BY received_at, id LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(self.read()?)
        .await?;
        rows.iter().map(row::state).collect()
    }

    /// What others of a 拠点 asked since an instant, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn tickets_of_site(
        &self,
        site: &str,
        since: Instant,
        limit: u32,
    ) -> Result<Vec<TicketRow>, StoreError> {
        let filter = TicketFilter {
            site: Some(site.to_owned()),
            from: Some(since),
            limit,
            ..TicketFilter::default()
        };
        self.list_tickets(&filter).await
    }

    /// How many are open.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn open_tickets(&self) -> Result<u64, StoreError> {
        let row =
            sqlx::query("SELECT CAST(COUNT(*) AS BIGINT) AS open FROM tickets WHERE is_open = 1")
                .fetch_one(self.read()?)
                .await?;
        let open: i64 = row.try_get("open")?;
        Ok(open.unsigned_abs())
    }

    /// The tickets of these ids, in no order.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn ticket_rows(&self, ids: &[TicketId]) -> Result<Vec<TicketRow>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = Sql::new("SELECT ");
        sql.push(COLUMNS).push(" FROM tickets WHERE id IN (");
        sql.bind_all(ids.iter().map(TicketId::as_str)).push(")");
        let rows = sql.fetch_all(&mut *self.read()?.acquire().await?).await?;
        rows.iter().map(row::read).collect()
    }
}

/// Adds the conditions of a filter; `words` are its words.
pub(super) fn restrict(sql: &mut Sql, filter: &TicketFilter, words: &WordQuery) {
    sql.push(" WHERE 1 = 1");
    words.restrict(sql);
    if filter.awaiting_answer {
        sql.push(" AND awaits_answer = 1");
    }
    // What is open is not merged: without a second condition the index of open tickets suffices.
    if filter.is_of_open() {
        sql.push(" AND is_open = 1");
    } else if !filter.merged {
        sql.push(" AND merged_into IS NULL");
    }
    if filter.incident {
        sql.push(" AND incident = 1");
    }
    if filter.urgent {
        sql.push(" AND urgent = 1");
    }
    one_of(
        sql,
        " AND status IN (",
        filter.statuses.iter().map(|status| status.as_str()),
    );
    one_of(
        sql,
        " AND division IN (",
        filter.divisions.iter().map(DivisionId::as_str),
    );
    one_of(
        sql,
        " AND category IN (",
        filter.categories.iter().map(CategoryId::as_str),
    );
    let owner = filter.owner.as_ref();
    let owner = owner.map(|owner| owner.as_ref().map_or("", UserId::as_str));
    let caller = filter.caller.as_deref().map(phone::normalize);
    for (condition, text) in [
        (" AND channel = ", filter.channel.map(Channel::as_str)),
        (" AND system = ", filter.system.map(System::as_str)),
        (" AND owner = ", owner),
        (
            " AND person <> '' AND person = ",
            filter.person.as_ref().map(PersonId::as_str),
        ),
        (" AND number <> '' AND number = ", caller.as_deref()),
        (" AND site <> '' AND site = ", filter.site.as_deref()),
        (
            " AND department <> '' AND department = ",
            filter.department.as_deref(),
        ),
    ] {
        if let Some(text) = text {
            sql.push(condition).bind(storable(text));
        }
    }
    for (condition, at) in [
        (" AND received_at >= ", filter.from),
        (" AND received_at < ", filter.until),
        (" AND escalation_due < ", filter.escalation_due_before),
    ] {
        if let Some(at) = at {
            sql.push(condition).bind(at.0);
        }
    }
    if let Some(day) = filter.held_before {
        sql.push(" AND status = 'held' AND hold_until < ")
            .bind(day.to_string());
    }
}

fn one_of<'a>(sql: &mut Sql, condition: &'static str, texts: impl Iterator<Item = &'a str>) {
    let texts: Vec<&str> = texts.collect();
    if !texts.is_empty() {
        sql.push(condition).bind_all(texts).push(")");
    }
}
