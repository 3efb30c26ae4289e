//! 定型文: what agents write again and again, called up by a short code.

use serde::{Deserialize, Serialize};

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
                faults.push(FieldError::new(field, "入力してください"));
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
}
