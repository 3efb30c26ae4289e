//! What a day is to the regression: the columns in which it has a one.

use chrono::{Datelike, Months, NaiveDate};

use crate::days::{DayKind, OpenDay};

/// The first open days of a month that have columns of their own.
pub(super) const FIRST_DAYS: u32 = 3;
/// The last months, whose level is carried on.
const LAST_MONTHS: u32 = 3;
/// Years before the last one that have a level of their own; older ones share the last.
const OLDER_YEARS: usize = 9;

const INTERCEPT: usize = 0;
const MONTHS: usize = 1;
const WEEKDAYS: usize = MONTHS + 12;
const FIRSTS: usize = WEEKDAYS + 7;
const AFTER_HOLIDAY: usize = FIRSTS + FIRST_DAYS as usize;
const SECOND_SATURDAY: usize = AFTER_HOLIDAY + 1;
const SPECIAL: usize = SECOND_SATURDAY + 1;
pub(super) const LEVEL: usize = SPECIAL + 1;
const OLDER: usize = LEVEL + 1;

/// Columns in all.
pub(super) const COLUMNS: usize = OLDER + OLDER_YEARS;

/// How far an effect is expected to be from none, as the standard deviation of its logarithm. The ridge
/// is one over its square.
pub(super) fn deviation(column: usize) -> f64 {
    match column {
        INTERCEPT => 1e3,
        MONTHS..WEEKDAYS => 0.6,
        WEEKDAYS..FIRSTS => 0.25,
        FIRSTS..AFTER_HOLIDAY => 0.4,
        AFTER_HOLIDAY => 0.25,
        SECOND_SATURDAY | SPECIAL => 0.6,
        LEVEL => 0.2,
        _ => 0.3,
    }
}

/// Where time stands when a forecast is made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    day: NaiveDate,
    /// From here on the last months.
    last_months: NaiveDate,
}

impl Origin {
    pub(super) fn new(day: NaiveDate) -> Self {
        Self {
            day,
            last_months: back(day, LAST_MONTHS),
        }
    }

    /// The columns of a day.
    pub(super) fn columns(&self, day: &OpenDay) -> Vec<usize> {
        let date = day.date;
        let mut columns = vec![
            INTERCEPT,
            MONTHS + date.month0() as usize,
            WEEKDAYS + date.weekday().num_days_from_monday() as usize,
        ];
        if day.ordinal <= FIRST_DAYS {
            columns.push(FIRSTS + day.ordinal.saturating_sub(1) as usize);
        }
        if day.after_holiday {
            columns.push(AFTER_HOLIDAY);
        }
        match day.kind {
            DayKind::SecondSaturday => columns.push(SECOND_SATURDAY),
            DayKind::Special => columns.push(SPECIAL),
            DayKind::Usual | DayKind::Override => {}
        }
        if date >= self.last_months {
            columns.push(LEVEL);
        }
        let older = (1..=OLDER_YEARS).take_while(|years| date < back(self.day, 12 * *years as u32));
        if let Some(years) = older.last() {
            columns.push(OLDER + years - 1);
        }
        columns
    }
}

fn back(day: NaiveDate, months: u32) -> NaiveDate {
    day.checked_sub_months(Months::new(months)).unwrap_or(day)
}
