//! What a forecast is made of: days whose calls are known, and months of which a total is.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use madoguchi_core::hours::Calendar;
use madoguchi_core::month::Month;

use crate::days::{DayCounts, HALF_HOURS, MonthTotal, OpenDay, open_days};

/// Months that are looked back, at the most: what is older says nothing any more.
const MONTHS_BACK: u32 = 120;

/// An open day and its calls.
#[derive(Debug, Clone)]
pub(super) struct KnownDay {
    pub(super) day: OpenDay,
    pub(super) half_hours: [u32; HALF_HOURS],
    pub(super) total: f64,
}

/// A month, its open days, and their calls in all.
#[derive(Debug, Clone)]
pub(super) struct KnownTotal {
    pub(super) month: Month,
    pub(super) days: Vec<OpenDay>,
    pub(super) total: f64,
}

/// What is known before a day.
#[derive(Debug, Clone)]
pub struct Known {
    pub(super) origin: NaiveDate,
    days: Vec<KnownDay>,
    totals: Vec<KnownTotal>,
}

impl Known {
    /// What is known before `origin`: open days from the first one in `history` on, and months before
    /// that. An open day that `history` leaves out had no calls.
    pub fn new(
        calendar: &Calendar,
        history: &[DayCounts],
        totals: &[MonthTotal],
        origin: NaiveDate,
    ) -> Self {
        let oldest = Month::of(origin).before(MONTHS_BACK).first();
        let counts: BTreeMap<NaiveDate, &DayCounts> = history
            .iter()
            .filter(|counts| (oldest..origin).contains(&counts.date))
            .map(|counts| (counts.date, counts))
            .collect();
        let first = counts.keys().next().copied().unwrap_or(origin);
        let days = open_days(calendar, first, origin)
            .into_iter()
            .map(|day| KnownDay {
                day,
                half_hours: counts
                    .get(&day.date)
                    .map_or([0; HALF_HOURS], |counts| counts.half_hours),
                total: counts
                    .get(&day.date)
                    .map_or(0.0, |counts| counts.total() as f64),
            })
            .collect();
        let totals: BTreeMap<Month, u64> = totals
            .iter()
            .filter(|total| total.month.last() < first && total.month.first() >= oldest)
            .map(|total| (total.month, total.offered))
            .collect();
        let totals = totals.into_iter().map(|(month, offered)| KnownTotal {
            month,
            days: open_days(calendar, month.first(), month.next().first()),
            total: offered as f64,
        });
        Self {
            origin,
            days,
            totals: totals.filter(|total| !total.days.is_empty()).collect(),
        }
    }

    /// What was known before an earlier day.
    pub(super) fn before(&self, origin: NaiveDate) -> Self {
        let days = self.days.iter().filter(|known| known.day.date < origin);
        let totals = self
            .totals
            .iter()
            .filter(|total| total.month.last() < origin);
        Self {
            origin,
            days: days.cloned().collect(),
            totals: totals.cloned().collect(),
        }
    }

    /// The days whose calls are known, in order.
    pub(super) fn days(&self) -> &[KnownDay] {
        &self.days
    }

    /// How many days there are whose calls are known.
    pub fn day_count(&self) -> usize {
        self.days.len()
    }

    /// The months of which only a total is known, in order.
    pub(super) fn totals(&self) -> &[KnownTotal] {
        &self.totals
    }

    /// How many months there are of which only a total is known.
    pub fn total_count(&self) -> usize {
        self.totals.len()
    }

    /// Whole months that are known day by day, in order: from the one after that in which the known days
    /// begin, unless they begin with its first open day.
    pub(super) fn whole_months(&self) -> Vec<Month> {
        let Some(first) = self.days.first() else {
            return Vec::new();
        };
        let begins = Month::of(first.day.date);
        let begins = if first.day.ordinal == 1 {
            begins
        } else {
            begins.next()
        };
        let day_before = self.origin.checked_sub_days(Days::new(1));
        let end = day_before.map_or(begins, |day| {
            let month = Month::of(day);
            if month.last() == day {
                month.next()
            } else {
                month
            }
        });
        std::iter::successors(Some(begins), |month| Some(month.next()))
            .take_while(|month| *month < end)
            .collect()
    }
}
