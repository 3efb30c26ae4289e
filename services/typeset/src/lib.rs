//! Books ([`Document`]) as files that people open: docx, and PDF/A of one book or of several in one file
//! (結合PDF); and the archive for 電子納品. Bytes out: the fonts alone are read from the disk, once ([`Fonts`]). The
//! same book with the same fonts gives the same bytes, wherever and whenever.
//!
//! What people typed is text and stays text: neither the layout nor an archive reads any of it as an instruction.

mod book;
mod delivery;
mod docx;
mod error;
mod fonts;
mod letters;
mod paper;
mod pdf;
mod png;
#[cfg(test)]
mod tests;
mod widths;

use madoguchi_reports::document::Document;

pub use self::book::PRINTED_ROWS_AT_MOST;
pub use self::delivery::{DeliveryFile, FigureSource, SOURCES, delivery};
pub use self::error::TypesetError;
pub use self::fonts::{FONT_DIRECTORIES, Fonts};
pub use self::letters::{LetterFault, LetterNote};

use self::book::Book;
use self::letters::{LetterNotes, clean, each_text};
use self::pdf::{BOUND, Layout};

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typeset {
    /// What stands in it.
    pub bytes: Vec<u8>,
    /// How many pages it has; those of a docx, as the layout of the PDF has them.
    pub pages: usize,
    /// The letters that were taken out, replaced, or that may look otherwise elsewhere.
    pub notes: Vec<LetterNote>,
}

/// A book as docx.
///
/// # Errors
/// [`TypesetError::Chart`] if a chart cannot be drawn, [`TypesetError::Layout`] if the pages cannot be counted,
/// [`TypesetError::Write`] and [`TypesetError::Archive`].
pub fn docx(document: &Document, fonts: &Fonts) -> Result<Typeset, TypesetError> {
    let mut notes = LetterNotes::default();
    let cleaned = clean(document, &mut notes);
    let shown = shown(&cleaned, fonts, &mut LetterNotes::default());
    let title = title(std::slice::from_ref(document));
    let pages = Layout::new(&[Book::new(&shown)?], &title, fonts)?.pages();
    Ok(Typeset {
        bytes: docx::write(&Book::new(&cleaned)?, &pages, fonts)?,
        pages: pages.total,
        notes: notes.into_list(),
    })
}

/// One book as PDF/A, or several in one file with one list of contents and pages counted through.
///
/// # Errors
/// [`TypesetError::NoBook`] without a book, [`TypesetError::Chart`] if a chart cannot be drawn,
/// [`TypesetError::Layout`] if the layout fails.
pub fn pdf(documents: &[Document], fonts: &Fonts) -> Result<Typeset, TypesetError> {
    let mut notes = LetterNotes::default();
    let mut books = Vec::new();
    for document in documents {
        let cleaned = clean(document, &mut notes);
        books.push(Book::new(&shown(&cleaned, fonts, &mut notes))?);
    }
    let first = books.first().ok_or(TypesetError::NoBook)?;
    let layout = Layout::new(&books, &title(documents), fonts)?;
    Ok(Typeset {
        bytes: layout.pdf(first)?,
        pages: layout.pages().total,
        notes: notes.into_list(),
    })
}

/// What the file is called in its own properties, and several books on their common cover.
fn title(documents: &[Document]) -> String {
    match documents {
        [one] => format!(
            "{}（{}分）{}",
            one.name,
            one.month.name(),
            one.edition_name()
        ),
        [first, ..] => format!("{BOUND}（{}分）", first.month.name()),
        [] => String::new(),
    }
}

/// The book with 〓 for letters that no font has.
fn shown(document: &Document, fonts: &Fonts, notes: &mut LetterNotes) -> Document {
    let mut shown = document.clone();
    each_text(&mut shown, &mut |text, place| {
        let missing: Vec<char> = text
            .chars()
            .filter(|letter| !fonts.has_glyph(*letter))
            .collect();
        if missing.is_empty() {
            return;
        }
        let mut told = Vec::new();
        for letter in &missing {
            // 外字 were told already.
            if !told.contains(letter) && !letters::is_private_use(*letter) {
                told.push(*letter);
                notes.add(LetterFault::NoGlyph, *letter, place);
            }
        }
        let shown = |letter| {
            if missing.contains(&letter) {
                '〓'
            } else {
                letter
            }
        };
        *text = text.chars().map(shown).collect();
    });
    shown
}
