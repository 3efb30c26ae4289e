//! Forms of things that are set on screens: the values as they are typed, the fields as the page
//! shows them, and the faults at the fields.

use madoguchi_core::setup::Fault;

use crate::query::Choice;

/// The values of a form, by the names of its fields.
#[derive(Debug, Clone, Default)]
pub(super) struct Values(Vec<(String, String)>);

impl Values {
    pub(super) fn of(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// The value of a field; empty if the form does not have it.
    pub(super) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.trim())
    }

    /// The value of a field; `None` if nothing was typed.
    pub(super) fn given(&self, name: &str) -> Option<String> {
        let value = self.get(name);
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// Whether a box is ticked.
    pub(super) fn ticked(&self, name: &str) -> bool {
        !self.get(name).is_empty()
    }

    /// The lines of a field, without empty ones.
    pub(super) fn lines(&self, name: &str) -> Vec<String> {
        let lines = self.get(name).lines().map(str::trim);
        lines
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect()
    }

    pub(super) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value.into()));
    }

    pub(super) fn tick(&mut self, name: &str, ticked: bool) {
        self.set(name, if ticked { YES } else { "" });
    }

    /// The version that the form was made of.
    pub(super) fn version(&self) -> i64 {
        self.get("version").parse().unwrap_or(0)
    }

    /// A number; what is no number is a fault of the field.
    pub(super) fn number<N: std::str::FromStr + Default>(
        &self,
        name: &str,
        faults: &mut Vec<Fault>,
    ) -> N {
        match plain_digits(self.get(name)).parse() {
            Ok(number) => number,
            Err(_) => {
                faults.push(Fault::new(name, "数字で入力してください"));
                N::default()
            }
        }
    }

    /// A number, or nothing.
    pub(super) fn optional_number(&self, name: &str, faults: &mut Vec<Fault>) -> Option<u32> {
        (!self.get(name).is_empty()).then(|| self.number(name, faults))
    }
}

/// The value of a ticked box.
const YES: &str = "yes";

/// Digits as programs write them, whatever keyboard they were typed with.
fn plain_digits(text: &str) -> String {
    let plain = |letter: char| match letter {
        '０'..='９' => {
            char::from_digit(u32::from(letter) - u32::from('０'), 10).unwrap_or(letter)
        }
        'ー' | '－' | '−' => '-',
        letter => letter,
    };
    text.chars()
        .filter(|letter| *letter != ',')
        .map(plain)
        .collect()
}

/// Fields that belong together.
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) fields: Vec<Field>,
}

impl Section {
    pub(super) fn new(title: &'static str, fields: Vec<Field>) -> Self {
        Self { title, fields }
    }
}

/// One field as the page shows it.
pub(super) struct Field {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) label: String,
    pub(super) hint: String,
    pub(super) unit: &'static str,
    pub(super) input: Input,
    pub(super) value: String,
    pub(super) choices: Vec<Choice>,
    pub(super) required: bool,
    pub(super) error: Option<String>,
}

/// How a field is filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Input {
    /// One line of text.
    Text,
    /// Digits.
    Number,
    /// Several lines of text.
    Area,
    /// One of a list.
    Select,
    /// Yes or no.
    Check,
    /// A secret that is not shown again.
    Secret,
    /// Only shown.
    Fixed,
}

impl Field {
    fn new(input: Input, values: &Values, name: &str, label: impl Into<String>) -> Self {
        let secret = input == Input::Secret;
        Self {
            id: String::new(),
            name: name.to_owned(),
            label: label.into(),
            hint: String::new(),
            unit: "",
            input,
            value: if secret {
                String::new()
            } else {
                values.get(name).to_owned()
            },
            choices: Vec::new(),
            required: false,
            error: None,
        }
    }

    pub(super) fn text(values: &Values, name: &str, label: &str) -> Self {
        Self::new(Input::Text, values, name, label)
    }

