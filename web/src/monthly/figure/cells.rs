//! Figures of a book by the names of their cells, and where each opens.

use madoguchi_core::month::Month;
use madoguchi_reports::differences::row_name;
use madoguchi_reports::document::{DocCell, Document, Figure};

use crate::monthly::edition::edition_query;
use crate::monthly::paths::month_path;
use crate::query::escape;

/// Something that a figure was made of, and where it leads to.
pub(super) struct CellLink {
    pub(super) title: String,
    pub(super) value: String,
    /// Empty: nowhere.
    pub(super) link: String,
}

/// The address of a figure.
pub(in crate::monthly) fn figure_place(
    month: Month,
    edition: &str,
    book: usize,
    cell: &str,
) -> String {
    let edition = edition_query(edition);
    format!(
        "{}/figure?book={book}&cell={}{edition}",
        month_path(month),
        escape(cell)
    )
}

/// The figure of a cell, with how its place is called: row and column, and the table.
pub(super) fn figure_of<'b>(
    book: &'b Document,
    cell: &str,
) -> Option<(String, String, &'b Figure)> {
    let mut parts = cell.splitn(3, '/');
    let (table, row, column) = (parts.next()?, parts.next()?, parts.next()?);
    let table = book.table(table)?;
    let DocCell::Figure(figure) = table.cell(row, column)? else {
        return None;
    };
    let row = table.rows.iter().find(|known| known.id == row)?;
    let column = table.columns.iter().find(|known| known.id == column)?;
    let title = format!("{} {}", row_name(row), column.name);
    Some((title, format!("{} {}", table.number, table.title), figure))
}
