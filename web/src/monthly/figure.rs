//! A figure of a book, proven: what it counts, the integers of which it was made, and its calls, tickets,
//! articles and facts, or the figures of which it was made, each of them a link.

mod cells;
mod elsewhere;
mod records;

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Html;
use madoguchi_core::access::{Permission, ReadFigures};
use madoguchi_core::audit::Action;
use madoguchi_core::month::Month;
use madoguchi_reports::document::{Document, Figure, Rows, Value};
use serde::Deserialize;

pub(super) use self::cells::figure_place;
use self::cells::{CellLink, figure_of};
use self::records::{Listed, Row};

use super::edition::{Books, edition, edition_query};
use super::paths::{HERE, month_path, read_month};
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::shell::Shell;
use crate::state::Web;
use crate::text;

/// Rows of a page.
const ROWS: usize = 100;
/// Cells of which a figure was computed that are shown.
const CELLS: usize = 400;

/// Which figure is looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FigureQuery {
    edition: String,
    book: usize,
    /// "table/row/column".
    cell: String,
    /// The first row, from 0.
    from: usize,
}

#[derive(Template)]
#[template(path = "monthly_figure.html")]
struct FigurePage {
    shell: Shell,
    month: String,
    place: String,
    book_place: String,
    edition: String,
    table: String,
    title: String,
    value: String,
    /// Why there is none.
    none: String,
    population: &'static str,
    parts: Option<(String, String)>,
    source: String,
    cells_title: &'static str,
    cells: Vec<CellLink>,
    columns: &'static [&'static str],
    rows: Vec<Row>,
    total: usize,
    first: usize,
    before: Option<String>,
    after: Option<String>,
}

pub(super) async fn page(
    visitor: Allowed<ReadFigures>,
    State(web): State<Web>,
    Path(month): Path<String>,
    Query(query): Query<FigureQuery>,
) -> Result<Html<String>, WebError> {
    let month = read_month(&month)?;
    let books = Books::with(query.book);
    let shown = edition(&web, month, &query.edition, books).await?;
    let book = shown.frozen.books.get(query.book);
    let book = book.ok_or(WebError::NotFound("この報告書"))?;
    let (title, table, figure) =
        figure_of(book, &query.cell).ok_or(WebError::NotFound("この数値"))?;
    let place_of = |cell: &str| figure_place(month, &query.edition, query.book, cell);
    let mut page = FigurePage {
        shell: Shell::new(&web, Some(&visitor), HERE),
        month: month.name(),
        place: month_path(month),
        book_place: format!(
            "{}/book?book={}{}",
            month_path(month),
            query.book,
            edition_query(&query.edition)
        ),
        edition: shown.name.clone(),
        table,
        title,
        value: figure.value.text(),
        none: match &figure.value {
            Value::None(why) => why.clone(),
            _ => String::new(),
        },
        population: figure.population.label(),
        parts: figure.parts.map(|parts| {
            let number = |value: i64| text::number(value.unsigned_abs());
            (number(parts.b), number(parts.a))
        }),
        source: String::new(),
        cells_title: "計算に使った数値",
        cells: Vec::new(),
        columns: &[],
        rows: Vec::new(),
        total: 0,
        first: query.from,
        before: None,
        after: None,
    };
    let one: [Arc<str>; 1];
    let ids: &[Arc<str>] = match &figure.rows {
        Rows::Source { source } => {
            page.source.clone_from(source);
            return Ok(Html(page.render()?));
        }
        Rows::Cells { cells } => {
            page.cells = of_book(book, cells, &place_of);
            return Ok(Html(page.render()?));
        }
        Rows::Months { cells } => {
            page.cells_title = "元の月の数値";
            page.cells = elsewhere::links(&web, (month, &query.edition, &shown), cells).await?;
            return Ok(Html(page.render()?));
        }
        Rows::AccessLog { month } => {
            page.cells_title = "数えた記録";
            page.cells = vec![access_report(&visitor, *month)];
            return Ok(Html(page.render()?));
        }
        Rows::Ticket { id, .. } => {
            one = [Arc::from(id.as_str())];
            &one
        }
        Rows::Calls { selection }
        | Rows::Tickets { selection }
        | Rows::Facts { selection }
        | Rows::Articles { selection } => {
            let ids = shown.frozen.drill.selections.get(selection);
            ids.map_or(&[][..], Vec::as_slice)
        }
    };
    page.total = ids.len();
    let some = ids.iter().skip(query.from).take(ROWS);
    let some: Vec<String> = some.map(ToString::to_string).collect();
    let part = |from: usize| format!("{}&from={from}", place_of(&query.cell));
    page.before = (query.from > 0).then(|| part(query.from.saturating_sub(ROWS)));
    let next = query.from.saturating_add(ROWS);
    page.after = (next < ids.len()).then(|| part(next));
    (page.columns, page.rows) = listed(&web, &visitor, figure, &some).await?;
    let mut entry = visitor.entry(web.desk.now(), Action::ReportDrill, month.to_string());
    for (name, value) in [
        ("edition", page.edition.clone()),
        ("cell", query.cell.clone()),
    ] {
        entry.after.insert(name.to_owned(), value);
    }
    web.store.append_audit(&[entry]).await?;
    Ok(Html(page.render()?))
}

/// Other cells of the book.
fn of_book(book: &Document, cells: &[String], place_of: &dyn Fn(&str) -> String) -> Vec<CellLink> {
    let links = cells.iter().take(CELLS).filter_map(|cell| {
        let (title, table, figure) = figure_of(book, cell)?;
        Some(CellLink {
            title: format!("{table} {title}"),
            value: figure.value.text(),
            link: place_of(cell),
        })
    });
    links.collect()
}

/// What was read and looked for in a month: a link for who may read it.
fn access_report(visitor: &Visitor, month: Month) -> CellLink {
    let may = visitor.permissions.contains(Permission::ReadAccessReport);
    CellLink {
        title: format!("アクセスレポート({}分)", month.name()),
        value: String::new(),
        link: match may {
            true => format!("/articles/access-report?month={month}"),
            false => String::new(),
        },
    }
}

/// The records of a figure.
async fn listed(
    web: &Web,
    visitor: &Visitor,
    figure: &Figure,
    ids: &[String],
) -> Result<Listed, WebError> {
    match &figure.rows {
        Rows::Calls { .. } => records::calls(web, visitor, ids).await,
        Rows::Tickets { .. } | Rows::Ticket { .. } => records::tickets(web, visitor, ids).await,
        Rows::Articles { .. } => records::articles(web, visitor, ids).await,
        _ => records::facts(web, visitor, ids).await,
    }
}
