//! 第1 概況

use std::cmp::Ordering;

use madoguchi_core::month::{Judged, Verdict};

use crate::document::{Block, Chapter, DocCell, DocRow, DocTable, Figure, Parts, Population, Rows};
use crate::month::cells::{
    self, cells, column, count, day, heading, number, row, sentence, table, text,
};
use crate::month::making::{Making, percent, source_of};
use crate::month::months::KnownMonth;
use crate::month::summary::MonthSummary;

pub(super) fn chapter(making: &mut Making<'_, '_>) -> Chapter {
    let mut blocks = vec![heading("1　当月の要点"), heading("(1)　現状")];
    blocks.extend(state(making).into_iter().map(sentence));
    blocks.push(heading("(2)　計画との差異"));
    blocks.extend(against_plan(making).into_iter().map(sentence));
    blocks.push(heading("(3)　今後の予測"));
    blocks.push(sentence(expected(making)));
    blocks.push(heading("(4)　対応策"));
    blocks.extend(measures(making).into_iter().map(sentence));
    blocks.push(Block::Table(indicators(making)));
    blocks.push(heading("2　前月報告会での指示事項と対応"));
    blocks.push(instructions(making));
    making.chapter("第1", "overview", "概況", blocks)
}

/// The month in sentences, from its figures.
fn state(making: &Making<'_, '_>) -> Vec<String> {
    let month = making.month;
    let name = month.data.month.name();
    let (offered, answered) = (month.offered.len(), month.answered.len());
    let comma = |count: usize| crate::document::with_commas(cells::size(count));
    let mut sentences = Vec::new();
    if offered == 0 {
        sentences.push(format!("{name}の着信はなかった。"));
    } else {
        let own = making.months.get(month.data.month);
        let rate = own.and_then(|known| known.summary.answer_rate());
        let rate = rate.map_or("－".to_owned(), |rate| format!("{rate}％"));
        sentences.push(format!(
            "{name}の着信は{}件で、うち{}件に応答した（応答率{rate}）。{}",
            comma(offered),
            comma(answered),
            compared(making),
        ));
    }
    let without: usize = month.no_ticket.values().map(Vec::len).sum();
    sentences.push(format!(
        "応答した通話のうち、{}件を問合せとして登録し、{}件を対象外とした。一次未回答は{}件、問題未解決は{}件である。",
        comma(month.registered.len()),
        comma(without),
        comma(month.first_unanswered.len()),
        comma(month.unsolved.len()),
    ));
    if !month.unregistered.is_empty() {
        sentences.push(format!(
            "{}件の通話が未登録であり、件数は確定していない。",
            comma(month.unregistered.len())
        ));
    }
    sentences.push(format!(
        "当月に初めて事業者へ引き渡した問合せは{}件、アプリケーション機能分析を始めたものは{}件である。\
         当月末に完了していない問合せは{}件である。",
        comma(month.escalated.len()),
        comma(month.analyses.len()),
        comma(month.carried.left.len()),
    ));
    sentences
}

/// How the month stands to the last one and to that of last year.
fn compared(making: &Making<'_, '_>) -> String {
    let month = making.month.data.month;
    let offered = cells::size(making.month.offered.len());
    let mut sentences = String::new();
    for (name, other) in [("前月", month.previous()), ("前年同月", month.before(12))] {
        let Some(known) = making.months.get(other) else {
            continue;
        };
        let before = number(known.summary.offered);
        let difference = crate::document::with_commas((offered - before).abs());
        sentences.push_str(&match offered.cmp(&before) {
            Ordering::Greater => format!("{name}より{difference}件多い。"),
            Ordering::Less => format!("{name}より{difference}件少ない。"),
            Ordering::Equal => format!("{name}と同数である。"),
        });
    }
    sentences
}

