//! What happened to an item of 別紙6 that the desk does not measure, entered by a person: each with its
//! date, never as a total, so that it is judged by the same rules as what is measured.

use serde::{Deserialize, Serialize};

use super::levels::{Level, LevelItem};
use crate::id::UserId;
use crate::ticket::System;
use crate::time::Instant;

/// A fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelFact {
    /// Which one, made by us.
    pub id: String,
    /// Of which system.
    pub system: System,
    /// When it happened, was detected, was published. It belongs to this month; a span of time belongs to
    /// each month that it touches, as far as it does, and a patch is judged in the month in which the three
    /// months after its publication are over.
    pub at: Instant,
    /// What it was, in words.
    pub what: String,
    /// What is counted of it.
    pub measure: Measure,
    /// It is left out (5.6.9 免責).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exempt: Option<Exemption>,
    /// Where the proof lies: a document or a number.
    #[serde(default)]
    pub proof: String,
    /// Who entered it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entered_by: Option<UserId>,
}

/// Why a fact is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exemption {
    /// The reason.
    pub reason: String,
    /// The document or number that proves it.
    pub proof: String,
}

/// What is counted of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Measure {
    /// 計画サービス時間, from the fact's instant until this one: A of システム可用性.
    PlannedService {
        /// Until when.
        until: Instant,
    },
    /// サービス全停止, from the fact's instant until this one: B of システム可用性.
    Outage {
        /// Until when.
        until: Instant,
    },
    /// 運用管理業務に起因する障害
    OperatorFault,
    /// 障害検知
    Detection {
        /// When 機構 was told first.
        noticed_at: Option<Instant>,
        /// Whether the vendor had to be called.
        escalation_needed: bool,
        /// When the vendor was called, or it was clear that none had to be.
        escalated_at: Option<Instant>,
    },
    /// 駆け付け
    Dispatch {
        /// When somebody stood on the spot.
        arrived_at: Option<Instant>,
    },
    /// パッチ情報の公開
    Patch {
        /// When it was applied to 稼働維持環境; `None`: not yet.
        staging_applied_at: Option<Instant>,
        /// When it was applied to 本番環境; `None`: not yet.
        production_applied_at: Option<Instant>,
        /// What came late came so because of the contractor.
        caused_by_us: bool,
    },
}

impl Measure {
    /// The items that count it.
    pub fn levels(self) -> &'static [Level] {
        match self {
            Self::PlannedService { .. } | Self::Outage { .. } => &[Level::Availability],
            Self::OperatorFault => &[Level::OperatorFaults],
            Self::Detection { .. } => &[Level::FaultNotice, Level::FaultEscalation],
            Self::Dispatch { .. } => &[Level::Dispatch],
            Self::Patch { .. } => &[Level::Patches],
        }
    }
}

impl LevelFact {
    /// Whether an item counts it.
    pub fn belongs_to(&self, item: LevelItem) -> bool {
        self.system == item.system && self.measure.levels().contains(&item.level)
    }
}
