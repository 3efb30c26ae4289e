//! One article, at an address that stays.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{Html, IntoResponse, Response};
use madoguchi_core::article::{ArticleFile, ManualPlace};
use madoguchi_core::id::ArticleId;
use madoguchi_core::portal::COMMENT_LETTERS;
use madoguchi_kb::Viewer;
use madoguchi_store::{Rating, Referrer, View};

use super::categories::{HERE, category_name};
use super::finding::{CameFrom, Finder};
use super::gone;
use super::home::Line;
use super::notices::{self, ShownNotice};
use crate::articles::file_download;
use crate::auth::access::PortalReader;
use crate::auth::token;
use crate::error::WebError;
use crate::library::Article;
use crate::query::escape;
use crate::shell::Shell;
use crate::state::Web;
use madoguchi_reports::markdown::Files;

/// Articles beside one.
const RELATED: usize = 5;

#[derive(Template)]
#[template(path = "faq_article.html")]
struct ArticlePage {
    shell: Shell,
    notices: Vec<ShownNotice>,
    /// What it is called on the phone.
    name: String,
    place: String,
    article: Article,
    updated: String,
    category: Option<(String, String)>,
    attachments: Vec<File>,
    /// Where it stands in a manual.
    manual: Option<String>,
    related: Vec<Line>,
    said: Option<Rating>,
    contact: String,
    most_letters: usize,
}

/// A file with its size in words.
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) link: String,
    pub(crate) size: String,
    pub(crate) picture: bool,
}

impl File {
    pub(crate) fn list(files: Files<'_>) -> Vec<Self> {
        let file = |file: &ArticleFile| Self {
            name: file.name.clone(),
            link: files.link(file),
            size: if file.bytes < 1_000_000 {
                format!("{}KB", file.bytes.div_ceil(1_000))
            } else {
                format!("{:.1}MB", file.bytes as f64 / 1_000_000.0)
            },
            picture: file.kind.is_picture(),
        };
        files.files.iter().map(file).collect()
    }

    /// Those that do not stand in the answer.
    pub(crate) fn attachments(files: Files<'_>) -> Vec<Self> {
        let mut all = Self::list(files);
        all.retain(|file| !file.picture);
        all
    }
}

/// A file of an article that staff see.
pub(super) async fn file(
    _reader: PortalReader,
    State(web): State<Web>,
    Path((id, hash)): Path<(String, String)>,
) -> Result<Response, WebError> {
    let article = web.article(&id, Viewer::Portal).await?;
    let article = article.ok_or(WebError::NotFound("このFAQ"))?;
    let file = article.files.iter().find(|file| file.hash == hash);
    file_download::send(&web, file).await
}

pub(super) async fn page(
    reader: PortalReader,
    State(web): State<Web>,
    Path(id): Path<String>,
    Query(from): Query<CameFrom>,
) -> Result<Response, WebError> {
    let Some(article) = web.article(&id, Viewer::Portal).await? else {
        return gone::page(&web, &reader, &id).await;
    };
    keep(&web, &reader, &article, &from).await;
    let setup = web.desk.setup();
    let category = setup.categories.get(&article.category).map(|_| {
        let link = format!("/faq/category/{}", escape(&article.category));
        (category_name(&setup.categories, &article.category), link)
    });
    let voter = reader.voter(&article.id);
    let said = web
        .store
        .lookup_feedback(&article.id, article.version, &voter);
    let said = match web.ask(said).await {
        Err(error) if error.is_away() => None,
        said => said?,
    };
    let mut contact = format!("/faq/contact?article={}", escape(&article.id));
    if !from.q.is_empty() {
        contact.push_str(&format!("&q={}", escape(&from.q)));
    }
    let place = format!("/faq/{}", escape(&article.id));
    let page = ArticlePage {
        shell: reader.shell(&web, HERE).done(&web, &from.done),
        notices: notices::in_force(&web, Viewer::Portal).await,
        place: place.clone(),
        updated: web.settings.dates.date(article.updated_at.date()),
        category,
        attachments: File::attachments(Files {
            place: &place,
            files: &article.files,
        }),
        manual: article.manual.as_ref().map(ManualPlace::label),
        related: related(&web, &article).await?,
        said,
        contact,
        most_letters: COMMENT_LETTERS,
        name: article.name(),
        article,
    };
    Ok(reader.remembered(Html(page.render()?).into_response()))
}

/// Keeps that the article was read. The log being away is no reason not to show it.
async fn keep(web: &Web, reader: &PortalReader, article: &Article, from: &CameFrom) {
    // A page that a form leads back to was read before.
    if !from.done.is_empty() {
        return;
    }
    let now = web.desk.now();
    let finder = Finder {
        web,
        viewer: Viewer::Portal,
        site: reader.site(web),
        user: None,
        sees_tickets: false,
    };
    let search = finder.opened(&article.id, from).await;
    let view = View {
        id: token::new_id(),
        at: now,
        article: article.id.clone(),
        viewer: Viewer::Portal,
        site: finder.site,
        visit: reader.visit(now.date()),
        way: if search.is_some() {
            Referrer::Search
        } else {
            Referrer::List
        },
    };
    if let Err(error) = web.ask(web.store.log_view(&view)).await {
        tracing::warn!(%error, "that an article was read could not be kept");
    }
}

/// The articles that its editors put beside it, and then those that are like it; of a section of a manual, those
/// before and after it alone.
async fn related(web: &Web, article: &Article) -> Result<Vec<Line>, WebError> {
    let mut ids = article.related.clone();
    if ids.len() < RELATED
        && article.manual.is_none()
        && let Some(knowledge) = web.faq.knowledge().cloned()
    {
        let question = article.question.clone();
        let similar = tokio::task::spawn_blocking(move || {
            knowledge.similar(&question, Viewer::Portal, RELATED + 1)
        });
        // Without the search there is still the article.
        let similar = similar.await.ok().and_then(Result::ok).unwrap_or_default();
        ids.extend(similar.into_iter().map(|hit| ArticleId::new(hit.id)));
    }
    let mut seen = std::collections::HashSet::from([article.id.clone()]);
    ids.retain(|id| seen.insert(id.clone()));
    let mut heads = web.articles_by_id(Viewer::Portal, ids).await?;
    heads.truncate(RELATED);
    Ok(Line::list(web, heads))
}
