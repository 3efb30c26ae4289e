//! 受付カレンダー: a fiscal year at a glance, and days that differ from the rules, changed one by one or
//! several at once.

mod day;
mod range;
mod rule;
mod year;

use crate::auth::routes::Routes;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/admin/calendar", year::page)
        .get("/admin/calendar/range", range::page)
        .post("/admin/calendar/range", range::save)
        .post("/admin/calendar/range/undo", range::undo)
        .get("/admin/calendar/{date}", day::page)
        .post("/admin/calendar/{date}", day::save)
        .post("/admin/calendar/{date}/restore", day::restore)
}
