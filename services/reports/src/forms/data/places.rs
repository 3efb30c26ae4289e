//! Where tables stand in what a reader gets: sheet and area in the データ用 workbook, and the CSV with its hash.

use std::ops::Range;

use rust_xlsxwriter::utility::row_col_to_cell;
use sha2::{Digest as _, Sha256};

use super::{of_columns, text};
use crate::document::DocTable;
use crate::forms::names::{SheetNames, file_name};
use crate::stream::TextFormat;
use crate::table::{ROWS_AT_MOST, ReportError};

/// Where a table stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The sheet of the データ用 workbook.
    pub sheet: String,
    /// The name of its CSV.
    pub csv: String,
    /// SHA-256 of the CSV in UTF-8, in hex.
    pub sha256: String,
    /// The last row of the sheet, from 0.
    last: u32,
    /// How many columns the sheet has.
    columns: u16,
    /// For each column of the table, those of the sheet, from 0.
    spans: Vec<Range<u16>>,
}

/// Where the tables of a book stand, in their order. Tables that follow change nothing of it.
///
/// # Errors
/// [`ReportError::Csv`].
pub fn places<'t>(
    tables: impl IntoIterator<Item = &'t DocTable>,
) -> Result<Vec<Place>, ReportError> {
    let mut names = SheetNames::default();
    // The first sheet tells of the book itself.
    names.add(super::BOOK);
    let place = |table: &DocTable| {
        let (data, spans) = of_columns(table);
        let sheet = names.add(&data.name);
        let rows = u32::try_from(data.rows.len()).unwrap_or(u32::MAX);
        Ok(Place {
            csv: file_name(&sheet, "csv"),
            sha256: hex::encode(Sha256::digest(text(&data, TextFormat::Csv)?)),
            last: rows.min(ROWS_AT_MOST),
            columns: u16::try_from(data.columns.len()).unwrap_or(u16::MAX),
            sheet,
            spans,
        })
    };
    tables.into_iter().map(place).collect()
}

impl Place {
    /// The area of the whole table with the names of its columns: A1:AN14.
    pub fn area(&self) -> String {
        self.area_between(0, self.columns)
    }

    /// The areas of some of its columns, by their places in the table: A1:A14、C1:D14.
    pub fn areas_of(&self, columns: &[usize]) -> String {
        let mut spans: Vec<Range<u16>> = columns
            .iter()
            .filter_map(|at| self.spans.get(*at).cloned())
            .filter(|span| !span.is_empty())
            .collect();
        spans.sort_by_key(|span| span.start);
        let mut joined: Vec<Range<u16>> = Vec::new();
        for span in spans {
            match joined.last_mut().filter(|last| last.end >= span.start) {
                Some(last) => last.end = last.end.max(span.end),
                None => joined.push(span),
            }
        }
        let areas = joined
            .iter()
            .map(|span| self.area_between(span.start, span.end));
        areas.collect::<Vec<_>>().join("、")
    }

    fn area_between(&self, start: u16, end: u16) -> String {
        let first = row_col_to_cell(0, start);
        let last = row_col_to_cell(self.last, end.saturating_sub(1));
        format!("{first}:{last}")
    }
}
