//! Dates and times as ledgers have them: of both calendars, in many spellings, and as the numbers by which
//! spreadsheets keep them.

use std::sync::LazyLock;

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime};
use regex::Regex;
use unicode_normalization::UnicodeNormalization;

use crate::era::EraYear;
use crate::time::Instant;

/// The day from which spreadsheets count.
const SPREADSHEET_DAY: (i32, u32, u32) = (1899, 12, 30);
/// Numbers that are days of a spreadsheet: from 1954 to 2119.
const SPREADSHEET_DAYS: std::ops::Range<f64> = 20_000.0..80_000.0;
const DAY_SECONDS: f64 = 86_400.0;

static DATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^(?:(?P<era>令和|平成|昭和|[RHSrhs])\s*\.?\s*(?P<of>元|\d{1,2})|(?P<year>\d{4}))\s*[年/.\-]\s*(?P<month>\d{1,2})\s*[月/.\-]\s*(?P<day>\d{1,2})\s*日?\s*(?:\([^)]{1,3}\))?[\sT]*(?P<rest>.*)$",
    )
    .expect("the pattern is a literal that tests use")
});

static TIME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^(?P<half>午前|午後|AM|PM|am|pm)?\s*(?P<hour>\d{1,2})\s*[:時]\s*(?:(?P<minute>\d{1,2})\s*[:分]?\s*)?(?:(?P<second>\d{1,2})\s*秒?)?$",
    )
    .expect("the pattern is a literal that tests use")
});

/// The instant of a date, with the time beside it or in `time`; the beginning of the day without one.
/// `None` if it cannot be read.
pub fn read_date_time(date: &str, time: &str) -> Option<Instant> {
    let date: String = date.trim().nfkc().collect();
    let time: String = time.trim().nfkc().collect();
    if let Ok(at) = DateTime::parse_from_rfc3339(&date) {
        return Some(Instant(at.timestamp_millis()));
    }
    let (day, own) = read_date(&date)?;
    let time = if time.is_empty() {
        own
    } else {
        read_time(&time)?
    };
    Some(Instant::from_tokyo(NaiveDateTime::new(day, time)))
}

fn read_date(text: &str) -> Option<(NaiveDate, NaiveTime)> {
    if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let day = NaiveDate::parse_from_str(text, "%Y%m%d").ok()?;
        return Some((day, NaiveTime::MIN));
    }
    if let Ok(number) = text.parse::<f64>() {
        return spreadsheet(number);
    }
    let parts = DATE.captures(text)?;
    let number = |name: &str| parts.name(name)?.as_str().parse::<u32>().ok();
    let year = match parts.name("era") {
        Some(era) => {
            let era = era.as_str();
            let letter = EraYear::letter_of(era).or_else(|| era.chars().next())?;
            let of = match parts.name("of")?.as_str() {
                "元" => 1,
                year => year.parse().ok()?,
            };
            EraYear::western(letter, of)?
        }
        None => parts.name("year")?.as_str().parse().ok()?,
    };
    let day = NaiveDate::from_ymd_opt(year, number("month")?, number("day")?)?;
    let time = match parts.name("rest").map_or("", |rest| rest.as_str().trim()) {
        "" => NaiveTime::MIN,
        rest => read_time(rest)?,
    };
    Some((day, time))
}

fn read_time(text: &str) -> Option<NaiveTime> {
    if let Ok(part) = text.parse::<f64>() {
        return (0.0..1.0).contains(&part).then(|| of_part(part)).flatten();
    }
    let parts = TIME.captures(text)?;
    let number = |name: &str| match parts.name(name) {
        Some(digits) => digits.as_str().parse::<u32>().ok(),
        None => Some(0),
    };
    let hour = number("hour")?;
    let hour = match parts.name("half").map(|half| half.as_str()) {
        Some("午後" | "PM" | "pm") if hour < 12 => hour + 12,
        Some("午前" | "AM" | "am") if hour == 12 => 0,
        _ => hour,
    };
    NaiveTime::from_hms_opt(hour, number("minute")?, number("second")?)
}

/// A day as a spreadsheet counts it, with the part of the day that is over.
fn spreadsheet(number: f64) -> Option<(NaiveDate, NaiveTime)> {
    if !SPREADSHEET_DAYS.contains(&number) {
        return None;
    }
    let (year, month, day) = SPREADSHEET_DAY;
    let first = NaiveDate::from_ymd_opt(year, month, day)?;
    // Within the range above.
    let day = first.checked_add_days(Days::new(number.trunc() as u64))?;
    Some((day, of_part(number.fract())?))
}

fn of_part(part: f64) -> Option<NaiveTime> {
    let seconds = (part * DAY_SECONDS).round().min(DAY_SECONDS - 1.0);
    NaiveTime::from_num_seconds_from_midnight_opt(seconds as u32, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(date: &str, time: &str) -> Option<String> {
        let at = read_date_time(date, time)?;
        Some(at.in_tokyo().format("%Y-%m-%d %H:%M:%S").to_string())
    }

    #[test]
    fn a_date_is_read_in_both_calendars_and_however_it_is_written() {
        for written in [
            "2024-04-01 08:30",
            "2024/4/1 8:30",
            "２０２４／４／１　８：３０",
            "2024年4月1日(月) 午前8時30分",
            "令和6年4月1日 8時30分",
            "R6.4.1 8:30:00",
            "r6/04/01 8:30",
            "2024-04-01T08:30:00",
            "2024-04-01T08:30:00+09:00",
            "2024-03-31T23:30:00Z",
            "45383.354166666664",
        ] {
            assert_eq!(
                read(written, "").as_deref(),
                Some("2024-04-01 08:30:00"),
                "{written}"
            );
        }
        for (written, day) in [
            ("令和元年5月1日", "2019-05-01"),
            ("平成31年4月30日", "2019-04-30"),
            ("S64.1.7", "1989-01-07"),
            ("20240401", "2024-04-01"),
            ("45383", "2024-04-01"),
        ] {
            assert_eq!(
                read(written, ""),
                Some(format!("{day} 00:00:00")),
                "{written}"
            );
        }
    }

    #[test]
    fn the_time_may_stand_in_a_column_of_its_own() {
        for time in ["13:05", "午後1時5分", "0.5451388888888888", "PM 1:05"] {
            let at = read("令和6年4月1日", time);
            assert_eq!(at.as_deref(), Some("2024-04-01 13:05:00"), "{time}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for written in [
            "",
            "昨日",
            "2024-02-30",
            "R0.4.1",
            "令和6年",
            "12",
            "2024/4/1 25:00",
            "99999999",
        ] {
            assert_eq!(read(written, ""), None, "{written}");
        }
        assert_eq!(read("2024-04-01", "あとで"), None);
    }
}
