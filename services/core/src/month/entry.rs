//! What people write for a month: remarks, what was asked of us at the last meeting, and 改善状況報告.
//! Each is kept with all its versions.

use chrono::NaiveDate;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::facts::LevelFact;
use super::levels::LevelItem;
use super::period::Month;
use super::published::PublishedMonth;
use crate::id::UserId;
use crate::named;
use crate::setup::FieldError;
use crate::time::Instant;

/// The longest text of an entry.
pub const ENTRY_LETTERS: usize = 2_000;
/// The longest line of an entry: a name, a document.
pub const ENTRY_LINE_LETTERS: usize = 200;

/// Something that a person writes for a month.
pub trait MonthEntry: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync {
    /// Its kind in the store.
    const KIND: &'static str;

    /// Its name, unique in its kind.
    fn id(&self) -> String;

    /// The month that it belongs to.
    fn month(&self) -> Month;
}

/// The name of a new entry: entries stand in the order in which they were made. `chance` tells those of
/// one millisecond apart.
pub fn entry_id(at: Instant, chance: &str) -> String {
    format!("{:012x}-{chance}", at.0)
}

named! {
    /// The chapters of the report, by the ids that they have in the book.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    pub enum ReportChapter {
        /// 第1
        #[default]
        Overview = "overview", "第1 概況";
        /// 第2
        Calls = "calls", "第2 受付件数";
        /// 第3
        Durations = "durations", "第3 応対時間";
        /// 第4
        Questions = "questions", "第4 問合せの内容";
        /// 第5
        Handling = "handling", "第5 対応状況";
        /// 第6
        Levels = "levels", "第6 サービスレベル";
        /// 第7
        Improvement = "improvement", "第7 改善状況報告";
        /// 第8
        Knowledge = "knowledge", "第8 FAQ・ナレッジ";
        /// 第9
        Work = "work", "第9 作業実績";
        /// 第10
        Outlook = "outlook", "第10 翌月の見通しと要員";
        /// 第11
        Notes = "notes", "第11 特記事項";
    }
}

named! {
    /// Under which heading a remark stands, where the requirement asks for them.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    pub enum RemarkHeading {
        /// Under none.
        #[default]
        Plain = "plain", "見出しなし";
        /// 現状
        Present = "present", "現状";
        /// 計画との差異
        Difference = "difference", "計画との差異";
        /// 今後の予測
        Outlook = "outlook", "今後の予測";
        /// 対応策
        Measures = "measures", "対応策";
    }
}

/// A remark beside what is computed: it keeps its author and its time, whatever becomes of the figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// Which one.
    pub id: String,
    /// Of which month.
    pub month: Month,
    /// In which chapter; in 第11 it is a 特記事項.
    pub chapter: ReportChapter,
    /// Under which heading.
    #[serde(default)]
    pub heading: RemarkHeading,
    /// The text; lines end with LF.
    pub text: String,
    /// The name of who wrote it.
    pub author: String,
    /// Who that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
    /// When it was written.
    pub written_at: Instant,
}

/// 前月報告会での指示事項, and what is done about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instruction {
    /// Which one.
    pub id: String,
    /// The month whose report tells of it.
    pub month: Month,
    /// 指示事項
    pub text: String,
    /// 対応状況
    #[serde(default)]
    pub response: String,
    /// 完了(予定)日
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_day: Option<NaiveDate>,
    /// It is done.
    #[serde(default)]
    pub done: bool,
}

/// 改善状況報告: what is done about an item that was missed (表 5.6-8, 別紙 7 項番 29).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Improvement {
    /// The month in which the item was missed.
    pub month: Month,
    /// The item.
    pub item: LevelItem,
    /// 原因分析
    #[serde(default)]
    pub cause: String,
    /// 改善案
    #[serde(default)]
    pub plan: String,
    /// 改善スケジュール
    #[serde(default)]
    pub schedule: String,
    /// 実施状況
    #[serde(default)]
    pub progress: String,
    /// 改善結果
    #[serde(default)]
    pub result: String,
    /// 効果確認日
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_on: Option<NaiveDate>,
}

