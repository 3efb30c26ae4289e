//! 定型文: what agents write again and again, called up by a short code.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::era::japanese_date;
use crate::setup::FieldError;

/// The kind of [`Phrase`] in the store; its id is the code.
pub const PHRASE: &str = "phrase";

/// The longest code.
pub const PHRASE_CODE_LETTERS: usize = 20;
/// The longest title.
pub const PHRASE_TITLE_LETTERS: usize = 60;
/// The longest text.
pub const PHRASE_TEXT_LETTERS: usize = 2_000;

/// What may stand in `{}` in a text and is filled in where it is used.
pub const PHRASE_VARIABLES: [&str; 4] = ["氏名", "受付番号", "担当者", "日付"];

/// What is filled in. What is not known stays as it stands in the text, to be seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PhraseValues {
    /// 氏名 of who asks.
    pub name: Option<String>,
    /// 受付番号
    pub number: Option<String>,
    /// The name of the agent.
    pub agent: Option<String>,
    /// The day.
    pub date: Option<NaiveDate>,
}

impl PhraseValues {
    fn get(&self, variable: &str) -> Option<String> {
        match variable {
            "氏名" => self.name.clone(),
            "受付番号" => self.number.clone(),
            "担当者" => self.agent.clone(),
            "日付" => self.date.map(japanese_date),
            _ => None,
        }
    }
}

/// A text for agents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phrase {
    /// What is typed to call it up.
    pub code: String,
    /// What it is for.
    pub title: String,
    /// The text, with variables in `{}`.
    pub text: String,
}

impl Phrase {
    /// What is wrong with it.
    pub fn faults(&self) -> Vec<FieldError> {
        let mut faults = Vec::new();
        for (field, text, most) in [
            ("code", &self.code, PHRASE_CODE_LETTERS),
            ("title", &self.title, PHRASE_TITLE_LETTERS),
            ("text", &self.text, PHRASE_TEXT_LETTERS),
        ] {
            if text.is_empty() {
                faults.push(FieldError::missing(field));
            } else if text.chars().count() > most {
                let message = format!("{most}文字以内で入力してください");
                faults.push(FieldError::new(field, message));
            }
        }
        let is_plain = |letter: char| letter.is_alphanumeric() || "-_".contains(letter);
        if !self.code.chars().all(is_plain) {
            let message = "文字、数字、「-」「_」だけで入力してください";
            faults.push(FieldError::new("code", message));
        }
        if let Some(unknown) = self.unknown_variable() {
            let known = PHRASE_VARIABLES
                .map(|name| format!("{{{name}}}"))
                .join("、");
            let message = format!("「{{{unknown}}}」は使えません。使えるのは、{known}です");
            faults.push(FieldError::new("text", message));
        }
        faults
    }

    /// The text with its variables filled in. What is filled in is not looked at again.
    pub fn expand(&self, values: &PhraseValues) -> String {
        let mut expanded = String::with_capacity(self.text.len());
        let mut rest = self.text.as_str();
        while let Some((before, behind)) = rest.split_once('{') {
            expanded.push_str(before);
            let named = behind.split_once('}');
            let filled = named.and_then(|(name, after)| Some((values.get(name)?, after)));
            rest = match filled {
                Some((value, after)) => {
                    expanded.push_str(&value);
                    after
                }
                None => {
                    expanded.push('{');
                    behind
                }
            };
        }
        expanded.push_str(rest);
        expanded
    }

    /// The first variable that a text still holds, as 「{氏名}」: nothing was known to be filled in.
    pub fn left_over(text: &str) -> Option<String> {
        let named = PHRASE_VARIABLES.map(|name| format!("{{{name}}}"));
        named.into_iter().find(|variable| text.contains(variable))
    }

    /// The first variable that nothing is filled in for.
    fn unknown_variable(&self) -> Option<&str> {
        let opened = self.text.split('{').skip(1);
        let mut named = opened.filter_map(|rest| rest.split_once('}'));
        let unknown = named.find(|(name, _)| !PHRASE_VARIABLES.contains(name));
        unknown.map(|(name, _)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faulty(code: &str, text: &str) -> Vec<String> {
        let phrase = Phrase {
            code: code.to_owned(),
            title: "あいさつ".to_owned(),
            text: text.to_owned(),
        };
        phrase
            .faults()
            .into_iter()
            .map(|fault| fault.field)
            .collect()
    }

    #[test]
    fn a_phrase_has_a_plain_code_and_variables_that_are_filled_in() {
        assert!(faulty("aisatsu", "{氏名}様、{担当者}です。").is_empty());
        assert!(faulty("挨拶1", "波括弧 } だけなら { よい").is_empty());
        assert_eq!(faulty("a b", "x"), ["code"]);
        assert_eq!(faulty("a", "{住所}です"), ["text"]);
        assert_eq!(faulty("", ""), ["code", "text"]);
        assert_eq!(faulty("a", &"あ".repeat(2_001)), ["text"]);
    }

    #[test]
    fn variables_are_filled_in_and_what_is_not_known_stays_to_be_seen() {
        let phrase = |text: &str| Phrase {
            text: text.to_owned(),
            ..Phrase::default()
        };
        let values = PhraseValues {
            name: Some("年金 {担当者}".to_owned()),
            number: Some("R8-00123".to_owned()),
            agent: None,
            date: NaiveDate::from_ymd_opt(2026, 11, 24),
        };
        assert_eq!(
            phrase("{氏名}様、{受付番号}を{日付}に{担当者}が{受け} } {").expand(&values),
            "年金 {担当者}様、R8-00123を令和8年11月24日に{担当者}が{受け} } {"
        );
        assert_eq!(phrase("").expand(&values), "");
        assert_eq!(
            phrase("{{氏名}}").expand(&PhraseValues::default()),
            "{{氏名}}"
        );
    }
}
