//! The articles of the FAQ beside a ticket: those that were chosen, and the draft that was made of it.

use madoguchi_core::access::Permission;
use madoguchi_core::article::{Article, Withdrawal};
use madoguchi_core::ticket::Ticket;
use madoguchi_core::time::Instant;

use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::library::name;
use crate::query::escape;
use crate::state::Web;

/// So many are looked up for a page.
const SHOWN: usize = 20;

/// An article beside a ticket.
pub(super) struct ArticleRow {
    pub(super) name: String,
    pub(super) question: String,
    /// How far it has come.
    pub(super) stage: &'static str,
    /// Where it is to be read.
    pub(super) link: String,
}

/// The articles beside a ticket; those that were thrown away are not there any more.
pub(super) async fn articles(web: &Web, ticket: &Ticket) -> Result<Vec<Article>, WebError> {
    let mut articles = Vec::new();
    for id in ticket.fields.articles.iter().take(SHOWN) {
        articles.extend(web.store.lookup_article(id).await?);
    }
    Ok(articles)
}

/// The article that is still being made of this ticket.
pub(super) fn begun(articles: &[Article], now: Instant) -> Option<&Article> {
    articles.iter().find(|article| {
        article.withdrawal == Withdrawal::None
            && article.published(now).is_none()
            && article.next().is_some()
    })
}

/// The articles as the page lists them.
pub(super) fn rows(articles: &[Article], visitor: &Visitor, now: Instant) -> Vec<ArticleRow> {
    let edits = visitor.permissions.contains(Permission::EditArticles);
    let rows = articles.iter().filter_map(|article| {
        let published = article.published(now);
        // What is not published is for those who write it.
        let seen = if edits { article.newest() } else { published }?;
        let place = if edits { "/articles" } else { "/knowledge" };
        let stage = match article.withdrawal {
            Withdrawal::Done { .. } => "取下げ済み",
            _ => published.unwrap_or(seen).stage.label(),
        };
        Some(ArticleRow {
            name: name(article.number, &article.id),
            question: seen.content.question.clone(),
            stage,
            link: format!("{place}/{}", escape(article.id.as_str())),
        })
    });
    rows.collect()
}
