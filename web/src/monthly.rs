//! 月次: what people add to a month, and what becomes of its report.

mod book;
mod checks;
mod download;
mod edition;
mod entry;
mod facts;
mod figure;
mod freeze;
mod improvements;
mod incidents;
mod instructions;
mod list;
mod making;
mod month;
mod names;
mod options;
mod paths;
mod published;
mod remarks;
mod row_notes;
pub(crate) mod running;
mod settings;
mod shift_plan;
mod staffing;
mod steps;
mod words;
mod work;

use madoguchi_core::access::{Permission, Permissions};
use madoguchi_core::month::{
    Improvement, IncidentCounts, Instruction, LevelFact, OwnTargets, Remark, ReportSettings,
    RowNote, StaffingSettings, WorkCount,
};
use madoguchi_store::Work;

use self::entry::{entry_audit, entry_routes};
use self::paths::HERE;
use crate::auth::routes::Routes;
use crate::feature::Feature;
use crate::kit::record::audit_fields;
use crate::limits::FormUse;
use crate::menu::MenuEntry;

pub(crate) const FEATURE: Feature = Feature::new(routes)
    .menu(&[MenuEntry::new("月次報告", HERE, Permission::ReadFigures).waiting(waiting)])
    .audit(&[
        audit_fields::<ReportSettings>,
        audit_fields::<OwnTargets>,
        audit_fields::<StaffingSettings>,
        entry_audit::<LevelFact>,
        entry_audit::<Remark>,
        entry_audit::<Instruction>,
        entry_audit::<RowNote>,
        entry_audit::<WorkCount>,
        entry_audit::<IncidentCounts>,
        entry_audit::<Improvement>,
    ])
    .messages(&[
        ("entry-withdrawn", "取り消しました。"),
        ("step-recorded", "記録しました。"),
        ("report-frozen", "確定しました。"),
        ("published-imported", "公表値を取り込みました。"),
    ]);

/// Drafts that nobody has looked at, and what came back.
fn waiting(permissions: Permissions, work: Work) -> Vec<(&'static str, u64)> {
    if !permissions.contains(Permission::ManageReports) {
        return Vec::new();
    }
    vec![("要確認", work.reports)]
}

fn routes() -> Routes {
    Routes::new()
        .get("/monthly", list::page)
        .get("/monthly/{month}", month::page)
        .file("/monthly/{month}/shifts", shift_plan::page)
        .file("/monthly/{month}/book", book::page)
        .file("/monthly/{month}/figure", figure::page)
        .file("/monthly/{month}/checks", checks::page)
        .long_post("/monthly/{month}/checks", FormUse::Month, checks::explain)
        .file("/monthly/{month}/freeze", freeze::page)
        .slow_post("/monthly/{month}/freeze", freeze::freeze)
        .file("/monthly/{month}/download", download::file)
        .file("/monthly/{month}/ledger/download", names::file)
        .post("/monthly/{month}/steps", steps::record)
        .and(settings::routes())
        .and(staffing::routes())
        .and(running::routes())
        .and(published::routes())
        .and(entry_routes!(LevelFact, "facts"))
        .and(entry_routes!(Remark, "remarks"))
        .and(entry_routes!(Instruction, "instructions"))
        .and(entry_routes!(RowNote, "row-notes"))
        .and(entry_routes!(WorkCount, "work"))
        .and(entry_routes!(IncidentCounts, "incidents"))
        .and(entry_routes!(listed Improvement, "improvements"))
}
