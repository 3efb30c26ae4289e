//! 窓口の設定: what is set in the operator's file and on screens, as data. Of a day of the calendar
//! the screen's word counts; all other things are named by the file or made on a screen, never both.

mod agents;
mod calendar;
mod calendars;
mod categories;
mod desk;
mod dialled;
mod fault;
mod lines;
mod outbound;
mod outbound_identity;
mod parts;
mod screen;
mod targets;
mod trunks;
mod warnings;

use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

pub use self::agents::{
    AGENT, AGENT_ID_LETTERS, AGENT_NAME_LETTERS, AgentConfig, Duty, Level, NoLevel, PhoneHashes,
    ScreenAgent, SealedHashes, StoredHashes,
};
pub use self::calendar::{CALENDAR, CALENDAR_NAME_LETTERS, CalendarConfig, DayOfWeek, put_days};
pub use self::calendars::Calendars;
pub use self::categories::{
    CATEGORY, CATEGORY_NAME_LETTERS, CATEGORY_NOTE_LETTERS, Categories, Category,
};
pub use self::desk::{Configured, DeskSetup, FileSetup};
pub use self::dialled::DialledSource;
pub use self::fault::{FieldError, Part, PartFault};
pub use self::lines::{
    AtClosingConfig, LINE, LINE_NAME_LETTERS, LineConfig, PeriodicAnnouncement, Strategy,
};
pub use self::outbound::{AgentOutboundConfig, OUTBOUND, OUTBOUND_ID, OutboundConfig};
pub use self::outbound_identity::{
    DIAL_PREFIX_DIGITS, IdentityHeader, OutboundPrivacy, is_dial_prefix, with_dial_prefix,
};
pub use self::parts::Parts;
pub use self::screen::ScreenSetup;
pub use self::targets::{TARGETS, TARGETS_ID, TargetConfig, Targets};
pub use self::trunks::{
    RegisterConfig, ScreenTrunk, Sealed, TRUNK, TRUNK_NAME_LETTERS, TrunkConfig, TrunkSourceConfig,
    register_expires_s,
};

use crate::time::{Instant, Millis};

/// The kind of [`CalendarDay`] in the store.
pub const CALENDAR_DAY: &str = "calendar_day";

/// The kind of [`AuditRetention`] in the store, of which there is one.
pub const AUDIT_RETENTION: &str = "audit_retention";

/// Audit records are kept for at least so many days.
pub const RETENTION_DAYS_AT_LEAST: u32 = 365;

/// How long audit records are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AuditRetention {
    /// For so many days; `None`: for ever.
    pub days: Option<u32>,
}

/// Audit records would be gone too soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("保存期間は{RETENTION_DAYS_AT_LEAST}日以上にしてください。")]
pub struct RetentionFault;

impl AuditRetention {
    /// Refuses a time that is too short to find out what happened.
    pub fn check(self) -> Result<(), RetentionFault> {
        match self.days {
            Some(days) if days < RETENTION_DAYS_AT_LEAST => Err(RetentionFault),
            _ => Ok(()),
        }
    }

    /// The instant before which records are deleted now.
    pub fn deletes_before(self, now: Instant) -> Option<Instant> {
        let days = i64::from(self.days?);
        Some(now - Millis::from_secs(days * 86_400))
    }
}

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
        /// From.
        opens: NaiveTime,
        /// Until.
        closes: NaiveTime,
    },
    /// Open from the usual hour until this one.
    Until {
        /// Until.
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
    fn records_are_kept_for_a_year_at_least_or_for_ever() {
        let keep = |days| AuditRetention { days };
        assert_eq!(keep(Some(364)).check(), Err(RetentionFault));
        assert_eq!(keep(Some(365)).check(), Ok(()));
        assert_eq!(keep(None).check(), Ok(()));
        assert_eq!(keep(None).deletes_before(Instant(5)), None);
        let year = Instant(365 * 86_400_000);
        assert_eq!(keep(Some(365)).deletes_before(year), Some(Instant(0)));
    }

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
