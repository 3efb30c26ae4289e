//! A book as docx: a small emitter of what a book needs, and no more. Decision: docs/decisions/0024.

mod body;
mod fields;
mod front;
mod package;
mod picture;
mod running;
mod table;
mod xml;

use self::picture::DrawnPicture;
use crate::book::{Book, Item, Section};
use crate::error::TypesetError;
use crate::fonts::Fonts;
use crate::pdf::Pages;
use crate::png::png;

/// The file of a book whose pages are known from the layout.
pub(crate) fn write(book: &Book, pages: &Pages, fonts: &Fonts) -> Result<Vec<u8>, TypesetError> {
    let pictures = pictures(&book.sections, fonts)?;
    package::write(book, pages, &pictures)
}

fn pictures(sections: &[Section], fonts: &Fonts) -> Result<Vec<DrawnPicture>, TypesetError> {
    let mut pictures: Vec<DrawnPicture> = Vec::new();
    for section in sections {
        for item in &section.items {
            let Item::Chart(chart) = item else { continue };
            let room = (
                section.paper.text_width(),
                section.paper.text_height() * 0.8,
            );
            let drawn = png(&chart.svg, fonts).map_err(|reason| TypesetError::Chart {
                number: chart.number.clone(),
                reason,
            })?;
            let scale = (room.0 / drawn.size.0).min(room.1 / drawn.size.1);
            pictures.push(DrawnPicture {
                id: pictures.len() + 1,
                name: chart.number.clone(),
                alt: chart.alt.clone(),
                png: drawn.bytes,
                size: (drawn.size.0 * scale, drawn.size.1 * scale),
            });
        }
    }
    Ok(pictures)
}
