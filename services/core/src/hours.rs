//! 受付時間: when the desk is open (docs/metrics.md, 表 4.6-1).
//!
//! Intervals are half open: at 17:30:00.000 the desk is closed.

mod open;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Days, NaiveDate, NaiveTime, Weekday};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::open::{OpenHours, OpenHoursFault, WeekdayHours};
use crate::holiday;
use crate::time::Instant;

/// How the desk's hours are set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoursSettings {
    /// Start of reception on open days.
    pub opens: NaiveTime,
    /// End of reception on open days, later than `opens`; `None` for midnight.
    pub closes: Option<NaiveTime>,
    /// What holds on single days of every week, from Monday on; `None`: from Monday to Friday open at the
    /// usual hours, else closed.
    pub week: [Option<WeekdayHours>; 7],
    /// Whether the second Saturday of a month is an open day (第2土曜).
    pub second_saturday: bool,
    /// 国民の祝日 are days like all others.
    pub open_on_holidays: bool,
    /// So are 12月29日 to 1月3日.
    pub open_at_year_end: bool,
    /// 特定日
    pub special_days: BTreeSet<NaiveDate>,
    /// What holds on single dates instead of all rules.
    pub overrides: BTreeMap<NaiveDate, Override>,
    /// An official list of holidays; it replaces the computed ones of the years it covers.
    pub holidays: BTreeMap<NaiveDate, String>,
    /// Every day is an open day, but for days of the week that are closed by themselves.
    pub every_day: bool,
}

impl Default for HoursSettings {
    fn default() -> Self {
        Self {
            opens: NaiveTime::from_hms_opt(8, 0, 0).unwrap_or_default(),
            closes: NaiveTime::from_hms_opt(17, 30, 0),
            week: [None; 7],
            second_saturday: true,
            open_on_holidays: false,
            open_at_year_end: false,
            special_days: BTreeSet::new(),
            overrides: BTreeMap::new(),
            holidays: BTreeMap::new(),
            every_day: false,
        }
    }
}

impl HoursSettings {
    /// The single days for whoever has other hours: a day that is closed here is closed there, one that
    /// is open here by itself is open there, at the hours there, and an earlier or later end is only
    /// meant here.
    #[must_use]
    pub fn days_for_other_hours(&self) -> Self {
        let mut settings = Self {
            overrides: BTreeMap::new(),
            ..self.clone()
        };
        for (date, rule) in &self.overrides {
            match rule {
                Override::Closed => {
                    settings.overrides.insert(*date, *rule);
                }
                Override::Open { .. } => {
                    settings.special_days.insert(*date);
                }
                Override::Until(_) => {}
            }
        }
        settings
    }
}

/// What holds on one date instead of the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Override {
    /// Closed all day.
    Closed,
    /// Open at these hours.
    Open {
        /// The first minute in which callers are received.
        opens: NaiveTime,
        /// Until; `None` for midnight.
        closes: Option<NaiveTime>,
    },
    /// Open as on any open day, but until then; `None` for midnight.
    Until(Option<NaiveTime>),
}

/// Why the desk is open or closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HoursReason {
    /// Open: 平日.
    Weekday,
    /// Open: a day of the week that is an open one here.
    OpenWeekday,
    /// Open: 第2土曜.
    SecondSaturday,
    /// Open: 特定日.
    SpecialDay,
    /// Open by an override of this date.
    OverrideOpen,
    /// Open: every day is.
    EveryDay,
    /// Closed: an open day, but not at this hour.
    OutsideHours,
    /// Closed: a day of the week that is a closed one here.
    ClosedWeekday,
    /// Closed: Saturday.
    Saturday,
    /// Closed: Sunday.
    Sunday,
    /// Closed: 国民の祝日, 振替休日, 国民の休日.
    NationalHoliday,
    /// Closed: 12月29日 to 1月3日.
    YearEnd,
    /// Closed by an override of this date.
    OverrideClosed,
}

/// Whether the desk is open at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct HoursStatus {
    /// Whether callers are received.
    pub open: bool,
    /// What makes it so.
    pub reason: HoursReason,
    /// When it closes, if it is open and ever does.
    pub closes_at: Option<Instant>,
    /// When it opens next, if it is closed.
    pub opens_at: Option<Instant>,
}

