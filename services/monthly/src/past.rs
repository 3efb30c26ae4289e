//! The months before a book's: what it compares with, and what its row of missed months needs.

use madoguchi_core::month::Month;
use madoguchi_reports::frozen::FrozenError;
use madoguchi_reports::month::{MonthRules, MonthSummary, Scope};
use madoguchi_store::Store;

use crate::error::MonthlyError;
use crate::gathering::Source;
use crate::newest;

/// A year back stands 前年同月, and a row of missed months is told from three more.
pub(crate) const MONTHS: u32 = 15;

/// The integers of the months before, the earliest first; months of which nothing is known are left out.
/// Each is read by itself, so that one is in memory at a time.
pub(crate) async fn summaries(
    source: &Source<'_>,
    month: Month,
    scope: &Scope,
    rules: &MonthRules,
) -> Result<Vec<MonthSummary>, MonthlyError> {
    let mut summaries = Vec::new();
    for before in (1..=MONTHS).rev() {
        let past = month.before(before);
        let store = source.store;
        if let Some(summary) = frozen(store, past, scope).await? {
            summaries.push(summary);
        } else if store.has_month(past.start(), past.end()).await? {
            let data = source.data(past).await?;
            summaries.push(MonthSummary::of(&data, scope, rules));
        }
    }
    Ok(summaries)
}

/// What the newest edition of a month says, if it was 確定 and counts the same.
pub(crate) async fn frozen(
    store: &Store,
    month: Month,
    scope: &Scope,
) -> Result<Option<MonthSummary>, MonthlyError> {
    if *scope != Scope::help_desk() {
        return Ok(None);
    }
    let Some(kept) = newest::figures(store, month).await? else {
        return Ok(None);
    };
    let summary = kept.figures.get("summary").cloned();
    let summary = summary.map(serde_json::from_value).transpose();
    Ok(summary.map_err(FrozenError::from)?)
}
