//! What editors should see to: what readers looked for in vain, what did not help them.

use madoguchi_core::article::ArticleNumber;
use madoguchi_core::id::{ArticleId, UserId};
use madoguchi_core::named;
use madoguchi_core::time::Instant;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::count;
use crate::articles::article_id;
use crate::error::StoreError;
use crate::sql::{Sql, storable};
use crate::store::Store;
use crate::tx::Tx;

named! {
    /// What may need to be seen to.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
    pub enum ContentGap {
        /// Searches without result.
        InVain = "in_vain";
        /// Searches of which an agent said that nothing fits.
        Missed = "missed";
        /// Searches in the portal with results of which none was opened.
        Unopened = "unopened";
        /// Articles that did not help.
        Unhelpful = "unhelpful";
        /// Articles about which staff wrote to the desk.
        AskedAbout = "asked_about";
    }
}

/// Searches for the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissedQuery {
    /// What was looked for, in one form.
    pub normal: String,
    /// How somebody typed it.
    pub query: String,
    /// How often.
    pub count: u64,
    /// When last.
    pub last: Instant,
}

/// An article that did not help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unhelpful {
    pub article: ArticleId,
    /// How many readers it helped.
    pub helped: u64,
    /// How many it did not.
    pub not_helped: u64,
    /// What these wrote, the newest first.
    pub comments: Vec<String>,
}

/// An article about which staff wrote to the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedAbout {
    pub article: ArticleId,
    /// How often.
    pub count: u64,
    /// When last.
    pub last: Instant,
    /// Its number, if it has one.
    pub number: Option<ArticleNumber>,
}

/// Comments that are read for one list.
const COMMENTS: i64 = 500;

