//! 公表値: the totals of earlier months as somebody published them (columns of 別紙 8-2). They keep
//! their text and are never computed anew.

use serde::{Deserialize, Serialize};

use super::period::Month;

/// A month as it was published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedMonth {
    /// Which month.
    pub month: Month,
    /// Incidents of 間接業務システム.
    pub indirect: PublishedIncidents,
    /// Incidents of MACS.
    pub macs: PublishedIncidents,
    /// What is counted.
    pub counts: PublishedCounts,
    /// 応答率 as it stood there, "99.4%".
    pub answer_rate: String,
    /// 一次回答率 as it stood there.
    pub first_answer_rate: String,
    /// 問題解決率 as it stood there.
    pub resolution_rate: String,
    /// Where it was published: a document, or the name of the file that brought it.
    pub source: String,
}

/// Incidents of a system, as far as they were published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedIncidents {
    /// 重大障害; `None`: nobody told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub major: Option<u64>,
    /// 通常障害
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normal: Option<u64>,
    /// 異常検知
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anomalies: Option<u64>,
    /// 障害予兆
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signs: Option<u64>,
}

impl PublishedIncidents {
    /// The counts in the order of 別紙 8-2.
    pub fn counts(self) -> [Option<u64>; 4] {
        [self.major, self.normal, self.anomalies, self.signs]
    }
}

/// The counts of ヘルプデスク対応件数.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedCounts {
    /// 着信件数
    pub offered: u64,
    /// 応答件数
    pub answered: u64,
    /// 一次未回答件数
    pub first_unanswered: u64,
    /// エスカレーション数
    pub escalations: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_as_a_number_is_read_and_what_nobody_told_stays_unknown() {
        let kept = r#"{"major":0,"normal":2,"anomalies":0,"signs":0}"#;
        let read: PublishedIncidents = serde_json::from_str(kept).unwrap();
        assert_eq!(read.counts(), [Some(0), Some(2), Some(0), Some(0)]);
        assert_eq!(serde_json::to_string(&read).unwrap(), kept);
        let unknown = serde_json::to_string(&PublishedIncidents::default()).unwrap();
        assert_eq!(unknown, "{}");
        let read: PublishedIncidents = serde_json::from_str(&unknown).unwrap();
        assert_eq!(read.counts(), [None; 4]);
    }
}
