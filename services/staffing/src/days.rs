//! The days on which the desk is open, what is special about each, and how many calls came.

use chrono::{Datelike, Days, NaiveDate, NaiveTime, Timelike, Weekday};
use madoguchi_core::hours::{Calendar, HoursReason};
use madoguchi_core::month::Month;
use serde::Serialize;

/// Half hours of a day.
pub const HALF_HOURS: usize = 48;

/// Days that are looked back for a holiday.
const LOOK_BACK: u64 = 31;

/// The calls of a day that is known, by the half hour in which they arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayCounts {
    /// Which day.
    pub date: NaiveDate,
    /// 着信 from 0:00, 0:30 … 23:30 on.
    pub half_hours: [u32; HALF_HOURS],
}

impl DayCounts {
    /// 着信 of the day.
    pub fn total(&self) -> u64 {
        self.half_hours.iter().copied().map(u64::from).sum()
    }
}

/// A month of which nothing but the published total is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthTotal {
    /// Which month.
    pub month: Month,
    /// 着信
    pub offered: u64,
}

/// Why a day is an open one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DayKind {
    /// 平日, and every other day that is open by its day of the week.
    Usual,
    /// 第2土曜
    SecondSaturday,
    /// 特定日
    Special,
    /// Open by an override of this date, or with other hours than usual.
    Override,
}

/// An open day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct OpenDay {
    /// Which day.
    pub date: NaiveDate,
    /// Why it is open.
    pub kind: DayKind,
    /// Its place among the open days of its month, from 1.
    pub ordinal: u32,
    /// A day that is usually open was closed just before it (祝日明け).
    pub after_holiday: bool,
    /// The half hour in which it opens, from midnight: 16 for 8:00.
    pub opens: usize,
    /// The half hour after its last one: 35 for 17:30.
    pub closes: usize,
}

impl OpenDay {
    /// Its month.
    pub fn month(&self) -> Month {
        Month::of(self.date)
    }

    /// Its half hours.
    pub fn half_hours(&self) -> std::ops::Range<usize> {
        self.opens..self.closes
    }
}

/// The open days from `from` on and before `until`, in order.
pub fn open_days(calendar: &Calendar, from: NaiveDate, until: NaiveDate) -> Vec<OpenDay> {
    let mut month = Month::of(from);
    let mut ordinal = 0;
    let mut days = Vec::new();
    // The place in the month is counted from its first day.
    for date in month.first().iter_days().take_while(|date| *date < until) {
        if Month::of(date) != month {
            month = Month::of(date);
            ordinal = 0;
        }
        let Some((kind, opens, closes)) = opening(calendar, date) else {
            continue;
        };
        ordinal += 1;
        if date >= from {
            days.push(OpenDay {
                date,
                kind,
                ordinal,
                after_holiday: is_after_holiday(calendar, date),
                opens,
                closes,
            });
        }
    }
    days
}

fn opening(calendar: &Calendar, date: NaiveDate) -> Option<(DayKind, usize, usize)> {
    let day = calendar.day_hours(date);
    let (opens, closes) = day.hours?;
    let kind = match day.reason {
        HoursReason::SecondSaturday => DayKind::SecondSaturday,
        HoursReason::SpecialDay => DayKind::Special,
        HoursReason::OverrideOpen => DayKind::Override,
        _ => DayKind::Usual,
    };
    let opens = half_hour(opens);
    let closes = closes.map_or(HALF_HOURS, half_hour_after);
    (opens < closes).then_some((kind, opens, closes))
}

/// The half hour in which a time lies.
fn half_hour(time: NaiveTime) -> usize {
    (time.num_seconds_from_midnight() / 1800) as usize
}

/// The first half hour that does not begin before a time.
fn half_hour_after(time: NaiveTime) -> usize {
    time.num_seconds_from_midnight().div_ceil(1800) as usize
}

/// Whether a day from Monday to Friday was closed between this open day and the one before it.
fn is_after_holiday(calendar: &Calendar, date: NaiveDate) -> bool {
    let before = (1..=LOOK_BACK).map_while(|back| date.checked_sub_days(Days::new(back)));
    let mut closed = before.take_while(|day| opening(calendar, *day).is_none());
    closed.any(|day| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun))
}

#[cfg(test)]
mod tests {
    use madoguchi_core::hours::HoursSettings;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn open_days_know_their_place_in_the_month_and_what_was_before_them() {
        let calendar = Calendar::new(HoursSettings {
            special_days: [day("2024-05-12")].into(),
            ..HoursSettings::default()
        });
        let days = open_days(&calendar, day("2024-05-02"), day("2024-06-01"));
        let first = days[0];
        assert_eq!((first.date, first.ordinal), (day("2024-05-02"), 2));
        assert_eq!((first.opens, first.closes), (16, 35));
        let of = |text: &str| days.iter().find(|known| known.date == day(text)).unwrap();
        // 5/3 to 5/6 are closed.
        assert!(of("2024-05-07").after_holiday);
        assert!(!of("2024-05-08").after_holiday);
        assert!(!of("2024-05-13").after_holiday);
        assert_eq!(of("2024-05-11").kind, DayKind::SecondSaturday);
        assert_eq!(of("2024-05-12").kind, DayKind::Special);
        assert!(days.iter().all(|known| known.date < day("2024-06-01")));
    }
}
