//! 問合せフォーム: what staff write to the desk when the FAQ did not help.

use super::{QUERY_LETTERS, ReceiptNumber};
use crate::id::{ArticleId, PersonId};
use crate::service::HELP_DESK;
use crate::setup::FieldError;
use crate::ticket::{Channel, Requester, TicketFields};

/// The longest text.
pub const INQUIRY_LETTERS: usize = 2_000;
const NAME_LETTERS: usize = 60;
const EXTENSION_LETTERS: usize = 30;
/// What all fields of the form hold together.
pub const INQUIRY_FORM_LETTERS: usize =
    INQUIRY_LETTERS + 2 * NAME_LETTERS + EXTENSION_LETTERS + QUERY_LETTERS;

/// What somebody writes to the desk.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inquiry {
    /// Where they work.
    pub site: String,
    /// Who they are.
    pub name: String,
    /// Where they can be called back.
    pub extension: String,
    /// What they ask.
    pub text: String,
    /// The article that did not help.
    pub article: Option<ArticleId>,
    /// What they had looked for.
    pub query: String,
    /// Who they are in the directory, if they were signed in.
    pub person: Option<PersonId>,
}

impl Inquiry {
    /// The ticket that it becomes.
    pub fn fields(&self) -> TicketFields {
        TicketFields {
            division: Some(HELP_DESK.into()),
            channel: Channel::Portal,
            question: self.text.clone(),
            articles: self.article.iter().cloned().collect(),
            requester: Requester {
                person: self.person.clone(),
                number: self.extension.clone(),
                name: self.name.clone(),
                site: self.site.clone(),
                department: String::new(),
            },
            ..TicketFields::default()
        }
    }

    /// What the desk reads besides: the number that they were told before it was a ticket, what they had
    /// read (by its name) and looked for.
    pub fn note(&self, receipt: Option<ReceiptNumber>, article: Option<&str>) -> Option<String> {
        let lines = [
            receipt.map(|number| format!("フォームの受付番号 {number}")),
            article.map(|name| format!("見たFAQ {name}")),
            (!self.query.is_empty()).then(|| format!("検索した言葉『{}』", self.query)),
        ];
        let lines: Vec<String> = lines.into_iter().flatten().collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    /// What is missing or too long.
    pub fn faults(&self) -> Vec<FieldError> {
        let fields = [
            ("site", "拠点", &self.site, NAME_LETTERS),
            ("name", "名前", &self.name, NAME_LETTERS),
            (
                "extension",
                "内線番号または電話番号",
                &self.extension,
                EXTENSION_LETTERS,
            ),
            ("text", "問合せの内容", &self.text, INQUIRY_LETTERS),
        ];
        let fault = |(field, label, text, most): (&str, &str, &String, usize)| {
            if text.trim().is_empty() {
                Some(FieldError::new(
                    field,
                    format!("{label}を入力してください。"),
                ))
            } else if text.chars().count() > most {
                Some(FieldError::new(
                    field,
                    format!("{label}は{most}文字以内で入力してください。"),
                ))
            } else {
                None
            }
        };
        fields.into_iter().filter_map(fault).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inquiry_is_a_ticket_with_a_note_of_what_was_looked_for() {
        let inquiry = Inquiry {
            name: "佐藤".to_owned(),
            text: "差し戻されました。".to_owned(),
            article: Some("a1".into()),
            query: "旅費".to_owned(),
            ..Inquiry::default()
        };
        let fields = inquiry.fields();
        assert_eq!(fields.channel, Channel::Portal);
        assert_eq!(fields.requester.name, "佐藤");
        assert!(fields.articles.contains("a1"));
        assert_eq!(
            inquiry
                .note(Some(ReceiptNumber(12)), Some("FAQ-0001"))
                .unwrap(),
            "フォームの受付番号 0012\n見たFAQ FAQ-0001\n検索した言葉『旅費』"
        );
        assert_eq!(Inquiry::default().note(None, None), None);
    }

    #[test]
    fn the_desk_must_know_who_asks_what_and_where_to_call_back() {
        let fields = |inquiry: &Inquiry| -> Vec<_> {
            let faults = inquiry.faults().into_iter();
            faults.map(|fault| fault.field).collect()
        };
        assert_eq!(
            fields(&Inquiry::default()),
            ["site", "name", "extension", "text"]
        );
        let whole = Inquiry {
            site: "本部".to_owned(),
            name: "佐藤".to_owned(),
            extension: "1234".to_owned(),
            text: "差し戻されました。".to_owned(),
            ..Inquiry::default()
        };
        assert!(fields(&whole).is_empty());
        let long = Inquiry {
            text: "あ".repeat(INQUIRY_LETTERS + 1),
            ..whole
        };
        assert_eq!(fields(&long), ["text"]);
    }
}
