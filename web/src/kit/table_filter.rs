//! What a large list can be narrowed by, and what an address asks for.

use std::collections::BTreeMap;

use madoguchi_core::access::Permission;
use madoguchi_core::audit::Fields;

use crate::error::WebError;
use crate::query::{Choice, Period, escape};

/// Letters of a filter at the most.
const LETTERS: usize = 200;

/// What a list can be narrowed by, as a field of the form above it.
pub(crate) struct Filter {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    /// `date`, `search` or `select`.
    pub(crate) kind: &'static str,
    /// The keyboard that telephones show.
    pub(crate) keyboard: &'static str,
    pub(crate) example: &'static str,
    pub(crate) choices: Vec<Choice>,
    /// Records may have names that are not listed any more.
    pub(crate) open: bool,
    /// What is asked for, or what is in force where nothing is.
    pub(crate) value: String,
    /// What one must be permitted to narrow by it.
    pub(crate) permission: Option<Permission>,
}

impl Filter {
    pub(crate) fn text(name: &'static str, label: &'static str) -> Self {
        Self {
            name,
            label,
            kind: "search",
            keyboard: "",
            example: "",
            choices: Vec::new(),
            open: false,
            value: String::new(),
            permission: None,
        }
    }

    /// The days of a period, both included. Without one, what is wrong with it is told elsewhere.
    pub(crate) fn period<E>(period: &Result<Period, E>) -> [Self; 2] {
        let day = |name, label, day: fn(&Period) -> String| Self {
            kind: "date",
            value: period.as_ref().map(day).unwrap_or_default(),
            ..Self::text(name, label)
        };
        [
            day("from", "最初の日", |period| period.from.to_string()),
            day("to", "最後の日", |period| period.to.to_string()),
        ]
    }

    pub(crate) fn choice<'a>(
        name: &'static str,
        label: &'static str,
        choices: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let all = std::iter::once(("", "すべて"));
        Self {
            kind: "select",
            choices: Choice::list(all.chain(choices), ""),
            ..Self::text(name, label)
        }
    }

    /// Records may have names that are not listed any more.
    #[must_use]
    pub(crate) fn open(self) -> Self {
        Self { open: true, ..self }
    }

    #[must_use]
    pub(crate) fn personal(self, permission: Permission) -> Self {
        Self {
            permission: Some(permission),
            ..self
        }
    }

    /// Takes up what is asked for.
    pub(super) fn take(&mut self, asked: &str) -> Result<(), WebError> {
        let refuse = |what: String| Err(WebError::BadRequest(format!("「{}」{what}", self.label)));
        if asked.chars().count() > LETTERS {
            return refuse(format!("は{LETTERS}文字以内で指定してください。"));
        }
        let known = self.choices.iter().any(|choice| choice.value == asked);
        if self.kind == "select" && !known {
            if !self.open {
                return refuse("を選び直してください。".to_owned());
            }
            let (value, label) = (asked.to_owned(), asked.to_owned());
            self.choices.push(Choice {
                value,
                label,
                chosen: true,
            });
        }
        self.fill_in(asked);
        Ok(())
    }

    /// Shows what is asked for, understood or not.
    pub(super) fn fill_in(&mut self, asked: &str) {
        for choice in &mut self.choices {
            choice.chosen = choice.value == asked;
        }
        if !asked.is_empty() {
            asked.clone_into(&mut self.value);
        }
    }

    /// What is asked for, as people read it.
    pub(super) fn told(&self) -> &str {
        let chosen = self.choices.iter().find(|choice| choice.chosen);
        chosen.map_or(&self.value, |choice| &choice.label)
    }
}

/// The names and values of an address.
pub(crate) type Pairs = Vec<(String, String)>;

/// What is asked for, by the names of addresses. Empty fields of a form count as left out.
#[derive(Debug, Clone, Default)]
pub(crate) struct FilterValues(pub(super) BTreeMap<String, String>);

impl FilterValues {
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// As an address has it.
    pub(crate) fn to_query(&self) -> String {
        let pairs = self.0.iter();
        let pairs = pairs.map(|(name, value)| format!("{name}={}", escape(value)));
        pairs.collect::<Vec<_>>().join("&")
    }

    /// What is asked for under this name, if anything.
    pub(crate) fn some(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    /// What the audit log tells of it, where a period is a part of it.
    pub(crate) fn fields(&self, period: &Period) -> Fields {
        let mut fields = self.0.clone();
        fields.retain(|name, _| !matches!(name.as_str(), "from" | "to"));
        fields.insert(
            "period".to_owned(),
            format!("{}/{}", period.from, period.to),
        );
        fields
    }
}
