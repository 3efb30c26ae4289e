//! 受付カレンダー: a fiscal year at a glance, and days that differ from the rules, changed one by one or
//! several at once.

mod day;
mod range;
mod rule;
mod year;

use madoguchi_core::access::Permission;

use self::day::{Day, HERE};
use crate::auth::routes::Routes;
use crate::feature::Feature;
use crate::kit::record::audit_fields;
use crate::kit::{export, page, restore};
use crate::menu::MenuEntry;

pub(crate) const FEATURE: Feature = Feature::new(routes)
    .menu(&[MenuEntry::new(
        "受付カレンダー",
        HERE,
        Permission::ManageCalendar,
    )])
    .audit(&[audit_fields::<Day>]);

fn routes() -> Routes {
    Routes::new()
        .get("/admin/calendar", year::page)
        .get("/admin/calendar/download", export::download::<Day>)
        .get("/admin/calendar/range", range::page)
        .post("/admin/calendar/range", range::save)
        .post("/admin/calendar/range/undo", range::undo)
        .get("/admin/calendar/{id}", page::page::<Day>)
        .post("/admin/calendar/{id}", page::save::<Day>)
        .post("/admin/calendar/{id}/restore", restore::restore::<Day>)
}
