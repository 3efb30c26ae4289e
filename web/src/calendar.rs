//! 受付カレンダー: a fiscal year at a glance, and single days that differ from the rules.

mod day;
mod rule;
mod year;

use crate::auth::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/admin/calendar", year::page)
        .get("/admin/calendar/{date}", day::page)
        .post("/admin/calendar/{date}", day::save)
        .post("/admin/calendar/{date}/restore", day::restore)
}
