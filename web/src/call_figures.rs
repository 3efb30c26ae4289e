//! 通話の集計: the figures of a period by day, month, hour, line or agent, as a page and as workbooks.
//! They are those of `madoguchi stats`.

mod columns;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use chrono::{Datelike, Months, NaiveDate};
use madoguchi_core::access::{Permission, ViewCalls};
use madoguchi_core::audit::Action;
use madoguchi_core::figures::Figures;
use madoguchi_core::id::{AgentId, LineName};
use madoguchi_core::setup::DeskSetup;
use madoguchi_core::stats::{By, RowKey, StatsQuery, StatsReport};
use madoguchi_core::time::Instant;
use madoguchi_reports::table::{Cell, Column, Form, Table, workbook};
use serde::Deserialize;

use self::columns::FIGURES;
use crate::auth::access::Allowed;
use crate::auth::routes::Routes;
use crate::download::workbook_file;
use crate::error::WebError;
use crate::feature::Feature;
use crate::graph::{Graph, Group, Layout, Series};
use crate::menu::MenuEntry;
use crate::query::{Choice, Period, agent_choices, escape, line_choices};
use crate::shell::Shell;
use crate::state::Web;
use crate::text::{self, DateStyle};

/// The entry of the menu.
const HERE: &str = "/calls/figures";
/// Days of a period at the most.
const MOST_DAYS: i64 = 366;

const SERIES: [Series; 3] = [
    Series {
        class: "answered",
        label: "応答",
    },
    Series {
        class: "abandoned",
        label: "放棄",
    },
    Series {
        class: "ringing",
        label: "応対前",
    },
];

pub(crate) const FEATURE: Feature =
    Feature::new(routes).menu(&[MenuEntry::new("通話の集計", HERE, Permission::ViewCalls)]);

fn routes() -> Routes {
    Routes::new()
        .get("/calls/figures", page)
        .get("/calls/figures.xlsx", export)
}

/// By what the rows are: in the address, to choose from, as the head of a column.
const GROUPINGS: [(&str, &str, &str, By); 5] = [
    ("day", "日別", "日", By::Day),
    ("month", "月別", "月", By::Month),
    ("hour", "時間帯別", "時間帯", By::Hour),
    ("line", "回線別", "回線", By::Line),
    ("agent", "担当者別", "担当者", By::Agent),
];

