//! The list of what was written of a kind for a month.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Html;
use madoguchi_core::access::ManageReports;

use super::kind::{Written, list_place, one_place};
use crate::auth::access::Allowed;
use crate::error::WebError;
use crate::monthly::paths::{HERE, month_path, read_month};
use crate::monthly::words::People;
use crate::query::DoneQuery;
use crate::shell::Shell;
use crate::state::Web;

#[derive(Template)]
#[template(path = "monthly_entries.html")]
struct ListPage {
    shell: Shell,
    month: String,
    place: String,
    label: &'static str,
    about: &'static str,
    /// The month was 確定 already.
    frozen: bool,
    notes: Vec<String>,
    new: Vec<(&'static str, String)>,
    columns: &'static [&'static str],
    rows: Vec<Row>,
}

struct Row {
    link: String,
    cells: Vec<String>,
    at: String,
    by: String,
}

pub(in crate::monthly) async fn list<T: Written>(
    visitor: Allowed<ManageReports>,
    State(web): State<Web>,
    Path(month): Path<String>,
    Query(query): Query<DoneQuery>,
) -> Result<Html<String>, WebError> {
    let month = read_month(&month)?;
    let dates = web.settings.dates;
    let entries = web.store.month_entries::<T>(month, month).await?;
    let report = web.store.report_of(month).await?;
    let people = People::load(&web).await?;
    let list = list_place::<T>(month);
    let new = T::new_links().into_iter();
    let new = new.map(|(label, asked)| (label, format!("{list}/new{asked}")));
    let rows = entries.iter().map(|kept| Row {
        link: one_place::<T>(month, &kept.entry.id()),
        cells: kept.entry.cells(dates),
        at: dates.minute(kept.at),
        by: people.name(&kept.by),
    });
    let page = ListPage {
        shell: Shell::new(&web, Some(&visitor), HERE).done(&web, &query.done),
        month: month.name(),
        place: month_path(month),
        label: T::SCREEN.label,
        about: T::SCREEN.about,
        frozen: report.newest().is_some(),
        notes: if entries.is_empty() {
            Vec::new()
        } else {
            T::list_notes(&web, month).await?
        },
        new: new.filter(|_| T::SCREEN.can_add).collect(),
        columns: T::COLUMNS,
        rows: rows.collect(),
    };
    Ok(Html(page.render()?))
}
