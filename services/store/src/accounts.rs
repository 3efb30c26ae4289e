//! Accounts of users: looked up to sign in, listed, changed together with their audit records.

mod list;
mod secrets;

use madoguchi_core::access::Role;
use madoguchi_core::account::User;
use madoguchi_core::id::UserId;
use madoguchi_core::time::Instant;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

pub use self::list::{NamedUser, UserFilter, UserOrder};
pub use self::secrets::NewPassword;
use crate::access_changes::note_access_change;
use crate::devices::forget_devices;
use crate::error::{Resource, StoreError};
use crate::sessions::read_flag;
use crate::sql::{Sql, storable};
use crate::store::Store;
use crate::tx::Tx;

/// The columns of a user, for [`read_user`].
pub(crate) const COLUMNS: &str = "users.id, users.login, users.name, users.roles, users.agent, \
     users.oidc_subject, users.must_change_password, users.password_changed_at, \
     CASE WHEN users.totp IS NULL THEN 0 ELSE 1 END AS second_factor, users.failures, \
     users.failed_at, users.disabled_at, users.created_at AS user_created_at, \
     users.last_used_at, users.version";

/// A user with what proves them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    pub user: User,
    /// argon2id as a PHC string.
    pub password: Option<String>,
    /// The encrypted secret of the second factor.
    pub totp: Option<String>,
}

impl Store {
    /// The user of this id.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn lookup_user(&self, id: &UserId) -> Result<Option<Credentials>, StoreError> {
        self.lookup_user_by("users.id", id.as_str()).await
    }

    /// The user of this login.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn lookup_login(&self, login: &str) -> Result<Option<Credentials>, StoreError> {
        self.lookup_user_by("users.login", login).await
    }

    /// The user who is known by this subject at the identity provider.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn lookup_subject(&self, subject: &str) -> Result<Option<Credentials>, StoreError> {
        self.lookup_user_by("users.oidc_subject", subject).await
    }

    /// Whether there is any account.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn has_users(&self) -> Result<bool, StoreError> {
        let row = sqlx::query("SELECT id FROM users LIMIT 1")
            .fetch_optional(self.read()?)
            .await?;
        Ok(row.is_some())
    }

    async fn lookup_user_by(
        &self,
        column: &'static str,
        value: &str,
    ) -> Result<Option<Credentials>, StoreError> {
        let mut sql = Sql::new("SELECT users.password, users.totp, ");
        sql.push(COLUMNS).push(" FROM users WHERE ").push(column);
        sql.push(" = ").bind(storable(value));
        let rows = sql.fetch_all(&mut *self.read()?.acquire().await?).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        Ok(Some(Credentials {
            user: read_user(row)?,
            password: row.try_get("password")?,
            totp: row.try_get("totp")?,
        }))
    }
}

impl Tx {
    /// Adds an account.
    ///
    /// # Errors
    /// [`StoreError::Taken`] if the login or the subject at the identity provider is another
    /// user's.
    pub async fn add_user(
        &mut self,
        user: &User,
        password: Option<&str>,
    ) -> Result<(), StoreError> {
        let added = insert(self.connection(), user, password).await;
        self.checked(added)
    }

    /// Changes login, name, roles, agent, subject and the state of an account, if nobody else has
    /// since it was read. A user who is disabled is signed out everywhere.
    ///
    /// # Errors
    /// [`StoreError::Changed`], [`StoreError::Taken`].
    pub async fn save_user(&mut self, user: &User) -> Result<(), StoreError> {
        let saved = update(self.connection(), user).await;
        self.checked(saved)
    }
}

