//! The fields of a ticket on its forms.

use madoguchi_core::id::{CategoryId, DivisionId};
use madoguchi_core::setup::FieldError;
use madoguchi_core::ticket::sensitive::SensitiveText;
use madoguchi_core::ticket::{
    Channel, Impact, System, TAG_LETTERS, TICKET_TAGS, TICKET_TEXT_LETTERS, TicketField,
    TicketFields, Urgency, sensitive,
};

use super::names::Names;
use crate::kit::field::{Access, Field};
use crate::kit::fields::read;
use crate::kit::form::{Input, Values};
use crate::kit::value::YES;
use crate::text;

/// The field by which somebody says that a number is none that no ticket may hold.
pub(crate) const CONFIRMED: &str = "sensitive_confirmed";

type Choices = Vec<(String, String)>;

/// The form of a ticket alone.
pub(crate) const OWN: Access<TicketFields, TicketFields> = Access {
    get: |fields| fields,
    get_mut: |fields| fields,
};

/// The fields of a ticket as part of a form. `kept` is what the ticket holds: it stays a choice.
pub(crate) fn fields<R: 'static>(
    names: &Names,
    kept: &TicketFields,
    access: Access<R, TicketFields>,
) -> Vec<Field<'static, R>> {
    let Access { get, get_mut } = access;
    let field = |input: Input, field: TicketField| {
        Field::custom(
            input,
            field.as_str(),
            field.label(),
            move |record| get(record).text(field),
            move |record, text| {
                let text = text.replace("\r\n", "\n");
                let set = get_mut(record).set(field, &text);
                set.map_err(|fault| fault.message)
            },
        )
    };
    let select = |name: TicketField, choices: Choices| field(Input::Select, name).choices(choices);
    let check = |name: TicketField| field(Input::Check, name).word(YES, "あり").word("", "なし");
    let letters = text::number(TICKET_TEXT_LETTERS as u64);
    let mut all = vec![
        field(Input::Area, TicketField::Question)
            .section("問合せの内容")
            .hint(format!(
                "{letters}文字以内。個人番号や基礎年金番号は書かないでください。"
            ))
            .required(),
        field(Input::Area, TicketField::Answer).hint(format!("{letters}文字以内")),
        select(TicketField::Category, categories(names, kept)),
        select(TicketField::Division, divisions(names, kept)),
        select(
            TicketField::System,
            named(System::ALL.map(|one| (one.as_str(), one.label()))),
        ),
        select(
            TicketField::Channel,
            named(Channel::ALL.map(|one| (one.as_str(), one.label()))),
        ),
        field(Input::Lines, TicketField::Tags).hint(format!(
            "1行に1つ。{TICKET_TAGS}個まで、それぞれ{TAG_LETTERS}文字以内"
        )),
        field(Input::Text, TicketField::Name).section("問い合わせた人"),
        field(Input::Text, TicketField::Number),
        field(Input::Text, TicketField::Site),
        field(Input::Text, TicketField::Department),
        field(Input::Text, TicketField::Person)
            .hint("職員番号。入力すると、職員名簿の人と結び付きます。"),
        select(TicketField::Owner, owners(names, kept)).section("扱い"),
        select(
            TicketField::Impact,
            named(Impact::ALL.map(|one| (one.as_str(), one.label()))),
        ),
        select(
            TicketField::Urgency,
            named(Urgency::ALL.map(|one| (one.as_str(), one.label()))),
        ),
        check(TicketField::Incident),
        check(TicketField::Urgent),
        field(Input::Number, TicketField::WorkMinutes).unit("分"),
    ];
    if !suspicious(kept).is_empty() {
        all.push(confirmation());
    }
    all
}

/// The box that says that numbers were looked at.
pub(crate) fn confirmation<R: 'static>() -> Field<'static, R> {
    let label = "個人番号や基礎年金番号ではないことを確認しました";
    Field::custom(
        Input::Check,
        CONFIRMED,
        label,
        |_| String::new(),
        |_, _| Ok(()),
    )
    .form_only()
}

