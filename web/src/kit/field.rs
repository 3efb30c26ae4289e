//! A field of a record: its name, how it is called, and how its value is reached.

mod making;

use std::borrow::Cow;

use super::form::{FormField, Input, Values};
use super::value::Text;
use crate::query::Choice;

/// What the operator's file decides cannot be changed on a screen.
const BY_FILE: &str = "設定ファイルで定めています。";

/// How the value of a field is reached in a record.
pub(crate) struct Access<R: 'static, T: 'static> {
    pub(crate) get: fn(&R) -> &T,
    pub(crate) get_mut: fn(&mut R) -> &mut T,
}

/// The [`Access`] to a field by its path.
macro_rules! access {
    ($($part:ident).+) => {
        $crate::kit::field::Access {
            get: |record| &record.$($part).+,
            get_mut: |record| &mut record.$($part).+,
        }
    };
}

pub(crate) use access;

type Get<'c, R> = Box<dyn Fn(&R) -> String + Send + Sync + 'c>;
type Set<'c, R> = Box<dyn Fn(&mut R, &str) -> Result<(), String> + Send + Sync + 'c>;

type ShownBy<'c> = Box<dyn Fn(&str) -> String + Send + Sync + 'c>;

/// A field of a record.
pub(crate) struct Field<'c, R> {
    pub(crate) info: FieldInfo,
    get: Get<'c, R>,
    pub(super) set: Set<'c, R>,
    /// How a value is told, where words and unit do not say it.
    shown_by: Option<ShownBy<'c>>,
    /// What the form says of the field of a record, beside its hint.
    remark: Option<Get<'c, R>>,
}

/// What is known of a field without a record.
#[derive(Debug, Clone)]
pub(crate) struct FieldInfo {
    /// The name in forms, in the audit log and in the API.
    pub(crate) name: Text,
    /// The name on its form.
    pub(crate) label: Text,
    /// The name where it is only told.
    pub(crate) short: Option<Text>,
    /// The part of the form that it stands in.
    pub(super) section: &'static str,
    pub(crate) input: Input,
    pub(crate) unit: &'static str,
    hint: Text,
    /// What can be chosen, with what it is called.
    choices: Vec<(Text, Text)>,
    /// Other values that are called otherwise than they are written.
    words: Vec<(Text, Text)>,
    required: bool,
    /// It is set when the record is made and never changes.
    pub(super) once: bool,
    /// The operator's file decides: what stands in its place.
    pub(super) by_file: Option<String>,
    /// The value that is to be seen at once in a list.
    marked: Option<&'static str>,
    pub(super) shown_in: ShownIn,
}

/// Where a field stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ShownIn {
    pub(super) form: bool,
    pub(super) record: bool,
    pub(super) list: bool,
}

impl FieldInfo {
    /// The name where it is only told.
    pub(crate) fn shown_name(&self) -> Text {
        self.short.clone().unwrap_or_else(|| self.label.clone())
    }

    /// It is part of what is told of a record.
    pub(crate) fn is_shown(&self) -> bool {
        self.shown_in.record
    }

    /// A value in words.
    pub(crate) fn in_words(&self, value: &str) -> String {
        let mut words = self.choices.iter().chain(&self.words);
        if let Some((_, word)) = words.find(|(known, _)| known == value) {
            return word.clone().into_owned();
        }
        match self.input {
            Input::Number if !value.is_empty() => format!("{value}{}", self.unit),
            Input::Lines => value.replace('\n', "、"),
            _ => value.to_owned(),
        }
    }
}

impl<R: 'static> Field<'_, R> {
    /// The value in words.
    pub(crate) fn in_words(&self, record: &R) -> String {
        let value = (self.get)(record);
        match &self.shown_by {
            Some(tell) if !value.is_empty() => tell(&value),
            _ => self.info.in_words(&value),
        }
    }

    /// Whether the value is to be seen at once in a list.
    pub(crate) fn is_marked(&self, record: &R) -> bool {
        self.info
            .marked
            .is_some_and(|marked| (self.get)(record) == marked)
    }

    /// The value as forms, the audit log and the API have it.
    pub(crate) fn value(&self, record: &R) -> String {
        (self.get)(record)
    }

    /// The field on the form.
    pub(super) fn shown(&self, values: &Values, record: Option<&R>) -> FormField {
        let info = &self.info;
        let remark = self.remark.as_ref().zip(record);
        let remark = remark.map(|(remark, record)| remark(record));
        let remark = remark.filter(|remark| !remark.is_empty());
        let (input, value, hint) = match (&info.by_file, record) {
            (Some(named), _) => (Input::Fixed, named.clone(), Cow::Borrowed(BY_FILE)),
            (None, Some(record)) if info.once => {
                (Input::Fixed, self.in_words(record), Cow::Borrowed(""))
            }
            (None, _) if info.input == Input::Secret => {
                (info.input, String::new(), info.hint.clone())
            }
            (None, _) => (
                info.input,
                values.get(&info.name).to_owned(),
                info.hint.clone(),
            ),
        };
        let choices = info.choices.iter();
        FormField {
            id: String::new(),
            name: info.name.clone(),
            label: info.label.clone(),
            hint: remark.map_or(hint, Cow::Owned),
            unit: info.unit,
            input,
            choices: Choice::list(choices.map(|(value, label)| (&**value, &**label)), &value),
            value,
            required: info.required,
            error: None,
        }
    }
}
