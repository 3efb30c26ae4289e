//! A field of a record: its name, how it is called, and how its value is reached. The table of a
//! record's fields is all that its form, its reading, its history and its audit entries need.

use std::borrow::Cow;

use madoguchi_core::audit::Fields;
use madoguchi_core::setup::FieldError;

use super::form::{FormField, Input, Section, Values};
use super::value::{FieldValue, Options, Text, YES, option_name, option_value};
use crate::query::Choice;

/// What is told of a record: labels and values, never a secret.
pub(crate) type Facts = Vec<(Text, String)>;

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
    set: Set<'c, R>,
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
    section: &'static str,
    pub(crate) input: Input,
    pub(crate) unit: &'static str,
    hint: Text,
    /// What can be chosen, with what it is called.
    choices: Vec<(Text, Text)>,
    /// Other values that are called otherwise than they are written.
    words: Vec<(Text, Text)>,
    required: bool,
    /// It is set when the record is made and never changes.
    once: bool,
    /// The operator's file decides: what stands in its place.
    by_file: Option<String>,
    /// The value that is to be seen at once in a list.
    marked: Option<&'static str>,
    shown_in: ShownIn,
}

/// Where a field stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ShownIn {
    form: bool,
    record: bool,
    list: bool,
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
    fn shown(&self, values: &Values, record: Option<&R>) -> FormField {
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

/// The parts of a form; `record` is the one that is changed.
pub(crate) fn sections<R: 'static>(
    fields: &[Field<'_, R>],
    values: &Values,
    record: Option<&R>,
) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for field in fields.iter().filter(|field| field.info.shown_in.form) {
        let title = field.info.section;
        let shown = field.shown(values, record);
        match sections.last_mut() {
            Some(last) if title.is_empty() || last.title == title => last.fields.push(shown),
            _ => sections.push(Section {
                title,
                fields: vec![shown],
            }),
        }
    }
    sections
}

/// The values of a record, as its form has them.
pub(crate) fn values<R: 'static>(fields: &[Field<'_, R>], record: &R) -> Values {
    let fields = fields.iter().filter(|field| field.info.shown_in.form);
    let pairs = fields.map(|field| (field.info.name.to_string(), field.value(record)));
    Values::of(pairs.collect())
}

/// Takes up what was typed; what cannot be read is told and left as it was.
pub(crate) fn read<R: 'static>(
    fields: &[Field<'_, R>],
    values: &Values,
    record: &mut R,
    is_new: bool,
) -> Vec<FieldError> {
    let mut faults = Vec::new();
    for field in fields {
        let info = &field.info;
        let is_typed = info.shown_in.form && info.by_file.is_none() && (is_new || !info.once);
        if !is_typed {
            continue;
        }
        if let Err(message) = (field.set)(record, values.get(&info.name)) {
            faults.push(FieldError::new(&*info.name, message));
        }
    }
    faults
}

/// What is told of a record.
pub(crate) fn facts<R: 'static>(fields: &[Field<'_, R>], record: &R) -> Facts {
    let told = fields.iter().filter(|field| field.info.shown_in.record);
    told.map(|field| (field.info.shown_name(), field.in_words(record)))
        .collect()
}

/// What differs between two records, in words: labels with what was and what is.
pub(crate) fn differences<R: 'static>(
    fields: &[Field<'_, R>],
    before: Option<&R>,
    after: &R,
) -> Facts {
    let shown = |text: String| {
        if text.is_empty() {
            "なし".to_owned()
        } else {
            text
        }
    };
    let told = fields.iter().filter(|field| field.info.shown_in.record);
    let differs = told.filter_map(|field| {
        let (is, words) = (field.value(after), field.in_words(after));
        let words = match before {
            None if words.is_empty() => return None,
            None => words,
            Some(before) if field.value(before) == is => return None,
            Some(before) => format!("{} → {}", shown(field.in_words(before)), shown(words)),
        };
        Some((field.info.shown_name(), words))
    });
    differs.collect()
}

