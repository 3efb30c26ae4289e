//! What an item of 別紙6 asks for, in integers.

use serde::{Deserialize, Serialize};

use super::levels::{Level, LevelItem};
use super::settings::OwnTarget;
use crate::ticket::System;

/// 100% in thousandths of a percent, the unit of [`Goal`].
pub const WHOLE: u64 = 100_000;
/// More decimals than any rate of a month needs to be told from its goal.
const DECIMALS_AT_MOST: u32 = 15;

/// How the value of an item is made of A and B.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Formula {
    /// B ÷ A
    Share,
    /// (1 − B ÷ A)
    Rest,
    /// B alone.
    Count,
}

/// A goal: of 別紙6, or a higher one of one's own ([`super::OwnTarget`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "goal", content = "of", rename_all = "snake_case")]
pub enum Goal {
    /// The rate is to be so many thousandths of a percent at least.
    AtLeast(u64),
    /// The rate is to be so many thousandths of a percent at the most.
    AtMost(u64),
    /// There are to be so many at the most.
    CountAtMost(u64),
    /// All are to be answered within so many minutes: a limit of one's own below that of 項番4.
    WithinMinutes(u32),
}

impl LevelItem {
    /// How its value is made.
    pub fn formula(self) -> Formula {
        match self.level {
            Level::AnswerRate | Level::Patches => Formula::Share,
            Level::OperatorFaults => Formula::Count,
            _ => Formula::Rest,
        }
    }

    /// 目標値 of 別紙6.
    pub fn goal(self) -> Goal {
        match (self.level, self.system) {
            (Level::Availability, System::Indirect) => Goal::AtLeast(99_950),
            (Level::Availability, System::Macs) => Goal::AtLeast(99_500),
            (Level::OperatorFaults, _) => Goal::CountAtMost(2),
            (Level::Patches, _) => Goal::AtMost(0),
            (Level::AnswerRate, _) => Goal::AtLeast(90_000),
            (Level::FirstAnswerRate, _) => Goal::AtLeast(75_000),
            (Level::ResolutionRate, _) => Goal::AtLeast(95_000),
            _ => Goal::AtLeast(WHOLE),
        }
    }

    /// 目標値 as people read it.
    pub fn goal_text(self) -> &'static str {
        match (self.level, self.system) {
            (Level::Availability, System::Indirect) => "99.95％以上",
            (Level::Availability, System::Macs) => "99.5％以上",
            (Level::OperatorFaults, _) => "年2件以下",
            (Level::FaultNotice, _) => "100％（15分以内）",
            (Level::FaultEscalation | Level::Dispatch, _) => "100％（30分以内）",
            (Level::AnswerTime, System::Indirect) => "30分以内",
            (Level::AnswerTime, System::Macs) => "2時間以内",
            (Level::Patches, _) => "0％",
            (Level::AnswerRate, _) => "90％以上",
            (Level::FirstAnswerRate, _) => "75％以上",
            (Level::ResolutionRate, _) => "95％以上",
        }
    }

    /// 算定式, with what A and B are.
    pub fn formula_text(self) -> &'static str {
        match self.level {
            Level::Availability => "（1－B／A）×100　A：計画サービス時間　B：サービス全停止時間",
            Level::OperatorFaults => "B：4月からの発生件数",
            Level::FaultNotice => "（1－B／A）×100　A：障害検知件数　B：通知時間超過件数",
            Level::FaultEscalation => {
                "（1－B／A）×100　A：障害検知件数　B：エスカレーション時間超過件数"
            }
            Level::AnswerTime => {
                "（1－B／A）×100　A：対象の問合せ件数　B：時間を超えた件数（1件でも未達成）"
            }
            Level::Dispatch => "（A－B）／A×100　A：月間総件数　B：未達成件数",
            Level::Patches => "B／A×100　A：パッチ情報の公開件数　B：遅延件数（C＋D）",
            Level::AnswerRate => "B／A×100　A：月間着信件数　B：月間応答件数",
            Level::FirstAnswerRate => "（1－B／A）×100　A：月間応答件数　B：月間一次未回答件数",
            Level::ResolutionRate => "（1－B／A）×100　A：月間応答件数　B：月間問題未解決件数",
        }
    }

    /// How many decimals its rate is shown with at the least.
    fn decimals(self) -> u32 {
        match self.level {
            Level::Availability => 3,
            _ => 1,
        }
    }

    /// Its value as people read it: with so many decimals that none of the goals looks met that is not,
    /// and none looks missed that is met. `None` over nothing.
    pub fn shown(self, a: u64, b: u64, goals: &[Goal]) -> Option<String> {
        let part = match self.formula() {
            Formula::Count => return Some(b.to_string()),
            Formula::Share => b,
            Formula::Rest => a.saturating_sub(b),
        };
        if a == 0 {
            return None;
        }
        let tells = |decimals: &u32| {
            goals
                .iter()
                .all(|goal| goal.is_met(part, a) == goal.looks_met(part, a, *decimals))
        };
        let decimals = (self.decimals()..DECIMALS_AT_MOST).find(tells);
        Some(percent(part, a, decimals.unwrap_or(DECIMALS_AT_MOST)))
    }
}

impl Goal {
    /// Whether `part` of `whole` meets it; of a count, `part` is what is counted.
    pub fn is_met(self, part: u64, whole: u64) -> bool {
        let (have, least) = (u128::from(part) * u128::from(WHOLE), u128::from(whole));
        match self {
            Self::AtLeast(rate) => have >= least * u128::from(rate),
            Self::AtMost(rate) => have <= least * u128::from(rate),
            Self::CountAtMost(most) => part <= most,
            Self::WithinMinutes(_) => part == whole,
        }
    }