/// How far ahead the next opening or closing is looked for.
const DAYS_AHEAD: u64 = 400;

/// The reception calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    settings: HoursSettings,
    listed_years: BTreeSet<i32>,
}

/// What the calendar says of one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayHours {
    /// Why it is open or closed.
    pub reason: HoursReason,
    /// From when until when it is open; `None` in the second place for midnight.
    pub hours: Option<(NaiveTime, Option<NaiveTime>)>,
    /// The name of the holiday that it is.
    pub holiday: Option<String>,
}

/// The hours of one day.
struct Day {
    reason: HoursReason,
    open: Option<(Instant, Instant)>,
}

impl Calendar {
    /// The calendar of these settings.
    pub fn new(settings: HoursSettings) -> Self {
        let listed_years = settings.holidays.keys().map(Datelike::year).collect();
        Self {
            settings,
            listed_years,
        }
    }

    /// What it was made of.
    pub fn settings(&self) -> &HoursSettings {
        &self.settings
    }

    /// Whether the desk is open at `at`, why, and until when.
    pub fn status(&self, at: Instant) -> HoursStatus {
        let today = at.date();
        let day = self.day(today);
        match day.open {
            Some((opens, closes)) if opens <= at && at < closes => HoursStatus {
                open: true,
                reason: day.reason,
                closes_at: self.closing(today, closes),
                opens_at: None,
            },
            open => HoursStatus {
                open: false,
                reason: if open.is_some() {
                    HoursReason::OutsideHours
                } else {
                    day.reason
                },
                closes_at: None,
                opens_at: self.next_opening(at, today),
            },
        }
    }

    /// The name of the holiday on a date, if it is one.
    pub fn holiday(&self, date: NaiveDate) -> Option<&str> {
        if self.listed_years.contains(&date.year()) {
            return self.settings.holidays.get(&date).map(String::as_str);
        }
        holiday::lookup(date)
    }

    /// What holds on a day.
    pub fn day_hours(&self, date: NaiveDate) -> DayHours {
        let (reason, hours) = self.hours_of(date);
        DayHours {
            reason,
            hours,
            holiday: self.holiday(date).map(str::to_owned),
        }
    }

    /// From when until when it is open on a day; `None` in the second place for midnight.
    pub(crate) fn open_hours(&self, date: NaiveDate) -> Option<(NaiveTime, Option<NaiveTime>)> {
        self.hours_of(date).1
    }

    /// What would hold on a day by the rules alone, without overrides and 特定日.
    pub fn usual_hours(&self, date: NaiveDate) -> DayHours {
        let usual = Self {
            settings: HoursSettings {
                overrides: BTreeMap::new(),
                special_days: BTreeSet::new(),
                ..self.settings.clone()
            },
            listed_years: self.listed_years.clone(),
        };
        usual.day_hours(date)
    }

    /// The hour at which the desk usually opens on a day.
    pub fn opens_on(&self, date: NaiveDate) -> NaiveTime {
        self.hours_of_week(date).opens
    }

    /// What is set for the day of the week on which a date falls.
    fn of_week(&self, date: NaiveDate) -> Option<WeekdayHours> {
        let place = date.weekday().num_days_from_monday() as usize;
        self.settings.week.get(place).copied().flatten()
    }

    /// The hours of a date if it is an open day.
    fn hours_of_week(&self, date: NaiveDate) -> OpenHours {
        match self.of_week(date) {
            Some(WeekdayHours::Open(hours)) => hours,
            Some(WeekdayHours::Closed) | None => OpenHours {
                opens: self.settings.opens,
                closes: self.settings.closes,
            },
        }
    }

    fn hours_of(&self, date: NaiveDate) -> (HoursReason, Option<(NaiveTime, Option<NaiveTime>)>) {
        let OpenHours { opens, closes } = self.hours_of_week(date);
        match self.settings.overrides.get(&date) {
            Some(Override::Closed) => (HoursReason::OverrideClosed, None),
            Some(Override::Open { opens, closes }) => {
                (HoursReason::OverrideOpen, Some((*opens, *closes)))
            }
            Some(Override::Until(closes)) => (HoursReason::OverrideOpen, Some((opens, *closes))),
            None => match self.rule(date) {
                (reason, true) => (reason, Some((opens, closes))),
                (reason, false) => (reason, None),
            },
        }
    }

