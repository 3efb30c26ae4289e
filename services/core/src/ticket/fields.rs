//! The fields of a ticket that people fill in, each with one way of being written as text: in forms,
//! in the history, and where two edits are merged.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::choices::{Channel, Impact, Priority, System, Urgency};
use crate::id::{ArticleId, CategoryId, DivisionId, PersonId, TicketId, UserId};
use crate::named;
use crate::setup::FieldError;

/// The longest question or answer.
pub const TICKET_TEXT_LETTERS: usize = 100_000;
/// The longest short field.
pub const TICKET_SHORT_LETTERS: usize = 100;
/// The most tags of a ticket, and the most articles.
pub const TICKET_TAGS: usize = 20;
/// The longest tag.
pub const TAG_LETTERS: usize = 30;
/// The most minutes of work (工数): a working year.
pub const WORK_MINUTES_AT_MOST: u32 = 120_000;

/// What people fill in.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct TicketFields {
    /// 業務区分
    pub division: Option<DivisionId>,
    /// By what way it came.
    pub channel: Channel,
    /// About which system.
    pub system: System,
    /// Its 分類.
    pub category: Option<CategoryId>,
    /// 影響度
    pub impact: Impact,
    /// 緊急度
    pub urgency: Urgency,
    /// 障害
    pub incident: bool,
    /// 緊急
    pub urgent: bool,
    /// 担当: who sees to it.
    pub owner: Option<UserId>,
    /// 質問
    pub question: String,
    /// 回答
    pub answer: String,
    /// Where the answer was taken from.
    pub answer_source: Option<AnswerSource>,
    /// Words to find it by.
    pub tags: BTreeSet<String>,
    /// Articles of the FAQ on the same matter.
    pub articles: BTreeSet<ArticleId>,
    /// 工数
    pub work_minutes: u32,
    /// Who asks.
    pub requester: Requester,
}

/// Who asks: the person of the directory if there is one, and what was so at that time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Requester {
    /// The person.
    pub person: Option<PersonId>,
    /// The telephone number to call back.
    pub number: String,
    /// 氏名
    pub name: String,
    /// 拠点
    pub site: String,
    /// 部署
    pub department: String,
}

/// What an answer was taken from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "source", content = "id", rename_all = "snake_case")]
pub enum AnswerSource {
    /// An article of the FAQ.
    Article(ArticleId),
    /// An earlier ticket.
    Ticket(TicketId),
    /// A 定型文, by its code.
    Phrase(String),
}

impl AnswerSource {
    fn text(&self) -> String {
        match self {
            Self::Article(id) => format!("article:{id}"),
            Self::Ticket(id) => format!("ticket:{id}"),
            Self::Phrase(code) => format!("phrase:{code}"),
        }
    }

    fn read(text: &str) -> Option<Self> {
        let (kind, id) = text.split_once(':').filter(|(_, id)| !id.is_empty())?;
        match kind {
            "article" => Some(Self::Article(id.into())),
            "ticket" => Some(Self::Ticket(id.into())),
            "phrase" => Some(Self::Phrase(id.to_owned())),
            _ => None,
        }
    }
}

named! {
    /// A field, by the name that it has in forms, in the API and in the history.
    #[derive(
        Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
    )]
    pub enum TicketField {
        /// [`TicketFields::division`]
        Division = "division", "業務区分";
        /// [`TicketFields::channel`]
        Channel = "channel", "受付方法";
        /// [`TicketFields::system`]
        System = "system", "システム";
        /// [`TicketFields::category`]
        Category = "category", "分類";
        /// [`TicketFields::impact`]
        Impact = "impact", "影響度";
        /// [`TicketFields::urgency`]
        Urgency = "urgency", "緊急度";
        /// [`TicketFields::incident`]
        Incident = "incident", "障害";
        /// [`TicketFields::urgent`]
        Urgent = "urgent", "緊急";
        /// [`TicketFields::owner`]
        Owner = "owner", "担当";
        /// [`TicketFields::question`]
        #[default]
        Question = "question", "質問";
        /// [`TicketFields::answer`]
        Answer = "answer", "回答";
        /// [`TicketFields::answer_source`]
        AnswerSource = "answer_source", "回答の引用元";
        /// [`TicketFields::tags`]
        Tags = "tags", "タグ";
        /// [`TicketFields::articles`]
        Articles = "articles", "関連するFAQ";
        /// [`TicketFields::work_minutes`]
        WorkMinutes = "work_minutes", "工数(分)";
        /// [`Requester::person`]
        Person = "person", "職員";
        /// [`Requester::number`]
        Number = "number", "電話番号";
        /// [`Requester::name`]
        Name = "name", "氏名";
        /// [`Requester::site`]
        Site = "site", "拠点";
        /// [`Requester::department`]
        Department = "department", "部署";
    }
}

