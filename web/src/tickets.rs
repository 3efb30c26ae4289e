//! 問合せ: the list, one ticket with all that can be done with it, new ones, and the API.

mod api;
pub(crate) mod applying;
pub(crate) mod attaching;
mod bulk;
pub(crate) mod choices;
pub(crate) mod columns;
mod described;
mod detail;
pub(crate) mod due;
pub(crate) mod edit;
mod family;
mod faq;
mod fields_schema;
mod files;
pub(crate) mod form;
mod form_drafts;
mod history;
mod import;
mod json;
mod list;
pub(crate) mod lookup;
pub(crate) mod names;
mod new;
pub(crate) mod offered;
mod old_inquiries;
mod page;
mod parts;
pub(crate) mod presence;
mod related;
mod steps;

use madoguchi_core::access::Permission;

use crate::auth::routes::Routes;
use crate::feature::Feature;
use crate::limits::{FileUse, FormUse};
use crate::menu::MenuEntry;

pub(crate) const FEATURE: Feature = Feature::new(routes)
    .menu(&[
        MenuEntry::new("問合せ", "/tickets", Permission::HandleTickets)
            .waiting(|_, work| vec![("フォーム", work.portal)]),
        MenuEntry::new(
            "未登録の通話",
            "/reception/unregistered",
            Permission::HandleTickets,
        ),
    ])
    .views(&["/tickets"])
    .messages(&[
        (
            "merged",
            "統合しました。統合した問合せは、下に表示しています。",
        ),
        ("attached", "添付しました。"),
        ("detached", "添付ファイルを取り除きました。"),
        ("unmerged", "統合を取り消しました。"),
        ("split", "分割しました。新しい問合せを表示しています。"),
        ("ledger-imported", "台帳を取り込みました。"),
    ]);

fn routes() -> Routes {
    Routes::new()
        .get("/tickets", list::page)
        .file("/tickets/download", list::download)
        .get("/tickets/import", import::page)
        .upload("/tickets/import", FileUse::Import, import::bring)
        .file("/tickets/import/check", import::check)
        .upload(
            "/tickets/import/check",
            FileUse::Import,
            import::check_again,
        )
        .upload("/tickets/import/apply", FileUse::Import, import::apply)
        .post("/tickets/bulk", bulk::change)
        .post("/tickets/present", presence::tell)
        .long_post("/tickets/typed", FormUse::Ticket, form_drafts::keep)
        .get("/tickets/due", due::page)
        .get("/tickets/due/part", due::part)
        .get("/inquiries", old_inquiries::lead)
        .get("/tickets/new", new::page)
        .long_post("/tickets/new", FormUse::Ticket, new::create)
        .get("/tickets/{number}", detail::page)
        .long_post("/tickets/{number}", FormUse::Ticket, edit::save)
        .long_post(
            "/tickets/{number}/steps/{step}",
            FormUse::Ticket,
            steps::step,
        )
        .upload("/tickets/{number}/files", FileUse::Attachment, files::add)
        .file("/tickets/{number}/files/{file}", files::file)
        .post("/tickets/{number}/files/{file}/remove", files::remove)
        .post("/tickets/{number}/merge", family::merge)
        .post("/tickets/{number}/undo-merge", family::undo_merge)
        .long_post("/tickets/{number}/split", FormUse::Ticket, family::split)
        .post("/tickets/{number}/faq", faq::draft)
        .get("/api/v1/tickets", api::list)
        .described(described::list)
        .long_post("/api/v1/tickets", FormUse::Ticket, api::create)
        .described(described::create)
        .get("/api/v1/tickets/{number}", api::one)
        .described(described::one)
        .patch("/api/v1/tickets/{number}", FormUse::Ticket, api::change)
        .described(described::change)
        .get("/api/v1/contacts", api::contacts)
        .described(described::contacts)
}
