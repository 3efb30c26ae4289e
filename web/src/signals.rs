//! 信号の記録: what was signalled for a call, as a sequence, and what signalling tells of trunks.

mod days;
mod figures;
mod ladder;
mod retention;
mod voice;

use madoguchi_core::access::Permission;
use madoguchi_core::signal::SignalRetention;

use crate::auth::routes::Routes;
use crate::feature::Feature;
use crate::kit::record::audit_fields;
use crate::kit::record_routes;
use crate::menu::MenuEntry;

pub(crate) const FEATURE: Feature = Feature::new(routes)
    .menu(&[
        MenuEntry::new("外線の信号の集計", figures::HERE, Permission::ReadMetrics),
        MenuEntry::new("音声の品質", voice::HERE, Permission::ReadMetrics),
    ])
    .audit(&[audit_fields::<SignalRetention>]);

fn routes() -> Routes {
    Routes::new()
        .get("/calls/{id}/signals", ladder::page)
        .get("/calls/{id}/signals/{number}", ladder::masked)
        .get("/calls/{id}/signals/{number}/text", ladder::as_sent)
        .get(figures::HERE, figures::page)
        .get(voice::HERE, voice::page)
        .and(record_routes!(single SignalRetention, at: "/admin/retention/signals"))
}
