//! What a month's book is made of.

use std::collections::{BTreeMap, BTreeSet};

use madoguchi_core::id::{ArticleId, UserId};
use madoguchi_core::month::{
    CheckReason, Goal, Improvement, IncidentCounts, Instruction, LevelFact, LevelItem, Month,
    PublishedMonth, Remark, RowNote, WorkCount,
};
use madoguchi_core::time::Instant;

use super::data::MonthData;
use super::knowledge::KnowledgeFigures;
use super::outlook::Outlook;
use super::rules::{MonthRules, Scope};
use super::summary::MonthSummary;
use crate::document::Revision;

/// Everything of which a month's book is made.
#[derive(Debug, Clone)]
pub struct MonthInput {
    /// The month as it was recorded.
    pub data: MonthData,
    /// What is counted.
    pub scope: Scope,
    /// What settings decide.
    pub rules: MonthRules,
    /// Earlier months that were measured here, in any order.
    pub past: Vec<MonthSummary>,
    /// Those of them that are 確定: their integers are those of their newest editions, whatever came since.
    pub frozen: BTreeSet<Month>,
    /// What was missed in earlier months that are 確定, as their newest editions say: whatever was entered or
    /// left out since, it costs what it cost until there is another edition.
    pub frozen_misses: BTreeMap<Month, BTreeSet<LevelItem>>,
    /// Months as somebody published them.
    pub published: Vec<PublishedMonth>,
    /// What the desk does not measure, of this month and earlier ones.
    pub facts: Vec<LevelFact>,
    /// Goals of one's own.
    pub own_goals: BTreeMap<LevelItem, Goal>,
    /// What people wrote.
    pub written: Written,
    /// What the FAQ was used for.
    pub knowledge: Option<KnowledgeFigures>,
    /// What is expected of the next month.
    pub outlook: Option<Outlook>,
    /// What the cover says.
    pub cover: Cover,
    /// Names by which people are called.
    pub names: BTreeMap<UserId, String>,
    /// Articles of the FAQ: number and title.
    pub articles: BTreeMap<ArticleId, (String, String)>,
    /// When the book is made.
    pub made_at: Instant,
}

/// What people wrote for a month's book.
#[derive(Debug, Clone, Default)]
pub struct Written {
    /// 加筆
    pub remarks: Vec<Remark>,
    /// 前月報告会での指示事項
    pub instructions: Vec<Instruction>,
    /// 対策 and 原因区分 in place of what the report says by itself.
    pub row_notes: Vec<RowNote>,
    /// 改善状況報告: of the month, and of earlier ones whose effect was not confirmed before it.
    pub improvements: Vec<Improvement>,
    /// 作業実績 that nothing measures, of the fiscal year.
    pub work: Vec<WorkCount>,
    /// インシデント件数 of 別紙8-2, of the fiscal year.
    pub incidents: Vec<IncidentCounts>,
    /// Why sums of 突合せ do not agree.
    pub reasons: Vec<CheckReason>,
    /// 版の間の差異
    pub differences: Vec<Difference>,
}

/// A difference between two editions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// 表・項目
    pub place: String,
    /// What the earlier edition said.
    pub before: String,
    /// What this one says.
    pub after: String,
    /// 原因: numbers of calls and tickets.
    pub cause: String,
}

/// What the cover says, and whose edition it is.
#[derive(Debug, Clone)]
pub struct Cover {
    /// 版, from 1.
    pub edition: u32,
    /// Not 確定 yet.
    pub draft: bool,
    /// 提出先
    pub submitted_to: String,
    /// 受託者名
    pub submitted_by: String,
    /// 情報の格付
    pub classification: String,
    /// 確認印欄: who signs.
    pub seals: Vec<String>,
    /// 改版履歴 of a later edition; that of the first one follows from the cover.
    pub revisions: Vec<Revision>,
    /// 確認者 of the first edition; empty as long as it is a draft.
    pub confirmed_by: String,
}

impl Default for Cover {
    fn default() -> Self {
        Self {
            edition: 1,
            draft: true,
            submitted_to: "日本年金機構".to_owned(),
            submitted_by: "受託者".to_owned(),
            classification: "要保護情報".to_owned(),
            seals: ["統括責任者", "品質管理責任者"].map(str::to_owned).into(),
            revisions: Vec::new(),
            confirmed_by: String::new(),
        }
    }
}
