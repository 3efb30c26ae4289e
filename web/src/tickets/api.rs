//! Tickets and contacts for programs.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use madoguchi_core::access::HandleTickets;
use madoguchi_core::audit::Action;
use madoguchi_core::call::CallRecord;
use madoguchi_core::contact::{Contact, ContactOutcome};
use madoguchi_core::id::{CallId, ContactId, TicketId};
use madoguchi_core::ticket::edit::changes;
use madoguchi_core::ticket::sensitive::SensitiveText;
use madoguchi_core::ticket::{Channel, Status, Ticket, TicketChange, TicketFields, sensitive};
use madoguchi_core::time::Instant;
use madoguchi_store::{
    ContactFilter, Cursor, KeptRequest, NewRequest, NewTicket, Start, StoreError, TicketContact,
    TicketWriteError,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::applying::{edit, entry, refusal};
use super::choices::offered;
use super::columns::TicketList;
use super::edit::unknown_person;
use super::fields_schema::FieldsSchema;
use super::form::warning;
use super::history::what;
use super::json::{TicketJson, sentence, set_fields};
use super::lookup::{by_number, id_of, no_ticket};
use super::names::Names;
use crate::auth::access::Allowed;
use crate::auth::token;
use crate::auth::visitor::Visitor;
use crate::error::{Limit, WebError};
use crate::kit::table::Listing;
use crate::kit::table_filter::Pairs;
use crate::kit::table_page;
use crate::kit::table_question::Question;
use crate::query::Period;
use crate::state::Web;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The longest key that is taken.
const KEY_BYTES: usize = 200;
/// Contacts of one page.
const CONTACTS: u32 = 100;

/// A page of the list.
#[derive(Serialize, ToSchema)]
#[schema(as = TicketPage)]
pub(super) struct TicketsJson<'a> {
    total: u64,
    /// What `after` of the next page is.
    after: Option<String>,
    tickets: Vec<TicketJson<'a>>,
}

/// A page of the list, with the filters of the page of tickets.
pub(super) async fn list(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
    Query(pairs): Query<Pairs>,
) -> Result<Response, WebError> {
    let names = Names::new(&web, offered(&web).await?);
    let question = Question::<TicketList>::read(&web, &visitor, pairs)?;
    let (filter, start) = (&question.filter, question.start()?);
    let found = TicketList::page(&web, filter, start, TicketList::INFO.rows).await?;
    let total = TicketList::count(&web, filter, u32::MAX).await?;
    if let Some(entry) = table_page::viewed(&web, &visitor, &question)? {
        web.store.append_audit(&[entry]).await?;
    }
    let merged = merged_into(&web, &found.rows).await?;
    let tickets = found.rows.iter().zip(merged);
    let tickets = tickets.map(|(ticket, into)| TicketJson::new(ticket, &names, into));
    let tickets = tickets.collect();
    let page = TicketsJson {
        total,
        after: found.after.map(|after| after.to_text()),
        tickets,
    };
    Ok(Json(page).into_response())
}

/// The numbers of the tickets that these go on as.
async fn merged_into(web: &Web, tickets: &[Ticket]) -> Result<Vec<Option<String>>, StoreError> {
    let ids: Vec<_> = tickets
        .iter()
        .filter_map(|ticket| ticket.merged_into.clone())
        .collect();
    let rows = web.store.ticket_rows(&ids).await?;
    let number = |id: &TicketId| {
        let found = rows.iter().find(|row| row.id == *id);
        found.map(|row| row.number.to_string())
    };
    let numbers = tickets.iter();
    Ok(numbers
        .map(|ticket| ticket.merged_into.as_ref().and_then(number))
        .collect())
}

/// A ticket with its version as ETag.
async fn answer(web: &Web, status: StatusCode, ticket: &Ticket) -> Result<Response, WebError> {
    answer_as_of(web, status, ticket, web.desk.now()).await
}

