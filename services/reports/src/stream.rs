//! Tables of any length, written row by row: as text (CSV, JSON) or as a workbook. No row is kept in
//! memory.

mod book;

use std::borrow::Cow;

pub use self::book::RowBook;
use crate::table::{Cell, ReportError, Table};
use encoding_rs::SHIFT_JIS;

/// What stands in the place of a letter that CP932 does not have.
const MISSING: char = '〓';
/// The head of the column that tells which letters those were.
const MISSING_LETTERS: &str = "置き換えた文字";

/// How a table is written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextFormat {
    /// CSV in UTF-8 with a byte order mark (RFC 4180), times by ISO 8601.
    Csv,
    /// CSV in CP932. A letter that it does not have is replaced by 〓; a column at the end names
    /// those of the row.
    Cp932,
    /// One object, whose `items` are the rows, by the names of the columns.
    Json,
}

/// A table as text: a head, any number of rows, a foot.
#[derive(Debug)]
pub struct RowText {
    format: TextFormat,
    names: Vec<Cow<'static, str>>,
}

impl RowText {
    /// A table with columns of these names.
    pub fn new(format: TextFormat, names: Vec<Cow<'static, str>>) -> Self {
        Self { format, names }
    }

    /// What stands before the rows.
    ///
    /// # Errors
    /// [`ReportError::Csv`].
    pub fn head(&self) -> Result<Vec<u8>, ReportError> {
        let names = self.names.iter().map(|name| name.to_string());
        match self.format {
            TextFormat::Csv => {
                let mut head = "\u{feff}".as_bytes().to_vec();
                head.extend(csv_lines([names])?);
                Ok(head)
            }
            TextFormat::Cp932 => {
                let names = names.chain([MISSING_LETTERS.to_owned()]);
                Ok(in_cp932(&csv_lines([names])?))
            }
            TextFormat::Json => Ok(b"{\"items\":[".to_vec()),
        }
    }

    /// Some of the rows, of which the first may stand behind others ([`Self::between`]).
    ///
    /// # Errors
    /// [`ReportError::Csv`], [`ReportError::Json`].
    pub fn rows(&self, rows: &[Vec<Cell>]) -> Result<Vec<u8>, ReportError> {
        match self.format {
            TextFormat::Csv => csv_lines(rows.iter().map(|row| row.iter().map(csv_text))),
            TextFormat::Cp932 => {
                let lines = csv_lines(rows.iter().map(|row| cp932_row(row)))?;
                Ok(in_cp932(&lines))
            }
            TextFormat::Json => {
                let mut text = Vec::new();
                for (n, row) in rows.iter().enumerate() {
                    text.extend_from_slice(if n == 0 { b"\n" } else { b",\n" });
                    self.json_row(row, &mut text)?;
                }
                Ok(text)
            }
        }
    }

    /// What stands between rows that were written and more of them.
    pub fn between(&self) -> &'static [u8] {
        match self.format {
            TextFormat::Csv | TextFormat::Cp932 => b"",
            TextFormat::Json => b",",
        }
    }

    /// What stands behind the rows.
    pub fn foot(&self) -> &'static [u8] {
        match self.format {
            TextFormat::Csv | TextFormat::Cp932 => b"",
            TextFormat::Json => b"\n]}\n",
        }
    }

    fn json_row(&self, row: &[Cell], text: &mut Vec<u8>) -> Result<(), ReportError> {
        for (n, (name, cell)) in self.names.iter().zip(row).enumerate() {
            text.extend_from_slice(if n == 0 { b"{" } else { b"," });
            serde_json::to_writer(&mut *text, name)?;
            text.push(b':');
            match cell {
                Cell::Text(value) => serde_json::to_writer(&mut *text, value)?,
                // Figures and numbers of records are far below what a float holds exactly.
                Cell::Number(number) if number.fract() == 0.0 => {
                    serde_json::to_writer(&mut *text, &(*number as i64))?;
                }
                Cell::Number(number) => serde_json::to_writer(&mut *text, number)?,
                Cell::Instant(at) => {
                    serde_json::to_writer(&mut *text, &at.in_tokyo().to_rfc3339())?;
                }
                Cell::Date(day) => serde_json::to_writer(&mut *text, day)?,
                Cell::Empty => text.extend_from_slice(b"null"),
            }
        }
        text.push(b'}');
        Ok(())
    }
}

