//! A day of a reception calendar that differs from the rules.

use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

/// The kind of [`CalendarDay`] in the store.
pub const CALENDAR_DAY: &str = "calendar_day";

/// The longest note.
pub const NOTE_LETTERS: usize = 60;

/// One day of a reception calendar that differs from the rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarDay {
    /// Of which calendar; `None`: of the desk's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
    /// Which day.
    pub date: NaiveDate,
    /// How it differs.
    #[serde(flatten)]
    pub rule: DayRule,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// How a day differs from the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum DayRule {
    /// Closed all day.
    Closed,
    /// Open at these hours, whatever day it is.
    Open {
        /// The first minute in which callers are received.
        opens: NaiveTime,
        /// The minute from which callers are received no more.
        closes: NaiveTime,
    },
    /// Open from the usual hour until this one.
    Until {
        /// The minute from which callers are received no more.
        closes: NaiveTime,
    },
    /// 特定日: open at the usual hours, though the rules say closed.
    SpecialDay,
}

/// What is wrong with a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DayFault {
    /// It would close before it opens.
    #[error("終了の時刻は、開始の時刻より後にしてください。")]
    ClosesFirst,
    /// The note is too long.
    #[error("理由は{NOTE_LETTERS}文字以内で入力してください。")]
    LongNote,
}

impl CalendarDay {
    /// The id of a day of a calendar in the store: `2026-12-28`, `2026-12-28@MACS`.
    pub fn id(date: NaiveDate, calendar: Option<&str>) -> String {
        match calendar {
            None => date.to_string(),
            Some(calendar) => format!("{date}@{calendar}"),
        }
    }

    /// The date and the calendar of an id.
    pub fn read_id(id: &str) -> Option<(NaiveDate, Option<&str>)> {
        let (date, calendar) = match id.split_once('@') {
            Some((date, calendar)) => (date, Some(calendar)),
            None => (id, None),
        };
        Some((date.parse().ok()?, calendar))
    }

    /// Refuses what cannot be meant; `usual` is the hour at which the desk usually opens.
    pub fn check(&self, usual: NaiveTime) -> Result<(), DayFault> {
        let backwards = match self.rule {
            DayRule::Open { opens, closes } => closes <= opens,
            DayRule::Until { closes } => closes <= usual,
            DayRule::Closed | DayRule::SpecialDay => false,
        };
        if backwards {
            return Err(DayFault::ClosesFirst);
        }
        if self.note.chars().count() > NOTE_LETTERS {
            return Err(DayFault::LongNote);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_survives_being_kept_and_nonsense_is_refused() {
        let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
        let day = |rule| CalendarDay {
            calendar: None,
            date: "2026-12-28".parse().unwrap(),
            rule,
            note: "仕事納め".to_owned(),
        };
        for rule in [
            DayRule::Closed,
            DayRule::Open {
                opens: time(9),
                closes: time(12),
            },
            DayRule::Until { closes: time(20) },
            DayRule::SpecialDay,
        ] {
            let text = serde_json::to_string(&day(rule)).unwrap();
            assert_eq!(
                serde_json::from_str::<CalendarDay>(&text).unwrap(),
                day(rule)
            );
            assert_eq!(day(rule).check(time(8)), Ok(()));
        }
        let backwards = DayRule::Open {
            opens: time(12),
            closes: time(12),
        };
        assert_eq!(day(backwards).check(time(8)), Err(DayFault::ClosesFirst));
        let early = DayRule::Until { closes: time(8) };
        assert_eq!(day(early).check(time(8)), Err(DayFault::ClosesFirst));
    }
}
