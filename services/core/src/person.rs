//! 職員: the people who may call, as the directory knows them.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::PersonId;
use crate::phone;
use crate::setup::FieldError;

/// The longest 職員番号.
pub const PERSON_ID_LETTERS: usize = 32;
/// The longest name, 拠点 or 部署.
pub const PERSON_TEXT_LETTERS: usize = 100;
/// The most numbers of a person.
pub const PERSON_NUMBERS: usize = 10;
/// The longest number.
pub const PERSON_NUMBER_LETTERS: usize = 32;

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Person {
    /// 職員番号
    pub id: PersonId,
    /// 氏名
    pub name: String,
    /// 氏名 in kana.
    #[serde(default)]
    pub kana: String,
    /// 拠点
    #[serde(default)]
    pub site: String,
    /// 部署
    #[serde(default)]
    pub department: String,
    /// メールアドレス
    #[serde(default)]
    pub mail: String,
    /// Telephone numbers and extensions in canonical form, the main one first.
    #[serde(default)]
    pub numbers: Vec<String>,
    /// Since when the person is not there any more: kept, and not offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_on: Option<NaiveDate>,
}

impl Person {
    /// What is wrong with it.
    pub fn faults(&self) -> Vec<FieldError> {
        let mut faults = Vec::new();
        let fields = [
            ("id", "職員番号", self.id.as_str(), PERSON_ID_LETTERS),
            ("name", "氏名", &self.name, PERSON_TEXT_LETTERS),
            ("kana", "氏名(カナ)", &self.kana, PERSON_TEXT_LETTERS),
            ("site", "拠点", &self.site, PERSON_TEXT_LETTERS),
            ("department", "部署", &self.department, PERSON_TEXT_LETTERS),
            ("mail", "メールアドレス", &self.mail, PERSON_TEXT_LETTERS),
        ];
        for (field, label, text, most) in fields {
            let is_needed = matches!(field, "id" | "name");
            if is_needed && text.trim().is_empty() {
                faults.push(FieldError::new(field, format!("{label}を入力してください")));
            } else if text.chars().count() > most {
                let message = format!("{label}は{most}文字以内で入力してください");
                faults.push(FieldError::new(field, message));
            } else if text.chars().any(char::is_control) {
                let message = format!("{label}に表示できない文字が入っています");
                faults.push(FieldError::new(field, message));
            }
        }
        faults.extend(self.number_fault());
        faults
    }

    fn number_fault(&self) -> Option<FieldError> {
        let mut seen = BTreeSet::new();
        if let Some(twice) = self.numbers.iter().find(|number| !seen.insert(*number)) {
            let message = format!("電話番号「{twice}」が2回入力されています");
            return Some(FieldError::new("numbers", message));
        }
        if self.numbers.len() > PERSON_NUMBERS {
            let message = format!("電話番号は{PERSON_NUMBERS}個以内で入力してください");
            return Some(FieldError::new("numbers", message));
        }
        let wrong = self.numbers.iter().find(|number| !is_number(number))?;
        let message = format!("「{wrong}」は電話番号として読み取れません");
        Some(FieldError::new("numbers", message))
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    !digits.is_empty()
        && text.len() <= PERSON_NUMBER_LETTERS
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The numbers in a cell of a list, in canonical form: one, or several with 「／」, 「、」 or line breaks
/// between them. As 「／」 also stands within a number, what makes up one number of this country is one.
pub fn numbers_in(cell: &str) -> Vec<String> {
    let pieces = cell.split(['、', ',', '，', ';', '；', '\n', '|', '｜']);
    let numbers = pieces.flat_map(|piece| {
        let whole = phone::normalize(piece);
        let national = whole.starts_with('0')
            && (10..=11).contains(&whole.len())
            && whole.bytes().all(|byte| byte.is_ascii_digit());
        if national {
            return vec![whole];
        }
        piece.split(['/', '／']).map(phone::normalize).collect()
    });
    numbers.filter(|number| !number.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person() -> Person {
        Person {
            id: "1234567".into(),
            name: "髙﨑 花子".to_owned(),
            kana: String::new(),
            site: "中央年金事務所".to_owned(),
            department: "総務課".to_owned(),
            mail: String::new(),
            numbers: vec!["0312345678".to_owned(), "1234".to_owned()],
            left_on: None,
        }
    }

    #[test]
    fn what_is_wrong_with_a_person_is_told_at_its_field() {
        assert!(person().faults().is_empty());
        let wrong = |person: Person| -> Vec<String> {
            let faults = person.faults();
            faults.into_iter().map(|fault| fault.field).collect()
        };
        assert_eq!(
            wrong(Person {
                id: "".into(),
                name: " ".to_owned(),
                site: "\u{7}".to_owned(),
                ..person()
            }),
            ["id", "name", "site"]
        );
        for numbers in [vec!["1234"; 2], vec!["内線"], vec!["+"]] {
            let numbers = numbers.into_iter().map(str::to_owned).collect();
            assert_eq!(
                wrong(Person {
                    numbers,
                    ..person()
                }),
                ["numbers"]
            );
        }
    }

    #[test]
    fn a_cell_holds_one_number_or_several_in_any_spelling() {
        for (cell, numbers) in [
            ("03-1234-5678", vec!["0312345678"]),
            ("03／1234／5678", vec!["0312345678"]),
            (
                "０３－１２３４－５６７８／１２３４",
                vec!["0312345678", "1234"],
            ),
            ("+81 3-1234-5678、1234", vec!["0312345678", "1234"]),
            ("1234／5678", vec!["1234", "5678"]),
            ("0312345678/0612345678", vec!["0312345678", "0612345678"]),
            ("090-1234-5678", vec!["09012345678"]),
            (" ／ ", vec![]),
            ("内線1234", vec!["内線1234"]),
        ] {
            assert_eq!(numbers_in(cell), numbers, "{cell}");
        }
    }
}
