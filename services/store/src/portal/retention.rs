//! Deletes what was kept long enough.

use madoguchi_core::time::Instant;
use sqlx::AssertSqlSafe;

use crate::error::StoreError;
use crate::tx::Tx;

/// What is deleted when it is old, and by which column.
const OLD: [(&str, &str); 6] = [
    ("portal_opened", "at"),
    ("portal_missed", "at"),
    ("portal_searches", "at"),
    ("portal_views", "at"),
    ("article_feedback", "at"),
    ("article_settled", "at"),
];

impl Tx {
    /// Deletes the log of the portal before `before`; the record of that says how many rows. Tells how many; after none the unit cannot be committed.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn delete_portal_log_before(&mut self, before: Instant) -> Result<u64, StoreError> {
        let mut deleted = 0;
        for (table, column) in OLD {
            let text = format!("DELETE FROM {table} WHERE {column} < $1");
            let done = sqlx::query(AssertSqlSafe(text))
                .bind(before.0)
                .execute(self.connection())
                .await?;
            deleted += done.rows_affected();
        }
        self.found(deleted);
        self.describe("records", deleted.to_string());
        Ok(deleted)
    }
}
