//! 窓口の設定: what is set in the operator's file and on screens, as data. Of a day of the calendar
//! the screen's word counts; all other things are named by the file or made on a screen, never both.

mod agents;
mod calendar;
mod calendars;
mod categories;
mod day;
mod desk;
mod dialled;
mod fault;
mod lines;
mod observe;
mod outbound;
mod outbound_identity;
mod parts;
mod screen;
mod targets;
mod trunks;
mod warnings;

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
pub use self::day::{CALENDAR_DAY, CalendarDay, DayFault, DayRule, NOTE_LETTERS};
pub use self::desk::{Configured, DeskSetup, FileSetup};
pub use self::dialled::DialledSource;
pub use self::fault::{FieldError, FieldErrorKind, Part, PartFault};
pub use self::lines::{
    AtClosingConfig, LINE, LINE_NAME_LETTERS, LineConfig, PeriodicAnnouncement, Strategy,
};
pub use self::observe::{
    HepListen, InvalidPattern, OBSERVE, OBSERVE_ID, ObserveSetting, Pattern, ScreenObserve,
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
    TrunkTlsConfig, VoiceEncryption, register_expires_s,
};

use crate::time::{Instant, Millis};

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
}
