//! What people write for a month, each thing with all its versions.

use madoguchi_core::month::{
    CheckReason, Improvement, Instruction, LevelFact, LevelItem, Month, MonthEntry, PublishedMonth,
    Remark, RowNote, WorkCount,
};
use madoguchi_core::time::Instant;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use crate::error::{Resource, StoreError};
use crate::sql::storable;
use crate::store::Store;
use crate::tx::Tx;

/// Something that was written for a month, as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptEntry<T> {
    /// What was written.
    pub entry: T,
    /// The number of the version, from 1.
    pub version: i64,
    /// When it was written.
    pub at: Instant,
    /// Who wrote it, by login.
    pub by: String,
}

/// What it was in one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryVersion<T> {
    /// The number of the version, from 1.
    pub version: i64,
    /// When it was written.
    pub at: Instant,
    /// Who wrote it, by login.
    pub by: String,
    /// Why it was changed or removed.
    pub reason: String,
    /// What it said; `None`: it was removed.
    pub entry: Option<T>,
}

/// What an import of published months did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PublishedOutcome {
    /// Months that are new.
    pub new: usize,
    /// Months that say something else than before.
    pub changed: usize,
    /// Months that say what is known.
    pub same: usize,
}

impl Store {
    /// What was written for months, both included, in the order of months and of writing.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn month_entries<T: MonthEntry>(
        &self,
        from: Month,
        until: Month,
    ) -> Result<Vec<KeptEntry<T>>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, version, at, changed_by, entry FROM month_entries \
             WHERE newest = 1 AND entry IS NOT NULL AND kind = $1 AND month >= $2 AND month <= $3 \
             ORDER BY month, id",
        )
        .bind(T::KIND)
        .bind(from.to_string())
        .bind(until.to_string())
        .fetch_all(self.read()?)
        .await?;
        let kept = rows.iter().map(|row| kept(row));
        kept.filter_map(Result::transpose).collect()
    }

    /// One entry; `None` if there is none, or it was removed.
    ///
    /// # Errors
    /// As [`Self::month_entries`].
    pub async fn lookup_month_entry<T: MonthEntry>(
        &self,
        id: &str,
    ) -> Result<Option<KeptEntry<T>>, StoreError> {
        let row = sqlx::query(
            "SELECT id, version, at, changed_by, entry FROM month_entries \
             WHERE newest = 1 AND kind = $1 AND id = $2",
        )
        .bind(T::KIND)
        .bind(storable(id))
        .fetch_optional(self.read()?)
        .await?;
        row.map_or(Ok(None), |row| kept(&row))
    }

    /// All versions of one entry, the newest first.
    ///
    /// # Errors
    /// As [`Self::month_entries`].
    pub async fn month_entry_history<T: MonthEntry>(
        &self,
        id: &str,
    ) -> Result<Vec<EntryVersion<T>>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, version, at, changed_by, reason, entry FROM month_entries \
             WHERE kind = $1 AND id = $2 ORDER BY version DESC",
        )
        .bind(T::KIND)
        .bind(storable(id))
        .fetch_all(self.read()?)
        .await?;
        let version = |row: &AnyRow| {
            Ok(EntryVersion {
                version: row.try_get("version")?,
                at: Instant(row.try_get("at")?),
                by: row.try_get("changed_by")?,
                reason: row.try_get("reason")?,
                entry: read(row)?,
            })
        };
        rows.iter().map(version).collect()
    }

    /// Facts of the items that the desk does not measure, of months, both included.
    ///
    /// # Errors
    /// As [`Self::month_entries`].
    pub async fn level_facts(
        &self,
        from: Month,
        until: Month,
    ) -> Result<Vec<LevelFact>, StoreError> {
        let mut facts = self.entries_of::<LevelFact>(from, until).await?;
        facts.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
        Ok(facts)
    }

    /// The remarks of a month, in the order in which they were written.
    ///
    /// # Errors
    /// As [`Self::month_entries`].
    pub async fn remarks(&self, month: Month) -> Result<Vec<Remark>, StoreError> {
        self.entries_of(month, month).await
    }

    /// 前月報告会での指示事項 that the report of a month tells of.
    ///
    /// # Errors
    /// As [`Self::month_entries`].
    pub async fn instructions(&self, month: Month) -> Result<Vec<Instruction>, StoreError> {
        self.entries_of(month, month).await
    }

    /// 対策 and 原因区分 that people wrote in the report of a month.
    ///
    /// # Errors
    /// As [`Self::month_entries`].
    pub async fn row_notes(&self, month: Month) -> Result<Vec<RowNote>, StoreError> {
        self.entries_of(month, month).await
    }

    /// 改善状況報告 of what was missed in months, both included.
    ///
    /// # Errors
    /// As [`Self::month_entries`].
    pub async fn improvements(
        &self,
        from: Month,
        until: Month,
    ) -> Result<Vec<Improvement>, StoreError> {
        let mut reports = self.entries_of::<Improvement>(from, until).await?;
        reports.sort_by_key(|report| (report.month, report.item));
        Ok(reports)
    }

    /// 作業実績 that people counted, of months, both included.
    ///
    /// # Errors
    /// As [`Self::month_entries`].
    pub async fn work_counts(
        &self,
        from: Month,
        until: Month,
    ) -> Result<Vec<WorkCount>, StoreError> {
        self.entries_of(from, until).await
    }

    /// Why sums of a month do not agree.
    ///
    /// # Errors
    /// As [`Self::month_entries`].
    pub async fn check_reasons(&self, month: Month) -> Result<Vec<CheckReason>, StoreError> {
        self.entries_of(month, month).await
    }

    /// All months that were brought as somebody published them, in their order.
    ///
    /// # Errors
    /// As [`Self::month_entries`].
    pub async fn published_months(&self) -> Result<Vec<PublishedMonth>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, version, at, changed_by, entry FROM month_entries \
             WHERE newest = 1 AND entry IS NOT NULL AND kind = $1 ORDER BY month, id",
        )
        .bind(PublishedMonth::KIND)
        .fetch_all(self.read()?)
        .await?;
        rows.iter()
            .filter_map(|row| read(row).transpose())
            .collect()
    }

    async fn entries_of<T: MonthEntry>(
        &self,
        from: Month,
        until: Month,
    ) -> Result<Vec<T>, StoreError> {
        let kept = self.month_entries(from, until).await?;
        Ok(kept.into_iter().map(|kept| kept.entry).collect())
    }
}

