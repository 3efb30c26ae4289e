//! A workbook that is written row by row.

use std::io::Write;

use rust_xlsxwriter::Workbook;

use crate::cell_text::{CellText, write_text};
use crate::forms::names::SheetNames;
use crate::table::{Cell, CellFormats, Column, ROWS_AT_MOST, ReportError, plain, write_row};

/// A workbook for machines (データ用): in each sheet names of columns in row 1, then any number of rows. Where
/// a sheet is full, the table goes on in a further one: 表 (2).
pub struct RowBook {
    book: Workbook,
    formats: CellFormats,
    names: SheetNames,
    /// The table that is written: the name that its sheets begin with, and its columns.
    table: (String, Vec<Column>),
    rows_at_most: u32,
    /// Of the sheet that is written.
    rows: u32,
    sheets: usize,
}

impl RowBook {
    /// A workbook with a first sheet.
    ///
    /// # Errors
    /// [`ReportError::Xlsx`].
    pub fn new(sheet: &str, columns: &[Column]) -> Result<Self, ReportError> {
        let mut book = Self::empty(Workbook::new(), ROWS_AT_MOST);
        book.begin_sheet(sheet, columns)?;
        Ok(book)
    }

    /// One without a sheet, of which each sheet has at most so many rows.
    pub(crate) fn empty(book: Workbook, rows_at_most: u32) -> Self {
        Self {
            book,
            formats: CellFormats::new(&plain()),
            names: SheetNames::default(),
            table: (String::new(), Vec::new()),
            rows_at_most,
            rows: 0,
            sheets: 0,
        }
    }

    /// Begins another sheet, to which rows are added from now on, and gives its name.
    ///
    /// # Errors
    /// [`ReportError::Xlsx`].
    pub fn begin_sheet(&mut self, sheet: &str, columns: &[Column]) -> Result<String, ReportError> {
        let name = self.names.add(sheet);
        let page = self.book.add_worksheet_with_constant_memory()?;
        page.set_name(&name)?;
        let format = plain();
        for (at, column) in (0..).zip(columns) {
            page.set_column_width(at, f64::from(column.width))?;
            write_text(page, (0, at), &CellText::new(&column.name).text, &format)?;
        }
        self.table = (sheet.to_owned(), columns.to_vec());
        (self.rows, self.sheets) = (0, self.sheets + 1);
        Ok(name)
    }

    /// Adds rows.
    ///
    /// # Errors
    /// [`ReportError::Xlsx`].
    pub fn add(&mut self, rows: &[Vec<Cell>]) -> Result<(), ReportError> {
        for row in rows {
            if self.rows >= self.rows_at_most {
                let (sheet, columns) = std::mem::take(&mut self.table);
                self.begin_sheet(&sheet, &columns)?;
            }
            self.rows += 1;
            let at = self.sheets.saturating_sub(1);
            let page = self.book.worksheet_from_index(at)?;
            write_row(page, self.rows, row, &self.formats)?;
        }
        Ok(())
    }

    /// Writes the file.
    ///
    /// # Errors
    /// [`ReportError::Xlsx`].
    pub fn finish(mut self, file: impl Write + Send) -> Result<(), ReportError> {
        Ok(self.book.save_to_writer(file)?)
    }
}

#[cfg(test)]
mod tests {
    use calamine::{Reader as _, Xlsx};

    use super::*;

    /// S11
    #[test]
    fn where_a_sheet_is_full_the_table_goes_on_in_a_further_one() {
        let columns = [Column {
            name: "番号".into(),
            width: 20,
        }];
        let mut book = RowBook::empty(Workbook::new(), 2);
        book.begin_sheet("台帳", &columns).unwrap();
        for rows in [vec!["1", "2", "3"], vec!["4", "5"]] {
            let rows: Vec<_> = rows.into_iter().map(|row| vec![row.into()]).collect();
            book.add(&rows).unwrap();
        }
        let mut file = Vec::new();
        book.finish(std::io::Cursor::new(&mut file)).unwrap();
        let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(file)).unwrap();
        assert_eq!(book.sheet_names(), ["台帳", "台帳 (2)", "台帳 (3)"]);
        let rows = |at| book.worksheet_range_at(at).unwrap().unwrap();
        let first: Vec<_> = [0, 1, 2]
            .map(rows)
            .iter()
            .map(|rows| rows.rows().count())
            .collect();
        assert_eq!(first, [3, 3, 2]);
    }
}
