//! How sheets of 提出用 are printed: paper, scale, head and foot of pages.

use madoguchi_core::era::japanese_date;
use rust_xlsxwriter::{Worksheet, XlsxError};

use crate::cell_text::CellText;
use crate::document::Document;

/// Half a kanji of 10 points, in points.
pub(super) const HALF: f64 = 5.5;
/// What numbers and dates take of it: digits of some fonts are wider.
pub(super) const DIGIT: f64 = 6.3;
/// Blank beside what stands in a cell, in points.
pub(super) const PADDING: f64 = 8.0;
/// Columns hold less than their width says in fonts with wider letters: text is counted as if they were
/// narrower, so that no row is too low.
const SAFE: f64 = 0.93;
/// The least that a sheet may be scaled down to.
const SCALE_AT_LEAST: f64 = 0.7;
/// A line of 10 points, in points.
pub(super) const LINE: f64 = 14.5;
const POINTS_IN_MM: f64 = 72.0 / 25.4;
/// Left and right together, in millimetres.
const MARGINS: f64 = 25.4;

/// Paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paper {
    A4Upright,
    A4Across,
    A3Across,
}

impl Paper {
    /// The smallest paper on which columns of such a width, in points, can be read. A wide table stands upright
    /// only if it is not made smaller there.
    pub(super) fn for_width(wide: f64, is_wide: bool) -> Self {
        let fits = |paper: &Self| match paper {
            Self::A4Upright if is_wide => paper.printed() >= wide,
            paper => paper.printed() >= wide * SCALE_AT_LEAST,
        };
        let mut papers = [Self::A4Upright, Self::A4Across].into_iter();
        papers.find(fits).unwrap_or(Self::A3Across)
    }

    /// Columns wider than this cannot be read on any.
    pub(super) fn widest() -> f64 {
        Self::A3Across.printed() / SCALE_AT_LEAST
    }

    /// Points between the margins.
    fn printed(self) -> f64 {
        let mm = match self {
            Self::A4Upright => 210.0,
            Self::A4Across => 297.0,
            Self::A3Across => 420.0,
        };
        (mm - MARGINS) * POINTS_IN_MM
    }
}

/// Sets up the pages of a sheet: the paper, as wide as all columns, with the name of the book above and the
/// number of the page below.
pub(super) fn set_up(sheet: &mut Worksheet, document: &Document, paper: Paper) {
    match paper {
        Paper::A4Upright => sheet.set_paper_size(9).set_portrait(),
        Paper::A4Across => sheet.set_paper_size(9).set_landscape(),
        Paper::A3Across => sheet.set_paper_size(8).set_landscape(),
    };
    sheet.set_margins(0.5, 0.5, 0.75, 0.75, 0.3, 0.3);
    sheet.set_print_fit_to_pages(1, 0);
    let draft = if document.draft { " 案" } else { "" };
    let edition = document.edition_name();
    let name = plain(
        &format!("{} {}分 {edition}", document.name, document.month.name()),
        120,
    );
    let class = plain(&document.classification, 60);
    sheet.set_header(format!("&L{name}&R{class}{draft}"));
    let made = japanese_date(document.made_at.date());
    sheet.set_footer(format!("&C&P / &N&R作成日 {made}"));
}

/// The width of a column, in the digits of Excel, for so many points.
pub(super) fn digits(points: f64) -> f64 {
    // A digit of the standard font is 7 pixels wide, with 5 pixels beside it; a pixel is 0.75 points.
    ((points / 0.75 - 5.0) / 7.0).clamp(1.0, 250.0)
}

/// The height of a row with so many lines of 10 points.
pub(super) fn height(lines: usize) -> f64 {
    lines.max(1) as f64 * LINE + 3.0
}

/// The width of a column that holds so much text on a line, in points, without padding.
pub(super) fn points(halves: usize) -> f64 {
    halves as f64 * HALF / SAFE + 0.5
}

/// How much text a line of a column holds, in halves of a kanji.
pub(super) fn halves(points: f64) -> usize {
    ((points - PADDING) * SAFE / HALF).max(2.0) as usize
}

/// Text without what heads and feet take for an order of theirs.
fn plain(text: &str, letters: usize) -> String {
    let text = CellText::new(text).text;
    let text = text.chars().filter(|letter| !letter.is_control());
    text.take(letters)
        .map(|letter| if letter == '&' { '＆' } else { letter })
        .collect()
}

/// Prints the rows and columns that are used, and no more.
///
/// # Errors
/// [`XlsxError`].
pub(super) fn print_area(
    sheet: &mut Worksheet,
    last_row: u32,
    columns: u16,
) -> Result<(), XlsxError> {
    sheet.set_print_area(0, 0, last_row, columns.saturating_sub(1))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S16
    #[test]
    fn what_would_be_too_small_on_a_paper_comes_on_the_next() {
        for (wide, is_wide, paper) in [
            (500.0, false, Paper::A4Upright),
            (500.0, true, Paper::A4Upright),
            (530.0, true, Paper::A4Across),
            (760.0, false, Paper::A4Across),
            (1_090.0, true, Paper::A4Across),
            (1_110.0, true, Paper::A3Across),
            (5_000.0, false, Paper::A3Across),
        ] {
            assert_eq!(Paper::for_width(wide, is_wide), paper, "{wide}");
        }
    }

    #[test]
    fn the_name_of_a_book_is_no_order_to_the_head_of_a_page() {
        assert_eq!(plain("A&B &P\n令和", 100), "A＆B ＆P令和");
    }
}
