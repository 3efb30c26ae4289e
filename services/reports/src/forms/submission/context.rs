//! What all sheets of a workbook share while they are written.

use std::collections::HashSet;

use rust_xlsxwriter::utility::row_col_to_cell;
use rust_xlsxwriter::{Format, Url, Workbook, Worksheet, XlsxError};

use super::page::HALF;
use super::plan::Plan;
use super::style::Styles;
use crate::cell_text::{CellText, code_points, pieces, write_text};
use crate::document::{Document, Drill};
use crate::forms::Note;
use crate::forms::names::SheetNames;
use crate::forms::width::{self, lines};

/// Lines of a row: Excel shows no row that is taller than 409 points.
pub(super) const LINES_AT_MOST: usize = 24;
/// Rows from which on a sheet is not kept in memory.
const ROWS_IN_MEMORY: usize = 5_000;

/// A book on its way into a workbook.
pub(super) struct Context<'a> {
    pub(super) document: &'a Document,
    pub(super) drill: &'a Drill,
    pub(super) plan: Plan,
    pub(super) styles: Styles,
    pub(super) names: SheetNames,
    /// What a reader should know of what was written.
    pub(super) notes: Vec<Note>,
    /// Figures that were written.
    pub(super) figures: u32,
    /// Names of areas that are taken.
    pub(super) areas: HashSet<String>,
    /// Of a sheet.
    pub(super) rows_at_most: u32,
}

/// Another sheet, kept in memory if it is not long.
///
/// # Errors
/// [`XlsxError`].
pub(super) fn add_sheet<'w>(
    workbook: &'w mut Workbook,
    name: &str,
    rows: usize,
) -> Result<&'w mut Worksheet, XlsxError> {
    let sheet = if rows > ROWS_IN_MEMORY {
        workbook.add_worksheet_with_constant_memory()?
    } else {
        workbook.add_worksheet()
    };
    sheet.set_name(name)?;
    sheet.set_screen_gridlines(false);
    Ok(sheet)
}

impl Context<'_> {
    /// Text as a cell can hold it; what was changed or may look otherwise elsewhere is noted.
    pub(super) fn text(&mut self, sheet: &str, (row, column): (u32, u16), text: &str) -> String {
        let cell = CellText::new(text);
        if !cell.removed.is_empty() {
            let letters = code_points(&cell.removed);
            let note = format!("表に書けない文字({letters})を除いた。");
            self.note(sheet, (row, column), note);
        }
        if !cell.private.is_empty() {
            let letters = code_points(&cell.private);
            let note = format!("外字({letters})を含む。ほかの機器では別の文字に見えることがある。");
            self.note(sheet, (row, column), note);
        }
        cell.text
    }

    /// Text in pieces that each fit into a row of a column of such a width, in halves of a kanji.
    pub(super) fn pieces(
        &mut self,
        sheet: &str,
        place: (u32, u16),
        (text, columns): (&str, usize),
    ) -> Vec<String> {
        let text = self.text(sheet, place, text);
        let rows = width::pieces(&text, columns, LINES_AT_MOST);
        let cells: Vec<_> = rows
            .flat_map(|(piece, _)| pieces(piece))
            .map(str::to_owned)
            .collect();
        if cells.len() > 1 {
            let rows = cells.len() - 1;
            let note = format!("1つのセルに収まらないため、下の{rows}行に続く。");
            self.note(sheet, place, note);
        }
        cells
    }

    /// Notes something of a cell.
    pub(super) fn note(&mut self, sheet: &str, (row, column): (u32, u16), text: String) {
        self.notes.push(Note {
            sheet: sheet.to_owned(),
            cell: row_col_to_cell(row, column),
            text,
        });
    }

    /// Writes a text over all columns of a sheet, as wide together as so many points.
    ///
    /// # Errors
    /// [`XlsxError`].
    pub(super) fn across(
        &mut self,
        sheet: &mut Worksheet,
        row: u32,
        (columns, points): (u16, f64),
        (text, format, size): (&str, &Format, f64),
    ) -> Result<(), XlsxError> {
        let name = sheet.name();
        let text = self.text(&name, (row, 0), text);
        let halves = (points * 10.0 / size / HALF * 0.95) as usize;
        let lines = lines(&text, halves).min(LINES_AT_MOST);
        sheet.set_row_height(row, lines as f64 * size * 1.45 + 2.0)?;
        if columns > 1 {
            sheet.merge_range(row, 0, row, columns - 1, "", format)?;
        }
        // What is longer than a cell can show is written whole all the same.
        let first = pieces(&text).into_iter().next().unwrap_or_default();
        write_text(sheet, (row, 0), first, format)
    }
}

/// Writes a link to a place of the workbook.
///
/// # Errors
/// [`XlsxError`].
pub(super) fn write_link(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    (link, text): (&str, &str),
    format: &Format,
) -> Result<(), XlsxError> {
    let url = Url::new(link)
        .set_text("－")
        .set_tip("この数値の根拠などへ移る");
    sheet.write_url_with_format(row, column, url, format)?;
    write_text(sheet, (row, column), text, format)
}
