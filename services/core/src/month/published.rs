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

/// Incidents of a system.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedIncidents {
    /// 重大障害
    pub major: u64,
    /// 通常障害
    pub normal: u64,
    /// 異常検知
    pub anomalies: u64,
    /// 障害予兆
    pub signs: u64,
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
