//! How a field is made: by the kind of its value, and with what is said of it besides.

use std::borrow::Cow;

use super::{Access, Field, FieldInfo, ShownIn};
use crate::kit::form::Input;
use crate::kit::value::{FieldValue, Options, Text, YES, option_name, option_value};

impl<'c, R: 'static> Field<'c, R> {
    /// A field whose value is reached by functions.
    pub(crate) fn custom(
        input: Input,
        name: impl Into<Text>,
        label: impl Into<Text>,
        get: impl Fn(&R) -> String + Send + Sync + 'c,
        set: impl Fn(&mut R, &str) -> Result<(), String> + Send + Sync + 'c,
    ) -> Self {
        Self {
            info: FieldInfo {
                name: name.into(),
                label: label.into(),
                short: None,
                section: "",
                input,
                unit: "",
                hint: Cow::Borrowed(""),
                choices: Vec::new(),
                words: Vec::new(),
                required: false,
                once: false,
                by_file: None,
                marked: None,
                shown_in: ShownIn {
                    form: true,
                    record: input != Input::Secret,
                    list: false,
                },
            },
            get: Box::new(get),
            set: Box::new(set),
            shown_by: None,
            remark: None,
        }
    }

    fn of<T: FieldValue>(
        input: Input,
        name: impl Into<Text>,
        label: impl Into<Text>,
        access: Access<R, T>,
    ) -> Self {
        let Access { get, get_mut } = access;
        Self::custom(
            input,
            name,
            label,
            move |record| get(record).to_text(),
            move |record, text| {
                *get_mut(record) = T::from_text(text)?;
                Ok(())
            },
        )
    }

    /// One line of text.
    pub(crate) fn text<T: FieldValue>(
        name: impl Into<Text>,
        label: impl Into<Text>,
        access: Access<R, T>,
    ) -> Self {
        Self::of(Input::Text, name, label, access)
    }

    /// A number, typed in digits.
    pub(crate) fn number<T: FieldValue>(
        name: impl Into<Text>,
        label: impl Into<Text>,
        unit: &'static str,
        access: Access<R, T>,
    ) -> Self {
        let mut field = Self::of(Input::Number, name, label, access);
        field.info.unit = unit;
        field
    }

    /// Several lines of text.
    pub(crate) fn area<T: FieldValue>(
        name: impl Into<Text>,
        label: impl Into<Text>,
        access: Access<R, T>,
    ) -> Self {
        Self::of(Input::Area, name, label, access)
    }

    /// A list, one a line.
    pub(crate) fn lines<T: FieldValue>(
        name: impl Into<Text>,
        label: impl Into<Text>,
        access: Access<R, T>,
    ) -> Self {
        Self::of(Input::Lines, name, label, access)
    }

    /// Yes or no, with how either is told.
    pub(crate) fn check(
        name: impl Into<Text>,
        label: impl Into<Text>,
        (yes, no): (&'static str, &'static str),
        access: Access<R, bool>,
    ) -> Self {
        Self::of(Input::Check, name, label, access)
            .word(YES, yes)
            .word("", no)
    }

    /// One of a list of names.
    pub(crate) fn select<T: FieldValue>(
        name: impl Into<Text>,
        label: impl Into<Text>,
        choices: impl IntoIterator<Item = (impl Into<Text>, impl Into<Text>)>,
        access: Access<R, T>,
    ) -> Self {
        Self::of(Input::Select, name, label, access).choices(choices)
    }

    /// One of a list that is known beforehand.
    pub(crate) fn one_of<T: Copy + PartialEq + Send + Sync>(
        name: impl Into<Text>,
        label: impl Into<Text>,
        options: &'static Options<T>,
        access: Access<R, T>,
    ) -> Self {
        let Access { get, get_mut } = access;
        let field = Self::custom(
            Input::Select,
            name,
            label,
            move |record| option_name(options, get(record)).to_owned(),
            move |record, text| {
                // A form without the field leaves it as it is.
                if !text.is_empty() {
                    *get_mut(record) = option_value(options, text)?;
                }
                Ok(())
            },
        );
        field.choices(options.iter().map(|(_, name, label)| (*name, *label)))
    }

    /// Something that is told of a record and not typed.
    pub(crate) fn read_only(
        name: impl Into<Text>,
        label: impl Into<Text>,
        get: impl Fn(&R) -> String + Send + Sync + 'c,
    ) -> Self {
        let mut field = Self::custom(Input::Text, name, label, get, |_, _| Ok(()));
        field.info.shown_in.form = false;
        field
    }

    /// A column of the list that is no part of the record.
    pub(crate) fn listed_only(
        name: impl Into<Text>,
        label: impl Into<Text>,
        get: impl Fn(&R) -> String + Send + Sync + 'c,
    ) -> Self {
        let mut field = Self::read_only(name, label, get).listed();
        field.info.shown_in.record = false;
        field
    }

    /// Begins a part of the form: what follows stands in it, until the next begins.
    #[must_use]
    pub(crate) fn section(mut self, title: &'static str) -> Self {
        self.info.section = title;
        self
    }

    /// The name where it is only told.
    #[must_use]
    pub(crate) fn short(mut self, label: impl Into<Text>) -> Self {
        self.info.short = Some(label.into());
        self
    }

    #[must_use]
    pub(crate) fn unit(mut self, unit: &'static str) -> Self {
        self.info.unit = unit;
        self
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<Text>) -> Self {
        self.info.hint = hint.into();
        self
    }

    /// A value that is called otherwise than it is written.
    #[must_use]
    pub(crate) fn word(self, value: impl Into<Text>, word: impl Into<Text>) -> Self {
        self.words([(value, word)])
    }

    #[must_use]
    pub(crate) fn words(
        mut self,
        words: impl IntoIterator<Item = (impl Into<Text>, impl Into<Text>)>,
    ) -> Self {
        let words = words.into_iter();
        let words = words.map(|(value, word)| (value.into(), word.into()));
        self.info.words.extend(words);
        self
    }

    #[must_use]
    pub(crate) fn choices(
        mut self,
        choices: impl IntoIterator<Item = (impl Into<Text>, impl Into<Text>)>,
    ) -> Self {
        let choices = choices.into_iter();
        let choices = choices.map(|(value, label)| (value.into(), label.into()));
        self.info.choices.extend(choices);
        self
    }

    #[must_use]
    pub(crate) fn required(mut self) -> Self {
        self.info.required = true;
        self
    }

    /// It is set when the record is made and never changes.
    #[must_use]
    pub(crate) fn once(mut self) -> Self {
        self.info.once = true;
        self
    }

    /// How a value is told that has no word of its own.
    #[must_use]
    pub(crate) fn shown_by(mut self, tell: impl Fn(&str) -> String + Send + Sync + 'c) -> Self {
        self.shown_by = Some(Box::new(tell));
        self
    }

    /// What the form says of the field of a record in place of its hint, unless it is empty.
    #[must_use]
    pub(crate) fn remark(mut self, remark: impl Fn(&R) -> String + Send + Sync + 'c) -> Self {
        self.remark = Some(Box::new(remark));
        self
    }

    /// The value that is to be seen at once in a list.
    #[must_use]
    pub(crate) fn marked(mut self, value: &'static str) -> Self {
        self.info.marked = Some(value);
        self
    }

    /// All that can be chosen is seen.
    #[must_use]
    pub(crate) fn radio(mut self) -> Self {
        self.info.input = Input::Radio;
        self
    }

    /// It stands in the list.
    #[must_use]
    pub(crate) fn listed(mut self) -> Self {
        self.info.shown_in.list = true;
        self
    }

    /// It stands on the form only; another field tells of it.
    #[must_use]
    pub(crate) fn form_only(mut self) -> Self {
        self.info.shown_in.record = false;
        self
    }

    /// The operator's file decides, if it names the field: `named` is what it says.
    #[must_use]
    pub(crate) fn unless_file(mut self, named: Option<impl FieldValue>) -> Self {
        self.info.by_file = named.map(|value| self.info.in_words(&value.to_text()));
        self
    }
}
