//! What readers of the FAQ look for and read: a log that only grows, and what is made of it.

mod content_gaps;
mod feedback;
mod inquiries;
mod moving;
mod report;
mod retention;

use madoguchi_core::audience::Viewer;
use madoguchi_core::id::{ArticleId, CategoryId, UserId};
use madoguchi_core::named;
use madoguchi_core::portal::normal_query;
use madoguchi_core::time::Instant;
use sqlx::Row;

pub use self::content_gaps::{AskedAbout, ContentGap, MissedQuery, Unhelpful};
pub use self::feedback::{Feedback, Rating, Settled};
pub use self::inquiries::{NewInquiry, Receipt};
pub(crate) use self::moving::move_inquiries;
use crate::articles::article_id;
use crate::error::StoreError;
use crate::sql::{Sql, storable};
use crate::store::Store;

/// A search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// Its name, made by us.
    pub id: String,
    pub at: Instant,
    /// Who looked for it.
    pub viewer: Viewer,
    /// What was typed.
    pub query: String,
    /// The category that was searched; empty for all.
    pub category: CategoryId,
    /// How many answers there were.
    pub results: u64,
    /// From which site, if it is known.
    pub site: Option<String>,
    /// By whom, if they were signed in.
    pub user: Option<UserId>,
}

named! {
    /// How a reader came to an article.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
    pub enum Referrer {
        /// By a search.
        Search = "search";
        /// By a list, a link, an address.
        List = "list";
    }
}

/// An article that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Its name, made by us.
    pub id: String,
    pub at: Instant,
    /// Which article.
    pub article: ArticleId,
    /// Who read it.
    pub viewer: Viewer,
    /// From which site, if it is known.
    pub site: Option<String>,
    /// The same for all views by one browser on one day.
    pub visit: String,
    /// How the reader came to it.
    pub way: Referrer,
}

/// A result that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Of which search.
    pub search: String,
    /// Which article.
    pub article: ArticleId,
    /// Its place among the results, from 1.
    pub position: u32,
    pub at: Instant,
}

impl Store {
    /// Keeps a search.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn log_search(&self, search: &Search) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        sqlx::query(
            "INSERT INTO portal_searches \
             (id, at, place, query, normal, category, results, site, user_id) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(&search.id)
        .bind(search.at.0)
        .bind(search.viewer.as_str())
        .bind(storable(&search.query))
        .bind(normal_query(&search.query))
        .bind(storable(search.category.as_str()))
        .bind(i64::try_from(search.results).unwrap_or(i64::MAX))
        .bind(search.site.as_deref())
        .bind(search.user.as_ref().map(UserId::as_str))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Keeps that a result was opened; `false` if there was no such search.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn log_opened(&self, opened: &Opened) -> Result<bool, StoreError> {
        let mut tx = self.begin_write().await?;
        if !is_search(&mut tx, &opened.search).await? {
            return Ok(false);
        }
        sqlx::query(
            "INSERT INTO portal_opened (search_id, article, position, at) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (search_id, article) DO NOTHING",
        )
        .bind(storable(&opened.search))
        .bind(storable(opened.article.as_str()))
        .bind(i64::from(opened.position))
        .bind(opened.at.0)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Keeps that a search of an agent did not show what they needed; `false` if there was no such
    /// search.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn log_missed(
        &self,
        search: &str,
        user: &UserId,
        at: Instant,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin_write().await?;
        if !is_search(&mut tx, search).await? {
            return Ok(false);
        }
        sqlx::query(
            "INSERT INTO portal_missed (search_id, at, user_id) VALUES ($1, $2, $3) \
             ON CONFLICT (search_id) DO NOTHING",
        )
        .bind(storable(search))
        .bind(at.0)
        .bind(user.as_str())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Keeps that an article was read.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn log_view(&self, view: &View) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        sqlx::query(
            "INSERT INTO portal_views (id, at, article, place, site, visit, way) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(&view.id)
        .bind(view.at.0)
        .bind(storable(view.article.as_str()))
        .bind(view.viewer.as_str())
        .bind(view.site.as_deref())
        .bind(&view.visit)
        .bind(view.way.as_str())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// The articles read most since an instant, the most read first, with how often.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn most_read(
        &self,
        viewer: Viewer,
        since: Instant,
        limit: u32,
    ) -> Result<Vec<(ArticleId, u64)>, StoreError> {
        let mut sql = Sql::new("SELECT article, COUNT(*) AS views FROM portal_views WHERE at >= ");
        sql.bind(since.0)
            .push(" AND place = ")
            .bind(viewer.as_str())
            .push(" GROUP BY article ORDER BY views DESC, article LIMIT ")
            .bind(i64::from(limit));
        let rows = sql.fetch_all(&mut *self.read()?.acquire().await?).await?;
        rows.iter()
            .map(|row| Ok((article_id(row, "article")?, count(row, "views")?)))
            .collect()
    }
}

async fn is_search(tx: &mut sqlx::AnyConnection, id: &str) -> Result<bool, StoreError> {
    let found = sqlx::query("SELECT id FROM portal_searches WHERE id = $1")
        .bind(storable(id))
        .fetch_optional(tx)
        .await?;
    Ok(found.is_some())
}

/// A number of rows.
fn count(row: &sqlx::any::AnyRow, column: &str) -> Result<u64, StoreError> {
    Ok(row.try_get::<i64, _>(column)?.unsigned_abs())
}
