//! What the newest edition of a month tells other months and later editions.

use madoguchi_core::month::{Month, StaffingSettings};
use madoguchi_reports::frozen::FrozenFigures;
use madoguchi_store::Store;

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
