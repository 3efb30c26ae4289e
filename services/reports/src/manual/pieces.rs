//! What manuals are made of, as it is read: headings, and texts in Markdown.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

/// Sections of one manual.
pub const SECTIONS: usize = 1_000;
/// A manual may unfold to so many bytes of text.
pub(super) const UNFOLDED: u64 = 64 * 1024 * 1024;

/// Why a manual cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum ManualError {
    /// It is damaged, or locked.
    #[error("ファイルを読み取れません。パスワードを外すか、元のソフトで保存し直してください。")]
    Broken,
    /// It unfolds to more than any manual holds.
    #[error("ファイルの中身が大きすぎます。章ごとに分けてください。")]
    TooLarge,
    /// There is no text in it: pages that were scanned.
    #[error(
        "ファイルに文字がありません。紙を読み取ったPDFは、文字を認識したものに替えてください。"
    )]
    NoText,
    /// It has more sections than [`SECTIONS`].
    #[error("章と節が{SECTIONS}を超えています。ファイルを分けてください。")]
    TooManySections,
}

/// What stands under one heading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// The headings above it, from the outermost to its own; none for what stands before the first.
    pub path: Vec<String>,
    /// What it says, in Markdown.
    pub text: String,
    /// The page on which it begins, from 1, where there are pages.
    pub page: Option<u32>,
}

/// A piece of a manual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// A heading; the outermost has level 1.
    Heading(u8, String),
    /// A paragraph, an item or a table, in Markdown.
    Text(String),
}

/// Pieces, each with its page.
pub(super) type Pieces = Vec<(Piece, Option<u32>)>;

/// A text in which nothing is a mark of Markdown.
pub(super) fn plain(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for letter in text.chars() {
        if r"\`*_[]<>~|#".contains(letter) {
            written.push('\\');
        }
        written.push(letter);
    }
    let digits = written.chars().take_while(char::is_ascii_digit).count();
    if written.starts_with(['-', '+']) {
        written.insert(0, '\\');
    } else if digits > 0
        && let Some(rest) = written.get(digits..)
        && rest.starts_with(['.', ')'])
    {
        written.insert(digits, '\\');
    }
    written
}

/// What stands before an item. Lists in lists are told by their numbers in brackets, so that those around them go
/// on counting.
pub(super) fn item_mark(is_inner: bool, number: Option<u32>) -> String {
    match number {
        None => "- ".to_owned(),
        Some(number) if is_inner => format!("- ({number}) "),
        Some(number) => format!("{number}. "),
    }
}

/// A table in Markdown, its first row as its head, without rows in which nothing stands; cells of one line.
pub(super) fn table(mut rows: Vec<Vec<String>>) -> Option<String> {
    rows.retain(|row| row.iter().any(|cell| !cell.is_empty()));
    let columns = rows.iter().map(Vec::len).max()?;
    let row = |cells: &Vec<String>| {
        let cells = (0..columns).map(|at| cells.get(at).map_or("", String::as_str));
        format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
    };
    let mut lines: Vec<String> = rows.iter().map(row).collect();
    lines.insert(1, format!("|{}", " --- |".repeat(columns)));
    Some(lines.join("\n"))
}

/// A text in one line, blanks joined, in the letters that people type.
pub(super) fn one_line(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if !words.chars().any(is_radical) {
        return words;
    }
    words.chars().map(ideograph).collect()
}

/// CJK radicals (Unicode 2E80–2FDF), which fonts of many a PDF give in the place of the letters that look like them.
fn is_radical(letter: char) -> bool {
    ('\u{2e80}'..='\u{2fdf}').contains(&letter)
}

/// The letter that a radical looks like.
fn ideograph(letter: char) -> char {
    /// Those without a compatible letter in Unicode.
    const LIKE: [(char, char); 19] = [
        ('⺠', '民'),
        ('⻁', '虎'),
        ('⻄', '西'),
        ('⻆', '角'),
        ('⻑', '長'),
        ('⻘', '青'),
        ('⻝', '食'),
        ('⻣', '骨'),
        ('⻤', '鬼'),
        ('⻨', '麦'),
        ('⻩', '黄'),
        ('⻫', '斉'),
        ('⻭', '歯'),
        ('⻯', '竜'),
        ('⻲', '亀'),
        ('⺆', '冂'),
        ('⺕', '彐'),
        ('⺝', '月'),
        ('⻖', '阝'),
    ];
    let like = LIKE.iter().find(|(radical, _)| *radical == letter);
    let compatible = || letter.nfkc().next().filter(|_| is_radical(letter));
    like.map(|(_, letter)| *letter)
        .or_else(compatible)
        .unwrap_or(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn radicals_become_the_letters_that_people_type() {
        assert_eq!(
            one_line("課⻑の⼿引き　⽤語\nと⾒出し"),
            "課長の手引き 用語 と見出し"
        );
        assert_eq!(one_line("㈱①Ａ"), "㈱①Ａ", "other letters stay as they are");
    }

    #[test]
    fn lists_in_lists_keep_their_numbers_and_those_around_them() {
        let items = [
            (false, Some(1), "申し出る"),
            (false, Some(2), "認める"),
            (true, Some(1), "不在のとき"),
            (true, Some(2), "代理"),
            (false, Some(3), "受け取る"),
        ];
        let items = items.map(|(is_inner, number, text)| item_mark(is_inner, number) + text);
        let files = crate::markdown::Files {
            place: "",
            files: &[],
        };
        let html = crate::markdown::to_html(&items.join("\n\n"), files);
        assert!(
            html.contains("<ol start=\"3\">") && html.contains("(2) 代理"),
            "{html}"
        );
    }

    #[test]
    fn nothing_in_a_text_becomes_a_mark() {
        for (text, written) in [
            ("# 1_a*b", r"\# 1\_a\*b"),
            ("- 項目", r"\- 項目"),
            ("1. 受付", r"1\. 受付"),
            ("<b>|", r"\<b\>\|"),
        ] {
            assert_eq!(plain(text), written);
            assert_eq!(crate::markdown::to_text(&plain(text)).trim_end(), text);
        }
    }
}
