//! The first sheet of a workbook that somebody brings, as texts. Dates are days since 1899-12-30, also those
//! of a workbook that counts from 1904; lengths and times of a day are hours, minutes and seconds.

use std::io::{Cursor, Read};

use calamine::{DataRef, Reader, Xlsx, XlsxError};
use zip::ZipArchive;

/// A workbook may unfold to so many bytes.
const UNFOLDED: u64 = 64 * 1024 * 1024;
/// Days from the first of a workbook that counts from 1900 to that of one that counts from 1904.
const DAYS_TO_1904: f64 = 1_462.0;
/// Columns that are read; whatever stands further to the right is not of a table of ours.
const COLUMNS: u32 = 100;

/// Why a workbook cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// It is none, or it is broken.
    #[error("it is no workbook: {0}")]
    Broken(String),
    /// It unfolds to more than a table of ours can be: made to fill the memory.
    #[error("it unfolds to more than {UNFOLDED} bytes")]
    TooLarge,
    /// Its first sheet has more rows than are asked for.
    #[error("more rows than {0}")]
    TooManyRows(usize),
}

impl From<XlsxError> for SheetError {
    fn from(error: XlsxError) -> Self {
        Self::Broken(error.to_string())
    }
}

/// The rows of the first sheet; what is blank is an empty text. Formulas give their last result.
///
/// # Errors
/// [`SheetError`].
pub fn rows(file: &[u8], most: usize) -> Result<Vec<Vec<String>>, SheetError> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    each_row(file, (most, UNFOLDED), |number, cells| {
        rows.resize_with(number.max(1) - 1, Vec::new);
        rows.push(cells);
        true
    })?;
    Ok(rows)
}

/// Gives the rows of the first sheet one by one, each with its number from 1; rows without anything are
/// left out. It ends where `take` gives `false`.
///
/// # Errors
/// [`SheetError`]; rows that do not come in order are broken.
pub(crate) fn each_row(
    file: &[u8],
    (most, unfolded): (usize, u64),
    mut take: impl FnMut(usize, Vec<String>) -> bool,
) -> Result<(), SheetError> {
    unfolds(file, unfolded)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file))?;
    let is_from_1904 = book.has_1904_epoch();
    let name = book.sheet_names().into_iter().next();
    let name = name.ok_or_else(|| SheetError::Broken("no sheet".to_owned()))?;
    // Cell by cell: the area between two cells far apart would fill the memory.
    let mut cells = book.worksheet_cells_reader(&name)?;
    let mut current: (usize, Vec<String>) = (0, Vec::new());
    while let Some(cell) = cells.next_cell()? {
        let (row, column) = cell.get_position();
        let text = text(cell.get_value(), is_from_1904);
        if column >= COLUMNS || text.is_empty() {
            continue;
        }
        let (row, column) = (row as usize + 1, column as usize);
        if row > most {
            return Err(SheetError::TooManyRows(most));
        }
        if row < current.0 {
            return Err(SheetError::Broken("rows that are not in order".to_owned()));
        }
        if row > current.0 {
            let (number, whole) = std::mem::replace(&mut current, (row, Vec::new()));
            if number > 0 && !take(number, whole) {
                return Ok(());
            }
        }
        let (_, cells) = &mut current;
        if cells.len() <= column {
            cells.resize_with(column + 1, String::new);
        }
        if let Some(place) = cells.get_mut(column) {
            *place = text;
        }
    }
    let (number, whole) = current;
    if number > 0 {
        take(number, whole);
    }
    Ok(())
}

/// Says whether all parts together stay small. What the archive says of itself is not believed.
fn unfolds(file: &[u8], most: u64) -> Result<(), SheetError> {
    let broken = |error: &dyn std::fmt::Display| SheetError::Broken(error.to_string());
    let mut archive = ZipArchive::new(Cursor::new(file)).map_err(|error| broken(&error))?;
    let mut left = most;
    for part in 0..archive.len() {
        let part = archive.by_index(part).map_err(|error| broken(&error))?;
        let read = std::io::copy(&mut part.take(left), &mut std::io::sink());
        left -= read.map_err(|error| broken(&error))?;
        if left == 0 {
            return Err(SheetError::TooLarge);
        }
    }
    Ok(())
}

fn text(value: &DataRef<'_>, is_from_1904: bool) -> String {
    match value {
        DataRef::String(text) => text.replace("\r\n", "\n"),
        DataRef::SharedString(text) => text.replace("\r\n", "\n"),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::Bool(value) => value.to_string(),
        DataRef::DateTime(time) => match time.as_f64() {
            // A length, or a time of the day without a date.
            days if time.is_duration() || days < 1.0 => clock(days),
            days if is_from_1904 => (days + DAYS_TO_1904).to_string(),
            days => days.to_string(),
        },
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(_) | DataRef::Empty => String::new(),
    }
}

