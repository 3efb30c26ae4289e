//! A fiscal year at a glance.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use chrono::{Datelike, Months, NaiveDate, Weekday};
use madoguchi_core::access::ManageCalendar;
use madoguchi_core::hours::{Calendar, HoursReason};
use madoguchi_core::setup::CalendarDay;
use serde::Deserialize;

use super::rule::{KIND, calendar_name, chosen, hours_text, read_day, reason, rule_text};
use crate::auth::access::Allowed;
use crate::error::WebError;
use crate::query::{Choice, escape};
use crate::shell::Shell;
use crate::state::Web;
use crate::text::{self, DateStyle};

#[derive(Template)]
#[template(path = "calendar.html")]
struct CalendarPage {
    shell: Shell,
    title: String,
    year: i32,
    before: i32,
    after: i32,
    /// Whose calendar it may be; none but the desk's if there is one choice.
    calendars: Vec<Choice>,
    /// What addresses go on with: `&calendar=…`, or nothing.
    query: String,
    /// What the ids of days end with.
    suffix: String,
    months: Vec<Month>,
    changed: Vec<Changed>,
}

struct Month {
    name: String,
    /// Weeks from Monday on; `None` for days of other months.
    weeks: Vec<Vec<Option<DayCell>>>,
    open_days: usize,
    /// What its holidays are called: 3日 文化の日.
    holidays: Vec<String>,
}

struct DayCell {
    iso: String,
    number: u32,
    class: String,
    /// What the day is, to be read aloud and shown on hovering.
    label: String,
    mark: &'static str,
    today: bool,
}

struct Changed {
    id: String,
    date: String,
    rule: String,
    by: String,
}

#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(crate) struct YearQuery {
    year: String,
    /// The name of the calendar; empty for the desk's.
    calendar: String,
}

pub(crate) async fn page(
    visitor: Allowed<ManageCalendar>,
    State(web): State<Web>,
    Query(query): Query<YearQuery>,
) -> Result<Html<String>, WebError> {
    let today = web.desk.now().date();
    let this = today.year() - i32::from(today.month() < 4);
    let year = query.year.parse().unwrap_or(this);
    let year = if (2000..=2098).contains(&year) {
        year
    } else {
        this
    };
    let first = NaiveDate::from_ymd_opt(year, 4, 1).ok_or(WebError::NotFound("この年度"))?;
    let last = first + Months::new(12);
    let name = chosen(&web, &query.calendar)?;
    let settings = web.store.list_settings(KIND).await?;
    let mut days = BTreeMap::new();
    let mut changed = Vec::new();
    let dates = web.settings.dates;
    for setting in &settings {
        let is_one = |day: &CalendarDay| {
            day.calendar.as_deref() == name && (first..last).contains(&day.date)
        };
        let Some(day) = read_day(setting).filter(is_one) else {
            continue;
        };
        changed.push(Changed {
            id: escape(&setting.id),
            date: format!("{}({})", dates.date(day.date), text::weekday(day.date)),
            rule: rule_text(Some(&day)),
            by: format!("{}　{}", setting.by, dates.minute(setting.at)),
        });
        days.insert(day.date, day);
    }
    let calendars = web.desk.calendars();
    let calendar = calendars.named(name);
    let months = (0..12).map(|n| month(calendar, first + Months::new(n), today, &days, dates));
    let title = match name {
        None => format!("{year}年度"),
        Some(name) => format!("{name}　{year}年度"),
    };
    let setup = web.desk.setup();
    let others = setup.calendars.iter().map(|one| one.config.name.as_str());
    let others = std::iter::once(None).chain(others.map(Some));
    let others = others.map(|one| (one.unwrap_or_default(), calendar_name(one)));
    let page = CalendarPage {
        shell: Shell::new(&web, Some(&visitor), "/admin/calendar"),
        title,
        year,
        calendars: Choice::list(others, &query.calendar),
        query: name.map_or_else(String::new, |name| format!("&calendar={}", escape(name))),
        suffix: name.map_or_else(String::new, |name| format!("@{}", escape(name))),
        before: year - 1,
        after: year + 1,
        months: months.collect(),
        changed,
    };
    Ok(Html(page.render()?))
}

fn month(
    calendar: &Calendar,
    first: NaiveDate,
    today: NaiveDate,
    days: &BTreeMap<NaiveDate, CalendarDay>,
    dates: DateStyle,
) -> Month {
    let mut weeks = Vec::new();
    let mut week: Vec<Option<DayCell>> = Vec::new();
    week.resize_with(first.weekday().num_days_from_monday() as usize, || None);
    let mut open_days = 0;
    let mut holidays = Vec::new();
    for date in first
        .iter_days()
        .take_while(|date| date.month() == first.month())
    {
        let hours = calendar.day_hours(date);
        open_days += usize::from(hours.hours.is_some());
        let note = days
            .get(&date)
            .map(|day| day.note.as_str())
            .unwrap_or_default();
        let (class, mark) = look(hours.reason);
        if let Some(holiday) = &hours.holiday {
            holidays.push(format!("{}日 {holiday}", date.day()));
        }
        let class = format!("{class}{}", weekend(date, hours.holiday.is_some()));
        week.push(Some(DayCell {
            iso: date.to_string(),
            number: date.day(),
            class,
            label: format!("{}　{}　{note}", reason(&hours), hours_text(&hours)),
            mark,
            today: date == today,
        }));
        if week.len() == 7 {
            weeks.push(std::mem::take(&mut week));
        }
    }
    if !week.is_empty() {
        week.resize_with(7, || None);
        weeks.push(week);
    }
    Month {
        name: dates.month(first),
        weeks,
        open_days,
        holidays,
    }
}

/// The colour of the day's number, whatever holds on it. Its column and the marks say the same.
fn weekend(date: NaiveDate, is_holiday: bool) -> &'static str {
    match date.weekday() {
        _ if is_holiday => " holiday",
        Weekday::Sat => " saturday",
        Weekday::Sun => " sunday",
        _ => "",
    }
}

/// How a day is shown: by a class and, for those who do not see colours, by a mark.
fn look(reason: HoursReason) -> (&'static str, &'static str) {
    match reason {
        HoursReason::Weekday | HoursReason::EveryDay | HoursReason::OutsideHours => ("open", ""),
        HoursReason::SecondSaturday => ("open rare", "2土"),
        HoursReason::OpenWeekday => ("open", ""),
        HoursReason::ClosedWeekday => ("off", ""),
        HoursReason::SpecialDay => ("open rare", "特"),
        HoursReason::OverrideOpen => ("open changed", "変"),
        HoursReason::Saturday | HoursReason::Sunday => ("off", ""),
        HoursReason::NationalHoliday => ("off", "祝"),
        HoursReason::YearEnd => ("off", "年"),
        HoursReason::OverrideClosed => ("off changed", "休"),
    }
}
