//! A new ticket: of a mail or a visit, and of a call that is registered later.

use askama::Template;
use axum::extract::{Form as Sent, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use madoguchi_core::access::{HandleTickets, Permission};
use madoguchi_core::call::CallRecord;
use madoguchi_core::contact::{Contact, ContactOutcome};
use madoguchi_core::id::{CallId, ContactId, TicketId};
use madoguchi_core::setup::FieldError;
use madoguchi_core::ticket::{Channel, Ticket, TicketChange, TicketFields};
use madoguchi_core::time::Instant;
use madoguchi_store::NewTicket;
use serde::Deserialize;

use super::applying::{entry, refusal};
use super::choices::offered;
use super::edit::unknown_person;
use super::form::{faults, fields};
use super::form_drafts;
use super::lookup::{HERE, place};
use super::names::Names;
use crate::auth::access::Allowed;
use crate::auth::token;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::kit::field::{Access, Field};
use crate::kit::fields::{read, sections, values};
use crate::kit::form::{Form, Input, Values};
use crate::local_time::{local, read_local};
use crate::query::escape;
use crate::shell::Shell;
use crate::state::Web;

#[derive(Template)]
#[template(path = "ticket_new.html")]
struct NewPage {
    shell: Shell,
    /// The call that is registered.
    call: Option<String>,
    /// What the visitor typed before and did not save, as JSON.
    typed: String,
    form: Form,
}

/// What the form holds.
#[derive(Clone, Default)]
struct Draft {
    fields: TicketFields,
    received_at: Option<Instant>,
    outcome: ContactOutcome,
}

const FIELDS: Access<Draft, TicketFields> = Access {
    get: |draft| &draft.fields,
    get_mut: |draft| &mut draft.fields,
};

/// Which ticket is made.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NewQuery {
    /// The id of the ticket, so that a form that is sent twice makes one.
    id: String,
    /// The call that it is of.
    call: String,
    channel: String,
}

impl NewQuery {
    fn action(&self) -> String {
        let (id, call) = (escape(&self.id), escape(&self.call));
        format!("{HERE}/new?id={id}&call={call}")
    }
}

/// The fields of the form; of a call, its times are known.
fn table(names: &Names, kept: &TicketFields, of_call: bool) -> Vec<Field<'static, Draft>> {
    let mut table = fields(names, kept, FIELDS);
    if !of_call {
        table.push(
            Field::custom(
                Input::DateTime,
                "received_at",
                "受付日時",
                |draft: &Draft| draft.received_at.map_or_else(String::new, local),
                |draft: &mut Draft, text| {
                    draft.received_at = read_local(text)?;
                    Ok(())
                },
            )
            .section("応対")
            .hint("メールが届いた日時、来訪の日時。空欄は、今の日時になります。"),
        );
    }
    let outcomes = ContactOutcome::ALL.map(|one| (one.as_str(), one.label()));
    table.push(
        Field::custom(
            Input::Select,
            "outcome",
            "応対の結果",
            |draft: &Draft| draft.outcome.as_str().to_owned(),
            |draft: &mut Draft, text| {
                let outcome = ContactOutcome::lookup(text);
                draft.outcome = outcome.ok_or("選び直してください")?;
                Ok(())
            },
        )
        .choices(outcomes),
    );
    table
}

pub(super) async fn page(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
    Query(mut query): Query<NewQuery>,
) -> Result<Response, WebError> {
    let call = answered(&web, &visitor, &query.call).await?;
    query.id = token::new_id();
    let mut draft = Draft {
        fields: TicketFields {
            owner: Some(visitor.user.id.clone()),
            channel: Channel::lookup(&query.channel).unwrap_or(Channel::Mail),
            ..TicketFields::default()
        },
        ..Draft::default()
    };
    let names = Names::new(&web, offered(&web).await?);
    if let Some(call) = &call {
        fill_in(&web, &names, call, &mut draft.fields).await?;
    }
    let table = table(&names, &draft.fields, call.is_some());
    let values = values(&table, &draft);
    show(&web, &visitor, &query, (&table, &values, &[])).await
}

/// What is known of a ticket by its call.
async fn fill_in(
    web: &Web,
    names: &Names,
    call: &CallRecord,
    fields: &mut TicketFields,
) -> Result<(), WebError> {
    fields.channel = Channel::Phone;
    let divisions = names.offered.divisions.of_line(&call.line);
    fields.division = divisions.first().map(|id| (*id).clone());
    let number = call.from.number();
    fields.requester.number = number.to_owned();
    let people = web.store.people_of_number(number, 2).await?;
    // Of several on one number nobody can tell which it was.
    if let [person] = people.as_slice() {
        fields.requester.person = Some(person.id.clone());
        fields.requester.name.clone_from(&person.name);
        fields.requester.site.clone_from(&person.site);
        fields.requester.department.clone_from(&person.department);
    }
    Ok(())
}

/// The answered call that is to be registered.
async fn answered(
    web: &Web,
    visitor: &Visitor,
    call: &str,
) -> Result<Option<CallRecord>, WebError> {
    if call.is_empty() {
        return Ok(None);
    }
    if !visitor.permissions.contains(Permission::ViewCalls) {
        return Err(WebError::NotAllowed(Permission::ViewCalls));
    }
    let events = web.store.events_of(&CallId::new(call)).await?;
    let record = CallRecord::fold(&events).filter(|record| record.answered_at.is_some());
    let record = record.ok_or(WebError::NotFound("この通話の記録"))?;
    Ok(Some(record))
}

