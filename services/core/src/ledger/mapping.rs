//! Which column of a ledger is what: guessed by its head, corrected by people, kept for the next time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::named;
use crate::normal::normal_text;

/// The longest name of a ledger.
pub const LEDGER_NAME_LETTERS: usize = 40;
/// The most letters of a head.
const HEAD_LETTERS: usize = 60;

named! {
    /// What a column can be.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    pub enum LedgerField {
        /// The number that the matter had there: by it the row is known again.
        Number = "number", "移行元の番号";
        /// 受付日時, or 受付日.
        ReceivedAt = "received_at", "受付日時・受付日";
        /// The time of day, where the date stands alone.
        ReceivedTime = "received_time", "受付時刻";
        /// 質問
        Question = "question", "質問";
        /// 回答
        Answer = "answer", "回答";
        /// When it was answered.
        AnsweredAt = "answered_at", "回答日時・回答日";
        /// When it was done.
        DoneAt = "done_at", "完了日時・完了日";
        /// 状態
        Status = "status", "状態";
        /// 業務区分
        Division = "division", "業務区分";
        /// システム
        System = "system", "システム";
        /// 分類
        Category = "category", "分類";
        /// 受付方法
        Channel = "channel", "受付方法";
        /// 職員番号
        Person = "person", "職員番号";
        /// 氏名
        Name = "name", "氏名";
        /// 拠点
        Site = "site", "拠点";
        /// 部署
        Department = "department", "部署";
        /// 電話番号
        Caller = "caller", "電話番号";
        /// 担当
        Owner = "owner", "担当";
        /// 影響度
        Impact = "impact", "影響度";
        /// 緊急度
        Urgency = "urgency", "緊急度";
        /// 障害
        Incident = "incident", "障害";
        /// 緊急
        Urgent = "urgent", "緊急";
        /// タグ
        Tags = "tags", "タグ";
        /// 工数 in minutes.
        WorkMinutes = "work_minutes", "工数(分)";
        /// An internal note.
        Note = "note", "メモ";
    }
}

/// Heads that are known besides what fields are called, in one form however they are typed.
const HEADS: &[(&str, LedgerField)] = {
    use LedgerField as F;
    &[
        ("受付番号", F::Number),
        ("問合せ番号", F::Number),
        ("問い合わせ番号", F::Number),
        ("管理番号", F::Number),
        ("整理番号", F::Number),
        ("番号", F::Number),
        ("項番", F::Number),
        ("no", F::Number),
        ("no.", F::Number),
        ("id", F::Number),
        ("受付日時", F::ReceivedAt),
        ("受付日", F::ReceivedAt),
        ("受付年月日", F::ReceivedAt),
        ("入電日時", F::ReceivedAt),
        ("発生日時", F::ReceivedAt),
        ("日時", F::ReceivedAt),
        ("日付", F::ReceivedAt),
        ("受付時間", F::ReceivedTime),
        ("時刻", F::ReceivedTime),
        ("質問の全文", F::Question),
        ("質問内容", F::Question),
        ("問合せ内容", F::Question),
        ("問い合わせ内容", F::Question),
        ("お問い合わせ内容", F::Question),
        ("照会内容", F::Question),
        ("内容", F::Question),
        ("件名", F::Question),
        ("回答の全文", F::Answer),
        ("回答内容", F::Answer),
        ("対応内容", F::Answer),
        ("対応結果", F::Answer),
        ("処置内容", F::Answer),
        ("一次回答の日時", F::AnsweredAt),
        ("回答日時", F::AnsweredAt),
        ("回答日", F::AnsweredAt),
        ("完了日時", F::DoneAt),
        ("完了日", F::DoneAt),
        ("対応完了日", F::DoneAt),
        ("終了日", F::DoneAt),
        ("対応状況", F::Status),
        ("ステータス", F::Status),
        ("区分", F::Division),
        ("業務", F::Division),
        ("対象システム", F::System),
        ("システム名", F::System),
        ("カテゴリ", F::Category),
        ("カテゴリー", F::Category),
        ("種別", F::Category),
        ("問合せ分類", F::Category),
        ("受付手段", F::Channel),
        ("受付経路", F::Channel),
        ("手段", F::Channel),
        ("職員コード", F::Person),
        ("職員id", F::Person),
        ("お名前", F::Name),
        ("名前", F::Name),
        ("問合せ者", F::Name),
        ("問合せ元", F::Name),
        ("依頼者", F::Name),
        ("事務所", F::Site),
        ("年金事務所", F::Site),
        ("拠点名", F::Site),
        ("所属", F::Department),
        ("課", F::Department),
        ("部署名", F::Department),
        ("連絡先", F::Caller),
        ("電話", F::Caller),
        ("内線", F::Caller),
        ("担当者", F::Owner),
        ("受付者", F::Owner),
        ("対応者", F::Owner),
        ("優先度", F::Urgency),
        ("障害の有無", F::Incident),
        ("キーワード", F::Tags),
        ("工数", F::WorkMinutes),
        ("対応時間(分)", F::WorkMinutes),
        ("備考", F::Note),
    ]
};

