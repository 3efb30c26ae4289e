//! Every text of a book, one by one, with the place where it stands.

use std::fmt;

use madoguchi_reports::document::{Block, Chart, DocCell, DocTable, Document, Revision, Value};

/// Where a text stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// 表紙, 改版履歴, 第1 or the number of a table or chart.
    part: &'a str,
    /// The row of the table, from 1.
    row: Option<usize>,
    /// The column of the table.
    column: Option<&'a str>,
}

impl<'a> Place<'a> {
    fn part(part: &'a str) -> Self {
        Self {
            part,
            row: None,
            column: None,
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.part)?;
        if let Some(row) = self.row {
            write!(f, " {row}行目")?;
        }
        match self.column {
            Some(column) => write!(f, "「{column}」"),
            None => Ok(()),
        }
    }
}

/// Hands every text that a reader of the book sees to `edit`.
pub(crate) fn each_text(document: &mut Document, edit: &mut dyn FnMut(&mut String, &Place<'_>)) {
    let cover = Place::part("表紙");
    for text in [
        &mut document.name,
        &mut document.submitted_to,
        &mut document.submitted_by,
        &mut document.classification,
    ] {
        edit(text, &cover);
    }
    for seal in &mut document.seals {
        edit(seal, &cover);
    }
    for revision in &mut document.revisions {
        of_revision(revision, edit);
    }
    for chapter in &mut document.chapters {
        let part = chapter.number.clone();
        let place = Place::part(&part);
        edit(&mut chapter.number, &place);
        edit(&mut chapter.title, &place);
        for block in &mut chapter.blocks {
            of_block(block, &place, edit);
        }
    }
}

fn of_revision(revision: &mut Revision, edit: &mut dyn FnMut(&mut String, &Place<'_>)) {
    for text in [
        &mut revision.place,
        &mut revision.before,
        &mut revision.after,
        &mut revision.reason,
        &mut revision.confirmed_by,
    ] {
        edit(text, &Place::part("改版履歴"));
    }
}

fn of_block(block: &mut Block, place: &Place<'_>, edit: &mut dyn FnMut(&mut String, &Place<'_>)) {
    match block {
        Block::Heading { text } | Block::Sentence { text } => edit(text, place),
        Block::Remark { text, author, .. } => {
            edit(text, place);
            edit(author, place);
        }
        Block::Table(table) => of_table(table, edit),
        Block::Chart(chart) => of_chart(chart, edit),
    }
}

fn of_table(table: &mut DocTable, edit: &mut dyn FnMut(&mut String, &Place<'_>)) {
    let number = table.number.clone();
    let place = Place::part(&number);
    edit(&mut table.number, &place);
    edit(&mut table.title, &place);
    for column in &mut table.columns {
        edit(&mut column.name, &place);
        if let Some(unit) = &mut column.unit {
            edit(unit, &place);
        }
    }
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| column.name.clone())
        .collect();
    for (row, cells) in table.rows.iter_mut().enumerate() {
        for (at, cell) in cells.cells.iter_mut().enumerate() {
            let place = Place {
                part: &number,
                row: Some(row + 1),
                column: columns.get(at).map(String::as_str),
            };
            of_cell(cell, &place, edit);
        }
    }
    for note in &mut table.notes {
        edit(note, &place);
    }
}

fn of_cell(cell: &mut DocCell, place: &Place<'_>, edit: &mut dyn FnMut(&mut String, &Place<'_>)) {
    match cell {
        DocCell::Text { text } | DocCell::Published { text, .. } => edit(text, place),
        DocCell::Figure(figure) => match &mut figure.value {
            Value::Percent(text) | Value::Decimal(text) => edit(text, place),
            Value::Count(_) | Value::Duration(_) | Value::None(_) => {}
        },
        DocCell::Date { .. } | DocCell::Time { .. } | DocCell::Empty => {}
    }
}

fn of_chart(chart: &mut Chart, edit: &mut dyn FnMut(&mut String, &Place<'_>)) {
    let number = chart.number.clone();
    let place = Place::part(&number);
    for text in [&mut chart.number, &mut chart.title, &mut chart.alt] {
        edit(text, &place);
    }
}
