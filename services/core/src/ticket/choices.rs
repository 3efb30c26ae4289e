//! What a ticket can be chosen to be: channel, system, impact, urgency, priority.

use serde::{Deserialize, Serialize};

macro_rules! choices {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $text:literal, $label:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$each])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// All of them, in the order in which they are shown.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in JSON and in the database.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The name on screens.
            pub fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)+ }
            }

            /// The one of this name.
            pub fn named(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|choice| choice.as_str() == text)
            }
        }
    };
}
pub(crate) use choices;

choices! {
    /// By what way a ticket came.
    Channel {
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

choices! {
    /// About which system somebody asks.
    System {
        /// 間接業務システム
        #[default]
        Indirect = "indirect", "間接";
        /// 業務処理要領確認システム
        Macs = "macs", "MACS";
    }
}

choices! {
    /// 影響度: how much is affected.
    Impact {
        /// 小: one person.
        #[default]
        Low = "low", "小";
        /// 中: a 部署 or 拠点.
        Medium = "medium", "中";
        /// 大: many 拠点, or a whole function.
        High = "high", "大";
    }
}

choices! {
    /// 緊急度: how soon it matters.
    Urgency {
        /// 低
        #[default]
        Low = "low", "低";
        /// 中
        Medium = "medium", "中";
        /// 高
        High = "high", "高";
    }
}

choices! {
    /// 優先度: 影響度 × 緊急度.
    Priority {
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
            assert_eq!(Channel::named(choice.as_str()), Some(*choice));
            let text = serde_json::to_string(choice).unwrap();
            assert_eq!(text, format!("\"{}\"", choice.as_str()));
        }
        assert_eq!(Channel::named("fax"), None);
    }
}
