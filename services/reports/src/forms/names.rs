//! Names that other programs accept: of sheets, of areas of a workbook, and of files.

use std::collections::HashSet;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// The longest name of a sheet, in units of UTF-16.
const SHEET_UNITS: usize = 31;
/// The longest name of a file, in bytes, as most file systems have it.
const FILE_BYTES: usize = 255;
/// What stands in a parameter of a header as it is (RFC 8187, attr-char).
const AS_IT_IS: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');
/// Names that Windows keeps for devices.
const DEVICES: [&str; 4] = ["CON", "PRN", "AUX", "NUL"];

/// The names of the sheets of a workbook: each is valid, and no two are equal for Excel.
#[derive(Debug, Clone)]
pub struct SheetNames {
    used: HashSet<String>,
}

impl Default for SheetNames {
    fn default() -> Self {
        // Excel keeps it for the history of changes.
        Self {
            used: HashSet::from(["history".to_owned()]),
        }
    }
}

impl SheetNames {
    /// The name that a sheet gets that is to be called so. What Excel does not allow becomes its wide
    /// form, what is too long is cut between letters, and a second of a name is numbered: 表 (2).
    pub fn add(&mut self, wish: &str) -> String {
        let wish: String = wish.chars().filter_map(letter_of_sheet).collect();
        let wish = match trim_sheet(&wish) {
            "" => "シート",
            wish => wish,
        };
        let mut name = within_units(wish, SHEET_UNITS);
        for number in 2.. {
            if self.used.insert(folded(&name)) {
                break;
            }
            let suffix = format!(" ({number})");
            let base = within_units(wish, SHEET_UNITS - suffix.len());
            name = format!("{base}{suffix}");
        }
        name
    }
}

/// A sheet's name as references have it: 'O''Neill'.
pub fn quoted(sheet: &str) -> String {
    format!("'{}'", sheet.replace('\'', "''"))
}

/// The name of an area that holds a table, made of the table's number: 表2_1. It is not that of a cell.
pub(crate) fn area_name(number: &str) -> String {
    let letters = number.chars().map(|letter| match letter {
        letter if letter.is_alphabetic() || letter.is_ascii_digit() => letter,
        _ => '_',
    });
    let name: String = letters.take(200).collect();
    if name.starts_with(|first: char| first.is_alphabetic() && !first.is_ascii()) {
        return name;
    }
    format!("表_{name}")
}

/// The name of a file: composed (NFC), at most 255 bytes with its ending, without what file systems
/// refuse.
pub fn file_name(stem: &str, ending: &str) -> String {
    let stem: String = stem.nfc().filter_map(letter_of_file).collect();
    let stem = stem.trim_matches(|letter: char| letter.is_whitespace() || letter == '.');
    let first = stem.split('.').next().unwrap_or_default();
    let is_device = DEVICES.contains(&first.to_ascii_uppercase().as_str());
    let stem = match stem {
        "" => "文書".to_owned(),
        stem if is_device => format!("_{stem}"),
        stem => stem.to_owned(),
    };
    let room = FILE_BYTES.saturating_sub(ending.len() + 1);
    let mut cut = String::new();
    for grapheme in stem.graphemes(true) {
        if cut.len() + grapheme.len() > room {
            break;
        }
        cut.push_str(grapheme);
    }
    format!("{}.{ending}", cut.trim_end())
}