#[derive(Template)]
#[template(path = "call_figures.html")]
struct FiguresPage {
    shell: Shell,
    /// Why what was asked for cannot be shown.
    refused: Option<String>,
    period: String,
    from: String,
    to: String,
    groupings: Vec<Choice>,
    lines: Vec<Choice>,
    agents: Vec<Choice>,
    /// Periods that are often asked for.
    periods: Vec<(String, &'static str)>,
    grouping: &'static str,
    head: &'static str,
    graph: Graph,
    heads: Vec<&'static str>,
    rows: Vec<Row>,
    total: Vec<String>,
    by_agent: bool,
    files: Vec<(String, &'static str)>,
}

struct Row {
    name: String,
    /// The calls behind the row.
    link: Option<String>,
    cells: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct FiguresQuery {
    from: String,
    to: String,
    by: String,
    line: String,
    agent: String,
    form: String,
}

/// What is asked for, understood.
struct FiguresRequest {
    query: StatsQuery,
    by: &'static str,
    grouping: &'static str,
    head: &'static str,
}

impl FiguresQuery {
    fn read(&self, today: NaiveDate) -> Result<FiguresRequest, WebError> {
        let this_month = today.with_day(1).unwrap_or(today).to_string();
        let nothing = self.from.is_empty() && self.to.is_empty();
        let from = if nothing { &this_month } else { &self.from };
        let period = Period::read(from, &self.to, today)?.at_most(MOST_DAYS)?;
        let by = if self.by.is_empty() {
            "day"
        } else {
            self.by.as_str()
        };
        let known = GROUPINGS.into_iter().find(|(name, ..)| *name == by);
        let (by, grouping, head, rows) = known
            .ok_or_else(|| WebError::BadRequest("集計の単位を選び直してください。".to_owned()))?;
        let named = |text: &String| (!text.is_empty()).then(|| text.clone());
        Ok(FiguresRequest {
            query: StatsQuery {
                from: period.from,
                to: period.to,
                by: rows,
                line: named(&self.line).map(LineName::new),
                agent: named(&self.agent).map(AgentId::new),
            },
            by,
            grouping,
            head,
        })
    }

    fn link(&self, (from, to): (NaiveDate, NaiveDate), by: &str) -> String {
        let (line, agent) = (escape(&self.line), escape(&self.agent));
        format!("?from={from}&to={to}&by={by}&line={line}&agent={agent}")
    }
}

async fn page(
    visitor: Allowed<ViewCalls>,
    State(web): State<Web>,
    Query(query): Query<FiguresQuery>,
) -> Result<Response, WebError> {
    let today = web.desk.now().date();
    let (asked, refused) = match query.read(today) {
        Ok(asked) => (asked, None),
        // What was typed stays in the form.
        Err(WebError::BadRequest(why)) => (FiguresQuery::default().read(today)?, Some(why)),
        Err(error) => return Err(error),
    };
    let setup = web.desk.setup();
    let thresholds = setup.targets.figures();
    let report = web.store.stats(asked.query.clone(), thresholds).await?;
    let (from, to) = (report.from, report.to);
    let dates = web.settings.dates;
    let rows = report.rows.iter().map(|row| Row {
        name: name(&row.key, &setup, dates),
        link: link(&row.key, &query, (from, to)),
        cells: cells(&row.figures),
    });
    let groupings = GROUPINGS.map(|(value, label, ..)| (value, label));
    let all = || std::iter::once(("", "すべて"));
    let file = |form: &str| {
        let asked = query.link((from, to), asked.by);
        format!("{HERE}.xlsx{asked}&form={form}")
    };
    let (status, typed) = match &refused {
        Some(_) => (
            StatusCode::BAD_REQUEST,
            (query.from.clone(), query.to.clone()),
        ),
        None => (StatusCode::OK, (from.to_string(), to.to_string())),
    };
    let view = FiguresPage {
        shell: Shell::new(&web, Some(&visitor), HERE),
        refused,
        period: period_text((from, to), dates),
        from: typed.0,
        to: typed.1,
        groupings: Choice::list(groupings, asked.by),
        lines: Choice::list(all().chain(line_choices(&setup)), &query.line),
        agents: Choice::list(all().chain(agent_choices(&setup)), &query.agent),
        periods: periods(today)
            .map(|(days, label)| (format!("{HERE}{}", query.link(days, asked.by)), label))
            .into(),
        grouping: asked.grouping,
        head: asked.head,
        graph: graph(&report, &setup, dates, asked.grouping),
        heads: FIGURES.iter().map(|figure| figure.label).collect(),
        rows: rows.collect(),
        total: cells(&report.total),
        by_agent: report.by == By::Agent,
        files: vec![
            (file("print"), "報告用(Excel)"),
            (file("data"), "データ用(Excel)"),
        ],
    };
    Ok((status, Html(view.render()?)).into_response())
}

fn cells(figures: &Figures) -> Vec<String> {
    let shown = FIGURES.iter().map(|figure| (figure.value)(figures).shown());
    shown.collect()
}

/// This month, the last one, and the fiscal year, as far as they have come.
fn periods(today: NaiveDate) -> [((NaiveDate, NaiveDate), &'static str); 3] {
    let month = today.with_day(1).unwrap_or(today);
    let last = month.checked_sub_months(Months::new(1)).unwrap_or(month);
    let since_april = (today.month() + 8) % 12;
    let april = month.checked_sub_months(Months::new(since_april));
    [
        ((month, today), "今月"),
        ((last, month.pred_opt().unwrap_or(month)), "先月"),
        ((april.unwrap_or(month), today), "今年度"),
    ]
}

fn period_text((from, to): (NaiveDate, NaiveDate), dates: DateStyle) -> String {
    if from == to {
        dates.date(from)
    } else {
        format!("{}から{}まで", dates.date(from), dates.date(to))
    }
}

/// What a row is called.
fn name(key: &RowKey, setup: &DeskSetup, dates: DateStyle) -> String {
    match key {
        RowKey::Day(day) => format!("{}({})", dates.date(*day), text::weekday(*day)),
        RowKey::Month(month) => dates.month(*month),
        RowKey::Hour(hour) => format!("{hour}時台"),
        RowKey::Line(line) => line.to_string(),
        RowKey::Agent(Some(agent)) => setup.agent_name(agent.as_str()).to_owned(),
        RowKey::Agent(None) => NOBODY.to_owned(),
    }
}

/// In the place of an agent, for calls that nobody answered.
const NOBODY: &str = "(応答なし)";

/// The list of the calls of a row, where a filter of it gives the same ones.
fn link(key: &RowKey, query: &FiguresQuery, (from, to): (NaiveDate, NaiveDate)) -> Option<String> {
    let calls = |(from, to): (NaiveDate, NaiveDate), line: &str| {
        let (line, agent) = (escape(line), escape(&query.agent));
        format!("/calls?from={from}&to={to}&line={line}&agent={agent}")
    };
    match key {
        RowKey::Day(day) => Some(calls((*day, *day), &query.line)),
        RowKey::Month(month) => {
            let next = month.checked_add_months(Months::new(1))?;
            let last = next.pred_opt()?;
            Some(calls(((*month).max(from), last.min(to)), &query.line))
        }
        RowKey::Line(line) => Some(calls((from, to), line.as_str())),
        RowKey::Hour(_) | RowKey::Agent(_) => None,
    }
}

fn graph(report: &StatsReport, setup: &DeskSetup, dates: DateStyle, grouping: &str) -> Graph {
    let groups = report.rows.iter().map(|row| {
        let name = name(&row.key, setup, dates);
        let figures = &row.figures;
        Group {
            short: match row.key {
                RowKey::Day(day) => format!("{}/{}", day.month(), day.day()),
                RowKey::Month(month) => format!("{}月", month.month()),
                RowKey::Hour(hour) => format!("{hour}時"),
                RowKey::Line(_) | RowKey::Agent(_) => name.clone(),
            },
            counts: vec![figures.answered, figures.abandoned(), figures.waiting],
            name,
        }
    });
    let mut groups: Vec<_> = groups.collect();
    let title = format!("{grouping}の着信");
    match report.by {
        By::Line | By::Agent => {
            groups.sort_by_key(|group| std::cmp::Reverse(group.counts.iter().sum::<u64>()));
            Graph::bars(title, &SERIES, &groups)
        }
        By::Total | By::Day | By::Month | By::Hour => {
            Graph::columns(title, &SERIES, &groups, Layout::Stacked)
        }
    }
}

async fn export(
    visitor: Allowed<ViewCalls>,
    State(web): State<Web>,
    Query(query): Query<FiguresQuery>,
) -> Result<Response, WebError> {
    let now = web.desk.now();
    let asked = query.read(now.date())?;
    let (form, end) = if query.form == "data" {
        (Form::Data, "-data")
    } else {
        (Form::Print, "")
    };
    let setup = web.desk.setup();
    let thresholds = setup.targets.figures();
    let report = web.store.stats(asked.query.clone(), thresholds).await?;
    let mut entry = visitor.entry(now, Action::CallFiguresExport, asked.grouping);
    let period = period_text((report.from, report.to), web.settings.dates);
    for (name, value) in [
        ("period", &period),
        ("line", &query.line),
        ("agent", &query.agent),
    ] {
        if !value.is_empty() {
            entry.after.insert(name.to_owned(), value.clone());
        }
    }
    web.store.append_audit(&[entry]).await?;
    let table = table(&report, &asked, form, &setup, (&period, now));
    let file = tokio::task::spawn_blocking(move || workbook(&table, form)).await;
    let file = file
        .ok()
        .and_then(Result::ok)
        .ok_or(WebError::Internal("a workbook could not be made"))?;
    let (by, from, to) = (asked.by, report.from, report.to);
    Ok(workbook_file(
        &format!("calls-by-{by}-{from}-{to}{end}.xlsx"),
        file,
    ))
}

/// The table of a workbook; the one to be read has the sum in its last row.
fn table(
    report: &StatsReport,
    asked: &FiguresRequest,
    form: Form,
    setup: &DeskSetup,
    (period, made_at): (&str, Instant),
) -> Table {
    let figures = |figures: &Figures| {
        let cells = FIGURES.iter().map(|figure| (figure.value)(figures).cell());
        cells.collect::<Vec<_>>()
    };
    let row = |name: Cell, row: &Figures| [vec![name], figures(row)].concat();
    let mut rows: Vec<_> = report
        .rows
        .iter()
        .map(|one| {
            let name = match (&one.key, form) {
                (RowKey::Day(day), Form::Data) => day.to_string(),
                (RowKey::Month(month), Form::Data) => month.format("%Y-%m").to_string(),
                (RowKey::Hour(hour), Form::Data) => {
                    return row(Cell::Number(f64::from(*hour)), &one.figures);
                }
                (key, _) => name(key, setup, DateStyle::Western),
            };
            row(name.as_str().into(), &one.figures)
        })
        .collect();
    if form == Form::Print {
        rows.push(row("合計".into(), &report.total));
    }
    let key = Column {
        name: asked.head.into(),
        width: 22,
    };
    let columns = FIGURES.iter().map(|figure| Column {
        name: figure.with_unit.into(),
        width: 14,
    });
    Table {
        title: format!("通話の集計({})　{period}", asked.grouping),
        sheet: asked.grouping.to_owned(),
        made_at,
        columns: std::iter::once(key).chain(columns).collect(),
        rows,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_fiscal_year_begins_in_april() {
        for (today, april) in [
            ("2026-04-01", "2026-04-01"),
            ("2026-11-28", "2026-04-01"),
            ("2027-03-31", "2026-04-01"),
        ] {
            let [_, _, ((from, to), _)] = periods(day(today));
            assert_eq!((from, to), (day(april), day(today)));
        }
        let [_, ((from, to), _), _] = periods(day("2027-01-15"));
        assert_eq!((from, to), (day("2026-12-01"), day("2026-12-31")));
    }

    #[test]
    fn a_period_is_this_month_unless_said_otherwise_and_a_year_at_the_most() {
        let today = day("2026-11-28");
        let asked = FiguresQuery::default().read(today).unwrap().query;
        assert_eq!((asked.from, asked.to), (day("2026-11-01"), today));
        let query = |from: &str, to: &str, by: &str| FiguresQuery {
            from: from.to_owned(),
            to: to.to_owned(),
            by: by.to_owned(),
            ..FiguresQuery::default()
        };
        assert!(
            query("2025-11-28", "2026-11-28", "month")
                .read(today)
                .is_ok()
        );
        assert!(
            query("2025-11-27", "2026-11-28", "day")
                .read(today)
                .is_err()
        );
        assert!(query("", "", "moon").read(today).is_err());
    }

    #[test]
    fn a_month_leads_to_its_calls_within_the_period() {
        let period = (day("2026-10-30"), day("2026-11-02"));
        let link = link(
            &RowKey::Month(day("2026-10-01")),
            &FiguresQuery::default(),
            period,
        );
        assert_eq!(
            link.as_deref(),
            Some("/calls?from=2026-10-30&to=2026-10-31&line=&agent=")
        );
    }
}
