//! Lists of articles: of all for editors, of what readers see for the portal.

use madoguchi_core::article::{ArticleNumber, StageKind};
use madoguchi_core::audience::{Audience, Viewer};
use madoguchi_core::id::{ArticleId, CategoryId};
use madoguchi_core::named;
use madoguchi_core::time::Instant;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::{article_id, category_id};
use crate::error::StoreError;
use crate::page::{self, Key, Order, Page, Start};
use crate::sql::{Sql, storable};
use crate::store::Store;

named! {
    /// How far the newest version of articles has come that an editor wants to see.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
    pub enum ArticleProgress {
        /// It waits for review, or the withdrawal of the article for approval.
        Waiting = "waiting", "確認・承認待ち";
        /// It is a draft.
        Draft = "draft", "下書き";
        /// It was sent back.
        SentBack = "sent_back", "差戻し";
        /// It waits for review.
        InReview = "in_review", "確認待ち";
        /// It is to be published at a set time.
        Scheduled = "scheduled", "公開予約";
        /// It is published.
        Published = "published", "公開中";
        /// It is a version of the past.
        Past = "past", "過去の版";
    }
}

/// Which articles an editor wants to see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArticleFilter {
    /// Whose id, question or keywords hold this, or whose number it is.
    pub text: String,
    /// Whose newest version has come so far.
    pub stage: Option<ArticleProgress>,
    /// Of this category.
    pub category: Option<CategoryId>,
    /// That are to be reviewed by this day (YYYY-MM-DD).
    pub review_by: Option<String>,
    /// Whose withdrawal waits for approval.
    pub withdrawal_asked: bool,
    /// Which come first.
    pub order: ArticleOrder,
    /// Where the page begins.
    pub start: Start,
    /// At the most so many.
    pub limit: u32,
}

/// Which articles of the editors' list come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ArticleOrder {
    /// Those that were changed last.
    #[default]
    LastChanged,
    /// Those that were changed longest ago.
    LongestUnchanged,
    /// By number.
    Number,
    /// By number, downwards.
    HighestNumber,
}

const CHANGE: [Key; 2] = [Key::Number("updated_at"), Key::Text("id")];
const NUMBER: [Key; 2] = [Key::Number("number"), Key::Text("id")];

impl ArticleOrder {
    fn order(self) -> Order {
        let (keys, descending): (&[Key], bool) = match self {
            Self::LastChanged => (&CHANGE, true),
            Self::LongestUnchanged => (&CHANGE, false),
            Self::Number => (&NUMBER, false),
            Self::HighestNumber => (&NUMBER, true),
        };
        Order { keys, descending }
    }
}

/// An article in the editors' list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleRow {
    /// Its id.
    pub id: ArticleId,
    /// Its number.
    pub number: Option<ArticleNumber>,
    /// Counts up with every change.
    pub revision: i64,
    /// The question of the newest version.
    pub question: String,
    /// The category of the newest version.
    pub category: CategoryId,
    /// The stage of the newest version.
    pub stage: StageKind,
    /// The newest version was sent back.
    pub sent_back: bool,
    /// Readers see a version.
    pub visible: bool,
    /// Its withdrawal waits for approval.
    pub withdrawal_asked: bool,
    /// When it was last changed.
    pub updated_at: Instant,
}

/// How many articles there are that somebody has to do something about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ArticleCounts {
    /// Whose newest version waits for review, or whose withdrawal waits for approval.
    pub waiting: u64,
    /// Whose newest version was sent back.
    pub sent_back: u64,
    /// Whose newest version is to be published at a set time.
    pub scheduled: u64,
    /// Whose day of review is past.
    pub overdue: u64,
}

/// Which articles a reader wants to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownFilter {
    pub viewer: Viewer,
    /// Of these categories; `None`: of all.
    pub categories: Option<Vec<CategoryId>>,
    /// With these ids; `None`: all.
    pub ids: Option<Vec<ArticleId>>,
    /// So many are left out at the start.
    pub offset: u32,
    /// At the most so many.
    pub limit: u32,
}

/// An article that readers see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownRow {
    /// Its id.
    pub id: ArticleId,
    /// The question.
    pub question: String,
    /// The category.
    pub category: CategoryId,
    /// Who may see it.
    pub audience: Audience,
    /// Since when.
    pub published_at: Instant,
}

