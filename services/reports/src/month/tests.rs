//! A month's report, from made-up months: 別紙 8-2, and the faults that were seen in the reports of others.

mod cases;
mod proof;
mod running;
mod year;

use std::collections::BTreeMap;

use madoguchi_core::figures::FiguresSettings;
use madoguchi_core::hours::{Calendar, HoursSettings};
use madoguchi_core::month::{Month, PaymentRun};
use madoguchi_core::service::Divisions;
use madoguchi_core::setup::{Calendars, Categories};
use madoguchi_core::ticket::NumberForm;

use super::sample::{SampleCounts, SampleMonth, sample};
use super::*;
use crate::document::{DocCell, Figure, Value};

fn month(text: &str) -> Month {
    text.parse().unwrap()
}

fn calendar() -> Calendar {
    Calendar::new(HoursSettings::default())
}

fn rules() -> MonthRules {
    MonthRules {
        calendars: Calendars::one(calendar()),
        divisions: Divisions::default(),
        categories: Categories::default(),
        figures: FiguresSettings::default(),
        late_is_unanswered: false,
        run: PaymentRun::AnyItem,
        numbers: NumberForm::default(),
    }
}

/// A month with these counts, and a few of everything else.
fn counts(text: &str, offered: u32, answered: u32) -> SampleCounts {
    SampleCounts {
        month: month(text),
        offered,
        answered,
        first_unanswered: answered / 20,
        escalations: answered / 40,
        unsolved: answered / 100,
        after_hours: 7,
        portal: 5,
    }
}

fn made_up(counts: SampleCounts) -> SampleMonth {
    sample(counts, &calendar(), &"help".into(), 0)
}

fn input(data: MonthData) -> MonthInput {
    let made_at = data.month.end();
    MonthInput {
        data,
        scope: Scope::help_desk(),
        rules: rules(),
        past: Vec::new(),
        published: Vec::new(),
        facts: Vec::new(),
        own_goals: BTreeMap::new(),
        written: Written::default(),
        knowledge: None,
        outlook: None,
        cover: Cover::default(),
        names: BTreeMap::new(),
        articles: BTreeMap::new(),
        made_at,
    }
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
