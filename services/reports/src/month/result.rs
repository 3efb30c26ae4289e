//! What a book gives beside its chapters: months, service levels, payment and 突合せ, for programs.

use madoguchi_core::month::{Goal, Judged, Level, Month, Payment, Verdict};
use madoguchi_core::ticket::System;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::months::KnownMonth;

/// A month of the fiscal year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthLine {
    /// 2024-04
    pub month: Month,
    /// 着信件数
    pub offered: u64,
    /// 応答件数
    pub answered: u64,
    /// 応答率: "99.4"; `None` over nothing.
    pub answer_rate: Option<String>,
    /// 一次未回答件数
    pub first_unanswered: u64,
    /// 一次回答率
    pub first_answer_rate: Option<String>,
    /// エスカレーション数
    pub escalations: u64,
    /// 問題未解決件数; `None`: nobody told.
    pub unresolved: Option<u64>,
    /// 問題解決率
    pub resolution_rate: Option<String>,
    /// measured, or imported.
    pub source: String,
    /// What was published of a month that was measured here, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<PublishedLine>,
}

/// What was published of a month: its text, as it stood there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedLine {
    /// 着信件数
    pub offered: u64,
    /// 応答件数
    pub answered: u64,
    /// 応答率, "99.4%"
    pub answer_rate: String,
    /// 一次未回答件数
    pub first_unanswered: u64,
    /// 一次回答率
    pub first_answer_rate: String,
    /// エスカレーション数
    pub escalations: u64,
    /// 問題解決率
    pub resolution_rate: String,
    /// Where it was published.
    pub source: String,
}

impl MonthLine {
    pub(super) fn of(known: &KnownMonth<'_>) -> Self {
        let summary = &known.summary;
        let published = known.published.map(|published| PublishedLine {
            offered: published.counts.offered,
            answered: published.counts.answered,
            answer_rate: published.answer_rate.clone(),
            first_unanswered: published.counts.first_unanswered,
            first_answer_rate: published.first_answer_rate.clone(),
            escalations: published.counts.escalations,
            resolution_rate: published.resolution_rate.clone(),
            source: published.source.clone(),
        });
        let line = Self {
            month: summary.month,
            offered: summary.offered,
            answered: summary.answered,
            answer_rate: summary.answer_rate(),
            first_unanswered: summary.first_unanswered,
            first_answer_rate: summary.first_answer_rate(),
            escalations: summary.escalations,
            unresolved: summary.unsolved,
            resolution_rate: summary.resolution_rate(),
            source: "measured".to_owned(),
            published: None,
        };
        match published {
            Some(published) if !known.is_measured => Self {
                answer_rate: bare(&published.answer_rate),
                first_answer_rate: bare(&published.first_answer_rate),
                resolution_rate: bare(&published.resolution_rate),
                source: "imported".to_owned(),
                published: Some(published),
                ..line
            },
            published => Self { published, ..line },
        }
    }
}

/// An item of 別紙6.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelLine {
    /// indirect, macs
    pub system: System,
    /// 項番
    pub item: u32,
    /// What it measures.
    pub level: Level,
    /// Its name.
    pub name: String,
    /// A; of システム可用性 in milliseconds, `None` of a count.
    pub a: Option<u64>,
    /// B
    pub b: u64,
    /// 実績値: "99.4"; `None` over nothing.
    pub value: Option<String>,
    /// 目標値: "90"
    pub target: String,
    /// met, missed, not_applicable
    pub verdict: Verdict,
    /// A higher goal of one's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_target: Option<String>,
    /// The verdict by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_verdict: Option<Verdict>,
    /// How many were left out (免責).
    pub left_out: usize,
}

/// The number in the text of a rate: "99.4" of 「99.4%」 and 「９９．４％」; `None` of 「－」.
pub(super) fn bare(rate: &str) -> Option<String> {
    let plain: String = rate.nfkc().collect();
    let number = plain.trim().trim_end_matches('%').trim_end();
    number.parse::<f64>().ok()?;
    Some(number.to_owned())
}

impl LevelLine {
    pub(super) fn of(judged: &Judged) -> Self {
        let item = judged.item;
        let is_count = matches!(item.goal(), Goal::CountAtMost(_));
        let own = judged.own;
        Self {
            system: item.system,
            item: item.number(),
            level: item.level,
            name: item.level.label().to_owned(),
            a: (!is_count).then_some(judged.counted.a),
            b: judged.counted.b,
            value: judged.value.clone(),
            target: item.goal().number(),
            verdict: judged.verdict,
            own_target: own.map(|(goal, _)| goal.number()),
            own_verdict: own.map(|(_, verdict)| verdict),
            left_out: judged.counted.left_out.len(),
        }
    }
}

/// What a month costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentLine {
    /// 評価月
    pub month: Month,
    /// 未達成項目 by name; empty: all was met.
    pub missed: Vec<String>,
    /// 連続未達成回数
    pub run: u32,
    /// 支払い対象月
    pub paid_month: Month,
    /// 支払い割合 in percent.
    pub percent: u32,
}

impl PaymentLine {
    pub(super) fn of(payment: &Payment) -> Self {
        let name = |item: &madoguchi_core::month::LevelItem| {
            let (system, number) = (item.system.label(), item.number());
            format!("{system} 項番{number} {}", item.level.label())
        };
        Self {
            month: payment.month,
            missed: payment.missed.iter().map(name).collect(),
            run: payment.run,
            paid_month: payment.paid_month,
            percent: payment.percent,
        }
    }
}

/// Two sums that must agree, each computed in a way of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// An English name.
    pub id: String,
    /// 検査: what must agree.
    pub what: String,
    /// 左辺 in words.
    pub left_is: String,
    /// 左辺
    pub left: i64,
    /// 右辺 in words.
    pub right_is: String,
    /// 右辺
    pub right: i64,
    /// 差の理由, if a person wrote why they do not agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// 記入者
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explained_by: Option<String>,
}

impl Check {
    /// Whether both sides agree.
    pub fn agrees(&self) -> bool {
        self.left == self.right
    }

    /// Both sums as a text: a reason that was written holds for these alone.
    pub fn sums(&self) -> String {
        format!("{} {}", self.left, self.right)
    }

    /// Whether it stands in the way of 確定: the sides differ, and nobody wrote why.
    pub fn blocks(&self) -> bool {
        !self.agrees() && self.reason.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_get_the_number_of_a_published_rate_and_nothing_where_none_was_published() {
        for (text, number) in [
            ("99.4%", Some("99.4")),
            ("99.4", Some("99.4")),
            (" 90.0 ％", Some("90.0")),
            ("９９．４％", Some("99.4")),
            ("－", None),
            ("", None),
        ] {
            assert_eq!(bare(text).as_deref(), number, "{text}");
        }
    }
}