/// How a truth is written.
const YES: &str = "yes";

impl TicketField {
    /// Whether it holds personal data of the requester.
    pub fn is_personal(self) -> bool {
        matches!(self, Self::Person | Self::Number | Self::Name)
    }

    /// Whether it is a set of words, one in each line.
    pub fn is_set(self) -> bool {
        matches!(self, Self::Tags | Self::Articles)
    }

    /// The longest text that it takes.
    pub fn letters(self) -> usize {
        match self {
            Self::Question | Self::Answer => TICKET_TEXT_LETTERS,
            Self::Tags | Self::Articles => TICKET_TAGS * (TICKET_SHORT_LETTERS + 1),
            _ => TICKET_SHORT_LETTERS,
        }
    }
}

impl TicketFields {
    /// 優先度
    pub fn priority(&self) -> Priority {
        Priority::of(self.impact, self.urgency)
    }

    /// Whether the limit of 項番 4 does not hold for it: 障害 and 緊急.
    pub fn is_exempt(&self) -> bool {
        self.incident || self.urgent
    }

    /// A field as text; empty if nothing is filled in.
    pub fn text(&self, field: TicketField) -> String {
        let yes = |is: bool| if is { YES } else { "" }.to_owned();
        match field {
            TicketField::Division => named(self.division.as_ref().map(DivisionId::as_str)),
            TicketField::Channel => self.channel.as_str().to_owned(),
            TicketField::System => self.system.as_str().to_owned(),
            TicketField::Category => named(self.category.as_ref().map(CategoryId::as_str)),
            TicketField::Impact => self.impact.as_str().to_owned(),
            TicketField::Urgency => self.urgency.as_str().to_owned(),
            TicketField::Incident => yes(self.incident),
            TicketField::Urgent => yes(self.urgent),
            TicketField::Owner => named(self.owner.as_ref().map(UserId::as_str)),
            TicketField::Question => self.question.clone(),
            TicketField::Answer => self.answer.clone(),
            TicketField::AnswerSource => {
                let source = self.answer_source.as_ref();
                source.map(AnswerSource::text).unwrap_or_default()
            }
            TicketField::Tags => joined(self.tags.iter().map(String::as_str)),
            TicketField::Articles => joined(self.articles.iter().map(ArticleId::as_str)),
            TicketField::WorkMinutes => self.work_minutes.to_string(),
            TicketField::Person => named(self.requester.person.as_ref().map(PersonId::as_str)),
            TicketField::Number => self.requester.number.clone(),
            TicketField::Name => self.requester.name.clone(),
            TicketField::Site => self.requester.site.clone(),
            TicketField::Department => self.requester.department.clone(),
        }
    }

    /// Fills a field in from text as [`Self::text`] writes it.
    ///
    /// # Errors
    ///
    /// What is wrong with the text; the field keeps what it had.
    pub fn set(&mut self, field: TicketField, text: &str) -> Result<(), FieldError> {
        let letters = text.chars().count();
        if letters > field.letters() {
            let message = format!(
                "{}文字以内で入力してください(入力された文字数: {letters})",
                field.letters()
            );
            return Err(FieldError::new(field.as_str(), message));
        }
        self.take(field, text).ok_or_else(|| {
            let message = match field {
                TicketField::Tags => {
                    format!("{TICKET_TAGS}個まで、それぞれ{TAG_LETTERS}文字以内で入力してください")
                }
                TicketField::WorkMinutes => {
                    format!("0から{WORK_MINUTES_AT_MOST}までの整数で入力してください")
                }
                _ => "選び直してください".to_owned(),
            };
            FieldError::new(field.as_str(), message)
        })
    }

