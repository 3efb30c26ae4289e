//! Articles with all their versions, and the feed of what searches must take up.

mod autosave;
mod list;
mod number;
mod removal;
mod work;

use madoguchi_core::article::{Article, Stage, Version, Withdrawal};
use madoguchi_core::audit::AuditEntry;
use madoguchi_core::id::{ArticleId, CategoryId};
use madoguchi_core::time::Instant;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

pub use self::autosave::Autosave;
pub use self::list::{
    ArticleCounts, ArticleFilter, ArticleOrder, ArticleProgress, ArticleRow, ShownFilter, ShownRow,
};
pub use self::work::Work;
use crate::error::{Resource, StoreError};
use crate::sql::{Sql, storable};
use crate::store::Store;
use crate::tx::{Tx, UnrecordedTx};

impl Store {
    /// Saves several articles, all or none, each with a record of its own.
    ///
    /// # Errors
    /// As [`Tx::save_article`].
    pub async fn save_articles(
        &self,
        articles: Vec<(Article, AuditEntry)>,
        now: Instant,
    ) -> Result<(), StoreError> {
        let mut articles = articles.into_iter();
        let Some((article, entry)) = articles.next() else {
            return Ok(());
        };
        let mut tx = self.begin(entry).await?;
        tx.save_article(&article, now).await?;
        for (article, entry) in articles {
            tx.record(entry);
            tx.save_article(&article, now).await?;
        }
        tx.commit().await
    }

    /// The content of the file of this hash, as base64.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn lookup_article_file(&self, hash: &str) -> Result<Option<String>, StoreError> {
        let row = sqlx::query("SELECT content FROM article_files WHERE hash = $1")
            .bind(hash)
            .fetch_optional(self.read()?)
            .await?;
        row.map(|row| Ok(row.try_get("content")?)).transpose()
    }

    /// The article of this id.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn lookup_article(&self, id: &ArticleId) -> Result<Option<Article>, StoreError> {
        let mut connection = self.read()?.acquire().await?;
        read_article(&mut connection, id).await
    }

    /// The articles that changed from an instant on, in the order of their ids.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Unreadable`].
    pub async fn articles_changed_since(&self, from: Instant) -> Result<Vec<Article>, StoreError> {
        let mut connection = self.read()?.acquire().await?;
        let rows = sqlx::query("SELECT id FROM articles WHERE updated_at >= $1 ORDER BY id")
            .bind(from.0)
            .fetch_all(&mut *connection)
            .await?;
        let mut articles = Vec::with_capacity(rows.len());
        for row in &rows {
            let id = article_id(row, "id")?;
            articles.extend(read_article(&mut connection, &id).await?);
        }
        Ok(articles)
    }

    /// Publishes what is due and lets expire what is past its time; tells how many articles.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn publish_due(
        &self,
        now: Instant,
        entry: impl Fn(&Article) -> AuditEntry,
    ) -> Result<usize, StoreError> {
        let due =
            sqlx::query("SELECT id FROM articles WHERE due_at <= $1 ORDER BY due_at LIMIT 200")
                .bind(now.0)
                .fetch_all(self.read()?)
                .await?;
        let mut published = 0;
        for row in &due {
            let id = article_id(row, "id")?;
            let Some(mut article) = self.lookup_article(&id).await? else {
                continue;
            };
            article.publish_due(now);
            let mut tx = self.begin(entry(&article)).await?;
            if is_settled(tx.connection(), &id, now).await? {
                continue;
            }
            match tx.save_article(&article, now).await {
                // Another node was quicker, or an editor.
                Err(StoreError::Changed { .. }) => continue,
                saved => saved?,
            }
            tx.commit().await?;
            published += 1;
        }
        Ok(published)
    }

    /// The articles that changed after a position of the feed, each once, with the position they
    /// stand at; at the most `limit` changes.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn knowledge_changes(
        &self,
        after: i64,
        limit: u32,
    ) -> Result<Vec<(i64, ArticleId)>, StoreError> {
        let rows = sqlx::query(
            "SELECT position, article_id FROM knowledge_changes WHERE position > $1 \
             ORDER BY position LIMIT $2",
        )
        .bind(after)
        .bind(i64::from(limit))
        .fetch_all(self.read()?)
        .await?;
        let read = |row: &AnyRow| Ok((row.try_get("position")?, article_id(row, "article_id")?));
        rows.iter().map(read).collect()
    }

    /// The last position of the feed; 0 if there is none.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn knowledge_position(&self) -> Result<i64, StoreError> {
        let row =
            sqlx::query("SELECT COALESCE(MAX(position), 0) AS position FROM knowledge_changes")
                .fetch_one(self.read()?)
                .await?;
        Ok(row.try_get("position")?)
    }

    /// The ids of the articles that readers see, after an id, in order.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn visible_articles(
        &self,
        after: &ArticleId,
        limit: u32,
    ) -> Result<Vec<ArticleId>, StoreError> {
        let rows = sqlx::query(
            "SELECT id FROM articles WHERE visible = 1 AND id > $1 ORDER BY id LIMIT $2",
        )
        .bind(after.as_str())
        .bind(i64::from(limit))
        .fetch_all(self.read()?)
        .await?;
        rows.iter().map(|row| article_id(row, "id")).collect()
    }
}

