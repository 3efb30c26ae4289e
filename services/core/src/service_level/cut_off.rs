//! The instant as of which a month is judged.

use chrono::{Datelike, Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::hours::Calendar;
use crate::time::Instant;

/// The most open days by which the cut-off may come later.
pub const CUT_OFF_DAYS_AT_MOST: u32 = 31;

/// When a month is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "cut_off", content = "days", rename_all = "snake_case")]
pub enum CutOff {
    /// At the end of its last day.
    #[default]
    EndOfMonth,
    /// At the end of the open day that is so many open days after it (n開所日後).
    OpenDaysAfter(u32),
}

/// The cut-off of the month of a day: what happened before it counts.
pub fn cut_off(day: NaiveDate, setting: CutOff, calendar: &Calendar) -> Instant {
    let first = day.with_day(1).unwrap_or(day);
    let next = first.checked_add_months(Months::new(1)).unwrap_or(first);
    let days = match setting {
        CutOff::EndOfMonth => 0,
        CutOff::OpenDaysAfter(days) => days.min(CUT_OFF_DAYS_AT_MOST),
    };
    let Some(days) = usize::try_from(days)
        .ok()
        .and_then(|days| days.checked_sub(1))
    else {
        return Instant::start_of(next);
    };
    // A desk that opens so rarely is judged a year later at the latest.
    let year = next.iter_days().take(366);
    let mut open = year.filter(|day| calendar.day_hours(*day).hours.is_some());
    let last = open.nth(days).unwrap_or(next);
    Instant::start_of(last.checked_add_days(Days::new(1)).unwrap_or(last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hours::HoursSettings;

    #[test]
    fn a_month_is_judged_at_its_end_or_some_open_days_later() {
        let calendar = Calendar::new(HoursSettings::default());
        let cut = |day: &str, setting| {
            let at = cut_off(day.parse().unwrap(), setting, &calendar);
            at.to_rfc3339()
        };
        assert_eq!(
            cut("2026-04-15", CutOff::EndOfMonth),
            "2026-05-01T00:00:00.000+09:00"
        );
        assert_eq!(
            cut("2026-04-30", CutOff::OpenDaysAfter(1)),
            "2026-05-02T00:00:00.000+09:00"
        );
        // 5月2日 to 6日 are closed: Saturday, Sunday and holidays.
        assert_eq!(
            cut("2026-04-30", CutOff::OpenDaysAfter(2)),
            "2026-05-08T00:00:00.000+09:00"
        );
        assert_eq!(
            cut("2026-12-01", CutOff::OpenDaysAfter(1)),
            "2027-01-05T00:00:00.000+09:00"
        );
    }
}
