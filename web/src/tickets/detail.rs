//! A ticket is opened. One that goes on as another leads to that, and says so.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use madoguchi_core::access::HandleTickets;
use madoguchi_core::audit::Action;
use madoguchi_core::id::TicketId;
use madoguchi_core::ticket::TicketNumber;
use serde::Deserialize;

use super::lookup::{id_of, no_ticket, place};
use super::page::{Shown, show};
use crate::auth::access::Allowed;
use crate::error::WebError;
use crate::state::Web;

/// How the page of a ticket is come to.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PageQuery {
    done: String,
    /// The number of a ticket that goes on as this one.
    from: String,
}

pub(super) async fn page(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
    Path(number): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Response, WebError> {
    let id = id_of(&web, &number).await?;
    let root = web.store.resolve_ticket(&id).await?;
    let ticket = web.store.lookup_ticket(&root).await?;
    let ticket = ticket.ok_or_else(no_ticket)?;
    if root != id {
        let asked = web.store.lookup_ticket(&id).await?.ok_or_else(no_ticket)?;
        let place = place(ticket.number);
        return Ok(Redirect::to(&format!("{place}?from={}", asked.number)).into_response());
    }
    let number = ticket.number.to_string();
    let entry = visitor.entry(web.desk.now(), Action::TicketView, &number);
    web.store.append_audit(&[entry]).await?;
    let shown = Shown {
        done: query.done,
        came_from: merged(&web, &query.from, &id).await?,
        ..Shown::default()
    };
    show(&web, &visitor, &id, shown).await
}

/// The number that was asked for, if it is one of those that go on as this ticket.
async fn merged(web: &Web, asked: &str, id: &TicketId) -> Result<Option<String>, WebError> {
    let Some(number) = TicketNumber::read(asked, "") else {
        return Ok(None);
    };
    let Some(from) = web.store.lookup_ticket_id(number).await? else {
        return Ok(None);
    };
    let leads_here = from != *id && web.store.resolve_ticket(&from).await? == *id;
    Ok(leads_here.then(|| number.to_string()))
}
