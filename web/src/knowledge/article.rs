//! One article for the desk: to be read, and to be quoted with its reference.

use askama::Template;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{Html, Response};
use madoguchi_core::access::ReadKnowledge;
use madoguchi_core::article::ManualPlace;
use madoguchi_core::id::CategoryId;
use madoguchi_kb::{Source, Viewer};
use madoguchi_store::{Referrer, View};
use serde::Serialize;
use utoipa::ToSchema;

use super::finder::{HERE, finder};
use super::past::{is_ticket, past_ticket};
use crate::articles::file_download;
use crate::auth::access::Allowed;
use crate::auth::token;
use crate::error::WebError;
use crate::library::Article;
use crate::portal::article::File;
use crate::portal::categories::category_name;
use crate::portal::finding::CameFrom;
use crate::query::escape;
use crate::shell::Shell;
use crate::state::Web;
use madoguchi_reports::markdown::Files;

#[derive(Template)]
#[template(path = "knowledge_article.html")]
struct ArticlePage {
    shell: Shell,
    place: String,
    article: Article,
    updated: String,
    category: String,
    /// Where staff see it; `None` if they do not.
    portal: Option<String>,
    quote: String,
    search: String,
    attachments: Vec<File>,
    /// Where it stands in a manual, and the sections before and after it.
    manual: Option<String>,
    beside: Vec<(String, String)>,
}

/// The answer as it is quoted to a caller, with its reference.
fn quote(article: &Article) -> String {
    format!(
        "{}\n\n({}『{}』)",
        article.plain.trim_end(),
        article.name(),
        article.question
    )
}

async fn get(web: &Web, id: &str) -> Result<Article, WebError> {
    let article = web.article(id, Viewer::Desk).await?;
    article.ok_or(WebError::NotFound("このFAQ"))
}

pub(super) async fn page(
    visitor: Allowed<ReadKnowledge>,
    State(web): State<Web>,
    Path(id): Path<String>,
    Query(from): Query<CameFrom>,
) -> Result<Html<String>, WebError> {
    let article = get(&web, &id).await?;
    let now = web.desk.now();
    let finder = finder(&web, &visitor);
    let search = finder.opened(&article.id, &from).await;
    let day = format!("{} {}", visitor.user.id, now.date());
    let view = View {
        id: token::new_id(),
        at: now,
        article: article.id.clone(),
        viewer: Viewer::Desk,
        site: finder.site,
        visit: token::hash(&day),
        way: if search.is_some() {
            Referrer::Search
        } else {
            Referrer::List
        },
    };
    if let Err(error) = web.ask(web.store.log_view(&view)).await {
        tracing::warn!(%error, "that an article was read could not be kept");
    }
    let place = format!("/knowledge/{}", escape(&article.id));
    let page = ArticlePage {
        shell: Shell::new(&web, Some(&visitor), HERE).done(&web, &from.done),
        attachments: File::attachments(Files {
            place: &place,
            files: &article.files,
        }),
        place: place.clone(),
        updated: web.settings.dates.date(article.updated_at.date()),
        category: category_name(&web.desk.setup().categories, &article.category),
        portal: (!article.audience.is_desk_only()).then(|| format!("/faq/{}", escape(&article.id))),
        quote: quote(&article),
        search: search.unwrap_or_default(),
        manual: article.manual.as_ref().map(ManualPlace::label),
        beside: beside(&web, &article).await?,
        article,
    };
    Ok(Html(page.render()?))
}

/// The sections before and after a section of a manual: what they ask, and where they are.
async fn beside(web: &Web, article: &Article) -> Result<Vec<(String, String)>, WebError> {
    if article.manual.is_none() {
        return Ok(Vec::new());
    }
    let ids = article.related.clone();
    let heads = web.articles_by_id(Viewer::Desk, ids).await?.into_iter();
    Ok(heads
        .map(|head| (head.question, format!("{HERE}/{}", escape(&head.id))))
        .collect())
}

/// A file of an article that readers see.
pub(super) async fn file(
    _: Allowed<ReadKnowledge>,
    State(web): State<Web>,
    Path((id, hash)): Path<(String, String)>,
) -> Result<Response, WebError> {
    let article = get(&web, &id).await?;
    let file = article.files.iter().find(|file| file.hash == hash);
    file_download::send(&web, file).await
}

#[derive(Serialize, ToSchema)]
#[schema(as = Article)]
pub(super) struct ArticleJson {
    id: String,
    number: Option<String>,
    #[schema(value_type = String)]
    source: Source,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
    desk_only: bool,
    category: CategoryId,
    question: String,
    answer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<String>,
    /// The answer with its reference.
    quote: String,
}

pub(super) async fn as_json(
    visitor: Allowed<ReadKnowledge>,
    State(web): State<Web>,
    Path(id): Path<String>,
) -> Result<Json<ArticleJson>, WebError> {
    if is_ticket(&id) {
        let ticket = past_ticket(&web, &visitor, &id).await?;
        let ticket = ticket.ok_or(WebError::NotFound("この問合せ"))?;
        return Ok(Json(ArticleJson {
            source: Source::Ticket,
            quote: ticket.quote(),
            updated_at: None,
            id: ticket.key,
            number: Some(ticket.number),
            version: None,
            desk_only: true,
            category: ticket.category,
            question: ticket.question,
            answer: ticket.answer,
        }));
    }
    let article = get(&web, &id).await?;
    Ok(Json(ArticleJson {
        source: Source::Faq,
        quote: quote(&article),
        updated_at: Some(article.updated_at.to_rfc3339()),
        number: article.number.map(|number| number.to_string()),
        id: article.id.to_string(),
        version: Some(article.version),
        desk_only: article.audience.is_desk_only(),
        category: article.category,
        question: article.question,
        answer: article.plain,
    }))
}
