//! 表1-1 主要指標: each indicator of the month, of the month and the year before, and of the year so far.

use madoguchi_core::month::Verdict;

use crate::document::{DocCell, DocRow, DocTable, Figure, Parts, Population, Rows};
use crate::month::cells::{self, cells, column, count, number, row, table, text};
use crate::month::making::{Making, of_month, percent, source_of, unknown};
use crate::month::months::KnownMonth;
use crate::month::summary::MonthSummary;

/// What an indicator is made of.
enum Kind {
    Count(fn(&MonthSummary) -> u64),
    /// The rate, its B and its A.
    Rate(
        fn(&MonthSummary) -> Option<String>,
        fn(&MonthSummary) -> Option<u64>,
        fn(&MonthSummary) -> u64,
    ),
}

/// An indicator of 表1-1.
struct Indicator {
    id: &'static str,
    name: &'static str,
    goal: &'static str,
    /// Its column in 表2-2.
    column: &'static str,
    population: Population,
    kind: Kind,
}

const INDICATORS: [Indicator; 7] = [
    Indicator {
        id: "offered",
        name: "着信件数（着信月）",
        goal: "",
        column: "offered",
        population: Population::Arrived,
        kind: Kind::Count(|one| one.offered),
    },
    Indicator {
        id: "answered",
        name: "応答件数（着信月）",
        goal: "",
        column: "answered",
        population: Population::Arrived,
        kind: Kind::Count(|one| one.answered),
    },
    Indicator {
        id: "answer_rate",
        name: "電話応答率（着信月）",
        goal: "90％以上",
        column: "answer_rate",
        population: Population::Arrived,
        kind: Kind::Rate(
            MonthSummary::answer_rate,
            |one| Some(one.answered),
            MonthSummary::ended,
        ),
    },
    Indicator {
        id: "first_unanswered",
        name: "一次未回答件数（着信月）",
        goal: "",
        column: "first_unanswered",
        population: Population::Arrived,
        kind: Kind::Count(|one| one.first_unanswered),
    },
    Indicator {
        id: "first_answer_rate",
        name: "一次回答率（着信月）",
        goal: "75％以上",
        column: "first_answer_rate",
        population: Population::Arrived,
        kind: Kind::Rate(
            MonthSummary::first_answer_rate,
            |one| Some(one.first_unanswered),
            |one| one.answered,
        ),
    },
    Indicator {
        id: "resolution_rate",
        name: "問題解決率（着信月）",
        goal: "95％以上",
        column: "resolution_rate",
        population: Population::Arrived,
        kind: Kind::Rate(
            MonthSummary::resolution_rate,
            |one| one.unsolved,
            |one| one.answered,
        ),
    },
    Indicator {
        id: "escalations",
        name: "エスカレーション数（発生月）",
        goal: "",
        column: "escalations",
        population: Population::Happened,
        kind: Kind::Count(|one| one.escalations),
    },
];

/// 表1-1
pub(super) fn indicators(making: &Making<'_, '_>) -> DocTable {
    let columns = vec![
        column("number", "項番"),
        column("name", "指標"),
        column("unit", "単位"),
        column("goal", "目標値"),
        column("now", "当月"),
        column("last_month", "前月"),
        column("last_year", "前年同月"),
        column("year", "年度累計"),
        column("verdict", "判定"),
    ];
    let rows = (1..).zip(&INDICATORS);
    let rows = rows
        .map(|(n, indicator)| line(making, n, indicator))
        .collect();
    let mut table = table("表1-1", "indicators", "主要指標", columns, rows);
    table.wide = true;
    table.notes = vec!["年度累計の率は、各月の率の平均ではなく、件数の計から求める。".to_owned()];
    table
}

fn line(making: &Making<'_, '_>, n: usize, indicator: &Indicator) -> DocRow {
    let own = making.month.data.month;
    let unit = match indicator.kind {
        Kind::Count(_) => "件",
        Kind::Rate(..) => "％",
    };
    let now = making.months.get(own);
    let cell = |month| match making.months.get(month) {
        Some(known) => figure_of(making, known, indicator),
        None => cells::lacking("記録がない", indicator.population, unknown(month)),
    };
    let verdict = now.map(|known| verdict(&known.summary, indicator));
    row(
        indicator.id,
        vec![
            text(n.to_string()),
            text(indicator.name),
            text(unit),
            text(if indicator.goal.is_empty() {
                "－"
            } else {
                indicator.goal
            }),
            cell(own),
            cell(own.previous()),
            cell(own.before(12)),
            of_year(making, indicator),
            text(verdict.unwrap_or("－")),
        ],
    )
}

