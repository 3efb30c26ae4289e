//! What is wrong with a thing that is set in the file or on a screen, at which field of it.

use std::fmt;

/// What is told of a field in which nothing was typed.
const MISSING: &str = "入力してください";

/// Of which kind the fault of a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldErrorKind {
    /// Nothing was typed where something must be. Whoever knows how the field is called names it.
    Missing,
    /// What was typed is wrong.
    Wrong,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field, as the file names it.
    pub field: String,
    /// Of which kind the fault is.
    pub kind: FieldErrorKind,
    /// What, and what to do: a sentence in Japanese without the stop at its end.
    pub message: String,
}

impl FieldError {
    /// The fault of a field.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            kind: FieldErrorKind::Wrong,
            message: message.into(),
        }
    }

    /// The fault of a field in which nothing was typed.
    pub fn missing(field: impl Into<String>) -> Self {
        Self {
            kind: FieldErrorKind::Missing,
            ..Self::new(field, MISSING)
        }
    }
}

/// The kinds of things that a desk consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// 回線
    Line,
    /// 担当者
    Agent,
    /// 外線
    Trunk,
    /// 受付カレンダー
    Calendar,
}

impl Part {
    /// The name in the file.
    pub fn key(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Agent => "agent",
            Self::Trunk => "trunk",
            Self::Calendar => "calendar",
        }
    }

    /// The name on screens.
    pub fn label(self) -> &'static str {
        match self {
            Self::Line => "回線",
            Self::Agent => "担当者",
            Self::Trunk => "外線",
            Self::Calendar => "受付カレンダー",
        }
    }
}

/// What is wrong with one thing of the desk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct PartFault {
    /// Its kind.
    pub part: Part,
    /// Its name (of agents the id).
    pub name: String,
    /// What is wrong with it.
    pub fault: FieldError,
}

impl PartFault {
    /// What is wrong with a thing of this kind and name.
    pub fn new(part: Part, name: &str, fault: FieldError) -> Self {
        Self {
            part,
            name: name.to_owned(),
            fault,
        }
    }
}

impl fmt::Display for PartFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}「{}」の設定「{}」に誤りがあります: {}",
            self.part.key(),
            self.name,
            self.fault.field,
            self.fault.message
        )
    }
}

/// The longest time that may be set, in seconds: a day.
const SECONDS_AT_MOST: u32 = 86_400;

/// The fault of a number that is out of its range.
pub(super) fn range(field: &str, value: u32, least: u32, most: u32) -> Option<FieldError> {
    if value < least {
        return Some(FieldError::new(
            field,
            format!("{least}以上の値にしてください"),
        ));
    }
    (value > most).then(|| FieldError::new(field, format!("{most}以下の値にしてください")))
}

/// The fault of a time in seconds that is out of its range.
pub(super) fn seconds(field: &str, value: u32, least: u32) -> Option<FieldError> {
    range(field, value, least, SECONDS_AT_MOST)
}

/// The fault of a name that cannot be entered on a screen: empty, too long, or with letters that
/// nobody can see.
pub(super) fn entered_name(field: &str, name: &str, most_letters: usize) -> Option<FieldError> {
    if name.is_empty() {
        return Some(FieldError::new(field, "名前を入力してください"));
    }
    if name.chars().count() > most_letters {
        let message = format!("{most_letters}文字以内で入力してください");
        return Some(FieldError::new(field, message));
    }
    let unseen = name.chars().any(char::is_control);
    unseen.then(|| {
        FieldError::new(
            field,
            "表示できない文字が入っています。入力し直してください",
        )
    })
}
