//! A month's report, from made-up months: 別紙 8-2, and the faults that were seen in the reports of others.

mod appendix;
mod books;
mod cases;
mod checks;
mod outlook;
mod privacy;
mod proof;
mod row_notes;
mod running;
mod unmeasured;
mod waiting;
mod year;

use madoguchi_core::hours::{Calendar, HoursSettings};
use madoguchi_core::month::Month;
use madoguchi_core::setup::Calendars;

use super::sample::cases::{counts, input, made_up, rules};
use super::sample::{SampleCounts, SampleMonth, sample};
use super::*;
use crate::document::{DocCell, Figure, Value};

fn month(text: &str) -> Month {
    text.parse().unwrap()
}

fn input_of(counts: SampleCounts) -> MonthInput {
    let month = counts.month;
    input(made_up(counts).data(month, month.end()))
}

fn figure<'r>(report: &'r MonthReport, table: &str, row: &str, column: &str) -> &'r Figure {
    let table_of = report.document.table(table);
    let cell = table_of.and_then(|table| table.cell(row, column));
    match cell {
        Some(DocCell::Figure(figure)) => figure,
        other => panic!("{table}/{row}/{column}: {other:?}"),
    }
}

fn count(report: &MonthReport, table: &str, row: &str, column: &str) -> i64 {
    match &figure(report, table, row, column).value {
        Value::Count(count) => *count,
        other => panic!("{table}/{row}/{column}: {other:?}"),
    }
}

fn text(report: &MonthReport, table: &str, row: &str, column: &str) -> String {
    figure(report, table, row, column).value.text()
}
