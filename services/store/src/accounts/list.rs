//! The list of accounts, page by page.

use madoguchi_core::access::{Permissions, Role};
use madoguchi_core::account::User;
use madoguchi_core::id::UserId;
use madoguchi_core::time::Instant;
use sqlx::Row;

use crate::accounts::{COLUMNS, read_user};
use crate::error::StoreError;
use crate::page::{self, Key, Order, Page, Start};
use crate::sql::{Joined, Sql, escaped, storable};
use crate::store::Store;

/// Words that no more users hold are looked for once: who holds them is read by their logins then. Of what more
/// hold, a page is met soon in any order.
const FEW: u32 = 500;

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
    /// Where the page begins.
    pub start: Start,
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

/// A login is one user's alone.
const LOGIN: [Key; 1] = [Key::Text("login")];
const NAME: [Key; 2] = [Key::Text("name"), Key::Text("login")];
const LAST_USE: [Key; 2] = [
    Key::Number("COALESCE(last_used_at, -1)"),
    Key::Text("login"),
];

impl UserOrder {
    fn order(self) -> Order {
        let (keys, descending): (&[Key], bool) = match self {
            Self::Login => (&LOGIN, false),
            Self::Name => (&NAME, false),
            Self::LastUsed => (&LAST_USE, true),
            Self::LongestUnused => (&LAST_USE, false),
        };
        Order { keys, descending }
    }
}

/// What is said of somebody whom others can choose or name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedUser {
    /// Who it is.
    pub id: UserId,
    /// The login.
    pub login: String,
    /// The name.
    pub name: String,
    /// What they may do; nothing while disabled.
    pub permissions: Permissions,
}

impl Store {
    /// The names of users by their logins, no more than so many: what a page needs that names many.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn list_named_users(&self, limit: u32) -> Result<Vec<NamedUser>, StoreError> {
        let mut connection = self.read()?.acquire().await?;
        let joined = Joined::of(&connection);
        let mut sql = Sql::new("SELECT ");
        sql.push(joined.begin).push("CAST(").push(joined.array);
        sql.push("id, login, name, roles, disabled) AS TEXT)")
            .push(joined.end);
        sql.push(
            " AS found FROM (SELECT id, login, name, roles, \
             CASE WHEN disabled_at IS NULL THEN 0 ELSE 1 END AS disabled \
             FROM users ORDER BY login LIMIT ",
        );
        sql.bind(i64::from(limit)).push(") AS named");
        let rows = sql.fetch_all(&mut connection).await?;
        let lines: Option<&str> = rows.first().map_or(Ok(None), |row| row.try_get("found"))?;
        let named = lines.iter().flat_map(|lines| lines.lines());
        let mut named: Vec<NamedUser> = named.map(named_user).collect::<Result<_, _>>()?;
        named.sort_by(|one, other| one.login.cmp(&other.login));
        Ok(named)
    }

    /// A page of the users that `filter` lets through, in its order.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Cursor`].
    pub async fn page_users(&self, filter: &UserFilter) -> Result<Page<User>, StoreError> {
        self.page_among(filter, |sql| restrict(sql, filter)).await
    }

    /// The same page, and how many users `filter` lets through, counted up to `at_most`.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Cursor`].
    pub async fn page_and_count_users(
        &self,
        filter: &UserFilter,
        at_most: u32,
    ) -> Result<(Page<User>, u64), StoreError> {
        let Some(logins) = self.few_logins(filter).await? else {
            let page = self.page_users(filter).await?;
            return Ok((page, self.count_users(filter, at_most).await?));
        };
        let count = (logins.len() as u64).min(u64::from(at_most));
        let among = |sql: &mut Sql| {
            // Nobody has an empty login.
            let logins = logins.iter().map(String::as_str);
            sql.push(" WHERE login IN (")
                .bind_all(std::iter::once("").chain(logins))
                .push(")");
        };
        Ok((self.page_among(filter, among).await?, count))
    }

    /// The logins of those who hold a word, if they are few.
    async fn few_logins(&self, filter: &UserFilter) -> Result<Option<Vec<String>>, StoreError> {
        if filter.text.trim().is_empty() {
            return Ok(None);
        }
        let mut sql = Sql::new("SELECT login FROM users");
        restrict(&mut sql, filter);
        sql.push(" LIMIT ").bind(i64::from(FEW) + 1);
        let rows = sql.fetch_all(&mut *self.read()?.acquire().await?).await?;
        if rows.len() > FEW as usize {
            return Ok(None);
        }
        let logins = rows.iter().map(|row| row.try_get("login"));
        Ok(Some(logins.collect::<Result<_, _>>()?))
    }

    /// A page of those users whom `among` (which begins with WHERE) leaves.
    async fn page_among(
        &self,
        filter: &UserFilter,
        among: impl FnOnce(&mut Sql),
    ) -> Result<Page<User>, StoreError> {
        let order = filter.order.order();
        let mut sql = Sql::new("SELECT ");
        sql.push(COLUMNS);
        order.select(&mut sql);
        // Which they are is found in the narrow index; only those are then read whole.
        sql.push(" FROM users WHERE login IN (SELECT login FROM users");
        among(&mut sql);
        order.restrict(&mut sql, &filter.start)?;
        order.sort(&mut sql, &filter.start);
        page::limit(&mut sql, &filter.start, filter.limit);
        sql.push(")");
        order.sort(&mut sql, &filter.start);
        let rows = sql.fetch_all(&mut *self.read()?.acquire().await?).await?;
        order.page(rows, &filter.start, filter.limit, read_user)
    }

    /// How many users `filter` lets through, counted up to `at_most`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn count_users(&self, filter: &UserFilter, at_most: u32) -> Result<u64, StoreError> {
        page::count(self.read()?, "users", at_most, |sql| restrict(sql, filter)).await
    }
}

/// Somebody in a JSON array of id, login, name, roles, and whether they are disabled.
fn named_user(line: &str) -> Result<NamedUser, StoreError> {
    let read = serde_json::from_str::<(UserId, String, String, String, i64)>(line);
    let (id, login, name, roles, disabled) = read.map_err(|source| StoreError::Unreadable {
        what: "the name of a user".to_owned(),
        source,
    })?;
    let permissions = match disabled {
        0 => Permissions::of_roles(roles.split(',').filter_map(Role::lookup)),
        _ => Permissions::NONE,
    };
    Ok(NamedUser {
        id,
        login,
        name,
        permissions,
    })
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
