//! One table as a workbook.

use std::borrow::Cow;

use chrono::{Datelike, Timelike};
use madoguchi_core::time::Instant;
use rust_xlsxwriter::{
    ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};

/// The font of documents; where it is missing, Excel takes another Japanese one.
const FONT: &str = "游ゴシック";
/// Rows that Excel can hold on a sheet, less the heading.
pub(crate) const ROWS_AT_MOST: usize = 1_048_000;

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// What it is, as a heading.
    pub title: String,
    /// The name of the sheet: at most 31 letters, none of `[]:*?/\`.
    pub sheet: String,
    /// When it was made.
    pub made_at: Instant,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows, each with a cell for every column.
    pub rows: Vec<Vec<Cell>>,
}

/// A column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name with its unit, unique in the table.
    pub name: Cow<'static, str>,
    /// Its width in letters.
    pub width: u16,
}

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Text. Never a formula, whatever it begins with.
    Text(String),
    /// A number.
    Number(f64),
    /// A date and time in Asia/Tokyo.
    Instant(Instant),
    /// Nothing.
    Empty,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Option<Instant>> for Cell {
    fn from(at: Option<Instant>) -> Self {
        at.map_or(Self::Empty, Self::Instant)
    }
}

/// Why a document cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A workbook cannot be written.
    #[error("cannot write the workbook: {0}")]
    Xlsx(#[from] XlsxError),
    /// CSV cannot be written.
    #[error("cannot write CSV: {0}")]
    Csv(#[from] csv::Error),
    /// JSON cannot be written.
    #[error("cannot write JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// More rows than a sheet holds. Nothing is left out silently.
    #[error("{0} rows are more than a sheet holds")]
    TooManyRows(usize),
}

/// Which of the two workbooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// 提出用: A4, heading, repeated names of columns, page numbers.
    Print,
    /// データ用: for machines.
    Data,
}

/// The table as an xlsx file.
///
/// # Errors
/// [`ReportError`].
pub fn workbook(table: &Table, form: Form) -> Result<Vec<u8>, ReportError> {
    if table.rows.len() > ROWS_AT_MOST {
        return Err(ReportError::TooManyRows(table.rows.len()));
    }
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name(&table.sheet)?;
    match form {
        Form::Data => fill(sheet, table, 0, &plain(), &plain())?,
        Form::Print => lay_out(sheet, table)?,
    }
    Ok(workbook.save_to_buffer()?)
}

pub(crate) fn plain() -> Format {
    Format::new().set_font_name(FONT)
}

fn lay_out(sheet: &mut Worksheet, table: &Table) -> Result<(), XlsxError> {
    let made = table.made_at.in_tokyo();
    let (year, era) = (made.year(), made.year() - 2018);
    let date = format!(
        "作成日 {year}年(令和{era}年){}月{}日",
        made.month(),
        made.day()
    );
    let title = plain().set_bold().set_font_size(14);
    sheet.write_string_with_format(0, 0, &table.title, &title)?;
    sheet.write_string_with_format(1, 0, &date, &plain())?;
    let bordered = plain()
        .set_border(FormatBorder::Thin)
        .set_align(FormatAlign::Top)
        .set_text_wrap();
    let heading = bordered.clone().set_bold().set_background_color(0xE8_F1_FE);
    fill(sheet, table, 3, &heading, &bordered)?;
    sheet.set_paper_size(9);
    sheet.set_landscape();
    sheet.set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(3, 3)?;
    sheet.set_footer("&C&P / &N ページ");
    sheet.set_freeze_panes(4, 0)?;
    Ok(())
}

fn fill(
    sheet: &mut Worksheet,
    table: &Table,
    top: u32,
    heading: &Format,
    body: &Format,
) -> Result<(), XlsxError> {
    let time = time_format(body);
    for (at, column) in (0..).zip(&table.columns) {
        sheet.set_column_width(at, f64::from(column.width))?;
        sheet.write_string_with_format(top, at, &*column.name, heading)?;
    }
    for (row, cells) in (top + 1..).zip(&table.rows) {
        write_row(sheet, row, cells, (body, &time))?;
    }
    Ok(())
}

/// Writes the cells of a row; instants in a format of their own.
pub(crate) fn write_row(
    sheet: &mut Worksheet,
    row: u32,
    cells: &[Cell],
    (body, time): (&Format, &Format),
) -> Result<(), XlsxError> {
    for (at, cell) in (0..).zip(cells) {
        match cell {
            Cell::Text(text) => sheet.write_string_with_format(row, at, text, body)?,
            Cell::Number(number) => sheet.write_number_with_format(row, at, *number, body)?,
            Cell::Instant(instant) => {
                sheet.write_datetime_with_format(row, at, excel_time(*instant)?, time)?
            }
            Cell::Empty => sheet.write_blank(row, at, body)?,
        };
    }
    Ok(())
}

/// How instants are shown beside cells of this format.
pub(crate) fn time_format(body: &Format) -> Format {
    body.clone().set_num_format("yyyy-mm-dd hh:mm:ss")
}

fn excel_time(at: Instant) -> Result<ExcelDateTime, XlsxError> {
    let at = at.in_tokyo();
    let year = u16::try_from(at.year()).unwrap_or(1900);
    let (month, day) = (as_u8(at.month()), as_u8(at.day()));
    let (hour, minute, second) = (at.hour(), at.minute(), at.second());
    let second = u16::try_from(second).unwrap_or(0);
    let hour = u16::try_from(hour).unwrap_or(0);
    ExcelDateTime::from_ymd(year, month, day)?.and_hms(hour, as_u8(minute), f64::from(second))
}

fn as_u8(value: u32) -> u8 {
    u8::try_from(value).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn table() -> Table {
        Table {
            title: "利用者".to_owned(),
            sheet: "利用者".to_owned(),
            made_at: Instant(1_795_500_000_000),
            columns: vec![
                Column {
                    name: "氏名".into(),
                    width: 20,
                },
                Column {
                    name: "最終利用".into(),
                    width: 20,
                },
            ],
            rows: vec![
                vec![
                    "=HYPERLINK(\"x\")".into(),
                    Cell::Instant(Instant(1_795_500_000_000)),
                ],
                vec!["髙﨑①".into(), Cell::Empty],
            ],
        }
    }

    fn part(file: &[u8], name: &str) -> String {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(file)).unwrap();
        let mut text = String::new();
        archive
            .by_name(name)
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        text
    }

    /// Kimai CVE-2026-42267
    #[test]
    fn a_text_that_looks_like_a_formula_is_none() {
        for form in [Form::Data, Form::Print] {
            let file = workbook(&table(), form).unwrap();
            let sheet = part(&file, "xl/worksheets/sheet1.xml");
            assert!(!sheet.contains("<f>"), "{sheet}");
            assert!(part(&file, "xl/sharedStrings.xml").contains("=HYPERLINK("));
        }
    }

    #[test]
    fn the_data_book_has_names_in_row_1_and_the_printed_one_repeats_them() {
        let data = part(
            &workbook(&table(), Form::Data).unwrap(),
            "xl/worksheets/sheet1.xml",
        );
        assert!(!data.contains("mergeCell") && data.contains("r=\"A1\""));
        let print = workbook(&table(), Form::Print).unwrap();
        assert!(part(&print, "xl/workbook.xml").contains("_xlnm.Print_Titles"));
        assert!(part(&print, "xl/sharedStrings.xml").contains("髙﨑①"));
    }
}
