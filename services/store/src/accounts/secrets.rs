//! What proves a user: password, second factor, recovery codes, and the count of failures.

use std::collections::BTreeMap;

use madoguchi_core::id::UserId;
use madoguchi_core::time::Instant;
use sqlx::{AnyConnection, Row};

use crate::access_changes::note_access_change;
use crate::devices::forget_devices;
use crate::error::StoreError;
use crate::sql::Sql;
use crate::store::Store;
use crate::tx::{Tx, UnrecordedTx};

/// A new password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPassword {
    /// argon2id as a PHC string.
    pub hash: String,
    /// It was given by an administrator and must be changed at once.
    pub must_change: bool,
    /// When it was set.
    pub at: Instant,
}

impl Store {
    /// What is kept of a user's recovery codes.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn list_recovery_codes(&self, user: &UserId) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query("SELECT code_hash FROM recovery_codes WHERE user_id = $1")
            .bind(user.as_str())
            .fetch_all(self.read()?)
            .await?;
        let hashes = rows.iter().map(|row| Ok(row.try_get("code_hash")?));
        hashes.collect()
    }

    /// Users with recovery codes of which earlier versions kept another form than a PHC string.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn list_fast_recovery_codes(
        &self,
    ) -> Result<BTreeMap<String, Vec<String>>, StoreError> {
        let rows = sqlx::query(
            "SELECT user_id, code_hash FROM recovery_codes WHERE code_hash NOT LIKE '$%'",
        )
        .fetch_all(&self.read)
        .await?;
        let mut codes: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for row in rows {
            let user: String = row.try_get("user_id")?;
            codes
                .entry(user)
                .or_default()
                .push(row.try_get("code_hash")?);
        }
        Ok(codes)
    }

    /// How many recovery codes a user has left.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn count_recovery_codes(&self, user: &UserId) -> Result<u64, StoreError> {
        let row = sqlx::query(
            "SELECT CAST(COUNT(*) AS BIGINT) AS total FROM recovery_codes WHERE user_id = $1",
        )
        .bind(user.as_str())
        .fetch_one(self.read()?)
        .await?;
        let total: i64 = row.try_get("total")?;
        Ok(total.unsigned_abs())
    }
}

impl Tx {
    /// Sets a password, forgets failures and own devices, and ends all sessions of the user and the
    /// tokens that end with the password.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn set_password(
        &mut self,
        user: &UserId,
        password: &NewPassword,
    ) -> Result<(), StoreError> {
        let mut sql = Sql::new("UPDATE users SET version = version + 1, failures = 0, ");
        sql.push("failed_at = NULL, password = ")
            .bind(password.hash.as_str());
        sql.push(", must_change_password = ")
            .bind(i64::from(password.must_change));
        sql.push(", password_changed_at = ").bind(password.at.0);
        sql.push(" WHERE id = ").bind(user.as_str());
        sql.execute(self.connection()).await?;
        sqlx::query(
            "UPDATE api_tokens SET revoked_at = $1 \
             WHERE user_id = $2 AND ends_with_password = 1 AND revoked_at IS NULL",
        )
        .bind(password.at.0)
        .bind(user.as_str())
        .execute(self.connection())
        .await?;
        forget_devices(self.connection(), user).await?;
        end_sessions(self.connection(), user).await?;
        Ok(())
    }

    /// Counts a failed attempt to sign in; tells how many there are now.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn note_failure(&mut self, user: &UserId, at: Instant) -> Result<u32, StoreError> {
        let row = sqlx::query(
            "UPDATE users SET failures = failures + 1, failed_at = $1 WHERE id = $2 \
             RETURNING failures",
        )
        .bind(at.0)
        .bind(user.as_str())
        .fetch_optional(self.connection())
        .await?;
        let failures: i64 = row.map_or(Ok(0), |row| row.try_get("failures"))?;
        Ok(u32::try_from(failures).unwrap_or(u32::MAX))
    }

    /// Sets up a second factor with its recovery codes (their hashes), or removes both. All
    /// sessions of the user end.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn set_second_factor(
        &mut self,
        user: &UserId,
        secret: Option<&str>,
        codes: &[String],
    ) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE users SET version = version + 1, totp = $1, totp_step = 0 WHERE id = $2",
        )
        .bind(secret.map(str::to_owned))
        .bind(user.as_str())
        .execute(self.connection())
        .await?;
        sqlx::query("DELETE FROM recovery_codes WHERE user_id = $1")
            .bind(user.as_str())
            .execute(self.connection())
            .await?;
        for code in codes {
            sqlx::query("INSERT INTO recovery_codes (user_id, code_hash) VALUES ($1, $2)")
                .bind(user.as_str())
                .bind(code.as_str())
                .execute(self.connection())
                .await?;
        }
        end_sessions(self.connection(), user).await?;
        Ok(())
    }
}

impl UnrecordedTx {
    /// Uses up a time step of the second factor; `false` if it, or a later one, was used before.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn use_totp_step(&mut self, user: &UserId, step: i64) -> Result<bool, StoreError> {
        let used = sqlx::query("UPDATE users SET totp_step = $1 WHERE id = $2 AND totp_step < $1")
            .bind(step)
            .bind(user.as_str())
            .execute(self.connection())
            .await?;
        Ok(used.rows_affected() == 1)
    }

    /// Uses up a recovery code; `false` if there is no such code.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn use_recovery_code(
        &mut self,
        user: &UserId,
        hash: &str,
    ) -> Result<bool, StoreError> {
        let used = sqlx::query("DELETE FROM recovery_codes WHERE user_id = $1 AND code_hash = $2")
            .bind(user.as_str())
            .bind(hash)
            .execute(self.connection())
            .await?;
        Ok(used.rows_affected() == 1)
    }

    /// Keeps recovery codes of a user in another form, as far as they were not used meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn replace_recovery_codes(
        &mut self,
        user: &str,
        forms: &[(String, String)],
    ) -> Result<(), StoreError> {
        for (before, after) in forms {
            sqlx::query(
                "UPDATE recovery_codes SET code_hash = $1 WHERE user_id = $2 AND code_hash = $3",
            )
            .bind(after.as_str())
            .bind(user)
            .bind(before.as_str())
            .execute(self.connection())
            .await?;
        }
        Ok(())
    }
}

async fn end_sessions(connection: &mut AnyConnection, user: &UserId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM sessions WHERE user_id = $1")
        .bind(user.as_str())
        .execute(&mut *connection)
        .await?;
    note_access_change(connection, user).await
}
