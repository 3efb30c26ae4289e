//! 対象外: an answered call without a matter gets a reason in the place of a ticket.

use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use madoguchi_core::access::HandleTickets;
use madoguchi_core::audit::{Action, Fields};
use madoguchi_core::contact::{NoTicket, NoTicketReason};
use madoguchi_core::month::Month;
use madoguchi_core::setup::FieldError;
use madoguchi_core::ticket::sensitive;
use madoguchi_store::{KeptNoTicket, StoreError};
use serde::Deserialize;

use super::call::ReceptionCall;
use super::draft;
use super::form::ReceptionForm;
use super::page::{self, PageState};
use super::subject::{HERE, Subject};
use super::unregistered::{self, ListQuery};
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::query::escape;
use crate::state::Web;

/// The form of the list of unregistered calls.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NoTicketForm {
    call: String,
    reason: String,
    note: String,
    /// The month whose list it was; empty: none.
    month: String,
}

/// Why a call does not become 対象外.
enum NoTicketError {
    Fault(String),
    Web(WebError),
}

impl From<StoreError> for NoTicketError {
    fn from(error: StoreError) -> Self {
        Self::Web(error.into())
    }
}

/// From the list.
pub(super) async fn set(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
    Form(form): Form<NoTicketForm>,
) -> Result<Response, WebError> {
    let call = ReceptionCall::get(&web, &visitor, &form.call).await?;
    match keep(&web, &visitor, &call, &form.reason, &form.note).await {
        Ok(()) => {
            let month = form.month.parse::<Month>().ok();
            let month = month.map_or(String::new(), |month| format!("&month={month}"));
            let without = escape(call.id().as_str());
            let list = format!("{HERE}/unregistered?done=no-ticket&without={without}{month}");
            Ok(Redirect::to(&list).into_response())
        }
        Err(NoTicketError::Fault(why)) => {
            let query = ListQuery {
                month: form.month,
                ..ListQuery::default()
            };
            let why = format!(
                "{}の通話：{why}。",
                web.settings.dates.minute(call.record.arrived_at)
            );
            let list = unregistered::show(&web, &visitor, &query, Some(why)).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, list).into_response())
        }
        Err(NoTicketError::Web(error)) => Err(error),
    }
}

/// From the page of the call. What was typed there is not thrown away on the way.
pub(super) async fn of_form(
    web: &Web,
    visitor: &Visitor,
    subject: &Subject,
    form: ReceptionForm,
) -> Result<Response, WebError> {
    let refused = |why: &str| PageState {
        refused: Some(why.to_owned()),
        ..PageState::default()
    };
    let Some(call) = &subject.call else {
        let told = refused("通話がないため、対象外にできません。");
        return page::show(web, visitor, subject, form, told).await;
    };
    let in_the_way = if form.has_text() {
        "質問や回答が入力されています。対象外にするときは、入力した内容を消してください。"
    } else if form.attached.is_empty() {
        ""
    } else {
        "ファイルが添付されています。対象外にするときは、添付ファイルを取り除いてください。"
    };
    if !in_the_way.is_empty() {
        let told = refused(in_the_way);
        return page::show(web, visitor, subject, form, told).await;
    }
    match keep(web, visitor, call, &form.reason, &form.reason_note).await {
        Ok(()) => {
            let without = escape(call.id().as_str());
            let place = format!("{HERE}?new=plain&done=no-ticket&without={without}");
            Ok(Redirect::to(&place).into_response())
        }
        Err(NoTicketError::Fault(why)) => {
            let told = PageState {
                faults: vec![FieldError::new("reason_note", why)],
                ..PageState::default()
            };
            page::show(web, visitor, subject, form, told).await
        }
        Err(NoTicketError::Web(error)) => Err(error),
    }
}

/// Takes back that the call of a form is 対象外: it is 未登録 again. What was typed stays.
pub(super) async fn take_back(
    web: &Web,
    visitor: &Visitor,
    subject: &Subject,
    form: &ReceptionForm,
) -> Result<Response, WebError> {
    if form.has_text() {
        draft::keep_form(web, visitor, subject, form).await?;
    }
    let Some(call) = &subject.call else {
        return Ok(Redirect::to(&subject.place()).into_response());
    };
    let place = format!(
        "{HERE}?call={}&done=no-ticket-undone",
        escape(call.id().as_str())
    );
    if let Some(kept) = web.store.lookup_no_ticket(call.id()).await? {
        let now = web.desk.now();
        let mut entry = visitor.entry(now, Action::CallWithoutTicket, call.id().as_str());
        let reason = kept.no_ticket.reason.label().to_owned();
        entry.before = Fields::from([("reason".to_owned(), reason)]);
        let mut tx = web.store.begin(entry).await?;
        tx.clear_no_ticket(call.id()).await?;
        tx.commit().await?;
    }
    Ok(Redirect::to(&place).into_response())
}

async fn keep(
    web: &Web,
    visitor: &Visitor,
    call: &ReceptionCall,
    reason: &str,
    note: &str,
) -> Result<(), NoTicketError> {
    if call.record.answered_at.is_none() {
        let why = "応答していない通話は、対象外にできません";
        return Err(NoTicketError::Fault(why.to_owned()));
    }
    if call.record.ended_at.is_none() && call.own_state.is_none() {
        let why = "通話が続いています。通話が終わってから、対象外にしてください";
        return Err(NoTicketError::Fault(why.to_owned()));
    }
    let Some(reason) = NoTicketReason::lookup(reason) else {
        return Err(NoTicketError::Fault(
            "対象外の理由を選んでください".to_owned(),
        ));
    };
    let no_ticket = NoTicket {
        call: call.id().clone(),
        reason,
        note: note.trim().to_owned(),
    };
    // A call without a matter has no number to be kept.
    if let Some(found) = sensitive::found_in_text(&no_ticket.note).first() {
        let (text, kind) = (&found.text, found.kind.label());
        let why = format!("メモの「{text}」は{kind}のように見えます。消してから保存してください");
        return Err(NoTicketError::Fault(why));
    }
    let tickets = web.store.tickets_of_call(call.id()).await?;
    if let Err(error) = no_ticket.check(&tickets) {
        return Err(NoTicketError::Fault(error.to_string()));
    }
    let now = web.desk.now();
    let mut entry = visitor.entry(now, Action::CallWithoutTicket, call.id().as_str());
    entry.after = Fields::from([("reason".to_owned(), no_ticket.reason.label().to_owned())]);
    let kept = KeptNoTicket {
        no_ticket,
        at: now,
        by: visitor.user.id.clone(),
    };
    let mut tx = web.store.begin(entry).await?;
    tx.set_no_ticket(&kept).await?;
    let draft = format!("call:{}", call.id());
    tx.forget_ticket_draft(&visitor.user.id, &draft).await?;
    tx.commit().await?;
    Ok(())
}
