//! What is set for the month's report: who gets it from whom and when, how payment is judged, and the
//! targets of one's own above those of the contract (評価項目 36 ①).

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::entry::{ENTRY_LINE_LETTERS, missing, too_long};
use super::levels::{Level, LevelItem};
use crate::named;
use crate::service_level::{CUT_OFF_DAYS_AT_MOST, CutOff};
use crate::setup::FieldError;
use crate::ticket::System;

/// The kind of [`ReportSettings`] in the store, of which there is one.
pub const REPORT_SETTINGS: &str = "report_settings";
/// The id of the one [`ReportSettings`] in the store.
pub const REPORT_SETTINGS_ID: &str = "report";
/// The kind of [`OwnTargets`] in the store, of which there is one.
pub const OWN_TARGETS: &str = "own_targets";
/// The id of the one [`OwnTargets`] in the store.
pub const OWN_TARGETS_ID: &str = "targets";

/// Who signs at the most.
const SEALS: usize = 5;
/// A report is made and due within so many open days.
const OPEN_DAYS: std::ops::RangeInclusive<u32> = 1..=20;
named! {
    /// What makes months in which something was missed consecutive (表 5.6-8).
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    pub enum PaymentRun {
        /// Any item, whichever it was the month before.
        #[default]
        AnyItem = "any_item", "どの項目でも連続と数える";
        /// The same item as the month before.
        SameItem = "same_item", "同じ項目のときだけ連続と数える";
    }
}

/// What is set for the month's report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReportSettings {
    /// 提出先
    pub submitted_to: String,
    /// 受託者名
    pub submitted_by: String,
    /// 情報の格付
    pub classification: String,
    /// 確認印欄: who signs.
    pub seals: Vec<String>,
    /// The draft is made on this open day of the following month, from 1.
    pub create_on_open_day: u32,
    /// The report is to be handed in by this open day of the following month, from 1.
    pub due_on_open_day: u32,
    /// A month is judged at the end of this open day of the following month; 0: at its own end.
    pub cut_off_open_days: u32,
    /// A first answer later than the limit of 項番 4 is 一次未回答, too.
    pub late_is_unanswered: bool,
    /// How consecutive months are counted for payment.
    pub payment_run: PaymentRun,
}

impl Default for ReportSettings {
    fn default() -> Self {
        Self {
            submitted_to: "日本年金機構".to_owned(),
            submitted_by: String::new(),
            classification: String::new(),
            seals: vec!["統括責任者".to_owned(), "品質管理責任者".to_owned()],
            create_on_open_day: 1,
            due_on_open_day: 5,
            cut_off_open_days: 0,
            late_is_unanswered: false,
            payment_run: PaymentRun::AnyItem,
        }
    }
}

impl ReportSettings {
    /// As of when a month is judged.
    pub fn cut_off(&self) -> CutOff {
        match self.cut_off_open_days {
            0 => CutOff::EndOfMonth,
            days => CutOff::OpenDaysAfter(days),
        }
    }

    /// What is wrong with it.
    pub fn faults(&self) -> Vec<FieldError> {
        let mut faults = missing(&[("submitted_to", &self.submitted_to)]);
        faults.extend(too_long(&[
            ("submitted_to", &self.submitted_to, ENTRY_LINE_LETTERS),
            ("submitted_by", &self.submitted_by, ENTRY_LINE_LETTERS),
            ("classification", &self.classification, ENTRY_LINE_LETTERS),
        ]));
        if self.seals.len() > SEALS {
            faults.push(FieldError::new(
                "seals",
                format!("{SEALS}人以内で入力してください"),
            ));
        }
        for seal in &self.seals {
            faults.extend(too_long(&[("seals", seal, 20)]));
        }
        for (field, day) in [
            ("create_on_open_day", self.create_on_open_day),
            ("due_on_open_day", self.due_on_open_day),
        ] {
            if !OPEN_DAYS.contains(&day) {
                let (first, last) = (OPEN_DAYS.start(), OPEN_DAYS.end());
                let message = format!("{first}から{last}までの数字を入力してください");
                faults.push(FieldError::new(field, message));
            }
        }
        if self.cut_off_open_days > CUT_OFF_DAYS_AT_MOST {
            let message = format!("{CUT_OFF_DAYS_AT_MOST}以下の値にしてください");
            faults.push(FieldError::new("cut_off_open_days", message));
        }
        if self.due_on_open_day < self.create_on_open_day {
            let message = "作成する日より前にはできません";
            faults.push(FieldError::new("due_on_open_day", message));
        }
        faults
    }
}

/// A percentage in tenths: 95.5% is 955. Compared by integers it leaves nothing to rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TenthsOfPercent(pub u32);

impl TenthsOfPercent {
    /// All of it.
    const ALL: u32 = 1_000;

    /// Whether `part` of `all` is at least so much.
    pub fn is_met(self, part: u64, all: u64) -> bool {
        u128::from(part) * u128::from(Self::ALL) >= u128::from(self.0) * u128::from(all)
    }

