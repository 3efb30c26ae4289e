//! 第9 作業実績 (別紙8-1 項番14～17、22～26)

use madoguchi_core::month::Month;
use madoguchi_core::ticket::{System, Ticket};

use crate::document::{
    Block, Chapter, DocCell, DocRow, DocTable, Figure, MonthCell, Population, Rows, Value,
};
use crate::month::cells::{cells, column, count, measured, number, row, table, text, unstated};
use crate::month::making::Making;
use crate::month::summary::{MonthSummary, inquiries_of};

/// How often a kind of work is expected.
#[derive(Clone, Copy)]
enum Expected {
    Monthly(i64),
    /// So often in a fiscal year, told in words.
    Yearly(i64, &'static str),
}

/// A row of 別紙8-1.
struct Line {
    number: u32,
    name: &'static str,
    expected: Expected,
    of: Source,
}

/// Where its counts come from.
#[derive(Clone, Copy)]
enum Source {
    /// People write it.
    Entered,
    /// The desk measures it.
    Measured(fn(&MonthSummary) -> u64),
    /// The same, and 別紙8-2 tells it of months that were published: its column in 表2-2.
    Published(fn(&MonthSummary) -> u64, &'static str),
}

const LINES: [Line; 9] = [
    Line {
        number: 14,
        name: "（間接）作業依頼受付対応",
        expected: Expected::Monthly(48),
        of: Source::Entered,
    },
    Line {
        number: 15,
        name: "（MACS）作業依頼受付対応",
        expected: Expected::Yearly(4, "四半期に1回"),
        of: Source::Entered,
    },
    Line {
        number: 16,
        name: "（間接）作業依頼対応",
        expected: Expected::Monthly(53),
        of: Source::Entered,
    },
    Line {
        number: 17,
        name: "（MACS）作業依頼対応",
        expected: Expected::Monthly(1),
        of: Source::Entered,
    },
    Line {
        number: 22,
        name: "（ヘルプ）問合せ受付（応答件数）",
        expected: Expected::Monthly(361),
        of: Source::Published(|one| one.answered, "answered"),
    },
    Line {
        number: 23,
        name: "（ヘルプ）FAQ",
        expected: Expected::Yearly(1, "年に1回"),
        of: Source::Entered,
    },
    Line {
        number: 24,
        name: "（ヘルプ）アプリケーション機能分析",
        expected: Expected::Monthly(21),
        of: Source::Measured(|one| one.analyses),
    },
    Line {
        number: 25,
        name: "（間接）問合せ対応",
        expected: Expected::Monthly(4),
        of: Source::Measured(|one| inquiries(one, System::Indirect)),
    },
    Line {
        number: 26,
        name: "（MACS）問合せ対応",
        expected: Expected::Yearly(4, "四半期に1回"),
        of: Source::Measured(|one| inquiries(one, System::Macs)),
    },
];

fn inquiries(summary: &MonthSummary, system: System) -> u64 {
    summary.inquiries.get(&system).copied().unwrap_or(0)
}

/// The work that people count, by its number in 別紙8-1 and its name.
pub fn entered_work() -> impl Iterator<Item = (u32, &'static str)> {
    let entered = LINES.iter();
    let entered = entered.filter(|line| matches!(line.of, Source::Entered));
    entered.map(|line| (line.number, line.name))
}

pub(super) fn chapter(making: &mut Making<'_, '_>) -> Chapter {
    let all: Vec<u32> = LINES.iter().map(|line| line.number).collect();
    let table = lines(making, &all);
    making.chapter("第9", "work", "作業実績", vec![Block::Table(table)])
}

/// 表9-1 of these rows of 別紙8-1.
pub(in crate::month) fn lines(making: &mut Making<'_, '_>, numbers: &[u32]) -> DocTable {
    let columns = vec![
        column("number", "項番"),
        column("name", "作業名"),
        measured("now", "当月", "回"),
        measured("year", "年度累計", "回"),
        column("expected", "想定回数"),
        measured("difference", "差", "回"),
    ];
    let lines = LINES.iter().filter(|line| numbers.contains(&line.number));
    let rows = lines.map(|line| work_row(making, line)).collect();
    let mut table = table("表9-1", "work", "作業実績（別紙8-1）", columns, rows);
    table.notes = vec![
        "項番22、24、25及び26は実測、ほかは記入による。差は、月当たりの想定回数があるものは当月、ほかは年度累計との差である。"
            .to_owned(),
        "項番22は着信月、項番24は発生月、項番25及び26は受付月による。取り込んだ月の件数は、公表されている項番22だけを年度累計に含める。"
            .to_owned(),
    ];
    table
}

fn work_row(making: &mut Making<'_, '_>, line: &Line) -> DocRow {
    let (now, year) = match line.of {
        Source::Entered => written(making, line.number),
        Source::Measured(of) => {
            let now = own(making, line);
            let year = measured_year(making, line.number, of, population(&now));
            (now, year)
        }
        Source::Published(of, column) => {
            let now = own(making, line);
            let year = known_year(making, of, column, population(&now));
            (now, year)
        }
    };
    let (expected, compared, column) = match line.expected {
        Expected::Monthly(times) => (times, &now, "now"),
        Expected::Yearly(times, _) => (times, &year, "year"),
    };
    let words = match line.expected {
        Expected::Monthly(times) => format!("月{times}回"),
        Expected::Yearly(_, words) => words.to_owned(),
    };
    let id = format!("work_{}", line.number);
    let rows = cells([format!("work/{id}/{column}")]);
    let difference = match value_of(compared) {
        Some(times) => Figure {
            value: Value::Decimal((times - expected).to_string()),
            population: population(compared),
            parts: None,
            rows,
        },
        None => Figure {
            value: Value::None("記入されていない".to_owned()),
            population: Population::Stated,
            parts: None,
            rows,
        },
    };
    row(
        id,
        vec![
            text(line.number.to_string()),
            text(line.name),
            now,
            year,
            text(words),
            DocCell::Figure(difference),
        ],
    )
}

fn value_of(cell: &DocCell) -> Option<i64> {
    match cell {
        DocCell::Figure(Figure {
            value: Value::Count(count),
            ..
        }) => Some(*count),
        _ => None,
    }
}

fn population(cell: &DocCell) -> Population {
    match cell {
        DocCell::Figure(figure) => figure.population,
        _ => Population::Stated,
    }
}

fn own(making: &mut Making<'_, '_>, line: &Line) -> DocCell {
    let month = making.month;
    match line.number {
        22 => making.calls("answered", &month.answered),
        24 => making.tickets("analyses", Population::Happened, &month.analyses),
        number => {
            let system = if number == 25 {
                System::Indirect
            } else {
                System::Macs
            };
            let mut tickets: Vec<&Ticket> = inquiries_of(month.data)
                .filter(|ticket| ticket.fields.system == system)
                .collect();
            tickets.sort_by_key(|ticket| (ticket.number, &ticket.id));
            let name = format!("inquiries_{}", system.as_str());
            making.tickets(&name, Population::Received, &tickets)
        }
    }
}

/// The sum of the months of the fiscal year that were measured here: nobody tells it of others.
fn measured_year(
    making: &Making<'_, '_>,
    line: u32,
    of: fn(&MonthSummary) -> u64,
    population: Population,
) -> DocCell {
    let own = making.month.data.month;
    let known: Vec<_> = making
        .months
        .of_fiscal_year(own.fiscal_year())
        .filter(|known| known.is_measured)
        .collect();
    let sum: u64 = known.iter().map(|known| of(&known.summary)).sum();
    let cells = known.iter().map(|one| MonthCell {
        month: one.summary.month,
        cell: format!("work/work_{line}/now"),
    });
    let cells = cells.collect();
    count(number(sum), population, Rows::Months { cells })
}

/// The sum of all known months of the fiscal year, published ones as well, as in 表1-1 and 表2-2.
fn known_year(
    making: &Making<'_, '_>,
    of: fn(&MonthSummary) -> u64,
    column: &str,
    population: Population,
) -> DocCell {
    let own = making.month.data.month;
    let known = making.months.of_fiscal_year(own.fiscal_year());
    let known: Vec<&MonthSummary> = known.map(|known| &known.summary).collect();
    let sum: u64 = known.iter().map(|one| of(one)).sum();
    let months = known.iter().map(|one| one.month);
    let rows = cells(months.map(|month| format!("months/{month}/{column}")));
    count(number(sum), population, rows)
}

/// What people entered of this month and of the fiscal year so far.
fn written(making: &Making<'_, '_>, line: u32) -> (DocCell, DocCell) {
    let own = making.month.data.month;
    let work = making.input.written.work.iter();
    let of_year: Vec<_> = work
        .filter(|one| {
            one.number == line && one.month <= own && one.month.fiscal_year() == own.fiscal_year()
        })
        .collect();
    let now: Vec<_> = of_year.iter().filter(|one| one.month == own).collect();
    let sum = |all: u64, source: &str| crate::month::cells::stated(all, source);
    let source = |month: Month| match of_year.iter().find(|one| one.month == month) {
        Some(one) => one.source.clone(),
        None => "記入".to_owned(),
    };
    let cell = |known: bool, all: u64| {
        if known {
            sum(all, &source(own))
        } else {
            unstated("記入されていない")
        }
    };
    (
        cell(!now.is_empty(), now.iter().map(|one| one.count).sum()),
        cell(
            !of_year.is_empty(),
            of_year.iter().map(|one| one.count).sum(),
        ),
    )
}
