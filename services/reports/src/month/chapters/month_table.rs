//! 表2-2: the twelve months of the fiscal year in the form of 別紙 8-2.

mod incidents;

use madoguchi_core::month::{IncidentCounts, Month, PublishedMonth};

use crate::document::{DocCell, DocColumn, DocRow, DocTable, Parts, Population, Rows};
use crate::month::cells::{
    self, cells, column, figure, lacking, measured, number, row, stated, text, total,
};
use crate::month::making::{Making, of_month, percent};
use crate::month::months::KnownMonth;
use crate::month::summary::MonthSummary;

fn columns() -> Vec<DocColumn> {
    let mut columns = vec![column("month", "年月")];
    columns.extend(incidents::columns());
    columns.extend([
        measured("offered", "着信件数", "件"),
        measured("answered", "応答件数", "件"),
        measured("answer_rate", "応答率", "％"),
        measured("first_unanswered", "一次未回答件数", "件"),
        measured("first_answer_rate", "一次回答率", "％"),
        measured("escalations", "エスカレーション数（発生月）", "件"),
        measured("resolution_rate", "問題解決率", "％"),
        column("source", "出所"),
    ]);
    columns
}

pub(super) fn table(making: &mut Making<'_, '_>) -> DocTable {
    let own = making.month.data.month;
    let mut rows = Vec::new();
    for month in Month::of_fiscal_year(own.fiscal_year()) {
        let entered = incidents::entered(making.input, month);
        rows.push(match making.months.get(month) {
            Some(_) if month == own && is_measured(making, month) => own_row(making),
            Some(known) => known_row(known, entered),
            None => row(month.to_string(), blank(month, entered)),
        });
        let known = making.months.get(month);
        if let Some(KnownMonth {
            is_measured: true,
            published: Some(published),
            ..
        }) = known
        {
            rows.push(row(
                format!("{month}-published"),
                published_cells(published, None),
            ));
        }
    }
    rows.push(year(making, &rows));
    let mut table = cells::table(
        "表2-2",
        "months",
        "月別推移（別紙8-2の様式）",
        columns(),
        rows,
    );
    table.wide = true;
    table.notes = vec![
        "着信件数、応答件数及び一次未回答件数は着信月、エスカレーション数は発生月による。".to_owned(),
        "実測の率は別紙6の算定式による。取込みの値は公表されたものをそのまま載せ、計算し直さない。"
            .to_owned(),
        "年度計の率は、各月の率の平均ではなく、件数の計から求める。同じ月に実測と取込みがあるときは、\
         実測だけを計に含める。"
            .to_owned(),
        "インシデント件数は、実測の月は記入、取込みの月は公表されたものによる。件数の分からない月がある列には、年度計を示さない。"
            .to_owned(),
    ];
    table
}

fn is_measured(making: &Making<'_, '_>, month: Month) -> bool {
    let known = making.months.get(month);
    known.is_some_and(|known| known.is_measured)
}

/// A month to come, or one of which nobody knows anything but its incidents.
fn blank(month: Month, entered: Option<&IncidentCounts>) -> Vec<DocCell> {
    let mut cells = vec![text(month.name())];
    if entered.is_some() {
        cells.extend(incidents::measured_cells(entered, None));
    }
    cells.resize(columns().len(), DocCell::Empty);
    cells
}

/// The book's own month, with its calls and tickets.
fn own_row(making: &mut Making<'_, '_>) -> DocRow {
    let month = making.month;
    let own = month.data.month;
    let published = making.months.get(own).and_then(|known| known.published);
    let ended = month.offered.len() - month.waiting.len();
    let answered = month.answered.len();
    let mut cells = vec![text(own.name())];
    let entered = incidents::entered(making.input, own);
    cells.extend(incidents::measured_cells(entered, published));
    cells.extend([
        making.calls("offered", &month.offered),
        making.calls("answered", &month.answered),
        making.share_of("answered", &month.answered, ended),
        making.calls("first_unanswered", &month.first_unanswered),
        making.rest_of("first_unanswered", &month.first_unanswered, answered),
        making.tickets("escalated", Population::Happened, &month.escalated),
        making.rest_of("unsolved", &month.unsolved, answered),
        text("実測"),
    ]);
    row(own.to_string(), cells)
}

fn known_row(known: &KnownMonth<'_>, entered: Option<&IncidentCounts>) -> DocRow {
    let summary = &known.summary;
    let cells = match known.published {
        Some(published) if !known.is_measured => published_cells(published, entered),
        published => measured_cells(summary, incidents::measured_cells(entered, published)),
    };
    row(summary.month.to_string(), cells)
}

