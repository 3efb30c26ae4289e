//! Categories as readers see them.

use madoguchi_core::id::CategoryId;
use madoguchi_core::setup::{Categories, Category};

/// The entry of the portal's menu for the search.
pub(super) const HERE: &str = "/faq";

/// The name of a category, after that of the one it belongs to.
pub(crate) fn category_name(categories: &Categories, id: &CategoryId) -> String {
    let Some(category) = categories.get(id) else {
        return String::new();
    };
    match parent(categories, category) {
        Some(parent) => format!("{} / {}", parent.name, category.name),
        None => category.name.clone(),
    }
}

pub(super) fn parent<'a>(categories: &'a Categories, category: &Category) -> Option<&'a Category> {
    categories.get(category.parent.as_ref()?)
}
