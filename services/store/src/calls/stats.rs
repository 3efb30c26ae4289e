//! The figures of a period, summed up over its calls some at a time.

use std::collections::BTreeMap;

use madoguchi_core::call::{CallRecord, Direction};
use madoguchi_core::event::AbandonReason;
use madoguchi_core::figures::{Figures, FiguresSettings};
use madoguchi_core::id::LineName;
use madoguchi_core::names::Names;
use madoguchi_core::stats::{StatsQuery, StatsReport, StatsSums};
use madoguchi_core::time::Instant;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::row::{COLUMNS, direction, named, record_of_line};
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

    /// The counts of the calls that arrived from `from` on and before `until` by line, as the database groups
    /// them; without durations.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::UnknownName`].
    pub async fn call_counts(
        &self,
        from: Instant,
        until: Instant,
    ) -> Result<BTreeMap<LineName, Figures>, StoreError> {
        let rows = sqlx::query(
            "SELECT line, direction, reason, CASE WHEN answered_at IS NULL THEN 0 ELSE 1 END AS answered, \
             CASE WHEN ended_at IS NULL THEN 0 ELSE 1 END AS ended, \
             CAST(COUNT(*) AS BIGINT) AS found FROM calls \
             WHERE arrived_at >= $1 AND arrived_at < $2 \
             GROUP BY line, direction, reason, CASE WHEN answered_at IS NULL THEN 0 ELSE 1 END, \
             CASE WHEN ended_at IS NULL THEN 0 ELSE 1 END",
        )
        .bind(from.0)
        .bind(until.0)
        .fetch_all(self.read()?)
        .await?;
        let mut counts: BTreeMap<LineName, Figures> = BTreeMap::new();
        for row in &rows {
            let line = LineName::new(row.try_get::<&str, _>("line")?);
            let is = |column| Ok::<_, sqlx::Error>(row.try_get::<i64, _>(column)? != 0);
            let (answered, ended) = (is("answered")?, is("ended")?);
            let reason: Option<&str> = row.try_get("reason")?;
            let found = row.try_get::<i64, _>("found")?.unsigned_abs();
            let of_line = counts.entry(line).or_default();
            match direction(row.try_get("direction")?)? {
                Direction::Inbound => {
                    of_line.offered += found;
                    if answered {
                        of_line.answered += found;
                    } else if ended {
                        let reason = reason.map(named).transpose()?;
                        let reason = reason.unwrap_or(AbandonReason::SystemError);
                        *of_line.abandoned_by_reason.entry(reason).or_default() += found;
                    } else {
                        of_line.waiting += found;
                    }
                }
                Direction::AfterHours => of_line.after_hours += found,
                Direction::Outbound => match reason.map(named).transpose()? {
                    Some(refusal) => {
                        *of_line
                            .outbound_barred_by_reason
                            .entry(refusal)
                            .or_default() += found;
                    }
                    None => {
                        of_line.outbound += found;
                        of_line.outbound_answered += if answered { found } else { 0 };
                    }
                },
                Direction::Internal | Direction::Superseded => {}
            }
        }
        Ok(counts)
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
        let (mut last, mut names): (Option<(i64, String)>, _) = (None, Names::default());
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
            let calls = calls.map(|line| record_of_line(line, &mut names));
            let mut calls: Vec<CallRecord> = calls.collect::<Result<_, _>>()?;
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
