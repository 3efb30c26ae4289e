//! Saves the fields of a ticket. What two people changed apart is joined; who comes second is shown what
//! both changed, with the own text still in the form.

use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use madoguchi_core::access::HandleTickets;
use madoguchi_core::setup::FieldError;
use madoguchi_core::ticket::edit::{Conflict, changes, merge};
use madoguchi_core::ticket::{Ticket, TicketField, TicketFields};
use madoguchi_store::{Resource, StoreError, TicketWriteError};

use super::applying::{edit, entry, refusal};
use super::choices::offered;
use super::form::{OWN, fields, take_up};
use super::form_drafts;
use super::history::what;
use super::lookup::{id_of, no_ticket, place};
use super::names::Names;
use super::page::{Shown, show};
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::kit::form::Values;
use crate::state::Web;

const TRIES: usize = 5;

/// What comes of a save.
pub(crate) enum Saved {
    Kept(Box<Ticket>),
    Faulty(Vec<FieldError>),
    /// Both changed these: nothing is saved.
    Conflicting(Vec<Conflict>),
    Refused(String),
}

pub(super) async fn save(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
    Path(number): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, WebError> {
    let id = id_of(&web, &number).await?;
    let names = Names::new(&web, offered(&web).await?);
    let values = Values::of(pairs);
    let events = web.store.ticket_events(&id).await?;
    let ticket = Ticket::fold(&events).ok_or_else(no_ticket)?;
    let version = seen(&values, &ticket);
    let base = Ticket::fold(events.iter().filter(|event| event.seq < version));
    let base = base.unwrap_or_else(|| ticket.clone()).fields;
    let mut mine = base.clone();
    let faults = take_up(&fields(&names, &base, OWN), &values, &mut mine);
    let saved = if faults.is_empty() {
        save_fields(&web, &visitor, &ticket, (&base, &mine)).await?
    } else {
        Saved::Faulty(faults)
    };
    let typed = Some((values, mine));
    let shown = match saved {
        Saved::Kept(ticket) => {
            let user = &visitor.user.id;
            form_drafts::forget(&web, user, ticket.id.as_str(), form_drafts::FIELDS).await;
            let place = place(ticket.number);
            return Ok(Redirect::to(&format!("{place}?done=saved")).into_response());
        }
        Saved::Faulty(faults) => Shown {
            typed,
            faults,
            ..Shown::default()
        },
        Saved::Conflicting(conflicts) => Shown {
            typed,
            conflicts,
            ..Shown::default()
        },
        Saved::Refused(why) => Shown {
            typed,
            faults: vec![FieldError::new("", why.trim_end_matches('。'))],
            ..Shown::default()
        },
    };
    show(&web, &visitor, &ticket.id, shown).await
}

/// The version that the form was made of.
fn seen(values: &Values, ticket: &Ticket) -> u32 {
    let version = u32::try_from(values.version()).unwrap_or(0);
    if version == 0 {
        ticket.version
    } else {
        version
    }
}

/// Saves what somebody made of the fields as they had seen them.
pub(crate) async fn save_fields(
    web: &Web,
    visitor: &Visitor,
    ticket: &Ticket,
    (base, mine): (&TicketFields, &TicketFields),
) -> Result<Saved, WebError> {
    if let Some(fault) = unknown_person(web, base, mine).await? {
        return Ok(Saved::Faulty(vec![fault]));
    }
    let mut current = ticket.clone();
    for _ in 0..TRIES {
        let merged = merge(base, mine, &current.fields);
        if !merged.conflicts.is_empty() {
            return Ok(Saved::Conflicting(merged.conflicts));
        }
        let changes = changes(&current.fields, &merged.fields);
        if changes.is_empty() {
            return Ok(Saved::Kept(Box::new(current)));
        }
        let now = web.desk.now();
        let number = current.number.to_string();
        let entry = entry(web, visitor, (&number, &what(&changes)));
        let edit = edit(visitor, now, (&current.id, Some(current.version)), changes);
        let mut tx = web.store.begin(entry).await?;
        match tx.change_ticket(&edit).await {
            Ok(kept) => {
                tx.commit().await?;
                return Ok(Saved::Kept(Box::new(kept)));
            }
            Err(TicketWriteError::Changed { theirs }) => current = *theirs,
            Err(error) => return refusal(error).map(Saved::Refused),
        }
    }
    Err(StoreError::Changed {
        what: Resource::Ticket,
    }
    .into())
}

/// A 職員番号 that was typed and is none of the directory.
pub(crate) async fn unknown_person(
    web: &Web,
    base: &TicketFields,
    mine: &TicketFields,
) -> Result<Option<FieldError>, WebError> {
    let person = mine.requester.person.as_ref();
    let Some(person) = person.filter(|person| base.requester.person.as_ref() != Some(person))
    else {
        return Ok(None);
    };
    if web.store.lookup_person(person).await?.is_some() {
        return Ok(None);
    }
    let message = format!("職員番号「{person}」の人は、職員名簿にいません");
    Ok(Some(FieldError::new(TicketField::Person.as_str(), message)))
}
