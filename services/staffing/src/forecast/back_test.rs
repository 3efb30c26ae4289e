//! How forecasts have done: each of the last months forecast with what was known before it (a rolling
//! origin), beside two simple ways and beside what chance alone leaves to a perfect forecaster.

use std::collections::BTreeMap;

use chrono::{Datelike, Months, NaiveDate};
use madoguchi_core::month::Month;
use serde::Serialize;

use super::interval::Errors;
use super::known::{Known, KnownDay};
use super::{DayForecast, Model};
use crate::distribution::poisson_mean_error;

/// Months that are shown, at the most.
const SHOWN: usize = 12;
/// Months that are forecast again to learn how wide intervals must be, at the most.
const FORECAST: usize = 24;
/// Open days that must be known before a month.
const DAYS_BEFORE: usize = 20;
/// Days of the same weekday whose mean is the simplest forecast.
const SAME_WEEKDAYS: usize = 4;

/// How forecasts have done.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BackTest {
    /// The last months, in order.
    pub months: Vec<BackTestMonth>,
    /// All of them that could be tested; `None` if none could.
    pub sum: Option<BackTestSum>,
    #[serde(skip)]
    errors: Errors,
}

impl BackTest {
    pub(super) fn errors(&self) -> &Errors {
        &self.errors
    }
}

/// A month.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BackTestMonth {
    /// Which one.
    pub month: Month,
    /// 着信 that came.
    pub actual: u64,
    /// How its forecast has done.
    pub result: MonthResult,
}

/// How a month's forecast has done.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum MonthResult {
    /// It was forecast with what was known before it.
    Tested(Tested),
    /// 検証できない
    NotTested {
        /// Why.
        reason: NotTested,
    },
}

/// Why a month cannot be tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NotTested {
    /// Only its published total is known, no day of it.
    OnlyTotal,
    /// Too little was known before it.
    TooLittleBefore,
}

impl NotTested {
    /// What documents say.
    pub const fn label(self) -> &'static str {
        match self {
            Self::OnlyTotal => "検証できない(公表された月計のみ)",
            Self::TooLittleBefore => "検証できない(それ以前の実績が不足)",
        }
    }
}

/// A month that was forecast. Errors are WAPE, Σ|calls − forecast| ÷ Σ calls over its days, 0.3 for 30%;
/// `None` over no calls.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Tested {
    /// 着信 that were forecast.
    pub forecast: f64,
    /// Its open days.
    pub days: u32,
    /// Of which so many had calls within the interval of 80%,
    pub within80: u32,
    /// and so many within that of 95%.
    pub within95: u32,
    /// The error.
    pub wape: Option<f64>,
    /// That of the mean of the last four same weekdays before the month (前月同曜日法).
    pub same_weekdays: Option<f64>,
    /// That of the same open day of the same month a year before; `None` also if it is not known.
    pub last_year: Option<f64>,
    /// That which chance alone leaves (Poisson).
    pub floor: Option<f64>,
}

/// Several months together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BackTestSum {
    /// Months that were tested.
    pub months: u32,
    /// 着信 that came in them.
    pub actual: u64,
    /// What all was, as for a month. `last_year` is over the months in which it is known.
    pub tested: Tested,
}

/// Forecasts the last months again, each with what was known before it.
pub fn back_test(known: &Known) -> BackTest {
    let whole = known.whole_months();
    let skipped = whole.len().saturating_sub(FORECAST);
    let mut errors = Errors::default();
    let mut months = Vec::new();
    for total in known.totals() {
        months.push((
            BackTestMonth {
                month: total.month,
                actual: count(total.total),
                result: MonthResult::NotTested {
                    reason: NotTested::OnlyTotal,
                },
            },
            Sums::default(),
        ));
    }
    for month in whole.into_iter().skip(skipped) {
        months.push(test(known, month, &mut errors));
    }
    let hidden = months.len().saturating_sub(SHOWN);
    let shown: Vec<_> = months.into_iter().skip(hidden).collect();
    BackTest {
        sum: sum(&shown),
        months: shown.into_iter().map(|(month, _)| month).collect(),
        errors,
    }
}

fn test(known: &Known, month: Month, errors: &mut Errors) -> (BackTestMonth, Sums) {
    let before = known.before(month.first());
    let of_month: Vec<&KnownDay> = known
        .days()
        .iter()
        .filter(|known| Month::of(known.day.date) == month)
        .collect();
    let came: f64 = of_month.iter().map(|known| known.total).sum();
    let enough = before.days().len() >= DAYS_BEFORE;
    let model = enough.then(|| Model::fit(&before)).flatten();
    let tested = model.map(|mut model| {
        model.scatter = model.scatter.with_errors(errors);
        let forecasts: Vec<DayForecast> =
            of_month.iter().map(|known| model.day(&known.day)).collect();
        let days = of_month.iter().zip(&forecasts);
        errors.add(days.map(|(known, forecast)| (forecast.expected.mean, known.total)));
        Sums::of(&of_month, &forecasts, &before)
    });
    let result = match &tested {
        Some(sums) => MonthResult::Tested(sums.tested()),
        None => MonthResult::NotTested {
            reason: NotTested::TooLittleBefore,
        },
    };
    let month = BackTestMonth {
        month,
        actual: count(came),
        result,
    };
    (month, tested.unwrap_or_default())
}

