//! A day that differs from the rules: read, and in words.

use chrono::{NaiveDate, NaiveTime};
use madoguchi_core::hours::{DayHours, HoursReason};
use madoguchi_core::setup::{CALENDAR_DAY, CalendarDay, DayRule};
use madoguchi_store::Setting;

use crate::error::WebError;
use crate::state::Web;

/// The kind of the days in the store.
pub(super) const KIND: &str = CALENDAR_DAY;

/// Days far from any call are nobody's business, and some cannot be computed.
pub(super) fn read_date(text: &str) -> Result<NaiveDate, WebError> {
    let date: Option<NaiveDate> = text.parse().ok();
    date.filter(is_near).ok_or(WebError::NotFound("この日"))
}

/// The date and the calendar of the id of a day.
pub(super) fn read_id(id: &str) -> Result<(NaiveDate, Option<&str>), WebError> {
    CalendarDay::read_id(id)
        .filter(|(date, calendar)| is_near(date) && CalendarDay::id(*date, *calendar) == id)
        .ok_or(WebError::NotFound("この日"))
}

fn is_near(date: &NaiveDate) -> bool {
    (2000..=2099).contains(&chrono::Datelike::year(date))
}

/// The name of a calendar as addresses and forms have it: empty for the desk's.
pub(super) fn chosen<'n>(web: &Web, name: &'n str) -> Result<Option<&'n str>, WebError> {
    match name {
        "" => Ok(None),
        name if web.desk.calendars().has(name) => Ok(Some(name)),
        _ => Err(WebError::NotFound("この受付カレンダー")),
    }
}

/// What a calendar is called.
pub(super) fn calendar_name(calendar: Option<&str>) -> &str {
    calendar.unwrap_or("窓口全体")
}

pub(super) fn read_day(setting: &Setting) -> Option<CalendarDay> {
    serde_json::from_str(setting.data.as_deref()?).ok()
}

/// Why a day is open or closed, in words.
pub(super) fn reason(hours: &DayHours) -> String {
    if let Some(holiday) = &hours.holiday
        && hours.hours.is_none()
    {
        return holiday.clone();
    }
    match hours.reason {
        HoursReason::Weekday => "平日",
        HoursReason::OpenWeekday => "受付をする曜日",
        HoursReason::ClosedWeekday => "受付をしない曜日",
        HoursReason::SecondSaturday => "第2土曜日",
        HoursReason::SpecialDay => "特定日",
        HoursReason::OverrideOpen => "時間を変更した日",
        HoursReason::EveryDay => "毎日受付",
        HoursReason::OutsideHours => "受付時間外",
        HoursReason::Saturday => "土曜日",
        HoursReason::Sunday => "日曜日",
        HoursReason::NationalHoliday => "祝日",
        HoursReason::YearEnd => "年末年始",
        HoursReason::OverrideClosed => "臨時の休み",
    }
    .to_owned()
}

/// 8:00から17:30まで受付
pub(super) fn hours_text(hours: &DayHours) -> String {
    match hours.hours {
        None => "受付なし".to_owned(),
        Some((opens, closes)) => {
            let closes = closes.map_or_else(|| "24:00".to_owned(), clock);
            format!("{}から{closes}まで受付", clock(opens))
        }
    }
}

/// A rule of a single day, in words.
pub(super) fn rule_text(day: Option<&CalendarDay>) -> String {
    let Some(day) = day else {
        return "規則どおり".to_owned();
    };
    let text = match day.rule {
        DayRule::Closed => "終日休み".to_owned(),
        DayRule::Open { opens, closes } => {
            format!("{}から{}まで受付", clock(opens), clock(closes))
        }
        DayRule::Until { closes } => format!("{}まで受付", clock(closes)),
        DayRule::SpecialDay => "特定日(通常の時間で受付)".to_owned(),
    };
    if day.note.is_empty() {
        text
    } else {
        format!("{text}　{}", day.note)
    }
}

/// 8:00
pub(super) fn clock(time: NaiveTime) -> String {
    time.format("%-H:%M").to_string()
}
