//! The published articles, as readers meet them. Whatever a viewer may not see does not exist here.

mod indexed;
mod reading;
pub(crate) mod store;

use chrono::NaiveDate;
use futures::future::BoxFuture;
use madoguchi_core::article::{ArticleFile, ArticleNumber, ManualPlace};
use madoguchi_core::audience::Audience;
use madoguchi_core::id::{ArticleId, CategoryId};
use madoguchi_core::time::Instant;
use madoguchi_kb::Viewer;
use madoguchi_store::StoreError;

/// Where published articles are.
pub trait Library: Send + Sync {
    /// The article of this id or, if there is none, of this number, if the viewer may see it.
    fn article<'a>(
        &'a self,
        id: &'a str,
        viewer: Viewer,
    ) -> BoxFuture<'a, Result<Option<Article>, StoreError>>;
    /// Articles, the newest first.
    fn list<'a>(
        &'a self,
        filter: &'a ArticleFilter,
    ) -> BoxFuture<'a, Result<ArticlePage, StoreError>>;
    /// How many articles each category has.
    fn counts(&self, viewer: Viewer) -> BoxFuture<'_, Result<Vec<(CategoryId, u64)>, StoreError>>;
    /// Articles whose review is due by this day, the longest overdue first.
    fn overdue(&self, by: NaiveDate, limit: u32)
    -> BoxFuture<'_, Result<Vec<Overdue>, StoreError>>;
}

/// A published article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// Its id.
    pub id: ArticleId,
    /// What can be said on the phone in place of the id.
    pub number: Option<ArticleNumber>,
    /// The number of its version.
    pub version: i64,
    /// Who may see it.
    pub audience: Audience,
    /// The question.
    pub question: String,
    /// The answer as HTML that is safe to be shown.
    pub html: String,
    /// The answer as plain text.
    pub plain: String,
    /// Its category, if it has one.
    pub category: CategoryId,
    /// When this version came out.
    pub updated_at: Instant,
    /// Articles that its editors put beside it, by id.
    pub related: Vec<ArticleId>,
    /// Pictures and attachments.
    pub files: Vec<ArticleFile>,
    /// Where it stands in a manual, if it comes from one.
    pub manual: Option<ManualPlace>,
    /// It is the text alone, out of the search, for the library is away.
    pub text_only: bool,
}

impl Article {
    /// What readers call it: its number, or its id while it has none.
    pub(crate) fn name(&self) -> String {
        name(self.number, &self.id)
    }
}

/// What readers call an article.
pub(crate) fn name(number: Option<ArticleNumber>, id: &ArticleId) -> String {
    number.map_or_else(|| id.to_string(), |number| number.to_string())
}

/// An article in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleHead {
    /// Its id.
    pub id: ArticleId,
    /// Who may see it.
    pub audience: Audience,
    /// The question.
    pub question: String,
    /// Its category, if it has one.
    pub category: CategoryId,
    /// When its newest version came out.
    pub updated_at: Instant,
}

/// Which articles are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleFilter {
    /// By whom.
    pub viewer: Viewer,
    /// Only those of these categories; `None`: of all.
    pub categories: Option<Vec<CategoryId>>,
    /// Only those with these ids; `None`: all.
    pub ids: Option<Vec<ArticleId>>,
    /// So many are left out at the start.
    pub offset: u32,
    /// At the most so many.
    pub limit: u32,
}

impl ArticleFilter {
    /// The newest that `viewer` may see.
    pub fn newest(viewer: Viewer, limit: u32) -> Self {
        Self {
            viewer,
            categories: None,
            ids: None,
            offset: 0,
            limit,
        }
    }

    /// Those with these ids that `viewer` may see.
    pub fn ids(viewer: Viewer, ids: Vec<ArticleId>) -> Self {
        Self {
            limit: u32::try_from(ids.len()).unwrap_or(u32::MAX),
            ids: Some(ids),
            ..Self::newest(viewer, 0)
        }
    }
}

/// Some of the articles.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ArticlePage {
    /// How many there are in all.
    pub total: u64,
    /// The articles of the page.
    pub articles: Vec<ArticleHead>,
}

/// An article whose review is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overdue {
    /// Its id.
    pub id: ArticleId,
    /// The question.
    pub question: String,
    /// Until when it should have been looked over.
    pub review_on: NaiveDate,
}
