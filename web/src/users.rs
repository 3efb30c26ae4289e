//! 利用者: accounts and what they may do, for administrators.

mod agent;
mod change;
mod edit;
mod inventory;
mod list;
mod reset;
pub(crate) mod summary;

use crate::auth::routes::Routes;
use crate::kit::table_routes;

pub(crate) fn routes() -> Routes {
    table_routes::<list::UserList>()
        .get("/admin/users/new", edit::new_page)
        .post("/admin/users/new", edit::create)
        .get("/admin/users/inventory", inventory::page)
        .get("/admin/users/inventory.xlsx", inventory::export)
        .get("/admin/users/{id}", edit::page)
        .post("/admin/users/{id}", edit::save)
        .post("/admin/users/{id}/disable", reset::disable)
        .post("/admin/users/{id}/enable", reset::enable)
        .post("/admin/users/{id}/release", reset::release)
        .post("/admin/users/{id}/password", reset::password)
        .post("/admin/users/{id}/second-factor", reset::second_factor)
        .post(
            "/admin/users/{id}/sessions/{session}/end",
            reset::end_session,
        )
}
