//! Headings that are known by their numbers alone.

use super::pieces::{Piece, Pieces};

/// A longer line is no heading (letters).
const HEADING: usize = 40;

/// Takes paragraphs that begin with the number of a chapter or section for headings, where a manual marks none.
pub(super) fn with_headings(mut pieces: Pieces) -> Pieces {
    let is_heading = |(piece, _): &(Piece, _)| matches!(piece, Piece::Heading(..));
    if pieces.iter().any(is_heading) {
        return pieces;
    }
    for (piece, _) in &mut pieces {
        if let Piece::Text(markdown) = piece {
            let text = markdown.replace('\\', "");
            if let Some(level) = numbered(&text) {
                *piece = Piece::Heading(level, text);
            }
        }
    }
    pieces
}

pub(super) fn is_short(text: &str) -> bool {
    text.chars().count() <= HEADING && !text.ends_with(['。', '、'])
}

/// The level of a heading by its number: 第1章, 第2節, 1.2.
pub(super) fn numbered(text: &str) -> Option<u8> {
    if !is_short(text) {
        return None;
    }
    match text.strip_prefix('第') {
        Some(rest) => named(rest),
        None => by_parts(text),
    }
}

/// 1章, 2節: not 1章の…, which speaks of one.
fn named(text: &str) -> Option<u8> {
    let rest = text.trim_start_matches(|one: char| {
        one.is_ascii_digit()
            || one.is_whitespace()
            || ('０'..='９').contains(&one)
            || "一二三四五六七八九十".contains(one)
    });
    let levels = [('編', 1), ('章', 1), ('節', 2), ('款', 3)];
    let (name, level) = levels
        .into_iter()
        .find(|(name, _)| rest.starts_with(*name))?;
    let after = rest.strip_prefix(name)?;
    let speaks_of_it =
        after.starts_with(['の', 'で', 'は', 'が', 'を', 'に', 'と', 'か', 'ま', '、']);
    (rest.len() < text.len() && !speaks_of_it).then_some(level)
}

/// 1.2 and 1.2.3; a number alone may begin an item, and one of many digits is a date or the number of a phone.
fn by_parts(text: &str) -> Option<u8> {
    let number: String = text
        .chars()
        .take_while(|one| one.is_ascii_digit() || ".．-".contains(*one))
        .collect();
    let rest = text.get(number.len()..)?;
    let parts: Vec<&str> = number
        .split(['.', '．', '-'])
        .filter(|part| !part.is_empty())
        .collect();
    let counts = parts
        .iter()
        .all(|part| part.len() <= 2 && !part.starts_with('0'));
    let names_something = rest.chars().any(char::is_alphabetic);
    (parts.len() >= 2 && counts && rest.starts_with([' ', '\u{3000}']) && names_something)
        .then(|| u8::try_from(parts.len()).unwrap_or(u8::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_tell_headings() {
        for (text, level) in [
            ("第1章 予約", Some(1)),
            ("第２章予約", Some(1)),
            ("第十二節　受付", Some(2)),
            ("1.2 予約の手順", Some(2)),
            ("1.2.3 取消し", Some(3)),
            ("1. 受付に行きます。", None),
            ("第1章の申込みは窓口へ", None),
            (
                "第1章で述べたとおり、申込みは窓口で受け付けています。",
                None,
            ),
            ("第章", None),
            ("10.5", None),
            ("03-12-34 代表", None),
            ("2026-11-30 更新", None),
        ] {
            assert_eq!(numbered(text), level, "{text}");
        }
    }

    #[test]
    fn where_a_manual_marks_no_heading_its_numbers_do() {
        let text = |text: &str| (Piece::Text(text.to_owned()), None);
        let heading = |level, text: &str| (Piece::Heading(level, text.to_owned()), None);
        let pieces = vec![text("第1章 予約"), text(r"1\.1 期間"), text("3か月前")];
        let found = with_headings(pieces.clone());
        let expected = [
            heading(1, "第1章 予約"),
            heading(2, "1.1 期間"),
            text("3か月前"),
        ];
        assert_eq!(found, expected);

        let mut marked = pieces;
        marked.insert(0, heading(1, "はじめに"));
        assert_eq!(with_headings(marked.clone()), marked);
    }
}
