//! Books as PDF/A-2a: laid out by typst, whose form is `book.typ`. Decision: docs/decisions/0024.

mod values;
mod world;

use std::num::NonZeroUsize;

use typst::diag::{SourceDiagnostic, Warned};
use typst::foundations::{Datetime, Label, Selector, Smart};
use typst::introspection::Introspector;
use typst::utils::PicoStr;
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

pub(crate) use self::values::BOUND;
use self::world::BookWorld;
use crate::book::Book;
use crate::error::TypesetError;
use crate::fonts::Fonts;

/// Tokyo's distance from UTC in minutes.
const TOKYO_MINUTES: i32 = 9 * 60;

/// Pages, from 1, the cover is the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pages {
    /// Of chapters and headings, in order.
    pub(crate) headings: Vec<usize>,
    /// Of tables and charts, in order.
    pub(crate) figures: Vec<usize>,
    /// All of them.
    pub(crate) total: usize,
}

/// Books, laid out.
#[derive(Debug)]
pub(crate) struct Layout(PagedDocument);

impl Layout {
    /// Lays out a book, or several one behind the other under a title of their own.
    pub(crate) fn new(books: &[Book], title: &str, fonts: &Fonts) -> Result<Self, TypesetError> {
        let world = BookWorld::new(values::inputs(books, title, fonts), fonts);
        let Warned { output, .. } = typst::compile::<PagedDocument>(&world);
        // What was kept for the next time would be the whole of a book.
        typst::comemo::evict(0);
        output.map(Self).map_err(|errors| failed(&errors))
    }

    /// Where everything stands.
    pub(crate) fn pages(&self) -> Pages {
        Pages {
            headings: self.pages_of("heading"),
            figures: self.pages_of("figure"),
            total: self.0.pages().len(),
        }
    }

    fn pages_of(&self, label: &str) -> Vec<usize> {
        let introspector = self.0.introspector();
        let Some(label) = Label::new(PicoStr::intern(label)) else {
            return Vec::new();
        };
        let found = introspector.query(&Selector::Label(label));
        let page = |element: &typst::foundations::Content| {
            let position = introspector.position(element.location()?)?;
            Some(NonZeroUsize::get(position.page))
        };
        found
            .iter()
            .map(|element| page(element).unwrap_or(1))
            .collect()
    }

    /// The file. It depends on nothing but the books and the fonts.
    pub(crate) fn pdf(&self, book: &Book) -> Result<Vec<u8>, TypesetError> {
        let standards = PdfStandards::new(&[PdfStandard::A_2a]);
        let options = PdfOptions {
            ident: Smart::Auto,
            creator: Smart::Custom(Some("Madoguchi".to_owned())),
            timestamp: made_at(book),
            standards: standards
                .map_err(|error| TypesetError::Layout(error.message().to_string()))?,
            ..PdfOptions::default()
        };
        let pdf = typst_pdf::pdf(&self.0, &options).map_err(|errors| failed(&errors));
        typst::comemo::evict(0);
        pdf
    }
}

fn made_at(book: &Book) -> Option<Timestamp> {
    use chrono::{Datelike, Timelike};
    let local = book.made_at.in_tokyo();
    let small = |number: u32| u8::try_from(number).ok();
    let datetime = Datetime::from_ymd_hms(
        local.year(),
        small(local.month())?,
        small(local.day())?,
        small(local.hour())?,
        small(local.minute())?,
        small(local.second())?,
    )?;
    Timestamp::new_local(datetime, TOKYO_MINUTES)
}

fn failed(errors: &[SourceDiagnostic]) -> TypesetError {
    let messages: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
    TypesetError::Layout(messages.join(" / "))
}
