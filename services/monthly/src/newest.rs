//! What the newest edition of a month tells other months and later editions.

use std::collections::BTreeSet;

use madoguchi_core::month::{LevelItem, Month, StaffingSettings, Verdict};
use madoguchi_reports::frozen::{FrozenError, FrozenFigures};
use madoguchi_reports::month::LevelLine;
use madoguchi_store::Store;
use serde_json::{Map, Value};

use crate::error::MonthlyError;

/// Where the basis of an edition has what 見通しと要員 was computed with.
pub(crate) const STAFFING: &str = "staffing";

/// What 見通しと要員 of the newest edition was computed with. A later edition looks ahead with the same, whatever
/// was set since: it tells of the month, not of the desk as it works now. `None` without an edition, or of one that
/// does not tell.
pub(crate) async fn staffing(
    store: &Store,
    month: Month,
) -> Result<Option<StaffingSettings>, MonthlyError> {
    let Some(kept) = figures(store, month).await? else {
        return Ok(None);
    };
    let staffing = kept.basis.settings.get(STAFFING).cloned();
    Ok(staffing.and_then(|kept| serde_json::from_value(kept).ok()))
}

/// The items that the figures of an edition say are missed; `None`: they do not tell.
pub(crate) fn missed(
    figures: &Map<String, Value>,
) -> Result<Option<BTreeSet<LevelItem>>, FrozenError> {
    let Some(levels) = figures.get("service_levels").cloned() else {
        return Ok(None);
    };
    let levels: Vec<LevelLine> = serde_json::from_value(levels)?;
    let missed = levels
        .into_iter()
        .filter(|line| line.verdict == Verdict::Missed);
    let items = missed.map(|line| LevelItem {
        system: line.system,
        level: line.level,
    });
    Ok(Some(items.collect()))
}

/// The figures and the basis of the newest edition.
pub(crate) async fn figures(
    store: &Store,
    month: Month,
) -> Result<Option<FrozenFigures>, MonthlyError> {
    let register = store.report_of(month).await?;
    let Some(newest) = register.newest() else {
        return Ok(None);
    };
    let content = store.edition_content(month, newest.number).await?;
    let content = content.unwrap_or_default();
    Ok(Some(FrozenFigures::unpack(&content, &newest.sha256)?))
}