fn sum(months: &[(BackTestMonth, Sums)]) -> Option<BackTestSum> {
    let tested = months
        .iter()
        .filter(|(month, _)| matches!(month.result, MonthResult::Tested(_)));
    let (mut all, mut number) = (Sums::default(), 0);
    for (_, sums) in tested {
        all.add(sums);
        number += 1;
    }
    (number > 0).then(|| BackTestSum {
        months: number,
        actual: count(all.came),
        tested: all.tested(),
    })
}

/// What errors are made of.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    days: u32,
    within80: u32,
    within95: u32,
    came: f64,
    forecast: f64,
    error: f64,
    same_weekdays: Option<f64>,
    last_year: f64,
    /// 着信 of the days of which those of the year before are known.
    came_last_year_known: f64,
    floor: f64,
}

impl Sums {
    fn of(days: &[&KnownDay], forecasts: &[DayForecast], before: &Known) -> Self {
        let weekdays = LastWeekdays::of(before);
        let years = SameDays::of(before);
        let mut sums = Self::default();
        let mut same_weekdays = 0.0;
        let mut last_year = Some(0.0);
        for (known, forecast) in days.iter().zip(forecasts) {
            let expected = forecast.expected;
            sums.days += 1;
            sums.within80 += u32::from(expected.holds80(count(known.total)));
            sums.within95 += u32::from(expected.holds95(count(known.total)));
            sums.came += known.total;
            sums.forecast += expected.mean;
            sums.error += (known.total - expected.mean).abs();
            sums.floor += poisson_mean_error(expected.mean);
            same_weekdays += (known.total - weekdays.mean(known.day.date)).abs();
            let error = years.lookup(known).map(|calls| (known.total - calls).abs());
            last_year = last_year.zip(error).map(|(sum, error)| sum + error);
        }
        sums.same_weekdays = Some(same_weekdays);
        // Part of a month would be compared with all of the others.
        if let Some(error) = last_year {
            sums.last_year = error;
            sums.came_last_year_known = sums.came;
        }
        sums
    }

    fn add(&mut self, other: &Self) {
        self.days += other.days;
        self.within80 += other.within80;
        self.within95 += other.within95;
        self.came += other.came;
        self.forecast += other.forecast;
        self.error += other.error;
        self.same_weekdays = match (self.same_weekdays, other.same_weekdays) {
            (Some(one), Some(other)) => Some(one + other),
            (one, other) => one.or(other),
        };
        self.last_year += other.last_year;
        self.came_last_year_known += other.came_last_year_known;
        self.floor += other.floor;
    }

    fn tested(&self) -> Tested {
        let share = |error: f64, came: f64| (came > 0.0).then(|| error / came);
        Tested {
            forecast: self.forecast,
            days: self.days,
            within80: self.within80,
            within95: self.within95,
            wape: share(self.error, self.came),
            same_weekdays: self.same_weekdays.and_then(|error| share(error, self.came)),
            last_year: share(self.last_year, self.came_last_year_known),
            floor: share(self.floor, self.came),
        }
    }
}

/// The last four days of each weekday.
struct LastWeekdays {
    by_weekday: [Option<f64>; 7],
    /// Of all days, for a weekday that was never open.
    last: f64,
}

impl LastWeekdays {
    fn of(known: &Known) -> Self {
        let days = || known.days().iter().rev();
        let mean = |calls: Vec<f64>| {
            let days = calls.len() as f64;
            (!calls.is_empty()).then(|| calls.iter().sum::<f64>() / days)
        };
        let of = |weekday: u32| {
            let same = days().filter(|known| weekday_of(known.day.date) == weekday as usize);
            mean(same.take(SAME_WEEKDAYS).map(|known| known.total).collect())
        };
        let last = days().take(SAME_WEEKDAYS).map(|known| known.total);
        Self {
            by_weekday: [0, 1, 2, 3, 4, 5, 6].map(of),
            last: mean(last.collect()).unwrap_or_default(),
        }
    }

    fn mean(&self, date: NaiveDate) -> f64 {
        let of_weekday = self.by_weekday.get(weekday_of(date)).copied().flatten();
        of_weekday.unwrap_or(self.last)
    }
}

fn weekday_of(date: NaiveDate) -> usize {
    date.weekday().num_days_from_monday() as usize
}

/// The calls of every day by its month and place in it.
struct SameDays(BTreeMap<(Month, u32), f64>);

impl SameDays {
    fn of(known: &Known) -> Self {
        let days = known.days().iter();
        let days = days.map(|known| ((known.day.month(), known.day.ordinal), known.total));
        Self(days.collect())
    }

    /// The same open day a year before, or the last one of that month if it had fewer.
    fn lookup(&self, known: &KnownDay) -> Option<f64> {
        let year_before = known.day.date.checked_sub_months(Months::new(12))?;
        let month = Month::of(year_before);
        let upto = self.0.range((month, 1)..=(month, known.day.ordinal));
        upto.last().map(|(_, calls)| *calls)
    }
}

/// A number of calls.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "sums of counts are whole and not negative"
)]
fn count(calls: f64) -> u64 {
    calls as u64
}
