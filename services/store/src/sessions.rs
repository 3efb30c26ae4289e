//! Sessions: who is signed in where.

use madoguchi_core::account::User;
use madoguchi_core::id::UserId;
use madoguchi_core::time::Instant;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use crate::access_changes::note_access_change;
use crate::accounts::{COLUMNS, read_user};
use crate::error::StoreError;
use crate::sql::{Sql, storable};
use crate::store::Store;
use crate::tx::{Tx, UnrecordedTx};

const SESSION_COLUMNS: &str = "sessions.id AS session_id, sessions.pending, \
     sessions.by_provider, sessions.created_at AS session_created_at, sessions.seen_at, sessions.address, \
     sessions.device, sessions.proven_at";

/// A session that begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// The hash of the cookie.
    pub token_hash: String,
    /// A name for the session that is no secret.
    pub id: String,
    pub user: UserId,
    /// The site's identity provider has proven the user, not a password.
    pub by_provider: bool,
    pub at: Instant,
    /// From which network address.
    pub address: String,
    /// What the browser says it is.
    pub device: String,
}

/// A session as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// A name for it that is no secret.
    pub id: String,
    /// The second factor is still owed.
    pub pending: bool,
    /// The site's identity provider has proven the user, not a password.
    pub by_provider: bool,
    /// When it began.
    pub created_at: Instant,
    /// When it was last used, to the minute.
    pub seen_at: Instant,
    /// From which network address it began.
    pub address: String,
    /// What the browser says it is.
    pub device: String,
    /// When its owner has last proven themselves again.
    pub proven_at: Option<Instant>,
}

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    pub user: User,
    pub session: Session,
}

impl Store {
    /// The session of this cookie and its user.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn lookup_session(&self, token_hash: &str) -> Result<Option<SignedIn>, StoreError> {
        let mut sql = Sql::new("SELECT ");
        sql.push(SESSION_COLUMNS).push(", ").push(COLUMNS);
        sql.push(" FROM sessions JOIN users ON users.id = sessions.user_id");
        sql.push(" WHERE sessions.token_hash = ").bind(token_hash);
        let rows = sql.fetch_all(&mut *self.read()?.acquire().await?).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        Ok(Some(SignedIn {
            user: read_user(row)?,
            session: read_session(row)?,
        }))
    }

    /// Notes that a session, and its user, are in use.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn touch_session(
        &self,
        session: &str,
        user: &UserId,
        at: Instant,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        sqlx::query("UPDATE sessions SET seen_at = $1 WHERE id = $2")
            .bind(at.0)
            .bind(session)
            .execute(&mut *tx)
            .await?;
        sqlx::query("UPDATE users SET last_used_at = $1 WHERE id = $2")
            .bind(at.0)
            .bind(user.as_str())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// The sessions of a user, the last used first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn list_sessions(&self, user: &UserId) -> Result<Vec<Session>, StoreError> {
        let mut sql = Sql::new("SELECT ");
        sql.push(SESSION_COLUMNS)
            .push(" FROM sessions WHERE pending = 0 AND user_id = ")
            .bind(user.as_str())
            .push(" ORDER BY seen_at DESC, id");
        let rows = sql.fetch_all(&mut *self.read()?.acquire().await?).await?;
        rows.iter().map(read_session).collect()
    }

    /// Forgets sessions that were last used before `seen_before` or began before
    /// `created_before`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn sweep_sessions(
        &self,
        seen_before: Instant,
        created_before: Instant,
    ) -> Result<u64, StoreError> {
        let mut tx = self.begin_write().await?;
        let swept = sqlx::query("DELETE FROM sessions WHERE seen_at < $1 OR created_at < $2")
            .bind(seen_before.0)
            .bind(created_before.0)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(swept.rows_affected())
    }
}

impl Tx {
    /// Begins a session of a user who is proven. The failures before it are forgotten.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn add_session(&mut self, session: &NewSession) -> Result<(), StoreError> {
        insert(self.connection(), session, false).await?;
        sqlx::query(
            "UPDATE users SET failures = 0, failed_at = NULL, last_used_at = $1 WHERE id = $2",
        )
        .bind(session.at.0)
        .bind(session.user.as_str())
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Notes that the owner of a session has proven themselves again; `false` if the user has no
    /// such session, and the unit cannot be committed.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn prove_session(
        &mut self,
        session: &str,
        user: &UserId,
    ) -> Result<bool, StoreError> {
        let proven = sqlx::query(
            "UPDATE sessions SET proven_at = $1 WHERE id = $2 AND user_id = $3 AND pending = 0",
        )
        .bind(self.entry().at.0)
        .bind(session)
        .bind(user.as_str())
        .execute(self.connection())
        .await?;
        Ok(self.found(proven.rows_affected()))
    }

    /// Ends a session of a user; `false` if the user has no such session, and the unit cannot be
    /// committed.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn end_session(&mut self, session: &str, user: &UserId) -> Result<bool, StoreError> {
        let ended = sqlx::query("DELETE FROM sessions WHERE id = $1 AND user_id = $2")
            .bind(session)
            .bind(user.as_str())
            .execute(self.connection())
            .await?;
        if !self.found(ended.rows_affected()) {
            return Ok(false);
        }
        note_access_change(self.connection(), user).await?;
        Ok(true)
    }
}

impl UnrecordedTx {
    /// Begins a session in which the second factor is still owed.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn add_pending_session(&mut self, session: &NewSession) -> Result<(), StoreError> {
        insert(self.connection(), session, true).await
    }
}

async fn insert(
    connection: &mut AnyConnection,
    session: &NewSession,
    pending: bool,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO sessions (token_hash, id, user_id, pending, by_provider, created_at, \
         seen_at, address, device) VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8)",
    )
    .bind(session.token_hash.as_str())
    .bind(session.id.as_str())
    .bind(session.user.as_str())
    .bind(i64::from(pending))
    .bind(i64::from(session.by_provider))
    .bind(session.at.0)
    .bind(storable(&session.address))
    .bind(storable(&session.device))
    .execute(connection)
    .await?;
    Ok(())
}

fn read_session(row: &AnyRow) -> Result<Session, StoreError> {
    Ok(Session {
        id: row.try_get("session_id")?,
        pending: read_flag(row, "pending")?,
        by_provider: read_flag(row, "by_provider")?,
        created_at: Instant(row.try_get("session_created_at")?),
        seen_at: Instant(row.try_get("seen_at")?),
        address: row.try_get("address")?,
        device: row.try_get("device")?,
        proven_at: row.try_get::<Option<i64>, _>("proven_at")?.map(Instant),
    })
}

/// A flag: an INTEGER of 0 or 1, which the databases give in different widths.
pub(crate) fn read_flag(row: &AnyRow, column: &str) -> Result<bool, StoreError> {
    let value = row
        .try_get::<i64, _>(column)
        .or_else(|_| row.try_get::<i32, _>(column).map(i64::from))?;
    Ok(value != 0)
}
