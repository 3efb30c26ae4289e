//! The list of accounts, page by page.

use madoguchi_core::access::Role;
use madoguchi_core::account::User;
use madoguchi_core::time::Instant;
use sqlx::Row;

use crate::accounts::{COLUMNS, read_user};
use crate::error::StoreError;
use crate::sql::{Sql, escaped, storable};
use crate::store::Store;

/// Which users are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Whose name or login holds this.
    pub text: String,
    /// With this role.
    pub role: Option<Role>,
    /// Only those who are disabled, or only those who are not.
    pub disabled: Option<bool>,
    /// Only those who were not active since then.
    pub unused_since: Option<Instant>,
    /// Which come first.
    pub order: UserOrder,
    /// So many are left out at the start.
    pub offset: u32,
    /// At the most so many.
    pub limit: u32,
}

/// Which users of a list come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UserOrder {
    /// By login.
    #[default]
    Login,
    /// By name.
    Name,
    /// Those who were active last.
    LastUsed,
    /// Those who were active longest ago, or never.
    LongestUnused,
}

impl UserOrder {
    fn sql(self) -> &'static str {
        match self {
            Self::Login => " ORDER BY login",
            Self::Name => " ORDER BY name, login",
            Self::LastUsed => " ORDER BY last_used_at DESC NULLS LAST, login",
            Self::LongestUnused => " ORDER BY last_used_at NULLS FIRST, login",
        }
    }
}

/// Some of the users that a filter lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserPage {
    /// These, in the order of the filter.
    pub users: Vec<User>,
    /// How many there are in all.
    pub total: u64,
}

impl Store {
    /// The users that `filter` lets through, in its order.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn list_users(&self, filter: &UserFilter) -> Result<UserPage, StoreError> {
        let mut count = Sql::new("SELECT CAST(COUNT(*) AS BIGINT) AS total FROM users");
        restrict(&mut count, filter);
        let mut list = Sql::new("SELECT ");
        // Which they are is found in the narrow index; only those are then read whole.
        list.push(COLUMNS)
            .push(" FROM users WHERE login IN (SELECT login FROM users");
        restrict(&mut list, filter);
        list.push(filter.order.sql());
        list.push(" LIMIT ").bind(i64::from(filter.limit));
        list.push(" OFFSET ").bind(i64::from(filter.offset));
        list.push(")").push(filter.order.sql());
        let mut connection = self.read()?.acquire().await?;
        let counted = count.fetch_all(&mut connection).await?;
        let total: i64 = counted.first().map_or(Ok(0), |row| row.try_get("total"))?;
        let rows = list.fetch_all(&mut connection).await?;
        Ok(UserPage {
            users: rows.iter().map(read_user).collect::<Result<_, _>>()?,
            total: total.unsigned_abs(),
        })
    }
}

fn restrict(sql: &mut Sql, filter: &UserFilter) {
    sql.push(" WHERE 1 = 1");
    let text = filter.text.trim().to_lowercase();
    if !text.is_empty() {
        sql.push(" AND search LIKE ")
            .bind(format!("%{}%", escaped(&storable(&text))))
            .push(" ESCAPE '!'");
    }
    if let Some(role) = filter.role {
        sql.push(" AND roles LIKE ")
            .bind(format!("%,{},%", escaped(role.as_str())))
            .push(" ESCAPE '!'");
    }
    match filter.disabled {
        Some(true) => sql.push(" AND disabled_at IS NOT NULL"),
        Some(false) => sql.push(" AND disabled_at IS NULL"),
        None => sql,
    };
    if let Some(since) = filter.unused_since {
        sql.push(" AND COALESCE(last_used_at, created_at) < ")
            .bind(since.0);
    }
}
