//! The FAQ portal of the staff. Within its networks nobody needs an account.

pub(crate) mod article;
mod browser;
mod category;
mod contact;
mod feed;
mod feedback;
pub(crate) mod finding;
mod history;
mod home;
pub(crate) mod notices;
pub(crate) mod popular;

use madoguchi_core::setup::{Categories, Category};

pub(crate) use self::browser::Browser;
use crate::auth::routes::Routes;

/// The entry of the portal's menu for the search.
const HERE: &str = "/faq";

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/faq", home::page)
        .get("/faq/results", home::results)
        .get("/faq/suggest", home::suggest)
        .get("/faq/history", history::page)
        .get("/faq/contact", contact::page)
        .post("/faq/contact", contact::send)
        .get("/faq/feed.xml", feed::feed)
        .get("/sitemap.xml", feed::sitemap)
        .get("/faq/category/{id}", category::page)
        .get("/faq/{id}", article::page)
        .get("/faq/{id}/files/{hash}", article::file)
        .post("/faq/{id}/feedback", feedback::give)
}

/// The name of a category, after that of the one it belongs to.
pub(crate) fn category_name(categories: &Categories, id: &str) -> String {
    let Some(category) = categories.get(id) else {
        return String::new();
    };
    match parent(categories, category) {
        Some(parent) => format!("{} / {}", parent.name, category.name),
        None => category.name.clone(),
    }
}

fn parent<'a>(categories: &'a Categories, category: &Category) -> Option<&'a Category> {
    categories.get(category.parent.as_deref()?)
}
