//! 問合せフォーム: what staff write to the desk when the FAQ did not help.

use super::QUERY_LETTERS;
use crate::setup::FieldError;

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
    pub article: Option<String>,
    /// What they had looked for.
    pub query: String,
}

impl Inquiry {
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
