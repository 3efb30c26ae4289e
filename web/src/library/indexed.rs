//! The text of articles out of the search index, for readers while the library is away.

use madoguchi_core::id::{ArticleId, CategoryId};
use madoguchi_kb::{Entry, KbError, Knowledge, Viewer};
use madoguchi_store::StoreError;

use super::{Article, ArticleFilter, ArticleHead, ArticlePage};
use crate::state::Web;

impl Web {
    /// The article of this id as the index has it.
    pub(super) async fn indexed_article(
        &self,
        id: &str,
        viewer: Viewer,
    ) -> Result<Option<Article>, StoreError> {
        let id = id.to_owned();
        let found = self.read_index(move |index| index.entry(&id, viewer));
        Ok(found.await?.map(article))
    }

    /// A list as the index has it.
    pub(super) async fn indexed_list(
        &self,
        filter: &ArticleFilter,
    ) -> Result<ArticlePage, StoreError> {
        let filter = filter.clone();
        self.read_index(move |index| list(index, &filter)).await
    }

    /// How many articles each category has in the index.
    pub(super) async fn indexed_counts(
        &self,
        viewer: Viewer,
    ) -> Result<Vec<(CategoryId, u64)>, StoreError> {
        let setup = self.desk.setup();
        self.read_index(move |index| {
            let tree = setup.categories.tree();
            let counts = tree
                .iter()
                .map(|(id, _)| -> Result<(CategoryId, u64), KbError> {
                    let of = [(*id).clone()];
                    let (_, count) = index.newest(viewer, Some(&of), 0, 0)?;
                    Ok(((*id).clone(), count as u64))
                });
            counts.collect()
        })
        .await
    }

    /// Reads in the index where it holds nobody up.
    async fn read_index<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Knowledge) -> Result<T, KbError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let index = self
            .faq
            .knowledge()
            .cloned()
            .ok_or(StoreError::unreachable())?;
        let done = tokio::task::spawn_blocking(move || read(&index)).await;
        match done {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(error)) => {
                tracing::error!(%error, "the search index cannot be read");
                Err(StoreError::unreachable())
            }
            Err(_) => Err(StoreError::unreachable()),
        }
    }
}

fn list(index: &Knowledge, filter: &ArticleFilter) -> Result<ArticlePage, KbError> {
    let Some(ids) = &filter.ids else {
        let (offset, limit) = (filter.offset as usize, filter.limit as usize);
        let categories = filter.categories.as_deref();
        let (entries, total) = index.newest(filter.viewer, categories, offset, limit)?;
        return Ok(ArticlePage {
            total: total as u64,
            articles: entries.into_iter().map(head).collect(),
        });
    };
    let mut articles = Vec::new();
    for id in ids {
        articles.extend(index.entry(id.as_str(), filter.viewer)?.map(head));
    }
    Ok(ArticlePage {
        total: articles.len() as u64,
        articles,
    })
}

fn head(entry: Entry) -> ArticleHead {
    ArticleHead {
        audience: entry.audience,
        id: ArticleId::new(entry.id),
        question: entry.question,
        category: entry.category,
        updated_at: entry.updated_at,
    }
}

fn article(entry: Entry) -> Article {
    Article {
        version: 0,
        audience: entry.audience,
        html: paragraphs(&entry.answer),
        plain: entry.answer,
        number: entry.number,
        id: ArticleId::new(entry.id),
        question: entry.question,
        category: entry.category,
        updated_at: entry.updated_at,
        related: Vec::new(),
        files: Vec::new(),
        manual: None,
        text_only: true,
    }
}

/// A text as HTML.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;")
}

/// Plain text as HTML: an empty line parts paragraphs.
fn paragraphs(text: &str) -> String {
    let paragraphs = text
        .split("\n\n")
        .map(str::trim)
        .filter(|text| !text.is_empty());
    let each = paragraphs.map(|text| {
        let lines: Vec<_> = text.lines().map(escaped).collect();
        format!("<p>{}</p>\n", lines.join("<br>\n"))
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        let html = paragraphs("一行目\n二行目 <b>&\n\n\n\n次の段落\n");
        assert!(html.starts_with("<p>一行目<br>\n二行目"), "{html}");
        assert!(
            html.ends_with("<p>次の段落</p>\n") && !html.contains("<b>"),
            "{html}"
        );
    }
}