/// An earlier month that was measured here.
fn measured_cells(summary: &MonthSummary, incidents: Vec<DocCell>) -> Vec<DocCell> {
    let own = |column: &str| {
        let month = summary.month;
        of_month(month, format!("months/{month}/{column}"))
    };
    let count =
        |column: &str, count: u64, population| cells::count(number(count), population, own(column));
    let rate = |column: &str, rate: Option<String>, b: u64, a: u64| {
        let parts = Parts {
            a: number(a),
            b: number(b),
        };
        figure(percent(rate), Population::Arrived, Some(parts), own(column))
    };
    let mut cells = vec![text(summary.month.name())];
    cells.extend(incidents);
    let answered = summary.answered;
    cells.extend([
        count("offered", summary.offered, Population::Arrived),
        count("answered", answered, Population::Arrived),
        rate(
            "answer_rate",
            summary.answer_rate(),
            answered,
            summary.ended(),
        ),
        count(
            "first_unanswered",
            summary.first_unanswered,
            Population::Arrived,
        ),
        rate(
            "first_answer_rate",
            summary.first_answer_rate(),
            summary.first_unanswered,
            answered,
        ),
        count("escalations", summary.escalations, Population::Happened),
        rate(
            "resolution_rate",
            summary.resolution_rate(),
            summary.unsolved.unwrap_or(0),
            answered,
        ),
        text("実測"),
    ]);
    cells
}

/// A month as it was published.
fn published_cells(published: &PublishedMonth, entered: Option<&IncidentCounts>) -> Vec<DocCell> {
    let rate = |text: &str| DocCell::Published {
        text: text.to_owned(),
        source: published.source.clone(),
    };
    let count = |count| stated(count, &published.source);
    let mut cells = vec![text(published.month.name())];
    cells.extend(incidents::published_cells(published, entered));
    cells.extend([
        count(published.counts.offered),
        count(published.counts.answered),
        rate(&published.answer_rate),
        count(published.counts.first_unanswered),
        rate(&published.first_answer_rate),
        count(published.counts.escalations),
        rate(&published.resolution_rate),
        text(format!("取込み（{}）", published.source)),
    ]);
    cells
}

/// 年度計: sums, and the rates of the sums.
fn year(making: &Making<'_, '_>, months: &[DocRow]) -> DocRow {
    let year = making.month.data.month.fiscal_year();
    let known: Vec<&KnownMonth<'_>> = making.months.of_fiscal_year(year).collect();
    let mut cells = vec![text("年度計")];
    cells.extend(incidents::year(months));
    cells.extend(sums(&known));
    total("total", cells)
}

fn sums(known: &[&KnownMonth<'_>]) -> Vec<DocCell> {
    let sum =
        |of: fn(&MonthSummary) -> u64| -> u64 { known.iter().map(|one| of(&one.summary)).sum() };
    let rows = |column: &str| -> Rows {
        let months = known.iter().map(|one| one.summary.month);
        cells(months.map(|month| format!("months/{month}/{column}")))
    };
    let count = |column: &str, of: fn(&MonthSummary) -> u64, population| {
        cells::count(number(sum(of)), population, rows(column))
    };
    let answered = number(sum(|one| one.answered));
    let unanswered = number(sum(|one| one.first_unanswered));
    let solved: Vec<_> = known
        .iter()
        .filter_map(|one| Some((one.summary.answered, one.summary.unsolved?)))
        .collect();
    let of_them: u64 = solved.iter().map(|(answered, _)| answered).sum();
    let unsolved: u64 = solved.iter().map(|(_, unsolved)| unsolved).sum();
    let told = known.iter().filter(|one| one.summary.unsolved.is_some());
    let told = cells(told.map(|one| format!("months/{}/resolution_rate", one.summary.month)));
    let resolution = if solved.is_empty() {
        lacking(
            "問題未解決件数が公表されていない",
            Population::Arrived,
            told,
        )
    } else {
        cells::rest(number(unsolved), number(of_them), Population::Arrived, told)
    };
    vec![
        count("offered", |one| one.offered, Population::Arrived),
        count("answered", |one| one.answered, Population::Arrived),
        cells::share(
            answered,
            number(sum(MonthSummary::ended)),
            Population::Arrived,
            rows("answered"),
        ),
        count(
            "first_unanswered",
            |one| one.first_unanswered,
            Population::Arrived,
        ),
        cells::rest(
            unanswered,
            answered,
            Population::Arrived,
            rows("first_unanswered"),
        ),
        count("escalations", |one| one.escalations, Population::Happened),
        resolution,
        DocCell::Empty,
    ]
}
