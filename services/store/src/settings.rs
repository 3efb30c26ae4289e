//! What is set on screens, each thing with all its versions.

use madoguchi_core::time::Instant;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use crate::error::{Resource, StoreError};
use crate::sql::{Sql, storable};
use crate::store::Store;
use crate::tx::{Tx, UnrecordedTx};

/// One version of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Which of its kind.
    pub id: String,
    /// The number of the version, from 1.
    pub version: i64,
    /// When it was set.
    pub at: Instant,
    /// Who set it, by login.
    pub by: String,
    /// The thing as JSON; `None`: it was removed.
    pub data: Option<String>,
}

/// A version that is to come after another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVersion {
    /// Of which kind.
    pub kind: &'static str,
    /// Which of its kind.
    pub id: String,
    /// The version that it replaces; 0 for a new thing.
    pub replaces: i64,
    /// The thing as JSON; `None` removes it.
    pub data: Option<String>,
}

impl Store {
    /// The newest versions of all things of a kind, by id; removed ones are left out.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn list_settings(&self, kind: &str) -> Result<Vec<Setting>, StoreError> {
        let mut sql = Sql::new("SELECT id, version, at, changed_by, data FROM settings");
        sql.push(" WHERE newest = 1 AND data IS NOT NULL AND kind = ")
            .bind(kind)
            .push(" ORDER BY id");
        let rows = sql.fetch_all(&mut *self.read()?.acquire().await?).await?;
        rows.iter().map(read).collect()
    }

    /// All versions of one thing, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn setting_history(&self, kind: &str, id: &str) -> Result<Vec<Setting>, StoreError> {
        let mut sql = Sql::new("SELECT id, version, at, changed_by, data FROM settings");
        sql.push(" WHERE kind = ").bind(kind);
        sql.push(" AND id = ").bind(storable(id));
        sql.push(" ORDER BY version DESC");
        let rows = sql.fetch_all(&mut *self.read()?.acquire().await?).await?;
        rows.iter().map(read).collect()
    }

    /// The last changes of a kind, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn last_settings(&self, kind: &str, limit: u32) -> Result<Vec<Setting>, StoreError> {
        let mut sql = Sql::new("SELECT id, version, at, changed_by, data FROM settings");
        sql.push(" WHERE kind = ").bind(kind);
        sql.push(" ORDER BY at DESC, id, version DESC LIMIT ")
            .bind(i64::from(limit));
        let rows = sql.fetch_all(&mut *self.read()?.acquire().await?).await?;
        rows.iter().map(read).collect()
    }

    /// A text that differs whenever anything was set since.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn settings_stamp(&self) -> Result<String, StoreError> {
        stamp_now(&mut *self.read()?.acquire().await?).await
    }

    /// The things of a kind that were removed, by id, with what they last were.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn removed_settings(&self, kind: &str) -> Result<Vec<Setting>, StoreError> {
        let mut sql = Sql::new(
            "SELECT gone.id, gone.version, gone.at, gone.changed_by, last.data \
             FROM settings gone JOIN settings last ON last.kind = gone.kind AND last.id = gone.id \
             AND last.version = (SELECT MAX(kept.version) FROM settings kept \
             WHERE kept.kind = gone.kind AND kept.id = gone.id AND kept.data IS NOT NULL) \
             WHERE gone.newest = 1 AND gone.data IS NULL AND gone.kind = ",
        );
        sql.bind(kind).push(" ORDER BY gone.id");
        let rows = sql.fetch_all(&mut *self.read()?.acquire().await?).await?;
        rows.iter().map(read).collect()
    }

    /// Writes what is kept of a kind in another form, in all versions; `rewrite` gives the new form,
    /// or `None` where it stays. It means the same as before, so that there is no new version. Tells
    /// how many were rewritten.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn rewrite_settings(
        &self,
        kind: &str,
        rewrite: impl Fn(&str) -> Option<String> + Send,
    ) -> Result<usize, StoreError> {
        let mut tx = self.begin_write().await?;
        let rows = sqlx::query(
            "SELECT id, version, data FROM settings WHERE kind = $1 AND data IS NOT NULL",
        )
        .bind(kind)
        .fetch_all(&mut *tx)
        .await?;
        let mut rewritten = 0;
        for row in rows {
            let data: &str = row.try_get("data")?;
            let Some(data) = rewrite(data) else {
                continue;
            };
            let (id, version): (String, i64) = (row.try_get("id")?, row.try_get("version")?);
            sqlx::query(
                "UPDATE settings SET data = $1 WHERE kind = $2 AND id = $3 AND version = $4",
            )
            .bind(storable(&data))
            .bind(kind)
            .bind(id)
            .bind(version)
            .execute(&mut *tx)
            .await?;
            rewritten += 1;
        }
        tx.commit().await?;
        Ok(rewritten)
    }

    /// The recording of this hash, as base64.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn lookup_recording(&self, hash: &str) -> Result<Option<String>, StoreError> {
        let row = sqlx::query("SELECT content FROM recordings WHERE hash = $1")
            .bind(hash)
            .fetch_optional(self.read()?)
            .await?;
        row.map(|row| Ok(row.try_get("content")?)).transpose()
    }
}

