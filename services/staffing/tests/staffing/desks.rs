//! Desks that were made up: three years of calls with the published months of 令和6年度.

use chrono::{Datelike, NaiveDate, Weekday};
use madoguchi_core::hours::{Calendar, HoursSettings};
use madoguchi_core::month::Month;
use madoguchi_staffing::days::{DayCounts, DayKind, OpenDay, open_days};

use crate::chance::Chance;

/// 着信 from April to March (別紙8-2).
pub(crate) const PUBLISHED: [f64; 12] = [
    1029.0, 458.0, 316.0, 265.0, 236.0, 244.0, 528.0, 260.0, 330.0, 221.0, 185.0, 286.0,
];

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn calendar() -> Calendar {
    Calendar::new(HoursSettings::default())
}

/// Three fiscal years of a desk. Every month has the published number of calls on average, times a level
/// that wanders; days differ by weekday, by their place at the beginning of the month and after
/// holidays, by effects of the desk's own; and every day has chance of its own beyond Poisson. None of the
/// numbers is known to the forecast.
pub(crate) fn desk(seed: u64) -> Vec<DayCounts> {
    let calendar = calendar();
    let mut chance = Chance(seed);
    let weekdays: [f64; 7] = std::array::from_fn(|_| chance.factor(0.15));
    let firsts = [1.5, 1.25, 1.1].map(|usual: f64| usual * chance.factor(0.1));
    let after_holiday = 1.2 * chance.factor(0.1);
    let saturday = 0.5 * chance.factor(0.2);
    let mut level = chance.factor(0.1);
    let mut days = Vec::new();
    for year in 2022..=2024 {
        for (month, published) in Month::of_fiscal_year(year).into_iter().zip(PUBLISHED) {
            level *= chance.factor(0.03);
            let of_month = open_days(&calendar, month.first(), month.next().first());
            let weight = |day: &OpenDay| {
                let first = firsts.get(day.ordinal as usize - 1).copied().unwrap_or(1.0);
                let holiday = if day.after_holiday {
                    after_holiday
                } else {
                    1.0
                };
                let saturday = if day.kind == DayKind::SecondSaturday {
                    saturday
                } else {
                    1.0
                };
                let weekday = weekdays[day.date.weekday().num_days_from_monday() as usize];
                first * holiday * saturday * weekday
            };
            let whole: f64 = of_month.iter().map(weight).sum();
            for day in &of_month {
                let mean = published * level * weight(day) / whole * chance.factor(0.12);
                days.push(spread(day, mean, &mut chance));
            }
        }
    }
    days
}

/// Calls of a day over its half hours: most in the morning, few at noon.
fn spread(day: &OpenDay, mean: f64, chance: &mut Chance) -> DayCounts {
    let weight = |half_hour: usize| match half_hour {
        18..22 => 2.0,
        24..26 => 0.6,
        33.. => 0.5,
        _ => 1.0,
    };
    let whole: f64 = day.half_hours().map(weight).sum();
    let mut counts = DayCounts {
        date: day.date,
        half_hours: [0; 48],
    };
    for half_hour in day.half_hours() {
        counts.half_hours[half_hour] = chance.poisson(mean * weight(half_hour) / whole);
    }
    counts
}

/// The calls that came from one day on and before another.
pub(crate) fn came(days: &[DayCounts], from: NaiveDate, until: NaiveDate) -> u64 {
    let within = days.iter().filter(|day| (from..until).contains(&day.date));
    within.map(DayCounts::total).sum()
}

pub(crate) fn is_saturday(date: NaiveDate) -> bool {
    date.weekday() == Weekday::Sat
}
