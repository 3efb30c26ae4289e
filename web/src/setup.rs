//! 窓口の設定: lines, agents with their phones, trunks, targets and categories on screens.
//!
//! All are [`screen::SettingScreen`]s: listed, made, changed, removed, and brought back to what they were, by the
//! same pages. What the operator's file names is only shown.

mod agents;
mod categories;
mod form;
mod history;
mod keep;
mod lines;
mod list;
mod outbound;
mod overview;
mod page;
mod removal;
mod restore;
mod screen;
mod targets;
mod trunks;

use madoguchi_core::setup::{LineConfig, ScreenAgent, ScreenTrunk};

use crate::auth::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/admin/desk", overview::page)
        .get("/admin/desk/lines", list::page::<LineConfig>)
        .get("/admin/desk/lines/new", page::new_page::<LineConfig>)
        .post("/admin/desk/lines/new", page::create::<LineConfig>)
        .get("/admin/desk/line/{id}", page::page::<LineConfig>)
        .post("/admin/desk/line/{id}", page::save::<LineConfig>)
        .get("/admin/desk/line/{id}/remove", removal::page::<LineConfig>)
        .post(
            "/admin/desk/line/{id}/remove",
            removal::remove::<LineConfig>,
        )
        .post(
            "/admin/desk/line/{id}/restore",
            restore::restore::<LineConfig>,
        )
        .get("/admin/desk/agents", list::page::<ScreenAgent>)
        .get("/admin/desk/agents/new", page::new_page::<ScreenAgent>)
        .post("/admin/desk/agents/new", page::create::<ScreenAgent>)
        .get("/admin/desk/agent/{id}", page::page::<ScreenAgent>)
        .post("/admin/desk/agent/{id}", page::save::<ScreenAgent>)
        .post("/admin/desk/agent/{id}/password", agents::password)
        .get(
            "/admin/desk/agent/{id}/remove",
            removal::page::<ScreenAgent>,
        )
        .post(
            "/admin/desk/agent/{id}/remove",
            removal::remove::<ScreenAgent>,
        )
        .post(
            "/admin/desk/agent/{id}/restore",
            restore::restore::<ScreenAgent>,
        )
        .get("/admin/desk/trunks", list::page::<ScreenTrunk>)
        .get("/admin/desk/trunks/new", page::new_page::<ScreenTrunk>)
        .post("/admin/desk/trunks/new", page::create::<ScreenTrunk>)
        .get("/admin/desk/trunk/{id}", page::page::<ScreenTrunk>)
        .post("/admin/desk/trunk/{id}", page::save::<ScreenTrunk>)
        .get(
            "/admin/desk/trunk/{id}/remove",
            removal::page::<ScreenTrunk>,
        )
        .post(
            "/admin/desk/trunk/{id}/remove",
            removal::remove::<ScreenTrunk>,
        )
        .post(
            "/admin/desk/trunk/{id}/restore",
            restore::restore::<ScreenTrunk>,
        )
        .and(outbound::routes())
        .and(targets::routes())
        .and(categories::routes())
}