    fn take(&mut self, field: TicketField, text: &str) -> Option<()> {
        let optional = Some(text).filter(|text| !text.is_empty());
        match field {
            TicketField::Division => self.division = optional.map(DivisionId::from),
            TicketField::Channel => self.channel = Channel::lookup(text)?,
            TicketField::System => self.system = System::lookup(text)?,
            TicketField::Category => self.category = optional.map(CategoryId::from),
            TicketField::Impact => self.impact = Impact::lookup(text)?,
            TicketField::Urgency => self.urgency = Urgency::lookup(text)?,
            TicketField::Incident => self.incident = text == YES,
            TicketField::Urgent => self.urgent = text == YES,
            TicketField::Owner => self.owner = optional.map(UserId::from),
            TicketField::Question => self.question = text.to_owned(),
            TicketField::Answer => self.answer = text.to_owned(),
            TicketField::AnswerSource => {
                self.answer_source = match optional {
                    Some(text) => Some(AnswerSource::read(text)?),
                    None => None,
                };
            }
            TicketField::Tags => self.tags = words_of(text, TAG_LETTERS)?,
            TicketField::Articles => {
                let ids = words_of(text, TICKET_SHORT_LETTERS)?;
                self.articles = ids.into_iter().map(ArticleId::new).collect();
            }
            TicketField::WorkMinutes => self.work_minutes = minutes(text)?,
            TicketField::Person => self.requester.person = optional.map(PersonId::from),
            TicketField::Number => self.requester.number = text.to_owned(),
            TicketField::Name => self.requester.name = text.to_owned(),
            TicketField::Site => self.requester.site = text.to_owned(),
            TicketField::Department => self.requester.department = text.to_owned(),
        }
        Some(())
    }
}

fn joined<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join("\n")
}

fn named(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

/// The words of a set, one in each line.
pub(super) fn lines(text: &str) -> BTreeSet<String> {
    let words = text.lines().map(str::trim);
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn words_of(text: &str, letters: usize) -> Option<BTreeSet<String>> {
    let words = lines(text);
    let fits =
        words.len() <= TICKET_TAGS && words.iter().all(|word| word.chars().count() <= letters);
    fits.then_some(words)
}

fn minutes(text: &str) -> Option<u32> {
    if text.is_empty() {
        return Some(0);
    }
    let minutes = text.parse().ok()?;
    (minutes <= WORK_MINUTES_AT_MOST).then_some(minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_reads_what_it_writes() {
        let whole = TicketFields {
            division: Some("help".into()),
            channel: Channel::Mail,
            system: System::Macs,
            category: Some("f09".into()),
            impact: Impact::High,
            urgency: Urgency::Medium,
            incident: true,
            urgent: true,
            owner: Some("u1".into()),
            question: "一行目\n二行目 ".to_owned(),
            answer: "﨑髙①〜😀".to_owned(),
            answer_source: Some(AnswerSource::Article("a1".into())),
            tags: ["旅費", "差戻し"].map(str::to_owned).into(),
            articles: ["a1".into()].into(),
            work_minutes: 15,
            requester: Requester {
                person: Some("p1".into()),
                number: "0312345678".to_owned(),
                name: "年金 花子".to_owned(),
                site: "中央年金事務所".to_owned(),
                department: "総務課".to_owned(),
            },
        };
        let mut copy = TicketFields::default();
        for field in TicketField::ALL {
            assert_ne!(whole.text(field), copy.text(field), "{field:?}");
            copy.set(field, &whole.text(field)).unwrap();
        }
        assert_eq!(copy, whole);
        for field in TicketField::ALL {
            let empty = TicketFields::default().text(field);
            copy.set(field, &empty).unwrap();
        }
        assert_eq!(copy, TicketFields::default());
    }

    #[test]
    fn what_does_not_fit_is_refused_and_changes_nothing() {
        let mut fields = TicketFields::default();
        let longest = "問".repeat(TICKET_TEXT_LETTERS);
        fields.set(TicketField::Question, &longest).unwrap();
        let fault = fields.set(TicketField::Question, &format!("{longest}い"));
        assert_eq!(
            fault.unwrap_err().message,
            "100000文字以内で入力してください(入力された文字数: 100001)"
        );
        let before = fields.clone();
        let tags = vec!["タグ".repeat(20); 1].join("\n");
        for (field, text) in [
            (TicketField::Channel, "fax"),
            (TicketField::WorkMinutes, "-1"),
            (TicketField::WorkMinutes, "120001"),
            (TicketField::Tags, tags.as_str()),
            (TicketField::AnswerSource, "article:"),
        ] {
            assert!(fields.set(field, text).is_err(), "{field:?}");
        }
        assert_eq!(fields, before);
    }
}
