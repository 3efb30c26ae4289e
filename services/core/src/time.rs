//! Instants and durations in milliseconds, and the desk's calendar day (Asia/Tokyo).

use std::ops::{Add, Sub};

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, TimeZone, Timelike};
use serde::{Deserialize, Serialize};

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(transparent)]
pub struct Instant(pub i64);

/// A length of time in milliseconds.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(transparent)]
pub struct Millis(pub i64);

/// A reading of a clock that never jumps: milliseconds since some moment of this process. Only the
/// difference of two readings tells anything, and it is the time that has truly passed, whatever
/// happened to the calendar's clock in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Monotonic(pub i64);

impl Millis {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// So many seconds.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs * 1000)
    }
}

impl Add<Millis> for Instant {
    type Output = Instant;
    fn add(self, by: Millis) -> Instant {
        Instant(self.0.saturating_add(by.0))
    }
}

impl Sub<Millis> for Instant {
    type Output = Instant;
    fn sub(self, by: Millis) -> Instant {
        Instant(self.0.saturating_sub(by.0))
    }
}

impl Sub<Instant> for Instant {
    type Output = Millis;
    fn sub(self, earlier: Instant) -> Millis {
        Millis(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Millis> for Monotonic {
    type Output = Monotonic;
    fn add(self, by: Millis) -> Monotonic {
        Monotonic(self.0.saturating_add(by.0))
    }
}

impl Sub<Millis> for Monotonic {
    type Output = Monotonic;
    fn sub(self, by: Millis) -> Monotonic {
        Monotonic(self.0.saturating_sub(by.0))
    }
}

impl Sub<Monotonic> for Monotonic {
    type Output = Millis;
    fn sub(self, earlier: Monotonic) -> Millis {
        Millis(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Millis> for Millis {
    type Output = Millis;
    fn add(self, by: Millis) -> Millis {
        Millis(self.0.saturating_add(by.0))
    }
}

/// Asia/Tokyo: nine hours ahead of UTC, without summer time since 1951.
pub fn tokyo() -> FixedOffset {
    FixedOffset::east_opt(9 * 3600).expect("nine hours are a valid offset")
}

impl Instant {
    /// The same instant as a date and time in Asia/Tokyo.
    ///
    /// Instants outside the years that chrono can hold become the epoch.
    pub fn in_tokyo(self) -> DateTime<FixedOffset> {
        tokyo()
            .timestamp_millis_opt(self.0)
            .single()
            .unwrap_or_else(|| tokyo().timestamp_nanos(0))
    }

    /// The desk's calendar day on which this instant falls.
    pub fn date(self) -> NaiveDate {
        self.in_tokyo().date_naive()
    }

    /// The hour of the day in Asia/Tokyo, 0 to 23.
    pub fn hour(self) -> u32 {
        self.in_tokyo().hour()
    }

    /// The instant at which a wall clock in Tokyo shows `local`.
    pub fn from_tokyo(local: NaiveDateTime) -> Self {
        Self(local.and_utc().timestamp_millis() - 9 * 3_600_000)
    }

    /// Midnight at the start of `date` in Tokyo.
    pub fn start_of(date: NaiveDate) -> Self {
        Self::from_tokyo(date.and_time(chrono::NaiveTime::MIN))
    }

    /// The first day of the month on which this instant falls.
    pub fn month(self) -> NaiveDate {
        let date = self.date();
        date.with_day(1).unwrap_or(date)
    }

    /// RFC 3339 in Asia/Tokyo with milliseconds, as JSON and logs show it.
    pub fn to_rfc3339(self) -> String {
        self.in_tokyo()
            .to_rfc3339_opts(chrono::SecondsFormat::Millis, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_tokyo() {
        let date = NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
        let midnight = Instant::start_of(date);
        assert_eq!(midnight.to_rfc3339(), "2026-11-24T00:00:00.000+09:00");
        assert_eq!(midnight.date(), date);
        assert_eq!((midnight - Millis(1)).date(), date.pred_opt().unwrap());
    }
}
