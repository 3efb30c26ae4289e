//! Pieces become sections.

use madoguchi_core::article::{ANSWER_LETTERS, MANUAL_HEADING_LETTERS};

use super::pieces::{Piece, Pieces, Section, plain};

/// Headings further in than this stand in the text of their section.
const LEVELS: u8 = 3;
/// A section has no more letters, or becomes two.
const MOST: usize = ANSWER_LETTERS - 1_000;

/// What stands under each heading. A heading right below which the next one stands has no section.
pub(super) fn sections(pieces: Pieces) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut path: Vec<(u8, String)> = Vec::new();
    let mut begins = true;
    let mut letters = 0;
    for (piece, page) in pieces {
        let text = match piece {
            Piece::Heading(level, text) if level <= LEVELS => {
                path.retain(|(outer, _)| *outer < level);
                path.push((level, text.chars().take(MANUAL_HEADING_LETTERS).collect()));
                begins = true;
                continue;
            }
            Piece::Heading(_, text) => format!("### {}", plain(&text)),
            Piece::Text(text) => text,
        };
        for text in short_enough(text) {
            let more = text.chars().count();
            match sections.last_mut() {
                Some(last) if !begins && letters + more <= MOST => {
                    letters += more + 2;
                    last.text.push_str("\n\n");
                    last.text.push_str(&text);
                }
                _ => {
                    letters = more;
                    sections.push(Section {
                        path: path.iter().map(|(_, text)| text.clone()).collect(),
                        text,
                        page,
                    });
                }
            }
            begins = false;
        }
    }
    sections
}

/// A text in parts of no more than [`MOST`] letters; a table is parted between its rows, and each part has its head.
fn short_enough(text: String) -> Vec<String> {
    let letters = |text: &str| text.chars().count();
    if letters(&text) <= MOST {
        return vec![text];
    }
    let mut lines = text.split_inclusive('\n');
    let head = if text.starts_with('|') {
        lines.by_ref().take(2).collect()
    } else {
        String::new()
    };
    let room = MOST.saturating_sub(letters(&head)).max(MOST / 2);
    let mut parts: Vec<String> = Vec::new();
    let mut left = 0;
    for line in lines {
        let mut rest: Vec<char> = line.chars().collect();
        while !rest.is_empty() {
            let piece: String = rest.drain(..rest.len().min(room)).collect();
            match parts.last_mut() {
                Some(part) if letters(&piece) <= left => part.push_str(&piece),
                _ => {
                    parts.push(format!("{head}{piece}"));
                    left = room;
                }
            }
            left -= letters(&piece);
        }
    }
    parts
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

    #[test]
    fn nothing_of_what_is_too_long_is_lost() {
        let long = "あ".repeat(MOST * 2 + 5);
        let parts = short_enough(long.clone());
        assert_eq!(parts.concat(), long);
        assert!(parts.iter().all(|part| part.chars().count() <= MOST));

        let rows: String = (0..3_000).map(|n| format!("\n| 行{n} | 値 |")).collect();
        let parts = short_enough(format!("| 名 | 値 |\n| --- | --- |{rows}"));
        assert!(parts.len() > 1);
        assert!(parts.iter().all(|part| part.chars().count() <= MOST));
        let heads = parts
            .iter()
            .filter(|part| part.starts_with("| 名 | 値 |\n| --- |"));
        assert_eq!(heads.count(), parts.len());
        let shown: usize = parts.iter().map(|part| part.matches("| 行").count()).sum();
        assert_eq!(shown, 3_000);
    }
}
