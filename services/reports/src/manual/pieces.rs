//! What manuals are made of, as it is read: headings, and texts in Markdown.

use serde::{Deserialize, Serialize};

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

/// A text in one line, blanks joined.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

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