/// A head in one form however it is typed.
fn normal(head: &str) -> String {
    normal_text(head.trim_start_matches('\u{feff}'), HEAD_LETTERS)
}

/// What heads stand for; nothing where a column is not to be taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mapping(BTreeMap<String, Option<LedgerField>>);

/// What each column of a file is, with its head as it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    heads: Vec<String>,
    fields: Vec<Option<LedgerField>>,
}

impl Mapping {
    /// What the columns of a file are: as somebody said of a head before, otherwise as it reads. Each
    /// field has one column, the first.
    pub fn columns(&self, heads: &[String]) -> Columns {
        let mut columns = Columns {
            heads: heads.iter().map(|head| head.trim().to_owned()).collect(),
            fields: vec![None; heads.len()],
        };
        for said in [true, false] {
            for (at, head) in heads.iter().enumerate() {
                let head = normal(head);
                let field = match self.0.get(&head) {
                    Some(field) if said => *field,
                    None if !said => guess(&head),
                    _ => continue,
                };
                let is_free = field.is_some_and(|field| columns.place(field).is_none());
                if let (Some(place), true) = (columns.fields.get_mut(at), is_free) {
                    *place = field;
                }
            }
        }
        columns
    }

    /// What is said of these columns, for the next time.
    pub fn of(columns: &Columns) -> Self {
        let heads = columns.heads.iter().map(|head| normal(head));
        let pairs = heads.zip(columns.fields.iter().copied());
        Self(pairs.filter(|(head, _)| !head.is_empty()).collect())
    }
}

fn guess(head: &str) -> Option<LedgerField> {
    let mut all = LedgerField::ALL.into_iter();
    let own = all.find(|field| normal(field.label()) == head || field.as_str() == head);
    own.or_else(|| {
        let known = HEADS.iter().find(|(known, _)| *known == head);
        known.map(|(_, field)| *field)
    })
}

impl Columns {
    /// Columns with these heads and what somebody says they are.
    ///
    /// # Errors
    /// The field that two columns would be.
    pub fn new(heads: Vec<String>, fields: Vec<Option<LedgerField>>) -> Result<Self, LedgerField> {
        let named = fields.iter().flatten();
        let twice = named
            .clone()
            .find(|one| named.clone().filter(|it| it == one).count() > 1);
        match twice {
            Some(field) => Err(*field),
            None => Ok(Self { heads, fields }),
        }
    }

    /// The columns, each with its head.
    pub fn list(&self) -> impl Iterator<Item = (&str, Option<LedgerField>)> {
        let heads = self.heads.iter().map(String::as_str);
        heads.zip(self.fields.iter().copied())
    }

    /// The fields without which no row can be taken, and which no column is.
    pub fn missing(&self) -> Vec<LedgerField> {
        let needed = [
            LedgerField::Number,
            LedgerField::ReceivedAt,
            LedgerField::Question,
        ];
        let missing = needed
            .into_iter()
            .filter(|field| self.place(*field).is_none());
        missing.collect()
    }

    /// Where a field stands.
    fn place(&self, field: LedgerField) -> Option<usize> {
        self.fields.iter().position(|one| *one == Some(field))
    }

    /// What stands in a row under a field.
    pub(super) fn cell<'r>(&self, row: &'r [String], field: LedgerField) -> &'r str {
        let cell = self.place(field).and_then(|at| row.get(at));
        cell.map_or("", |cell| cell.trim())
    }

    /// The head of the column that a field is.
    pub(super) fn head(&self, field: LedgerField) -> &str {
        let head = self.place(field).and_then(|at| self.heads.get(at));
        head.map_or(field.label(), String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heads(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    fn fields(columns: &Columns) -> Vec<Option<LedgerField>> {
        columns.list().map(|(_, field)| field).collect()
    }

    #[test]
    fn heads_are_guessed_and_what_people_said_of_them_comes_first() {
        use LedgerField as F;
        let file = heads(&["\u{feff}Ｎｏ．", "受付日", "お問い合わせ内容", "内容", "色"]);
        let guessed = Mapping::default().columns(&file);
        let expected = [
            Some(F::Number),
            Some(F::ReceivedAt),
            Some(F::Question),
            None,
            None,
        ];
        assert_eq!(fields(&guessed), expected);
        assert!(guessed.missing().is_empty());
        let said = vec![
            Some(F::Number),
            Some(F::ReceivedAt),
            None,
            Some(F::Question),
            Some(F::Tags),
        ];
        let said = Columns::new(file.clone(), said).unwrap();
        let kept = serde_json::to_string(&Mapping::of(&said)).unwrap();
        let kept: Mapping = serde_json::from_str(&kept).unwrap();
        assert_eq!(fields(&kept.columns(&file)), fields(&said));
        let twice = Columns::new(file, vec![Some(F::Tags), Some(F::Tags)]);
        assert_eq!(twice, Err(F::Tags));
    }

    #[test]
    fn the_heads_of_our_own_ledger_are_known() {
        let own = heads(&[
            "受付番号",
            "状態",
            "受付日時",
            "分類",
            "質問の全文",
            "回答の全文",
        ]);
        assert!(Mapping::default().columns(&own).missing().is_empty());
    }
}
