//! Versions that were never published are taken away without a trace but the record of it.

use madoguchi_core::article::{Article, Version};
use madoguchi_core::id::ArticleId;
use sqlx::{AnyConnection, Row};

use super::unreadable;
use crate::error::{Resource, StoreError};
use crate::tx::Tx;

impl Tx {
    /// Takes an article away with all its versions and the files that no other has, if nobody else has
    /// changed it since it was read. Its number is given to no other.
    ///
    /// # Errors
    /// [`StoreError::Changed`].
    pub async fn delete_article(&mut self, article: &Article) -> Result<(), StoreError> {
        let deleted = delete(self.connection(), article).await;
        self.checked(deleted)
    }
}

async fn delete(tx: &mut AnyConnection, article: &Article) -> Result<(), StoreError> {
    delete_after(tx, &article.id, 0).await?;
    let deleted = sqlx::query("DELETE FROM articles WHERE id = $1 AND revision = $2")
        .bind(article.id.as_str())
        .bind(article.revision)
        .execute(&mut *tx)
        .await?;
    if deleted.rows_affected() == 0 {
        return Err(StoreError::Changed {
            what: Resource::Article,
        });
    }
    sqlx::query("DELETE FROM article_autosaves WHERE article_id = $1")
        .bind(article.id.as_str())
        .execute(&mut *tx)
        .await?;
    Ok(())
}

/// Takes the versions behind a number away, and the files that no other version has.
pub(super) async fn delete_after(
    tx: &mut AnyConnection,
    id: &ArticleId,
    number: u32,
) -> Result<(), StoreError> {
    let rows =
        sqlx::query("SELECT version FROM article_versions WHERE article_id = $1 AND number > $2")
            .bind(id.as_str())
            .bind(i64::from(number))
            .fetch_all(&mut *tx)
            .await?;
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query("DELETE FROM article_versions WHERE article_id = $1 AND number > $2")
        .bind(id.as_str())
        .bind(i64::from(number))
        .execute(&mut *tx)
        .await?;
    for row in rows {
        let text: String = row.try_get("version")?;
        let version: Version =
            serde_json::from_str(&text).map_err(|source| unreadable(id, source))?;
        for file in version.content.files {
            sqlx::query(
                "DELETE FROM article_files WHERE hash = $1 AND NOT EXISTS \
                 (SELECT 1 FROM article_versions WHERE version LIKE $2)",
            )
            .bind(file.hash.as_str())
            .bind(format!("%\"hash\":\"{}\"%", file.hash))
            .execute(&mut *tx)
            .await?;
        }
    }
    Ok(())
}
