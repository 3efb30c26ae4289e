//! One table as a workbook.

use std::borrow::Cow;

use chrono::{Datelike, NaiveDate, Timelike};
use madoguchi_core::era::EraYear;
use madoguchi_core::time::Instant;
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};

use crate::cell_text::{CellText, pieces, write_text};
use crate::forms::names::SheetNames;

/// The font of documents, of Windows and of Debian; where it is missing, another Japanese one is taken.
pub(crate) const FONT: &str = "BIZ UDPGothic";
/// Rows that Excel can hold on a sheet, less the heading.
pub(crate) const ROWS_AT_MOST: u32 = 1_048_575;
/// Where the names of the columns stand in the printed form.
const HEADING_ROW: u32 = 3;

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
    /// A day.
    Date(NaiveDate),
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
}

/// Which of the two workbooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// 提出用: A4, heading, repeated names of columns, page numbers.
    Print,
    /// データ用: for machines.
    Data,
}

/// The table as an xlsx file. What does not fit on a sheet goes on on a further one.
///
/// # Errors
/// [`ReportError::Xlsx`].
pub fn workbook(table: &Table, form: Form) -> Result<Vec<u8>, ReportError> {
    workbook_of(std::slice::from_ref(table), form)
}

/// Tables as an xlsx file, each on a sheet of its own. The file is called as the first of them.
///
/// # Errors
/// [`ReportError::Xlsx`].
pub fn workbook_of(tables: &[Table], form: Form) -> Result<Vec<u8>, ReportError> {
    let mut workbook = Workbook::new();
    if let Some(first) = tables.first() {
        workbook.set_properties(&properties(&first.title, first.made_at)?);
    }
    let mut names = SheetNames::default();
    for table in tables {
        add_sheets(&mut workbook, &mut names, table, form)?;
    }
    Ok(workbook.save_to_buffer()?)
}

fn add_sheets(
    workbook: &mut Workbook,
    names: &mut SheetNames,
    table: &Table,
    form: Form,
) -> Result<(), XlsxError> {
    let mut rest = table.rows.as_slice();
    loop {
        let (rows, more) = rest.split_at(rest.len().min((ROWS_AT_MOST - HEADING_ROW) as usize));
        let sheet = workbook.add_worksheet();
        sheet.set_name(names.add(&table.sheet))?;
        match form {
            Form::Data => fill(sheet, (table, rows), 0, (&plain(), &plain()))?,
            Form::Print => lay_out(sheet, table, rows)?,
        }
        rest = more;
        if rest.is_empty() {
            return Ok(());
        }
    }
}

pub(crate) fn plain() -> Format {
    Format::new().set_font_name(FONT)
}

/// What a file says of itself: what it is and when it was made, and nothing of who or where.
pub(crate) fn properties(title: &str, made_at: Instant) -> Result<DocProperties, XlsxError> {
    let made_at = ExcelDateTime::from_timestamp(made_at.0.div_euclid(1000))?;
    Ok(DocProperties::new()
        .set_title(CellText::new(title).text)
        .set_creation_datetime(&made_at))
}

/// 作成日 2026年(令和8年)11月24日
fn made_on(day: NaiveDate) -> String {
    let era = EraYear::of(day).map_or_else(String::new, |year| format!("({})", year.name()));
    let (year, month, day) = (day.year(), day.month(), day.day());
    format!("作成日 {year}年{era}{month}月{day}日")
}

fn lay_out(sheet: &mut Worksheet, table: &Table, rows: &[Vec<Cell>]) -> Result<(), XlsxError> {
    let date = made_on(table.made_at.date());
    let title = plain().set_bold().set_font_size(14);
    write_text(sheet, (0, 0), &CellText::new(&table.title).text, &title)?;
    sheet.write_string_with_format(1, 0, &date, &plain())?;
    let bordered = plain()
        .set_border(FormatBorder::Thin)
        .set_align(FormatAlign::Top)
        .set_text_wrap();
    let heading = bordered.clone().set_bold().set_background_color(0xE8_F1_FE);
    fill(sheet, (table, rows), HEADING_ROW, (&heading, &bordered))?;
    sheet.set_paper_size(9);
    sheet.set_landscape();
    sheet.set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(HEADING_ROW, HEADING_ROW)?;
    sheet.set_footer("&C&P / &N ページ");
    sheet.set_freeze_panes(HEADING_ROW + 1, 0)?;
    Ok(())
}

fn fill(
    sheet: &mut Worksheet,
    (table, rows): (&Table, &[Vec<Cell>]),
    top: u32,
    (heading, body): (&Format, &Format),
) -> Result<(), XlsxError> {
    let formats = CellFormats::new(body);
    for (at, column) in (0..).zip(&table.columns) {
        sheet.set_column_width(at, f64::from(column.width))?;
        write_text(sheet, (top, at), &CellText::new(&column.name).text, heading)?;
    }
    for (row, cells) in (top + 1..).zip(rows) {
        write_row(sheet, row, cells, &formats)?;
    }
    Ok(())
}

/// How cells of a table look, by what they hold.
pub(crate) struct CellFormats {
    body: Format,
    time: Format,
    date: Format,
}

impl CellFormats {
    /// Those of cells that look like this.
    pub(crate) fn new(body: &Format) -> Self {
        Self {
            body: body.clone(),
            time: body.clone().set_num_format("yyyy-mm-dd hh:mm:ss"),
            date: body.clone().set_num_format("yyyy-mm-dd"),
        }
    }
}

