//! The months that are known: those that were measured here, and those that somebody published.

use std::collections::BTreeMap;

use madoguchi_core::month::{Month, PublishedMonth};

use super::input::MonthInput;
use super::summary::MonthSummary;

/// A known month: what was measured and what was published of it.
#[derive(Debug)]
pub(super) struct KnownMonth<'a> {
    /// The integers that count: measured ones if there are any.
    pub(super) summary: MonthSummary,
    /// They were measured here.
    pub(super) is_measured: bool,
    /// What was published of it.
    pub(super) published: Option<&'a PublishedMonth>,
}

/// All known months up to the book's.
#[derive(Debug)]
pub(super) struct Months<'a> {
    known: BTreeMap<Month, KnownMonth<'a>>,
}

impl<'a> Months<'a> {
    pub(super) fn of(input: &'a MonthInput, own: MonthSummary) -> Self {
        let month = own.month;
        let mut known = BTreeMap::new();
        let published: BTreeMap<Month, &PublishedMonth> =
            input.published.iter().map(|one| (one.month, one)).collect();
        for (of, published) in published.iter().filter(|(of, _)| **of <= month) {
            let entry = KnownMonth {
                summary: MonthSummary::of_published(published),
                is_measured: false,
                published: Some(*published),
            };
            known.insert(*of, entry);
        }
        let before = input.past.iter().filter(|past| past.month < month);
        let measured = before.filter(|past| !past.is_empty()).cloned();
        for summary in measured.chain([own]) {
            let published = published.get(&summary.month).copied();
            // A month that was published before the desk was here has no calls here; tickets may have come from a
            // ledger of that time.
            if !summary.has_calls() && published.is_some() {
                continue;
            }
            let entry = KnownMonth {
                is_measured: true,
                published,
                summary,
            };
            known.insert(entry.summary.month, entry);
        }
        Self { known }
    }

    pub(super) fn get(&self, month: Month) -> Option<&KnownMonth<'a>> {
        self.known.get(&month)
    }

    /// Those of a fiscal year, in order.
    pub(super) fn of_fiscal_year(&self, year: i32) -> impl Iterator<Item = &KnownMonth<'a>> {
        let all = self.known.values();
        all.filter(move |known| known.summary.month.fiscal_year() == year)
    }

    /// Those before a month, in order.
    pub(super) fn before(
        &self,
        month: Month,
    ) -> impl Iterator<Item = (Month, &MonthSummary, Option<&'a PublishedMonth>)> {
        let earlier = self.known.range(..month);
        earlier.map(|(month, known)| (*month, &known.summary, known.published))
    }
}
