//! The table of a record's fields, which is all that its form, its reading, its history and its audit entries need.

use madoguchi_core::audit::Fields;
use madoguchi_core::setup::FieldError;

use super::field::Field;
use super::form::{Section, Values};
use super::value::Text;

/// What is told of a record: labels and values, never a secret.
pub(crate) type Facts = Vec<(Text, String)>;

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
    use crate::kit::field::access;
    use crate::kit::form::Input;

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
