//! 受付カレンダー, the desk's and those of lines and 業務区分: a fiscal year at a glance, and days that differ
//! from the rules, changed one by one or several at once.

mod day;
mod named;
mod range;
mod rule;
mod year;

use madoguchi_core::access::Permission;
use madoguchi_core::setup::CalendarConfig;

use self::day::{Day, HERE};
pub(crate) use self::named::choices;
use crate::auth::routes::Routes;
use crate::feature::Feature;
use crate::kit::record::audit_fields;
use crate::kit::{export, page, record_routes, restore};
use crate::menu::MenuEntry;

pub(crate) const FEATURE: Feature = Feature::new(routes)
    .menu(&[MenuEntry::new(
        "受付カレンダー",
        HERE,
        Permission::ManageCalendar,
    )])
    .audit(&[audit_fields::<Day>, audit_fields::<CalendarConfig>]);

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
        .and(record_routes!(removable CalendarConfig, list: "/admin/calendars", one: "/admin/calendars/named"))
}