/// 作業実績 that nothing measures (別紙8-1): how often a work was done in a month, as somebody counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkCount {
    /// In which month.
    pub month: Month,
    /// 項番 of 別紙8-1.
    pub number: u32,
    /// How often.
    pub count: u64,
    /// Where it was counted: a document, a ledger.
    pub source: String,
}

/// 差の理由: why two sums of 突合せ do not agree, so that the month can be 確定 all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckReason {
    /// Of which month.
    pub month: Month,
    /// The id of the check.
    pub check: String,
    /// 差の理由
    pub reason: String,
    /// The name of who wrote it.
    pub author: String,
    /// The two sums that it was written for, as they stood on the page: for others it does not hold.
    pub sums: String,
}

impl CheckReason {
    /// Its name: a month has one for each check.
    pub fn id_of(month: Month, check: &str) -> String {
        format!("{month}.{check}")
    }

    /// What is wrong with it.
    pub fn faults(&self) -> Vec<FieldError> {
        let mut faults = missing(&[("reason", &self.reason)]);
        faults.extend(too_long(&[("reason", &self.reason, ENTRY_LETTERS)]));
        faults
    }
}

impl WorkCount {
    /// Its name: a month has one for each 項番.
    pub fn id_of(month: Month, number: u32) -> String {
        format!("{month}.{number:03}")
    }

    /// What is wrong with it.
    pub fn faults(&self) -> Vec<FieldError> {
        let mut faults = missing(&[("source", &self.source)]);
        faults.extend(too_long(&[("source", &self.source, ENTRY_LINE_LETTERS)]));
        if !(1..=99).contains(&self.number) {
            faults.push(FieldError::new("number", "一覧から選んでください"));
        }
        if self.count > 1_000_000 {
            faults.push(FieldError::new(
                "count",
                "1,000,000以下の回数を入力してください",
            ));
        }
        faults
    }
}

impl Improvement {
    /// One that nobody has written in yet.
    pub fn opened(month: Month, item: LevelItem) -> Self {
        Self {
            month,
            item,
            cause: String::new(),
            plan: String::new(),
            schedule: String::new(),
            progress: String::new(),
            result: String::new(),
            confirmed_on: None,
        }
    }

    /// Its name: a month has one for each item.
    pub fn id_of(month: Month, item: LevelItem) -> String {
        format!("{month}.{}.{}", item.system.as_str(), item.level.as_str())
    }

    /// What the report must say and does not: 原因分析, 改善案, 改善スケジュール (5.6.8).
    pub fn missing(&self) -> Vec<&'static str> {
        let parts = [
            ("原因分析", &self.cause),
            ("改善案", &self.plan),
            ("改善スケジュール", &self.schedule),
        ];
        let missing = parts.into_iter().filter(|(_, text)| text.trim().is_empty());
        missing.map(|(name, _)| name).collect()
    }

    /// What is wrong with it.
    pub fn faults(&self) -> Vec<FieldError> {
        too_long(&[
            ("cause", &self.cause, ENTRY_LETTERS),
            ("plan", &self.plan, ENTRY_LETTERS),
            ("schedule", &self.schedule, ENTRY_LETTERS),
            ("progress", &self.progress, ENTRY_LETTERS),
            ("result", &self.result, ENTRY_LETTERS),
        ])
    }
}

impl Remark {
    /// What is wrong with it.
    pub fn faults(&self) -> Vec<FieldError> {
        let mut faults = missing(&[("text", &self.text)]);
        faults.extend(too_long(&[("text", &self.text, ENTRY_LETTERS)]));
        faults
    }
}

impl Instruction {
    /// What is wrong with it.
    pub fn faults(&self) -> Vec<FieldError> {
        let mut faults = missing(&[("text", &self.text)]);
        faults.extend(too_long(&[
            ("text", &self.text, ENTRY_LETTERS),
            ("response", &self.response, ENTRY_LETTERS),
        ]));
        if self.done && self.by_day.is_none() {
            faults.push(FieldError::new("by_day", "完了した日を入力してください"));
        }
        faults
    }
}

/// A fault at each field without text.
pub(super) fn missing(fields: &[(&str, &str)]) -> Vec<FieldError> {
    let empty = fields.iter().filter(|(_, text)| text.trim().is_empty());
    empty
        .map(|(field, _)| FieldError::missing(*field))
        .collect()
}

