//! The forms of a [`Document`](crate::document::Document): functions from a book to the bytes of a file or
//! to markup. They read no clock, no locale and no zone, so that the same book gives the same bytes
//! everywhere. Rules and their sources: docs/forms.md.

mod axis;
pub mod data;
pub mod html;
mod markup;
pub mod names;
mod numbers;
mod plot;
pub mod submission;
pub mod svg;
mod width;

/// A workbook, and what a reader should know of how it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Book {
    /// The bytes of the file.
    pub file: Vec<u8>,
    /// What was taken out, continued elsewhere, or may look otherwise on other machines. The file says it
    /// too, on a sheet of its own.
    pub notes: Vec<Note>,
}

/// What a reader should know of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The sheet.
    pub sheet: String,
    /// The cell, as A1.
    pub cell: String,
    /// What it is, in words.
    pub text: String,
}

#[cfg(test)]
mod parts;
