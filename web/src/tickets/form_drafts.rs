//! What is typed into the forms of a ticket's page is kept on the server before it is saved, a form at a time, and
//! comes back when the page is opened again.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Form, State};
use madoguchi_core::access::HandleTickets;
use madoguchi_core::id::{TicketId, UserId};
use madoguchi_store::{StoreError, TicketDraft};
use serde::{Deserialize, Serialize};

use super::lookup::no_ticket;
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::state::Web;

/// What stands in the place of a ticket's id on the form of a new one.
pub(super) const NEW: &str = "new";
/// The form of a new ticket.
pub(super) const CREATE: &str = "create";
/// The form of a ticket's fields.
pub(super) const FIELDS: &str = "fields";
/// Letters of the name of a form.
const NAME_LETTERS: usize = 40;
/// Fields of one form.
const FIELDS_AT_MOST: usize = 60;

/// What the script of the page sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DraftForm {
    /// The id of the ticket, or [`NEW`].
    ticket: String,
    /// Which form of its page.
    name: String,
    /// The version of the ticket that the page showed.
    version: String,
    /// What was typed, by the names of the fields, as JSON; empty if the form is as it was.
    fields: String,
}

/// What was typed into a form and not saved.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Typed {
    name: String,
    version: Option<u32>,
    /// When it was kept.
    at: String,
    fields: BTreeMap<String, String>,
}

/// Where a draft of a form is kept.
fn subject(ticket: &str, name: &str) -> String {
    format!("form:{ticket}:{name}")
}

/// Keeps what was typed so far.
pub(super) async fn keep(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
    Form(form): Form<DraftForm>,
) -> Result<Json<()>, WebError> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_known = !form.name.is_empty()
        && form.name.len() <= NAME_LETTERS
        && form.name.bytes().all(is_name)
        && (form.ticket == NEW) == (form.name == CREATE);
    let id = TicketId::new(&form.ticket);
    if !is_known || (form.ticket != NEW && web.store.lookup_ticket(&id).await?.is_none()) {
        return Err(no_ticket());
    }
    let fields = read(&form.fields)?;
    let user = &visitor.user.id;
    let subject = subject(&form.ticket, &form.name);
    let mut tx = web.store.begin_unrecorded().await?;
    if fields.is_empty() {
        tx.forget_ticket_draft(user, &subject).await?;
    } else {
        let kept = TicketDraft {
            subject,
            at: web.desk.now(),
            version: form.version.parse().ok().filter(|version| *version > 0),
            form: serde_json::to_string(&fields).unwrap_or_default(),
        };
        tx.keep_ticket_draft(user, &kept).await?;
    }
    tx.commit().await?;
    Ok(Json(()))
}

/// What was typed, by the names of the fields. What cannot be read takes nothing away that was kept before.
fn read(typed: &str) -> Result<BTreeMap<String, String>, WebError> {
    if typed.is_empty() {
        return Ok(BTreeMap::new());
    }
    let fields = serde_json::from_str::<BTreeMap<String, String>>(typed);
    let fields = fields.ok().filter(|fields| fields.len() <= FIELDS_AT_MOST);
    fields.ok_or_else(|| {
        let why = "入力の途中の内容を読み取れませんでした。画面を開き直してください。";
        WebError::BadRequest(why.to_owned())
    })
}

/// What the visitor typed into the forms of a page, as JSON for its script; `ticket`: its id, or [`NEW`].
pub(super) async fn typed(web: &Web, visitor: &Visitor, ticket: &str) -> String {
    let begin = subject(ticket, "");
    let drafts = match web.ask(web.store.ticket_drafts(&visitor.user.id)).await {
        Ok(drafts) => drafts,
        Err(error) => {
            tracing::debug!(%error, "what was typed before cannot be read");
            Vec::new()
        }
    };
    let typed = drafts.into_iter().filter_map(|draft| {
        Some(Typed {
            name: draft.subject.strip_prefix(&begin)?.to_owned(),
            version: draft.version,
            at: web.settings.dates.minute(draft.at),
            fields: serde_json::from_str(&draft.form).ok()?,
        })
    });
    serde_json::to_string(&typed.collect::<Vec<_>>()).unwrap_or_default()
}

/// What was typed into a form is saved.
pub(super) async fn forget(web: &Web, user: &UserId, ticket: &str, name: &str) {
    let subject = subject(ticket, name);
    let forgetting = async {
        let mut tx = web.store.begin_unrecorded().await?;
        tx.forget_ticket_draft(user, &subject).await?;
        tx.commit().await
    };
    let forgotten: Result<(), StoreError> = forgetting.await;
    if let Err(error) = forgotten {
        tracing::warn!(%error, "what was saved is still kept as typed");
    }
}
