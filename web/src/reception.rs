//! 受付: the screen of an agent who talks: who calls, what is asked and answered, and what is known
//! about it already.

mod call;
mod caller;
mod candidates;
mod clock;
mod draft;
mod files;
mod form;
mod hand_on;
mod no_ticket;
mod open;
mod outcome;
mod page;
mod part;
mod referrals;
mod save;
mod send;
mod side_panel;
mod subject;
mod unregistered;
mod usual;
mod viewed;
mod waiting;
pub(crate) mod without_ticket;

use madoguchi_core::access::Permission;

use crate::auth::routes::Routes;
use crate::feature::Feature;
use crate::limits::{FileUse, FormUse};
use crate::menu::MenuEntry;

pub(crate) const FEATURE: Feature = Feature::new(routes)
    .menu(&[MenuEntry::new(
        "受付",
        "/reception",
        Permission::HandleTickets,
    )])
    .messages(&[
        ("no-ticket", "対象外にしました。"),
        ("no-ticket-undone", "対象外を取り消しました。"),
        (
            hand_on::RINGS,
            "転送しています。転送先が出ないときは、この通話に戻ります。",
        ),
        (hand_on::TO_LINE, "回線の順番待ちに転送しました。"),
        (
            hand_on::PARKED,
            "通話を預けました。応答状況の「預かっている方」から取れます。",
        ),
        (hand_on::PASSED_ON, "相談の相手に引き継ぎました。"),
    ])
    .failures(&[
        (hand_on::NOT_DONE, "転送などの操作はできませんでした。"),
        (
            hand_on::NO_TALK,
            "できませんでした。通話が終わったか、ほかの担当者に移っています。",
        ),
        (
            hand_on::NOBODY_ASKED,
            "できませんでした。相談の相手が、まだ電話に出ていません。",
        ),
    ]);

fn routes() -> Routes {
    Routes::new()
        .get("/reception", open::page)
        .long_post("/reception", FormUse::Ticket, send::send)
        .upload("/reception/files", FileUse::Reception, files::add)
        .get("/reception/part", part::part)
        .get("/reception/caller", part::caller)
        .get("/reception/candidates", candidates::part)
        .long_post("/reception/draft", FormUse::Ticket, draft::keep)
        .get("/reception/unregistered", unregistered::list)
        .post("/reception/no-ticket", no_ticket::set)
}
