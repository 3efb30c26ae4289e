//! Own devices: browsers in which a user has signed in before.

use madoguchi_core::account::FAILURES_TO_LOCK;
use madoguchi_core::id::UserId;
use madoguchi_core::time::Instant;
use sqlx::{AnyConnection, Row};

use crate::error::StoreError;
use crate::store::Store;
use crate::tx::{Tx, UnrecordedTx};

/// A user has so many own devices at the most; those that were used longest ago are forgotten.
const DEVICES_AT_MOST: i64 = 20;

impl Store {
    /// Whether a user has signed in with this cookie before, not longer ago than `since`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn is_own_device(
        &self,
        token_hash: &str,
        user: &str,
        since: Instant,
    ) -> Result<bool, StoreError> {
        let row = sqlx::query(
            "SELECT failures FROM devices WHERE token_hash = $1 AND user_id = $2 AND used_at >= $3",
        )
        .bind(token_hash)
        .bind(user)
        .bind(since.0)
        .fetch_optional(self.read()?)
        .await?;
        Ok(row.is_some())
    }
}

impl Tx {
    /// Counts a failed attempt on a user's own device. After as many as lock an account it is a
    /// stranger's.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn note_device_failure(
        &mut self,
        token_hash: &str,
        user: &UserId,
    ) -> Result<(), StoreError> {
        let row = sqlx::query(
            "UPDATE devices SET failures = failures + 1 WHERE token_hash = $1 AND user_id = $2 \
             RETURNING failures",
        )
        .bind(token_hash)
        .bind(user.as_str())
        .fetch_optional(self.connection())
        .await?;
        let failures: i64 = row.map_or(Ok(0), |row| row.try_get("failures"))?;
        if failures >= i64::from(FAILURES_TO_LOCK) {
            sqlx::query("DELETE FROM devices WHERE token_hash = $1 AND user_id = $2")
                .bind(token_hash)
                .bind(user.as_str())
                .execute(self.connection())
                .await?;
        }
        Ok(())
    }
}

impl UnrecordedTx {
    /// Makes a device a user's own, or forgets the failures on it.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn keep_device(
        &mut self,
        token_hash: &str,
        user: &UserId,
        at: Instant,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO devices (token_hash, user_id, created_at, used_at, failures) \
             VALUES ($1, $2, $3, $3, 0) ON CONFLICT (token_hash, user_id) \
             DO UPDATE SET used_at = $3, failures = 0",
        )
        .bind(token_hash)
        .bind(user.as_str())
        .bind(at.0)
        .execute(self.connection())
        .await?;
        sqlx::query(
            "DELETE FROM devices WHERE user_id = $1 AND token_hash NOT IN (SELECT token_hash \
             FROM devices WHERE user_id = $1 ORDER BY used_at DESC, token_hash LIMIT $2)",
        )
        .bind(user.as_str())
        .bind(DEVICES_AT_MOST)
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

/// A user has no own device any more.
pub(crate) async fn forget_devices(
    connection: &mut AnyConnection,
    user: &UserId,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM devices WHERE user_id = $1")
        .bind(user.as_str())
        .execute(connection)
        .await?;
    Ok(())
}
