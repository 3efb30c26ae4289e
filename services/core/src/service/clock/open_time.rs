//! How long a desk is open between two instants, by its calendar.

use std::sync::{Arc, OnceLock};

use chrono::{Datelike, Days, NaiveDate, NaiveTime};

use crate::hours::Calendar;
use crate::time::{Instant, Millis};

/// Longer than any ticket lasts.
const DAYS_AT_MOST: u64 = 36_600;
/// The years whose days are added up once.
const FIRST_YEAR: i32 = 1970;
const YEARS: usize = 130;

/// The open time of one year before each of its days, and in all.
type YearTime = Box<[Millis]>;

/// Open time by a calendar. The days of a year are added up once, so that the clocks of a thousand tickets which
/// have waited for years cost hardly more than those of today's.
#[derive(Debug, Clone)]
pub(super) struct OpenTime {
    calendar: Calendar,
    years: Arc<[OnceLock<YearTime>; YEARS]>,
}

impl OpenTime {
    pub(super) fn new(calendar: Calendar) -> Self {
        Self {
            calendar,
            years: Arc::new([const { OnceLock::new() }; YEARS]),
        }
    }

    /// How long it is open from one instant until another.
    pub(super) fn between(&self, from: Instant, until: Instant) -> Millis {
        if until <= from {
            return Millis::ZERO;
        }
        let first = from.date();
        let last = until.date().min(after(first, DAYS_AT_MOST));
        let part = |day| self.of_day(day, from, until);
        if first == last {
            return part(first);
        }
        part(first) + self.of_days(after(first, 1), last) + part(last)
    }

    /// The instant at which it has been open for so long since another; `None` if it never is.
    pub(super) fn after(&self, from: Instant, open: Millis) -> Option<Instant> {
        if open.0 <= 0 {
            return Some(from);
        }
        let mut left = open;
        let days = from.date().iter_days();
        for day in days.take(usize::try_from(DAYS_AT_MOST).unwrap_or(usize::MAX)) {
            let Some((opens, closes)) = self.hours(day) else {
                continue;
            };
            let begin = opens.max(from);
            let length = Millis((closes - begin).0.max(0));
            if left <= length {
                return Some(begin + left);
            }
            left = Millis(left.0 - length.0);
        }
        None
    }

    /// The part of a day's open time that lies between two instants.
    fn of_day(&self, day: NaiveDate, from: Instant, until: Instant) -> Millis {
        let open = self.hours(day);
        let within = open.map(|(opens, closes)| closes.min(until) - opens.max(from));
        Millis(within.map_or(0, |within| within.0.max(0)))
    }

    /// The open time of whole days, from one on and before another.
    fn of_days(&self, from: NaiveDate, before: NaiveDate) -> Millis {
        let mut sum = Millis::ZERO;
        for year in from.year()..=before.year() {
            let begin = if year == from.year() {
                from.ordinal0()
            } else {
                0
            };
            let end = if year == before.year() {
                before.ordinal0()
            } else {
                366
            };
            sum = sum + self.of_year(year, begin as usize, end as usize);
        }
        sum
    }

    /// The open time of a year's days, from one on and before another, both counted from 0.
    fn of_year(&self, year: i32, begin: usize, end: usize) -> Millis {
        let place = usize::try_from(year - FIRST_YEAR).ok();
        let Some(known) = place.and_then(|place| self.years.get(place)) else {
            return difference(&self.add_up(year), begin, end);
        };
        difference(known.get_or_init(|| self.add_up(year)), begin, end)
    }

    fn add_up(&self, year: i32) -> YearTime {
        let first = NaiveDate::from_yo_opt(year, 1);
        let days = first.into_iter().flat_map(|day| day.iter_days());
        let mut sum = Millis::ZERO;
        let mut before = vec![sum];
        for day in days.take_while(|day| day.year() == year) {
            let open = self.hours(day);
            sum = sum + Millis(open.map_or(0, |(opens, closes)| (closes - opens).0.max(0)));
            before.push(sum);
        }
        before.into()
    }

    /// From when until when it is open on a day.
    fn hours(&self, day: NaiveDate) -> Option<(Instant, Instant)> {
        let (opens, closes) = self.calendar.open_hours(day)?;
        let closes = match closes {
            Some(closes) => day.and_time(closes),
            None => after(day, 1).and_time(NaiveTime::MIN),
        };
        Some((
            Instant::from_tokyo(day.and_time(opens)),
            Instant::from_tokyo(closes),
        ))
    }
}

/// The day after so many days; the last one that there is at the most.
fn after(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(Days::new(days)).unwrap_or(day)
}

/// What was added up between two places; a place behind the last is the last.
fn difference(sums: &[Millis], begin: usize, end: usize) -> Millis {
    let last = sums.last().copied().unwrap_or(Millis::ZERO);
    let at = |place: usize| sums.get(place).copied().unwrap_or(last);
    Millis(at(end).0 - at(begin).0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::hours::HoursSettings;

    /// Day by day, without anything added up before.
    fn day_by_day(open: &OpenTime, from: Instant, until: Instant) -> Millis {
        let days = from.date().iter_days();
        let days = days.take_while(|day| *day <= until.date());
        let parts = days.map(|day| open.of_day(day, from, until));
        parts.fold(Millis::ZERO, |sum, part| sum + part)
    }

    proptest! {
        #[test]
        fn sums_of_years_agree_with_the_days(
            from in 0_i64..4_500_000_000_000,
            length in 0_i64..400_000_000_000,
            closes_at_midnight: bool,
        ) {
            let mut settings = HoursSettings::default();
            if closes_at_midnight {
                settings.closes = None;
            }
            let open = OpenTime::new(Calendar::new(settings));
            let (from, until) = (Instant(from), Instant(from + length));
            prop_assert_eq!(open.between(from, until), day_by_day(&open, from, until));
        }
    }
}
