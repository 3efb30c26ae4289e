//! Instants and lengths as exchanges write them. What names no zone is of Tokyo.

use chrono::{DateTime, NaiveDateTime};
use madoguchi_core::time::{Instant, Millis};

/// Smaller numbers are no instants (this one is in 2001) but days of a spreadsheet, lengths, or nothing.
const EARLIEST_SECS: i64 = 1_000_000_000;

/// Dates and times of some zone, and of Tokyo.
const ZONED: [&str; 2] = ["%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f %#z"];
const LOCAL: [&str; 5] = [
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y/%m/%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M",
];

/// Seconds since 1970 with a fraction, a date and time, or digits alone of either.
pub(crate) fn instant(text: &str) -> Option<Instant> {
    let text = text.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !whole.is_empty() && is_digits(whole) && is_digits(fraction) {
        return of_digits(whole, fraction);
    }
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(Instant(at.timestamp_millis()));
    }
    let text = text.replace(',', ".");
    let mut zoned = ZONED.iter();
    if let Some(at) = zoned.find_map(|form| DateTime::parse_from_str(&text, form).ok()) {
        return Some(Instant(at.timestamp_millis()));
    }
    let mut local = LOCAL.iter();
    let at = local.find_map(|form| NaiveDateTime::parse_from_str(&text, form).ok())?;
    Some(Instant::from_tokyo(at))
}

/// Whether there is nothing but digits.
pub(crate) fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A length in seconds, perhaps with a fraction.
pub(crate) fn seconds(text: &str) -> Option<Millis> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let secs: i64 = whole.parse().ok()?;
    Some(Millis(
        secs.checked_mul(1_000)?
            .checked_add(thousandths(fraction)?)?,
    ))
}

/// The first three digits behind a point.
fn thousandths(fraction: &str) -> Option<i64> {
    format!("{fraction:0<3}").get(..3)?.parse().ok()
}

/// How many there are tells what they are: no call is of later than the 23rd century.
fn of_digits(whole: &str, fraction: &str) -> Option<Instant> {
    let number = |per_ms: i64| whole.parse::<i64>().ok().map(|number| number / per_ms);
    let local = |form: &str| {
        let at = NaiveDateTime::parse_from_str(whole, form).ok()?;
        Some(Instant::from_tokyo(at))
    };
    match (whole.len(), fraction) {
        (10, _) => {
            let secs = number(1).filter(|secs| *secs >= EARLIEST_SECS)?;
            Some(Instant(secs * 1_000 + thousandths(fraction)?))
        }
        (12, "") => local("%Y%m%d%H%M"),
        (13, "") => number(1).map(Instant),
        (14, "") => local("%Y%m%d%H%M%S"),
        (16, "") => number(1_000).map(Instant),
        (17, "") => local("%Y%m%d%H%M%S%3f"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2024-04-01 09:05:07 in Tokyo.
    const AT: Instant = Instant(1_711_929_907_000);

    #[test]
    fn an_instant_is_read_as_every_exchange_writes_it() {
        for text in [
            "1711929907",
            " 1711929907.000000 ",
            "1711929907000",
            "1711929907000000",
            "2024-04-01 09:05:07",
            "2024-04-01 09:05:07.000000",
            "2024-04-01 09:05:07,000",
            "2024-04-01T09:05:07",
            "2024/04/01 09:05:07",
            "2024/4/1 9:05:07",
            "2024-4-1 9:5:7",
            "20240401090507",
            "20240401090507000",
            "2024-04-01T09:05:07+09:00",
            "2024-04-01T00:05:07Z",
            "2024-04-01 00:05:07+00",
            "2024-04-01 09:05:07.000+0900",
            "2024-04-01 09:05:07 +09:00",
        ] {
            assert_eq!(instant(text), Some(AT), "{text}");
        }
        assert_eq!(instant("1711929907.25"), Some(Instant(AT.0 + 250)));
        assert_eq!(
            instant("2024-04-01 09:05:07.250"),
            Some(Instant(AT.0 + 250))
        );
        for text in ["2024/4/1 9:05", "2024-04-01 09:05", "202404010905"] {
            assert_eq!(instant(text), Some(Instant(AT.0 - 7_000)), "{text}");
        }
    }

    #[test]
    fn a_length_may_have_a_fraction() {
        assert_eq!(seconds("75"), Some(Millis(75_000)));
        assert_eq!(seconds(" 75.4"), Some(Millis(75_400)));
        assert_eq!(seconds("0.0004"), Some(Millis(0)));
        for text in ["", "-1", "1:15", ".5", "99999999999999999999"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn a_day_a_length_and_nothing_are_no_instants() {
        for text in [
            "",
            "0",
            "0.000000",
            "0000000001",
            "75",
            "45383.5",
            "20240401",
            "2024-04-01",
            "24 Nov",
            "99999999999999",
            "20241301090507",
            "1711929907000.5",
            "９",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
    }
}