impl Store {
    /// A page of the articles that `filter` lets through, in its order.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Cursor`].
    pub async fn page_articles(
        &self,
        filter: &ArticleFilter,
    ) -> Result<Page<ArticleRow>, StoreError> {
        let order = filter.order.order();
        let part = (&filter.start, filter.limit);
        let restrict = |sql: &mut Sql| restrict(sql, filter);
        page::page(
            self.read()?,
            (ROW, "articles"),
            &order,
            part,
            restrict,
            article_row,
        )
        .await
    }

    /// How many articles `filter` lets through, counted up to `at_most`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn count_articles(
        &self,
        filter: &ArticleFilter,
        at_most: u32,
    ) -> Result<u64, StoreError> {
        page::count(self.read()?, "articles", at_most, |sql| {
            restrict(sql, filter)
        })
        .await
    }

    /// How many articles wait for somebody by `today` (YYYY-MM-DD).
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn article_counts(&self, today: &str) -> Result<ArticleCounts, StoreError> {
        let mut sums = Sql::new(
            "SELECT CAST(COALESCE(SUM(CASE WHEN stage = 'in_review' OR withdrawal_asked = 1 THEN 1 \
             ELSE 0 END), 0) AS BIGINT) AS waiting, CAST(COALESCE(SUM(CASE WHEN stage = 'scheduled' \
             THEN 1 ELSE 0 END), 0) AS BIGINT) AS scheduled, \
             CAST(COALESCE(SUM(sent_back), 0) AS BIGINT) AS sent_back, CAST(COALESCE(SUM(CASE WHEN visible = 1 \
             AND review_on <= ",
        );
        sums.bind(today)
            .push(" THEN 1 ELSE 0 END), 0) AS BIGINT) AS overdue FROM articles");
        let sums = sums.fetch_all(&mut *self.read()?.acquire().await?).await?;
        Ok(ArticleCounts {
            waiting: number(&sums, "waiting")?,
            sent_back: number(&sums, "sent_back")?,
            scheduled: number(&sums, "scheduled")?,
            overdue: number(&sums, "overdue")?,
        })
    }

    /// What readers see, the newest first, and how much of it there is.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn list_shown(
        &self,
        filter: &ShownFilter,
    ) -> Result<(Vec<ShownRow>, u64), StoreError> {
        let mut count = Sql::new("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM articles");
        restrict_shown(&mut count, filter);
        let mut list = Sql::new(
            "SELECT id, shown_question, shown_category, audience, published_at FROM articles",
        );
        restrict_shown(&mut list, filter);
        list.push(" ORDER BY published_at DESC, id LIMIT ")
            .bind(i64::from(filter.limit));
        list.push(" OFFSET ").bind(i64::from(filter.offset));
        let mut connection = self.read()?.acquire().await?;
        let total = number(&count.fetch_all(&mut connection).await?, "n")?;
        let rows = list.fetch_all(&mut connection).await?;
        let rows = rows.iter().map(|row| {
            let audience: String = row.try_get("audience")?;
            Ok(ShownRow {
                id: article_id(row, "id")?,
                question: row.try_get("shown_question")?,
                category: category_id(row, "shown_category")?,
                audience: Audience::lookup(&audience).unwrap_or_default(),
                published_at: Instant(row.try_get("published_at")?),
            })
        });
        Ok((rows.collect::<Result<_, StoreError>>()?, total))
    }

    /// What readers see and should have been looked over by a day (YYYY-MM-DD), the longest overdue
    /// first: id, question and day.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn overdue_articles(
        &self,
        by: &str,
        limit: u32,
    ) -> Result<Vec<(ArticleId, String, String)>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, shown_question, review_on FROM articles WHERE visible = 1 \
             AND review_on <= $1 ORDER BY review_on, id LIMIT $2",
        )
        .bind(by)
        .bind(i64::from(limit))
        .fetch_all(self.read()?)
        .await?;
        let read = |row: &AnyRow| {
            Ok((
                article_id(row, "id")?,
                row.try_get("shown_question")?,
                row.try_get("review_on")?,
            ))
        };
        rows.iter().map(read).collect()
    }

    /// How many articles of each category readers see.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn count_shown(&self, viewer: Viewer) -> Result<Vec<(CategoryId, u64)>, StoreError> {
        let mut count = Sql::new(
            "SELECT shown_category, CAST(COUNT(*) AS BIGINT) AS n FROM articles WHERE visible = 1",
        );
        restrict_to(&mut count, viewer);
        count.push(" GROUP BY shown_category");
        let mut connection = self.read()?.acquire().await?;
        let rows = count.fetch_all(&mut connection).await?;
        let read = |row: &AnyRow| {
            let n: i64 = row.try_get("n")?;
            Ok((category_id(row, "shown_category")?, n.unsigned_abs()))
        };
        rows.iter().map(read).collect()
    }
}