/// The same as it was told then.
async fn answer_as_of(
    web: &Web,
    status: StatusCode,
    ticket: &Ticket,
    now: Instant,
) -> Result<Response, WebError> {
    let mut names = Names::new(web, offered(web).await?);
    names.now = now;
    let into = merged_into(web, std::slice::from_ref(ticket)).await?;
    let into = into.into_iter().next().flatten();
    let etag = [(header::ETAG, format!("\"{}\"", ticket.version))];
    let body = Json(TicketJson::new(ticket, &names, into));
    Ok((status, etag, body).into_response())
}

pub(super) async fn one(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
    Path(number): Path<String>,
) -> Result<Response, WebError> {
    let ticket = by_number(&web, &number).await?;
    let number = ticket.number.to_string();
    let entry = visitor.entry(web.desk.now(), Action::TicketView, &number);
    web.store.append_audit(&[entry]).await?;
    answer(&web, StatusCode::OK, &ticket).await
}

/// A ticket to be made.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = NewTicket)]
pub(super) struct NewJson {
    #[schema(value_type = FieldsSchema)]
    fields: Map<String, Value>,
    /// When it was received; now if nothing is said.
    received_at: Option<Instant>,
    /// The call that it is of.
    call: Option<String>,
    #[schema(value_type = ContactOutcome)]
    outcome: String,
    /// Whoever sends it has looked at what looks like a number that no ticket may hold.
    sensitive_confirmed: bool,
}

/// What is answered to a text that looks as if it held a number that no ticket may hold: it is kept
/// when it is sent again with `sensitive_confirmed`.
fn warned(found: &[SensitiveText]) -> Option<Response> {
    let warning = warning(found)?;
    let found: Vec<_> = found
        .iter()
        .map(|one| json!({ "kind": one.kind.label(), "text": one.text }))
        .collect();
    let message = format!(
        "{warning}消すか、そうでないことを確認して、sensitive_confirmedをtrueにして送ってください。"
    );
    let error = json!({ "error": { "code": "sensitive", "message": message, "found": found } });
    Some((StatusCode::UNPROCESSABLE_ENTITY, Json(error)).into_response())
}

fn bad(message: impl Into<String>) -> WebError {
    WebError::BadRequest(message.into())
}

/// The key of a request, as it is kept: nobody else's is the same.
fn key(visitor: &Visitor, headers: &HeaderMap) -> Result<String, WebError> {
    let key = headers.get(IDEMPOTENCY_KEY);
    let key = key.and_then(|key| key.to_str().ok()).unwrap_or_default();
    if key.is_empty() || key.len() > KEY_BYTES {
        return Err(bad(format!(
            "見出しIdempotency-Keyに、この登録だけの値を{KEY_BYTES}文字以内で指定してください。"
        )));
    }
    Ok(token::hash(&format!("ticket {} {key}", visitor.user.id)))
}

/// Makes a ticket, once for each key of a user. Who asks again gets the same answer.
pub(super) async fn create(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
    headers: HeaderMap,
    Json(given): Json<NewJson>,
) -> Result<Response, WebError> {
    let key = key(&visitor, &headers)?;
    let asked = serde_json::to_string(&given);
    let asked = asked.map_err(|_| WebError::Internal("a request cannot be written"))?;
    let asked = token::hash(&asked);
    let now = web.desk.now();
    if let Some(kept) = web.store.lookup_request(&key, now).await? {
        return again(&web, &kept, &asked).await;
    }
    let new = new_ticket(&web, &visitor, &given, now).await?;
    let warned = warned(&sensitive::in_fields(&new.fields));
    if let Some(warned) = warned.filter(|_| !given.sensitive_confirmed) {
        return Ok(warned);
    }
    let mut tx = web.store.begin(entry(&web, &visitor, ("", "登録"))).await?;
    // Of two that were sent at once, one was first.
    if let Some(kept) = tx.lookup_request(&key, now).await? {
        drop(tx);
        return again(&web, &kept, &asked).await;
    }
    let ticket = match tx.add_ticket(&new).await {
        Ok(ticket) => ticket,
        Err(error) => return Err(bad(refusal(error)?)),
    };
    let request = NewRequest {
        key: &key,
        user: &visitor.user.id,
        body: &asked,
        at: now,
        ticket: (&ticket.id, ticket.version),
    };
    if !tx.keep_request(request).await? {
        return Err(WebError::TooMany(Limit::Requests));
    }
    tx.describe("number", ticket.number.to_string());
    tx.commit().await?;
    answer_as_of(&web, StatusCode::CREATED, &ticket, now).await
}