impl Tx {
    /// Keeps an entry in the place of the version that it replaces; 0 for a new one. It is written by who
    /// acts in the record, when that tells.
    ///
    /// # Errors
    /// [`StoreError::Changed`] of a `month entry` if the version replaced is not the newest.
    pub async fn save_month_entry<T: MonthEntry>(
        &mut self,
        entry: &T,
        replaces: i64,
        reason: &str,
    ) -> Result<(), StoreError> {
        let text = Some(json(entry)?);
        self.replace_month_entry(entry, replaces, reason, text)
            .await
    }

    /// Takes an entry away; what it was stays in its history.
    ///
    /// # Errors
    /// As [`Self::save_month_entry`].
    pub async fn remove_month_entry<T: MonthEntry>(
        &mut self,
        entry: &T,
        replaces: i64,
        reason: &str,
    ) -> Result<(), StoreError> {
        self.replace_month_entry(entry, replaces, reason, None)
            .await
    }

    /// Keeps the next version of an entry; without a text, that it is gone.
    async fn replace_month_entry<T: MonthEntry>(
        &mut self,
        entry: &T,
        replaces: i64,
        reason: &str,
        text: Option<String>,
    ) -> Result<(), StoreError> {
        let (at, by) = (self.entry().at, storable(self.entry().actor.name()));
        let new = NewVersion {
            kind: T::KIND,
            id: &entry.id(),
            month: entry.month(),
            replaces,
            reason,
            text,
        };
        let saved = save(self.connection(), new, at, &by).await;
        self.checked(saved)
    }

