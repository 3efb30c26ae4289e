//! How long names and numbers stand in tickets that are done.

use chrono::Months;
use serde::{Deserialize, Serialize};

use crate::time::Instant;

/// The kind of [`TicketRetention`] in the store, of which there is one.
pub const TICKET_RETENTION: &str = "ticket_retention";

/// Names and numbers are kept for at least so many years: whoever asks again is to be known.
pub const TICKET_YEARS_AT_LEAST: u32 = 1;
/// For longer than this is for ever.
pub const TICKET_YEARS_AT_MOST: u32 = 100;

/// How long names and numbers are kept after a ticket is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TicketRetention {
    /// For so many years; `None`: for ever.
    pub years: Option<u32>,
}

/// Names and numbers would be gone too soon, or never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "問合せの個人情報の保存期間は{TICKET_YEARS_AT_LEAST}年以上、{TICKET_YEARS_AT_MOST}年以下にしてください。"
)]
pub struct TicketRetentionFault;

impl TicketRetention {
    /// Refuses a time that nobody can mean.
    ///
    /// # Errors
    /// [`TicketRetentionFault`].
    pub fn check(self) -> Result<(), TicketRetentionFault> {
        let range = TICKET_YEARS_AT_LEAST..=TICKET_YEARS_AT_MOST;
        match self.years {
            Some(years) if !range.contains(&years) => Err(TicketRetentionFault),
            _ => Ok(()),
        }
    }

    /// The beginning of the day before which a ticket must have been done for its names and numbers to be
    /// taken out now.
    pub fn clears_before(self, now: Instant) -> Option<Instant> {
        let months = Months::new(self.years?.checked_mul(12)?);
        let day = now.date().checked_sub_months(months)?;
        Some(Instant::start_of(day))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_for_whole_years_or_for_ever() {
        let keep = |years| TicketRetention { years };
        assert_eq!(keep(Some(0)).check(), Err(TicketRetentionFault));
        assert_eq!(keep(Some(101)).check(), Err(TicketRetentionFault));
        assert_eq!(
            (keep(Some(1)).check(), keep(None).check()),
            (Ok(()), Ok(()))
        );
        let at = |text: &str| Instant::from_tokyo(text.parse().unwrap());
        let now = at("2028-02-29T10:00:00");
        assert_eq!(keep(None).clears_before(now), None);
        assert_eq!(
            keep(Some(5)).clears_before(now),
            Some(at("2023-02-28T00:00:00"))
        );
    }
}
