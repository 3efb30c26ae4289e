//! インシデント件数 of 別紙 8-2: how many incidents each system had in a month, as somebody counted them. They
//! happen to systems, not to callers, so that the desk does not measure them; the items of 別紙 6 are judged by
//! dated facts of their own.

use serde::{Deserialize, Serialize};

use super::entry::{ENTRY_LINE_LETTERS, MonthEntry, missing, too_long};
use super::period::Month;
use super::published::PublishedIncidents;
use crate::setup::FieldError;

/// More of one kind in a month is a slip.
const COUNT_AT_MOST: u64 = 1_000_000;

/// The eight counts of a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentCounts {
    /// In which month.
    pub month: Month,
    /// Of 間接業務システム.
    pub indirect: Incidents,
    /// Of MACS.
    pub macs: Incidents,
    /// Where they were counted: a document, a ledger.
    pub source: String,
}

/// The incidents of a system, by their kinds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incidents {
    /// 重大障害
    pub major: u64,
    /// 通常障害
    pub normal: u64,
    /// 異常検知
    pub anomalies: u64,
    /// 障害予兆
    pub signs: u64,
}

impl From<Incidents> for PublishedIncidents {
    fn from(known: Incidents) -> Self {
        Self {
            major: Some(known.major),
            normal: Some(known.normal),
            anomalies: Some(known.anomalies),
            signs: Some(known.signs),
        }
    }
}

impl IncidentCounts {
    /// What is wrong with them.
    pub fn faults(&self) -> Vec<FieldError> {
        let mut faults = missing(&[("source", &self.source)]);
        faults.extend(too_long(&[("source", &self.source, ENTRY_LINE_LETTERS)]));
        let (indirect, macs) = (self.indirect, self.macs);
        for (field, count) in [
            ("indirect_major", indirect.major),
            ("indirect_normal", indirect.normal),
            ("indirect_anomalies", indirect.anomalies),
            ("indirect_signs", indirect.signs),
            ("macs_major", macs.major),
            ("macs_normal", macs.normal),
            ("macs_anomalies", macs.anomalies),
            ("macs_signs", macs.signs),
        ] {
            if count > COUNT_AT_MOST {
                let message = "1,000,000以下の件数を入力してください";
                faults.push(FieldError::new(field, message));
            }
        }
        faults
    }
}

impl MonthEntry for IncidentCounts {
    const KIND: &'static str = "incidents";

    fn id(&self) -> String {
        self.month.to_string()
    }

    fn month(&self) -> Month {
        self.month
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(major: u64, source: &str) -> IncidentCounts {
        IncidentCounts {
            month: "2024-04".parse().unwrap(),
            indirect: Incidents::default(),
            macs: Incidents {
                major,
                ..Incidents::default()
            },
            source: source.to_owned(),
        }
    }

    #[test]
    fn a_month_has_its_counts_once_and_says_where_they_come_from() {
        assert_eq!(counts(0, "障害管理台帳").id(), "2024-04");
        assert_eq!(counts(1_000_000, "障害管理台帳").faults(), []);
        let wrong = counts(1_000_001, " ").faults();
        let wrong: Vec<_> = wrong.into_iter().map(|fault| fault.field).collect();
        assert_eq!(wrong, ["source", "macs_major"]);
    }

    #[test]
    fn what_was_counted_as_none_is_known_to_be_none() {
        let known = PublishedIncidents::from(Incidents::default());
        assert_eq!(known.counts(), [Some(0); 4]);
    }
}
