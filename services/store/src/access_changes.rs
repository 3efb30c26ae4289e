//! A feed of whose sessions or tokens have ended, or who may do other things than before. A node that
//! remembers who may come in follows it, and asks anew.

use madoguchi_core::id::UserId;
use sqlx::{AnyConnection, Row};

use crate::error::StoreError;
use crate::store::Store;

/// So many changes are kept.
const KEPT: i64 = 10_000;
/// Who has missed more forgets everything.
const FOLLOWED_AT_ONCE: i64 = 1_000;

/// What has changed since a count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessChanges {
    /// The count now.
    pub count: i64,
    /// The users concerned; `None`: nobody knows any more which.
    pub users: Option<Vec<UserId>>,
}

impl Store {
    /// What has changed since the count `after`; without one, the count alone.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn access_changes(&self, after: Option<i64>) -> Result<AccessChanges, StoreError> {
        let row = sqlx::query("SELECT COALESCE(MAX(count), 0) AS newest FROM access_changes")
            .fetch_one(self.read()?)
            .await?;
        let count: i64 = row.try_get("newest")?;
        let known = after.filter(|after| (0..=FOLLOWED_AT_ONCE).contains(&(count - after)));
        let Some(after) = known else {
            return Ok(AccessChanges { count, users: None });
        };
        let rows = sqlx::query(
            "SELECT user_id FROM access_changes WHERE count > $1 AND count <= $2 ORDER BY count",
        )
        .bind(after)
        .bind(count)
        .fetch_all(self.read()?)
        .await?;
        let users = rows.iter().map(|row| {
            let user: &str = row.try_get("user_id")?;
            Ok(UserId::new(user))
        });
        let users = users.collect::<Result<Vec<_>, StoreError>>()?;
        let whole = usize::try_from(count - after) == Ok(users.len());
        Ok(AccessChanges {
            count,
            users: whole.then_some(users),
        })
    }
}

/// Tells the feed of a user, in the transaction that makes the change; it is one that is recorded,
/// of which one at a time runs over all nodes.
pub(crate) async fn note_access_change(
    connection: &mut AnyConnection,
    user: &UserId,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO access_changes (count, user_id) \
         SELECT COALESCE(MAX(count), 0) + 1, $1 FROM access_changes",
    )
    .bind(user.as_str())
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "DELETE FROM access_changes WHERE count <= (SELECT MAX(count) FROM access_changes) - $1",
    )
    .bind(KEPT)
    .execute(connection)
    .await?;
    Ok(())
}
