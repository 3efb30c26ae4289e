//! 勤務計画: who begins when on each open day of a month that is to come, as a page and as workbooks.

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
use madoguchi_reports::table::{Cell, Column, Form, Table, workbook};
use serde::Deserialize;

use super::making::{month_settings, refused};
use super::place::{HERE, place, read_month};
use super::words::may_write;
use crate::auth::access::Allowed;
use crate::error::WebError;
use crate::shell::Shell;
use crate::state::Web;
use crate::text;

/// Months after this one that are planned; further off the forecast says too little.
const MONTHS_AHEAD: u32 = 3;
/// Spans without enough people that are named of a day.
const GAPS: usize = 3;

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
    let others = months.into_iter().filter(|other| *other != month);
    let page = ShiftsPage {
        shell: Shell::new(&web, Some(&visitor), HERE),
        month: month.name(),
        place: place(month),
        may_write: may_write(&visitor),
        months: others
            .map(|month| (format!("{}/shifts", place(month)), month.name()))
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

fn basis(plan: &ShiftPlanMonth) -> String {
    format!(
        "応答率の目標{}%以上、平均処理時間{:.0}秒、待ち許容時間{:.0}秒で計算しました。",
        plan.target, plan.aht_secs, plan.patience_secs
    )
}

fn row(web: &Web, day: &PlannedDay, shifts: &[WorkShift]) -> Row {
    let number = |count: Option<u32>| count.map_or("－".to_owned(), |count| format!("{count}人"));
    let plan = day.shifts.as_ref();
    let people = shifts.iter().enumerate().map(|(at, shift)| {
        let one = plan.and_then(|plan| plan.shifts.get(at));
        (shift.name.clone(), number(one.map(|one| one.agents)))
    });
    Row {
        day: format!(
            "{}({})",
            web.settings.dates.date(day.date),
            text::weekday(day.date)
        ),
        expected: format!("{:.1}", day.expected),
        agents: number(day.agents),
        shifts: people.collect(),
        people: number(plan.map(|plan| plan.agents)),
        heads: number(day.heads),
        gaps: gaps(day),
    }
}

/// Where people are missing whatever shifts are worked.
fn gaps(day: &PlannedDay) -> String {
    let Some(plan) = &day.shifts else {
        return String::new();
    };
    let lacking = plan.uncovered();
    let spans = spans(lacking.map(|one| (one.half_hour, one.needed - one.planned)));
    if spans.is_empty() {
        return String::new();
    }
    let clock = |slot: usize| format!("{}:{:02}", slot / 2, slot % 2 * 30);
    let told = spans
        .iter()
        .take(GAPS)
        .map(|(from, until, people)| format!("{}～{}に{people}人", clock(*from), clock(*until)));
    let told = told.collect::<Vec<_>>().join("、");
    match spans.len().saturating_sub(GAPS) {
        0 => format!("不足：{told}"),
        more => format!("不足：{told}、ほか{more}か所"),
    }
}

/// Half hours, in order, that lack as many people and follow each other as one: its first half hour, the one
/// after its last, and the people.
fn spans(lacking: impl Iterator<Item = (usize, u32)>) -> Vec<(usize, usize, u32)> {
    let mut spans: Vec<(usize, usize, u32)> = Vec::new();
    for (half_hour, people) in lacking {
        match spans.last_mut() {
            Some((_, until, same)) if *until == half_hour && *same == people => *until += 1,
            _ => spans.push((half_hour, half_hour + 1, people)),
        }
    }
    spans
}

async fn file(
    plan: ShiftPlanMonth,
    form: Form,
    name: &str,
    now: Instant,
) -> Result<Response, WebError> {
    let table = table(&plan, form, now);
    let file = tokio::task::spawn_blocking(move || workbook(&table, form)).await;
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

/// A row a day, with a column for each shift.
fn table(plan: &ShiftPlanMonth, form: Form, now: Instant) -> Table {
    let column = |name: String, width: u16| Column {
        name: name.into(),
        width,
    };
    let mut columns = vec![
        column("日付".to_owned(), 18),
        column("曜日".to_owned(), 6),
        column("予測着信(件)".to_owned(), 14),
        column("同時に必要な人数(人)".to_owned(), 20),
    ];
    let shifts = plan.shifts.iter();
    columns.extend(shifts.map(|shift| match form {
        Form::Print => column(format!("{}({})(人)", shift.name, shift.hours), 24),
        Form::Data => column(format!("{}(人)", shift.name), 12),
    }));
    columns.extend([
        column("勤務する人数(人)".to_owned(), 16),
        column("休暇などを見込んだ人数(人)".to_owned(), 26),
        column("備考".to_owned(), 40),
    ]);
    let rows = plan.days.iter().map(|day| {
        let number = |count: Option<u32>| count.map_or(Cell::Empty, |one| Cell::Number(one.into()));
        let people = |at: usize| {
            let one = day.shifts.as_ref().and_then(|plan| plan.shifts.get(at));
            number(one.map(|one| one.agents))
        };
        let mut cells = vec![
            Cell::Date(day.date),
            Cell::from(text::weekday(day.date)),
            Cell::Number((day.expected * 10.0).round() / 10.0),
            number(day.agents),
        ];
        cells.extend((0..plan.shifts.len()).map(people));
        cells.extend([
            number(day.shifts.as_ref().map(|plan| plan.agents)),
            number(day.heads),
            match gaps(day) {
                none if none.is_empty() => Cell::Empty,
                gaps => Cell::Text(gaps),
            },
        ]);
        cells
    });
    Table {
        title: format!("勤務計画({})　{}", plan.month.name(), basis(plan)),
        sheet: "勤務計画".to_owned(),
        made_at: now,
        rows: rows.collect(),
        columns,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_hours_that_lack_as_many_people_are_told_as_one_span() {
        let lacking = [
            (20, 1),
            (21, 1),
            (22, 1),
            (23, 1),
            (24, 2),
            (30, 2),
            (47, 1),
        ];
        let spans = spans(lacking.into_iter());
        assert_eq!(spans, [(20, 24, 1), (24, 25, 2), (30, 31, 2), (47, 48, 1)]);
    }
}
