//! What is typed is kept on the server before it is saved, for its call or ticket, and comes back when
//! the page is opened again: in another browser, after a new sign-in, after a crash.

use axum::Json;
use axum::extract::{Form, State};
use madoguchi_core::access::HandleTickets;
use madoguchi_core::time::Instant;
use madoguchi_store::{StoreError, TicketDraft};

use super::form::ReceptionForm;
use super::subject::Subject;
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::state::Web;
use crate::tickets::presence::{self, Others};

/// Keeps what was typed so far; tells the script of the page who else is there.
pub(super) async fn keep(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
    Form(form): Form<ReceptionForm>,
) -> Result<Json<Others>, WebError> {
    let subject = Subject::of_form(&web, &visitor, &form).await?;
    // What comes after it was saved is of before.
    let is_saved = subject.ticket.is_some() && form.base_version() == 0;
    if !is_saved {
        keep_form(&web, &visitor, &subject, &form).await?;
    }
    Ok(Json(match &subject.ticket {
        Some(ticket) => presence::others(&web, &visitor, &ticket.id).await?,
        None => Others::default(),
    }))
}

/// Keeps what a form holds; one that holds nothing is forgotten.
pub(super) async fn keep_form(
    web: &Web,
    visitor: &Visitor,
    subject: &Subject,
    form: &ReceptionForm,
) -> Result<(), WebError> {
    let user = &visitor.user.id;
    if !form.has_text() && form.person.is_empty() && form.attached.is_empty() {
        return Ok(forget(web, visitor, subject).await?);
    }
    let text = serde_json::to_string(form);
    let text = text.map_err(|_| WebError::Internal("a form could not be kept"))?;
    let draft = TicketDraft {
        subject: subject.key(),
        at: web.desk.now(),
        version: Some(form.base_version()).filter(|version| *version > 0),
        form: text,
    };
    let mut tx = web.store.begin_unrecorded().await?;
    tx.keep_ticket_draft(user, &draft).await?;
    tx.commit().await?;
    Ok(())
}

/// Forgets what was typed.
pub(super) async fn forget(
    web: &Web,
    visitor: &Visitor,
    subject: &Subject,
) -> Result<(), StoreError> {
    let mut tx = web.store.begin_unrecorded().await?;
    tx.forget_ticket_draft(&visitor.user.id, &subject.key())
        .await?;
    tx.commit().await
}

/// Forgets what was typed into a form, and the files that wait for its ticket.
pub(super) async fn discard(
    web: &Web,
    visitor: &Visitor,
    subject: &Subject,
    form: &ReceptionForm,
) -> Result<(), StoreError> {
    let user = &visitor.user.id;
    let mut tx = web.store.begin_unrecorded().await?;
    tx.forget_ticket_draft(user, &subject.key()).await?;
    tx.forget_draft_files(user, &form.ticket.as_str().into())
        .await?;
    tx.commit().await
}

/// What was typed before and not saved, and when; `None` if it says nothing else than the fresh form
/// does, or the database cannot be asked.
pub(super) async fn typed(
    web: &Web,
    visitor: &Visitor,
    subject: &Subject,
    fresh: &ReceptionForm,
) -> Result<Option<(ReceptionForm, Instant)>, WebError> {
    let key = subject.key();
    let kept = web
        .ask(web.store.lookup_ticket_draft(&visitor.user.id, &key))
        .await;
    let kept = match kept {
        Err(error) if error.is_away() => return Ok(None),
        other => other?,
    };
    // What an earlier version of the program kept may have another form.
    let read = kept.and_then(|kept| {
        let form: ReceptionForm = serde_json::from_str(&kept.form).ok()?;
        Some((form, kept.at))
    });
    let Some((form, at)) = read else {
        return Ok(None);
    };
    let names_saved = match &subject.ticket {
        Some(_) => false,
        None => {
            let id = form.ticket.as_str().into();
            web.ask(web.store.lookup_ticket(&id)).await?.is_some()
        }
    };
    let form = ReceptionForm {
        call: fresh.call.clone(),
        ..form
    };
    let same = ReceptionForm {
        ticket: fresh.ticket.clone(),
        version: fresh.version.clone(),
        // What a list stands at by itself is not typed.
        route: fresh.route.clone(),
        reason: fresh.reason.clone(),
        ..form.clone()
    };
    Ok((!names_saved && same != *fresh).then_some((form, at)))
}
