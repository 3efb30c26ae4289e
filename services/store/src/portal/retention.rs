//! Deletes what was kept long enough.

use madoguchi_core::audit::AuditEntry;
use madoguchi_core::time::Instant;
use sqlx::AssertSqlSafe;

use crate::audit::record;
use crate::error::StoreError;
use crate::store::Store;

/// What is deleted when it is old, and by which column.
const OLD: [(&str, &str); 7] = [
    ("portal_opened", "at"),
    ("portal_missed", "at"),
    ("portal_searches", "at"),
    ("portal_views", "at"),
    ("article_feedback", "at"),
    ("article_settled", "at"),
    ("inquiries", "handled_at"),
];

impl Store {
    /// Deletes the log of the portal before `before`, and inquiries handled before it; records that
    /// with `entry`, completed with the number of rows, if there were any. Tells how many.
    ///
    /// # Errors
    /// [`StoreError::Database`]; then nothing is deleted.
    pub async fn delete_portal_log_before(
        &self,
        before: Instant,
        mut entry: AuditEntry,
    ) -> Result<u64, StoreError> {
        let mut tx = self.begin_audited().await?;
        let mut deleted = 0;
        for (table, column) in OLD {
            let text = format!("DELETE FROM {table} WHERE {column} < $1");
            let done = sqlx::query(AssertSqlSafe(text))
                .bind(before.0)
                .execute(&mut *tx)
                .await?;
            deleted += done.rows_affected();
        }
        if deleted > 0 {
            entry.after.insert("records".into(), deleted.to_string());
            record(&mut tx, &[entry]).await?;
        }
        tx.commit().await?;
        Ok(deleted)
    }
}
