//! What editors have typed and not saved yet. It is theirs alone and no record of anything.

use madoguchi_core::id::{ArticleId, UserId};
use madoguchi_core::time::{Instant, Millis};
use sqlx::Row;

use crate::error::StoreError;
use crate::sql::storable;
use crate::store::Store;
use crate::tx::UnrecordedTx;

/// What nobody came back to is forgotten after so long.
const KEPT_FOR: Millis = Millis::from_secs(90 * 86_400);

/// What somebody typed into the form of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Autosave {
    pub at: Instant,
    /// The fields of the form, as JSON.
    pub form: String,
}

impl Store {
    /// Keeps what somebody has typed so far into the form of an article, in the place of what they had
    /// typed before. The form of a new article has none yet.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn keep_autosave(
        &self,
        user: &UserId,
        article: Option<&ArticleId>,
        autosave: &Autosave,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        sqlx::query("DELETE FROM article_autosaves WHERE at < $1")
            .bind((autosave.at - KEPT_FOR).0)
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "INSERT INTO article_autosaves (user_id, article_id, at, form) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (user_id, article_id) DO UPDATE SET at = excluded.at, form = excluded.form",
        )
        .bind(user.as_str())
        .bind(storable(article.map_or("", ArticleId::as_str)))
        .bind(autosave.at.0)
        .bind(storable(&autosave.form))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// What somebody had typed into the form of an article and not saved.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn lookup_autosave(
        &self,
        user: &UserId,
        article: Option<&ArticleId>,
    ) -> Result<Option<Autosave>, StoreError> {
        let row = sqlx::query(
            "SELECT at, form FROM article_autosaves WHERE user_id = $1 AND article_id = $2",
        )
        .bind(user.as_str())
        .bind(storable(article.map_or("", ArticleId::as_str)))
        .fetch_optional(self.read()?)
        .await?;
        let read = |row: sqlx::any::AnyRow| {
            Ok(Autosave {
                at: Instant(row.try_get("at")?),
                form: row.try_get("form")?,
            })
        };
        row.map(read).transpose()
    }
}

impl UnrecordedTx {
    /// Forgets what somebody had typed into the form of an article.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn forget_autosave(
        &mut self,
        user: &UserId,
        article: Option<&ArticleId>,
    ) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM article_autosaves WHERE user_id = $1 AND article_id = $2")
            .bind(user.as_str())
            .bind(storable(article.map_or("", ArticleId::as_str)))
            .execute(self.connection())
            .await?;
        Ok(())
    }
}
