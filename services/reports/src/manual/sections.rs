//! Pieces become sections.

use madoguchi_core::article::ANSWER_LETTERS;

use super::{Piece, Pieces, Section};

/// Headings further in than this stand in the text of their section.
const LEVELS: u8 = 3;
/// A section has no more letters, or becomes two.
const MOST: usize = ANSWER_LETTERS - 1_000;

/// What stands under each heading. A heading right below which the next one stands has no section.
pub(super) fn sections(pieces: Pieces) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut path: Vec<(u8, String)> = Vec::new();
    let mut begins = true;
    for (piece, page) in pieces {
        let text = match piece {
            Piece::Heading(level, text) if level <= LEVELS => {
                path.retain(|(outer, _)| *outer < level);
                path.push((level, text));
                begins = true;
                continue;
            }
            Piece::Heading(_, text) => format!("### {}", super::plain(&text)),
            Piece::Text(text) => text,
        };
        let text: String = text.chars().take(MOST).collect();
        let letters = text.chars().count();
        match sections.last_mut() {
            Some(last) if !begins && last.text.chars().count() + letters <= MOST => {
                last.text.push_str("\n\n");
                last.text.push_str(&text);
            }
            _ => sections.push(Section {
                path: path.iter().map(|(_, text)| text.clone()).collect(),
                text,
                page,
            }),
        }
        begins = false;
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heading(level: u8, text: &str) -> (Piece, Option<u32>) {
        (Piece::Heading(level, text.to_owned()), Some(1))
    }

    fn text(text: &str) -> (Piece, Option<u32>) {
        (Piece::Text(text.to_owned()), Some(2))
    }

    #[test]
    fn what_stands_under_a_heading_is_a_section() {
        let pieces = vec![
            text("前書き"),
            heading(1, "第1章"),
            heading(2, "1.1"),
            text("受付"),
            text("- 項目"),
            heading(4, "注意"),
            text("夜間"),
            heading(2, "1.2"),
            text("変更"),
            heading(1, "第2章"),
            text("当日"),
        ];
        let found: Vec<_> = sections(pieces)
            .into_iter()
            .map(|one| (one.path.join("/"), one.text))
            .collect();
        let expected = [
            ("", "前書き"),
            ("第1章/1.1", "受付\n\n- 項目\n\n### 注意\n\n夜間"),
            ("第1章/1.2", "変更"),
            ("第2章", "当日"),
        ];
        assert_eq!(found, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }

    #[test]
    fn a_section_that_is_too_long_becomes_two() {
        let long = "あ".repeat(MOST / 2 + 1);
        let pieces = vec![heading(1, "章"), text(&long), text(&long)];
        let found = sections(pieces);
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|one| one.path == ["章"]));
    }
}