impl Tx {
    /// Saves an article with all its versions, if nobody else has changed it since it was read: its
    /// revision must be the one that is kept, 0 for a new one. What readers see by it is told to the
    /// searches.
    ///
    /// # Errors
    /// [`StoreError::Changed`], [`StoreError::Taken`] if a new one has an id that is known.
    pub async fn save_article(
        &mut self,
        article: &Article,
        now: Instant,
    ) -> Result<(), StoreError> {
        let written = write(self.connection(), article, now).await;
        self.checked(written)
    }

    /// Keeps a file under the hash of its content. It belongs to an article that is saved in the same
    /// unit: one that no article names would stay for ever.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn add_article_file(&mut self, hash: &str, base64: &str) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO article_files (hash, content) VALUES ($1, $2) \
             ON CONFLICT (hash) DO NOTHING",
        )
        .bind(hash)
        .bind(base64)
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

impl UnrecordedTx {
    /// Tells searches to take in everything anew, by a name that no article has.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn feed_everything(&mut self, name: &ArticleId) -> Result<(), StoreError> {
        self.lock_records().await?;
        feed(self.connection(), name).await
    }
}

/// Counts a call that an article settled, and tells searches.
pub(crate) async fn count_settled(
    tx: &mut AnyConnection,
    id: &ArticleId,
) -> Result<(), StoreError> {
    let counted = sqlx::query("UPDATE articles SET settled = settled + 1 WHERE id = $1")
        .bind(id.as_str())
        .execute(&mut *tx)
        .await?;
    if counted.rows_affected() > 0 {
        feed(tx, id).await?;
    }
    Ok(())
}

/// Whether nothing is due any more by what is kept.
async fn is_settled(
    tx: &mut AnyConnection,
    id: &ArticleId,
    now: Instant,
) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT due_at FROM articles WHERE id = $1")
        .bind(id.as_str())
        .fetch_optional(tx)
        .await?;
    let Some(row) = row else {
        return Ok(true);
    };
    let due: Option<i64> = row.try_get("due_at")?;
    Ok(due.is_none_or(|due| due > now.0))
}

async fn write(tx: &mut AnyConnection, article: &Article, now: Instant) -> Result<(), StoreError> {
    let before = shown_before(tx, &article.id).await?;
    let newest = article.newest();
    let shown = article.published(now);
    let content = newest
        .map(|version| version.content.clone())
        .unwrap_or_default();
    let shown_content = shown
        .map(|version| version.content.clone())
        .unwrap_or_default();
    let published_at = shown.and_then(|version| match version.stage {
        Stage::Published { since, .. } => Some(since.0),
        _ => None,
    });
    let asked = matches!(article.withdrawal, Withdrawal::Requested { .. });
    let sent_back = newest.is_some_and(|version| version.stage.is_sent_back());
    let manual = content.manual.as_ref();
    let search = format!(
        "{} {} {} {}",
        article.id,
        content.question,
        content.keywords.join(" "),
        manual.map_or("", |place| place.title.as_str())
    );
    if article.revision == 0 {
        let number = number::next(tx).await?;
        sqlx::query(
            "INSERT INTO articles (id, revision, withdrawal, settled, updated_at, stage, \
             withdrawal_asked, question, search, category, visible, audience, shown_question, \
             shown_category, number) \
             VALUES ($1, 0, '', 0, 0, '', 0, '', '', '', 0, '', '', '', $2)",
        )
        .bind(article.id.as_str())
        .bind(number)
        .execute(&mut *tx)
        .await
        .map_err(|error| match &error {
            sqlx::Error::Database(cause) if cause.is_unique_violation() => StoreError::Taken {
                what: Resource::Article,
            },
            _ => StoreError::Database(error),
        })?;
    }
    let mut sql = Sql::new("UPDATE articles SET revision = revision + 1, withdrawal = ");
    sql.bind(json(&article.id, &article.withdrawal)?);
    sql.push(", due_at = ")
        .bind(article.due_at(now).map(|at| at.0));
    sql.push(", updated_at = ").bind(now.0);
    sql.push(", stage = ")
        .bind(newest.map_or("", |version| version.stage.name()));
    sql.push(", withdrawal_asked = ").bind(i64::from(asked));
    sql.push(", sent_back = ").bind(i64::from(sent_back));
    sql.push(", question = ").bind(storable(&content.question));
    sql.push(", search = ")
        .bind(storable(&search.to_lowercase()));
    sql.push(", category = ").bind(content.category.as_str());
    sql.push(", review_on = ")
        .bind(shown_content.review_on.map(|day| day.to_string()));
    sql.push(", visible = ").bind(i64::from(shown.is_some()));
    sql.push(", audience = ")
        .bind(shown_content.audience.as_str());
    sql.push(", shown_question = ")
        .bind(storable(&shown_content.question));
    sql.push(", shown_category = ")
        .bind(shown_content.category.as_str());
    sql.push(", published_at = ").bind(published_at);
    sql.push(" WHERE id = ").bind(article.id.as_str());
    sql.push(" AND revision = ").bind(article.revision);
    if sql.execute(tx).await? == 0 {
        return Err(StoreError::Changed {
            what: Resource::Article,
        });
    }
    let last = newest.map_or(0, |version| version.number);
    removal::delete_after(tx, &article.id, last).await?;
    for version in &article.versions {
        sqlx::query(
            "INSERT INTO article_versions (article_id, number, version) VALUES ($1, $2, $3) \
             ON CONFLICT (article_id, number) DO UPDATE SET version = excluded.version",
        )
        .bind(article.id.as_str())
        .bind(i64::from(version.number))
        .bind(storable(&json(&article.id, version)?))
        .execute(&mut *tx)
        .await?;
    }
    if before != shown.map(|version| i64::from(version.number)) {
        sqlx::query("UPDATE articles SET visible_version = $1 WHERE id = $2")
            .bind(shown.map(|version| i64::from(version.number)))
            .bind(article.id.as_str())
            .execute(&mut *tx)
            .await?;
        feed(tx, &article.id).await?;
    }
    Ok(())
}