/// Takes up what was typed, with what is wrong with it. What looks like a number that no ticket may
/// hold is a fault until somebody says that it is none.
pub(crate) fn take_up(
    fields: &[Field<'_, TicketFields>],
    values: &Values,
    record: &mut TicketFields,
) -> Vec<FieldError> {
    let before = suspicious(record);
    let mut faults = read(fields, values, record, true);
    faults.extend(self::faults(record, values, &before));
    faults
}

/// What is wrong with what was typed, beyond what the fields do not take; `before` looked suspicious
/// before and was kept.
pub(crate) fn faults(
    record: &TicketFields,
    values: &Values,
    before: &[(TicketField, &'static str, String)],
) -> Vec<FieldError> {
    let mut faults = Vec::new();
    if record.question.trim().is_empty() {
        faults.push(FieldError::missing(TicketField::Question.as_str()));
    }
    if values.get(CONFIRMED) != YES {
        let new = suspicious(record);
        let new = new.iter().filter(|found| !before.contains(found));
        faults.extend(new.map(|(field, kind, text)| {
            let message = format!(
                "「{text}」は{kind}のように見えます。消すか、そうでないことを確認して、このフォームの最後のチェックを付けてください"
            );
            FieldError::new(field.as_str(), message)
        }));
    }
    faults
}

/// The sentence on what looks like a number that no ticket may hold; `None` if nothing does.
pub(crate) fn warning(found: &[SensitiveText]) -> Option<String> {
    let first = found.first()?;
    let (text, kind) = (&first.text, first.kind.label());
    Some(format!("「{text}」は{kind}のように見えます。"))
}

/// What looks like a number that no ticket may hold.
pub(crate) fn suspicious(fields: &TicketFields) -> Vec<(TicketField, &'static str, String)> {
    let mut found = Vec::new();
    for field in [
        TicketField::Question,
        TicketField::Answer,
        TicketField::Tags,
        TicketField::Name,
    ] {
        for one in sensitive::found_in_text(&fields.text(field)) {
            found.push((field, one.kind.label(), one.text));
        }
    }
    found
}

fn named<const N: usize>(choices: [(&'static str, &'static str); N]) -> Choices {
    let choices = choices.into_iter();
    choices
        .map(|(value, label)| (value.to_owned(), label.to_owned()))
        .collect()
}

/// A choice of nothing, these, and what the ticket holds if it is none of them.
fn optional(choices: Choices, kept: Option<&str>, told: impl Fn(&str) -> String) -> Choices {
    let kept = kept.filter(|kept| choices.iter().all(|(value, _)| value != kept));
    let kept = kept.map(|kept| (kept.to_owned(), told(kept)));
    let nothing = (String::new(), "(未選択)".to_owned());
    std::iter::once(nothing)
        .chain(choices)
        .chain(kept)
        .collect()
}

fn categories(names: &Names, kept: &TicketFields) -> Choices {
    let categories = names.categories();
    let offered = categories.tree().into_iter();
    let offered = offered.filter(|(_, category)| !categories.is_retired(category));
    let offered = offered.map(|(id, _)| (id.to_string(), names.category(id)));
    optional(
        offered.collect(),
        kept.category.as_ref().map(CategoryId::as_str),
        |id| names.category(&id.into()),
    )
}

fn divisions(names: &Names, kept: &TicketFields) -> Choices {
    let offered = names.offered.divisions.list().into_iter();
    let offered = offered.filter(|(_, division)| !division.retired);
    let offered = offered.map(|(id, division)| (id.as_str().to_owned(), division.name.clone()));
    let kept = kept.division.as_ref().map(DivisionId::as_str);
    optional(offered.collect(), kept, |id| {
        names.field(TicketField::Division, id)
    })
}

fn owners(names: &Names, kept: &TicketFields) -> Choices {
    let offered = names.offered.users.iter().filter(|user| user.handles);
    let offered = offered.map(|user| (user.id.as_str().to_owned(), user.name.clone()));
    let kept = kept.owner.as_ref().map(|owner| owner.as_str());
    optional(offered.collect(), kept, |id| {
        names.field(TicketField::Owner, id)
    })
}