impl Tx {
    /// Saves a new version, set by who acts in the record, when it tells.
    ///
    /// # Errors
    /// [`StoreError::Changed`] of a `setting` if the version replaced is not the newest.
    pub async fn save_setting(&mut self, new: &NewVersion) -> Result<(), StoreError> {
        let (at, by) = (self.entry().at, storable(self.entry().actor.name()));
        let saved = save(self.connection(), new, at, &by).await;
        self.checked(saved)
    }

    /// Goes on only if nothing was set since the stamp: what is saved was checked against everything
    /// that was set then.
    ///
    /// # Errors
    /// [`StoreError::Changed`] of the `setup`.
    pub async fn expect_settings(&mut self, stamp: &str) -> Result<(), StoreError> {
        let outcome = match stamp_now(self.connection()).await {
            Ok(now) if now != stamp => Err(StoreError::Changed {
                what: Resource::Setup,
            }),
            known => known.map(|_| ()),
        };
        self.checked(outcome)
    }
}

impl UnrecordedTx {
    /// Keeps a recording under the hash of its content.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn add_recording(&mut self, hash: &str, base64: &str) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO recordings (hash, content) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING",
        )
        .bind(hash)
        .bind(base64)
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

async fn save(
    tx: &mut AnyConnection,
    new: &NewVersion,
    at: Instant,
    by: &str,
) -> Result<(), StoreError> {
    let found =
        sqlx::query("SELECT version FROM settings WHERE kind = $1 AND id = $2 AND newest = 1")
            .bind(new.kind)
            .bind(storable(&new.id))
            .fetch_optional(&mut *tx)
            .await?;
    let newest: i64 = found.map_or(Ok(0), |row| row.try_get("version"))?;
    if newest != new.replaces {
        return Err(StoreError::Changed {
            what: Resource::Setting,
        });
    }
    sqlx::query("UPDATE settings SET newest = 0 WHERE kind = $1 AND id = $2")
        .bind(new.kind)
        .bind(storable(&new.id))
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "INSERT INTO settings (kind, id, version, newest, at, changed_by, data) \
         VALUES ($1, $2, $3, 1, $4, $5, $6)",
    )
    .bind(new.kind)
    .bind(storable(&new.id))
    .bind(newest + 1)
    .bind(at.0)
    .bind(by)
    .bind(new.data.as_deref().map(storable))
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// A text that differs whenever anything was set since.
async fn stamp_now(connection: &mut AnyConnection) -> Result<String, StoreError> {
    let row = sqlx::query(
        "SELECT CAST(COUNT(*) AS BIGINT) AS versions, COALESCE(MAX(at), 0) AS last FROM settings",
    )
    .fetch_one(connection)
    .await?;
    let (versions, last): (i64, i64) = (row.try_get("versions")?, row.try_get("last")?);
    Ok(format!("{versions} {last}"))
}

fn read(row: &AnyRow) -> Result<Setting, StoreError> {
    Ok(Setting {
        id: row.try_get("id")?,
        version: row.try_get("version")?,
        at: Instant(row.try_get("at")?),
        by: row.try_get("changed_by")?,
        data: row.try_get("data")?,
    })
}
