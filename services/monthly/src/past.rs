//! The months before a book's: what it compares with, and what its row of missed months needs.

use std::collections::{BTreeMap, BTreeSet};

use madoguchi_core::month::{LevelItem, Month};
use madoguchi_reports::frozen::FrozenError;
use madoguchi_reports::month::{MonthRules, MonthSummary, Scope};
use madoguchi_store::Store;

use crate::error::MonthlyError;
use crate::gathering::Source;
use crate::newest;

/// A year back stands 前年同月, and a row of missed months is told from three more.
pub(crate) const MONTHS: u32 = 15;

/// What is known of the months before.
#[derive(Debug, Default)]
pub(crate) struct Past {
    /// Their integers, the earliest first; months of which nothing is known are left out.
    pub(crate) summaries: Vec<MonthSummary>,
    /// Those of them that are 確定.
    pub(crate) frozen: BTreeSet<Month>,
    /// What was missed in those.
    pub(crate) missed: BTreeMap<Month, BTreeSet<LevelItem>>,
}

/// What the newest edition of a month says.
#[derive(Debug)]
pub(crate) struct FrozenMonth {
    pub(crate) summary: MonthSummary,
    /// `None`: it does not tell what was missed.
    pub(crate) missed: Option<BTreeSet<LevelItem>>,
}

/// What is known of the months before. Each is read by itself, so that one is in memory at a time.
pub(crate) async fn months(
    source: &Source<'_>,
    month: Month,
    scope: &Scope,
    rules: &MonthRules,
) -> Result<Past, MonthlyError> {
    let mut known = Past::default();
    for before in (1..=MONTHS).rev() {
        let past = month.before(before);
        let store = source.store;
        if let Some(frozen) = frozen(store, past, scope).await? {
            known.summaries.push(frozen.summary);
            known.frozen.insert(past);
            known
                .missed
                .extend(frozen.missed.map(|missed| (past, missed)));
        } else if store.has_month(past.start(), past.end()).await? {
            let data = source.data(past).await?;
            known.summaries.push(MonthSummary::of(&data, scope, rules));
        }
    }
    Ok(known)
}

/// What the newest edition of a month says, if it was 確定 and counts the same.
pub(crate) async fn frozen(
    store: &Store,
    month: Month,
    scope: &Scope,
) -> Result<Option<FrozenMonth>, MonthlyError> {
    if *scope != Scope::help_desk() {
        return Ok(None);
    }
    let Some(kept) = newest::figures(store, month).await? else {
        return Ok(None);
    };
    let Some(summary) = kept.figures.get("summary").cloned() else {
        return Ok(None);
    };
    Ok(Some(FrozenMonth {
        summary: serde_json::from_value(summary).map_err(FrozenError::from)?,
        missed: newest::missed(&kept.figures)?,
    }))
}