/// The table as CSV in UTF-8 with a byte order mark (RFC 4180), times by ISO 8601.
///
/// # Errors
/// [`ReportError::Csv`].
pub fn csv(table: &Table) -> Result<Vec<u8>, ReportError> {
    let names = table.columns.iter().map(|column| column.name.clone());
    let rows = RowText::new(TextFormat::Csv, names.collect());
    let mut file = rows.head()?;
    file.extend(rows.rows(&table.rows)?);
    Ok(file)
}

fn csv_lines<R>(rows: impl IntoIterator<Item = R>) -> Result<Vec<u8>, ReportError>
where
    R: IntoIterator<Item = String>,
{
    let mut lines = Vec::new();
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(&mut lines);
    for row in rows {
        writer.write_record(row)?;
    }
    writer.flush().map_err(csv::Error::from)?;
    drop(writer);
    Ok(lines)
}

/// A cell of CSV; what a spreadsheet would take for a formula is none.
fn csv_text(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) if is_like_formula(text) => format!("'{text}"),
        Cell::Text(text) => text.clone(),
        Cell::Number(number) => number.to_string(),
        Cell::Instant(at) => at.in_tokyo().format("%Y-%m-%dT%H:%M:%S").to_string(),
        Cell::Date(day) => day.to_string(),
        Cell::Empty => String::new(),
    }
}

/// Whether a spreadsheet may take a text for a formula; wide signs are read like narrow ones. 「－」 alone
/// is what stands for nothing.
fn is_like_formula(text: &str) -> bool {
    let signs = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];
    text.starts_with(signs) && text != "－"
}

/// The cells of a row with letters of CP932 alone, and which ones it does not have.
fn cp932_row(row: &[Cell]) -> Vec<String> {
    let mut missing = Vec::new();
    let mut cells: Vec<_> = row
        .iter()
        .map(|cell| with_letters_of_cp932(&csv_text(cell), &mut missing))
        .collect();
    missing.sort_unstable();
    missing.dedup();
    let missing: Vec<_> = missing
        .into_iter()
        .map(|letter| format!("U+{:04X}", u32::from(letter)))
        .collect();
    cells.push(missing.join(" "));
    cells
}

/// The letters of a row that CP932 does not have.
pub fn missing_in_cp932(row: &[Cell]) -> Vec<char> {
    let mut missing = Vec::new();
    for cell in row {
        with_letters_of_cp932(&csv_text(cell), &mut missing);
    }
    missing
}

fn with_letters_of_cp932(text: &str, missing: &mut Vec<char>) -> String {
    let plain: String = text.chars().map(same_in_cp932).collect();
    if !SHIFT_JIS.encode(&plain).2 {
        return plain;
    }
    let mut buffer = [0; 4];
    let letter = |letter: char| {
        if !SHIFT_JIS.encode(letter.encode_utf8(&mut buffer)).2 {
            return letter;
        }
        missing.push(letter);
        MISSING
    };
    plain.chars().map(letter).collect()
}

/// Unicode has two letters for some of CP932, which look the same; programs for CP932 mean this one.
fn same_in_cp932(letter: char) -> char {
    match letter {
        '〜' => '～',
        '‖' => '∥',
        '−' => '－',
        '—' => '―',
        '¢' => '￠',
        '£' => '￡',
        '¬' => '￢',
        letter => letter,
    }
}

