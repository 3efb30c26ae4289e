//! Text as a cell of a workbook can hold it: letter for letter, never as a formula, a link or markup.

use std::collections::BTreeSet;

use rust_xlsxwriter::{Format, Worksheet, XlsxError};
use unicode_segmentation::UnicodeSegmentation;

/// Units of UTF-16 in a cell; Excel holds 32,767.
const UNITS_AT_MOST: usize = 32_000;
/// Line feeds in a cell; Excel holds 253.
const LINES_AT_MOST: usize = 250;
/// Bytes of text that is written as a run of rich text, whose escapes count as well.
const RUN_AT_MOST: usize = 4_000;

/// Text without what a workbook cannot hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CellText {
    /// The text; lines end with LF.
    pub(crate) text: String,
    /// Letters that were taken out.
    pub(crate) removed: BTreeSet<char>,
    /// 外字: letters that only some machine knows.
    pub(crate) private: BTreeSet<char>,
}

impl CellText {
    /// The text of a cell.
    pub(crate) fn new(text: &str) -> Self {
        let mut cell = Self {
            text: String::with_capacity(text.len()),
            removed: BTreeSet::new(),
            private: BTreeSet::new(),
        };
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                '\r' => {
                    letters.next_if_eq(&'\n');
                    cell.text.push('\n');
                }
                '\t' | '\n' => cell.text.push(letter),
                letter if is_no_letter(letter) => {
                    cell.removed.insert(letter);
                }
                letter => {
                    if is_private(letter) {
                        cell.private.insert(letter);
                    }
                    cell.text.push(letter);
                }
            }
        }
        cell
    }
}

/// Code points as people name them: U+E000、U+E001.
pub(crate) fn code_points(letters: &BTreeSet<char>) -> String {
    let names = letters
        .iter()
        .map(|&letter| format!("U+{:04X}", u32::from(letter)));
    names.collect::<Vec<_>>().join("、")
}

/// Text in pieces that each fit into a cell. Put together they are the text, and no letter is torn.
pub(crate) fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut from, mut units, mut lines) = (0, 0, 0);
    // No cell has fewer units than bytes.
    if text.len() > UNITS_AT_MOST || text.matches('\n').count() > LINES_AT_MOST {
        for (at, grapheme) in text.grapheme_indices(true) {
            let (long, feeds) = (
                grapheme.encode_utf16().count(),
                grapheme.matches('\n').count(),
            );
            if at > from && (units + long > UNITS_AT_MOST || lines + feeds > LINES_AT_MOST) {
                pieces.extend(text.get(from..at));
                (from, units, lines) = (at, 0, 0);
            }
            (units, lines) = (units + long, lines + feeds);
        }
    }
    let last = text.get(from..).unwrap_or_default();
    // As a run it would be longer than a cell: without its end it is none.
    match last.strip_suffix('>') {
        Some(begin) if is_taken_for_markup(last) && last.len() > RUN_AT_MOST => {
            pieces.extend([begin, ">"]);
        }
        _ => pieces.push(last),
    }
    pieces
}

/// Writes one piece of text; what is no letter is left out.
///
/// # Errors
/// [`XlsxError`].
pub(crate) fn write_text(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    text: &str,
    format: &Format,
) -> Result<(), XlsxError> {
    if text.contains(is_no_letter) {
        return write_text(sheet, (row, column), &CellText::new(text).text, format);
    }
    if !is_taken_for_markup(text) {
        sheet.write_string_with_format(row, column, text, format)?;
        return Ok(());
    }
    // The writer would put it into the file as it is; as a run of rich text it is escaped.
    let escaped = with_escapes_escaped(text);
    let plain = Format::new();
    let run = [(&plain, escaped.as_str())];
    sheet.write_rich_string_with_format(row, column, &run, format)?;
    Ok(())
}

/// rust_xlsxwriter 0.102 takes such text for a rich string that it wrote itself.
fn is_taken_for_markup(text: &str) -> bool {
    text.starts_with("<r>") && text.ends_with("</r>")
}

