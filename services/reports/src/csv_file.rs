//! The rows of a CSV file that somebody brings, in UTF-8 or CP932.

use encoding_rs::{SHIFT_JIS, UTF_8};

use crate::sheet::SheetError;

/// Columns that are read, as of workbooks.
const COLUMNS: usize = 100;

/// The rows of a file, each with what stands in it, and the rows whose letters cannot all be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CsvRows {
    /// The rows.
    pub rows: Vec<Vec<String>>,
    /// Rows with letters that cannot be read, from 1.
    pub unreadable: Vec<usize>,
}

/// The rows of a file. It is decoded before it is taken apart, for in CP932 a byte of a letter may look
/// like a separator.
///
/// # Errors
/// [`SheetError::TooManyRows`], [`SheetError::Broken`].
pub fn rows(file: &[u8], most: usize) -> Result<CsvRows, SheetError> {
    let mut read = CsvRows::default();
    each_row(file, most, |number, cells| {
        if is_unreadable(&cells) {
            read.unreadable.push(number);
        }
        read.rows.push(cells);
        true
    })?;
    Ok(read)
}

/// Whether a row has letters that cannot be read.
pub(crate) fn is_unreadable(cells: &[String]) -> bool {
    cells.iter().any(|cell| cell.contains('\u{fffd}'))
}

/// Gives the rows of a file one by one, each with its number from 1. It ends where `take` gives `false`.
///
/// # Errors
/// As [`rows`].
pub(crate) fn each_row(
    file: &[u8],
    most: usize,
    mut take: impl FnMut(usize, Vec<String>) -> bool,
) -> Result<(), SheetError> {
    let is_utf8 = std::str::from_utf8(file).is_ok();
    let encoding = if is_utf8 { UTF_8 } else { SHIFT_JIS };
    let (text, ..) = encoding.decode(file);
    let reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator(&text))
        .from_reader(text.as_bytes());
    for (n, record) in (1..).zip(reader.into_records()) {
        if n > most {
            return Err(SheetError::TooManyRows(most));
        }
        let record = record.map_err(|error| SheetError::Broken(error.to_string()))?;
        let cells = record.iter().take(COLUMNS);
        let cells = cells.map(|cell| cell.replace("\r\n", "\n"));
        if !take(n, cells.collect()) {
            break;
        }
    }
    Ok(())
}

/// What stands between the cells: in a first row without a comma it may be a tab or a semicolon.
fn separator(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or_default();
    let mut others = [b'\t', b';'].into_iter();
    let other = others.find(|other| first.as_bytes().contains(other));
    other.filter(|_| !first.contains(',')).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cp932(text: &str) -> Vec<u8> {
        SHIFT_JIS.encode(text).0.into_owned()
    }

    #[test]
    fn letters_of_cp932_whose_second_byte_is_a_sign_are_read_within_quotes() {
        let text = "職員番号,氏名,拠点\r\n1,\"構 表\",\"機構\"\"本部\"\"\"\r\n2,ソ能,十\r\n";
        let expected = [
            vec!["職員番号", "氏名", "拠点"],
            vec!["1", "構 表", "機構\"本部\""],
            vec!["2", "ソ能", "十"],
        ];
        for file in [cp932(text), text.as_bytes().to_vec()] {
            let read = rows(&file, 10).unwrap();
            assert_eq!(read.rows, expected);
            assert!(read.unreadable.is_empty());
        }
    }

    #[test]
    fn the_mark_of_utf8_is_no_letter_and_lines_within_quotes_are_one_row() {
        let read = rows("\u{feff}a,b\n\"1\n2\",﨑髙①〜😀\n".as_bytes(), 10).unwrap();
        assert_eq!(read.rows, [["a", "b"], ["1\n2", "﨑髙①〜😀"]]);
    }

    #[test]
    fn tabs_and_semicolons_stand_between_cells_where_the_first_row_has_no_comma() {
        for between in ["\t", ";"] {
            let text = format!("a{between}b\n1{between}\"2,{between}3\"\n");
            let read = rows(text.as_bytes(), 10).unwrap();
            assert_eq!(read.rows, [["a", "b"], ["1", &format!("2,{between}3")]]);
        }
        let read = rows(b"a;b,c\n1;2,3\n", 10).unwrap();
        assert_eq!(read.rows, [["a;b", "c"], ["1;2", "3"]]);
    }

    #[test]
    fn what_cannot_be_read_is_told_by_its_row_and_too_much_is_refused() {
        let mut file = cp932("職員番号\n1\n");
        file.extend([0x81, 0xff, b'\n']);
        assert_eq!(rows(&file, 10).unwrap().unreadable, [3]);
        let many = "1\n".repeat(11);
        assert!(matches!(
            rows(many.as_bytes(), 10),
            Err(SheetError::TooManyRows(10))
        ));
    }
}
