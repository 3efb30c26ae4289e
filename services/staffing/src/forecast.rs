//! How many calls are to come: a Poisson regression on what kind of day it is, with negative binomial
//! intervals, and how forecasts made in the same way have done so far (docs/staffing.md).

mod back_test;
mod features;
mod interval;
mod known;
mod regression;
mod shape;

use chrono::{Datelike, NaiveDate, Timelike, Weekday};
use madoguchi_core::hours::Calendar;
use madoguchi_core::time::Instant;
use serde::Serialize;

pub use self::back_test::{
    BackTest, BackTestMonth, BackTestSum, MonthResult, NotTested, Tested, back_test,
};
use self::interval::Scatter;
pub use self::interval::{Expected, Rest};
pub use self::known::Known;
use self::regression::Regression;
use self::shape::Shape;
use crate::days::{DayKind, OpenDay, open_days};

/// What is expected of an open day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DayForecast {
    /// Which day.
    pub date: NaiveDate,
    /// 着信 of the day.
    pub expected: Expected,
    /// Why it differs from other days of its month and weekday, if it does.
    pub reasons: Vec<Reason>,
    /// Its half hours (from midnight: 16 for 8:00), each with its expected 着信.
    pub half_hours: Vec<(usize, f64)>,
}

impl DayForecast {
    /// The day of the week.
    pub fn weekday(&self) -> Weekday {
        self.date.weekday()
    }
}

/// 根拠: what is special about a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// 月初: the first, second or third open day of its month.
    MonthStart(u32),
    /// 祝日明け
    AfterHoliday,
    /// 第2土曜
    SecondSaturday,
    /// 特定日
    SpecialDay,
    /// Open for longer or shorter than usual, or by an override of its own.
    OtherHours,
}

impl Reason {
    /// What documents say.
    pub fn label(self) -> String {
        match self {
            Self::MonthStart(ordinal) => format!("月初({ordinal}開所日目)"),
            Self::AfterHoliday => "祝日明け".to_owned(),
            Self::SecondSaturday => "第2土曜".to_owned(),
            Self::SpecialDay => "特定日".to_owned(),
            Self::OtherHours => "受付時間の変更".to_owned(),
        }
    }
}

/// A model of the calls of a desk.
#[derive(Debug, Clone)]
pub struct Model {
    regression: Regression,
    shape: Shape,
    scatter: Scatter,
}

impl Model {
    /// Fits it to what is known. `None` if nobody has ever called.
    pub fn fit(known: &Known) -> Option<Self> {
        let shape = Shape::of(known);
        let regression = Regression::fit(known, &shape)?;
        let scatter = Scatter::in_sample(regression.alpha());
        Some(Self {
            regression,
            shape,
            scatter,
        })
    }

    /// The same model, whose intervals are as wide as forecasts have erred in truth.
    #[must_use]
    pub fn with_errors_of(mut self, back_test: &BackTest) -> Self {
        self.scatter = self.scatter.with_errors(back_test.errors());
        self
    }

    /// By how much the last three months were above what the pattern of the year says: 1.1 for 10%.
    pub fn level(&self) -> f64 {
        self.regression.level()
    }

    /// The open days from `from` on and before `until`.
    pub fn days(&self, calendar: &Calendar, from: NaiveDate, until: NaiveDate) -> Vec<DayForecast> {
        let days = open_days(calendar, from, until);
        days.iter().map(|day| self.day(day)).collect()
    }

    fn day(&self, day: &OpenDay) -> DayForecast {
        let mean = self.mean(day);
        let shares = self.shape.shares(day);
        let whole = self.shape.whole(day);
        DayForecast {
            date: day.date,
            expected: self.scatter.of_day(mean),
            reasons: self.reasons(day),
            half_hours: shares
                .map(|(half_hour, share)| (half_hour, mean * share / whole))
                .collect(),
        }
    }

    fn mean(&self, day: &OpenDay) -> f64 {
        self.regression.mean(day, &self.shape)
    }

    fn reasons(&self, day: &OpenDay) -> Vec<Reason> {
        let kind = match day.kind {
            DayKind::Usual => None,
            DayKind::SecondSaturday => Some(Reason::SecondSaturday),
            DayKind::Special => Some(Reason::SpecialDay),
            DayKind::Override => Some(Reason::OtherHours),
        };
        let start = (day.ordinal <= features::FIRST_DAYS).then_some(day.ordinal);
        let holiday = day.after_holiday.then_some(Reason::AfterHoliday);
        let reasons = [start.map(Reason::MonthStart), holiday, kind];
        reasons.into_iter().flatten().collect()
    }

    /// What all these days have together.
    pub fn total(&self, days: &[DayForecast]) -> Expected {
        let means: Vec<f64> = days.iter().map(|day| day.expected.mean).collect();
        self.scatter.of_total(&means)
    }

    /// What is to come from `now` on and before `until`. Of the half hour that runs, what is left of it.
    pub fn rest(&self, calendar: &Calendar, now: Instant, until: NaiveDate) -> Rest {
        let today = now.date();
        let local = now.in_tokyo();
        let passed = f64::from(local.num_seconds_from_midnight()) / 1800.0;
        let days = self.days(calendar, today, until);
        let means = days.iter().map(|day| {
            if day.date > today {
                return day.expected.mean;
            }
            let left = day.half_hours.iter().map(|(half_hour, calls)| {
                let gone = passed - *half_hour as f64;
                calls * (1.0 - gone.clamp(0.0, 1.0))
            });
            left.sum()
        });
        let means: Vec<f64> = means.collect();
        self.scatter.rest(&means)
    }
}
