//! 国民の祝日 by law (国民の祝日に関する法律), with 振替休日 and 国民の休日.
//!
//! Right for 1973 to 2099; the equinoxes of years to come are announced a year ahead by the
//! National Astronomical Observatory and have followed this formula so far.

use std::sync::OnceLock;

use chrono::{Datelike, Days, NaiveDate, Weekday};

/// The years of which the law was looked at.
const FIRST_YEAR: i32 = 1973;
const YEARS: usize = 127;

/// The name of the holiday on this date, if it is one. The days of a year are worked out once: the clocks of a
/// thousand tickets that wait ask for each day since they came.
pub fn lookup(date: NaiveDate) -> Option<&'static str> {
    static NAMES: [OnceLock<Vec<Option<&'static str>>>; YEARS] = [const { OnceLock::new() }; YEARS];
    let year = usize::try_from(date.year() - FIRST_YEAR);
    let Some(year) = year.ok().and_then(|year| NAMES.get(year)) else {
        return by_rules(date);
    };
    let first = date.with_ordinal(1).unwrap_or(date);
    let names = year.get_or_init(|| first.iter_days().take(366).map(by_rules).collect());
    names.get(date.ordinal0() as usize).copied().flatten()
}

fn by_rules(date: NaiveDate) -> Option<&'static str> {
    if let Some(name) = by_law(date) {
        return Some(name);
    }
    if is_substitute(date) {
        return Some("振替休日");
    }
    if is_citizens_holiday(date) {
        return Some("国民の休日");
    }
    None
}

/// The holidays that the law names, without the two that follow from others.
fn by_law(date: NaiveDate) -> Option<&'static str> {
    let (year, month, day) = (date.year(), date.month(), date.day());
    let nth_monday = |n: u32| date.weekday() == Weekday::Mon && (day - 1) / 7 + 1 == n;
    let name = match (month, day) {
        (1, 1) => "元日",
        (1, 15) if year < 2000 => "成人の日",
        (1, _) if year >= 2000 && nth_monday(2) => "成人の日",
        (2, 11) => "建国記念の日",
        (2, 23) if year >= 2020 => "天皇誕生日",
        (2, 24) if year == 1989 => "昭和天皇の大喪の礼",
        (3, day) if day == spring_equinox(year) => "春分の日",
        (4, 10) if year == 1959 => "皇太子・明仁親王の結婚の儀",
        (4, 29) => match year {
            ..=1988 => "天皇誕生日",
            1989..=2006 => "みどりの日",
            _ => "昭和の日",
        },
        (5, 1) if year == 2019 => "天皇の即位の日",
        (5, 3) => "憲法記念日",
        (5, 4) if year >= 2007 => "みどりの日",
        (5, 5) => "こどもの日",
        (6, 9) if year == 1993 => "皇太子・徳仁親王の結婚の儀",
        (7 | 8 | 10, _) if year == 2020 || year == 2021 => return olympic(year, month, day),
        (7, 20) if (1996..=2002).contains(&year) => "海の日",
        (7, _) if year >= 2003 && nth_monday(3) => "海の日",
        (8, 11) if year >= 2016 => "山の日",
        (9, 15) if year <= 2002 => "敬老の日",
        (9, _) if year >= 2003 && nth_monday(3) => "敬老の日",
        (9, day) if day == autumn_equinox(year) => "秋分の日",
        (10, 10) if year <= 1999 => "体育の日",
        (10, _) if year >= 2000 && nth_monday(2) => {
            if year >= 2020 {
                "スポーツの日"
            } else {
                "体育の日"
            }
        }
        (10, 22) if year == 2019 => "即位礼正殿の儀",
        (11, 3) => "文化の日",
        (11, 12) if year == 1990 => "即位礼正殿の儀",
        (11, 23) => "勤労感謝の日",
        (12, 23) if (1989..=2018).contains(&year) => "天皇誕生日",
        _ => return None,
    };
    Some(name)
}

/// The moves for the games of 2020 and 2021.
fn olympic(year: i32, month: u32, day: u32) -> Option<&'static str> {
    match (year, month, day) {
        (2020, 7, 23) | (2021, 7, 22) => Some("海の日"),
        (2020, 7, 24) | (2021, 7, 23) => Some("スポーツの日"),
        (2020, 8, 10) | (2021, 8, 8) => Some("山の日"),
        _ => None,
    }
}

