//! A book on pages, a chapter each: an edition that was kept, or the month as it is now. Each figure leads
//! to its proof.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Html;
use madoguchi_core::access::{Permission, ReadFigures};
use madoguchi_core::month::Month;
use madoguchi_reports::document::Chapter;
use madoguchi_reports::forms::html;
use madoguchi_reports::month::books::LEDGER;
use serde::Deserialize;

use super::download::{FileLink, files_of_book};
use super::edition::{Books, edition, edition_query};
use super::figure::figure_place;
use super::names::names_place;
use super::paths::{HERE, month_path, read_month};
use crate::auth::access::Allowed;
use crate::error::WebError;
use crate::query::escape;
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
    /// The books of the edition, the one that is shown among them.
    books: Vec<BookLink>,
    /// The files of this one.
    files: Vec<FileLink>,
    /// Where the ledger is had with names, if the visitor may see them.
    with_names: Option<String>,
    /// 目次, as HTML of the book's form.
    contents: String,
    /// The chapter, as HTML of the book's form.
    chapter: String,
    /// Where the next one is, with its name.
    next: Option<(String, String)>,
}

/// A book of the month, and where it is shown.
pub(super) struct BookLink {
    pub(super) name: String,
    pub(super) link: String,
    is_shown: bool,
}

/// The books of an edition, of which the names are known; without an edition, of the month as it is now.
pub(super) fn book_links(
    month: Month,
    edition: &str,
    shown: Option<usize>,
    names: impl IntoIterator<Item = String>,
) -> Vec<BookLink> {
    let names = names.into_iter().enumerate();
    let links = names.map(|(at, name)| BookLink {
        name,
        link: format!(
            "{}/book?book={at}{}",
            month_path(month),
            edition_query(edition)
        ),
        is_shown: shown == Some(at),
    });
    links.collect()
}

/// The names of all books.
pub(super) fn all_names() -> impl Iterator<Item = String> {
    madoguchi_monthly::BOOKS
        .iter()
        .map(|(_, name)| (*name).to_owned())
}

/// Which book is looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct BookQuery {
    edition: String,
    book: usize,
    /// The id of a chapter; without one, the first.
    chapter: String,
}

pub(super) async fn page(
    visitor: Allowed<ReadFigures>,
    State(web): State<Web>,
    Path(month): Path<String>,
    Query(query): Query<BookQuery>,
) -> Result<Html<String>, WebError> {
    let month = read_month(&month)?;
    let books = Books::with(query.book);
    let shown = edition(&web, month, &query.edition, books).await?;
    let book = shown.frozen.books.get(query.book);
    let book = book.ok_or(WebError::NotFound("この報告書"))?;
    let at = match query.chapter.as_str() {
        "" => Some(0),
        id => book.chapters.iter().position(|chapter| chapter.id == id),
    };
    let at = at.ok_or(WebError::NotFound("この章"))?;
    let chapter = book.chapters.get(at);
    let chapter = chapter.ok_or(WebError::NotFound("この章"))?;
    let link = |chapter: &Chapter| {
        let (book, id) = (query.book, escape(&chapter.id));
        let edition = edition_query(&query.edition);
        format!(
            "{}/book?book={book}&chapter={id}{edition}",
            month_path(month)
        )
    };
    let next = book.chapters.get(at + 1);
    let next = next.map(|next| (link(next), format!("{} {}", next.number, next.title)));
    let href = |at: html::FigureAt<'_>| {
        let cell = format!("{}/{}/{}", at.table, at.row, at.column);
        let figure = figure_place(month, &query.edition, query.book, &cell);
        // There are hundreds of them: they are told from this page on.
        let from_here = figure.strip_prefix(&format!("{}/", month_path(month)));
        Some(from_here.map_or_else(|| figure.clone(), str::to_owned))
    };
    let may_see_names = visitor.permissions.contains(Permission::HandleTickets);
    let page = BookPage {
        shell: Shell::new(&web, Some(&visitor), HERE),
        month: month.name(),
        place: month_path(month),
        name: book.name.clone(),
        edition: shown.name.clone(),
        draft: book.draft,
        made_at: web.settings.dates.minute(book.made_at),
        books: match query.edition.as_str() {
            "" => book_links(month, "", Some(query.book), all_names()),
            edition => {
                let names = shown.frozen.books.iter().map(|book| book.name.clone());
                book_links(month, edition, Some(query.book), names)
            }
        },
        files: files_of_book(month, &query.edition, query.book),
        with_names: (book.name == LEDGER && query.edition.is_empty() && may_see_names)
            .then(|| names_place(month)),
        contents: html::contents_with(book, Some(&chapter.id), &link),
        chapter: html::chapter(book, chapter, &href),
        next,
    };
    Ok(Html(page.render()?))
}
