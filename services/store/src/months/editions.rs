//! Editions of a month's report: what was 確定, in parts of bounded size. Written once and never changed.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use madoguchi_core::month::{Edition, Month, RegisterEntry};
use madoguchi_core::time::Instant;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::{month, small};
use crate::error::{Resource, StoreError};
use crate::sql::storable;
use crate::store::Store;
use crate::tx::Tx;

/// The bytes of a part.
const PART_BYTES: usize = 1024 * 1024;

const COLUMNS: &str = "SELECT month, edition, made_at, made_by, reason, program, sha256, \
                       bytes FROM month_editions WHERE month >= $1 AND month <= $2 \
                       ORDER BY month, edition";

impl Store {
    /// All that is known of the reports of months, both included; months without any are left out.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::UnknownName`], [`StoreError::OutOfRange`].
    pub async fn report_register(
        &self,
        from: Month,
        until: Month,
    ) -> Result<BTreeMap<Month, RegisterEntry>, StoreError> {
        let mut register: BTreeMap<Month, RegisterEntry> = BTreeMap::new();
        let rows = sqlx::query(COLUMNS)
            .bind(from.to_string())
            .bind(until.to_string())
            .fetch_all(self.read()?)
            .await?;
        for row in &rows {
            let edition = edition(row)?;
            register
                .entry(edition.month)
                .or_default()
                .editions
                .push(edition);
        }
        for step in self.report_steps(from, until).await? {
            register.entry(step.month).or_default().steps.push(step);
        }
        Ok(register)
    }

    /// All that is known of the report of a month.
    ///
    /// # Errors
    /// As [`Self::report_register`].
    pub async fn report_of(&self, month: Month) -> Result<RegisterEntry, StoreError> {
        let mut register = self.report_register(month, month).await?;
        Ok(register.remove(&month).unwrap_or_default())
    }

    /// What is kept of an edition, whole; `None` if there is no such edition.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::OutOfRange`] if it cannot be read.
    pub async fn edition_content(
        &self,
        month: Month,
        edition: u32,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let mut content = Vec::new();
        for part in 0_i64.. {
            let row = sqlx::query(
                "SELECT content FROM month_edition_parts \
                 WHERE month = $1 AND edition = $2 AND part = $3",
            )
            .bind(month.to_string())
            .bind(i64::from(edition))
            .bind(part)
            .fetch_optional(self.read()?)
            .await?;
            let Some(row) = row else {
                return Ok((part > 0).then_some(content));
            };
            let text: String = row.try_get("content")?;
            let more = STANDARD.decode(text).map_err(|_| StoreError::OutOfRange {
                what: "a part of an edition",
                found: part,
            })?;
            content.extend(more);
        }
        Ok(None)
    }
}

impl Tx {
    /// Keeps an edition with what it says. It comes after the newest one; the draft is made once, and not
    /// after a 版.
    ///
    /// # Errors
    /// [`StoreError::Taken`] of an `edition` if somebody was faster.
    pub async fn add_edition(
        &mut self,
        edition: &Edition,
        content: &[u8],
    ) -> Result<(), StoreError> {
        let added = self.add_edition_unchecked(edition, content).await;
        self.checked(added)
    }

    async fn add_edition_unchecked(
        &mut self,
        edition: &Edition,
        content: &[u8],
    ) -> Result<(), StoreError> {
        let month = edition.month.to_string();
        let row = sqlx::query(
            "SELECT CAST(COALESCE(MAX(edition), -1) AS BIGINT) AS newest FROM month_editions \
             WHERE month = $1",
        )
        .bind(month.as_str())
        .fetch_one(self.connection())
        .await?;
        let newest: i64 = row.try_get("newest")?;
        let next = match edition.number {
            0 => newest < 0,
            number => newest.max(0) + 1 == i64::from(number),
        };
        if !next {
            return Err(StoreError::Taken {
                what: Resource::Edition,
            });
        }
        sqlx::query(
            "INSERT INTO month_editions (month, edition, made_at, made_by, reason, program, sha256, \
             bytes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(month.as_str())
        .bind(i64::from(edition.number))
        .bind(edition.made_at.0)
        .bind(storable(&edition.made_by))
        .bind(storable(&edition.reason))
        .bind(storable(&edition.program))
        .bind(storable(&edition.sha256))
        .bind(i64::try_from(content.len()).unwrap_or(i64::MAX))
        .execute(self.connection())
        .await?;
        for (part, content) in (0_i64..).zip(content.chunks(PART_BYTES)) {
            sqlx::query(
                "INSERT INTO month_edition_parts (month, edition, part, content) \
                 VALUES ($1, $2, $3, $4)",
            )
            .bind(month.as_str())
            .bind(i64::from(edition.number))
            .bind(part)
            .bind(STANDARD.encode(content))
            .execute(self.connection())
            .await?;
        }
        Ok(())
    }
}

fn edition(row: &AnyRow) -> Result<Edition, StoreError> {
    let bytes: i64 = row.try_get("bytes")?;
    Ok(Edition {
        month: month(row.try_get("month")?)?,
        number: small("an edition", row.try_get("edition")?)?,
        made_at: Instant(row.try_get("made_at")?),
        made_by: row.try_get("made_by")?,
        reason: row.try_get("reason")?,
        program: row.try_get("program")?,
        sha256: row.try_get("sha256")?,
        bytes: bytes.unsigned_abs(),
    })
}
