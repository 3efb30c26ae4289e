//! 月次: what people write for a month ([`entries`]), and what becomes of its report ([`editions`],
//! [`steps`]).

mod editions;
mod entries;
mod settings;
mod steps;

pub use self::entries::{EntryVersion, KeptEntry, PublishedOutcome};
use crate::error::StoreError;

/// A number of a row that counts something.
fn small(what: &'static str, found: i64) -> Result<u32, StoreError> {
    u32::try_from(found).map_err(|_| StoreError::OutOfRange { what, found })
}

/// A month as it is kept.
fn month(text: &str) -> Result<madoguchi_core::month::Month, StoreError> {
    text.parse().map_err(|_| StoreError::UnknownName {
        what: "month",
        name: text.to_owned(),
    })
}
