//! Saved views: filters of lists that users keep under a name, each for themselves.

use madoguchi_core::audit::AuditEntry;
use madoguchi_core::id::UserId;
use sqlx::Row;

use crate::audit::record;
use crate::error::StoreError;
use crate::sql::storable;
use crate::store::Store;

/// A filter under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedView {
    /// What its owner calls it.
    pub name: String,
    /// The query of the page's address.
    pub query: String,
}

impl Store {
    /// Keeps a view of a page, in place of one of the same name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn save_view(
        &self,
        user: &UserId,
        page: &str,
        view: &SavedView,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin_audited().await?;
        sqlx::query(
            "INSERT INTO saved_views (user_id, page, name, query) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (user_id, page, name) DO UPDATE SET query = excluded.query",
        )
        .bind(user.as_str())
        .bind(page)
        .bind(storable(&view.name))
        .bind(storable(&view.query))
        .execute(&mut *tx)
        .await?;
        record(&mut tx, &[entry]).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Forgets a view; `false` if the user has none of this name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn remove_view(
        &self,
        user: &UserId,
        page: &str,
        name: &str,
        entry: AuditEntry,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin_audited().await?;
        let removed =
            sqlx::query("DELETE FROM saved_views WHERE user_id = $1 AND page = $2 AND name = $3")
                .bind(user.as_str())
                .bind(page)
                .bind(storable(name))
                .execute(&mut *tx)
                .await?;
        if removed.rows_affected() == 0 {
            return Ok(false);
        }
        record(&mut tx, &[entry]).await?;
        tx.commit().await?;
        Ok(true)
    }

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
