//! The page of a large list: filters, what is filtered by, the table with heads to put it in order,
//! and the pages before and behind.

use askama::Template;
use axum::extract::{Query, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Response};
use madoguchi_core::audit::AuditEntry;
use madoguchi_store::{Cursor, Start};

use super::table::{Column, Info, Links, Listing, Value};
use super::table_filter::{Filter, Pairs};
use super::table_question::{Question, filled_in};
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::shell::Shell;
use crate::state::Web;
use crate::text::{self, DateStyle};
use crate::views::Views;

#[derive(Template)]
#[template(path = "table.html")]
struct TablePage {
    shell: Shell,
    views: Views,
    info: Info,
    links: Links,
    filters: Vec<Filter>,
    sort: String,
    active: Vec<Active>,
    total: Option<String>,
    heads: Vec<Head>,
    rows: Vec<Row>,
    /// The form for rows that are chosen, as HTML.
    bulk: Option<String>,
    /// Why nothing is listed: what was asked for cannot be understood.
    refused: Option<String>,
    first: Option<String>,
    before: Option<String>,
    after: Option<String>,
}

/// A filter that is in force, and the list without it.
struct Active {
    name: &'static str,
    value: String,
    label: &'static str,
    told: String,
    without: String,
}

/// The head of a column.
struct Head {
    label: &'static str,
    class: &'static str,
    /// Where choosing it leads, if the list can be put in order by it.
    link: Option<String>,
    /// The order in force, for `aria-sort`; empty if it is by another column.
    order: &'static str,
}

struct Row {
    /// What stands for it where it can be chosen, and what it is called.
    chosen: (String, String),
    cells: Vec<Cell>,
}

struct Cell {
    class: &'static str,
    text: String,
    link: Option<String>,
    mark: Option<&'static str>,
    fields: Vec<(String, String)>,
}

pub(crate) async fn page<L: Listing>(
    visitor: Allowed<L::Permit>,
    State(web): State<Web>,
    RawQuery(address): RawQuery,
    Query(pairs): Query<Pairs>,
) -> Result<Response, WebError> {
    let read = Question::<L>::read(&web, &visitor, pairs.clone());
    let read = read.and_then(|question| Ok((question.start()?, question)));
    let (start, question) = match read {
        Err(WebError::BadRequest(why)) => {
            return refused::<L>(&web, &visitor, (pairs, address.as_deref()), why).await;
        }
        read => read?,
    };
    let info = L::INFO;
    let begins = start == Start::First;
    let at_most = L::counted_at_most(&question.filter);
    let (found, total) = if info.counted {
        let found = L::page_and_count(&web, &question.filter, start, info.rows);
        let (found, total) = found.await?;
        (found, Some(total))
    } else {
        let found = L::page(&web, &question.filter, start, info.rows);
        (found.await?, None)
    };
    if let Some(entry) = viewed::<L>(&web, &visitor, &question)? {
        web.store.append_audit(&[entry]).await?;
    }
    let views = Views::of(&web, &visitor, info.page, address.as_deref()).await?;
    let links = L::links(&web, &visitor).await?;
    let (context, dates) = (L::context(&web), web.settings.dates);
    let columns: Vec<_> = question
        .columns
        .iter()
        .filter(|column| !column.in_files)
        .collect();
    let row = |row: &L::Row| {
        let cells = columns
            .iter()
            .map(|column| cell(column, row, &context, dates));
        Row {
            chosen: L::chosen(row),
            cells: cells.collect(),
        }
    };
    let heads = columns.iter().map(|column| head(column, &question));
    let link = |name: &str, cursor: Option<Cursor>| {
        cursor.map(|cursor| question.at_row(name, &cursor.to_text()))
    };
    let page = TablePage {
        shell: Shell::new(&web, Some(&visitor), info.page).done(&web, question.passing("done")),
        bulk: L::bulk(&web, &visitor, &question.asked)?,
        refused: None,
        views,
        links,
        sort: question.sort().to_owned(),
        active: active(&question),
        total: total.map(|total| counted(total, at_most, info.unit)),
        heads: heads.collect(),
        rows: found.rows.iter().map(row).collect(),
        first: (!begins).then(|| question.without("")),
        before: link("before", found.before),
        after: link("after", found.after),
        info,
        filters: question.filters,
    };
    Ok(Html(page.render()?).into_response())
}

/// The page of a question that cannot be understood: the filters as they were filled in, and why.
async fn refused<L: Listing>(
    web: &Web,
    visitor: &Visitor,
    (pairs, address): (Pairs, Option<&str>),
    why: String,
) -> Result<Response, WebError> {
    let info = L::INFO;
    let page = TablePage {
        shell: Shell::new(web, Some(visitor), info.page),
        views: Views::of(web, visitor, info.page, address).await?,
        links: L::links(web, visitor).await?,
        filters: filled_in::<L>(web, visitor, &pairs),
        info,
        sort: String::new(),
        active: Vec::new(),
        total: None,
        heads: Vec::new(),
        rows: Vec::new(),
        bulk: None,
        refused: Some(why),
        first: None,
        before: None,
        after: None,
    };
    Ok((StatusCode::BAD_REQUEST, Html(page.render()?)).into_response())
}

/// What was looked at: the question, not the answer.
pub(crate) fn viewed<L: Listing>(
    web: &Web,
    visitor: &Visitor,
    question: &Question<L>,
) -> Result<Option<AuditEntry>, WebError> {
    let Some(action) = L::VIEWED else {
        return Ok(None);
    };
    let mut entry = visitor.entry(web.desk.now(), action, "");
    entry.after = L::recorded(web, &question.asked)?;
    for name in ["page", "after", "before"] {
        let page = question.passing(name);
        if !page.is_empty() {
            entry.after.insert("page".to_owned(), page.to_owned());
        }
    }
    Ok(Some(entry))
}

fn counted(total: u64, at_most: u32, unit: &str) -> String {
    let more = if total < u64::from(at_most) {
        ""
    } else {
        "以上"
    };
    format!("{}{unit}{more}", text::number(total))
}

fn cell<L: Listing>(
    column: &Column<L>,
    row: &L::Row,
    context: &L::Context,
    dates: DateStyle,
) -> Cell {
    let value = (column.value)(row, context);
    Cell {
        class: match &value {
            Value::Minute(_) if column.class.is_empty() => "time",
            _ => column.class,
        },
        text: value.shown(dates),
        link: column.link.map(|link| link(row)),
        mark: match &value {
            Value::Mark(class, _) => Some(*class),
            _ => None,
        },
        fields: match value {
            Value::Fields(fields) => fields,
            _ => Vec::new(),
        },
    }
}

fn head<L: Listing>(column: &Column<L>, question: &Question<L>) -> Head {
    let at = column
        .orders
        .iter()
        .position(|order| order.0 == question.sort());
    let next = at.map_or(0, |at| (at + 1) % column.orders.len().max(1));
    let next = column.orders.get(next);
    Head {
        label: column.label,
        class: column.class,
        link: next.map(|order| question.in_order(order.0)),
        order: at
            .and_then(|at| column.orders.get(at))
            .map_or("", |order| order.1),
    }
}

fn active<L: Listing>(question: &Question<L>) -> Vec<Active> {
    let asked = question.filters.iter().filter_map(|filter| {
        let asked = question.asked.get(filter.name);
        (!asked.is_empty()).then(|| Active {
            name: filter.name,
            value: asked.to_owned(),
            label: filter.label,
            told: filter.told().to_owned(),
            without: question.without(filter.name),
        })
    });
    asked.collect()
}