/// The header that hands a file out under its name (RFC 6266): a plain name for old programs, and the true
/// one for the others if it is not plain.
pub fn content_disposition(file_name: &str) -> String {
    let plain: String = file_name.chars().map(plain_letter).collect();
    if plain == file_name {
        return format!("attachment; filename=\"{plain}\"");
    }
    let encoded = utf8_percent_encode(file_name, AS_IT_IS);
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

fn plain_letter(letter: char) -> char {
    match letter {
        '"' | '\\' | '%' | ';' => '_',
        ' '..='~' => letter,
        _ => '_',
    }
}

fn letter_of_sheet(letter: char) -> Option<char> {
    match letter {
        '[' => Some('［'),
        ']' => Some('］'),
        ':' => Some('：'),
        '*' => Some('＊'),
        '?' => Some('？'),
        '/' => Some('／'),
        '\\' => Some('＼'),
        letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => None,
        letter => Some(letter),
    }
}

fn letter_of_file(letter: char) -> Option<char> {
    match letter {
        '"' => Some('”'),
        '<' => Some('＜'),
        '>' => Some('＞'),
        '|' => Some('｜'),
        '[' | ']' => Some(letter),
        letter => letter_of_sheet(letter),
    }
}

/// Without apostrophes and blanks at the ends.
fn trim_sheet(name: &str) -> &str {
    name.trim_matches(|letter: char| letter == '\'' || letter.is_whitespace())
}

/// At most so many units of UTF-16, cut between what people see as letters.
fn within_units(name: &str, units: usize) -> String {
    let mut cut = String::new();
    let mut left = units;
    for grapheme in name.graphemes(true) {
        let long = grapheme.encode_utf16().count();
        if long > left {
            break;
        }
        left -= long;
        cut.push_str(grapheme);
    }
    let cut = trim_sheet(&cut);
    // A single letter that is longer than that: a base with a hundred marks.
    if cut.is_empty() {
        name.chars().take(units / 2).collect()
    } else {
        cut.to_owned()
    }
}

/// How names are compared: without case and width.
fn folded(name: &str) -> String {
    name.nfkc().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(wishes: &[&str]) -> Vec<String> {
        let mut names = SheetNames::default();
        wishes.iter().map(|wish| names.add(wish)).collect()
    }

    /// S17
    #[test]
    fn sheets_have_valid_names_that_differ_also_without_case() {
        let long = "年金事務所・分室ごとの受付件数の明細一覧表(令和六年度四月から三月)";
        let wishes = [
            "年金事務所・分室（含む）/2024:04",
            long,
            long,
            "History",
            "'x'",
            &"𠮷".repeat(16),
            "Data",
            "data",
            "ＤＡＴＡ",
            "",
            "[]:*?/\\",
            "a\u{0}b",
        ];
        let names = names(&wishes);
        assert_eq!(names[0], "年金事務所・分室（含む）／2024：04");
        assert!(names[2].ends_with(" (2)"));
        assert_eq!(names[3], "History (2)");
        assert_eq!(names[4], "x");
        assert_eq!(names[5], "𠮷".repeat(15));
        assert_eq!(names[6..9], ["Data", "data (2)", "ＤＡＴＡ (3)"]);
        assert_eq!(names[10], "［］：＊？／＼");
        assert_eq!(names[11], "ab");
        let folded: HashSet<_> = names.iter().map(|name| folded(name)).collect();
        assert_eq!(folded.len(), wishes.len());
        for name in &names {
            assert!((1..=31).contains(&name.encode_utf16().count()), "{name}");
            rust_xlsxwriter::utility::check_sheet_name(name).unwrap();
        }
    }

    #[test]
    fn an_apostrophe_that_comes_to_the_end_by_the_cut_goes_too() {
        let name = names(&[&format!("{}'後", "あ".repeat(30))]).remove(0);
        assert_eq!(name, "あ".repeat(30));
        assert_eq!(quoted("O'Neill"), "'O''Neill'");
    }

    #[test]
    fn no_letter_of_a_name_is_torn() {
        let name = names(&[&"葛\u{e0100}".repeat(12)]).remove(0);
        assert_eq!(name, "葛\u{e0100}".repeat(10));
    }

    #[test]
    fn areas_have_names_that_are_not_those_of_cells() {
        for (number, name) in [
            ("表2-1", "表2_1"),
            ("表A-1", "表A_1"),
            ("R1C1", "表_R1C1"),
            ("2-1", "表_2_1"),
            ("", "表_"),
        ] {
            assert_eq!(area_name(number), name);
            rust_xlsxwriter::utility::check_name(name).unwrap();
        }
    }

    /// S25
    #[test]
    fn a_file_has_a_composed_name_that_file_systems_take() {
        let report = "ヘルプデスク受付状況報告_令和06年04月_第1版";
        assert_eq!(file_name(report, "xlsx"), format!("{report}.xlsx"));
        assert_eq!(file_name("か\u{3099}", "pdf"), "が.pdf");
        assert_eq!(file_name("../a/b:c\n", "csv"), "／a／b：c.csv");
        assert_eq!(file_name("", "csv"), "文書.csv");
        assert_eq!(file_name("nul", "csv"), "_nul.csv");
        let long = file_name(&"髙".repeat(300), "xlsx");
        assert!(long.len() <= 255 && long.ends_with("髙.xlsx"));
    }

    /// S25
    #[test]
    fn a_file_is_handed_out_under_its_name() {
        let plain = content_disposition("calls-2024-04.csv");
        assert_eq!(plain, "attachment; filename=\"calls-2024-04.csv\"");
        let header = content_disposition("報告_\"第1版\".xlsx");
        let expected = "attachment; filename=\"____1_.xlsx\"; \
                        filename*=UTF-8''%E5%A0%B1%E5%91%8A_%22%E7%AC%AC1%E7%89%88%22.xlsx";
        assert!(header.is_ascii());
        assert_eq!(
            header.split("filename*").nth(1),
            expected.split("filename*").nth(1)
        );
        assert!(!header.contains('\r') && header.matches('"').count() == 2);
    }
}