async fn show(
    web: &Web,
    visitor: &Visitor,
    query: &NewQuery,
    (table, values, faults): (&[Field<'static, Draft>], &Values, &[FieldError]),
) -> Result<Response, WebError> {
    let sections = sections(table, values, None);
    let mut form = Form::new(query.action(), 0, sections, faults);
    form.submit = "登録する";
    let page = NewPage {
        shell: Shell::new(web, Some(visitor), HERE),
        call: Some(query.call.clone()).filter(|call| !call.is_empty()),
        typed: form_drafts::typed(web, visitor, form_drafts::NEW).await,
        form,
    };
    let status = if faults.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    Ok((status, Html(page.render()?)).into_response())
}

pub(super) async fn create(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
    Query(query): Query<NewQuery>,
    Sent(pairs): Sent<Vec<(String, String)>>,
) -> Result<Response, WebError> {
    if query.id.is_empty() {
        let message = "この画面は古くなっています。開き直してから、もう一度登録してください。";
        return Err(WebError::Conflict(message.to_owned()));
    }
    let call = answered(&web, &visitor, &query.call).await?;
    let values = Values::of(pairs);
    let names = Names::new(&web, offered(&web).await?);
    let mut draft = Draft::default();
    let table = table(&names, &draft.fields, call.is_some());
    let mut wrong = read(&table, &values, &mut draft, true);
    wrong.extend(faults(&draft.fields, &values, &[]));
    wrong.extend(unknown_person(&web, &TicketFields::default(), &draft.fields).await?);
    let now = web.desk.now();
    if draft.received_at.is_some_and(|at| at > now) {
        let message = "これから先の日時は入力できません";
        wrong.push(FieldError::new("received_at", message));
    }
    if !wrong.is_empty() {
        let table = self::table(&names, &draft.fields, call.is_some());
        return show(&web, &visitor, &query, (&table, &values, &wrong)).await;
    }
    let id = TicketId::new(&query.id);
    let contact = contact(&visitor, &id, &draft, call.as_ref(), now);
    let new = NewTicket {
        id,
        by: Some(visitor.user.id.clone()),
        at: now,
        happened_at: Some(contact.outcome_at).filter(|at| *at < now),
        received_at: contact.from,
        fields: draft.fields,
        changes: vec![TicketChange::ContactAdded { contact }],
    };
    match add(&web, &visitor, new).await? {
        Ok(ticket) => {
            let (user, name) = (&visitor.user.id, form_drafts::CREATE);
            form_drafts::forget(&web, user, form_drafts::NEW, name).await;
            let place = place(ticket.number);
            Ok(Redirect::to(&format!("{place}?done=created")).into_response())
        }
        Err(why) => {
            let fault = [FieldError::new("", why.trim_end_matches('。'))];
            show(&web, &visitor, &query, (&table, &values, &fault)).await
        }
    }
}

/// The contact with which the ticket begins.
fn contact(
    visitor: &Visitor,
    ticket: &TicketId,
    draft: &Draft,
    call: Option<&CallRecord>,
    now: Instant,
) -> Contact {
    let from = call.map(|call| call.arrived_at).or(draft.received_at);
    let from = from.unwrap_or(now);
    let until = call.and_then(|call| call.talk_ended_at);
    let at_once = draft.outcome == ContactOutcome::AnsweredAtOnce;
    Contact {
        id: ContactId::new(format!("{ticket}-1")),
        call: call.map(|call| call.call.clone()),
        channel: if call.is_some() {
            Channel::Phone
        } else {
            draft.fields.channel
        },
        agent: call
            .and_then(|call| call.agent().cloned())
            .or_else(|| visitor.user.agent.clone()),
        from,
        until,
        outcome: draft.outcome,
        // What was said of a call was said by its end, but for an answer that came later.
        outcome_at: until
            .filter(|_| draft.outcome != ContactOutcome::AnsweredLater)
            .unwrap_or(if at_once && call.is_none() { from } else { now }),
    }
}

/// Makes a ticket, once however often the form is sent; the id of somebody else's makes none.
pub(crate) async fn add(
    web: &Web,
    visitor: &Visitor,
    new: NewTicket,
) -> Result<Result<Ticket, String>, WebError> {
    if let Some(kept) = web.store.lookup_ticket(&new.id).await? {
        return own(visitor, kept);
    }
    let entry = entry(web, visitor, ("", "登録"));
    let mut tx = web.store.begin(entry).await?;
    match tx.add_ticket(&new).await {
        Ok(ticket) if ticket.created_by.as_ref() != Some(&visitor.user.id) => {
            drop(tx);
            own(visitor, ticket)
        }
        Ok(ticket) => {
            tx.describe("number", ticket.number.to_string());
            tx.commit().await?;
            Ok(Ok(ticket))
        }
        Err(error) => refusal(error).map(Err),
    }
}

fn own(visitor: &Visitor, kept: Ticket) -> Result<Result<Ticket, String>, WebError> {
    if kept.created_by.as_ref() == Some(&visitor.user.id) {
        return Ok(Ok(kept));
    }
    let message = "この画面は古くなっています。開き直してから、もう一度登録してください。";
    Err(WebError::Conflict(message.to_owned()))
}
