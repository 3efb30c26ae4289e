//! 利用者: accounts and what they may do, for administrators.

mod access_review;
mod agent;
mod change;
mod edit;
mod form;
mod list;
mod reset;
pub(crate) mod summary;

use madoguchi_core::access::Permission;

use crate::auth::routes::Routes;
use crate::feature::Feature;
use crate::kit::table_routes;
use crate::menu::MenuEntry;

pub(crate) const FEATURE: Feature = Feature::new(routes)
    .menu(&[MenuEntry::new(
        "利用者",
        "/admin/users",
        Permission::ManageUsers,
    )])
    .views(&["/admin/users"])
    .messages(&[
        ("reissued", "新しいパスワードを発行しました。"),
        ("disabled", "利用を停止しました。"),
        ("released", "ロックを解除しました。"),
        ("second-factor-off", "2段階認証を解除しました。"),
    ])
    .failures(&[
        ("created-late", "利用者と担当者を登録しましたが、動いている窓口に反映できませんでした。電話は、まだこの担当者に回りません。窓口のログを確認してください。"),
    ]);

fn routes() -> Routes {
    table_routes::<list::UserList>()
        .get("/admin/users/new", edit::new_page)
        .post("/admin/users/new", edit::create)
        .get("/admin/users/inventory", access_review::page)
        .get("/admin/users/inventory.xlsx", access_review::export)
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
