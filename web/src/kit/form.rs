//! Forms: the values as they are typed, the fields as the page shows them, and the faults at the
//! fields.

use madoguchi_core::setup::{FieldError, FieldErrorKind};

use super::value::Text;
use crate::query::Choice;

/// The values of a form, by the names of its fields.
#[derive(Debug, Clone, Default)]
pub(crate) struct Values(Vec<(String, String)>);

impl Values {
    pub(crate) fn of(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// The value of a field; empty if the form does not have it.
    pub(crate) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.trim())
    }

    #[cfg(test)]
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value.into()));
    }

    /// Whether it is only to be tried what would come of it.
    pub(crate) fn is_trial(&self) -> bool {
        self.get("intent") == "try"
    }

    /// The version that the form was made of.
    pub(crate) fn version(&self) -> i64 {
        self.get("version").parse().unwrap_or(0)
    }
}

/// Fields that belong together.
pub(crate) struct Section {
    pub(crate) title: &'static str,
    pub(crate) fields: Vec<FormField>,
}

/// One field as the page shows it.
pub(crate) struct FormField {
    pub(crate) id: String,
    pub(crate) name: Text,
    pub(crate) label: Text,
    pub(crate) hint: Text,
    pub(crate) unit: &'static str,
    pub(crate) input: Input,
    pub(crate) value: String,
    pub(crate) choices: Vec<Choice>,
    pub(crate) required: bool,
    pub(crate) error: Option<String>,
}

/// How a field is filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    /// One line of text.
    Text,
    /// A number, typed in digits.
    Number,
    /// Several lines of text.
    Area,
    /// A list, one a line.
    Lines,
    /// One of a list.
    Select,
    /// Yes or no.
    Check,
    /// One of a few, all of which are seen.
    Radio,
    /// A date and a time of day.
    DateTime,
    /// A time of day.
    Time,
    /// A secret that is not shown again.
    Secret,
    /// Only shown.
    Fixed,
}

impl FormField {
    /// The ids of what describes the field, for those who hear the page.
    pub(crate) fn described_by(&self) -> String {
        let mut ids = Vec::new();
        if !self.hint.is_empty() {
            ids.push(format!("{}-hint", self.id));
        }
        if self.error.is_some() {
            ids.push(format!("{}-error", self.id));
        }
        ids.join(" ")
    }
}

/// A form with its faults.
pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) version: i64,
    pub(crate) sections: Vec<Section>,
    pub(crate) errors: Vec<FormError>,
    pub(crate) submit: &'static str,
    /// What is asked before it is sent; empty if nothing.
    pub(crate) confirm: &'static str,
    /// When a change takes effect; empty if that goes without saying.
    pub(crate) takes_effect: &'static str,
    /// What would come of it, as HTML.
    pub(crate) trial: Option<String>,
}

/// A fault as the head of the page tells it, with a link to its field.
pub(crate) struct FormError {
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) message: String,
}

impl Form {
    pub(crate) fn new(
        action: String,
        version: i64,
        mut sections: Vec<Section>,
        faults: &[FieldError],
    ) -> Self {
        let mut errors = Vec::new();
        let fields = sections.iter_mut().flat_map(|section| &mut section.fields);
        for (n, field) in fields.enumerate() {
            field.id = format!("f{}", n + 1);
            let fault = faults.iter().find(|fault| fault.field == field.name);
            let Some(fault) = fault else { continue };
            let message = match fault.kind {
                FieldErrorKind::Missing => {
                    let label = field.label.trim_end_matches("(省略可)");
                    format!("{label}を{}。", fault.message)
                }
                FieldErrorKind::Wrong => format!("{}。", fault.message),
            };
            field.error = Some(message.clone());
            errors.push(FormError {
                id: field.id.clone(),
                label: field.label.to_string(),
                message,
            });
        }
        let is_shown = |fault: &FieldError| {
            let mut fields = sections.iter().flat_map(|section| &section.fields);
            fields.any(|field| field.name == fault.field)
        };
        let others = faults.iter().filter(|fault| !is_shown(fault));
        let others = others.map(|fault| FormError {
            id: String::new(),
            label: String::new(),
            message: format!("{}。", fault.message),
        });
        let mut all: Vec<_> = others.collect();
        all.append(&mut errors);
        Self {
            action,
            version,
            sections,
            errors: all,
            submit: "保存する",
            confirm: "",
            takes_effect: "",
            trial: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::field::{Field, access};
    use super::super::fields::sections;
    use super::*;

    #[test]
    fn faults_stand_at_their_fields_and_all_of_them_at_the_head() {
        struct Named {
            name: String,
        }
        let fields = [Field::<Named>::text("name", "名前", access!(name)).hint("短く")];
        let sections = sections(&fields, &Values::default(), None);
        let faults = [
            FieldError::missing("name"),
            FieldError::new("", "ほかの誤り"),
        ];
        let form = Form::new("/x".to_owned(), 0, sections, &faults);
        let field = &form.sections[0].fields[0];
        assert_eq!(field.error.as_deref(), Some("名前を入力してください。"));
        assert_eq!(field.described_by(), "f1-hint f1-error");
        let told: Vec<_> = form
            .errors
            .iter()
            .map(|error| error.message.as_str())
            .collect();
        assert_eq!(told, ["ほかの誤り。", "名前を入力してください。"]);
        assert_eq!(form.errors[1].id, "f1");
    }
}
