//! 統合, 分割, and what is taken back of them, by the forms of a ticket's page.

use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use madoguchi_core::access::HandleTickets;
use madoguchi_core::id::{AttachmentId, ContactId, TicketId};
use madoguchi_core::ticket::{Ticket, TicketError, TicketFields, sensitive};
use madoguchi_store::{NewTicket, TicketWriteError};

use super::applying::{edit, entry, refusal};
use super::form::{CONFIRMED, warning};
use super::form_drafts;
use super::lookup::{by_number, id_of, place};
use super::page::{Shown, show};
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::kit::form::Values;
use crate::kit::value::YES;
use crate::state::Web;

fn led(ticket: &Ticket, done: &str) -> Response {
    let place = place(ticket.number);
    Redirect::to(&format!("{place}?done={done}")).into_response()
}

/// The page with why a step cannot be taken beside its form.
async fn refused(
    web: &Web,
    visitor: &Visitor,
    id: &TicketId,
    (step, values, why): (&str, Values, String),
) -> Result<Response, WebError> {
    let shown = Shown {
        refused: Some((step.to_owned(), values, why)),
        ..Shown::default()
    };
    show(web, visitor, id, shown).await
}

/// Lets a ticket go on as another.
pub(super) async fn merge(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
    Path(number): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, WebError> {
    let ticket = by_number(&web, &number).await?;
    let values = Values::of(pairs);
    let Ok(into) = id_of(&web, values.get("into")).await else {
        let why = "統合先の受付番号を確認してください。この番号の問合せはありません。".to_owned();
        return refused(&web, &visitor, &ticket.id, ("merge", values, why)).await;
    };
    let target = web.store.resolve_ticket(&into).await?;
    let is_done = ticket.merged_into.as_ref() == Some(&target);
    if is_done && let Some(target) = web.store.lookup_ticket(&target).await? {
        return Ok(led(&target, "merged"));
    }
    let numbers = ticket.number.to_string();
    let entry = entry(&web, &visitor, (&numbers, "統合"));
    let who = edit(&visitor, web.desk.now(), (&ticket.id, None), Vec::new());
    let mut tx = web.store.begin(entry).await?;
    match tx.merge_tickets(&who, &into).await {
        Ok((_, target)) => {
            tx.describe("into", target.number.to_string());
            tx.commit().await?;
            Ok(led(&target, "merged"))
        }
        Err(error) => {
            drop(tx);
            let why = refusal(error)?;
            refused(&web, &visitor, &ticket.id, ("merge", values, why)).await
        }
    }
}

/// Lets a merged ticket go on by itself again.
pub(super) async fn undo_merge(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
    Path(number): Path<String>,
) -> Result<Response, WebError> {
    let ticket = by_number(&web, &number).await?;
    let numbers = ticket.number.to_string();
    let entry = entry(&web, &visitor, (&numbers, "統合の取消し"));
    let who = edit(&visitor, web.desk.now(), (&ticket.id, None), Vec::new());
    let mut tx = web.store.begin(entry).await?;
    match tx.undo_merge(&who).await {
        Ok((ticket, _)) => {
            tx.commit().await?;
            Ok(led(&ticket, "unmerged"))
        }
        // The form was sent twice.
        Err(TicketWriteError::Refused(TicketError::NotMerged)) => Ok(led(&ticket, "unmerged")),
        Err(error) => Err(WebError::BadRequest(refusal(error)?)),
    }
}

/// Makes a part of a ticket one of its own.
pub(super) async fn split(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
    Path(number): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, WebError> {
    let ticket = by_number(&web, &number).await?;
    let contacts = pairs.iter().filter(|(name, _)| name == "contact");
    let contacts: Vec<_> = contacts.map(|(_, id)| ContactId::new(id)).collect();
    let files = pairs.iter().filter(|(name, _)| name == "attachment");
    let files: Vec<_> = files.map(|(_, id)| AttachmentId::new(id)).collect();
    let values = Values::of(pairs);
    let new_id = TicketId::new(values.get("id"));
    if let Some(made) = web.store.lookup_ticket(&new_id).await? {
        // The form was sent twice; whoever names somebody else's ticket has not made it here.
        if ticket.split_into.contains(&new_id) {
            return Ok(led(&made, "split"));
        }
        let message = "この画面は古くなっています。開き直してから、もう一度分割してください。";
        return Err(WebError::Conflict(message.to_owned()));
    }
    let question = values.get("question").replace("\r\n", "\n");
    let fault = if question.is_empty() {
        Some("新しい問合せの質問を入力してください。")
    } else if new_id.as_str().is_empty() {
        Some("この画面は古くなっています。開き直してください。")
    } else {
        None
    };
    if let Some(why) = fault {
        let step = ("split", values, why.to_owned());
        return refused(&web, &visitor, &ticket.id, step).await;
    }
    let warning = warning(&sensitive::found_in_text(&question));
    if let Some(warning) = warning.filter(|_| values.get(CONFIRMED) != YES) {
        let why =
            format!("{warning}消すか、そうでないことを確認して、下のチェックを付けてください。");
        let shown = Shown {
            refused: Some(("split".to_owned(), values, why)),
            asks_sure: true,
            ..Shown::default()
        };
        return show(&web, &visitor, &ticket.id, shown).await;
    }
    let now = web.desk.now();
    let moved = contacts.iter().filter_map(|id| ticket.contact(id));
    let new = NewTicket {
        id: new_id,
        by: Some(visitor.user.id.clone()),
        at: now,
        happened_at: None,
        received_at: moved
            .map(|one| one.from)
            .min()
            .unwrap_or(ticket.received_at),
        fields: TicketFields {
            question,
            answer: String::new(),
            answer_source: None,
            work_minutes: 0,
            ..ticket.fields.clone()
        },
        changes: Vec::new(),
    };
    let numbers = ticket.number.to_string();
    let entry = entry(&web, &visitor, (&numbers, "分割"));
    let who = edit(&visitor, now, (&ticket.id, None), Vec::new());
    let mut tx = web.store.begin(entry).await?;
    match tx.split_ticket(&who, &new, (&contacts, &files)).await {
        Ok((_, made)) => {
            tx.describe("into", made.number.to_string());
            tx.commit().await?;
            form_drafts::forget(&web, &visitor.user.id, ticket.id.as_str(), "split").await;
            Ok(led(&made, "split"))
        }
        Err(error) => {
            drop(tx);
            let why = refusal(error)?;
            refused(&web, &visitor, &ticket.id, ("split", values, why)).await
        }
    }
}