impl Store {
    /// Searches of this kind since an instant that nobody has seen to, the most frequent first.
    /// Other kinds are not about searches and give none.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn missed_queries(
        &self,
        kind: ContentGap,
        since: Instant,
        limit: u32,
    ) -> Result<Vec<MissedQuery>, StoreError> {
        let mut sql = Sql::new(
            "SELECT s.normal, MAX(s.query) AS query, COUNT(*) AS searches, MAX(s.at) AS last \
             FROM portal_searches s ",
        );
        if kind == ContentGap::Missed {
            sql.push("JOIN portal_missed m ON m.search_id = s.id ");
        }
        sql.push("LEFT JOIN attention_done d ON d.name = s.normal AND d.kind = ")
            .bind(kind.as_str())
            .push(" WHERE s.at >= ")
            .bind(since.0)
            .push(" AND s.normal <> '' AND s.at > COALESCE(d.at, 0)");
        match kind {
            ContentGap::InVain => {
                sql.push(" AND s.results = 0");
            }
            ContentGap::Missed => {}
            ContentGap::Unopened => {
                sql.push(
                    " AND s.results > 0 AND s.place = 'portal' AND NOT EXISTS \
                     (SELECT 1 FROM portal_opened o WHERE o.search_id = s.id)",
                );
            }
            ContentGap::Unhelpful | ContentGap::AskedAbout => return Ok(Vec::new()),
        }
        sql.push(" GROUP BY s.normal ORDER BY searches DESC, last DESC, s.normal LIMIT ")
            .bind(i64::from(limit));
        let rows = sql.fetch_all(&mut *self.read()?.acquire().await?).await?;
        rows.iter()
            .map(|row| {
                Ok(MissedQuery {
                    normal: row.try_get("normal")?,
                    query: row.try_get("query")?,
                    count: count(row, "searches")?,
                    last: Instant(row.try_get("last")?),
                })
            })
            .collect()
    }

    /// Articles that did not help somebody since an instant and since they were seen to.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn unhelpful_articles(
        &self,
        since: Instant,
        limit: u32,
    ) -> Result<Vec<Unhelpful>, StoreError> {
        let mut sql = Sql::new(
            "SELECT f.article, CAST(SUM(f.helped) AS BIGINT) AS helped, \
             CAST(SUM(1 - f.helped) AS BIGINT) AS not_helped FROM article_feedback f \
             LEFT JOIN attention_done d ON d.name = f.article AND d.kind = 'unhelpful' \
             WHERE f.at > COALESCE(d.at, 0) AND f.at >= ",
        );
        sql.bind(since.0)
            .push(" GROUP BY f.article HAVING SUM(1 - f.helped) > 0")
            .push(" ORDER BY not_helped DESC, f.article LIMIT ")
            .bind(i64::from(limit));
        let mut connection = self.read()?.acquire().await?;
        let rows = sql.fetch_all(&mut connection).await?;
        let read = |row: &AnyRow| -> Result<Unhelpful, StoreError> {
            Ok(Unhelpful {
                article: article_id(row, "article")?,
                helped: count(row, "helped")?,
                not_helped: count(row, "not_helped")?,
                comments: Vec::new(),
            })
        };
        let mut articles: Vec<_> = rows.iter().map(read).collect::<Result<_, _>>()?;
        if articles.is_empty() {
            return Ok(articles);
        }
        let mut sql = Sql::new(
            "SELECT f.article, f.comment FROM article_feedback f \
             LEFT JOIN attention_done d ON d.name = f.article AND d.kind = 'unhelpful' \
             WHERE f.at > COALESCE(d.at, 0) AND f.helped = 0 AND f.comment <> '' AND f.at >= ",
        );
        sql.bind(since.0).push(" AND f.article IN (");
        sql.bind_all(articles.iter().map(|one| one.article.as_str()))
            .push(") ORDER BY f.at DESC LIMIT ")
            .bind(COMMENTS);
        for row in sql.fetch_all(&mut connection).await? {
            let article: &str = row.try_get("article")?;
            let found = articles
                .iter_mut()
                .find(|one| one.article.as_str() == article);
            if let Some(found) = found {
                found.comments.push(row.try_get("comment")?);
            }
        }
        Ok(articles)
    }

    /// Articles about which staff wrote to the desk since an instant and since they were seen to.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn asked_about(
        &self,
        since: Instant,
        limit: u32,
    ) -> Result<Vec<AskedAbout>, StoreError> {
        let mut sql = Sql::new(
            "SELECT i.article, COUNT(*) AS inquiries, MAX(i.at) AS last, \
             COALESCE(MAX(a.number), 0) AS number FROM portal_tickets i \
             LEFT JOIN articles a ON a.id = i.article \
             LEFT JOIN attention_done d ON d.name = i.article AND d.kind = 'asked_about' \
             WHERE i.article IS NOT NULL AND i.at > COALESCE(d.at, 0) AND i.at >= ",
        );
        sql.bind(since.0)
            .push(" GROUP BY i.article ORDER BY inquiries DESC, i.article LIMIT ")
            .bind(i64::from(limit));
        let rows = sql.fetch_all(&mut *self.read()?.acquire().await?).await?;
        rows.iter()
            .map(|row| {
                Ok(AskedAbout {
                    article: article_id(row, "article")?,
                    count: count(row, "inquiries")?,
                    last: Instant(row.try_get("last")?),
                    number: article_number(row)?,
                })
            })
            .collect()
    }
}

fn article_number(row: &AnyRow) -> Result<Option<ArticleNumber>, StoreError> {
    let number: i64 = row.try_get("number")?;
    let number = u32::try_from(number).ok().filter(|number| *number > 0);
    Ok(number.map(ArticleNumber))
}

impl Tx {
    /// Keeps that something was seen to.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn see_to(
        &mut self,
        kind: ContentGap,
        name: &str,
        user: &UserId,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO attention_done (kind, name, at, user_id) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (kind, name) DO UPDATE SET at = excluded.at, user_id = excluded.user_id",
        )
        .bind(kind.as_str())
        .bind(storable(name))
        .bind(self.entry().at.0)
        .bind(user.as_str())
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
