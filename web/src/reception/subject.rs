//! What a reception is about: a call, a ticket, both, or neither yet.

use madoguchi_core::id::{CallId, TicketId};
use madoguchi_core::ticket::Ticket;
use madoguchi_core::time::Instant;
use madoguchi_store::StoreError;
use serde::Deserialize;

use super::call::ReceptionCall;
use super::form::ReceptionForm;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::query::escape;
use crate::state::Web;

/// The entry of the menu.
pub(super) const HERE: &str = "/reception";

/// What an address asks for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct SubjectQuery {
    /// A call; without one, the own call that there is.
    pub(super) call: String,
    /// A ticket.
    pub(super) ticket: String,
    /// `matter`: another matter of the call; `plain`: something that came by no call.
    pub(super) new: String,
}

/// What a reception is about.
#[derive(Debug, Clone, Default)]
pub(super) struct Subject {
    pub(super) call: Option<ReceptionCall>,
    /// The ticket, if it is kept already.
    pub(super) ticket: Option<Ticket>,
}

impl Subject {
    /// What an address asks for. A call that has a ticket goes on with it, unless another is asked for.
    pub(super) async fn asked(
        web: &Web,
        visitor: &Visitor,
        query: &SubjectQuery,
    ) -> Result<Self, WebError> {
        let call = match query.call.as_str() {
            "" if query.ticket.is_empty() && query.new != "plain" => {
                ReceptionCall::own(web, visitor)
            }
            "" => None,
            id => Some(ReceptionCall::get(web, visitor, id).await?),
        };
        let ticket = if !query.ticket.is_empty() {
            let id = TicketId::new(&query.ticket);
            let id = web.ask(web.store.resolve_ticket(&id)).await?;
            let found = web.ask(web.store.lookup_ticket(&id)).await?;
            Some(found.ok_or(WebError::NotFound("この問合せ"))?)
        } else {
            match &call {
                Some(call) if query.new.is_empty() => ticket_of(web, call.id()).await?,
                _ => None,
            }
        };
        Ok(Self { call, ticket })
    }

    /// What a form is about.
    pub(super) async fn of_form(
        web: &Web,
        visitor: &Visitor,
        form: &ReceptionForm,
    ) -> Result<Self, WebError> {
        if !form.has_plain_ids() {
            return Err(WebError::NotFound("この問合せ"));
        }
        let call = match form.call.as_str() {
            "" => None,
            id => Some(ReceptionCall::get(web, visitor, id).await?),
        };
        let ticket = match form.ticket.as_str() {
            "" => None,
            id => web.ask(web.store.lookup_ticket(&TicketId::new(id))).await?,
        };
        // A new ticket is named by who makes it: under the name of somebody else's nothing is kept.
        let theirs = |ticket: &Ticket| ticket.created_by.as_ref() != Some(&visitor.user.id);
        let wrong = match &ticket {
            Some(ticket) => form.base_version() == 0 && theirs(ticket),
            None => form.base_version() != 0,
        };
        if wrong {
            return Err(WebError::NotFound("この問合せ"));
        }
        Ok(Self { call, ticket })
    }

    /// What drafts of it are kept under.
    pub(super) fn key(&self) -> String {
        match (&self.ticket, &self.call) {
            (Some(ticket), _) => format!("ticket:{}", ticket.id),
            (None, Some(call)) => format!("call:{}", call.id()),
            (None, None) => "new".to_owned(),
        }
    }

    /// Where its page is.
    pub(super) fn place(&self) -> String {
        let mut fields = Vec::new();
        if let Some(call) = &self.call {
            fields.push(format!("call={}", escape(call.id().as_str())));
        }
        match (&self.ticket, &self.call) {
            (Some(ticket), _) => fields.push(format!("ticket={}", escape(ticket.id.as_str()))),
            (None, Some(_)) => fields.push("new=matter".to_owned()),
            (None, None) => fields.push("new=plain".to_owned()),
        }
        format!("{HERE}?{}", fields.join("&"))
    }

    /// 受付日時
    pub(super) fn received_at(&self, now: Instant) -> Instant {
        match (&self.ticket, &self.call) {
            (Some(ticket), _) => ticket.received_at,
            (None, Some(call)) => call.record.arrived_at.min(now),
            (None, None) => now,
        }
    }
}

/// The ticket that a call led to; of several the one that was changed last. Without the database there
/// is none to go on with.
async fn ticket_of(web: &Web, call: &CallId) -> Result<Option<Ticket>, WebError> {
    let tickets = async {
        let ids = web.store.tickets_of_call(call).await?;
        let mut newest: Option<Ticket> = None;
        for id in ids {
            let id = web.store.resolve_ticket(&id).await?;
            let Some(ticket) = web.store.lookup_ticket(&id).await? else {
                continue;
            };
            let newer = newest
                .as_ref()
                .is_none_or(|newest| ticket.updated_at > newest.updated_at);
            if newer {
                newest = Some(ticket);
            }
        }
        Ok::<_, StoreError>(newest)
    };
    match web.ask(tickets).await {
        Ok(ticket) => Ok(ticket),
        Err(error) if error.is_away() => Ok(None),
        Err(error) => Err(error.into()),
    }
}