/// The verdict, by integers.
fn verdict(summary: &MonthSummary, indicator: &Indicator) -> &'static str {
    let Kind::Rate(_, b, a) = indicator.kind else {
        return "－";
    };
    let (Some(b), a) = (b(summary), a(summary)) else {
        return "－";
    };
    let (part, rate) = match indicator.id {
        "answer_rate" => (b, 90_000),
        "first_answer_rate" => (a.saturating_sub(b), 75_000),
        _ => (a.saturating_sub(b), 95_000),
    };
    if a == 0 {
        return Verdict::NotApplicable.label();
    }
    let goal = madoguchi_core::month::Goal::AtLeast(rate);
    let verdict = if goal.is_met(part, a) {
        Verdict::Met
    } else {
        Verdict::Missed
    };
    verdict.label()
}

fn figure_of(making: &Making<'_, '_>, known: &KnownMonth<'_>, indicator: &Indicator) -> DocCell {
    let summary = &known.summary;
    let year = making.month.data.month.fiscal_year();
    let in_table = summary.month.fiscal_year() == year;
    let rows = || match known.published.filter(|_| !known.is_measured) {
        _ if in_table => cells([format!("months/{}/{}", summary.month, indicator.column)]),
        Some(published) => source_of(&published.source),
        None => of_month(
            summary.month,
            format!("months/{}/{}", summary.month, indicator.column),
        ),
    };
    match indicator.kind {
        Kind::Count(of) => count(number(of(summary)), indicator.population, rows()),
        Kind::Rate(rate, b, a) => {
            if let Some(published) = known.published.filter(|_| !known.is_measured) {
                let text = match indicator.id {
                    "answer_rate" => &published.answer_rate,
                    "first_answer_rate" => &published.first_answer_rate,
                    _ => &published.resolution_rate,
                };
                return DocCell::Published {
                    text: text.clone(),
                    source: published.source.clone(),
                };
            }
            DocCell::Figure(Figure {
                value: shown(making, summary, indicator, percent(rate(summary))),
                population: indicator.population,
                parts: Some(Parts {
                    a: number(a(summary)),
                    b: number(b(summary).unwrap_or(0)),
                }),
                rows: rows(),
            })
        }
    }
}

/// The book's own month shows as many digits as its verdict needs.
fn shown(
    making: &Making<'_, '_>,
    summary: &MonthSummary,
    indicator: &Indicator,
    usual: crate::document::Value,
) -> crate::document::Value {
    let own = summary.month == making.month.data.month;
    let judged = making.judged.iter().find(|one| {
        one.item.system == madoguchi_core::ticket::System::Indirect
            && one.item.level.as_str() == indicator.id
    });
    match judged.and_then(|one| one.value.clone()) {
        Some(value) if own => crate::document::Value::Percent(value),
        _ => usual,
    }
}

/// 年度累計
fn of_year(making: &Making<'_, '_>, indicator: &Indicator) -> DocCell {
    let year = making.month.data.month.fiscal_year();
    let known: Vec<_> = making.months.of_fiscal_year(year).collect();
    let rows = |column: &str| -> Rows {
        let months = known.iter().map(|one| one.summary.month);
        cells(months.map(|month| format!("months/{month}/{column}")))
    };
    match indicator.kind {
        Kind::Count(of) => {
            let sum: u64 = known.iter().map(|one| of(&one.summary)).sum();
            count(number(sum), indicator.population, rows(indicator.column))
        }
        Kind::Rate(_, b, a) => {
            let told: Vec<_> = known
                .iter()
                .filter_map(|one| Some((one, b(&one.summary)?, a(&one.summary))))
                .collect();
            let b: u64 = told.iter().map(|(_, b, _)| b).sum();
            let a: u64 = told.iter().map(|(_, _, a)| a).sum();
            let column = match indicator.id {
                "answer_rate" => "answered",
                "first_answer_rate" => "first_unanswered",
                other => other,
            };
            let months = told.iter().map(|(one, ..)| one.summary.month);
            let rows = cells(months.map(|month| format!("months/{month}/{column}")));
            if indicator.id == "answer_rate" {
                cells::share(number(b), number(a), indicator.population, rows)
            } else {
                cells::rest(number(b), number(a), indicator.population, rows)
            }
        }
    }
}
