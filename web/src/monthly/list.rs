//! The months of a fiscal year: how far the report of each is, when it is due, when it was handed in.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use chrono::NaiveDate;
use madoguchi_core::access::ReadFigures;
use madoguchi_core::era::EraYear;
use madoguchi_core::month::{
    Edition, EditionChange, Month, RegisterEntry, StepKind, SubmissionState, nth_open_day,
};
use madoguchi_core::time::Instant;
use serde::Deserialize;

use super::paths::{HERE, month_path};
use super::words::may_write;
use crate::auth::access::Allowed;
use crate::error::WebError;
use crate::shell::Shell;
use crate::state::Web;
use crate::text::DateStyle;

/// Fiscal years that can be looked at.
const YEARS: std::ops::RangeInclusive<i32> = 2000..=2100;

#[derive(Template)]
#[template(path = "monthly_list.html")]
struct ListPage {
    shell: Shell,
    year: String,
    before: Option<i32>,
    after: Option<i32>,
    may_write: bool,
    /// The shift plan of the next month.
    plan: String,
    rows: Vec<Row>,
}

struct Row {
    month: String,
    link: String,
    state: &'static str,
    /// It is to be done by somebody now.
    marked: bool,
    edition: String,
    /// Figures have changed since that edition.
    changed: bool,
    due: String,
    /// It is past its day and was not handed in.
    late: bool,
    submitted: String,
    approved: String,
}

/// Which year is looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    year: String,
}

pub(super) async fn page(
    visitor: Allowed<ReadFigures>,
    State(web): State<Web>,
    Query(query): Query<ListQuery>,
) -> Result<Html<String>, WebError> {
    let now = web.desk.now();
    let this = Month::at(now);
    let year = match query.year.as_str() {
        "" => this.previous().fiscal_year(),
        text => {
            let year = text.parse().ok().filter(|year| YEARS.contains(year));
            year.ok_or(WebError::NotFound("この年度"))?
        }
    };
    let months = Month::of_fiscal_year(year);
    let (Some(first), Some(last)) = (months.first(), months.last()) else {
        return Err(WebError::NotFound("この年度"));
    };
    let register = web.store.report_register(*first, *last).await?;
    let settings = web.store.report_settings().await?;
    let calendars = web.desk.calendars();
    let changed = changed_editions(&web, (*first, *last), register.values()).await?;
    let nothing = RegisterEntry::default();
    let mut rows = Vec::new();
    for month in months.iter().rev().filter(|month| **month <= this) {
        let report = register.get(month).unwrap_or(&nothing);
        let from = month.next().first();
        let due = nth_open_day(calendars.desk(), from, settings.due_on_open_day);
        let late = is_late(&web, *month, report, due).await?;
        let row = row(*month, report, (due, late, now), web.settings.dates);
        rows.push(Row {
            changed: changed.contains(month),
            ..row
        });
    }
    let is_shown = |year: &i32| YEARS.contains(year);
    let page = ListPage {
        shell: Shell::new(&web, Some(&visitor), HERE),
        year: year_name(year),
        before: Some(year - 1).filter(is_shown),
        after: Some(year + 1).filter(|year| is_shown(year) && *year <= this.fiscal_year()),
        may_write: may_write(&visitor),
        plan: format!("{}/shifts", month_path(this.next())),
        rows,
    };
    Ok(Html(page.render()?))
}

/// 令和6年度
fn year_name(year: i32) -> String {
    match EraYear::of_fiscal_year(year) {
        Some(era) => format!("{}度", era.name()),
        None => format!("{year}年度"),
    }
}

/// Whether a report is past its day and was not handed in. A month of which the desk recorded nothing, such as
/// those before it began, has none that is due.
pub(super) async fn is_late(
    web: &Web,
    month: Month,
    report: &RegisterEntry,
    due: Option<NaiveDate>,
) -> Result<bool, WebError> {
    let past = due.is_some_and(|due| due < web.desk.now().date());
    if !past || report.first_submitted().is_some() {
        return Ok(false);
    }
    Ok(!report.editions.is_empty() || web.store.has_month(month.start(), month.end()).await?)
}

/// The months of whose newest edition it was noted that figures have changed since.
pub(super) async fn changed_editions(
    web: &Web,
    (first, last): (Month, Month),
    register: impl Iterator<Item = &RegisterEntry>,
) -> Result<BTreeSet<Month>, WebError> {
    let noted = web.store.month_entries::<EditionChange>(first, last);
    let noted = noted.await?;
    let is_told = |edition: &Edition| noted.iter().any(|one| one.entry.tells_of(edition));
    let newest = register.filter_map(RegisterEntry::newest);
    let changed = newest.filter(|edition| is_told(edition));
    Ok(changed.map(|edition| edition.month).collect())
}

fn row(
    month: Month,
    report: &RegisterEntry,
    (due, late, now): (Option<NaiveDate>, bool, Instant),
    dates: DateStyle,
) -> Row {
    let state = report.state();
    let submitted = report.first_submitted();
    let last = report.steps.last();
    let approved = last.filter(|step| step.kind == StepKind::Approved);
    let approved = approved.filter(|_| state == SubmissionState::Approved);
    let nothing = String::new;
    Row {
        month: month.name(),
        link: month_path(month),
        state: match state {
            SubmissionState::Open if month == Month::at(now) => "月の途中",
            state => state.label(),
        },
        marked: matches!(state, SubmissionState::Draft | SubmissionState::Returned),
        edition: report.newest().map_or_else(nothing, |one| one.name()),
        changed: false,
        due: due.map_or_else(nothing, |day| dates.date(day)),
        late,
        submitted: submitted.map_or_else(nothing, |step| {
            format!("{}(第{}版)", dates.date(step.on), step.edition)
        }),
        approved: approved.map_or_else(nothing, |step| {
            format!("{}(第{}版)", dates.date(step.on), step.edition)
        }),
    }
}