    /// Whether it looks met when the rate is shown with so many decimals.
    fn looks_met(self, part: u64, whole: u64, decimals: u32) -> bool {
        let shown = rounded(part, whole, decimals) * 1_000;
        let scale = 10_u128.pow(decimals);
        match self {
            Self::AtLeast(rate) => shown >= u128::from(rate) * scale,
            Self::AtMost(rate) => shown <= u128::from(rate) * scale,
            Self::CountAtMost(most) => part <= most,
            // It says nothing of the rate.
            Self::WithinMinutes(_) => part == whole,
        }
    }

    /// The number alone: 90, 99.95, 2.
    pub fn number(self) -> String {
        let rate = match self {
            Self::AtLeast(rate) | Self::AtMost(rate) => rate,
            Self::CountAtMost(most) => return most.to_string(),
            Self::WithinMinutes(minutes) => return minutes.to_string(),
        };
        let text = format!("{}.{:03}", rate / 1_000, rate % 1_000);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }

    /// 92％以上, 0％以下, 1件以下.
    pub fn text(self) -> String {
        match self {
            Self::AtLeast(_) => format!("{}％以上", self.number()),
            Self::AtMost(_) => format!("{}％以下", self.number()),
            Self::CountAtMost(most) => format!("{most}件以下"),
            Self::WithinMinutes(minutes) => format!("{minutes}分以内"),
        }
    }
}

impl From<OwnTarget> for Goal {
    fn from(own: OwnTarget) -> Self {
        match own {
            OwnTarget::AtLeast(tenths) => Self::AtLeast(u64::from(tenths.0) * 100),
            OwnTarget::WithinMinutes(minutes) => Self::WithinMinutes(minutes),
        }
    }
}

/// `part ÷ whole` in percent with so many decimals, rounded half up; `whole` is not 0.
fn percent(part: u64, whole: u64, decimals: u32) -> String {
    let scale = 10_u128.pow(decimals);
    let value = rounded(part, whole, decimals);
    let width = decimals as usize;
    match decimals {
        0 => value.to_string(),
        _ => format!("{}.{:0width$}", value / scale, value % scale),
    }
}

/// The same as an integer.
fn rounded(part: u64, whole: u64, decimals: u32) -> u128 {
    let whole = u128::from(whole).max(1);
    let scaled = u128::from(part) * 100 * 10_u128.pow(decimals);
    (scaled * 2 + whole) / (whole * 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER_RATE: LevelItem = LevelItem {
        system: System::Indirect,
        level: Level::AnswerRate,
    };

    fn shown(a: u64, b: u64) -> String {
        ANSWER_RATE.shown(a, b, &[ANSWER_RATE.goal()]).unwrap()
    }

    #[test]
    fn a_rate_is_shown_so_that_it_does_not_look_met_when_it_is_missed() {
        assert_eq!(shown(209, 188), "89.95");
        assert!(!ANSWER_RATE.goal().is_met(188, 209));
        assert_eq!(shown(210, 189), "90.0");
        assert_eq!(shown(1_029, 1_023), "99.4");
        assert_eq!(shown(100_000_000, 89_999_999), "89.999999");
        let patches = LevelItem {
            level: Level::Patches,
            ..ANSWER_RATE
        };
        assert_eq!(
            patches.shown(5_000, 1, &[patches.goal()]).as_deref(),
            Some("0.02")
        );
        assert_eq!(
            patches.shown(5_000, 0, &[patches.goal()]).as_deref(),
            Some("0.0")
        );
    }

    #[test]
    fn a_goal_of_ones_own_does_not_look_met_either() {
        let goals = [ANSWER_RATE.goal(), Goal::AtLeast(95_000)];
        // 94.975%
        assert_eq!(
            ANSWER_RATE.shown(2_000, 1_899, &goals).as_deref(),
            Some("94.95")
        );
        assert_eq!(
            ANSWER_RATE.shown(2_000, 1_900, &goals).as_deref(),
            Some("95.0")
        );
    }

    #[test]
    fn 可用性_has_three_decimals() {
        let item = LevelItem {
            level: Level::Availability,
            ..ANSWER_RATE
        };
        let day = 24 * 3_600_000;
        let text = item.shown(30 * day, 1_296_000, &[item.goal()]);
        assert_eq!(text.as_deref(), Some("99.950"));
        assert!(item.goal().is_met(30 * day - 1_296_000, 30 * day));
        assert!(!item.goal().is_met(30 * day - 1_296_001, 30 * day));
        let text = item.shown(30 * day, 1_296_001, &[item.goal()]).unwrap();
        assert!(text.starts_with("99.9499"), "{text}");
    }

    #[test]
    fn over_nothing_there_is_no_rate() {
        assert_eq!(ANSWER_RATE.shown(0, 0, &[]), None);
    }

    #[test]
    fn goals_are_told_as_they_are_written() {
        assert_eq!(Goal::AtLeast(99_950).number(), "99.95");
        assert_eq!(Goal::AtLeast(100_000).number(), "100");
        assert_eq!(Goal::AtMost(0).number(), "0");
        assert_eq!(Goal::AtLeast(92_500).text(), "92.5％以上");
        assert_eq!(Goal::CountAtMost(1).text(), "1件以下");
    }
}
