//! Tickets as the API writes and reads them.

use madoguchi_core::contact::Contact;
use madoguchi_core::service::AnswerState;
use madoguchi_core::setup::FieldError;
use madoguchi_core::ticket::{
    Analysis, Escalation, Link, Note, Priority, Status, Ticket, TicketField, TicketFields,
};
use madoguchi_core::time::Instant;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::names::Names;
use crate::kit::value::YES;

/// A ticket for programs. Instants are Unix milliseconds, as in all of the API.
#[derive(Serialize, ToSchema)]
#[schema(as = Ticket)]
pub(crate) struct TicketJson<'a> {
    number: String,
    version: u32,
    status: Status,
    received_at: Instant,
    updated_at: Instant,
    priority: Priority,
    #[schema(value_type = TicketFields)]
    fields: &'a TicketFields,
    /// When the desk first answered.
    first_answer_at: Option<Instant>,
    /// 回答所要時間
    answer_ms: Option<i64>,
    /// Until when the 一次回答 is due, while it is.
    due_at: Option<Instant>,
    late: bool,
    done_at: Option<Instant>,
    #[schema(value_type = Vec<Contact>)]
    contacts: Vec<&'a Contact>,
    #[schema(value_type = Vec<Analysis>)]
    analyses: &'a [Analysis],
    #[schema(value_type = Vec<Escalation>)]
    escalations: &'a [Escalation],
    #[schema(value_type = Vec<Note>)]
    notes: &'a [Note],
    #[schema(value_type = Vec<Link>)]
    links: Vec<&'a Link>,
    /// The number of the ticket that it goes on as.
    merged_into: Option<String>,
    /// The ledger that it was taken over from, and the number that it had there.
    former_ledger: Option<&'a str>,
    former_number: Option<&'a str>,
}

impl<'a> TicketJson<'a> {
    pub(crate) fn new(ticket: &'a Ticket, names: &Names, merged_into: Option<String>) -> Self {
        let state = names.answer(ticket);
        let (answer_ms, due_at, late) = match state {
            Some(AnswerState::Answered { took, late }) => (Some(took.0), None, late),
            Some(AnswerState::Due { at, left, .. }) => (None, at, left.0 < 0),
            _ => (None, None, false),
        };
        Self {
            number: ticket.number.to_string(),
            version: ticket.version,
            status: ticket.status(),
            received_at: ticket.received_at,
            updated_at: ticket.updated_at,
            priority: ticket.fields.priority(),
            fields: &ticket.fields,
            first_answer_at: ticket.first_answer().map(|answer| answer.outcome_at),
            answer_ms,
            due_at,
            late,
            done_at: ticket.done_at,
            contacts: ticket.contacts().collect(),
            analyses: &ticket.analyses,
            escalations: &ticket.escalations,
            notes: &ticket.notes,
            links: ticket.links.iter().collect(),
            merged_into,
            former_ledger: ticket.origin.as_ref().map(|it| it.ledger.as_str()),
            former_number: ticket.origin.as_ref().map(|it| it.number.as_str()),
        }
    }
}

/// Takes up fields by their names: texts, numbers, yes or no, and lists of texts; nothing for `null`.
pub(crate) fn set_fields(fields: &mut TicketFields, given: &Map<String, Value>) -> Vec<FieldError> {
    let mut faults = Vec::new();
    for (name, value) in given {
        let Some(field) = TicketField::lookup(name) else {
            faults.push(FieldError::new(name, "この項目はありません"));
            continue;
        };
        let set = match text(value) {
            Some(text) => fields.set(field, &text),
            None => Err(FieldError::new(name, "値の形を確認してください")),
        };
        faults.extend(set.err());
    }
    faults
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::Bool(yes) => Some(if *yes { YES } else { "" }.to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Array(texts) => {
            let texts: Option<Vec<_>> = texts.iter().map(Value::as_str).collect();
            Some(texts?.join("\n"))
        }
        Value::Object(_) => None,
    }
}

/// What is wrong, in a sentence.
pub(crate) fn sentence(faults: &[FieldError]) -> String {
    let told = faults.iter().map(|fault| {
        let label = TicketField::lookup(&fault.field).map(TicketField::label);
        format!("{}：{}。", label.unwrap_or(&fault.field), fault.message)
    });
    told.collect::<Vec<_>>().join("")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_taken_up_by_their_names_and_what_is_wrong_is_told() {
        let given = json!({
            "question": "旅費の差戻し", "incident": true, "work_minutes": 5,
            "tags": ["旅費", "急ぎ"], "category": null,
        });
        let mut fields = TicketFields {
            category: Some("f09".into()),
            ..TicketFields::default()
        };
        assert_eq!(set_fields(&mut fields, given.as_object().unwrap()), []);
        assert!(fields.incident && fields.category.is_none());
        assert_eq!((fields.work_minutes, fields.tags.len()), (5, 2));
        let wrong = json!({"mood": "x", "channel": "fax", "tags": {}});
        let faults = set_fields(&mut fields, wrong.as_object().unwrap());
        assert_eq!(faults.len(), 3);
        assert!(sentence(&faults).contains("受付方法：選び直してください。"));
    }
}
