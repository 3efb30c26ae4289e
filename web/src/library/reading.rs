//! The library as pages read it: out of the search while the database is away.

use madoguchi_core::id::{ArticleId, CategoryId};
use madoguchi_kb::Viewer;
use madoguchi_store::StoreError;

use super::{Article, ArticleFilter, ArticleHead, ArticlePage};
use crate::state::Web;

impl Web {
    /// The article of this id, if the viewer may see it.
    pub(crate) async fn article(
        &self,
        id: &str,
        viewer: Viewer,
    ) -> Result<Option<Article>, StoreError> {
        let Some(library) = &self.faq.library else {
            return Ok(None);
        };
        let found = match self.ask(library.article(id, viewer)).await {
            Err(error) if error.is_away() => self.indexed_article(id, viewer).await?,
            found => found?,
        };
        // What is for the desk alone stays there whatever the library says.
        Ok(found.filter(|article| article.audience.includes(viewer)))
    }

    /// Articles, the newest first.
    pub(crate) async fn articles(&self, filter: &ArticleFilter) -> Result<ArticlePage, StoreError> {
        let Some(library) = &self.faq.library else {
            return Ok(ArticlePage::default());
        };
        match self.ask(library.list(filter)).await {
            Err(error) if error.is_away() => self.indexed_list(filter).await,
            found => found,
        }
    }

    /// How many articles each category has.
    pub(crate) async fn counts(
        &self,
        viewer: Viewer,
    ) -> Result<Vec<(CategoryId, u64)>, StoreError> {
        let Some(library) = &self.faq.library else {
            return Ok(Vec::new());
        };
        match self.ask(library.counts(viewer)).await {
            Err(error) if error.is_away() => self.indexed_counts(viewer).await,
            counts => counts,
        }
    }

    /// Articles with these ids in their order; those that the viewer may not see are left out.
    pub(crate) async fn articles_by_id(
        &self,
        viewer: Viewer,
        ids: Vec<ArticleId>,
    ) -> Result<Vec<ArticleHead>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let filter = ArticleFilter::ids(viewer, ids.clone());
        let mut found = self.articles(&filter).await?.articles;
        found.sort_by_key(|head| ids.iter().position(|id| *id == head.id));
        Ok(found)
    }
}