fn spring_equinox(year: i32) -> u32 {
    equinox(year, 20.8431)
}

fn autumn_equinox(year: i32) -> u32 {
    equinox(year, 23.2488)
}

/// The well-known approximation for 1980 to 2099.
fn equinox(year: i32, base: f64) -> u32 {
    let since = year - 1980;
    let day = base + 0.242_194 * f64::from(since) - f64::from(since.div_euclid(4));
    // The day of a month is a small positive number.
    day.floor() as u32
}

/// 振替休日: from 1973 the Monday after a Sunday's holiday, from 2007 the next day that is none.
fn is_substitute(date: NaiveDate) -> bool {
    let Some(start) = NaiveDate::from_ymd_opt(1973, 4, 12) else {
        return false;
    };
    if date < start {
        return false;
    }
    if date.year() < 2007 {
        return date.weekday() == Weekday::Mon
            && date
                .pred_opt()
                .is_some_and(|sunday| by_law(sunday).is_some());
    }
    let mut earlier = date.pred_opt();
    while let Some(day) = earlier.filter(|day| by_law(*day).is_some()) {
        if day.weekday() == Weekday::Sun {
            return true;
        }
        earlier = day.pred_opt();
    }
    false
}

/// 国民の休日: from 1988 a day between two holidays (before 2007 not on a Sunday or as 振替休日).
fn is_citizens_holiday(date: NaiveDate) -> bool {
    let neighbours = date
        .pred_opt()
        .zip(date.checked_add_days(Days::new(1)))
        .is_some_and(|(before, after)| by_law(before).is_some() && by_law(after).is_some());
    date.year() >= 1986 && date.weekday() != Weekday::Sun && neighbours
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// The list that the Cabinet Office published for these years.
    #[test]
    fn whole_years_as_the_cabinet_office_published_them() {
        let published = [
            (
                2019,
                "0101 0114 0211 0321 0429 0430 0501 0502 0503 0504 0505 0506 0715 0811 0812 0916 0923 1014 1022 1103 1104 1123",
            ),
            (
                2020,
                "0101 0113 0211 0223 0224 0320 0429 0503 0504 0505 0506 0723 0724 0810 0921 0922 1103 1123",
            ),
            (
                2021,
                "0101 0111 0211 0223 0320 0429 0503 0504 0505 0722 0723 0808 0809 0920 0923 1103 1123",
            ),
            (
                2024,
                "0101 0108 0211 0212 0223 0320 0429 0503 0504 0505 0506 0715 0811 0812 0916 0922 0923 1014 1103 1104 1123",
            ),
            (
                2025,
                "0101 0113 0211 0223 0224 0320 0429 0503 0504 0505 0506 0721 0811 0915 0923 1013 1103 1123 1124",
            ),
            (
                2026,
                "0101 0112 0211 0223 0320 0429 0503 0504 0505 0506 0720 0811 0921 0922 0923 1012 1103 1123",
            ),
            (
                2027,
                "0101 0111 0211 0223 0321 0322 0429 0503 0504 0505 0719 0811 0920 0923 1011 1103 1123",
            ),
        ];
        for (year, expected) in published {
            let days = NaiveDate::from_ymd_opt(year, 1, 1).unwrap().iter_days();
            let found: Vec<String> = days
                .take_while(|day| day.year() == year)
                .filter(|day| lookup(*day).is_some())
                .map(|day| day.format("%m%d").to_string())
                .collect();
            assert_eq!(found.join(" "), expected, "{year}");
        }
    }

    #[test]
    fn holidays_that_follow_from_others() {
        assert_eq!(lookup(date("2026-05-06")), Some("振替休日"));
        assert_eq!(lookup(date("2026-09-22")), Some("国民の休日"));
        assert_eq!(lookup(date("2019-04-30")), Some("国民の休日"));
        assert_eq!(lookup(date("1999-05-04")), Some("国民の休日"));
        assert_eq!(lookup(date("2006-05-04")), Some("国民の休日"));
        assert_eq!(lookup(date("1973-04-30")), Some("振替休日"));
    }
}
