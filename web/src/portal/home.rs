//! The first page of the portal: the search, its results as somebody types, and what there is.

use askama::Template;
use axum::Json;
use axum::extract::{Query, State};
use axum::response::{Html, IntoResponse, Response};
use madoguchi_core::id::CategoryId;
use madoguchi_core::setup::Categories;
use madoguchi_kb::Viewer;

use super::categories::HERE;
use super::finding::{FindQuery, Finder, Results, Suggested, category_choices};
use super::notices::{self, ShownNotice};
use super::{finding, popular};
use crate::auth::access::PortalReader;
use crate::error::WebError;
use crate::library::{ArticleFilter, ArticleHead};
use crate::query::{Choice, escape};
use crate::shell::Shell;
use crate::state::Web;
use crate::text;

/// Articles in each list.
const LISTED: u32 = 6;
/// Suggestions at once.
const SUGGESTED: usize = 8;

#[derive(Template)]
#[template(path = "faq.html")]
struct HomePage {
    shell: Shell,
    notices: Vec<ShownNotice>,
    categories: Vec<Choice>,
    results: Results,
    /// The search is being opened.
    preparing: bool,
    shelves: Vec<CategoryRow>,
    newest: Vec<Line>,
    popular: Vec<Line>,
}

#[derive(Template)]
#[template(path = "faq_results.html")]
struct ResultsPart {
    results: Results,
}

/// A category with the number of its articles.
struct CategoryRow {
    name: String,
    link: String,
    count: String,
}

/// An article in a list.
pub(super) struct Line {
    pub(super) question: String,
    pub(super) link: String,
    pub(super) date: String,
}

impl Line {
    pub(super) fn list(web: &Web, heads: Vec<ArticleHead>) -> Vec<Self> {
        let line = |head: ArticleHead| Self {
            link: format!("/faq/{}", escape(&head.id)),
            date: web.settings.dates.date(head.updated_at.date()),
            question: head.question,
        };
        heads.into_iter().map(line).collect()
    }
}

fn finder<'a>(web: &'a Web, reader: &PortalReader) -> Finder<'a> {
    Finder {
        web,
        viewer: Viewer::Portal,
        site: reader.site(web),
        user: None,
        sees_tickets: false,
    }
}

pub(super) async fn page(
    reader: PortalReader,
    State(web): State<Web>,
    Query(query): Query<FindQuery>,
) -> Result<Response, WebError> {
    let keeps = query.done.is_empty();
    let results = finder(&web, &reader).find(&query, keeps).await?;
    let newest = ArticleFilter::newest(Viewer::Portal, LISTED);
    let mut popular = popular::most_read(&web).await;
    popular.truncate(LISTED as usize * 2);
    let mut popular = web.articles_by_id(Viewer::Portal, popular).await?;
    popular.truncate(LISTED as usize);
    let page = HomePage {
        shell: reader.shell(&web, HERE).done(&web, &query.done),
        notices: notices::in_force(&web, Viewer::Portal).await,
        categories: category_choices(&web, &query.category),
        preparing: web.faq.knowledge().is_none(),
        shelves: shelves(&web).await?,
        newest: Line::list(&web, web.articles(&newest).await?.articles),
        popular: Line::list(&web, popular),
        results,
    };
    Ok(reader.remembered(Html(page.render()?).into_response()))
}

/// The upper categories that have articles, with those that belong to them.
async fn shelves(web: &Web) -> Result<Vec<CategoryRow>, WebError> {
    let counts = web.counts(Viewer::Portal).await?;
    let setup = web.desk.setup();
    let categories: &Categories = &setup.categories;
    let upper = categories.under(None).into_iter();
    let shelves = upper.filter_map(|(id, category)| {
        let lower = categories.under(Some(id));
        let within = |of: &CategoryId| of == id || lower.iter().any(|(lower, _)| *lower == of);
        let theirs = counts.iter().filter(|(of, _)| within(of));
        let count: u64 = theirs.map(|(_, count)| count).sum();
        (count > 0).then(|| CategoryRow {
            name: category.name.clone(),
            link: format!("/faq/category/{}", escape(id)),
            count: text::number(count),
        })
    });
    Ok(shelves.collect())
}

pub(super) async fn results(
    reader: PortalReader,
    State(web): State<Web>,
    Query(query): Query<FindQuery>,
) -> Result<Response, WebError> {
    let keeps = !query.settled.is_empty();
    let results = finder(&web, &reader).find(&query, keeps).await?;
    let part = ResultsPart { results };
    Ok(reader.remembered(Html(part.render()?).into_response()))
}

pub(super) async fn suggest(
    _: PortalReader,
    State(web): State<Web>,
    Query(query): Query<FindQuery>,
) -> Result<Json<Vec<Suggested>>, WebError> {
    let found = finding::suggest(&web, &query.q, Viewer::Portal, SUGGESTED).await?;
    Ok(Json(found))
}