/// The answer that was given to this request before.
async fn again(web: &Web, kept: &KeptRequest, asked: &str) -> Result<Response, WebError> {
    if kept.body != asked {
        return Err(WebError::Conflict(
            "このIdempotency-Keyは、別の内容の登録に使われています。".to_owned(),
        ));
    }
    let events = web.store.ticket_events(&kept.ticket).await?;
    let ticket = Ticket::at_version(&events, kept.version).ok_or_else(no_ticket)?;
    answer_as_of(web, StatusCode::CREATED, &ticket, kept.at).await
}

/// What is to be made.
async fn new_ticket(
    web: &Web,
    visitor: &Visitor,
    given: &NewJson,
    now: Instant,
) -> Result<NewTicket, WebError> {
    let mut fields = TicketFields::default();
    let faults = set_fields(&mut fields, &given.fields);
    if !faults.is_empty() {
        return Err(bad(sentence(&faults)));
    }
    if let Some(fault) = unknown_person(web, &TicketFields::default(), &fields).await? {
        return Err(bad(sentence(&[fault])));
    }
    let id = TicketId::new(token::new_id());
    let contact = contact(web, visitor, given, (&id, &fields), now).await?;
    Ok(NewTicket {
        id,
        by: Some(visitor.user.id.clone()),
        at: now,
        happened_at: Some(contact.outcome_at).filter(|at| *at < now),
        received_at: contact.from,
        fields,
        changes: vec![TicketChange::ContactAdded { contact }],
    })
}

async fn contact(
    web: &Web,
    visitor: &Visitor,
    given: &NewJson,
    (ticket, fields): (&TicketId, &TicketFields),
    now: Instant,
) -> Result<Contact, WebError> {
    let outcome = match given.outcome.as_str() {
        "" => ContactOutcome::Unanswered,
        name => ContactOutcome::lookup(name).ok_or_else(|| bad("outcomeを確認してください。"))?,
    };
    let call = match &given.call {
        None => None,
        Some(call) => {
            let events = web.store.events_of(&CallId::new(call)).await?;
            let call = CallRecord::fold(&events);
            Some(call.ok_or(WebError::NotFound("この通話の記録"))?)
        }
    };
    let from = call.as_ref().map(|call| call.arrived_at);
    let from = from.or(given.received_at).unwrap_or(now);
    if from > now {
        return Err(bad("これから先の日時は指定できません。"));
    }
    Ok(Contact {
        id: ContactId::new(format!("{ticket}-1")),
        channel: match call {
            Some(_) => Channel::Phone,
            None => fields.channel,
        },
        agent: call
            .as_ref()
            .and_then(|call| call.agent().cloned())
            .or_else(|| visitor.user.agent.clone()),
        from,
        until: call.as_ref().and_then(|call| call.talk_ended_at),
        outcome,
        outcome_at: from,
        call: call.map(|call| call.call),
    })
}

