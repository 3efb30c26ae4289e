//! FAQの編集: articles are written, reviewed, published and withdrawn (表 5.6-9 4①).

mod autosave;
mod book;
mod differences;
mod edit;
mod export;
pub(crate) mod files;
mod form;
mod import;
mod list;
pub(crate) mod lookup;
mod one;
mod steps;

use crate::auth::routes::Routes;
use crate::kit::table_routes;
use crate::limits::{FileUse, FormUse};

pub(crate) fn routes() -> Routes {
    table_routes::<list::ArticleList>()
        .upload("/articles/{id}/files", FileUse::Attachment, files::add)
        .upload(
            "/articles/{id}/pictures",
            FileUse::Attachment,
            files::add_while_writing,
        )
        .upload("/articles/import", FileUse::Import, import::preview)
        .upload("/articles/import/apply", FileUse::Import, import::apply)
        .get("/articles/{id}/files/{hash}", files::file)
        .post("/articles/{id}/files/remove", files::remove)
        .get("/articles/new", edit::new_page)
        .long_post("/articles/new", FormUse::Article, edit::create)
        .long_post("/articles/from-text", FormUse::Article, edit::from_text)
        .long_post("/articles/preview", FormUse::Article, edit::preview)
        .long_post("/articles/autosave", FormUse::Article, autosave::keep)
        .post("/articles/autosave/discard", autosave::discard)
        .get("/articles/import", import::page)
        .get("/articles/export.jsonl", export::as_lines)
        .get("/articles/export.xlsx", export::as_workbook)
        .get("/articles/{id}", one::page)
        .get("/articles/{id}/edit", edit::page)
        .long_post("/articles/{id}/edit", FormUse::Article, edit::save)
        .get("/articles/{id}/versions/{number}", one::version)
        .post("/articles/{id}/restore", steps::restore)
        .post("/articles/{id}/submit", steps::submit)
        .post("/articles/{id}/recall", steps::recall)
        .post("/articles/{id}/discard", steps::discard)
        .post("/articles/{id}/send-back", steps::send_back)
        .post("/articles/{id}/approve", steps::approve)
        .post("/articles/{id}/ask-withdrawal", steps::ask_withdrawal)
        .post("/articles/{id}/withdraw", steps::withdraw)
        .post("/articles/{id}/keep", steps::keep)
}
