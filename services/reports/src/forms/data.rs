//! データ用: the book for machines. One table a sheet, names with units in row 1, one datum a cell, numbers as
//! numbers, times by ISO 8601, and besides the tables all figures in long form and the codes
//! (行政データにおける機械可読性に関するルール).

mod column;
mod lists;
mod places;

use std::ops::Range;

use rust_xlsxwriter::Workbook;
use rust_xlsxwriter::utility::row_col_to_cell;

use self::column::Built;
pub use self::places::{Place, places};
use crate::document::{DocTable, Document};
use crate::forms::names::{SheetNames, file_name};
use crate::forms::{Book, Note};
use crate::stream::{RowBook, RowText, TextFormat};
use crate::table::{Cell, Column, ROWS_AT_MOST, ReportError, properties};

/// The table that tells of the book itself: the first of all.
const BOOK: &str = "文書";

/// A table for machines.
#[derive(Debug, Clone, PartialEq)]
pub struct DataTable {
    /// What its sheet or file is to be called.
    pub name: String,
    /// Its columns, whose names differ.
    pub columns: Vec<Column>,
    /// Its rows, each with a cell for every column.
    pub rows: Vec<Vec<Cell>>,
    /// What a reader should know: the row and the column, from 0, and what it is.
    notes: Vec<(usize, usize, String)>,
}

/// The tables of a book for machines: those of its chapters, its figures in long form, its sentences, its
/// history and its codes.
pub fn tables(document: &Document) -> Vec<DataTable> {
    let mut tables = vec![lists::document(document)];
    tables.extend(document.tables().map(|(_, table)| of_table(table)));
    let lists = [
        lists::figures(document),
        lists::sentences(document),
        lists::revisions(document),
        lists::codes(document),
    ];
    tables.extend(lists.into_iter().filter(|list| !list.rows.is_empty()));
    tables
}

/// The book as データ用 xlsx.
///
/// # Errors
/// [`ReportError::Xlsx`].
pub fn workbook(document: &Document) -> Result<Book, ReportError> {
    with_rows(document, ROWS_AT_MOST)
}

/// All tables of a book as CSV files, with their names.
///
/// # Errors
/// [`ReportError::Csv`].
pub fn csv_files(
    document: &Document,
    format: TextFormat,
) -> Result<Vec<(String, Vec<u8>)>, ReportError> {
    let mut names = SheetNames::default();
    let ending = match format {
        TextFormat::Csv | TextFormat::Cp932 => "csv",
        TextFormat::Json => "json",
    };
    let file = |table: DataTable| {
        let name = names.add(&table.name);
        Ok((file_name(&name, ending), text(&table, format)?))
    };
    tables(document).into_iter().map(file).collect()
}

/// A table as text.
///
/// # Errors
/// [`ReportError::Csv`].
pub fn text(table: &DataTable, format: TextFormat) -> Result<Vec<u8>, ReportError> {
    let names = table.columns.iter().map(|column| column.name.clone());
    let text = RowText::new(format, names.collect());
    let mut file = text.head()?;
    file.extend(text.rows(&table.rows)?);
    file.extend(text.foot());
    Ok(file)
}

fn with_rows(document: &Document, rows_at_most: u32) -> Result<Book, ReportError> {
    let mut workbook = Workbook::new();
    let title = format!("{} {}分（データ用）", document.name, document.month.name());
    workbook.set_properties(&properties(&title, document.made_at)?);
    let mut book = RowBook::empty(workbook, rows_at_most);
    let mut notes = Vec::new();
    for table in tables(document) {
        let sheet = book.begin_sheet(&table.name, &table.columns)?;
        book.add(&table.rows)?;
        notes.extend(notes_of(&table, &sheet, rows_at_most));
    }
    if !notes.is_empty() {
        let table = lists::notes(&notes);
        book.begin_sheet(&table.name, &table.columns)?;
        book.add(&table.rows)?;
    }
    let mut file = std::io::Cursor::new(Vec::new());
    book.finish(&mut file)?;
    Ok(Book {
        file: file.into_inner(),
        notes,
    })
}

/// The notes of a table whose first sheet has this name.
fn notes_of(table: &DataTable, sheet: &str, rows_at_most: u32) -> Vec<Note> {
    let at_most = rows_at_most as usize;
    let note = |(row, column, text): &(usize, usize, String)| {
        let row_of_sheet = u32::try_from(row % at_most + 1).unwrap_or(0);
        let column = u16::try_from(*column).unwrap_or(0);
        let part = row / at_most;
        let text = match part {
            0 => text.clone(),
            part => format!("{}枚目: {text}", part + 1),
        };
        Note {
            sheet: sheet.to_owned(),
            cell: row_col_to_cell(row_of_sheet, column),
            text,
        }
    };
    let mut notes: Vec<_> = table.notes.iter().map(note).collect();
    let sheets = table.rows.len().div_ceil(at_most);
    if sheets > 1 {
        notes.push(Note {
            sheet: sheet.to_owned(),
            cell: "A1".to_owned(),
            text: format!("行が多いため、同じ名前に番号を付けたシートへ続く(全{sheets}枚)。"),
        });
    }
    notes
}

/// A table of the book for machines.
fn of_table(table: &DocTable) -> DataTable {
    of_columns(table).0
}

/// The same, and for each column of the table those that it became.
fn of_columns(table: &DocTable) -> (DataTable, Vec<Range<u16>>) {
    let mut columns = Vec::new();
    let mut spans = Vec::new();
    let place = |columns: &Vec<Built>| u16::try_from(columns.len()).unwrap_or(u16::MAX);
    for at in 0..table.columns.len() {
        let first = place(&columns);
        columns.extend(column::build(table, at));
        spans.push(first..place(&columns));
    }
    columns.extend(column::of_rows(table));
    let name = format!("{} {}", table.number, table.title);
    let data = assemble(name.trim(), columns, table.rows.len());
    (data, spans)
}

/// A table of columns that all have so many cells.
fn assemble(name: &str, columns: Vec<Built>, rows: usize) -> DataTable {
    let mut names = std::collections::HashSet::new();
    let mut table = DataTable {
        name: name.to_owned(),
        columns: Vec::new(),
        rows: vec![Vec::with_capacity(columns.len()); rows],
        notes: Vec::new(),
    };
    for (at, built) in columns.into_iter().enumerate() {
        let mut name = built.name.clone();
        for number in 2.. {
            if names.insert(name.clone()) {
                break;
            }
            name = format!("{} ({number})", built.name);
        }
        table.columns.push(Column {
            name: name.into(),
            width: built.width(),
        });
        let notes = built.notes.into_iter();
        table.notes.extend(notes.map(|(row, text)| (row, at, text)));
        for (row, cell) in table.rows.iter_mut().zip(built.cells) {
            row.push(cell);
        }
    }
    table
}

#[cfg(test)]
mod tests;
