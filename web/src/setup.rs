//! 窓口の設定: lines, agents with their phones, trunks, targets and categories on screens.
//!
//! All are [`Record`](crate::kit::record::Record)s: listed, made, changed, removed, and brought back
//! to what they were, by the pages of the kit. What the operator's file names is only shown.

mod agents;
mod call_table;
mod categories;
mod lines;
mod observe;
mod outbound;
mod overview;
mod targets;
mod trunks;

use madoguchi_core::call_table::CallTableColumns;
use madoguchi_core::setup::{
    Category, LineConfig, OutboundConfig, ScreenAgent, ScreenObserve, ScreenTrunk, TargetConfig,
};

use madoguchi_core::access::Permission;

use crate::auth::routes::Routes;
use crate::feature::Feature;
use crate::kit::record::audit_fields;
use crate::kit::record_routes;
use crate::menu::MenuEntry;
use crate::state::AuditFields;

/// How fields are called in the audit log.
const AUDIT: [AuditFields; 8] = [
    audit_fields::<LineConfig>,
    audit_fields::<ScreenAgent>,
    audit_fields::<ScreenTrunk>,
    audit_fields::<OutboundConfig>,
    audit_fields::<ScreenObserve>,
    audit_fields::<CallTableColumns>,
    audit_fields::<TargetConfig>,
    audit_fields::<Category>,
];

pub(crate) const FEATURE: Feature = Feature::new(routes)
    .menu(&[MenuEntry::new(
        "窓口の設定",
        "/admin/desk",
        Permission::ManageDesk,
    )])
    .audit(&AUDIT)
    .messages(&[("moved", "並べ替えました。")]);

fn routes() -> Routes {
    Routes::new()
        .get("/admin/desk", overview::page)
        .and(record_routes!(removable LineConfig, list: "/admin/desk/lines", one: "/admin/desk/line"))
        .and(record_routes!(removable ScreenAgent, list: "/admin/desk/agents", one: "/admin/desk/agent"))
        .post("/admin/desk/agent/{id}/password", agents::password)
        .and(record_routes!(removable ScreenTrunk, list: "/admin/desk/trunks", one: "/admin/desk/trunk"))
        .and(outbound::routes())
        .and(observe::routes())
        .and(call_table::routes())
        .and(targets::routes())
        .and(categories::routes())
}
