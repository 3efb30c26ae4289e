//! Saved views: filters of lists that users keep under a name, each for themselves.

use madoguchi_core::id::UserId;
use sqlx::Row;

use crate::error::StoreError;
use crate::sql::storable;
use crate::store::Store;
use crate::tx::Tx;

/// A filter under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedView {
    /// What its owner calls it.
    pub name: String,
    /// The query of the page's address.
    pub query: String,
}

impl Store {
    /// A user's views of a page, by name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn list_views(
        &self,
        user: &UserId,
        page: &str,
    ) -> Result<Vec<SavedView>, StoreError> {
        let rows = sqlx::query(
            "SELECT name, query FROM saved_views WHERE user_id = $1 AND page = $2 ORDER BY name",
        )
        .bind(user.as_str())
        .bind(page)
        .fetch_all(self.read()?)
        .await?;
        let read = |row: &sqlx::any::AnyRow| {
            Ok(SavedView {
                name: row.try_get("name")?,
                query: row.try_get("query")?,
            })
        };
        rows.iter().map(read).collect()
    }
}

impl Tx {
    /// Keeps a view of a page, in place of one of the same name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn save_view(
        &mut self,
        user: &UserId,
        page: &str,
        view: &SavedView,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO saved_views (user_id, page, name, query) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (user_id, page, name) DO UPDATE SET query = excluded.query",
        )
        .bind(user.as_str())
        .bind(page)
        .bind(storable(&view.name))
        .bind(storable(&view.query))
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Forgets a view; `false` if the user has none of this name, and the unit cannot be committed.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn remove_view(
        &mut self,
        user: &UserId,
        page: &str,
        name: &str,
    ) -> Result<bool, StoreError> {
        let removed =
            sqlx::query("DELETE FROM saved_views WHERE user_id = $1 AND page = $2 AND name = $3")
                .bind(user.as_str())
                .bind(page)
                .bind(storable(name))
                .execute(self.connection())
                .await?;
        Ok(self.found(removed.rows_affected()))
    }
}
