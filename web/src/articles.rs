//! FAQの編集: articles are written, reviewed, published and withdrawn (表 5.6-9 4①).

mod asked;
mod autosave;
mod bulk;
mod choosing;
mod detail;
mod differences;
mod edit;
mod export;
pub(crate) mod file_download;
mod files;
mod form;
mod import;
mod list;
pub(crate) mod lookup;
mod manual;
mod refused;
mod steps;
mod workbook;

use madoguchi_core::access::{Permission, Permissions};
use madoguchi_store::Work;

use self::lookup::HERE;
pub use self::manual::READS_MANUALS;
use crate::auth::routes::Routes;
use crate::feature::Feature;
use crate::kit::table_routes;
use crate::limits::{FileUse, FormUse};
use crate::menu::MenuEntry;

/// What waits at the list for whoever writes, and for whoever approves.
fn waiting(permissions: Permissions, work: Work) -> Vec<(&'static str, u64)> {
    let mut waiting = vec![("差戻し", work.sent_back)];
    if permissions.contains(Permission::ApproveArticles) {
        waiting.insert(0, ("確認待ち", work.waiting));
    }
    waiting
}

pub(crate) const FEATURE: Feature = Feature::new(routes)
    .menu(&[MenuEntry::new("FAQの編集", HERE, Permission::EditArticles).waiting(waiting)])
    .views(&[HERE])
    .messages(&[
        ("submitted", "確認を依頼しました。"),
        (
            "sent-back",
            "差し戻しました。書いた人の下書きに戻っています。",
        ),
        ("approved", "承認しました。指定した日時に公開します。"),
        ("published", "すぐに公開しました。"),
        ("recalled", "取り消しました。下書きに戻っています。"),
        ("discarded", "下書きを削除しました。"),
        (
            "withdrawal-asked",
            "取下げを依頼しました。承認されるまで、公開は続きます。",
        ),
        ("withdrawn", "取り下げました。"),
        ("kept", "取下げを却下しました。公開は続きます。"),
        ("imported", "下書きとして取り込みました。"),
    ]);

fn routes() -> Routes {
    table_routes::<list::ArticleList>()
        .upload("/articles/{id}/files", FileUse::Attachment, files::add)
        .upload(
            "/articles/{id}/pictures",
            FileUse::Attachment,
            files::add_while_writing,
        )
        .upload("/articles/import", FileUse::Import, import::preview)
        .upload("/articles/import/apply", FileUse::Import, import::apply)
        .get("/articles/{id}/files/{hash}", file_download::file)
        .post("/articles/{id}/files/remove", files::remove)
        .post("/articles/bulk", bulk::take)
        .get("/articles/new", edit::new_page)
        .long_post("/articles/new", FormUse::Article, edit::create)
        .long_post("/articles/from-text", FormUse::Article, edit::from_text)
        .long_post("/articles/preview", FormUse::Article, edit::preview)
        .long_post("/articles/autosave", FormUse::Article, autosave::keep)
        .post("/articles/autosave/discard", autosave::discard)
        .get("/articles/import", import::page)
        .get("/articles/export.jsonl", export::as_lines)
        .get("/articles/export.xlsx", export::as_workbook)
        .get("/articles/{id}", detail::page)
        .get("/articles/{id}/edit", edit::page)
        .long_post("/articles/{id}/edit", FormUse::Article, edit::save)
        .get("/articles/{id}/versions/{number}", detail::version)
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
