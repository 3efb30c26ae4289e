//! 職員名簿: who may call, their numbers, and what they asked before.

mod api;
mod detail;
mod import;
mod list;
mod paths;

use madoguchi_core::access::Permission;

use crate::auth::routes::Routes;
use crate::feature::Feature;
use crate::kit::table_routes;
use crate::limits::FileUse;
use crate::menu::MenuEntry;

pub(crate) const FEATURE: Feature = Feature::new(routes)
    .menu(&[MenuEntry::new(
        "職員名簿",
        "/people",
        Permission::HandleTickets,
    )])
    .views(&["/people"])
    .messages(&[("people-imported", "職員名簿に取り込みました。")]);

fn routes() -> Routes {
    table_routes::<list::PersonList>()
        .get("/people/import", import::page)
        .upload("/people/import", FileUse::Import, import::preview)
        .upload("/people/import/apply", FileUse::Import, import::apply)
        .get("/people/{id}", detail::page)
        .get("/api/v1/people", api::list)
        .described(api::described)
}