    fn day(&self, date: NaiveDate) -> Day {
        let (reason, hours) = self.hours_of(date);
        let open = hours.map(|(opens, closes)| {
            let closes = match closes {
                Some(time) => Instant::from_tokyo(date.and_time(time)),
                None => Instant::start_of(next(date)),
            };
            (Instant::from_tokyo(date.and_time(opens)), closes)
        });
        Day { reason, open }
    }

    /// Whether a date is an open day, and why.
    fn rule(&self, date: NaiveDate) -> (HoursReason, bool) {
        let saturday = date.weekday() == Weekday::Sat;
        let second = (8..=14).contains(&date.day());
        let rests = self.of_week(date) == Some(WeekdayHours::Closed);
        if self.settings.every_day && !rests {
            (HoursReason::EveryDay, true)
        } else if self.settings.special_days.contains(&date) {
            (HoursReason::SpecialDay, true)
        } else if saturday && second && self.settings.second_saturday {
            (HoursReason::SecondSaturday, true)
        } else if let Some(reason) = self.rest_day(date) {
            (reason, false)
        } else {
            match (self.of_week(date), date.weekday()) {
                (Some(WeekdayHours::Open(_)), _) => (HoursReason::OpenWeekday, true),
                (None, Weekday::Sat) => (HoursReason::Saturday, false),
                (None, Weekday::Sun) => (HoursReason::Sunday, false),
                (None, _) => (HoursReason::Weekday, true),
                (Some(WeekdayHours::Closed), _) => (HoursReason::ClosedWeekday, false),
            }
        }
    }

    /// Why a date is closed whatever day of the week it is.
    fn rest_day(&self, date: NaiveDate) -> Option<HoursReason> {
        let year_end = matches!((date.month(), date.day()), (12, 29..) | (1, ..=3));
        if year_end && !self.settings.open_at_year_end {
            return Some(HoursReason::YearEnd);
        }
        let holiday = self.holiday(date).is_some() && !self.settings.open_on_holidays;
        holiday.then_some(HoursReason::NationalHoliday)
    }

    /// The end of an opening that may run on over midnight.
    fn closing(&self, today: NaiveDate, mut closes: Instant) -> Option<Instant> {
        let mut date = today;
        for _ in 0..DAYS_AHEAD {
            date = next(date);
            match self.day(date).open {
                Some((opens, end)) if opens == closes => closes = end,
                _ => return Some(closes),
            }
        }
        None
    }

    fn next_opening(&self, at: Instant, today: NaiveDate) -> Option<Instant> {
        let mut date = today;
        for _ in 0..DAYS_AHEAD {
            if let Some((opens, closes)) = self.day(date).open
                && opens > at
                && closes > opens
            {
                return Some(opens);
            }
            date = next(date);
        }
        None
    }
}

