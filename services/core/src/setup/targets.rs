//! 目標値: targets (要件定義書 別紙6 項番7–9, 表 5.6) and the thresholds of figures.

use serde::{Deserialize, Serialize};

use super::fault::{FieldError, range, seconds};
use crate::figures::FiguresSettings;
use crate::time::Millis;

/// The kind of [`TargetConfig`] in the store, of which there is one.
pub const TARGETS: &str = "targets";

/// The id of the one [`TargetConfig`] in the store.
pub const TARGETS_ID: &str = "targets";

/// `[figures]`: what is said of targets and thresholds. The rest keeps its default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TargetConfig {
    /// 放棄 with a shorter wait are 短時間放棄.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short_abandoned_s: Option<u32>,
    /// サービスレベル counts answers within this wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_level_s: Option<u32>,
    /// The target of 応答率, in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_rate_target: Option<u32>,
    /// The target of 一次回答率, in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_answer_rate_target: Option<u32>,
    /// The target of 問題解決率, in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution_rate_target: Option<u32>,
    /// 一次回答 is due within so many minutes of reception hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_answer_min: Option<u32>,
}

/// The targets and thresholds in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Targets {
    /// 放棄 with a shorter wait are 短時間放棄.
    pub short_abandoned_s: u32,
    /// サービスレベル counts answers within this wait.
    pub service_level_s: u32,
    /// The target of 応答率, in percent.
    pub answer_rate: u32,
    /// The target of 一次回答率, in percent.
    pub first_answer_rate: u32,
    /// The target of 問題解決率, in percent.
    pub resolution_rate: u32,
    /// 一次回答 is due within so many minutes of reception hours.
    pub first_answer_min: u32,
}

impl Default for Targets {
    fn default() -> Self {
        Self {
            short_abandoned_s: 5,
            service_level_s: 20,
            answer_rate: 90,
            first_answer_rate: 75,
            resolution_rate: 95,
            first_answer_min: 30,
        }
    }
}

impl Targets {
    /// The thresholds of figures.
    pub fn figures(self) -> FiguresSettings {
        let secs = |secs| Millis::from_secs(i64::from(secs));
        FiguresSettings {
            short_abandoned: secs(self.short_abandoned_s),
            service_level: secs(self.service_level_s),
        }
    }
}

impl TargetConfig {
    /// What this says, and what `other` says where this says nothing.
    #[must_use]
    pub fn over(self, other: Self) -> Self {
        Self {
            short_abandoned_s: self.short_abandoned_s.or(other.short_abandoned_s),
            service_level_s: self.service_level_s.or(other.service_level_s),
            answer_rate_target: self.answer_rate_target.or(other.answer_rate_target),
            first_answer_rate_target: self
                .first_answer_rate_target
                .or(other.first_answer_rate_target),
            resolution_rate_target: self.resolution_rate_target.or(other.resolution_rate_target),
            first_answer_min: self.first_answer_min.or(other.first_answer_min),
        }
    }

    /// The targets, with the defaults for what is not said.
    pub fn targets(self) -> Targets {
        let usual = Targets::default();
        Targets {
            short_abandoned_s: self.short_abandoned_s.unwrap_or(usual.short_abandoned_s),
            service_level_s: self.service_level_s.unwrap_or(usual.service_level_s),
            answer_rate: self.answer_rate_target.unwrap_or(usual.answer_rate),
            first_answer_rate: self
                .first_answer_rate_target
                .unwrap_or(usual.first_answer_rate),
            resolution_rate: self.resolution_rate_target.unwrap_or(usual.resolution_rate),
            first_answer_min: self.first_answer_min.unwrap_or(usual.first_answer_min),
        }
    }

    /// What is wrong with them.
    pub fn faults(&self) -> Vec<FieldError> {
        let percent = |field, value: Option<u32>| range(field, value?, 0, 100);
        let faults = [
            percent("answer_rate_target", self.answer_rate_target),
            percent("first_answer_rate_target", self.first_answer_rate_target),
            percent("resolution_rate_target", self.resolution_rate_target),
            self.first_answer_min
                .and_then(|value| range("first_answer_min", value, 1, 10_000)),
            self.service_level_s
                .and_then(|value| seconds("service_level_s", value, 1)),
            self.short_abandoned_s
                .and_then(|value| seconds("short_abandoned_s", value, 0)),
        ];
        faults.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn 別紙6_the_targets_are_those_of_the_requirements_until_somebody_says_otherwise() {
        let usual = TargetConfig::default().targets();
        assert_eq!(
            (
                usual.answer_rate,
                usual.first_answer_rate,
                usual.resolution_rate
            ),
            (90, 75, 95)
        );
        assert_eq!(usual.first_answer_min, 30);
        assert_eq!(usual.figures(), FiguresSettings::default());
        let file = TargetConfig {
            answer_rate_target: Some(92),
            ..TargetConfig::default()
        };
        let screen = TargetConfig {
            answer_rate_target: Some(80),
            service_level_s: Some(30),
            ..TargetConfig::default()
        };
        let both = file.over(screen).targets();
        assert_eq!((both.answer_rate, both.service_level_s), (92, 30));
    }

    #[test]
    fn a_rate_is_no_more_than_all() {
        let wrong = TargetConfig {
            answer_rate_target: Some(101),
            first_answer_min: Some(0),
            ..TargetConfig::default()
        };
        let fields: Vec<_> = wrong.faults().into_iter().map(|one| one.field).collect();
        assert_eq!(fields, ["answer_rate_target", "first_answer_min"]);
        assert_eq!(
            serde_json::to_string(&TargetConfig::default()).unwrap(),
            "{}"
        );
    }
}
