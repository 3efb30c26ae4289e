//! A figure of a book, proven: what it counts, the integers of which it was made, and its calls, tickets and
//! facts, each of them a link.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Html;
use madoguchi_core::access::{Permission, ReadFigures};
use madoguchi_core::audit::Action;
use madoguchi_core::call::CallRecord;
use madoguchi_core::id::{CallId, TicketId};
use madoguchi_core::month::{LevelFact, Month};
use madoguchi_reports::differences::row_name;
use madoguchi_reports::document::{DocCell, Document, Figure, Rows, Value};
use madoguchi_store::TicketRow;
use serde::Deserialize;

use super::edition::{Books, edition, edition_query};
use super::place::{HERE, place, read_month};
use super::words::{may_write, shortened};
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::query::escape;
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

/// The address of a figure.
pub(super) fn figure_place(month: Month, edition: &str, book: usize, cell: &str) -> String {
    let edition = edition_query(edition);
    format!(
        "{}/figure?book={book}&cell={}{edition}",
        place(month),
        escape(cell)
    )
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
    cells: Vec<CellLink>,
    columns: &'static [&'static str],
    rows: Vec<Row>,
    total: usize,
    first: usize,
    before: Option<String>,
    after: Option<String>,
}

/// Another cell, of which the figure was computed.
struct CellLink {
    title: String,
    value: String,
    link: String,
}

struct Row {
    /// Where it leads to; empty if the visitor may not go there.
    link: String,
    cells: Vec<String>,
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
        place: place(month),
        book_place: format!(
            "{}/book?book={}{}",
            place(month),
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
        cells: Vec::new(),
        columns: &[],
        rows: Vec::new(),
        total: 0,
        first: query.from,
        before: None,
        after: None,
    };
    let selection = match &figure.rows {
        Rows::Source { source } => {
            page.source.clone_from(source);
            return Ok(Html(page.render()?));
        }
        Rows::Cells { cells } => {
            let links = cells.iter().take(CELLS).filter_map(|cell| {
                let (title, table, figure) = figure_of(book, cell)?;
                Some(CellLink {
                    title: format!("{table} {title}"),
                    value: figure.value.text(),
                    link: place_of(cell),
                })
            });
            page.cells = links.collect();
            return Ok(Html(page.render()?));
        }
        Rows::Calls { selection } | Rows::Tickets { selection } | Rows::Facts { selection } => {
            selection
        }
    };
    let ids = shown.frozen.drill.selections.get(selection);
    let ids = ids.map_or(&[][..], Vec::as_slice);
    page.total = ids.len();
    let some: Vec<_> = ids.iter().skip(query.from).take(ROWS).cloned().collect();
    let part = |from: usize| format!("{}&from={from}", place_of(&query.cell));
    page.before = (query.from > 0).then(|| part(query.from.saturating_sub(ROWS)));
    let next = query.from.saturating_add(ROWS);
    page.after = (next < ids.len()).then(|| part(next));
    (page.columns, page.rows) = match &figure.rows {
        Rows::Calls { .. } => calls(&web, &visitor, &some).await?,
        Rows::Tickets { .. } => tickets(&web, &visitor, &some).await?,
        _ => facts(&web, &visitor, &some).await?,
    };
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

/// The figure of a cell, with how its place is called: row and column, and the table.
fn figure_of<'b>(book: &'b Document, cell: &str) -> Option<(String, String, &'b Figure)> {
    let mut parts = cell.splitn(3, '/');
    let (table, row, column) = (parts.next()?, parts.next()?, parts.next()?);
    let table = book.table(table)?;
    let DocCell::Figure(figure) = table.cell(row, column)? else {
        return None;
    };
    let row = table.rows.iter().find(|known| known.id == row)?;
    let column = table.columns.iter().find(|known| known.id == column)?;
    let title = format!("{} {}", row_name(row), column.name);
    Some((title, format!("{} {}", table.number, table.title), figure))
}

type Listed = (&'static [&'static str], Vec<Row>);

/// Calls in the order of the figure; what is no longer there is told by its id.
async fn calls(web: &Web, visitor: &Visitor, ids: &[String]) -> Result<Listed, WebError> {
    let may = visitor.permissions.contains(Permission::ViewCalls);
    let ids: Vec<_> = ids.iter().map(CallId::new).collect();
    let found = web.store.calls_of_ids(&ids).await?.into_iter();
    let found: BTreeMap<CallId, CallRecord> = found.map(|call| (call.call.clone(), call)).collect();
    let rows = ids.iter().map(|id| {
        let Some(call) = found.get(id) else {
            return gone(id.as_str(), 6);
        };
        let from = match may {
            true => call.from.shown(),
            false => text::HIDDEN.to_owned(),
        };
        Row {
            link: match may {
                true => format!("/calls/{}", escape(id.as_str())),
                false => String::new(),
            },
            cells: vec![
                web.settings.dates.minute(call.arrived_at),
                call.line.to_string(),
                from,
                text::outcome(call),
                text::duration(call.wait()),
                text::duration(call.talk()),
            ],
        }
    });
    let columns = &["着信日時", "回線", "発信者", "結果", "待ち時間", "通話時間"];
    Ok((columns, rows.collect()))
}

async fn tickets(web: &Web, visitor: &Visitor, ids: &[String]) -> Result<Listed, WebError> {
    let may = visitor.permissions.contains(Permission::HandleTickets);
    let ids: Vec<_> = ids.iter().map(TicketId::new).collect();
    let found = web.store.ticket_rows(&ids).await?.into_iter();
    let found: BTreeMap<TicketId, TicketRow> =
        found.map(|ticket| (ticket.id.clone(), ticket)).collect();
    let rows = ids.iter().map(|id| {
        let Some(ticket) = found.get(id) else {
            return gone(id.as_str(), 5);
        };
        let question = match may {
            true => shortened(&ticket.question),
            false => text::HIDDEN.to_owned(),
        };
        Row {
            link: match may {
                true => format!("/tickets/{}", ticket.number),
                false => String::new(),
            },
            cells: vec![
                ticket.number.to_string(),
                web.settings.dates.minute(ticket.received_at),
                ticket.status.label().to_owned(),
                ticket.system.label().to_owned(),
                question,
            ],
        }
    });
    let columns = &["受付番号", "受付日時", "今の状態", "システム", "質問"];
    Ok((columns, rows.collect()))
}

async fn facts(web: &Web, visitor: &Visitor, ids: &[String]) -> Result<Listed, WebError> {
    let may = may_write(visitor);
    let mut rows = Vec::new();
    for id in ids {
        let kept = web.store.lookup_month_entry::<LevelFact>(id).await?;
        let Some(kept) = kept else {
            rows.push(gone(id, 4));
            continue;
        };
        let (fact, month) = (&kept.entry, Month::at(kept.entry.at));
        rows.push(Row {
            link: match may {
                true => format!("{}/facts/{}", place(month), escape(id)),
                false => String::new(),
            },
            cells: vec![
                web.settings.dates.minute(fact.at),
                fact.system.label().to_owned(),
                shortened(&fact.what),
                fact.proof.clone(),
            ],
        });
    }
    Ok((&["日時", "システム", "内容", "根拠資料"], rows))
}

/// Something that the figure counts and that is not there any more, or was withdrawn.
fn gone(id: &str, columns: usize) -> Row {
    let mut cells = vec![format!("{id}(今は記録がありません)")];
    cells.resize(columns, String::new());
    Row {
        link: String::new(),
        cells,
    }
}