/// What [`article_row`] reads.
const ROW: &str = "id, number, revision, question, category, stage, sent_back, visible, withdrawal_asked, \
     updated_at";

fn article_row(row: &AnyRow) -> Result<ArticleRow, StoreError> {
    let flag =
        |column: &str| -> Result<bool, StoreError> { Ok(row.try_get::<i64, _>(column)? != 0) };
    let stage: String = row.try_get("stage")?;
    Ok(ArticleRow {
        id: article_id(row, "id")?,
        number: super::number::of_row(row)?,
        revision: row.try_get("revision")?,
        question: row.try_get("question")?,
        category: category_id(row, "category")?,
        stage: StageKind::lookup(&stage).ok_or(StoreError::UnknownName {
            what: "article stage",
            name: stage,
        })?,
        sent_back: flag("sent_back")?,
        visible: flag("visible")?,
        withdrawal_asked: flag("withdrawal_asked")?,
        updated_at: Instant(row.try_get("updated_at")?),
    })
}

fn number(rows: &[AnyRow], column: &str) -> Result<u64, StoreError> {
    let found: i64 = rows.first().map_or(Ok(0), |row| row.try_get(column))?;
    Ok(found.unsigned_abs())
}

fn restrict_shown(sql: &mut Sql, filter: &ShownFilter) {
    sql.push(" WHERE visible = 1");
    restrict_to(sql, filter.viewer);
    let categories = filter.categories.as_ref();
    let categories = categories.map(|some| some.iter().map(CategoryId::as_str).collect::<Vec<_>>());
    let ids = filter.ids.as_ref();
    let ids = ids.map(|some| some.iter().map(ArticleId::as_str).collect::<Vec<_>>());
    for (column, some) in [
        (" AND shown_category IN (", categories),
        (" AND id IN (", ids),
    ] {
        if let Some(some) = some {
            sql.push(column);
            // No list is empty in SQL.
            let none = some.is_empty().then_some("");
            sql.bind_all(some.into_iter().chain(none));
            sql.push(")");
        }
    }
}

fn restrict_to(sql: &mut Sql, viewer: Viewer) {
    match viewer {
        Viewer::Desk => {}
        Viewer::Portal => {
            sql.push(" AND audience = ").bind(Audience::Portal.as_str());
        }
    }
}

fn restrict(sql: &mut Sql, filter: &ArticleFilter) {
    sql.push(" WHERE 1 = 1");
    let text = filter.text.trim().to_lowercase();
    if !text.is_empty() {
        sql.push(" AND (search LIKE ")
            .bind(format!("%{}%", crate::sql::escaped(&storable(&text))))
            .push(" ESCAPE '!'");
        if let Some(number) = ArticleNumber::heard(&text) {
            sql.push(" OR number = ").bind(i64::from(number.0));
        }
        sql.push(")");
    }
    match filter.stage {
        None => {}
        Some(ArticleProgress::SentBack) => {
            sql.push(" AND sent_back = 1");
        }
        Some(ArticleProgress::Waiting) => {
            sql.push(" AND (stage = 'in_review' OR withdrawal_asked = 1)");
        }
        Some(stage) => {
            sql.push(" AND stage = ").bind(stage.as_str().to_owned());
        }
    }
    if let Some(category) = &filter.category {
        sql.push(" AND category = ")
            .bind(category.as_str().to_owned());
    }
    if let Some(day) = &filter.review_by {
        sql.push(" AND visible = 1 AND review_on <= ")
            .bind(day.clone());
    }
    if filter.withdrawal_asked {
        sql.push(" AND withdrawal_asked = 1");
    }
}
