//! A month in a few integers: what later months need of it. Two months are added up by adding these, and a
//! rate over several months is the ratio of the sums, never the mean of the rates.

use std::collections::BTreeMap;

use madoguchi_core::event::AbandonReason;
use madoguchi_core::figures::percentage;
use madoguchi_core::id::CategoryId;
use madoguchi_core::month::{Month, PublishedMonth};
use madoguchi_core::service::INQUIRIES;
use madoguchi_core::setup::Categories;
use madoguchi_core::ticket::{System, Ticket};
use serde::{Deserialize, Serialize};

use super::counted::CountedMonth;
use super::data::MonthData;
use super::rules::{MonthRules, Scope};
use super::site_kind::SiteKind;

/// The integers of a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonthSummary {
    /// Which month.
    pub month: Month,
    /// 着信
    pub offered: u64,
    /// 応答
    pub answered: u64,
    /// 放棄 by reason.
    pub abandoned: BTreeMap<AbandonReason, u64>,
    /// 短時間放棄, part of 放棄.
    pub short: u64,
    /// 応対前: neither answered nor given up yet.
    #[serde(default)]
    pub waiting: u64,
    /// 時間外着信
    pub after_hours: u64,
    /// 発信
    pub outbound: u64,
    /// 発信応答
    pub outbound_answered: u64,
    /// 一次未回答件数
    pub first_unanswered: u64,
    /// 問題未解決件数; `None`: nobody told.
    pub unsolved: Option<u64>,
    /// エスカレーション数
    pub escalations: u64,
    /// アプリケーション機能分析
    pub analyses: u64,
    /// 項番4 by system: what has a limit, and what was late.
    pub timed: BTreeMap<System, (u64, u64)>,
    /// 当月末未完了
    pub left: u64,
    /// Tickets by function of 表 3.1-1.
    pub functions: BTreeMap<CategoryId, u64>,
    /// 着信 by 拠点区分.
    pub sites: BTreeMap<SiteKind, u64>,
    /// 問合せ対応 (別紙8-1 項番25, 26) by system.
    pub inquiries: BTreeMap<System, u64>,
}

impl MonthSummary {
    /// The integers of a month as it was recorded.
    pub fn of(data: &MonthData, scope: &Scope, rules: &MonthRules) -> Self {
        Self::from_counted(&CountedMonth::of(data, scope, rules), &rules.categories)
    }

    pub(super) fn from_counted(month: &CountedMonth<'_>, categories: &Categories) -> Self {
        let count = |list: &[_]| list.len() as u64;
        let mut functions = BTreeMap::new();
        for ticket in &month.received {
            *functions
                .entry(function_of(ticket, categories))
                .or_default() += 1;
        }
        let sites = month.sites.iter();
        let sites = sites.map(|(kind, calls)| (*kind, calls.len() as u64));
        let mut inquiries = BTreeMap::new();
        for ticket in inquiries_of(month.data) {
            *inquiries.entry(ticket.fields.system).or_default() += 1;
        }
        let timed = System::ALL.map(|system| {
            let of = |lists: &BTreeMap<System, Vec<&Ticket>>| {
                lists.get(&system).map_or(0, |list| list.len() as u64)
            };
            (system, (of(&month.timed), of(&month.late)))
        });
        Self {
            month: month.data.month,
            offered: count(&month.offered),
            answered: count(&month.answered),
            abandoned: month
                .abandoned
                .iter()
                .map(|(reason, calls)| (*reason, calls.len() as u64))
                .collect(),
            short: count(&month.short),
            waiting: count(&month.waiting),
            after_hours: count(&month.after_hours),
            outbound: count(&month.outbound),
            outbound_answered: count(&month.outbound_answered),
            first_unanswered: count(&month.first_unanswered),
            unsolved: Some(count(&month.unsolved)),
            escalations: month.escalated.len() as u64,
            analyses: month.analyses.len() as u64,
            timed: timed.into(),
            left: month.carried.left.len() as u64,
            functions,
            sites: sites.collect(),
            inquiries,
        }
    }

    /// What was published of a month.
    pub fn of_published(published: &PublishedMonth) -> Self {
        let counts = published.counts;
        Self {
            month: published.month,
            offered: counts.offered,
            answered: counts.answered,
            abandoned: BTreeMap::new(),
            short: 0,
            waiting: 0,
            after_hours: 0,
            outbound: 0,
            outbound_answered: 0,
            first_unanswered: counts.first_unanswered,
            unsolved: None,
            escalations: counts.escalations,
            analyses: 0,
            timed: BTreeMap::new(),
            left: 0,
            functions: BTreeMap::new(),
            sites: BTreeMap::new(),
            inquiries: BTreeMap::new(),
        }
    }

    /// Whether anything was recorded.
    pub fn is_empty(&self) -> bool {
        let tickets: u64 = self.functions.values().sum();
        self.offered + self.after_hours + self.outbound + tickets + self.left == 0
    }

    /// Whether any call was recorded.
    pub fn has_calls(&self) -> bool {
        self.offered + self.after_hours + self.outbound > 0
    }

    /// Neither a call in reception hours nor a ticket came: it may be that nothing was recorded.
    pub fn is_silent(&self) -> bool {
        let tickets: u64 = self.functions.values().sum();
        self.offered + tickets == 0
    }

    /// 放棄
    pub fn all_abandoned(&self) -> u64 {
        self.abandoned.values().sum()
    }

    /// 応答率; 応対前 left out of both.
    pub fn answer_rate(&self) -> Option<String> {
        percentage(self.answered, self.ended())
    }

    /// 着信 whose callers do not wait any more.
    pub fn ended(&self) -> u64 {
        // What was published tells no 放棄, and editions of before do not tell 応対前.
        if self.abandoned.is_empty() {
            return self.offered.saturating_sub(self.waiting);
        }
        self.answered + self.all_abandoned()
    }

    /// 一次回答率
    pub fn first_answer_rate(&self) -> Option<String> {
        let answered = self.answered.saturating_sub(self.first_unanswered);
        percentage(answered, self.answered)
    }

    /// 問題解決率
    pub fn resolution_rate(&self) -> Option<String> {
        let solved = self.answered.saturating_sub(self.unsolved?);
        percentage(solved, self.answered)
    }
}

/// The function of 表 3.1-1 (or what stands beside those) to which a ticket belongs; none: 未分類.
pub(super) fn function_of(ticket: &Ticket, categories: &Categories) -> CategoryId {
    let Some(id) = ticket.fields.category.as_ref() else {
        return CategoryId::default();
    };
    let Some(category) = categories.get(id) else {
        return CategoryId::default();
    };
    category.parent.clone().unwrap_or_else(|| id.clone())
}

/// 問合せ対応: received in the month in the 業務区分 of that name, of all systems.
pub(super) fn inquiries_of(data: &MonthData) -> impl Iterator<Item = &Ticket> {
    let month = data.month;
    data.tickets.iter().filter(move |ticket| {
        let division = ticket.fields.division.as_ref();
        (month.start()..month.end()).contains(&ticket.received_at)
            && ticket.merged_into.is_none()
            && division.is_some_and(|id| id.as_str() == INQUIRIES)
    })
}
