//! What the form of the reception brings, and how it stands to the fields of a ticket.

use madoguchi_core::person::Person;
use madoguchi_core::setup::FieldError;
use madoguchi_core::ticket::{Handover, Route, TicketField, TicketFields};
use serde::{Deserialize, Serialize};

use crate::auth::token;
use crate::local_time::read_local;

/// What stands between words that are typed in one line.
const BETWEEN: [char; 7] = ['、', ',', '，', ' ', '　', '\n', '\r'];
/// The longest id that a form may name.
const ID_LETTERS: usize = 100;

/// The form. Drafts keep it without what belongs to one press of a button.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct ReceptionForm {
    /// The call that it is about; empty for none.
    pub(super) call: String,
    /// The ticket; one that is not kept yet has its name already, so that it is kept once.
    pub(super) ticket: String,
    /// The version of the ticket that was shown; 0 for a new one.
    pub(super) version: String,
    pub(super) division: String,
    pub(super) channel: String,
    pub(super) system: String,
    pub(super) category: String,
    pub(super) incident: String,
    pub(super) urgent: String,
    pub(super) question: String,
    pub(super) answer: String,
    pub(super) answer_source: String,
    /// In one line.
    pub(super) tags: String,
    /// Numbers or ids of articles, in one line.
    pub(super) articles: String,
    /// An internal note to be added.
    pub(super) note: String,
    pub(super) person: String,
    pub(super) number: String,
    pub(super) name: String,
    pub(super) site: String,
    pub(super) department: String,
    /// エスカレーション: to whom, how, what, until when.
    pub(super) vendor: String,
    pub(super) route: String,
    pub(super) sent: String,
    pub(super) due: String,
    /// 対象外: why.
    pub(super) reason: String,
    pub(super) reason_note: String,
    /// Not empty if files wait for the ticket: then there is something to come back to.
    pub(super) attached: String,
    /// The name of a file that was chosen and did not come along.
    #[serde(skip_serializing)]
    pub(super) file: String,
    /// The search whose results were shown.
    #[serde(skip_serializing)]
    pub(super) search: String,
    /// The code of the 定型文 that was chosen.
    #[serde(skip_serializing)]
    pub(super) phrase: String,
    /// What looks like a personal number and is meant to be saved all the same.
    #[serde(skip_serializing)]
    pub(super) sure: String,
    /// 転送: to whom.
    #[serde(skip_serializing)]
    pub(super) to: String,
    /// The number, where none of those that are offered is meant.
    #[serde(skip_serializing)]
    pub(super) to_number: String,
    /// The button that was pressed.
    #[serde(skip_serializing)]
    pub(super) intent: String,
}

impl ReceptionForm {
    /// An empty form under a new name.
    pub(super) fn blank() -> Self {
        Self {
            ticket: token::new_id(),
            version: "0".to_owned(),
            ..Self::default()
        }
    }

    /// The version of the ticket that was shown; 0 for a new one.
    pub(super) fn base_version(&self) -> u32 {
        self.version.parse().unwrap_or(0)
    }

    /// Whether the names in it can be such as we give.
    pub(super) fn has_plain_ids(&self) -> bool {
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        let is_plain = |id: &str| id.len() <= ID_LETTERS && id.bytes().all(letters);
        is_plain(&self.ticket) && self.call.chars().count() <= ID_LETTERS * 2
    }

    /// Whether somebody has typed a text into it.
    pub(super) fn has_text(&self) -> bool {
        let texts = [&self.question, &self.answer, &self.note, &self.sent];
        texts.iter().any(|text| !text.trim().is_empty())
    }

    /// Whether the desk has answered.
    pub(super) fn has_answer(&self) -> bool {
        !self.answer.trim().is_empty()
    }

    /// The text of a field as a ticket has it; `None` for what is not on this form.
    fn text(&self, field: TicketField) -> Option<String> {
        Some(match field {
            TicketField::Division => self.division.clone(),
            TicketField::Channel => self.channel.clone(),
            TicketField::System => self.system.clone(),
            TicketField::Category => self.category.clone(),
            TicketField::Incident => self.incident.clone(),
            TicketField::Urgent => self.urgent.clone(),
            TicketField::Question => plain(&self.question),
            TicketField::Answer => plain(&self.answer),
            TicketField::AnswerSource => self.answer_source.clone(),
            TicketField::Tags => in_lines(&self.tags),
            TicketField::Articles => in_lines(&self.articles),
            TicketField::Person => self.person.clone(),
            TicketField::Number => self.number.trim().to_owned(),
            TicketField::Name => self.name.trim().to_owned(),
            TicketField::Site => self.site.trim().to_owned(),
            TicketField::Department => self.department.trim().to_owned(),
            TicketField::Impact
            | TicketField::Urgency
            | TicketField::Owner
            | TicketField::WorkMinutes => return None,
        })
    }

    /// Fills in what a ticket has.
    pub(super) fn write(&mut self, fields: &TicketFields) {
        for field in TicketField::ALL {
            self.set(field, fields.text(field));
        }
    }

