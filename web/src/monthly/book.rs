//! A book on a page: an edition that was kept, or the month as it is now. Each figure leads to its proof.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Html;
use madoguchi_core::access::ReadFigures;
use madoguchi_reports::forms::html;
use serde::Deserialize;

use super::edition::edition;
use super::figure::figure_place;
use super::place::{HERE, place, read_month};
use crate::auth::access::Allowed;
use crate::error::WebError;
use crate::shell::Shell;
use crate::state::Web;

#[derive(Template)]
#[template(path = "monthly_book.html")]
struct BookPage {
    shell: Shell,
    month: String,
    place: String,
    name: String,
    edition: String,
    draft: bool,
    made_at: String,
    /// 目次, as HTML of the book's form.
    contents: String,
    /// The chapters, as HTML of the book's form.
    chapters: String,
}

/// Which book is looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct BookQuery {
    edition: String,
    book: usize,
}

pub(super) async fn page(
    visitor: Allowed<ReadFigures>,
    State(web): State<Web>,
    Path(month): Path<String>,
    Query(query): Query<BookQuery>,
) -> Result<Html<String>, WebError> {
    let month = read_month(&month)?;
    let shown = edition(&web, month, &query.edition).await?;
    let book = shown.frozen.books.get(query.book);
    let book = book.ok_or(WebError::NotFound("この報告書"))?;
    let href = |at: html::FigureAt<'_>| {
        let cell = format!("{}/{}/{}", at.table, at.row, at.column);
        Some(figure_place(month, &query.edition, query.book, &cell))
    };
    let page = BookPage {
        shell: Shell::new(&web, Some(&visitor), HERE),
        month: month.name(),
        place: place(month),
        name: book.name.clone(),
        edition: shown.name.clone(),
        draft: book.draft,
        made_at: web.settings.dates.minute(book.made_at),
        contents: html::contents(book),
        chapters: html::chapters(book, &href),
    };
    Ok(Html(page.render()?))
}