/// With `_x005F_` for the beginning of what reads like an escape (ECMA-376 part 1, 22.9.2.19).
fn with_escapes_escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut from = 0;
    for (at, _) in text.match_indices("_x") {
        let code = text.as_bytes().get(at + 2..at + 7);
        let is_escape = code.is_some_and(|code| {
            code.ends_with(b"_") && code.iter().take(4).all(u8::is_ascii_hexdigit)
        });
        if is_escape {
            escaped.push_str(text.get(from..at).unwrap_or_default());
            escaped.push_str("_x005F");
            from = at;
        }
    }
    escaped.push_str(text.get(from..).unwrap_or_default());
    escaped
}

/// Whether no workbook holds it as it is.
fn is_no_letter(letter: char) -> bool {
    letter < ' ' && !matches!(letter, '\t' | '\n') || matches!(letter, '\u{fffe}' | '\u{ffff}')
}

fn is_private(letter: char) -> bool {
    matches!(letter,
        '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{ffffd}' | '\u{100000}'..='\u{10fffd}')
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use calamine::{Data, Reader as _, Xlsx};
    use rust_xlsxwriter::Workbook;

    use super::*;

    /// What is read of texts that were written, in constant memory or not.
    fn read_back(texts: &[&str], is_constant: bool) -> Vec<String> {
        let mut book = Workbook::new();
        let sheet = if is_constant {
            book.add_worksheet_with_constant_memory().unwrap()
        } else {
            book.add_worksheet()
        };
        for (row, text) in (0..).zip(texts) {
            write_text(sheet, (row, 0), text, &Format::new()).unwrap();
        }
        let file = book.save_to_buffer().unwrap();
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file)).unwrap();
        let range = book.worksheet_range_at(0).unwrap().unwrap();
        let cells = range.rows().map(|row| match &row[0] {
            Data::String(text) => text.clone(),
            other => panic!("{other:?}"),
        });
        cells.collect()
    }

    #[test]
    fn text_that_looks_like_markup_or_an_escape_is_read_as_it_was_written() {
        let texts = [
            "<r>x</r>",
            "<r><t>_x000D_</t></r>",
            "<r></is></c></row></r>",
            "_x000D_",
            "_x005F_",
            "]]>&#x0;",
            " a ",
        ];
        assert_eq!(read_back(&texts, false), texts);
        assert_eq!(read_back(&texts, true), texts);
    }

    /// S10
    #[test]
    fn letters_that_no_workbook_holds_are_taken_out_and_told() {
        let cell = CellText::new("a\u{0}b\u{1f}\u{fffe}\t_x000D_");
        assert_eq!(cell.text, "ab\t_x000D_");
        assert_eq!(code_points(&cell.removed), "U+0000、U+001F、U+FFFE");
    }

    /// S12
    #[test]
    fn letters_of_one_machine_alone_are_kept_and_told() {
        let cell = CellText::new("﨑髙𠮷葛\u{e0100}か\u{3099}①㍿😀\u{e000}");
        assert_eq!(cell.text, "﨑髙𠮷葛\u{e0100}か\u{3099}①㍿😀\u{e000}");
        assert_eq!(code_points(&cell.private), "U+E000");
        assert!(cell.removed.is_empty());
    }

    /// S13
    #[test]
    fn lines_end_with_a_line_feed() {
        assert_eq!(CellText::new("一\r\n二\r三\n四").text, "一\n二\n三\n四");
    }

    /// S11
    #[test]
    fn text_longer_than_a_cell_is_cut_between_letters_and_nothing_is_lost() {
        let long = "葛\u{e0100}".repeat(13_334);
        let lines = "一\n".repeat(600);
        let markup = format!("<r>{}</r>", "&".repeat(20_000));
        for text in [long.as_str(), &lines, &markup, "", "短い"] {
            let pieces = pieces(text);
            assert_eq!(pieces.concat(), text);
            for piece in &pieces {
                assert!(piece.encode_utf16().count() <= 32_767);
                assert!(piece.matches('\n').count() <= 253);
                assert!(!piece.starts_with('\u{e0100}'));
            }
        }
        assert_eq!(pieces(&long).len(), 2);
        assert_eq!(pieces(&lines).len(), 3);
        assert_eq!(read_back(&pieces(&markup), false).concat(), markup);
    }
}
