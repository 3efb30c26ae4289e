//! The addresses of the month.

use madoguchi_core::month::Month;

use crate::error::WebError;

/// The entry of the menu.
pub(crate) const HERE: &str = "/monthly";

/// The page of a month.
pub(super) fn month_path(month: Month) -> String {
    format!("{HERE}/{month}")
}

/// The month of an address.
pub(super) fn read_month(text: &str) -> Result<Month, WebError> {
    text.parse().map_err(|_| WebError::NotFound("この月"))
}