/// Changes fields and status of a ticket as somebody saw it; who saw another version is told what there
/// is now.
pub(super) async fn change(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
    Path(number): Path<String>,
    headers: HeaderMap,
    Json(mut given): Json<Map<String, Value>>,
) -> Result<Response, WebError> {
    let ticket = by_number(&web, &number).await?;
    let Some(version) = seen(&headers) else {
        let message = "見出しIf-Matchに、読み取ったときのETagを指定してください。";
        let error = json!({ "error": { "code": "precondition_required", "message": message } });
        return Ok((StatusCode::PRECONDITION_REQUIRED, Json(error)).into_response());
    };
    if version != ticket.version {
        return answer(&web, StatusCode::PRECONDITION_FAILED, &ticket).await;
    }
    let status = given.remove("status");
    let confirmed = given.remove("sensitive_confirmed") == Some(Value::Bool(true));
    let mut fields = ticket.fields.clone();
    let faults = set_fields(&mut fields, &given);
    if !faults.is_empty() {
        return Err(bad(sentence(&faults)));
    }
    if let Some(fault) = unknown_person(&web, &ticket.fields, &fields).await? {
        return Err(bad(sentence(&[fault])));
    }
    let mut changes = changes(&ticket.fields, &fields);
    if let Some(status) = status {
        let after = status.as_str().and_then(Status::lookup);
        let after = after.ok_or_else(|| bad("statusを確認してください。"))?;
        // The answer may come with it.
        let mut changed = ticket.clone();
        changed.fields = fields;
        let answered = changed.check_answered(after);
        answered.map_err(|error| bad(format!("{error}。")))?;
        changes.extend(changed.answered_with(after, web.desk.now()));
        changes.push(TicketChange::StatusChanged {
            before: ticket.status(),
            after,
        });
    }
    if changes.is_empty() {
        return answer(&web, StatusCode::OK, &ticket).await;
    }
    if let Some(warned) = warned(&sensitive::in_changes(&changes)).filter(|_| !confirmed) {
        return Ok(warned);
    }
    let number = ticket.number.to_string();
    let entry = entry(&web, &visitor, (&number, &what(&changes)));
    let edit = edit(
        &visitor,
        web.desk.now(),
        (&ticket.id, Some(version)),
        changes,
    );
    let mut tx = web.store.begin(entry).await?;
    match tx.change_ticket(&edit).await {
        Ok(ticket) => {
            tx.commit().await?;
            answer(&web, StatusCode::OK, &ticket).await
        }
        Err(TicketWriteError::Changed { theirs }) => {
            drop(tx);
            answer(&web, StatusCode::PRECONDITION_FAILED, &theirs).await
        }
        Err(error) => Err(bad(refusal(error)?)),
    }
}

/// The version that `If-Match` names.
fn seen(headers: &HeaderMap) -> Option<u32> {
    let tag = headers.get(header::IF_MATCH)?.to_str().ok()?;
    tag.trim().trim_matches('"').parse().ok()
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ContactsQuery {
    ticket: String,
    call: String,
    from: String,
    to: String,
    after: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = TicketContact)]
pub(super) struct ContactJson {
    ticket: String,
    #[serde(flatten)]
    contact: Contact,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ContactPage)]
pub(super) struct ContactsJson {
    contacts: Vec<ContactJson>,
    after: Option<String>,
}

/// 応対 of a period, a ticket or a call.
pub(super) async fn contacts(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
    Query(query): Query<ContactsQuery>,
) -> Result<Json<ContactsJson>, WebError> {
    let mut filter = ContactFilter::default();
    let mut entry = visitor.entry(web.desk.now(), Action::TicketView, "");
    if !query.ticket.is_empty() {
        filter.ticket = Some(id_of(&web, &query.ticket).await?);
        entry.object.clone_from(&query.ticket);
    }
    if !query.call.is_empty() {
        filter.call = Some(CallId::new(&query.call));
        entry.object.clone_from(&query.call);
    }
    if filter == ContactFilter::default() || !query.from.is_empty() || !query.to.is_empty() {
        let period = Period::read(&query.from, &query.to, web.desk.now().date())?;
        filter.from = Some(period.start());
        filter.until = Some(period.end());
        let period = format!("{}/{}", period.from, period.to);
        entry.after.insert("period".to_owned(), period);
    }
    let start = match query.after.as_str() {
        "" => Start::First,
        after => {
            let cursor = Cursor::from_text(after);
            Start::After(cursor.ok_or(StoreError::Cursor)?)
        }
    };
    let found = web.store.page_contacts(&filter, (&start, CONTACTS)).await?;
    web.store.append_audit(&[entry]).await?;
    let contact = |found: TicketContact| ContactJson {
        ticket: found.number.to_string(),
        contact: found.contact,
    };
    Ok(Json(ContactsJson {
        after: found.after.map(|after| after.to_text()),
        contacts: found.rows.into_iter().map(contact).collect(),
    }))
}
