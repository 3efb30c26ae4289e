//! 勤務計画: who begins when on each open day of a month that is to come, as a page and as workbooks.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use madoguchi_core::access::ReadFigures;
use madoguchi_core::audit::Action;
use madoguchi_core::month::Month;
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
/// Half hours without enough people that are named of a day.
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
    shifts: Vec<String>,
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
            .map(|day| row(&web, day, plan.shifts.len()))
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

fn row(web: &Web, day: &PlannedDay, shifts: usize) -> Row {
    let number = |count: Option<u32>| count.map_or("－".to_owned(), |count| format!("{count}人"));
    let plan = day.shifts.as_ref();
    let people = (0..shifts).map(|at| {
        let one = plan.and_then(|plan| plan.shifts.get(at));
        number(one.map(|one| one.agents))
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
    let clock = |slot: usize| format!("{}:{:02}", slot / 2, slot % 2 * 30);
    let mut gaps: Vec<String> = plan
        .uncovered()
        .map(|one| {
            let lacking = one.needed - one.planned;
            format!("{}から{lacking}人", clock(one.half_hour))
        })
        .collect();
    if gaps.is_empty() {
        return String::new();
    }
    let more = gaps.len().saturating_sub(GAPS);
    gaps.truncate(GAPS);
    let told = gaps.join("、");
    match more {
        0 => format!("不足：{told}"),
        more => format!("不足：{told}、ほか{more}か所"),
    }
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
