//! Numbers of articles, given one after the other and never twice.

use madoguchi_core::article::ArticleNumber;
use madoguchi_core::id::ArticleId;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::article_id;
use crate::error::StoreError;
use crate::store::Store;

impl Store {
    /// The id of the article with this number.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn lookup_article_id(
        &self,
        number: ArticleNumber,
    ) -> Result<Option<ArticleId>, StoreError> {
        let row = sqlx::query("SELECT id FROM articles WHERE number = $1")
            .bind(i64::from(number.0))
            .fetch_optional(self.read()?)
            .await?;
        row.map(|row| article_id(&row, "id")).transpose()
    }
}

/// The next number. Whoever takes one holds the lock of the records.
pub(super) async fn next(tx: &mut AnyConnection) -> Result<i64, StoreError> {
    sqlx::query("UPDATE article_numbers SET last = last + 1")
        .execute(&mut *tx)
        .await?;
    let row = sqlx::query("SELECT last FROM article_numbers")
        .fetch_one(&mut *tx)
        .await?;
    Ok(row.try_get("last")?)
}

/// The number in a row.
pub(super) fn of_row(row: &AnyRow) -> Result<Option<ArticleNumber>, StoreError> {
    let number: i64 = row.try_get("number")?;
    let number = u32::try_from(number).ok().filter(|number| *number > 0);
    Ok(number.map(ArticleNumber))
}
