//! How wide text is, in halves of a kanji (East Asian Width, Unicode Standard Annex 11): what is ambiguous
//! counts as wide, as Japanese fonts draw it.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// The width of the widest line.
pub(crate) fn width(text: &str) -> usize {
    text.split('\n')
        .map(UnicodeWidthStr::width_cjk)
        .max()
        .unwrap_or(0)
}

/// How many lines text takes in a cell of such a width.
pub(crate) fn lines(text: &str, columns: usize) -> usize {
    pieces(text, columns, usize::MAX)
        .map(|(_, lines)| lines)
        .sum()
}

/// Text in pieces of at most so many lines, each with its lines. Pieces put together are the text.
pub(crate) fn pieces(text: &str, columns: usize, lines_at_most: usize) -> Pieces<'_> {
    Pieces {
        rest: Some(text),
        columns: columns.max(2),
        lines_at_most: lines_at_most.max(1),
    }
}

/// See [`pieces`].
pub(crate) struct Pieces<'a> {
    rest: Option<&'a str>,
    columns: usize,
    lines_at_most: usize,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = (&'a str, usize);

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.rest.take()?;
        // Most texts fit on a line; no letter is wider than its bytes.
        let is_line = !text.contains('\n');
        if is_line && (text.len() <= self.columns || text.width_cjk() <= self.columns) {
            return Some((text, 1));
        }
        let (mut lines, mut filled) = (1, 0);
        for (at, grapheme) in text.grapheme_indices(true) {
            let is_end = grapheme.ends_with('\n');
            let wide = if is_end { 0 } else { grapheme.width_cjk() };
            if filled > 0 && filled + wide > self.columns {
                (lines, filled) = (lines + 1, 0);
            }
            if lines > self.lines_at_most {
                let (piece, rest) = text.split_at(at);
                self.rest = Some(rest);
                return Some((piece, self.lines_at_most));
            }
            filled += wide;
            if is_end {
                (lines, filled) = (lines + 1, 0);
            }
        }
        Some((text, lines.min(self.lines_at_most)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kanji_is_two_wide_and_what_joins_a_letter_adds_nothing() {
        for (text, wide) in [
            ("", 0),
            ("9,999,999", 9),
            ("令和6年12月31日", 15),
            ("①㍿－", 6),
            ("𠮷", 2),
            ("か\u{3099}", 2),
            ("葛\u{e0100}", 2),
            ("一\n二三四", 6),
        ] {
            assert_eq!(width(text), wide, "{text}");
        }
    }

    #[test]
    fn lines_end_at_a_line_feed_and_where_the_cell_is_full() {
        for (text, columns, count) in [
            ("", 10, 1),
            ("一二三四五", 10, 1),
            ("一二三四五六", 10, 2),
            ("一\n二\n三", 10, 3),
            ("一\n", 10, 2),
        ] {
            assert_eq!(lines(text, columns), count, "{text}");
        }
    }

    #[test]
    fn pieces_put_together_are_the_text_and_no_letter_is_torn() {
        let text = "葛\u{e0100}か\u{3099}𠮷😀\n".repeat(100);
        for (columns, most) in [(2, 1), (5, 3), (40, 24)] {
            let pieces: Vec<_> = pieces(&text, columns, most).collect();
            let whole: String = pieces.iter().map(|(piece, _)| *piece).collect();
            assert_eq!(whole, text);
            assert!(pieces.len() > 1 && pieces.iter().all(|(_, lines)| *lines <= most));
            assert!(
                !pieces
                    .iter()
                    .any(|(piece, _)| piece.starts_with(['\u{e0100}', '\u{3099}']))
            );
        }
    }
}