/// Writes the cells of a row. What is too long for a cell goes on behind the last column, and says so.
pub(crate) fn write_row(
    sheet: &mut Worksheet,
    row: u32,
    cells: &[Cell],
    formats: &CellFormats,
) -> Result<(), XlsxError> {
    let body = &formats.body;
    let mut continued = Vec::new();
    for (at, cell) in (0..).zip(cells) {
        match cell {
            Cell::Text(text) => {
                let text = CellText::new(text).text;
                let mut pieces = pieces(&text).into_iter();
                write_text(sheet, (row, at), pieces.next().unwrap_or_default(), body)?;
                continued.extend(pieces.map(|piece| format!("（{}列目の続き）{piece}", at + 1)));
            }
            Cell::Number(number) => {
                sheet.write_number_with_format(row, at, *number, body)?;
            }
            Cell::Instant(instant) => write_time(sheet, (row, at), *instant, &formats.time)?,
            Cell::Date(day) => write_day(sheet, (row, at), *day, &formats.date)?,
            Cell::Empty => {
                sheet.write_blank(row, at, body)?;
            }
        }
    }
    let behind = u16::try_from(cells.len()).unwrap_or(u16::MAX);
    for (at, piece) in (behind..).zip(continued) {
        write_text(sheet, (row, at), &piece, body)?;
    }
    Ok(())
}

/// Writes a day; one that Excel does not count, before 1900, as text.
pub(crate) fn write_day(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    day: NaiveDate,
    format: &Format,
) -> Result<(), XlsxError> {
    match excel_day(day) {
        Some(day) => {
            sheet.write_datetime_with_format(row, column, day, format)?;
            Ok(())
        }
        None => write_text(sheet, (row, column), &day.to_string(), format),
    }
}

/// Writes the date and time that a clock in Tokyo shows, as [`write_day`] does.
pub(crate) fn write_time(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    at: Instant,
    format: &Format,
) -> Result<(), XlsxError> {
    let local = at.in_tokyo();
    let hour = u16::try_from(local.hour()).unwrap_or(0);
    let (minute, second) = (as_u8(local.minute()), f64::from(local.second()));
    let time = excel_day(local.date_naive());
    match time
        .map(|day| day.and_hms(hour, minute, second))
        .transpose()?
    {
        Some(time) => {
            sheet.write_datetime_with_format(row, column, time, format)?;
            Ok(())
        }
        None => write_text(sheet, (row, column), &at.to_rfc3339(), format),
    }
}

fn excel_day(day: NaiveDate) -> Option<ExcelDateTime> {
    let year = u16::try_from(day.year())
        .ok()
        .filter(|year| *year >= 1900)?;
    ExcelDateTime::from_ymd(year, as_u8(day.month()), as_u8(day.day())).ok()
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

    #[test]
    fn several_tables_stand_on_sheets_of_their_own() {
        let people = table();
        let devices = Table {
            sheet: "機器".to_owned(),
            ..table()
        };
        for form in [Form::Data, Form::Print] {
            let file = workbook_of(&[people.clone(), devices.clone()], form).unwrap();
            let names = part(&file, "xl/workbook.xml");
            assert!(
                names.contains("\"利用者\"") && names.contains("\"機器\""),
                "{names}"
            );
            assert_eq!(
                part(&file, "xl/worksheets/sheet1.xml")
                    .matches("<row")
                    .count(),
                part(&file, "xl/worksheets/sheet2.xml")
                    .matches("<row")
                    .count(),
            );
            let one = workbook_of(std::slice::from_ref(&people), form).unwrap();
            assert_eq!(one, workbook(&people, form).unwrap());
        }
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
    fn the_day_of_a_table_is_told_by_its_era() {
        for (day, told) in [
            ("2026-11-24", "作成日 2026年(令和8年)11月24日"),
            ("2019-05-01", "作成日 2019年(令和元年)5月1日"),
            ("2019-04-30", "作成日 2019年(平成31年)4月30日"),
        ] {
            assert_eq!(made_on(day.parse().unwrap()), told);
        }
    }

    #[test]
    fn a_day_that_excel_does_not_count_is_a_text() {
        let mut table = table();
        let days = ["0024-04-01", "1899-12-31", "2024-04-01"].map(|day| day.parse().unwrap());
        table.rows = days.map(|day| vec![Cell::Date(day)]).into();
        let rows = crate::sheet::rows(&workbook(&table, Form::Data).unwrap(), 10).unwrap();
        let read: Vec<_> = rows[1..].iter().map(|row| row[0].as_str()).collect();
        assert_eq!(read, ["0024-04-01", "1899-12-31", "45383"]);
    }

    #[test]
    fn a_file_says_when_it_was_made_and_nothing_of_who_or_where() {
        let file = workbook(&table(), Form::Print).unwrap();
        assert_eq!(file, workbook(&table(), Form::Print).unwrap());
        let core = part(&file, "docProps/core.xml");
        assert!(
            core.contains("<dc:title>利用者</dc:title><dc:creator></dc:creator>"),
            "{core}"
        );
        assert!(core.contains(">2026-11-24T"), "{core}");
    }

    /// S11
    #[test]
    fn text_longer_than_a_cell_goes_on_behind_the_last_column() {
        let mut table = table();
        table.rows = vec![vec![Cell::Text("髙".repeat(40_000)), Cell::Number(1.0)]];
        let file = workbook(&table, Form::Data).unwrap();
        let row = crate::sheet::rows(&file, 10).unwrap().remove(1);
        let rest = row[2].strip_prefix("（1列目の続き）").unwrap();
        assert_eq!(format!("{}{rest}", row[0]), "髙".repeat(40_000));
        assert_eq!(row[1], "1");
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
