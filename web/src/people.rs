//! 職員名簿: who may call, their numbers, and what they asked before.

mod api;
mod import;
mod list;
mod one;
mod place;

use crate::auth::routes::Routes;
use crate::kit::table_routes;
use crate::limits::FileUse;

pub(crate) fn routes() -> Routes {
    table_routes::<list::PersonList>()
        .get("/people/import", import::page)
        .upload("/people/import", FileUse::Import, import::preview)
        .upload("/people/import/apply", FileUse::Import, import::apply)
        .get("/people/{id}", one::page)
        .get("/api/v1/people", api::list)
}