/// The items of 別紙6 that were met and missed.
fn against_plan(making: &Making<'_, '_>) -> Vec<String> {
    let own = making.input.scope.system;
    let of_book = |one: &&Judged| own.is_none_or(|system| one.item.system == system);
    let judged: Vec<&Judged> = making.judged.iter().filter(of_book).collect();
    let missed: Vec<&&Judged> = judged
        .iter()
        .filter(|one| one.verdict == Verdict::Missed)
        .collect();
    let met = judged
        .iter()
        .filter(|one| one.verdict == Verdict::Met)
        .count();
    let nothing = judged.len() - met - missed.len();
    let mut sentences = Vec::new();
    if missed.is_empty() {
        sentences.push(format!(
            "サービスレベルの評価項目は、対象のあった{met}項目の全てで目標を達成した（対象なし{nothing}項目）。"
        ));
    } else {
        sentences.push(format!(
            "サービスレベルの評価項目のうち、{}項目で目標を達成できなかった（達成{met}項目、対象なし{nothing}項目）。",
            missed.len()
        ));
    }
    for one in missed {
        let item = one.item;
        let value = one.value.as_deref().unwrap_or("－");
        let unit = match item.formula() {
            madoguchi_core::month::Formula::Count => "件",
            _ => "％",
        };
        sentences.push(format!(
            "項番{}「{}」は、目標{}に対し、実績{value}{unit}である。",
            item.number(),
            item.level.label(),
            item.goal_text(),
        ));
    }
    sentences
}

fn expected(making: &Making<'_, '_>) -> String {
    match &making.input.outlook {
        Some(outlook) if !outlook.days.is_empty() => {
            let calls: f64 = outlook.days.iter().map(|day| day.calls).sum();
            let next = making.month.data.month.next().name();
            format!("{next}の着信は{calls:.0}件と予測する（表10-1）。")
        }
        _ => "予測に足りる実績がないため、翌月の着信の予測は示さない。".to_owned(),
    }
}

fn measures(making: &Making<'_, '_>) -> Vec<String> {
    let missed = |one: &&Judged| one.verdict == Verdict::Missed;
    if making.judged.iter().any(|one| missed(&one)) {
        return vec![
            "目標を達成できなかった項目について、原因、改善案及び日程を第7の改善状況報告に示す。"
                .to_owned(),
        ];
    }
    vec!["目標を達成できなかった項目はなく、引き続き現在の体制で対応する。".to_owned()]
}

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
fn indicators(making: &Making<'_, '_>) -> DocTable {
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
        Some(known) => of_month(making, known, indicator),
        None => cells::lacking("記録がない", indicator.population, source_of(month, None)),
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

fn of_month(making: &Making<'_, '_>, known: &KnownMonth<'_>, indicator: &Indicator) -> DocCell {
    let summary = &known.summary;
    let year = making.month.data.month.fiscal_year();
    let in_table = summary.month.fiscal_year() == year;
    let rows = || match known.published.filter(|_| !known.is_measured) {
        _ if in_table => cells([format!("months/{}/{}", summary.month, indicator.column)]),
        Some(published) => source_of(summary.month, Some(&published.source)),
        None => source_of(summary.month, None),
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

fn instructions(making: &Making<'_, '_>) -> Block {
    let written = &making.input.written.instructions;
    if written.is_empty() {
        return sentence("前月の報告会での指示事項はない。");
    }
    let columns = vec![
        column("number", "項番"),
        column("what", "指示事項"),
        column("state", "対応状況"),
        column("due", "完了（予定）日"),
    ];
    let rows = (1..).zip(written).map(|(n, one)| {
        let n: usize = n;
        row(
            format!("instruction_{n}"),
            vec![
                text(n.to_string()),
                text(&one.text),
                text(if one.done {
                    format!("【完了】{}", one.response)
                } else {
                    one.response.clone()
                }),
                day(one.by_day),
            ],
        )
    });
    let rows = rows.collect();
    Block::Table(table(
        "表1-2",
        "instructions",
        "指示事項と対応",
        columns,
        rows,
    ))
}