    /// Fills in one field; one that is not on this form is none of it.
    pub(super) fn set(&mut self, field: TicketField, text: String) {
        let (place, text) = match field {
            TicketField::Division => (&mut self.division, text),
            TicketField::Channel => (&mut self.channel, text),
            TicketField::System => (&mut self.system, text),
            TicketField::Category => (&mut self.category, text),
            TicketField::Incident => (&mut self.incident, text),
            TicketField::Urgent => (&mut self.urgent, text),
            TicketField::Question => (&mut self.question, text),
            TicketField::Answer => (&mut self.answer, text),
            TicketField::AnswerSource => (&mut self.answer_source, text),
            TicketField::Tags => (&mut self.tags, text.replace('\n', "、")),
            TicketField::Articles => (&mut self.articles, text.replace('\n', "、")),
            TicketField::Person => (&mut self.person, text),
            TicketField::Number => (&mut self.number, text),
            TicketField::Name => (&mut self.name, text),
            TicketField::Site => (&mut self.site, text),
            TicketField::Department => (&mut self.department, text),
            TicketField::Impact
            | TicketField::Urgency
            | TicketField::Owner
            | TicketField::WorkMinutes => return,
        };
        *place = text;
    }

    /// The fields of the ticket as the form has them, over those that are not on it; and what is wrong.
    pub(super) fn fields(&self, base: &TicketFields) -> (TicketFields, Vec<FieldError>) {
        let mut fields = base.clone();
        let mut faults = Vec::new();
        for field in TicketField::ALL {
            let Some(text) = self.text(field) else {
                continue;
            };
            let has_choice = matches!(field, TicketField::Channel | TicketField::System);
            if has_choice && text.is_empty() {
                continue;
            }
            if let Err(fault) = fields.set(field, &text) {
                faults.push(fault);
            }
        }
        (fields, faults)
    }

    /// The escalation that is asked for: what is sent is the question if nothing else is said.
    pub(super) fn handover(&self) -> Result<Handover, FieldError> {
        if self.vendor.trim().is_empty() {
            let message = "エスカレーション先を入力してください";
            return Err(FieldError::new("vendor", message));
        }
        let due = read_local(&self.due);
        let due = due.map_err(|fault| FieldError::new("due", fault))?;
        let sent = if self.sent.trim().is_empty() {
            &self.question
        } else {
            &self.sent
        };
        Ok(Handover {
            vendor: self.vendor.trim().to_owned(),
            route: Route::lookup(&self.route).unwrap_or_default(),
            sent: plain(sent),
            due,
            remind_at: None,
        })
    }

    /// Takes an answer in, behind what stands there already.
    pub(super) fn add_answer(&mut self, text: &str) {
        if self.has_answer() {
            self.answer = format!("{}\n\n{text}", self.answer.trim_end());
        } else {
            self.answer = text.to_owned();
        }
    }

    /// Says who asks.
    pub(super) fn take_person(&mut self, person: &Person) {
        self.person = person.id.as_str().to_owned();
        self.name.clone_from(&person.name);
        self.site.clone_from(&person.site);
        self.department.clone_from(&person.department);
        if let Some(number) = person.numbers.first().filter(|_| self.number.is_empty()) {
            self.number.clone_from(number);
        }
    }

    /// Names an article as related, once.
    pub(super) fn add_article(&mut self, name: &str) {
        let known = in_lines(&self.articles);
        if !known.lines().any(|known| known == name) {
            let all: Vec<&str> = known.lines().chain([name]).collect();
            self.articles = all.join("、");
        }
    }
}

/// Browsers send line ends in two letters.
pub(super) fn plain(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// Words of one line, one in each, in the order in which tickets have them.
fn in_lines(text: &str) -> String {
    let words = text.split(BETWEEN).filter(|word| !word.is_empty());
    let words: std::collections::BTreeSet<&str> = words.collect();
    words.into_iter().collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_ticket_has_comes_back_from_the_form_as_it_was() {
        let mut fields = TicketFields::default();
        for (field, text) in [
            (TicketField::Question, "一行目\n二行目"),
            (TicketField::Tags, "差戻し\n旅費"),
            (TicketField::Incident, "yes"),
            (TicketField::Owner, "u1"),
            (TicketField::Name, "年金 花子"),
            (TicketField::AnswerSource, "article:faq-1"),
        ] {
            fields.set(field, text).unwrap();
        }
        let mut form = ReceptionForm::blank();
        form.write(&fields);
        assert_eq!(form.tags, "差戻し、旅費");
        form.question = form.question.replace('\n', "\r\n");
        assert_eq!(form.fields(&fields), (fields, Vec::new()));
    }

    #[test]
    fn names_that_we_never_give_are_told_apart() {
        let form = |ticket: &str| ReceptionForm {
            ticket: ticket.to_owned(),
            ..ReceptionForm::default()
        };
        assert!(ReceptionForm::blank().has_plain_ids());
        for ticket in ["../x", "a b", "<script>", &"x".repeat(101)] {
            assert!(!form(ticket).has_plain_ids(), "{ticket}");
        }
    }

    #[test]
    fn an_escalation_sends_the_question_if_nothing_else_is_said() {
        let mut form = ReceptionForm {
            question: "調べてください\r\n至急".to_owned(),
            ..ReceptionForm::blank()
        };
        assert_eq!(form.handover().unwrap_err().field, "vendor");
        form.vendor = " 財務会計の保守 ".to_owned();
        let handover = form.handover().unwrap();
        assert_eq!(handover.sent, "調べてください\n至急");
        assert_eq!(handover.vendor, "財務会計の保守");
        form.due = "あした".to_owned();
        assert_eq!(form.handover().unwrap_err().field, "due");
    }

    #[test]
    fn a_second_answer_stands_behind_the_first_and_an_article_is_named_once() {
        let mut form = ReceptionForm::blank();
        form.add_answer("一");
        form.add_answer("二");
        assert_eq!(form.answer, "一\n\n二");
        form.add_article("F-1");
        form.add_article("F-1");
        form.add_article("F-2");
        assert_eq!(form.articles, "F-1、F-2");
    }
}