    /// Opens 改善状況報告 for the items that were missed in a month, as far as there are none; one that was
    /// removed stays so. Tells for how many.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn open_improvements(
        &mut self,
        month: Month,
        missed: &[LevelItem],
    ) -> Result<u64, StoreError> {
        let (at, by) = (self.entry().at, storable(self.entry().actor.name()));
        let mut opened = 0;
        for item in missed {
            let report = Improvement::opened(month, *item);
            let (id, text) = (report.id(), json(&report)?);
            if newest(self.connection(), Improvement::KIND, &id).await? > 0 {
                continue;
            }
            let new = NewVersion {
                kind: Improvement::KIND,
                id: &id,
                month,
                replaces: 0,
                reason: "",
                text: Some(text),
            };
            let saved = save(self.connection(), new, at, &by).await;
            self.checked(saved)?;
            opened += 1;
        }
        Ok(opened)
    }

    /// Keeps months as somebody published them; what says the same stays.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn save_published_months(
        &mut self,
        months: &[PublishedMonth],
    ) -> Result<PublishedOutcome, StoreError> {
        let (at, by) = (self.entry().at, storable(self.entry().actor.name()));
        let mut outcome = PublishedOutcome::default();
        for published in months {
            let row = sqlx::query(
                "SELECT id, version, entry FROM month_entries \
                 WHERE newest = 1 AND kind = $1 AND id = $2",
            )
            .bind(PublishedMonth::KIND)
            .bind(published.id())
            .fetch_optional(self.connection())
            .await?;
            let replaces = row.as_ref().map_or(Ok(0), |row| row.try_get("version"))?;
            let known = row.as_ref().map_or(Ok(None), read::<PublishedMonth>)?;
            match known {
                Some(known) if known == *published => {
                    outcome.same += 1;
                    continue;
                }
                Some(_) => outcome.changed += 1,
                None => outcome.new += 1,
            }
            let new = NewVersion {
                kind: PublishedMonth::KIND,
                id: &published.id(),
                month: published.month,
                replaces,
                reason: "",
                text: Some(json(published)?),
            };
            let saved = save(self.connection(), new, at, &by).await;
            self.checked(saved)?;
        }
        Ok(outcome)
    }
}

struct NewVersion<'a> {
    kind: &'static str,
    id: &'a str,
    month: Month,
    replaces: i64,
    reason: &'a str,
    text: Option<String>,
}

/// The number of the newest version; 0 if there is none.
async fn newest(
    connection: &mut AnyConnection,
    kind: &'static str,
    id: &str,
) -> Result<i64, StoreError> {
    let found =
        sqlx::query("SELECT version FROM month_entries WHERE kind = $1 AND id = $2 AND newest = 1")
            .bind(kind)
            .bind(storable(id))
            .fetch_optional(connection)
            .await?;
    Ok(found.map_or(Ok(0), |row| row.try_get("version"))?)
}

async fn save(
    connection: &mut AnyConnection,
    new: NewVersion<'_>,
    at: Instant,
    by: &str,
) -> Result<(), StoreError> {
    if newest(connection, new.kind, new.id).await? != new.replaces {
        return Err(StoreError::Changed {
            what: Resource::MonthEntry,
        });
    }
    sqlx::query("UPDATE month_entries SET newest = 0 WHERE kind = $1 AND id = $2 AND newest = 1")
        .bind(new.kind)
        .bind(storable(new.id))
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO month_entries \
         (kind, id, version, newest, month, at, changed_by, reason, entry) \
         VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8)",
    )
    .bind(new.kind)
    .bind(storable(new.id))
    .bind(new.replaces + 1)
    .bind(new.month.to_string())
    .bind(at.0)
    .bind(by)
    .bind(storable(new.reason))
    .bind(new.text.as_deref().map(storable))
    .execute(connection)
    .await?;
    Ok(())
}

fn kept<T: MonthEntry>(row: &AnyRow) -> Result<Option<KeptEntry<T>>, StoreError> {
    let Some(entry) = read(row)? else {
        return Ok(None);
    };
    Ok(Some(KeptEntry {
        entry,
        version: row.try_get("version")?,
        at: Instant(row.try_get("at")?),
        by: row.try_get("changed_by")?,
    }))
}

/// What a version says; `None`: it was removed.
fn read<T: MonthEntry>(row: &AnyRow) -> Result<Option<T>, StoreError> {
    let text: Option<String> = row.try_get("entry")?;
    let read = text.as_deref().map(serde_json::from_str).transpose();
    read.map_err(|source| {
        let id: String = row.try_get("id").unwrap_or_default();
        unreadable::<T>(&id, source)
    })
}

fn json<T: MonthEntry>(entry: &T) -> Result<String, StoreError> {
    serde_json::to_string(entry).map_err(|source| unreadable::<T>(&entry.id(), source))
}

fn unreadable<T: MonthEntry>(id: &str, source: serde_json::Error) -> StoreError {
    StoreError::Unreadable {
        what: format!("{} {id} of a month", T::KIND),
        source,
    }
}