/// A record in the audit log: names and values of what is not empty.
pub(crate) fn recorded<R: 'static>(fields: &[Field<'_, R>], record: Option<&R>) -> Fields {
    let Some(record) = record else {
        return Fields::new();
    };
    let told = fields.iter().filter(|field| field.info.shown_in.record);
    let told = told.map(|field| (field.info.name.to_string(), field.value(record)));
    told.filter(|(_, value)| !value.is_empty()).collect()
}

/// The fields that stand in the list, in their order.
pub(crate) fn listed<'f, 'c, R: 'static>(
    fields: &'f [Field<'c, R>],
) -> impl Iterator<Item = &'f Field<'c, R>> {
    fields.iter().filter(|field| field.info.shown_in.list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Default, PartialEq)]
    struct Shelf {
        name: String,
        width_cm: u32,
        books: Vec<String>,
        locked: bool,
    }

    fn table() -> Vec<Field<'static, Shelf>> {
        type F = Field<'static, Shelf>;
        vec![
            F::text("name", "名前", access!(name)).section("棚").once(),
            F::number("width_cm", "棚の幅", "cm", access!(width_cm))
                .short("幅")
                .word("0", "不明"),
            F::lines("books", "本", access!(books)).section("中身"),
            F::check(
                "locked",
                "鍵をかける",
                ("かける", "かけない"),
                access!(locked),
            ),
            F::read_only("size", "大きさ", |shelf| {
                if shelf.width_cm > 100 { "大" } else { "小" }.to_owned()
            }),
        ]
    }

    fn shelf() -> Shelf {
        Shelf {
            name: "一番".to_owned(),
            width_cm: 120,
            books: vec!["甲".to_owned(), "乙".to_owned()],
            locked: true,
        }
    }

    fn facts_of(facts: &Facts) -> Vec<String> {
        let facts = facts.iter();
        facts
            .map(|(label, value)| format!("{label} {value}"))
            .collect()
    }

    #[test]
    fn what_a_form_shows_is_read_as_the_same_record() {
        let (fields, shelf) = (table(), shelf());
        let values = values(&fields, &shelf);
        let mut read_again = Shelf::default();
        assert_eq!(read(&fields, &values, &mut read_again, true), []);
        assert_eq!(read_again, shelf);
    }

    #[test]
    fn what_is_wrong_stands_at_its_field_and_changes_nothing() {
        let fields = table();
        let mut changed = shelf();
        let mut values = values(&fields, &changed);
        values.set("width_cm", "広い");
        values.set("name", "二番");
        let faults = read(&fields, &values, &mut changed, false);
        assert_eq!(
            faults,
            [FieldError::new("width_cm", "数字で入力してください")]
        );
        assert_eq!(changed, shelf(), "the name never changes");
    }

    #[test]
    fn a_record_is_told_in_words_and_recorded_by_names() {
        let (fields, mut after) = (table(), shelf());
        let told = facts_of(&facts(&fields, &after));
        let expected = [
            "名前 一番",
            "幅 120cm",
            "本 甲、乙",
            "鍵をかける かける",
            "大きさ 大",
        ];
        assert_eq!(told, expected);
        (after.width_cm, after.locked) = (0, false);
        let told = facts_of(&differences(&fields, Some(&shelf()), &after));
        assert_eq!(
            told,
            [
                "幅 120cm → 不明",
                "鍵をかける かける → かけない",
                "大きさ 大 → 小"
            ]
        );
        let recorded = recorded(&fields, Some(&after));
        assert_eq!(recorded["books"], "甲\n乙");
        assert!(!recorded.contains_key("locked") && recorded["width_cm"] == "0");
    }

    #[test]
    fn a_field_that_the_file_decides_is_shown_and_not_read() {
        let mut fields = table();
        let width = fields.remove(1).unless_file(Some(80_u32));
        fields.insert(1, width);
        let mut record = shelf();
        let mut values = values(&fields, &record);
        values.set("width_cm", "1");
        assert_eq!(read(&fields, &values, &mut record, false), []);
        assert_eq!(record, shelf());
        let sections = sections(&fields, &values, Some(&record));
        let width = &sections[0].fields[1];
        assert!(width.input == Input::Fixed && width.value == "80cm");
        assert_eq!(sections[1].title, "中身");
    }
}
