//! What waits for somebody, counted.

use sqlx::Row;

use crate::error::StoreError;
use crate::store::Store;

/// How much work waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Work {
    /// Articles that wait for approval: to be published or withdrawn.
    pub waiting: u64,
    /// Drafts that were sent back to those who write.
    pub sent_back: u64,
    /// Tickets that staff wrote by the form of the portal and nobody has taken in hand.
    pub portal: u64,
    /// Months whose report was made by the schedule and is not 確定, or was sent back.
    pub reports: u64,
}

impl Store {
    /// How much work waits.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn count_work(&self) -> Result<Work, StoreError> {
        let row = sqlx::query(
            "SELECT (SELECT COUNT(*) FROM articles WHERE stage = 'in_review') \
             + (SELECT COUNT(*) FROM articles WHERE withdrawal_asked = 1 AND stage <> 'in_review') \
             AS waiting, \
             (SELECT COUNT(*) FROM articles WHERE sent_back = 1) AS sent_back, \
             (SELECT COUNT(*) FROM tickets WHERE is_open = 1 AND status = 'received' \
             AND channel = 'portal') AS portal, \
             (SELECT COUNT(*) FROM month_editions draft WHERE draft.edition = 0 \
             AND NOT EXISTS (SELECT 1 FROM month_editions later \
             WHERE later.month = draft.month AND later.edition > 0)) \
             + (SELECT COUNT(*) FROM month_steps returned WHERE returned.kind = 'returned' \
             AND NOT EXISTS (SELECT 1 FROM month_steps later \
             WHERE later.month = returned.month AND later.seq > returned.seq) \
             AND NOT EXISTS (SELECT 1 FROM month_editions later \
             WHERE later.month = returned.month AND later.edition > returned.edition)) \
             AS reports",
        )
        .fetch_one(self.read()?)
        .await?;
        let count = |column: &str| -> Result<u64, StoreError> {
            Ok(row.try_get::<i64, _>(column)?.unsigned_abs())
        };
        Ok(Work {
            waiting: count("waiting")?,
            sent_back: count("sent_back")?,
            portal: count("portal")?,
            reports: count("reports")?,
        })
    }
}
