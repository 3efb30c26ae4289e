//! The figures of a period, summed up over its calls some at a time.

use madoguchi_core::call::CallRecord;
use madoguchi_core::figures::FiguresSettings;
use madoguchi_core::id::{CallId, LineName};
use madoguchi_core::stats::{StatsQuery, StatsReport, StatsSums};
use madoguchi_core::time::Instant;
use sqlx::Row;

use super::row::{COLUMNS, record};
use crate::error::StoreError;
use crate::sql::Sql;
use crate::store::Store;

/// Calls that are in memory at once.
const AT_ONCE: usize = 2_000;

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
        let mut last: Option<(Instant, CallId)> = None;
        loop {
            let mut sql = Sql::new("SELECT ");
            sql.push(COLUMNS).push(" FROM calls WHERE arrived_at < ");
            sql.bind(until.0).push(" AND arrived_at >= ");
            sql.bind(last.as_ref().map_or(from, |(at, _)| *at).0);
            if let Some((at, call)) = &last {
                sql.push(" AND (arrived_at, call_id) > (").bind(at.0);
                sql.push(", ").bind(call.as_str()).push(")");
            }
            sql.push(" ORDER BY arrived_at, call_id LIMIT ")
                .bind(AT_ONCE as i64);
            let rows = sql.fetch_all(&mut *self.read()?.acquire().await?).await?;
            for row in &rows {
                let call = record(row)?;
                last = Some((call.arrived_at, call.call.clone()));
                visit(call);
            }
            if rows.len() < AT_ONCE {
                return Ok(());
            }
        }
    }
}
