//! What readers and agents say of articles.

use madoguchi_core::id::{ArticleId, UserId};
use madoguchi_core::time::Instant;
use sqlx::Row;

use crate::articles::count_settled;
use crate::error::StoreError;
use crate::sql::storable;
use crate::store::Store;
use crate::tx::UnrecordedTx;

/// What a reader says of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    /// Which article.
    pub article: ArticleId,
    /// Which version of it.
    pub version: i64,
    /// Which browser, as far as it can be told for this article.
    pub voter: String,
    pub at: Instant,
    /// From which site, if it is known.
    pub site: Option<String>,
    /// What they say.
    pub word: Rating,
}

/// 役に立った/役に立たなかった.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rating {
    /// It helped.
    pub helped: bool,
    /// Why, in the reader's words; may be empty.
    pub comment: String,
}

/// An article that settled what an agent was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Its name, made by us.
    pub id: String,
    pub at: Instant,
    /// Which article.
    pub article: ArticleId,
    /// Which agent.
    pub user: UserId,
    /// The search that led to it.
    pub search: Option<String>,
    /// The call that it settled.
    pub call: Option<String>,
}

impl Store {
    /// Keeps what a reader says, in place of what the same browser said of the same version.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn give_feedback(&self, feedback: &Feedback) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        sqlx::query(
            "INSERT INTO article_feedback (article, version, voter, at, helped, comment, site) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (article, version, voter) DO UPDATE SET at = excluded.at, \
             helped = excluded.helped, comment = excluded.comment, site = excluded.site",
        )
        .bind(storable(feedback.article.as_str()))
        .bind(feedback.version)
        .bind(&feedback.voter)
        .bind(feedback.at.0)
        .bind(i64::from(feedback.word.helped))
        .bind(storable(&feedback.word.comment))
        .bind(feedback.site.as_deref())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// What a browser said of a version of an article.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn lookup_feedback(
        &self,
        article: &ArticleId,
        version: i64,
        voter: &str,
    ) -> Result<Option<Rating>, StoreError> {
        let row = sqlx::query(
            "SELECT helped, comment FROM article_feedback \
             WHERE article = $1 AND version = $2 AND voter = $3",
        )
        .bind(storable(article.as_str()))
        .bind(version)
        .bind(voter)
        .fetch_optional(self.read()?)
        .await?;
        row.map(|row| {
            Ok(Rating {
                helped: row.try_get::<i64, _>("helped")? != 0,
                comment: row.try_get("comment")?,
            })
        })
        .transpose()
    }
}

impl UnrecordedTx {
    /// Keeps that an article settled what an agent was asked. An article settles a call once.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn log_settled(&mut self, settled: &Settled) -> Result<bool, StoreError> {
        // Counted for the searches, too, whose feed has one order. First, as whoever saves an article
        // has the lock before the article.
        self.lock_records().await?;
        if let Some(call) = &settled.call {
            let found =
                sqlx::query("SELECT id FROM article_settled WHERE article = $1 AND call_id = $2")
                    .bind(storable(settled.article.as_str()))
                    .bind(storable(call))
                    .fetch_optional(self.connection())
                    .await?;
            if found.is_some() {
                return Ok(false);
            }
        }
        sqlx::query(
            "INSERT INTO article_settled (id, at, article, user_id, search_id, call_id) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(&settled.id)
        .bind(settled.at.0)
        .bind(storable(settled.article.as_str()))
        .bind(settled.user.as_str())
        .bind(settled.search.as_deref().map(storable))
        .bind(settled.call.as_deref().map(storable))
        .execute(self.connection())
        .await?;
        count_settled(self.connection(), &settled.article).await?;
        Ok(true)
    }
}