fn next(date: NaiveDate) -> NaiveDate {
    date.checked_add_days(Days::new(1)).unwrap_or(date)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDateTime;

    use super::*;

    fn at(text: &str) -> Instant {
        Instant::from_tokyo(text.parse::<NaiveDateTime>().unwrap())
    }

    fn status(text: &str) -> HoursStatus {
        Calendar::new(HoursSettings::default()).status(at(text))
    }

    #[test]
    fn 表4_6_1_平日は8時から17時30分の手前まで() {
        assert!(!status("2026-11-24T07:59:59.999").open);
        assert!(status("2026-11-24T08:00:00.000").open);
        assert!(status("2026-11-24T17:29:59.999").open);
        assert!(!status("2026-11-24T17:30:00.000").open);
        assert_eq!(
            status("2026-11-24T09:00:00").closes_at,
            Some(at("2026-11-24T17:30:00"))
        );
        assert_eq!(
            status("2026-11-24T18:00:00").opens_at,
            Some(at("2026-11-25T08:00:00"))
        );
    }

    #[test]
    fn closed_days_and_why() {
        let reason = |text: &str| status(text).reason;
        assert_eq!(reason("2026-05-06T09:00:00"), HoursReason::NationalHoliday);
        assert_eq!(reason("2026-12-29T09:00:00"), HoursReason::YearEnd);
        assert_eq!(reason("2027-01-03T09:00:00"), HoursReason::YearEnd);
        assert_eq!(reason("2026-11-22T09:00:00"), HoursReason::Sunday);
        assert_eq!(reason("2026-11-21T09:00:00"), HoursReason::Saturday);
        assert_eq!(
            status("2026-12-28T18:00:00").opens_at,
            Some(at("2027-01-04T08:00:00"))
        );
    }

    #[test]
    fn 第2土曜と特定日は開いている() {
        assert_eq!(
            status("2026-11-14T09:00:00").reason,
            HoursReason::SecondSaturday
        );
        assert!(status("2026-11-14T09:00:00").open);
        let special = "2026-11-22".parse().unwrap();
        let settings = HoursSettings {
            special_days: [special].into(),
            ..HoursSettings::default()
        };
        let status = Calendar::new(settings).status(at("2026-11-22T09:00:00"));
        assert_eq!(
            (status.open, status.reason),
            (true, HoursReason::SpecialDay)
        );
    }

    #[test]
    fn an_override_comes_before_every_rule() {
        let nine = NaiveTime::from_hms_opt(9, 0, 0).unwrap();
        let twenty = NaiveTime::from_hms_opt(20, 0, 0);
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let overrides = BTreeMap::from([
            (day("2026-11-24"), Override::Closed),
            (
                day("2026-11-22"),
                Override::Open {
                    opens: nine,
                    closes: twenty,
                },
            ),
            (day("2026-11-25"), Override::Until(twenty)),
        ]);
        let calendar = Calendar::new(HoursSettings {
            overrides,
            ..HoursSettings::default()
        });
        assert!(!calendar.status(at("2026-11-24T09:00:00")).open);
        assert!(calendar.status(at("2026-11-22T19:59:59")).open);
        assert!(!calendar.status(at("2026-11-22T08:59:59")).open);
        assert!(calendar.status(at("2026-11-25T19:00:00")).open);
    }

    #[test]
    fn days_of_the_week_have_hours_of_their_own_and_holidays_stay_closed() {
        let mut settings = HoursSettings {
            second_saturday: false,
            ..HoursSettings::default()
        };
        settings.week[0] = Some(WeekdayHours::Closed);
        settings.week[5] = Some(WeekdayHours::Open("9:00-12:00".parse().unwrap()));
        let calendar = Calendar::new(settings.clone());
        let found = |text: &str| {
            let status = calendar.status(at(text));
            (status.open, status.reason)
        };
        let outside = (false, HoursReason::OutsideHours);
        assert_eq!(
            found("2026-11-21T09:00:00"),
            (true, HoursReason::OpenWeekday)
        );
        assert_eq!(found("2026-11-21T12:00:00"), outside);
        assert_eq!(
            found("2026-11-30T09:00:00"),
            (false, HoursReason::ClosedWeekday)
        );
        assert_eq!(found("2026-10-12T09:00:00").1, HoursReason::NationalHoliday);
        let every_day = Calendar::new(HoursSettings {
            every_day: true,
            ..settings.clone()
        });
        assert!(!every_day.status(at("2026-11-30T09:00:00")).open);
        assert!(every_day.status(at("2026-11-03T09:00:00")).open);
        settings.open_on_holidays = true;
        settings.open_at_year_end = true;
        let calendar = Calendar::new(settings);
        assert!(calendar.status(at("2026-11-03T09:00:00")).open);
        assert!(calendar.status(at("2027-01-01T09:00:00")).open);
    }

    #[test]
    fn a_desk_that_never_closes_says_so() {
        let midnight = NaiveTime::MIN;
        let settings = HoursSettings {
            opens: midnight,
            closes: None,
            every_day: true,
            ..HoursSettings::default()
        };
        let status = Calendar::new(settings).status(at("2026-11-22T03:00:00"));
        assert_eq!((status.open, status.closes_at), (true, None));
    }

    #[test]
    fn an_official_list_replaces_the_computed_days_of_its_years() {
        let holidays = BTreeMap::from([("2026-11-24".parse().unwrap(), "臨時の休日".to_owned())]);
        let calendar = Calendar::new(HoursSettings {
            holidays,
            ..HoursSettings::default()
        });
        assert!(!calendar.status(at("2026-11-24T09:00:00")).open);
        assert!(calendar.status(at("2026-11-23T09:00:00")).open);
        assert!(!calendar.status(at("2027-11-23T09:00:00")).open);
    }
}
