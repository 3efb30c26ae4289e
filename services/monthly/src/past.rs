//! The months before a book's: what it compares with, and what its row of missed months needs.

use madoguchi_core::month::Month;
use madoguchi_core::time::Instant;
use madoguchi_reports::month::{MonthRules, MonthSummary, Scope};
use madoguchi_store::{Store, StoreError};

use crate::gathering::{self, Sites};
use crate::settings::MonthSettings;

/// A year back stands 前年同月, and a row of missed months is told from three more.
const MONTHS: u32 = 15;

/// The integers of the months before, the earliest first; months of which nothing is known are left out.
/// Each is read by itself, so that one is in memory at a time.
pub(crate) async fn summaries(
    store: &Store,
    month: Month,
    scope: &Scope,
    settings: &MonthSettings,
    rules: &MonthRules,
    sites: &Sites,
    now: Instant,
) -> Result<Vec<MonthSummary>, StoreError> {
    let mut summaries = Vec::new();
    for before in (1..=MONTHS).rev() {
        let past = month.before(before);
        if !store.has_month(past.start(), past.end()).await? {
            continue;
        }
        let data = gathering::data(store, past, settings, sites, now).await?;
        summaries.push(MonthSummary::of(&data, scope, rules));
    }
    Ok(summaries)
}
