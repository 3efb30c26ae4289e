//! Cells, columns and rows of a book in few words.

use chrono::NaiveDate;
use madoguchi_core::figures::percentage;
use madoguchi_core::time::{Instant, Millis};

use crate::document::{
    Block, Chapter, DocCell, DocColumn, DocRow, DocTable, Figure, Parts, Population, Rows, Value,
};

pub(super) fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

pub(super) fn size(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

pub(super) fn text(text: impl Into<String>) -> DocCell {
    DocCell::Text { text: text.into() }
}

pub(super) fn date(date: NaiveDate) -> DocCell {
    DocCell::Date { date }
}

pub(super) fn time(at: Option<Instant>) -> DocCell {
    at.map_or(DocCell::Empty, |at| DocCell::Time { at })
}

/// A date that may be missing.
pub(super) fn day(date: Option<NaiveDate>) -> DocCell {
    date.map_or(DocCell::Empty, |date| DocCell::Date { date })
}

pub(super) fn figure(
    value: Value,
    population: Population,
    parts: Option<Parts>,
    rows: Rows,
) -> DocCell {
    DocCell::Figure(Figure {
        value,
        population,
        parts,
        rows,
    })
}

pub(super) fn count(count: i64, population: Population, rows: Rows) -> DocCell {
    figure(Value::Count(count), population, None, rows)
}

/// B ÷ A in percent; 「－」 over nothing. The rows are B.
pub(super) fn share(b: i64, a: i64, population: Population, rows: Rows) -> DocCell {
    rate_of(b, b, a, population, rows)
}

/// (1 − B ÷ A) in percent; 「－」 over nothing. The rows are B.
pub(super) fn rest(b: i64, a: i64, population: Population, rows: Rows) -> DocCell {
    rate_of(a.saturating_sub(b), b, a, population, rows)
}

fn rate_of(part: i64, b: i64, a: i64, population: Population, rows: Rows) -> DocCell {
    let unsigned = |count: i64| u64::try_from(count).unwrap_or(0);
    let value = match percentage(unsigned(part), unsigned(a)) {
        Some(percent) => Value::Percent(percent),
        None => Value::None(NOTHING.to_owned()),
    };
    figure(value, population, Some(Parts { a, b }), rows)
}

/// Why a rate over nothing is 「－」.
pub(super) const NOTHING: &str = "対象が0件";

/// 「－」, with the reason.
pub(super) fn lacking(reason: &str, population: Population, rows: Rows) -> DocCell {
    figure(Value::None(reason.to_owned()), population, None, rows)
}

/// What was entered or published.
pub(super) fn stated(count: u64, source: &str) -> DocCell {
    let source = source.to_owned();
    let rows = Rows::Source { source };
    figure(Value::Count(number(count)), Population::Stated, None, rows)
}

/// What nobody entered.
pub(super) fn unstated(reason: &str) -> DocCell {
    let source = "記入".to_owned();
    lacking(reason, Population::Stated, Rows::Source { source })
}

pub(super) fn length(time: Option<Millis>, population: Population, rows: Rows) -> DocCell {
    let value = match time {
        Some(time) => Value::Duration(time.0),
        None => Value::None(NOTHING.to_owned()),
    };
    figure(value, population, None, rows)
}

/// `sum ÷ count` with one decimal, rounded half up.
pub(super) fn mean(sum: i64, count: i64, population: Population, rows: Rows) -> DocCell {
    let parts = Some(Parts { a: count, b: sum });
    let tenths = (sum * 20 + count).checked_div(count * 2);
    let value = match tenths {
        Some(tenths) => Value::Decimal(format!("{}.{}", tenths / 10, tenths % 10)),
        None => Value::None(NOTHING.to_owned()),
    };
    figure(value, population, parts, rows)
}

pub(super) fn cells(cells: impl IntoIterator<Item = String>) -> Rows {
    Rows::Cells {
        cells: cells.into_iter().collect(),
    }
}

pub(super) fn column(id: &str, name: &str) -> DocColumn {
    DocColumn {
        id: id.to_owned(),
        name: name.to_owned(),
        unit: None,
    }
}

pub(super) fn measured(id: &str, name: &str, unit: &str) -> DocColumn {
    DocColumn {
        unit: Some(unit.to_owned()),
        ..column(id, name)
    }
}

pub(super) fn row(id: impl Into<String>, cells: Vec<DocCell>) -> DocRow {
    DocRow {
        id: id.into(),
        cells,
        total: false,
    }
}

pub(super) fn total(id: impl Into<String>, cells: Vec<DocCell>) -> DocRow {
    DocRow {
        total: true,
        ..row(id, cells)
    }
}

pub(super) fn table(
    number: &str,
    id: &str,
    title: &str,
    columns: Vec<DocColumn>,
    rows: Vec<DocRow>,
) -> DocTable {
    DocTable {
        number: number.to_owned(),
        id: id.to_owned(),
        title: title.to_owned(),
        columns,
        rows,
        notes: Vec::new(),
        wide: false,
    }
}

pub(super) fn chapter(number: &str, id: &str, title: &str, blocks: Vec<Block>) -> Chapter {
    Chapter {
        number: number.to_owned(),
        id: id.to_owned(),
        title: title.to_owned(),
        blocks,
    }
}

pub(super) fn heading(text: &str) -> Block {
    Block::Heading {
        text: text.to_owned(),
    }
}

pub(super) fn sentence(text: impl Into<String>) -> Block {
    Block::Sentence { text: text.into() }
}
