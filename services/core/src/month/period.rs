//! A month of Asia/Tokyo.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::era::{EraYear, fiscal_year};
use crate::time::Instant;

/// A month of Asia/Tokyo; as text 2024-04.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(NaiveDate);

/// What is no month.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("「{0}」は年月ではありません(例: 2024-04)")]
pub struct NotAMonth(String);

impl Month {
    /// The month of a day.
    pub fn of(day: NaiveDate) -> Self {
        Self(day.with_day(1).unwrap_or(day))
    }

    /// The month in which an instant lies.
    pub fn at(at: Instant) -> Self {
        Self::of(at.date())
    }

    /// Its first day.
    pub fn first(self) -> NaiveDate {
        self.0
    }

    /// Its last day.
    pub fn last(self) -> NaiveDate {
        let next = self.next().0;
        next.pred_opt().unwrap_or(next)
    }

    /// Its days, in order.
    pub fn days(self) -> impl Iterator<Item = NaiveDate> {
        let end = self.next().0;
        self.0.iter_days().take_while(move |day| *day < end)
    }

    /// The instant at which it begins.
    pub fn start(self) -> Instant {
        Instant::start_of(self.0)
    }

    /// The instant at which the next one begins.
    pub fn end(self) -> Instant {
        self.next().start()
    }

    /// The month after it.
    pub fn next(self) -> Self {
        Self(self.0.checked_add_months(Months::new(1)).unwrap_or(self.0))
    }

    /// The month before it.
    pub fn previous(self) -> Self {
        self.before(1)
    }

    /// So many months before.
    pub fn before(self, months: u32) -> Self {
        let earlier = self.0.checked_sub_months(Months::new(months));
        Self(earlier.unwrap_or(self.0))
    }

    /// The fiscal year in which it lies, by the year in which that begins.
    pub fn fiscal_year(self) -> i32 {
        fiscal_year(self.0)
    }

    /// The twelve months of a fiscal year, from 4月 on.
    pub fn of_fiscal_year(year: i32) -> Vec<Self> {
        let april = NaiveDate::from_ymd_opt(year, 4, 1).map(Self);
        std::iter::successors(april, |month| Some(month.next()))
            .take(12)
            .collect()
    }

    /// 令和6年4月, 令和元年5月.
    pub fn name(self) -> String {
        match EraYear::of(self.last()) {
            Some(year) => format!("{}{}月", year.name(), self.0.month()),
            None => format!("{}年{}月", self.0.year(), self.0.month()),
        }
    }

    /// 令和06年04月, as names of files have it; 令和元年 is 令和01年, so that files stand in order.
    pub fn file_name(self) -> String {
        match EraYear::of(self.last()) {
            Some(year) => format!("{}{:02}年{:02}月", year.era, year.year, self.0.month()),
            None => self.0.format("%Y年%m月").to_string(),
        }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m"))
    }
}

impl FromStr for Month {
    type Err = NotAMonth;

    fn from_str(text: &str) -> Result<Self, NotAMonth> {
        let well_formed = text.len() == 7 && text.starts_with(|first: char| first.is_ascii_digit());
        let day = well_formed.then(|| format!("{text}-01").parse().ok());
        let day = day.flatten().ok_or_else(|| NotAMonth(text.to_owned()))?;
        Ok(Self(day))
    }
}

impl Serialize for Month {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> Month {
        text.parse().unwrap()
    }

    #[test]
    fn a_month_is_read_as_it_is_written_and_nothing_else_is_one() {
        assert_eq!(month("2024-04").to_string(), "2024-04");
        for text in [
            "2024-4",
            "2024-13",
            "2024-04-01",
            "令和6年4月",
            "",
            "2024/04",
            "+024-04",
        ] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_month_has_all_its_days_and_lies_in_its_fiscal_year() {
        assert_eq!(month("2024-02").days().count(), 29);
        assert_eq!(month("2025-02").last().day(), 28);
        assert_eq!(month("2025-03").fiscal_year(), 2024);
        assert_eq!(month("2025-04").fiscal_year(), 2025);
        let year = Month::of_fiscal_year(2024);
        assert_eq!(
            (year.len(), year[0], year[11]),
            (12, month("2024-04"), month("2025-03"))
        );
        assert_eq!(
            month("2024-04").start().to_rfc3339(),
            "2024-04-01T00:00:00.000+09:00"
        );
        assert_eq!(month("2024-12").end(), month("2025-01").start());
    }

    #[test]
    fn a_month_is_called_by_its_era() {
        assert_eq!(month("2024-04").name(), "令和6年4月");
        assert_eq!(month("2019-05").name(), "令和元年5月");
        assert_eq!(month("2019-04").name(), "平成31年4月");
        assert_eq!(month("2024-04").file_name(), "令和06年04月");
        assert_eq!(month("2019-05").file_name(), "令和01年05月");
    }
}
