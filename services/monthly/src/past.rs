//! The months before a book's: what it compares with, and what its row of missed months needs.

use madoguchi_core::month::Month;
use madoguchi_reports::month::{MonthRules, MonthSummary, Scope};
use madoguchi_store::StoreError;

use crate::gathering::Source;

/// A year back stands 前年同月, and a row of missed months is told from three more.
pub(crate) const MONTHS: u32 = 15;

/// The integers of the months before, the earliest first; months of which nothing is known are left out.
/// Each is read by itself, so that one is in memory at a time.
pub(crate) async fn summaries(
    source: &Source<'_>,
    month: Month,
    scope: &Scope,
    rules: &MonthRules,
) -> Result<Vec<MonthSummary>, StoreError> {
    let mut summaries = Vec::new();
    for before in (1..=MONTHS).rev() {
        let past = month.before(before);
        let store = source.store;
        if store.has_month(past.start(), past.end()).await? {
            let data = source.data(past).await?;
            summaries.push(MonthSummary::of(&data, scope, rules));
        }
    }
    Ok(summaries)
}
