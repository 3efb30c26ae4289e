//! The addresses of the directory.

use madoguchi_core::id::PersonId;

use crate::query::escape;

/// The entry of the menu.
pub(crate) const HERE: &str = "/people";

/// The address of a person.
pub(crate) fn place(id: &PersonId) -> String {
    format!("{HERE}/{}", escape(id.as_str()))
}
