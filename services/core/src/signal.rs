//! 信号の記録: what was signalled for calls, how long it is kept, and what it tells of trunks.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::id::CallId;
use crate::time::{Instant, Millis};

/// The kind of [`SignalRetention`] in the store, of which there is one.
pub const SIGNAL_RETENTION: &str = "signal_retention";

/// Messages are kept for so many days unless something else is set.
const USUAL_DAYS: u32 = 7;
/// Messages are kept for so many days at the most: they hold names and numbers.
pub const SIGNAL_DAYS_AT_MOST: u32 = 90;
/// What became of dialogs, without names and numbers, is kept for so long.
pub const DIALOG_DAYS: u32 = 400;
/// Messages of registrations are kept for so long: with them the last hour can be counted again.
pub const REGISTRATION_TIME: Millis = Millis::from_secs(2 * 3_600);
/// Messages that are kept at once; of more, the oldest go.
pub const MESSAGES_AT_MOST: u64 = 2_000_000;

/// What a message belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignalKind {
    /// A call, seen on the wire.
    Observed,
    /// A registration, seen on the wire.
    Registration,
    /// A call of the own endpoint.
    Own,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalMessage {
    /// When it was first seen, in microseconds since 1970.
    pub at_us: i64,
    /// The order of messages of one instant: larger is later.
    pub seq: i64,
    /// How often it was sent again.
    pub repeated: u32,
    /// Call-ID of SIP.
    pub dialog: String,
    /// Who sent it: address and port.
    pub source: String,
    /// To whom.
    pub destination: String,
    /// What it belongs to.
    pub kind: SignalKind,
    /// Its text.
    pub text: String,
}

impl SignalMessage {
    /// What makes it this message, in hex: seen again it is the same.
    pub fn id(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.at_us.to_be_bytes());
        for part in [&self.source, &self.destination, &self.text] {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        hex::encode(hash.finalize())
    }
}

/// What became of a dialog. Instants are microseconds since 1970; nothing where it was not seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignalDialog {
    /// Call-ID of SIP.
    pub dialog: String,
    /// The call in the log, if it is counted as one.
    pub call: Option<CallId>,
    /// The first INVITE.
    pub started_us: Option<i64>,
    /// The first provisional response above 100.
    pub rung_us: Option<i64>,
    /// The answer.
    pub answered_us: Option<i64>,
    /// The end.
    pub ended_us: Option<i64>,
    /// The final refusal.
    pub status: Option<u16>,
    /// The caller took it back.
    pub is_cancelled: bool,
    /// The address that the first INVITE came from.
    pub source: String,
    /// The address that it went to.
    pub destination: String,
}

/// For how long messages are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignalRetention {
    /// For so many days; 0: none are kept.
    pub days: u32,
}

impl Default for SignalRetention {
    fn default() -> Self {
        Self { days: USUAL_DAYS }
    }
}

/// Messages would be kept for too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("保存期間は{SIGNAL_DAYS_AT_MOST}日以内にしてください")]
pub struct SignalRetentionFault;

impl SignalRetention {
    /// Refuses a time that nobody needs.
    ///
    /// # Errors
    /// [`SignalRetentionFault`].
    pub fn check(self) -> Result<(), SignalRetentionFault> {
        if self.days > SIGNAL_DAYS_AT_MOST {
            return Err(SignalRetentionFault);
        }
        Ok(())
    }

    /// The instant before which messages are deleted now: whole days, so that the log tells of one
    /// deletion a day.
    pub fn deletes_before(self, now: Instant) -> Instant {
        let today = Instant::start_of(now.date());
        today - Millis::from_secs(i64::from(self.days) * 86_400)
    }
}

/// Dialogs of one day between two addresses that ended in the same way, as they are counted by the
/// store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialogCount {
    /// The day in Japan.
    pub day: NaiveDate,
    /// The address that the first INVITE came from.
    pub source: String,
    /// The address that it went to.
    pub destination: String,
    /// They were answered.
    pub is_answered: bool,
    /// The caller took them back.
    pub is_cancelled: bool,
    /// The final refusal.
    pub status: Option<u16>,
    /// How many.
    pub count: u64,
    /// In how many of them something was heard of the called phone.
    pub rung: u64,
    /// From INVITE to the first 18x or the answer, of all those together, in microseconds.
    pub delay_sum_us: i64,
    /// The longest.
    pub delay_most_us: i64,
}

/// Which way calls went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// From the trunk.
    Inbound,
    /// To the trunk.
    Outbound,
}

/// What signalling tells of one trunk and one day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrunkFigures {
    /// Attempts that are over.
    pub attempts: u64,
    /// Those that were answered.
    pub answered: u64,
    /// Those that the caller took back.
    pub cancelled: u64,
    /// Final refusals by status, without what the caller took back.
    pub refusals: BTreeMap<u16, u64>,
    rung: u64,
    delay_sum_us: i64,
    delay_most_us: i64,
}

