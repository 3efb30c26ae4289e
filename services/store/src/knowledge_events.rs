//! What readers and agents did with the knowledge: searched, opened, voted, settled.

use madoguchi_core::time::Instant;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::sql::{Sql, storable};
use crate::store::Store;

/// Longer texts are cut off here, in letters.
const TEXT_LETTERS: usize = 500;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnowledgeAct {
    /// Searched.
    Search,
    /// Opened an article.
    View,
    /// 役に立った
    Helped,
    /// 役に立たなかった
    NotHelped,
    /// これで解決した (at the desk)
    Settled,
    /// 見つからなかった (at the desk)
    NotFound,
}

impl KnowledgeAct {
    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::View => "view",
            Self::Helped => "helped",
            Self::NotHelped => "not_helped",
            Self::Settled => "settled",
            Self::NotFound => "not_found",
        }
    }
}

/// What somebody did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnowledgeEvent {
    /// When.
    pub at: Instant,
    /// What.
    pub act: KnowledgeAct,
    /// At the desk; otherwise in the portal.
    pub desk: bool,
    /// What was searched for, or a comment.
    pub text: String,
    /// The article it is about; may be empty.
    pub article: String,
    /// How many results a search had.
    pub results: u64,
    /// Who, at the desk; may be empty.
    pub user: String,
}

/// Events of one text or article, counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// The text or the article's id.
    pub what: String,
    /// How many.
    pub count: u64,
    /// When the last one was.
    pub last: Instant,
}

impl Store {
    /// Keeps what was done.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn add_knowledge_event(&self, event: &KnowledgeEvent) -> Result<(), StoreError> {
        let text: String = event.text.chars().take(TEXT_LETTERS).collect();
        let mut sql = Sql::new(
            "INSERT INTO knowledge_events (seq, at, kind, place, text, article_id, results, user_id) \
             SELECT COALESCE(MAX(seq), 0) + 1, ",
        );
        sql.push("CAST(")
            .bind(event.at.0)
            .push(" AS BIGINT), CAST(");
        sql.bind(event.act.as_str()).push(" AS TEXT), CAST(");
        sql.bind(if event.desk { "desk" } else { "portal" })
            .push(" AS TEXT), CAST(");
        sql.bind(storable(&text)).push(" AS TEXT), CAST(");
        sql.bind(event.article.as_str()).push(" AS TEXT), CAST(");
        sql.bind(i64::try_from(event.results).unwrap_or(i64::MAX))
            .push(" AS BIGINT), CAST(");
        sql.bind(event.user.as_str())
            .push(" AS TEXT) FROM knowledge_events");
        let mut tx = self.begin_alone(7_105_540).await?;
        sql.execute(&mut tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The articles that were opened most since an instant, among those that staff see.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn most_read(&self, since: Instant, limit: u32) -> Result<Vec<Counted>, StoreError> {
        let rows = sqlx::query(
            "SELECT article_id AS what, CAST(COUNT(*) AS BIGINT) AS n, MAX(at) AS last \
             FROM knowledge_events WHERE kind = 'view' AND at >= $1 AND article_id IN \
             (SELECT id FROM articles WHERE visible = 1 AND audience = 'portal') \
             GROUP BY article_id ORDER BY n DESC, what LIMIT $2",
        )
        .bind(since.0)
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(counted).collect()
    }

    /// What was searched for since an instant and brought nothing, or was marked so at the desk,
    /// most often first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn searched_in_vain(
        &self,
        since: Instant,
        limit: u32,
    ) -> Result<Vec<Counted>, StoreError> {
        let rows = sqlx::query(
            "SELECT text AS what, CAST(COUNT(*) AS BIGINT) AS n, MAX(at) AS last \
             FROM knowledge_events WHERE kind IN ('search', 'not_found') AND at >= $1 \
             AND results = 0 AND text <> '' GROUP BY text ORDER BY n DESC, last DESC LIMIT $2",
        )
        .bind(since.0)
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(counted).collect()
    }

    /// The articles that did not help since an instant, most often first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn not_helpful(
        &self,
        since: Instant,
        limit: u32,
    ) -> Result<Vec<Counted>, StoreError> {
        let rows = sqlx::query(
            "SELECT article_id AS what, CAST(COUNT(*) AS BIGINT) AS n, MAX(at) AS last \
             FROM knowledge_events WHERE kind = 'not_helped' AND at >= $1 \
             GROUP BY article_id ORDER BY n DESC, what LIMIT $2",
        )
        .bind(since.0)
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(counted).collect()
    }

    /// What readers wrote about an article that did not help, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn comments_on(
        &self,
        article: &str,
        limit: u32,
    ) -> Result<Vec<(Instant, String)>, StoreError> {
        let rows = sqlx::query(
            "SELECT at, text FROM knowledge_events WHERE article_id = $1 AND kind = 'not_helped' \
             AND text <> '' ORDER BY at DESC LIMIT $2",
        )
        .bind(article)
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        let read = |row: &AnyRow| Ok((Instant(row.try_get("at")?), row.try_get("text")?));
        rows.iter().map(read).collect()
    }
}

fn counted(row: &AnyRow) -> Result<Counted, StoreError> {
    let count: i64 = row.try_get("n")?;
    Ok(Counted {
        what: row.try_get("what")?,
        count: count.unsigned_abs(),
        last: Instant(row.try_get("last")?),
    })
}
