//! 部署の案内先: whom callers are referred to with what the desk does not answer.

use serde::{Deserialize, Serialize};

use crate::setup::FieldError;

/// The kind of [`Department`] in the store; its id never changes.
pub const DEPARTMENT: &str = "department";

/// The longest name or number.
pub const DEPARTMENT_NAME_LETTERS: usize = 100;
/// The longest text about one.
pub const DEPARTMENT_TEXT_LETTERS: usize = 500;

/// A 部署 that callers are referred to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Department {
    /// The name.
    pub name: String,
    /// What it answers.
    #[serde(default)]
    pub answers: String,
    /// The number that callers are given.
    #[serde(default)]
    pub number: String,
    /// When it can be reached.
    #[serde(default)]
    pub hours: String,
    /// For the desk alone.
    #[serde(default)]
    pub note: String,
}

impl Department {
    /// What is wrong with it.
    pub fn faults(&self) -> Vec<FieldError> {
        let mut faults = Vec::new();
        for (field, text, most) in [
            ("name", &self.name, DEPARTMENT_NAME_LETTERS),
            ("answers", &self.answers, DEPARTMENT_TEXT_LETTERS),
            ("number", &self.number, DEPARTMENT_NAME_LETTERS),
            ("hours", &self.hours, DEPARTMENT_NAME_LETTERS),
            ("note", &self.note, DEPARTMENT_TEXT_LETTERS),
        ] {
            let is_needed = matches!(field, "name" | "answers" | "number");
            if is_needed && text.trim().is_empty() {
                faults.push(FieldError::missing(field));
            } else if text.chars().count() > most {
                let message = format!("{most}文字以内で入力してください");
                faults.push(FieldError::new(field, message));
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_are_told_whom_to_call_with_what() {
        let department = Department {
            name: "給与課".to_owned(),
            answers: "給与の計算".to_owned(),
            ..Department::default()
        };
        let fields: Vec<_> = department
            .faults()
            .into_iter()
            .map(|fault| fault.field)
            .collect();
        assert_eq!(fields, ["number"]);
    }
}
