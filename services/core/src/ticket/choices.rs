//! What a ticket can be: its status, channel, system, impact, urgency, priority.

use serde::{Deserialize, Serialize};

use crate::named;

named! {
    /// By what way a ticket came.
    #[derive(
        Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
    )]
    pub enum Channel {
        /// 電話
        #[default]
        Phone = "phone", "電話";
        /// ポータル: the form of the portal.
        Portal = "portal", "ポータル";
        /// メール
        Mail = "mail", "メール";
        /// 対面
        Visit = "visit", "対面";
    }
}

named! {
    /// About which system somebody asks.
    #[derive(
        Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
    )]
    pub enum System {
        /// 間接業務システム
        #[default]
        Indirect = "indirect", "間接";
        /// 業務処理要領確認システム
        Macs = "macs", "MACS";
    }
}

named! {
    /// 影響度: how much is affected.
    #[derive(
        Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
    )]
    pub enum Impact {
        /// 小: one person.
        #[default]
        Low = "low", "小";
        /// 中: a 部署 or 拠点.
        Medium = "medium", "中";
        /// 大: many 拠点, or a whole function.
        High = "high", "大";
    }
}

named! {
    /// 緊急度: how soon it matters.
    #[derive(
        Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
    )]
    pub enum Urgency {
        /// 低
        #[default]
        Low = "low", "低";
        /// 中
        Medium = "medium", "中";
        /// 高
        High = "high", "高";
    }
}

named! {
    /// 優先度: 影響度 × 緊急度.
    #[derive(
        Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
    )]
    pub enum Priority {
        /// 低
        #[default]
        Low = "low", "低";
        /// 中
        Medium = "medium", "中";
        /// 高
        High = "high", "高";
        /// 最高
        Highest = "highest", "最高";
    }
}

named! {
    /// How far a ticket has come.
    #[derive(
        Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
    )]
    pub enum Status {
        /// 受付
        #[default]
        Received = "received", "受付";
        /// 対応中
        InProgress = "in_progress", "対応中";
        /// 機能分析中
        Analysing = "analysing", "機能分析中";
        /// エスカレーション中
        Escalated = "escalated", "エスカレーション中";
        /// 保留: waits for the caller.
        Held = "held", "保留";
        /// 再開: was 完了 and is open again.
        Reopened = "reopened", "再開";
        /// 回答済
        Answered = "answered", "回答済";
        /// 完了
        Done = "done", "完了";
    }
}

impl Priority {
    /// The priority that follows from impact and urgency.
    pub fn of(impact: Impact, urgency: Urgency) -> Self {
        let impact = match impact {
            Impact::Low => 0,
            Impact::Medium => 1,
            Impact::High => 2,
        };
        let urgency = match urgency {
            Urgency::Low => 0,
            Urgency::Medium => 1,
            Urgency::High => 2,
        };
        match impact + urgency {
            0 => Self::Low,
            1 | 2 => Self::Medium,
            3 => Self::High,
            _ => Self::Highest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priority_follows_from_impact_and_urgency() {
        assert_eq!(Priority::of(Impact::Low, Urgency::Low), Priority::Low);
        assert_eq!(Priority::of(Impact::High, Urgency::Low), Priority::Medium);
        assert_eq!(Priority::of(Impact::Medium, Urgency::High), Priority::High);
        assert_eq!(Priority::of(Impact::High, Urgency::High), Priority::Highest);
    }

    #[test]
    fn a_name_stands_for_one_choice() {
        for choice in Channel::ALL {
            assert_eq!(Channel::lookup(choice.as_str()), Some(choice));
            let text = serde_json::to_string(&choice).unwrap();
            assert_eq!(text, format!("\"{}\"", choice.as_str()));
        }
        assert_eq!(Channel::lookup("fax"), None);
    }
}