    /// As people type it, in digits of either width: 95, 95.5. `None` if it is none, or more than 100.
    pub fn read(text: &str) -> Option<Self> {
        let typed: String = text.nfkc().collect();
        let typed = typed.trim().trim_end_matches('%');
        let (whole, tenth) = typed.split_once('.').unwrap_or((typed, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|one| one.is_ascii_digit());
        if !digits(whole) || !digits(tenth) || tenth.len() > 1 || whole.len() > 3 {
            return None;
        }
        let tenths = whole.parse::<u32>().ok()? * 10 + tenth.parse::<u32>().ok()?;
        (tenths <= Self::ALL).then_some(Self(tenths))
    }
}

impl fmt::Display for TenthsOfPercent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 10, self.0 % 10) {
            (whole, 0) => write!(f, "{whole}"),
            (whole, tenth) => write!(f, "{whole}.{tenth}"),
        }
    }
}

/// Targets of one's own, each above that of the contract; not set: that of the contract alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OwnTargets {
    /// 電話応答率
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_rate: Option<TenthsOfPercent>,
    /// 一次回答率
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_answer_rate: Option<TenthsOfPercent>,
    /// 問題解決率
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution_rate: Option<TenthsOfPercent>,
    /// 回答所要時間 of 間接業務システム, in minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_min: Option<u32>,
    /// 回答所要時間 of MACS, in minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub macs_answer_min: Option<u32>,
}

/// A target of one's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnTarget {
    /// At least such a part.
    AtLeast(TenthsOfPercent),
    /// Answered within so many minutes.
    WithinMinutes(u32),
}

impl OwnTargets {
    /// That of an item.
    pub fn of(&self, item: LevelItem) -> Option<OwnTarget> {
        match (item.system, item.level) {
            (System::Indirect, Level::AnswerRate) => self.answer_rate.map(OwnTarget::AtLeast),
            (System::Indirect, Level::FirstAnswerRate) => {
                self.first_answer_rate.map(OwnTarget::AtLeast)
            }
            (System::Indirect, Level::ResolutionRate) => {
                self.resolution_rate.map(OwnTarget::AtLeast)
            }
            (System::Indirect, Level::AnswerTime) => self.answer_min.map(OwnTarget::WithinMinutes),
            (System::Macs, Level::AnswerTime) => self.macs_answer_min.map(OwnTarget::WithinMinutes),
            _ => None,
        }
    }

    /// What is wrong with them: each must be higher than that of the contract.
    pub fn faults(&self, contract: ContractTargets) -> Vec<FieldError> {
        let mut faults = Vec::new();
        for (field, own, least) in [
            ("answer_rate", self.answer_rate, contract.answer_rate),
            (
                "first_answer_rate",
                self.first_answer_rate,
                contract.first_answer_rate,
            ),
            (
                "resolution_rate",
                self.resolution_rate,
                contract.resolution_rate,
            ),
        ] {
            if own.is_some_and(|own| own.0 <= least * 10) {
                let message = format!("契約の目標({least}%)より高くしてください");
                faults.push(FieldError::new(field, message));
            }
        }
        for (field, own, most) in [
            ("answer_min", self.answer_min, contract.answer_min),
            (
                "macs_answer_min",
                self.macs_answer_min,
                contract.macs_answer_min,
            ),
        ] {
            if own.is_some_and(|own| own == 0 || own >= most) {
                let message = format!("契約の目標({most}分)より短くしてください");
                faults.push(FieldError::new(field, message));
            }
        }
        faults
    }
}

/// What the contract asks for (別紙6 項番 4, 7–9, of MACS 項番 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContractTargets {
    /// 電話応答率, in percent.
    pub answer_rate: u32,
    /// 一次回答率, in percent.
    pub first_answer_rate: u32,
    /// 問題解決率, in percent.
    pub resolution_rate: u32,
    /// 回答所要時間 of 間接業務システム, in minutes.
    pub answer_min: u32,
    /// 回答所要時間 of MACS, in minutes.
    pub macs_answer_min: u32,
}

impl Default for ContractTargets {
    fn default() -> Self {
        Self {
            answer_rate: 90,
            first_answer_rate: 75,
            resolution_rate: 95,
            answer_min: 30,
            macs_answer_min: 120,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_of_ones_own_is_higher_than_that_of_the_contract() {
        let targets = OwnTargets {
            answer_rate: TenthsOfPercent::read("90"),
            first_answer_rate: TenthsOfPercent::read("８０.5％"),
            answer_min: Some(30),
            macs_answer_min: Some(60),
            ..OwnTargets::default()
        };
        let faults = targets.faults(ContractTargets::default());
        let fields: Vec<_> = faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(fields, ["answer_rate", "answer_min"]);
        assert_eq!(targets.first_answer_rate, Some(TenthsOfPercent(805)));
    }

    #[test]
    fn a_target_is_met_by_integers_and_never_by_what_is_rounded() {
        let target = TenthsOfPercent::read("90").unwrap();
        assert!(!target.is_met(188, 209), "89.95% shows as 90.0%");
        assert!(target.is_met(9, 10));
        for text in ["", "x", "100.1", "95.55", "-1", "1000", ".5", "9."] {
            assert_eq!(TenthsOfPercent::read(text), None, "{text}");
        }
        assert_eq!(TenthsOfPercent(955).to_string(), "95.5");
        assert_eq!(TenthsOfPercent(1_000).to_string(), "100");
    }

    #[test]
    fn a_report_is_not_due_before_it_is_made() {
        let mut settings = ReportSettings::default();
        assert!(settings.faults().is_empty());
        settings.create_on_open_day = 6;
        assert_eq!(settings.faults()[0].field, "due_on_open_day");
        settings.create_on_open_day = 0;
        assert_eq!(settings.faults()[0].field, "create_on_open_day");
    }
}