/// A fault at each field with more letters than it takes.
pub(super) fn too_long(fields: &[(&str, &str, usize)]) -> Vec<FieldError> {
    let long = fields
        .iter()
        .filter(|(_, text, most)| text.chars().count() > *most);
    long.map(|(field, _, most)| {
        FieldError::new(*field, format!("{most}文字以内で入力してください"))
    })
    .collect()
}

impl MonthEntry for Remark {
    const KIND: &'static str = "remark";

    fn id(&self) -> String {
        self.id.clone()
    }

    fn month(&self) -> Month {
        self.month
    }
}

impl MonthEntry for Instruction {
    const KIND: &'static str = "instruction";

    fn id(&self) -> String {
        self.id.clone()
    }

    fn month(&self) -> Month {
        self.month
    }
}

impl MonthEntry for Improvement {
    const KIND: &'static str = "improvement";

    fn id(&self) -> String {
        Self::id_of(self.month, self.item)
    }

    fn month(&self) -> Month {
        self.month
    }
}

impl MonthEntry for WorkCount {
    const KIND: &'static str = "work";

    fn id(&self) -> String {
        Self::id_of(self.month, self.number)
    }

    fn month(&self) -> Month {
        self.month
    }
}

impl MonthEntry for CheckReason {
    const KIND: &'static str = "check_reason";

    fn id(&self) -> String {
        Self::id_of(self.month, &self.check)
    }

    fn month(&self) -> Month {
        self.month
    }
}

impl MonthEntry for LevelFact {
    const KIND: &'static str = "fact";

    fn id(&self) -> String {
        self.id.clone()
    }

    fn month(&self) -> Month {
        Month::at(self.at)
    }
}

impl MonthEntry for PublishedMonth {
    const KIND: &'static str = "published";

    fn id(&self) -> String {
        self.month.to_string()
    }

    fn month(&self) -> Month {
        self.month
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::month::Level;
    use crate::ticket::System;

    fn improvement() -> Improvement {
        let item = LevelItem {
            system: System::Indirect,
            level: Level::AnswerRate,
        };
        Improvement::opened("2024-04".parse().unwrap(), item)
    }

    #[test]
    fn a_report_of_improvement_wants_cause_plan_and_schedule() {
        let mut report = improvement();
        assert_eq!(report.missing(), ["原因分析", "改善案", "改善スケジュール"]);
        report.cause = "要員の不足".to_owned();
        report.plan = "増員".to_owned();
        report.schedule = "翌月から".to_owned();
        assert!(report.missing().is_empty() && report.faults().is_empty());
        assert_eq!(report.id(), "2024-04.indirect.answer_rate");
        report.cause = "あ".repeat(ENTRY_LETTERS + 1);
        assert_eq!(report.faults()[0].field, "cause");
    }

    #[test]
    fn a_fact_belongs_to_the_month_of_tokyo_in_which_it_happened() {
        use crate::month::Measure;
        let fact = |text: &str| LevelFact {
            id: "f".to_owned(),
            system: System::Indirect,
            at: Instant(
                chrono::DateTime::parse_from_rfc3339(text)
                    .unwrap()
                    .timestamp_millis(),
            ),
            what: "誤操作".to_owned(),
            measure: Measure::OperatorFault,
            exempt: None,
            proof: String::new(),
            entered_by: None,
        };
        let month = |text| fact(text).month().to_string();
        assert_eq!(month("2024-03-31T15:00:00Z"), "2024-04");
        assert_eq!(month("2024-03-31T14:59:59.999Z"), "2024-03");
    }

    #[test]
    fn entries_stand_in_the_order_in_which_they_were_made() {
        let first = entry_id(Instant(1_711_900_000_000), "ff");
        let second = entry_id(Instant(1_711_900_000_001), "00");
        assert!(first < second);
    }

    #[test]
    fn an_instruction_that_is_done_says_when() {
        let mut instruction = Instruction {
            id: "i".to_owned(),
            month: "2024-04".parse().unwrap(),
            text: "応答率の改善".to_owned(),
            response: String::new(),
            by_day: None,
            done: true,
        };
        assert_eq!(instruction.faults()[0].field, "by_day");
        instruction.done = false;
        assert!(instruction.faults().is_empty());
    }
}
