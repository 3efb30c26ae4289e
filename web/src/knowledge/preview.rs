//! A result beside the list: to be read, copied and said to have settled the matter.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Html;
use madoguchi_core::access::ReadKnowledge;
use madoguchi_kb::Viewer;

use super::finder::HERE;
use super::past::{PastTicket, is_ticket, past_ticket};
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::library::Article;
use crate::portal::categories::category_name;
use crate::query::escape;
use crate::shell::Shell;
use crate::state::Web;

/// What is read beside the list.
pub(super) enum Preview {
    Article(Box<ArticlePreview>),
    Ticket(Box<PastTicket>),
}

impl Preview {
    /// What was found by a search, as the list names it.
    pub(super) async fn of(
        web: &Web,
        visitor: &Visitor,
        key: &str,
        search: &str,
        query: &str,
    ) -> Result<Option<Self>, WebError> {
        if is_ticket(key) {
            let ticket = past_ticket(web, visitor, key).await?;
            return Ok(ticket.map(Box::new).map(Self::Ticket));
        }
        let article = ArticlePreview::of(web, key, search, query).await?;
        Ok(article.map(Box::new).map(Self::Article))
    }
}

/// An article in short.
pub(super) struct ArticlePreview {
    pub(super) article: Article,
    pub(super) place: String,
    pub(super) category: String,
    pub(super) updated: String,
    pub(super) search: String,
    pub(super) query: String,
}

impl ArticlePreview {
    /// The article of this id, found by a search.
    async fn of(web: &Web, id: &str, search: &str, query: &str) -> Result<Option<Self>, WebError> {
        let Some(article) = web.article(id, Viewer::Desk).await? else {
            return Ok(None);
        };
        Ok(Some(Self {
            place: format!("{HERE}/{}", escape(&article.id)),
            category: category_name(&web.desk.setup().categories, &article.category),
            updated: web.settings.dates.date(article.updated_at.date()),
            search: search.to_owned(),
            query: query.to_owned(),
            article,
        }))
    }
}

#[derive(Template)]
#[template(path = "knowledge_preview.html")]
struct PreviewPart {
    shell: Shell,
    preview: Option<Preview>,
}

/// For the script of the panel, which fills in the search.
pub(super) async fn part(
    visitor: Allowed<ReadKnowledge>,
    State(web): State<Web>,
    Path(id): Path<String>,
) -> Result<Html<String>, WebError> {
    let preview = Preview::of(&web, &visitor, &id, "", "").await?;
    let part = PreviewPart {
        shell: Shell::new(&web, Some(&visitor), HERE),
        preview: Some(preview.ok_or(WebError::NotFound("このFAQ"))?),
    };
    Ok(Html(part.render()?))
}
