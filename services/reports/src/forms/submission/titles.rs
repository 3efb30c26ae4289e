//! What people call the figures of a book and the selections that prove them: table, row and column.

use std::collections::{HashMap, HashSet};

use crate::cell_text::CellText;
use crate::document::{DocCell, DocTable, Document, Figure, Rows};

/// The titles of a book.
#[derive(Debug, Default)]
pub(super) struct Titles {
    /// Of each selection that proves a figure of the book, that of the first of them.
    selections: HashMap<String, String>,
    /// Of each figure of which another was computed, by the name that the other has for its cell.
    cells: HashMap<String, String>,
}

impl Titles {
    pub(super) fn of(document: &Document) -> Self {
        let parts: HashSet<&str> = figures(document)
            .flat_map(|(.., figure)| parts(figure))
            .collect();
        let mut titles = Self::default();
        for (table, row, column, figure) in figures(document) {
            let title = || title(table, row, column);
            if let Some(selection) = selection(figure) {
                let known = titles.selections.entry(selection.to_owned());
                known.or_insert_with(title);
            }
            let name = cell_name(table, row, column);
            if parts.contains(name.as_str()) {
                titles.cells.insert(name, title());
            }
        }
        for name in parts {
            if let (false, Some(title)) =
                (titles.cells.contains_key(name), column_of(document, name))
            {
                titles.cells.insert(name.to_owned(), title);
            }
        }
        titles
    }

    /// The title of a selection; `None` if it proves no figure of this book.
    pub(super) fn selection(&self, name: &str) -> Option<&str> {
        self.selections.get(name).map(String::as_str)
    }

    /// The title of a cell; its name if it is no figure of this book.
    pub(super) fn cell<'t>(&'t self, name: &'t str) -> &'t str {
        self.cells.get(name).map_or(name, String::as_str)
    }
}

/// The cells of which a figure was computed, or that it repeats.
fn parts(figure: &Figure) -> Vec<&str> {
    match &figure.rows {
        Rows::Cells { cells } => cells.iter().map(String::as_str).collect(),
        Rows::Months { cells } => cells.iter().map(|of| of.cell.as_str()).collect(),
        _ => Vec::new(),
    }
}

/// 表2-2 着信件数（件）: of a cell whose row stands in the book of another month alone.
fn column_of(document: &Document, cell: &str) -> Option<String> {
    let mut names = cell.split('/');
    let table = document.table(names.next()?)?;
    let column = names.nth(1)?;
    let column = table.columns.iter().find(|known| known.id == column)?;
    Some(format!("{} {}", table.number, column.heading()))
}

/// The name of the selection that proves a figure.
pub(super) fn selection(figure: &Figure) -> Option<&str> {
    figure.rows.selection()
}

/// As [`Rows::Cells`] names it.
fn cell_name(table: &DocTable, row: usize, column: usize) -> String {
    let row = table.rows.get(row).map_or("", |row| row.id.as_str());
    let column = table.columns.get(column);
    let column = column.map_or("", |column| column.id.as_str());
    format!("{}/{row}/{column}", table.id)
}

/// 表2-3 令和6年4月1日 着信（件）
fn title(table: &DocTable, row: usize, column: usize) -> String {
    let column = table.columns.get(column);
    let column = column.map(|column| column.heading()).unwrap_or_default();
    let parts = [table.number.clone(), row_name(table, row), column];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    CellText::new(&parts.join(" ")).text
}

/// The figures of a book, in the order in which they are written: with table, row and column.
pub(super) fn figures(
    document: &Document,
) -> impl Iterator<Item = (&DocTable, usize, usize, &Figure)> {
    document.tables().flat_map(|(_, table)| {
        table.rows.iter().enumerate().flat_map(move |(row, of)| {
            of.cells
                .iter()
                .enumerate()
                .filter_map(move |(column, cell)| match cell {
                    DocCell::Figure(figure) => Some((table, row, column, figure)),
                    _ => None,
                })
        })
    })
}

/// What a row is called: its first text or day.
pub(super) fn row_name(table: &DocTable, row: usize) -> String {
    let cells = table.rows.get(row).into_iter().flat_map(|row| &row.cells);
    let mut texts = cells.filter(|cell| !matches!(cell, DocCell::Figure(_)));
    texts.next().map(|cell| cell.text()).unwrap_or_default()
}
