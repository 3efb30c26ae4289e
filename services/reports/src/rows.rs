//! The rows of a table in a file that somebody brings: a workbook, or CSV in UTF-8 or CP932. What the
//! content is decides, not the name.

use crate::csv_file::{self, CsvRows, is_unreadable};
use crate::sheet::{self, SheetError};

/// What archives, and so workbooks, begin with.
const ARCHIVE: &[u8] = b"PK";

/// The rows of a file.
///
/// # Errors
/// [`SheetError`].
pub fn rows(file: &[u8], most: usize) -> Result<CsvRows, SheetError> {
    if file.starts_with(ARCHIVE) {
        return Ok(CsvRows {
            rows: sheet::rows(file, most)?,
            unreadable: Vec::new(),
        });
    }
    csv_file::rows(file, most)
}

/// A row of a file, with its number from 1 and whether it has letters that cannot be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileRow {
    /// The number, as spreadsheets count.
    pub number: usize,
    /// What stands in it.
    pub cells: Vec<String>,
    /// It has letters that cannot be read.
    pub is_unreadable: bool,
}

/// Gives the rows of a file one by one, so that not all of them are in memory at once; those without
/// anything may be left out. A workbook may unfold to `unfolded` bytes. It ends where `take` gives `false`.
///
/// # Errors
/// [`SheetError`].
pub fn each_row(
    file: &[u8],
    (most, unfolded): (usize, u64),
    mut take: impl FnMut(FileRow) -> bool,
) -> Result<(), SheetError> {
    let row = |number, cells: Vec<String>| FileRow {
        is_unreadable: is_unreadable(&cells),
        number,
        cells,
    };
    if file.starts_with(ARCHIVE) {
        return sheet::each_row(file, (most, unfolded), |number, cells| {
            take(row(number, cells))
        });
    }
    csv_file::each_row(file, most, |number, cells| take(row(number, cells)))
}

#[cfg(test)]
mod tests {
    use rust_xlsxwriter::Workbook;

    use super::*;

    fn read(file: &[u8]) -> Vec<(usize, String)> {
        let mut rows = Vec::new();
        each_row(file, (10, 1 << 20), |row| {
            rows.push((row.number, row.cells.join("|")));
            rows.len() < 3
        })
        .unwrap();
        rows
    }

    #[test]
    fn rows_come_one_by_one_with_their_numbers_until_enough_is_read() {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        for (row, text) in [(0, "番号"), (2, "﨑髙①〜😀"), (4, "三"), (5, "四")] {
            sheet.write(row, 1, text).unwrap();
        }
        let expected = [(1, "番号"), (3, "﨑髙①〜😀"), (5, "三")];
        let expected = expected.map(|(row, text)| (row, format!("|{text}")));
        assert_eq!(read(&book.save_to_buffer().unwrap()), expected);
        let (cp932, ..) =
            encoding_rs::SHIFT_JIS.encode("番号,質問\r\n1,\"構\n表\"\r\n2,二\r\n3,三\r\n");
        let expected = [(1, "番号|質問"), (2, "1|構\n表"), (3, "2|二")];
        assert_eq!(
            read(&cp932),
            expected.map(|(row, text)| (row, text.to_owned()))
        );
    }
}