/// A part of a day, or several days, in hours, minutes and seconds.
fn clock(days: f64) -> String {
    // What is no length at all becomes none.
    let secs = (days * 86_400.0).round() as u64;
    format!("{}:{:02}:{:02}", secs / 3_600, secs / 60 % 60, secs % 60)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use madoguchi_core::time::Instant;
    use rust_xlsxwriter::{Format, Workbook};
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;
    use crate::table::{Cell, Column, Form, Table, workbook};

    #[test]
    fn what_is_written_is_read_again() {
        let column = |name: &'static str| Column {
            name: name.into(),
            width: 20,
        };
        let table = Table {
            title: "表".to_owned(),
            sheet: "表".to_owned(),
            made_at: Instant(0),
            columns: vec![column("番号"), column("質問"), column("件数（件）")],
            rows: vec![
                vec!["=1+1".into(), "一\n二<三>".into(), Cell::Number(3.0)],
                vec!["髙﨑①".into(), Cell::Empty, Cell::Number(0.5)],
            ],
        };
        let book = workbook(&table, Form::Data).unwrap();
        let read = rows(&book, 10).unwrap();
        assert_eq!(
            read,
            [
                vec!["番号", "質問", "件数（件）"],
                vec!["=1+1", "一\n二<三>", "3"],
                vec!["髙﨑①", "", "0.5"],
            ]
        );
        assert!(matches!(rows(&book, 2), Err(SheetError::TooManyRows(2))));
    }

    /// A workbook with 2024-04-01 12:00, 12:00 and 25:00:00, which counts from 1904 or not.
    fn dated(is_from_1904: bool) -> Vec<u8> {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        let days = if is_from_1904 {
            45_383.5 - 1_462.0
        } else {
            45_383.5
        };
        for (column, (number, format)) in (0..).zip([
            (days, "yyyy-mm-dd hh:mm"),
            (0.5, "hh:mm"),
            (25.0 / 24.0, "[h]:mm:ss"),
            (7.0, "General"),
        ]) {
            let format = Format::new().set_num_format(format);
            sheet
                .write_number_with_format(0, column, number, &format)
                .unwrap();
        }
        let file = book.save_to_buffer().unwrap();
        let mut archive = ZipArchive::new(Cursor::new(file)).unwrap();
        let mut written = ZipWriter::new(Cursor::new(Vec::new()));
        for at in 0..archive.len() {
            let mut part = archive.by_index(at).unwrap();
            let mut text = String::new();
            part.read_to_string(&mut text).unwrap();
            if is_from_1904 {
                text = text.replace("<workbookPr ", "<workbookPr date1904=\"1\" ");
            }
            let name = part.name().unwrap().into_owned();
            written
                .start_file(name, SimpleFileOptions::default())
                .unwrap();
            written.write_all(text.as_bytes()).unwrap();
        }
        written.finish().unwrap().into_inner()
    }

    /// S18
    #[test]
    fn a_workbook_that_counts_from_1904_gives_the_same_dates() {
        let from_1900 = rows(&dated(false), 10).unwrap();
        assert_eq!(from_1900[0], ["45383.5", "12:00:00", "25:00:00", "7"]);
        assert_eq!(rows(&dated(true), 10).unwrap(), from_1900);
    }

    #[test]
    fn cells_far_apart_take_no_room() {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        sheet.write(0, 0, "番号").unwrap();
        sheet.write(0, 16_383, "遠い").unwrap();
        sheet.write(1_048_575, 1, "遠い").unwrap();
        let book = book.save_to_buffer().unwrap();
        assert!(matches!(rows(&book, 10), Err(SheetError::TooManyRows(10))));
    }

    #[test]
    fn what_is_no_workbook_is_told() {
        for file in [&b""[..], b"PK\x03\x04", b"<html>", b"id,question"] {
            assert!(matches!(rows(file, 10), Err(SheetError::Broken(_))));
        }
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        archive
            .start_file("a.txt", SimpleFileOptions::default())
            .unwrap();
        let other = archive.finish().unwrap().into_inner();
        assert!(matches!(rows(&other, 10), Err(SheetError::Broken(_))));
    }

    #[test]
    fn a_workbook_that_unfolds_without_end_is_refused() {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        let name = "xl/workbook.xml";
        archive
            .start_file(name, SimpleFileOptions::default())
            .unwrap();
        let zeros = vec![0; 1024 * 1024];
        for _ in 0..65 {
            archive.write_all(&zeros).unwrap();
        }
        let bomb = archive.finish().unwrap().into_inner();
        assert!(bomb.len() < 1024 * 1024);
        assert!(matches!(rows(&bomb, 10), Err(SheetError::TooLarge)));
    }
}
