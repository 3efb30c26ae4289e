//! 勤務計画: who begins when on each open day of a month that is to come, as a page and as workbooks.

mod book;
mod day;
mod words;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use madoguchi_core::access::ReadFigures;
use madoguchi_core::audit::Action;
use madoguchi_core::month::{Month, WorkShift};
use madoguchi_core::time::Instant;
use madoguchi_monthly::{PlannedDay, ShiftPlanMonth, shift_plan};
use madoguchi_reports::forms::names::{content_disposition, file_name};
use madoguchi_reports::table::{Form, workbook_of};
use serde::Deserialize;

use self::book::tables;
use self::day::day_place;
use self::words::{basis, gaps, people};
use super::making::{month_settings, refused};
use super::paths::{HERE, month_path, read_month};
use super::words::may_write;
use crate::auth::access::Allowed;
use crate::error::WebError;
use crate::shell::Shell;
use crate::state::Web;
use crate::text;

/// Months after this one that are planned; further off the forecast says too little.
const MONTHS_AHEAD: u32 = 3;

#[derive(Template)]
#[template(path = "monthly_shifts.html")]
struct ShiftsPage {
    shell: Shell,
    month: String,
    place: String,
    may_write: bool,
    /// Other months that can be planned.
    months: Vec<(String, String)>,
    shifts: Vec<String>,
    rows: Vec<Row>,
    /// What was reckoned with.
    basis: String,
}

struct Row {
    day: String,
    /// Where its half hours are.
    link: String,
    expected: String,
    agents: String,
    /// Of each shift its name and its people.
    shifts: Vec<(String, String)>,
    people: String,
    heads: String,
    gaps: String,
}

/// What is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ShiftsQuery {
    /// A workbook: "submission" or "data"; empty: the page.
    form: String,
    /// A day, half hour by half hour; empty: the whole month.
    day: String,
}

pub(super) async fn page(
    visitor: Allowed<ReadFigures>,
    State(web): State<Web>,
    Path(month): Path<String>,
    Query(query): Query<ShiftsQuery>,
) -> Result<Response, WebError> {
    let month = read_month(&month)?;
    let now = web.desk.now();
    let months: Vec<Month> = planned_months(now).collect();
    if !months.contains(&month) {
        return Err(WebError::NotFound("この月の勤務計画"));
    }
    let plan = shift_plan(&web.store, month, &month_settings(&web), now).await;
    let plan = plan.map_err(refused)?;
    let form = match query.form.as_str() {
        "" => None,
        "submission" => Some(Form::Print),
        "data" => Some(Form::Data),
        _ => return Err(WebError::NotFound("この形式のファイル")),
    };
    if let Some(form) = form {
        let name = format!("勤務計画_{}", month.file_name());
        let name = match form {
            Form::Print => file_name(&name, "xlsx"),
            Form::Data => file_name(&format!("{name}_データ用"), "xlsx"),
        };
        let mut entry = visitor.entry(now, Action::ShiftPlanExport, month.to_string());
        entry.after.insert("file".to_owned(), name.clone());
        web.store.append_audit(&[entry]).await?;
        return file(plan, form, &name, now).await;
    }
    let shell = Shell::new(&web, Some(&visitor), HERE);
    if !query.day.is_empty() {
        let page = day::page(shell, web.settings.dates, &plan, &query.day)?;
        return Ok(Html(page.render()?).into_response());
    }
    let others = months.into_iter().filter(|other| *other != month);
    let page = ShiftsPage {
        shell,
        month: month.name(),
        place: month_path(month),
        may_write: may_write(&visitor),
        months: others
            .map(|month| (format!("{}/shifts", month_path(month)), month.name()))
            .collect(),
        basis: basis(&plan),
        rows: plan
            .days
            .iter()
            .map(|day| row(&web, day, &plan.shifts))
            .collect(),
        shifts: plan.shifts.into_iter().map(|shift| shift.name).collect(),
    };
    Ok(Html(page.render()?).into_response())
}

/// This month and some after it.
fn planned_months(now: Instant) -> impl Iterator<Item = Month> {
    let first = Month::at(now);
    std::iter::successors(Some(first), |month| Some(month.next())).take(MONTHS_AHEAD as usize + 1)
}

fn row(web: &Web, day: &PlannedDay, shifts: &[WorkShift]) -> Row {
    let plan = day.shifts.as_ref();
    let of_shifts = shifts.iter().enumerate().map(|(at, shift)| {
        let one = plan.and_then(|plan| plan.shifts.get(at));
        (shift.name.clone(), people(one.map(|one| one.agents)))
    });
    Row {
        day: format!(
            "{}({})",
            web.settings.dates.date(day.date),
            text::weekday(day.date)
        ),
        expected: format!("{:.1}", day.expected),
        link: day_place(day),
        agents: people(day.agents),
        shifts: of_shifts.collect(),
        people: people(plan.map(|plan| plan.agents)),
        heads: people(day.heads),
        gaps: gaps(day),
    }
}

async fn file(
    plan: ShiftPlanMonth,
    form: Form,
    name: &str,
    now: Instant,
) -> Result<Response, WebError> {
    let making = move || workbook_of(&tables(&plan, form, now), form);
    let file = tokio::task::spawn_blocking(making).await;
    let file = file
        .ok()
        .and_then(Result::ok)
        .ok_or(WebError::Internal("a workbook could not be made"))?;
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, content_disposition(name)),
    ];
    Ok((headers, file).into_response())
}
