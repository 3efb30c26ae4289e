//! 受付カレンダー of lines and 業務区分: what it says differs from the desk's, the rest is as there.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::day::{CalendarDay, DayRule};
use super::fault::{FieldError, entered_name};
use super::screen::ScreenSetup;
use crate::hours::{Calendar, HoursSettings, OpenHours, Override, WeekdayHours};

/// The kind of [`CalendarConfig`] in the store; its id is the name.
pub const CALENDAR: &str = "calendar";

/// The longest name of a calendar.
pub const CALENDAR_NAME_LETTERS: usize = 40;

/// `[[calendar]]`: a reception calendar beside the desk's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CalendarConfig {
    /// The name, by which lines and 業務区分 choose it. It never changes.
    pub name: String,
    /// The hours of open days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<OpenHours>,
    /// What holds on single days of every week.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub week: BTreeMap<DayOfWeek, WeekdayHours>,
    /// Whether 第2土曜 is an open day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second_saturday: Option<bool>,
    /// Whether 国民の祝日 are days like all others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_on_holidays: Option<bool>,
    /// Whether 12月29日 to 1月3日 are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_at_year_end: Option<bool>,
    /// Whether every day is an open day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every_day: Option<bool>,
    /// Single days. Those that screens have set stand beside the calendar in the store.
    #[serde(rename = "day", skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<CalendarDay>,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayOfWeek {
    /// 月
    Mon,
    /// 火
    Tue,
    /// 水
    Wed,
    /// 木
    Thu,
    /// 金
    Fri,
    /// 土
    Sat,
    /// 日
    Sun,
}

impl DayOfWeek {
    /// All, from Monday on.
    pub const ALL: [Self; 7] = [
        Self::Mon,
        Self::Tue,
        Self::Wed,
        Self::Thu,
        Self::Fri,
        Self::Sat,
        Self::Sun,
    ];
}

impl CalendarConfig {
    /// One that says nothing but its name.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// What holds by it, on top of what holds at the desk.
    pub fn settings(&self, desk: &HoursSettings) -> HoursSettings {
        let own_hours = self.hours.is_some() || !self.week.is_empty();
        let mut settings = if own_hours {
            desk.days_for_other_hours()
        } else {
            desk.clone()
        };
        if let Some(hours) = self.hours {
            (settings.opens, settings.closes) = (hours.opens, hours.closes);
            settings.week = [None; 7];
        }
        for (set, day) in settings.week.iter_mut().zip(DayOfWeek::ALL) {
            *set = self.week.get(&day).copied().or(*set);
        }
        let either = |own: Option<bool>, desk: bool| own.unwrap_or(desk);
        settings.second_saturday = either(self.second_saturday, desk.second_saturday);
        settings.open_on_holidays = either(self.open_on_holidays, desk.open_on_holidays);
        settings.open_at_year_end = either(self.open_at_year_end, desk.open_at_year_end);
        settings.every_day = either(self.every_day, desk.every_day);
        for day in &self.days {
            put_day(&mut settings, day);
        }
        settings
    }

    /// Sets a single day in place of what was said of it.
    fn put(&mut self, day: CalendarDay) {
        self.days.retain(|known| known.date != day.date);
        self.days.push(day);
    }

    /// What is wrong with it by itself.
    pub fn faults(&self) -> Vec<FieldError> {
        let mut faults = Vec::new();
        let name = entered_name("name", &self.name, CALENDAR_NAME_LETTERS);
        faults.extend(name);
        let mut dates: Vec<NaiveDate> = self.days.iter().map(|day| day.date).collect();
        dates.sort_unstable();
        let twice = dates.windows(2).find_map(|pair| match pair {
            [one, next] if one == next => Some(*one),
            _ => None,
        });
        if let Some(date) = twice {
            let message = format!("{date} が2回書かれています");
            faults.push(FieldError::new("day", message));
        }
        let of_rules = Calendar::new(self.settings(&HoursSettings::default()));
        let wrong = self
            .days
            .iter()
            .find_map(|day| day.check(of_rules.opens_on(day.date)).err());
        if let Some(fault) = wrong {
            let sentence = fault.to_string();
            faults.push(FieldError::new("day", sentence.trim_end_matches('。')));
        }
        faults
    }
}

/// Sets what holds on a day instead of the rules.
fn put_day(settings: &mut HoursSettings, day: &CalendarDay) {
    settings.overrides.remove(&day.date);
    settings.special_days.remove(&day.date);
    let rule = match day.rule {
        DayRule::SpecialDay => {
            settings.special_days.insert(day.date);
            return;
        }
        DayRule::Closed => Override::Closed,
        DayRule::Open { opens, closes } => Override::Open {
            opens,
            closes: Some(closes),
        },
        DayRule::Until { closes } => Override::Until(Some(closes)),
    };
    settings.overrides.insert(day.date, rule);
}