    pub(super) fn number(values: &Values, name: &str, label: &str, unit: &'static str) -> Self {
        Self {
            unit,
            ..Self::new(Input::Number, values, name, label)
        }
    }

    pub(super) fn area(values: &Values, name: &str, label: &str) -> Self {
        Self::new(Input::Area, values, name, label)
    }

    pub(super) fn check(values: &Values, name: &str, label: &str) -> Self {
        Self::new(Input::Check, values, name, label)
    }

    pub(super) fn secret(values: &Values, name: &str, label: &str) -> Self {
        Self::new(Input::Secret, values, name, label)
    }

    pub(super) fn select<'a>(
        values: &Values,
        name: &str,
        label: impl Into<String>,
        choices: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        Self {
            choices: Choice::list(choices, values.get(name)),
            ..Self::new(Input::Select, values, name, label)
        }
    }

    /// A field that cannot be changed: `shown` stands in its place.
    pub(super) fn fixed(name: &str, label: &str, shown: &str) -> Self {
        let mut values = Values::default();
        values.set(name, shown);
        Self::new(Input::Fixed, &values, name, label)
    }

    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    #[must_use]
    pub(super) fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The ids of what describes the field, for those who hear the page.
    pub(super) fn described_by(&self) -> String {
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
pub(super) struct Form {
    pub(super) action: String,
    pub(super) version: i64,
    pub(super) sections: Vec<Section>,
    pub(super) errors: Vec<FormError>,
    pub(super) submit: &'static str,
}

/// A fault as the head of the page tells it, with a link to its field.
pub(super) struct FormError {
    pub(super) id: String,
    pub(super) label: String,
    pub(super) message: String,
}

impl Form {
    pub(super) fn new(
        action: String,
        version: i64,
        mut sections: Vec<Section>,
        faults: &[Fault],
    ) -> Self {
        let mut errors = Vec::new();
        let fields = sections.iter_mut().flat_map(|section| &mut section.fields);
        for (n, field) in fields.enumerate() {
            field.id = format!("f{}", n + 1);
            let fault = faults.iter().find(|fault| fault.field == field.name);
            let Some(fault) = fault else { continue };
            field.error = Some(format!("{}。", fault.message));
            errors.push(FormError {
                id: field.id.clone(),
                label: field.label.clone(),
                message: format!("{}。", fault.message),
            });
        }
        let is_shown = |fault: &Fault| {
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
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_people_type_them() {
        let mut values = Values::default();
        values.set("a", "　１,５００ ");
        values.set("b", "x");
        values.set("c", " 1\r\n\r\n 2 ");
        let mut faults = Vec::new();
        assert_eq!(values.number::<u32>("a", &mut faults), 1_500);
        assert_eq!(values.number::<u32>("b", &mut faults), 0);
        assert_eq!(values.optional_number("none", &mut faults), None);
        assert_eq!(faults, [Fault::new("b", "数字で入力してください")]);
        assert_eq!(values.lines("c"), ["1", "2"]);
        values.set("a", "−５");
        assert_eq!(values.number::<i32>("a", &mut faults), -5);
    }

    #[test]
    fn faults_stand_at_their_fields_and_all_of_them_at_the_head() {
        let values = Values::default();
        let field = Field::text(&values, "name", "名前").hint("短く");
        let sections = vec![Section::new("基本", vec![field])];
        let faults = [
            Fault::new("name", "入力してください"),
            Fault::new("", "ほかの誤り"),
        ];
        let form = Form::new("/x".to_owned(), 0, sections, &faults);
        let field = &form.sections[0].fields[0];
        assert_eq!(field.error.as_deref(), Some("入力してください。"));
        assert_eq!(field.described_by(), "f1-hint f1-error");
        let told: Vec<_> = form
            .errors
            .iter()
            .map(|error| error.message.as_str())
            .collect();
        assert_eq!(told, ["ほかの誤り。", "入力してください。"]);
        assert_eq!(form.errors[1].id, "f1");
    }
}
