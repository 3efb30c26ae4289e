//! The library that the store keeps.

use std::sync::Arc;

use chrono::NaiveDate;
use futures::future::BoxFuture;
use madoguchi_core::article::{ArticleNumber, Stage};
use madoguchi_core::clock::Clock;
use madoguchi_core::id::CategoryId;
use madoguchi_kb::Viewer;
use madoguchi_store::{ShownFilter, Store, StoreError};

use super::{Article, ArticleFilter, ArticleHead, ArticlePage, Library, Overdue};
use crate::query::escape;
use madoguchi_reports::markdown::{self, Files};

/// The article of this id or, if there is none, of this number.
pub(crate) async fn by_name(
    store: &Store,
    name: &str,
) -> Result<Option<madoguchi_core::article::Article>, StoreError> {
    if let Some(article) = store.lookup_article(&name.into()).await? {
        return Ok(Some(article));
    }
    let Some(number) = ArticleNumber::read(name) else {
        return Ok(None);
    };
    match store.lookup_article_id(number).await? {
        Some(id) => store.lookup_article(&id).await,
        None => Ok(None),
    }
}

/// Articles in the database.
pub struct StoredLibrary {
    store: Store,
    clock: Arc<dyn Clock>,
}

impl StoredLibrary {
    /// The articles of `store`, by the time of `clock`.
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }
}

impl Library for StoredLibrary {
    fn article<'a>(
        &'a self,
        id: &'a str,
        viewer: Viewer,
    ) -> BoxFuture<'a, Result<Option<Article>, StoreError>> {
        Box::pin(async move {
            let Some(article) = by_name(&self.store, id).await? else {
                return Ok(None);
            };
            let Some(version) = article.published(self.clock.now()) else {
                return Ok(None);
            };
            let content = &version.content;
            if !content.audience.includes(viewer) {
                return Ok(None);
            }
            let place = match viewer {
                Viewer::Portal => format!("/faq/{}", escape(&article.id)),
                Viewer::Desk => format!("/knowledge/{}", escape(&article.id)),
            };
            let files = Files {
                place: &place,
                files: &content.files,
            };
            let updated_at = match version.stage {
                Stage::Published { since, .. } => since,
                _ => version.at,
            };
            Ok(Some(Article {
                id: article.id.clone(),
                number: article.number,
                version: i64::from(version.number),
                audience: content.audience,
                question: content.question.clone(),
                html: markdown::to_html(&content.answer, files),
                plain: markdown::to_text(&content.answer),
                category: content.category.clone(),
                updated_at,
                related: content.related.clone(),
                files: content.files.clone(),
                manual: content.manual.clone(),
                text_only: false,
            }))
        })
    }

    fn list<'a>(
        &'a self,
        filter: &'a ArticleFilter,
    ) -> BoxFuture<'a, Result<ArticlePage, StoreError>> {
        Box::pin(async move {
            let filter = ShownFilter {
                viewer: filter.viewer,
                categories: filter.categories.clone(),
                ids: filter.ids.clone(),
                offset: filter.offset,
                limit: filter.limit,
            };
            let (rows, total) = self.store.list_shown(&filter).await?;
            let articles = rows.into_iter().map(|row| ArticleHead {
                id: row.id,
                audience: row.audience,
                question: row.question,
                category: row.category,
                updated_at: row.published_at,
            });
            Ok(ArticlePage {
                total,
                articles: articles.collect(),
            })
        })
    }

    fn counts(&self, viewer: Viewer) -> BoxFuture<'_, Result<Vec<(CategoryId, u64)>, StoreError>> {
        Box::pin(self.store.count_shown(viewer))
    }

    fn overdue(
        &self,
        by: NaiveDate,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<Overdue>, StoreError>> {
        Box::pin(async move {
            let rows = self.store.overdue_articles(&by.to_string(), limit).await?;
            let rows = rows.into_iter().filter_map(|(id, question, day)| {
                Some(Overdue {
                    id,
                    question,
                    review_on: day.parse().ok()?,
                })
            });
            Ok(rows.collect())
        })
    }
}