impl TrunkFigures {
    /// Answered ones among all attempts (ASR), in tenths of a percent; nothing without attempts.
    pub fn answer_seizure(&self) -> Option<u64> {
        (self.answered * 1_000 + self.attempts / 2).checked_div(self.attempts)
    }

    /// From INVITE to the first sign of the called phone (PDD), on average.
    pub fn post_dial_delay(&self) -> Option<Millis> {
        let rung = i64::try_from(self.rung).ok().filter(|rung| *rung > 0)?;
        Some(Millis(self.delay_sum_us / rung / 1_000))
    }

    /// The longest such delay.
    pub fn longest_delay(&self) -> Option<Millis> {
        (self.rung > 0).then_some(Millis(self.delay_most_us / 1_000))
    }

    /// Refusals of a class of statuses, 4 for 4xx.
    pub fn refused(&self, class: u16) -> u64 {
        let of_class = self
            .refusals
            .iter()
            .filter(|(status, _)| **status / 100 == class);
        of_class.map(|(_, count)| count).sum()
    }

    fn add(&mut self, count: &DialogCount) {
        self.attempts += count.count;
        if count.is_answered {
            self.answered += count.count;
        } else if count.is_cancelled {
            self.cancelled += count.count;
        } else if let Some(status) = count.status {
            *self.refusals.entry(status).or_default() += count.count;
        }
        self.rung += count.rung;
        self.delay_sum_us += count.delay_sum_us;
        self.delay_most_us = self.delay_most_us.max(count.delay_most_us);
    }
}

/// The figures of each day, trunk and way; `trunk` names the trunk at an address. A dialog between two
/// trunks counts for both.
pub fn by_trunk(
    counts: &[DialogCount],
    trunk: impl Fn(&str) -> Option<String>,
) -> BTreeMap<(NaiveDate, String, Way), TrunkFigures> {
    let mut figures: BTreeMap<_, TrunkFigures> = BTreeMap::new();
    for count in counts {
        let ends = [
            (&count.source, Way::Inbound),
            (&count.destination, Way::Outbound),
        ];
        for (address, way) in ends {
            if let Some(name) = trunk(address) {
                figures
                    .entry((count.day, name, way))
                    .or_default()
                    .add(count);
            }
        }
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(status: Option<u16>, count: u64) -> DialogCount {
        DialogCount {
            day: NaiveDate::from_ymd_opt(2026, 11, 24).unwrap(),
            source: "198.51.100.1".to_owned(),
            destination: "192.0.2.1".to_owned(),
            is_answered: false,
            is_cancelled: false,
            status,
            count,
            rung: 0,
            delay_sum_us: 0,
            delay_most_us: 0,
        }
    }

    #[test]
    fn an_answer_is_counted_among_attempts_and_a_call_taken_back_is_no_refusal() {
        let answered = DialogCount {
            is_answered: true,
            rung: 2,
            delay_sum_us: 3_000_000,
            delay_most_us: 2_000_000,
            ..count(None, 2)
        };
        let cancelled = DialogCount {
            is_cancelled: true,
            ..count(Some(487), 1)
        };
        let counts = [
            answered,
            cancelled,
            count(Some(486), 2),
            count(Some(503), 1),
        ];
        let trunk = |address: &str| (address == "198.51.100.1").then(|| "carrier".to_owned());
        let figures = by_trunk(&counts, trunk);
        assert_eq!(figures.len(), 1);
        let ((_, name, way), found) = figures.first_key_value().unwrap();
        assert_eq!((name.as_str(), *way), ("carrier", Way::Inbound));
        assert_eq!((found.attempts, found.answered, found.cancelled), (6, 2, 1));
        assert_eq!(found.answer_seizure(), Some(333));
        assert_eq!(found.post_dial_delay(), Some(Millis(1_500)));
        assert_eq!(found.longest_delay(), Some(Millis(2_000)));
        assert_eq!((found.refused(4), found.refused(5)), (2, 1));
    }

    #[test]
    fn nothing_is_told_where_there_was_nothing() {
        let none = TrunkFigures::default();
        assert_eq!(
            (none.answer_seizure(), none.post_dial_delay()),
            (None, None)
        );
    }

    #[test]
    fn messages_go_by_whole_days_and_a_setting_beyond_the_bound_is_refused() {
        let now = Instant::from_tokyo("2026-11-24T10:00:00".parse().unwrap());
        let before = SignalRetention::default().deletes_before(now);
        let expected = Instant::from_tokyo("2026-11-17T00:00:00".parse().unwrap());
        assert_eq!(before, expected);
        assert!(SignalRetention { days: 91 }.check().is_err());
        assert_eq!(SignalRetention { days: 90 }.check(), Ok(()));
    }
}
