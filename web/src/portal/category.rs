//! The articles of a category.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{Html, IntoResponse, Response};
use madoguchi_core::id::CategoryId;
use madoguchi_kb::Viewer;
use serde::Deserialize;

use super::categories::{HERE, category_name};
use super::home::Line;
use crate::auth::access::PortalReader;
use crate::error::WebError;
use crate::library::ArticleFilter;
use crate::query::{escape, page_number};
use crate::shell::Shell;
use crate::state::Web;
use crate::text;

const PAGE_SIZE: u32 = 50;

#[derive(Template)]
#[template(path = "faq_category.html")]
struct CategoryPage {
    shell: Shell,
    name: String,
    lower: Vec<(String, String)>,
    total: String,
    articles: Vec<Line>,
    page: u32,
    pages: u32,
    before: Option<String>,
    after: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PageQuery {
    page: String,
}

pub(super) async fn page(
    reader: PortalReader,
    State(web): State<Web>,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Response, WebError> {
    let id = CategoryId::new(id);
    let setup = web.desk.setup();
    let categories = &setup.categories;
    if categories.get(&id).is_none() {
        return Err(WebError::NotFound("この分類"));
    }
    let number = page_number(&query.page)?;
    let lower = categories.under(Some(&id));
    let mut ids = vec![id.clone()];
    ids.extend(lower.iter().map(|(id, _)| (*id).clone()));
    let filter = ArticleFilter {
        categories: Some(ids),
        offset: (number - 1).saturating_mul(PAGE_SIZE),
        ..ArticleFilter::newest(Viewer::Portal, PAGE_SIZE)
    };
    let found = web.articles(&filter).await?;
    let pages = found.total.div_ceil(u64::from(PAGE_SIZE)).max(1);
    let pages = u32::try_from(pages).unwrap_or(u32::MAX);
    let place = format!("/faq/category/{}", escape(&id));
    let link = |page: u32| format!("{place}?page={page}");
    let lower = lower.iter().map(|(id, category)| {
        let link = format!("/faq/category/{}", escape(id));
        (category.name.clone(), link)
    });
    let page = CategoryPage {
        shell: reader.shell(&web, HERE),
        name: category_name(categories, &id),
        lower: lower.collect(),
        total: text::number(found.total),
        articles: Line::list(&web, found.articles),
        page: number,
        pages,
        before: (number > 1).then(|| link(number - 1)),
        after: (number < pages).then(|| link(number + 1)),
    };
    Ok(reader.remembered(Html(page.render()?).into_response()))
}
