//! The figures of a period, summed up over its calls some at a time.

use madoguchi_core::call::CallRecord;
use madoguchi_core::figures::FiguresSettings;
use madoguchi_core::id::LineName;
use madoguchi_core::stats::{StatsQuery, StatsReport, StatsSums};
use madoguchi_core::time::Instant;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::row::{COLUMNS, record_of_line};
use crate::error::StoreError;
use crate::sql::{Joined, Sql};
use crate::store::Store;

/// Calls that are in memory at once.
const AT_ONCE: i64 = 2_000;

impl Store {
    /// The figures that are asked for: the one function behind `madoguchi stats`, the API, the page
    /// and its files.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn stats(
        &self,
        query: StatsQuery,
        settings: FiguresSettings,
    ) -> Result<StatsReport, StoreError> {
        let (from, until) = (query.start(), query.end());
        let mut sums = StatsSums::new(query, settings);
        self.visit_calls(from, until, |call| sums.add(&call))
            .await?;
        Ok(sums.report())
    }

    /// How many calls were 着信 on each line in each half hour, by the instant at which it begins; half hours
    /// without any are left out.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn offered_by_half_hour(
        &self,
        from: Instant,
        until: Instant,
    ) -> Result<Vec<(LineName, Instant, u64)>, StoreError> {
        let rows = sqlx::query(
            "SELECT line, arrived_at / 1800000 AS slot, CAST(COUNT(*) AS BIGINT) AS found FROM calls \
             WHERE direction = 'inbound' AND arrived_at >= $1 AND arrived_at < $2 \
             GROUP BY line, arrived_at / 1800000 ORDER BY slot, line",
        )
        .bind(from.0)
        .bind(until.0)
        .fetch_all(self.read()?)
        .await?;
        let counts = rows.iter().map(|row| {
            let slot: i64 = row.try_get("slot")?;
            let found: i64 = row.try_get("found")?;
            let line = LineName::new(row.try_get::<&str, _>("line")?);
            Ok((line, Instant(slot * 1_800_000), found.unsigned_abs()))
        });
        counts.collect()
    }

    /// Shows the calls that arrived from `from` on and before `until`, in the order of their arrival, some
    /// of them in memory at once.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn visit_calls(
        &self,
        from: Instant,
        until: Instant,
        mut visit: impl FnMut(CallRecord),
    ) -> Result<(), StoreError> {
        let mut last: Option<(i64, String)> = None;
        loop {
            let mut connection = self.read()?.acquire().await?;
            let mut sql = Sql::new("SELECT arrived_at, call_id FROM calls");
            restrict_to_arrived(&mut sql, (from, until), last.as_ref());
            sql.push(" ORDER BY arrived_at, call_id LIMIT 1 OFFSET ")
                .bind(AT_ONCE - 1);
            let end = sql.fetch_all(&mut connection).await?;
            let place = |row: &AnyRow| {
                Ok::<_, sqlx::Error>((row.try_get("arrived_at")?, row.try_get("call_id")?))
            };
            let end: Option<(i64, String)> = end.first().map(place).transpose()?;
            let joined = Joined::of(&connection);
            let mut sql = Sql::new("SELECT ");
            sql.push(joined.begin).push("CAST(").push(joined.array);
            sql.push(COLUMNS).push(") AS TEXT)").push(joined.end);
            sql.push(" AS found FROM calls");
            restrict_to_arrived(&mut sql, (from, until), last.as_ref());
            if let Some((at, call)) = &end {
                sql.push(" AND (arrived_at, call_id) <= (").bind(*at);
                sql.push(", ").bind(call.as_str()).push(")");
            }
            let rows = sql.fetch_all(&mut connection).await?;
            drop(connection);
            let lines: Option<&str> = rows.first().map_or(Ok(None), |row| row.try_get("found"))?;
            let calls = lines.iter().flat_map(|lines| lines.lines());
            let mut calls: Vec<CallRecord> = calls.map(record_of_line).collect::<Result<_, _>>()?;
            calls.sort_by(|one, other| {
                (one.arrived_at, &one.call).cmp(&(other.arrived_at, &other.call))
            });
            calls.into_iter().for_each(&mut visit);
            if end.is_none() {
                return Ok(());
            }
            last = end;
        }
    }
}

/// Adds the condition that calls arrived from an instant on and before another, and lie beyond one.
fn restrict_to_arrived(
    sql: &mut Sql,
    (from, until): (Instant, Instant),
    last: Option<&(i64, String)>,
) {
    let from = last.map_or(from.0, |(at, _)| *at);
    sql.push(" WHERE arrived_at >= ").bind(from);
    sql.push(" AND arrived_at < ").bind(until.0);
    if let Some((at, call)) = last {
        sql.push(" AND (arrived_at, call_id) > (").bind(*at);
        sql.push(", ").bind(call.as_str()).push(")");
    }
}
