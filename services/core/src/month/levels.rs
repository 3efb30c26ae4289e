//! サービスレベル: the items of 別紙6, nine of 間接業務システム and five of MACS.

use serde::{Deserialize, Serialize};

use crate::named;
use crate::ticket::System;

named! {
    /// What an item of 別紙6 measures. 項番 3 has two rates, which are judged each.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    pub enum Level {
        /// (1 − サービス全停止時間 ÷ 計画サービス時間) × 100
        Availability = "availability", "システム可用性";
        /// Those of the fiscal year, at most two.
        OperatorFaults = "operator_faults", "運用管理業務起因障害件数";
        /// Detection → first notice to 機構 within 15 minutes.
        FaultNotice = "fault_notice", "障害通知時間遵守率";
        /// Detection → vendor called within 30 minutes.
        FaultEscalation = "fault_escalation", "エスカレーション時間遵守率";
        /// Each late answer is a miss.
        AnswerTime = "answer_time", "回答所要時間(問合せ対応)";
        /// On the spot within 30 minutes.
        Dispatch = "dispatch", "駆け付け時間";
        /// B ÷ A with B = C + D.
        Patches = "patches", "パッチ適用検討及び適用計画についての遅延率";
        /// 応答 ÷ 着信
        AnswerRate = "answer_rate", "電話応答率";
        /// (1 − 一次未回答 ÷ 応答) × 100
        FirstAnswerRate = "first_answer_rate", "一次回答率";
        /// (1 − 問題未解決 ÷ 応答) × 100
        ResolutionRate = "resolution_rate", "問題解決率";
    }
}

/// An item of 別紙6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LevelItem {
    /// Of which system.
    pub system: System,
    /// What it measures.
    pub level: Level,
}

impl LevelItem {
    /// All of a system, in the order of their 項番.
    pub fn all_of(system: System) -> Vec<Self> {
        let of_system = |level: &Level| match system {
            System::Indirect => true,
            System::Macs => !matches!(
                level,
                Level::OperatorFaults
                    | Level::AnswerRate
                    | Level::FirstAnswerRate
                    | Level::ResolutionRate
            ),
        };
        let levels = Level::ALL.into_iter().filter(of_system);
        levels.map(|level| Self { system, level }).collect()
    }

    /// 項番 in 別紙6, of its system; the two rates of one 項番 have the same.
    pub fn number(self) -> u32 {
        match (self.system, self.level) {
            (_, Level::Availability) => 1,
            (System::Indirect, Level::OperatorFaults) => 2,
            (System::Indirect, Level::FaultNotice | Level::FaultEscalation) => 3,
            (System::Indirect, Level::AnswerTime) => 4,
            (System::Indirect, Level::Dispatch) => 5,
            (System::Indirect, Level::Patches) => 6,
            (_, Level::AnswerRate) => 7,
            (_, Level::FirstAnswerRate) => 8,
            (_, Level::ResolutionRate) => 9,
            (System::Macs, Level::FaultNotice | Level::FaultEscalation) => 2,
            (System::Macs, Level::AnswerTime) => 3,
            (System::Macs, Level::Dispatch) => 4,
            (System::Macs, Level::Patches | Level::OperatorFaults) => 5,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn 別紙6_has_nine_items_and_five() {
        for (system, items) in [(System::Indirect, 9), (System::Macs, 5)] {
            let mut numbers: Vec<_> = LevelItem::all_of(system)
                .into_iter()
                .map(LevelItem::number)
                .collect();
            assert!(numbers.is_sorted());
            numbers.dedup();
            assert_eq!(numbers, (1..=items).collect::<Vec<_>>());
        }
    }
}
