//! アクセスレポート: what was read and looked for in a period, summed up from the log.

use madoguchi_core::audience::Viewer;
use madoguchi_core::call::Direction;
use madoguchi_core::portal::{AccessFigures, SiteRead};
use madoguchi_core::time::Instant;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Referrer, count};
use crate::articles::article_id;
use crate::error::StoreError;
use crate::sql::Sql;
use crate::store::Store;

/// Queries that are told.
const QUERIES: i64 = 50;

impl Store {
    /// What was read and looked for from `from` until before `until`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn access_figures(
        &self,
        from: Instant,
        until: Instant,
    ) -> Result<AccessFigures, StoreError> {
        let mut figures = AccessFigures::default();
        self.add_articles(&mut figures, from, until).await?;
        self.add_searches(&mut figures, from, until).await?;
        for (table, is_search) in [(VIEWS, false), (SEARCHES, true)] {
            self.add_use(&mut figures, table, is_search, from, until)
                .await?;
        }
        Ok(figures)
    }

    async fn add_articles(
        &self,
        figures: &mut AccessFigures,
        from: Instant,
        until: Instant,
    ) -> Result<(), StoreError> {
        let rows = self
            .over(
                "SELECT article, place, way, COUNT(*) AS n FROM portal_views",
                " GROUP BY article, place, way",
                from,
                until,
            )
            .await?;
        for row in rows {
            let views = count(&row, "n")?;
            let article = figures
                .articles
                .entry(article_id(&row, "article")?)
                .or_default();
            if row.try_get::<&str, _>("place")? == Viewer::Portal.as_str() {
                article.portal += views;
                figures.portal.views += views;
            } else {
                article.desk += views;
                figures.desk.views += views;
            }
            if row.try_get::<&str, _>("way")? == Referrer::Search.as_str() {
                article.by_search += views;
            }
        }
        let rows = self
            .over(
                "SELECT article, helped, COUNT(*) AS n FROM article_feedback",
                " GROUP BY article, helped",
                from,
                until,
            )
            .await?;
        for row in rows {
            let article = figures
                .articles
                .entry(article_id(&row, "article")?)
                .or_default();
            if row.try_get::<i64, _>("helped")? != 0 {
                article.helped += count(&row, "n")?;
            } else {
                article.not_helped += count(&row, "n")?;
            }
        }
        let rows = self
            .over(
                "SELECT article, COUNT(*) AS n FROM article_settled",
                " GROUP BY article",
                from,
                until,
            )
            .await?;
        for row in rows {
            let article = figures
                .articles
                .entry(article_id(&row, "article")?)
                .or_default();
            article.settled += count(&row, "n")?;
        }
        Ok(())
    }

    async fn add_searches(
        &self,
        figures: &mut AccessFigures,
        from: Instant,
        until: Instant,
    ) -> Result<(), StoreError> {
        let rows = self
            .over(
                "SELECT place, COUNT(*) AS n, \
                 CAST(SUM(CASE WHEN results = 0 THEN 1 ELSE 0 END) AS BIGINT) AS in_vain, \
                 CAST(SUM(CASE WHEN EXISTS (SELECT 1 FROM portal_opened o \
                 WHERE o.search_id = portal_searches.id) THEN 1 ELSE 0 END) AS BIGINT) AS opened \
                 FROM portal_searches",
                " GROUP BY place",
                from,
                until,
            )
            .await?;
        for row in rows {
            let is_portal = row.try_get::<&str, _>("place")? == Viewer::Portal.as_str();
            let place = if is_portal {
                &mut figures.portal
            } else {
                &mut figures.desk
            };
            place.searches += count(&row, "n")?;
            place.in_vain += count(&row, "in_vain")?;
            place.opened += count(&row, "opened")?;
        }
        let mut sql = Sql::new("SELECT normal, COUNT(*) AS n FROM portal_searches WHERE at >= ");
        sql.bind(from.0)
            .push(" AND at < ")
            .bind(until.0)
            .push(" AND normal <> '' GROUP BY normal ORDER BY n DESC, normal LIMIT ")
            .bind(QUERIES);
        for row in sql.fetch_all(&mut *self.read()?.acquire().await?).await? {
            let query = (row.try_get("normal")?, count(&row, "n")?);
            figures.queries.push(query);
        }
        Ok(())
    }

    async fn add_use(
        &self,
        figures: &mut AccessFigures,
        table: &'static str,
        is_search: bool,
        from: Instant,
        until: Instant,
    ) -> Result<(), StoreError> {
        let end = " AND place = 'portal' GROUP BY site, hour";
        for row in self.over(table, end, from, until).await? {
            let n = count(&row, "n")?;
            let hour = u32::try_from(count(&row, "hour")?).unwrap_or(0);
            let site = figures.sites.entry(row.try_get("site")?).or_default();
            let hour = figures.hours.entry(hour).or_default();
            for used in [site, hour] {
                if is_search {
                    used.searches += n;
                } else {
                    used.views += n;
                }
            }
        }
        Ok(())
    }

    /// The rows of a statement over a period.
    async fn over(
        &self,
        start: &'static str,
        end: &'static str,
        from: Instant,
        until: Instant,
    ) -> Result<Vec<AnyRow>, StoreError> {
        let mut sql = Sql::new(start);
        sql.push(" WHERE at >= ")
            .bind(from.0)
            .push(" AND at < ")
            .bind(until.0)
            .push(end);
        Ok(sql.fetch_all(&mut *self.read()?.acquire().await?).await?)
    }

    /// What was read in the portal from `from` until before `until`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn portal_reads(
        &self,
        from: Instant,
        until: Instant,
    ) -> Result<Vec<SiteRead>, StoreError> {
        let end = " AND place = 'portal'";
        let rows = self
            .over("SELECT at, visit, site FROM portal_views", end, from, until)
            .await?;
        rows.iter()
            .map(|row| {
                Ok(SiteRead {
                    at: Instant(row.try_get("at")?),
                    visit: row.try_get("visit")?,
                    site: row.try_get("site")?,
                })
            })
            .collect()
    }

    /// What was looked for in vain from `from` until before `until`, as somebody typed it, and how often: the
    /// most often first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn queries_in_vain(
        &self,
        from: Instant,
        until: Instant,
        limit: u32,
    ) -> Result<Vec<(String, u64)>, StoreError> {
        let rows = sqlx::query(
            "SELECT MAX(query) AS query, CAST(COUNT(*) AS BIGINT) AS n FROM portal_searches \
             WHERE results = 0 AND at >= $1 AND at < $2 AND normal <> '' \
             GROUP BY normal ORDER BY n DESC, normal LIMIT $3",
        )
        .bind(from.0)
        .bind(until.0)
        .bind(i64::from(limit))
        .fetch_all(self.read()?)
        .await?;
        rows.iter()
            .map(|row| Ok((row.try_get("query")?, count(row, "n")?)))
            .collect()
    }

    /// When calls came in from `from` until before `until`, within reception hours and outside
    /// them, and from which numbers.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn callers(
        &self,
        from: Instant,
        until: Instant,
    ) -> Result<Vec<(Instant, String)>, StoreError> {
        let mut sql = Sql::new("SELECT arrived_at, from_number FROM calls WHERE arrived_at >= ");
        sql.bind(from.0)
            .push(" AND arrived_at < ")
            .bind(until.0)
            .push(" AND direction IN (")
            .bind_all([Direction::Inbound.as_str(), Direction::AfterHours.as_str()])
            .push(")");
        let rows = sql.fetch_all(&mut *self.read()?.acquire().await?).await?;
        rows.iter()
            .map(|row| {
                let at = Instant(row.try_get("arrived_at")?);
                Ok((at, row.try_get("from_number")?))
            })
            .collect()
    }
}

/// The hour of the day in Tokyo, nine hours ahead.
const VIEWS: &str = "SELECT site, ((at + 32400000) % 86400000) / 3600000 AS hour, \
     COUNT(*) AS n FROM portal_views";
const SEARCHES: &str = "SELECT site, ((at + 32400000) % 86400000) / 3600000 AS hour, \
     COUNT(*) AS n FROM portal_searches";