/// Text of letters that CP932 has.
fn in_cp932(text: &[u8]) -> Vec<u8> {
    SHIFT_JIS
        .encode(&String::from_utf8_lossy(text))
        .0
        .into_owned()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use madoguchi_core::time::Instant;

    use super::*;
    use crate::table::Column;

    fn names() -> Vec<Cow<'static, str>> {
        vec!["name".into(), "at".into()]
    }

    fn rows() -> Vec<Vec<Cell>> {
        vec![
            vec!["=1+1\"".into(), Cell::Instant(Instant(1_795_500_000_000))],
            vec!["髙﨑①〜𠮷😀😀".into(), Cell::Empty],
            vec![Cell::Number(1.5), Cell::Number(-3.0)],
        ]
    }

    /// S08
    #[test]
    fn what_a_spreadsheet_takes_for_a_formula_is_none_in_csv() {
        for text in [
            "=1", "+1", "-1", "@a", "\t=1", "\r=1", "＝1", "＋1", "－1", "＠a",
        ] {
            assert_eq!(csv_text(&text.into()), format!("'{text}"));
        }
        for text in ["－", "1-2", "http://example.jp", "00123"] {
            assert_eq!(csv_text(&text.into()), text);
        }
        assert_eq!(csv_text(&Cell::Number(-5.0)), "-5");
    }

    #[test]
    fn csv_has_a_mark_one_line_a_row_and_no_formulas() {
        let column = |name: &'static str| Column {
            name: name.into(),
            width: 20,
        };
        let table = Table {
            title: String::new(),
            sheet: String::new(),
            made_at: Instant(0),
            columns: vec![column("氏名"), column("最終利用")],
            rows: vec![
                vec![
                    "=HYPERLINK(\"x\")".into(),
                    Cell::Instant(Instant(1_795_500_000_000)),
                ],
                vec!["髙﨑①".into(), Cell::Empty],
                vec!["a,\"b\"\nc".into(), Cell::Number(1.5)],
            ],
        };
        let file = String::from_utf8(csv(&table).unwrap()).unwrap();
        let lines: Vec<_> = file.split("\r\n").collect();
        let expected = [
            "\u{feff}氏名,最終利用",
            "\"'=HYPERLINK(\"\"x\"\")\",2026-11-24T15:00:00",
            "髙﨑①,",
            "\"a,\"\"b\"\"\nc\",1.5",
            "",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn json_is_one_object_however_many_pieces_it_is_written_in() {
        let text = RowText::new(TextFormat::Json, names());
        let mut file = text.head().unwrap();
        for (n, row) in rows().chunks(1).enumerate() {
            if n > 0 {
                file.extend_from_slice(text.between());
            }
            file.extend(text.rows(row).unwrap());
        }
        file.extend_from_slice(text.foot());
        let read: serde_json::Value = serde_json::from_slice(&file).unwrap();
        let expected = serde_json::json!({ "items": [
            { "name": "=1+1\"", "at": "2026-11-24T15:00:00+09:00" },
            { "name": "髙﨑①〜𠮷😀😀", "at": null },
            { "name": 1.5, "at": -3 },
        ]});
        assert_eq!(read, expected);
        let empty = [text.head().unwrap(), text.foot().to_vec()].concat();
        let read: serde_json::Value = serde_json::from_slice(&empty).unwrap();
        assert_eq!(read, serde_json::json!({ "items": [] }));
    }

    #[test]
    fn what_cp932_does_not_hold_is_replaced_and_told() {
        let text = RowText::new(TextFormat::Cp932, names());
        let file = [text.head().unwrap(), text.rows(&rows()).unwrap()].concat();
        let (read, _, faults) = SHIFT_JIS.decode(&file);
        assert!(!faults);
        let expected = "name,at,置き換えた文字\r\n\"'=1+1\"\"\",2026-11-24T15:00:00,\r\n\
                        髙﨑①～〓〓〓,,U+1F600 U+20BB7\r\n1.5,-3,\r\n";
        assert_eq!(read, expected);
    }

    #[test]
    fn a_workbook_written_row_by_row_holds_no_formula() {
        let columns = [
            Column {
                name: "氏名".into(),
                width: 20,
            },
            Column {
                name: "日時".into(),
                width: 20,
            },
        ];
        let mut book = RowBook::new("一覧", &columns).unwrap();
        for row in rows().chunks(2) {
            book.add(row).unwrap();
        }
        let mut file = Vec::new();
        book.finish(&mut file).unwrap();
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(file)).unwrap();
        let mut sheet = String::new();
        archive
            .by_name("xl/worksheets/sheet1.xml")
            .unwrap()
            .read_to_string(&mut sheet)
            .unwrap();
        assert!(!sheet.contains("<f>") && sheet.contains("r=\"B4\""));
        assert!(sheet.contains("氏名") && sheet.contains("髙﨑①〜𠮷😀😀"));
    }
}
