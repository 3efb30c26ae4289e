//! How long it is kept what readers looked for and read.

use serde::{Deserialize, Serialize};

use crate::time::{Instant, Millis};

/// The kind of [`LogRetention`] in the store, of which there is one.
pub const PORTAL_RETENTION: &str = "portal_retention";

/// The log is kept for at least so many days: a month's report compares with the months before.
pub const LOG_DAYS_AT_LEAST: u32 = 90;

/// How long the log of searches and views is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LogRetention {
    /// For so many days; `None`: for ever.
    pub days: Option<u32>,
}

/// The log would be gone too soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("FAQの利用記録の保存期間は{LOG_DAYS_AT_LEAST}日以上にしてください。")]
pub struct LogRetentionFault;

impl LogRetention {
    /// Refuses a time that is too short for the reports.
    ///
    /// # Errors
    /// [`LogRetentionFault`].
    pub fn check(self) -> Result<(), LogRetentionFault> {
        match self.days {
            Some(days) if days < LOG_DAYS_AT_LEAST => Err(LogRetentionFault),
            _ => Ok(()),
        }
    }

    /// The instant before which the log is deleted now.
    pub fn deletes_before(self, now: Instant) -> Option<Instant> {
        let days = i64::from(self.days?);
        Some(now - Millis::from_secs(days * 86_400))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_kept_for_a_quarter_at_least_or_for_ever() {
        let keep = |days| LogRetention { days };
        assert_eq!(keep(Some(89)).check(), Err(LogRetentionFault));
        assert_eq!(keep(Some(90)).check(), Ok(()));
        assert_eq!(keep(None).deletes_before(Instant(5)), None);
        let later = Instant(90 * 86_400_000);
        assert_eq!(keep(Some(90)).deletes_before(later), Some(Instant(0)));
    }
}