async fn update(connection: &mut AnyConnection, user: &User) -> Result<(), StoreError> {
    let mut sql = Sql::new("UPDATE users SET version = version + 1, login = ");
    sql.bind(storable(&user.login)).push(", name = ");
    sql.bind(storable(&user.name)).push(", search = ");
    sql.bind(searchable(user)).push(", roles = ");
    sql.bind(roles_text(user)).push(", agent = ");
    sql.bind(agent_text(user)).push(", oidc_subject = ");
    sql.bind(user.oidc_subject.as_deref().map(storable));
    sql.push(", failures = ").bind(i64::from(user.failures));
    sql.push(", failed_at = ")
        .bind(user.failed_at.map(|at| at.0));
    sql.push(", disabled_at = ")
        .bind(user.disabled_at.map(|at| at.0));
    sql.push(" WHERE id = ").bind(user.id.as_str());
    sql.push(" AND version = ").bind(user.version);
    if sql.execute(connection).await.map_err(taken)? == 0 {
        return Err(StoreError::Changed {
            what: Resource::User,
        });
    }
    if user.disabled_at.is_some() {
        sqlx::query("DELETE FROM sessions WHERE user_id = $1")
            .bind(user.id.as_str())
            .execute(&mut *connection)
            .await?;
        forget_devices(connection, &user.id).await?;
    }
    note_access_change(connection, &user.id).await?;
    Ok(())
}

pub(crate) async fn insert(
    connection: &mut AnyConnection,
    user: &User,
    password: Option<&str>,
) -> Result<(), StoreError> {
    let mut sql = Sql::new(
        "INSERT INTO users (id, login, name, search, roles, agent, oidc_subject, password, \
         must_change_password, password_changed_at, totp_step, failures, created_at, version) \
         VALUES (",
    );
    sql.bind(user.id.as_str()).push(", ");
    sql.bind(storable(&user.login)).push(", ");
    sql.bind(storable(&user.name)).push(", ");
    sql.bind(searchable(user)).push(", ");
    sql.bind(roles_text(user)).push(", ");
    sql.bind(agent_text(user)).push(", ");
    sql.bind(user.oidc_subject.as_deref().map(storable))
        .push(", ");
    sql.bind(password.map(str::to_owned)).push(", ");
    sql.bind(i64::from(user.must_change_password)).push(", ");
    sql.bind(user.password_changed_at.map(|at| at.0));
    sql.push(", 0, 0, ").bind(user.created_at.0).push(", 1)");
    sql.execute(connection).await.map_err(taken)?;
    Ok(())
}

/// A user from a row with [`COLUMNS`].
pub(crate) fn read_user(row: &AnyRow) -> Result<User, StoreError> {
    let instant = |column: &str| -> Result<Option<Instant>, StoreError> {
        Ok(row.try_get::<Option<i64>, _>(column)?.map(Instant))
    };
    let failures: i64 = row.try_get("failures")?;
    Ok(User {
        id: row.try_get::<&str, _>("id")?.into(),
        login: row.try_get("login")?,
        name: row.try_get("name")?,
        roles: read_roles(row)?.collect(),
        agent: row
            .try_get::<Option<String>, _>("agent")?
            .map(|agent| agent.as_str().into()),
        oidc_subject: row.try_get("oidc_subject")?,
        must_change_password: read_flag(row, "must_change_password")?,
        password_changed_at: instant("password_changed_at")?,
        second_factor: read_flag(row, "second_factor")?,
        failures: u32::try_from(failures).unwrap_or(u32::MAX),
        failed_at: instant("failed_at")?,
        disabled_at: instant("disabled_at")?,
        created_at: Instant(row.try_get("user_created_at")?),
        last_used_at: instant("last_used_at")?,
        version: row.try_get("version")?,
    })
}

/// The roles of a row with the column `roles`.
pub(crate) fn read_roles(row: &AnyRow) -> Result<impl Iterator<Item = Role>, StoreError> {
    let roles: &str = row.try_get("roles")?;
    Ok(roles.split(',').filter_map(Role::lookup))
}

fn roles_text(user: &User) -> String {
    user.roles.iter().fold(",".to_owned(), |text, role| {
        format!("{text}{},", role.as_str())
    })
}

fn agent_text(user: &User) -> Option<String> {
    user.agent.as_ref().map(|agent| storable(agent.as_str()))
}

fn searchable(user: &User) -> String {
    storable(&format!("{} {}", user.login, user.name).to_lowercase())
}

/// The database's word for a value that has to be unique, as an error of ours.
fn taken(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::Database(inner) if inner.is_unique_violation() => {
            let subject = inner.message().contains("oidc_subject");
            StoreError::Taken {
                what: if subject {
                    Resource::OidcSubject
                } else {
                    Resource::Login
                },
            }
        }
        _ => error.into(),
    }
}
