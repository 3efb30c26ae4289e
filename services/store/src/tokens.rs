//! API tokens: access of programs.

use madoguchi_core::access::{Permission, Permissions};
use madoguchi_core::account::User;
use madoguchi_core::id::UserId;
use madoguchi_core::time::Instant;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::access_changes::note_access_change;
use crate::accounts::{COLUMNS, read_user};
use crate::error::StoreError;
use crate::sessions::read_flag;
use crate::sql::{Sql, storable};
use crate::store::Store;
use crate::tx::Tx;

const TOKEN_COLUMNS: &str = "api_tokens.id AS token_id, api_tokens.name AS token_name, \
     api_tokens.scopes, api_tokens.created_at AS token_created_at, api_tokens.expires_at, \
     api_tokens.last_used_at AS token_used_at, api_tokens.revoked_at, \
     api_tokens.ends_with_password";

/// A token that is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// The hash of the token.
    pub token_hash: String,
    pub user: UserId,
    /// All else.
    pub token: ApiToken,
}

/// A token as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// A name for it that is no secret and never used again.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// What it allows, as far as its owner may do that.
    pub scopes: Permissions,
    /// When it was made.
    pub created_at: Instant,
    /// Until when it is taken.
    pub expires_at: Instant,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Instant>,
    /// When it was taken back.
    pub revoked_at: Option<Instant>,
    /// It is taken back when its owner's password is changed.
    pub ends_with_password: bool,
}

impl Store {
    /// The token of this hash and its owner, whether it is still taken or not.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn lookup_token(
        &self,
        token_hash: &str,
    ) -> Result<Option<(User, ApiToken)>, StoreError> {
        let mut sql = Sql::new("SELECT ");
        sql.push(TOKEN_COLUMNS).push(", ").push(COLUMNS);
        sql.push(" FROM api_tokens JOIN users ON users.id = api_tokens.user_id");
        sql.push(" WHERE api_tokens.token_hash = ").bind(token_hash);
        let rows = sql.fetch_all(&mut *self.read()?.acquire().await?).await?;
        rows.first()
            .map(|row| Ok((read_user(row)?, read_token(row)?)))
            .transpose()
    }

    /// Notes that a token is in use.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn touch_token(&self, id: &str, at: Instant) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        sqlx::query("UPDATE api_tokens SET last_used_at = $1 WHERE id = $2")
            .bind(at.0)
            .bind(id)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// The tokens of a user, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn list_tokens(&self, user: &UserId) -> Result<Vec<ApiToken>, StoreError> {
        let mut sql = Sql::new("SELECT ");
        sql.push(TOKEN_COLUMNS)
            .push(" FROM api_tokens WHERE user_id = ")
            .bind(user.as_str())
            .push(" ORDER BY created_at DESC, id");
        let rows = sql.fetch_all(&mut *self.read()?.acquire().await?).await?;
        rows.iter().map(read_token).collect()
    }
}

impl Tx {
    /// Adds a token.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn add_token(&mut self, new: &NewToken) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO api_tokens (id, token_hash, user_id, name, scopes, created_at, \
             expires_at, ends_with_password) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(new.token.id.as_str())
        .bind(new.token_hash.as_str())
        .bind(new.user.as_str())
        .bind(storable(&new.token.name))
        .bind(scopes_text(new.token.scopes))
        .bind(new.token.created_at.0)
        .bind(new.token.expires_at.0)
        .bind(i64::from(new.token.ends_with_password))
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Takes a token of a user back; `false` if the user has no such token in force, and the
    /// unit cannot be committed.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn revoke_token(&mut self, id: &str, user: &UserId) -> Result<bool, StoreError> {
        let revoked = sqlx::query(
            "UPDATE api_tokens SET revoked_at = $1 \
             WHERE id = $2 AND user_id = $3 AND revoked_at IS NULL",
        )
        .bind(self.entry().at.0)
        .bind(id)
        .bind(user.as_str())
        .execute(self.connection())
        .await?;
        if !self.found(revoked.rows_affected()) {
            return Ok(false);
        }
        note_access_change(self.connection(), user).await?;
        Ok(true)
    }
}

fn scopes_text(scopes: Permissions) -> String {
    let names: Vec<_> = scopes.iter().map(Permission::as_str).collect();
    names.join(",")
}

fn read_token(row: &AnyRow) -> Result<ApiToken, StoreError> {
    let scopes: &str = row.try_get("scopes")?;
    Ok(ApiToken {
        id: row.try_get("token_id")?,
        name: row.try_get("token_name")?,
        scopes: scopes.split(',').filter_map(Permission::lookup).collect(),
        created_at: Instant(row.try_get("token_created_at")?),
        expires_at: Instant(row.try_get("expires_at")?),
        last_used_at: row.try_get::<Option<i64>, _>("token_used_at")?.map(Instant),
        revoked_at: row.try_get::<Option<i64>, _>("revoked_at")?.map(Instant),
        ends_with_password: read_flag(row, "ends_with_password")?,
    })
}
