//! 提出, 差戻し and 承認 of a month's report.

use madoguchi_core::month::{Month, ReportStep, StepKind};
use madoguchi_core::time::Instant;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::{month, small};
use crate::error::{Resource, StoreError};
use crate::sql::storable;
use crate::store::Store;
use crate::tx::Tx;

impl Store {
    /// The steps of months, both included, in their order.
    pub(super) async fn report_steps(
        &self,
        from: Month,
        until: Month,
    ) -> Result<Vec<ReportStep>, StoreError> {
        let rows = sqlx::query(
            "SELECT month, seq, edition, kind, happened_on, person, remark, recorded_at, \
             recorded_by FROM month_steps WHERE month >= $1 AND month <= $2 ORDER BY month, seq",
        )
        .bind(from.to_string())
        .bind(until.to_string())
        .fetch_all(self.read()?)
        .await?;
        rows.iter().map(step).collect()
    }
}

impl Tx {
    /// Keeps a step behind the last one, of the newest edition.
    ///
    /// # Errors
    /// [`StoreError::Changed`] of a `report step` if somebody recorded another one, or made another
    /// edition, since.
    pub async fn add_report_step(&mut self, step: &ReportStep) -> Result<(), StoreError> {
        let added = self.add_step_unchecked(step).await;
        self.checked(added)
    }

    async fn add_step_unchecked(&mut self, step: &ReportStep) -> Result<(), StoreError> {
        let month = step.month.to_string();
        let row = sqlx::query(
            "SELECT (SELECT CAST(COALESCE(MAX(seq), 0) AS BIGINT) FROM month_steps \
             WHERE month = $1) AS last, \
             (SELECT CAST(COALESCE(MAX(edition), 0) AS BIGINT) FROM month_editions \
             WHERE month = $2) AS newest",
        )
        .bind(month.as_str())
        .bind(month.as_str())
        .fetch_one(self.connection())
        .await?;
        let (last, newest): (i64, i64) = (row.try_get("last")?, row.try_get("newest")?);
        if last + 1 != i64::from(step.seq) || newest != i64::from(step.edition) {
            return Err(StoreError::Changed {
                what: Resource::ReportStep,
            });
        }
        sqlx::query(
            "INSERT INTO month_steps (month, seq, edition, kind, happened_on, person, remark, \
             recorded_at, recorded_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(month.as_str())
        .bind(i64::from(step.seq))
        .bind(i64::from(step.edition))
        .bind(step.kind.as_str())
        .bind(step.on.to_string())
        .bind(storable(&step.person))
        .bind(storable(&step.remark))
        .bind(step.recorded_at.0)
        .bind(storable(&step.recorded_by))
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

fn step(row: &AnyRow) -> Result<ReportStep, StoreError> {
    let kind: &str = row.try_get("kind")?;
    let kind = StepKind::lookup(kind).ok_or_else(|| StoreError::UnknownName {
        what: "step of a report",
        name: kind.to_owned(),
    })?;
    let on: &str = row.try_get("happened_on")?;
    let on = on.parse().map_err(|_| StoreError::UnknownName {
        what: "day of a step",
        name: on.to_owned(),
    })?;
    Ok(ReportStep {
        month: month(row.try_get("month")?)?,
        seq: small("a step", row.try_get("seq")?)?,
        edition: small("an edition", row.try_get("edition")?)?,
        kind,
        on,
        person: row.try_get("person")?,
        remark: row.try_get("remark")?,
        recorded_at: Instant(row.try_get("recorded_at")?),
        recorded_by: row.try_get("recorded_by")?,
    })
}