/// The screen's word about a day of a calendar replaces the file's. Days of calendars that are not
/// there any more are left.
pub fn put_days<'a>(
    calendars: impl IntoIterator<Item = &'a mut CalendarConfig>,
    screen: &ScreenSetup,
) {
    for calendar in calendars {
        let of_it = |day: &&CalendarDay| day.calendar.as_deref() == Some(&*calendar.name);
        let days: Vec<_> = screen.days.values().filter(of_it).cloned().collect();
        for day in days {
            calendar.put(day);
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveTime;

    use super::*;
    use crate::hours::HoursReason;
    use crate::time::Instant;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn time(hour: u32) -> NaiveTime {
        NaiveTime::from_hms_opt(hour, 0, 0).unwrap()
    }

    fn desk() -> HoursSettings {
        HoursSettings {
            special_days: [day("2026-11-22")].into(),
            overrides: [
                (day("2026-11-24"), Override::Closed),
                (day("2026-11-25"), Override::Until(Some(time(15)))),
            ]
            .into(),
            ..HoursSettings::default()
        }
    }

    #[test]
    fn what_a_calendar_does_not_say_is_as_at_the_desk() {
        assert_eq!(CalendarConfig::new("a").settings(&desk()), desk());
        let no_saturdays = CalendarConfig {
            second_saturday: Some(false),
            ..CalendarConfig::new("a")
        };
        let calendar = Calendar::new(no_saturdays.settings(&desk()));
        let reason = |text| calendar.day_hours(day(text)).reason;
        assert_eq!(reason("2026-11-14"), HoursReason::Saturday);
        assert_eq!(reason("2026-11-22"), HoursReason::SpecialDay);
        assert_eq!(reason("2026-11-24"), HoursReason::OverrideClosed);
        let closes = calendar.day_hours(day("2026-11-25")).hours.unwrap().1;
        assert_eq!(closes, Some(time(15)), "its hours are the desk's");
    }

    #[test]
    fn hours_of_its_own_hold_on_the_desks_days_but_for_days_of_its_own() {
        let own: CalendarConfig = serde_json::from_str(
            r#"{"name":"MACS","hours":"8:15-20:00","week":{"sat":"9:00-12:00"},
                "day":[{"date":"2026-11-24","rule":"open","opens":"10:00","closes":"11:00"}]}"#,
        )
        .unwrap();
        assert_eq!(own.faults(), []);
        let calendar = Calendar::new(own.settings(&desk()));
        let hours = |text| calendar.day_hours(day(text)).hours;
        let quarter = NaiveTime::from_hms_opt(8, 15, 0).unwrap();
        let usual = Some((quarter, Some(time(20))));
        assert_eq!(hours("2026-11-26"), usual);
        assert_eq!(hours("2026-11-25"), usual, "an early end is the desk's");
        assert_eq!(hours("2026-11-22"), usual, "特定日");
        assert_eq!(hours("2026-11-28"), Some((time(9), Some(time(12)))));
        assert_eq!(hours("2026-11-24"), Some((time(10), Some(time(11)))));
        let at = |text: &str| Instant::from_tokyo(text.parse().unwrap());
        assert!(calendar.status(at("2026-11-26T19:59:59")).open);
        let kept = serde_json::to_string(&own).unwrap();
        assert_eq!(serde_json::from_str::<CalendarConfig>(&kept).unwrap(), own);
    }

    #[test]
    fn nonsense_is_told_at_its_field() {
        let closed = |date: &str| CalendarDay {
            calendar: None,
            date: day(date),
            rule: DayRule::Closed,
            note: String::new(),
        };
        let wrong = CalendarConfig {
            days: vec![closed("2026-11-24"), closed("2026-11-24")],
            ..CalendarConfig::default()
        };
        let fields: Vec<_> = wrong
            .faults()
            .into_iter()
            .map(|fault| fault.field)
            .collect();
        assert_eq!(fields, ["name", "day"]);
    }

    #[test]
    fn the_screens_word_about_a_day_replaces_the_files_of_that_calendar_alone() {
        let mut calendars = [CalendarConfig::new("a"), CalendarConfig::new("b")];
        let mut screen = ScreenSetup::default();
        let data = r#"{"calendar":"a","date":"2026-11-24","rule":"closed"}"#;
        screen
            .put(super::super::day::CALENDAR_DAY, "2026-11-24@a", Some(data))
            .unwrap();
        put_days(&mut calendars, &screen);
        put_days(&mut calendars, &screen);
        assert_eq!(calendars[0].days.len(), 1);
        assert!(calendars[1].days.is_empty());
    }
}