/// The version that readers saw so far.
async fn shown_before(tx: &mut AnyConnection, id: &ArticleId) -> Result<Option<i64>, StoreError> {
    let row = sqlx::query("SELECT visible_version FROM articles WHERE id = $1")
        .bind(id.as_str())
        .fetch_optional(&mut *tx)
        .await?;
    Ok(row
        .map(|row| row.try_get("visible_version"))
        .transpose()?
        .flatten())
}

/// Tells searches of an article. Whoever writes so holds the lock of the records, so that positions
/// come in the order in which they are seen.
async fn feed(tx: &mut AnyConnection, id: &ArticleId) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO knowledge_changes (position, article_id) \
         SELECT COALESCE(MAX(position), 0) + 1, $1 FROM knowledge_changes",
    )
    .bind(id.as_str())
    .execute(&mut *tx)
    .await?;
    Ok(())
}

async fn read_article(
    connection: &mut AnyConnection,
    id: &ArticleId,
) -> Result<Option<Article>, StoreError> {
    let row =
        sqlx::query("SELECT revision, withdrawal, settled, number FROM articles WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&mut *connection)
            .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let versions =
        sqlx::query("SELECT version FROM article_versions WHERE article_id = $1 ORDER BY number")
            .bind(id.as_str())
            .fetch_all(&mut *connection)
            .await?;
    let versions = versions.iter().map(|row| {
        let text: String = row.try_get("version")?;
        serde_json::from_str::<Version>(&text).map_err(|source| unreadable(id, source))
    });
    let withdrawal: String = row.try_get("withdrawal")?;
    let settled: i64 = row.try_get("settled")?;
    Ok(Some(Article {
        id: id.clone(),
        number: number::of_row(&row)?,
        revision: row.try_get("revision")?,
        versions: versions.collect::<Result<_, _>>()?,
        withdrawal: serde_json::from_str(&withdrawal).map_err(|source| unreadable(id, source))?,
        settled: u32::try_from(settled).unwrap_or(u32::MAX),
    }))
}

/// The article that a column names.
pub(crate) fn article_id(row: &AnyRow, column: &str) -> Result<ArticleId, StoreError> {
    Ok(ArticleId::new(row.try_get::<&str, _>(column)?))
}

/// The category that a column names.
pub(crate) fn category_id(row: &AnyRow, column: &str) -> Result<CategoryId, StoreError> {
    Ok(CategoryId::new(row.try_get::<&str, _>(column)?))
}

fn json<T: serde::Serialize>(id: &ArticleId, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|source| unreadable(id, source))
}

fn unreadable(id: &ArticleId, source: serde_json::Error) -> StoreError {
    StoreError::Unreadable {
        what: format!("article {id}"),
        source,
    }
}
