//! Short words for the parts of a book.

use chrono::{Days, NaiveDate};
use madoguchi_core::time::{Instant, Millis};

use crate::document::{
    Block, Chapter, Chart, ChartKind, DocCell, DocColumn, DocRow, DocTable, Figure, Parts,
    Population, Revision, Rows, Value,
};

pub(super) fn revision(edition: u32, date: &str, place: &str) -> Revision {
    Revision {
        edition,
        date: day(date),
        place: place.to_owned(),
        before: "1,028".to_owned(),
        after: "1,029".to_owned(),
        reason: "他の拠点の通話が遅れて届いたため。".to_owned(),
        confirmed_by: "品質 太郎".to_owned(),
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

pub(super) fn chart(
    number: &str,
    id: &str,
    kind: ChartKind,
    table: &str,
    labels: &str,
    series: &[&str],
) -> Block {
    Block::Chart(Chart {
        number: number.to_owned(),
        id: id.to_owned(),
        title: format!("{number}の題<名>"),
        alt: "着信は4月に最も多い。".to_owned(),
        kind,
        table: table.to_owned(),
        labels: labels.to_owned(),
        series: series.iter().map(|&id| id.to_owned()).collect(),
    })
}

/// So many lines, each of which names its number.
pub(super) fn lines(count: u32) -> String {
    let lines: Vec<_> = (1..=count)
        .map(|n| format!("{n}行目の文である。"))
        .collect();
    lines.join("\n")
}

pub(super) fn text(text: &str) -> DocCell {
    DocCell::Text {
        text: text.to_owned(),
    }
}

pub(super) fn published(text: &str) -> DocCell {
    DocCell::Published {
        text: text.to_owned(),
        source: "別紙8-2".to_owned(),
    }
}

pub(super) fn count(count: i64, selection: &str) -> DocCell {
    figure(Value::Count(count), None, selection)
}

pub(super) fn percent(percent: &str, a: i64, b: i64) -> DocCell {
    figure(
        Value::Percent(percent.to_owned()),
        Some(Parts { a, b }),
        "answered",
    )
}

pub(super) fn duration(ms: i64) -> DocCell {
    figure(Value::Duration(ms), None, "answered")
}

pub(super) fn none(reason: &str) -> DocCell {
    figure(Value::None(reason.to_owned()), None, "facts")
}

fn figure(value: Value, parts: Option<Parts>, selection: &str) -> DocCell {
    let selection = selection.to_owned();
    let rows = match selection.as_str() {
        "escalated" => Rows::Tickets { selection },
        "facts" => Rows::Facts { selection },
        _ => Rows::Calls { selection },
    };
    DocCell::Figure(Figure {
        value,
        population: Population::Arrived,
        parts,
        rows,
    })
}

/// A day; one that is none is told as the epoch's.
pub(super) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap_or_default()
}

/// So many minutes after the beginning of a day in Tokyo.
pub(super) fn at(date: &str, minutes: u64) -> Instant {
    let days = day(date) + Days::new(minutes / 1_440);
    let rest = i64::try_from(minutes % 1_440).unwrap_or(0);
    Instant::start_of(days) + Millis(rest * 60_000)
}

pub(super) fn table(number: &str, id: &str, title: &str) -> TableBuilder {
    TableBuilder {
        table: DocTable {
            number: number.to_owned(),
            id: id.to_owned(),
            title: title.to_owned(),
            columns: Vec::new(),
            rows: Vec::new(),
            notes: Vec::new(),
            wide: false,
        },
    }
}

pub(super) struct TableBuilder {
    table: DocTable,
}

impl TableBuilder {
    pub(super) fn columns(mut self, columns: &[(&str, &str, Option<&str>)]) -> Self {
        let column = |&(id, name, unit): &(&str, &str, Option<&str>)| DocColumn {
            id: id.to_owned(),
            name: name.to_owned(),
            unit: unit.map(str::to_owned),
        };
        self.table.columns = columns.iter().map(column).collect();
        self
    }

    pub(super) fn wide(mut self) -> Self {
        self.table.wide = true;
        self
    }

    pub(super) fn row(mut self, id: &str, cells: Vec<DocCell>) -> Self {
        self.table.rows.push(DocRow {
            id: id.to_owned(),
            cells,
            total: false,
        });
        self
    }

    pub(super) fn total(self, id: &str, cells: Vec<DocCell>) -> Self {
        let mut sum = self.row(id, cells);
        if let Some(row) = sum.table.rows.last_mut() {
            row.total = true;
        }
        sum
    }

    pub(super) fn note(mut self, note: &str) -> Self {
        self.table.notes.push(note.to_owned());
        self
    }

    pub(super) fn block(self) -> Block {
        Block::Table(self.table)
    }
}
