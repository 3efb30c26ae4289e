//! Files beside a ticket: brought by the form of its page, taken away, and sent to who may see it.

use axum::body::{Body, Bytes};
use axum::extract::{Form, Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use futures::stream;
use madoguchi_core::access::HandleTickets;
use madoguchi_core::audit::{Action, Fields};
use madoguchi_core::id::AttachmentId;
use madoguchi_core::ticket::{Ticket, TicketChange, TicketError};
use madoguchi_reports::forms::names::content_disposition;
use madoguchi_store::{Store, StoreError};

use super::applying::apply;
use super::attaching;
use super::lookup::{by_number, id_of, place};
use super::page::{Shown, show};
use crate::auth::access::Allowed;
use crate::error::WebError;
use crate::kit::form::Values;
use crate::state::Web;
use crate::upload::TypedForm;

fn led(ticket: &Ticket, done: &str) -> Response {
    let place = place(ticket.number);
    Redirect::to(&format!("{place}?done={done}#files")).into_response()
}

/// Brings a file to a ticket.
pub(super) async fn add(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
    Path(number): Path<String>,
    typed: TypedForm,
) -> Result<Response, WebError> {
    let ticket = by_number(&web, &number).await?;
    let number = ticket.number.to_string();
    let judged = attaching::judge(&web, &visitor, typed, &number).await?;
    let added = match judged {
        Ok(brought) => attaching::attach(&web, &visitor, &ticket.id, &brought).await?,
        Err(why) => Err(why),
    };
    match added {
        Ok(ticket) => Ok(led(&ticket, "attached")),
        Err(why) => {
            let shown = Shown {
                refused: Some(("files".to_owned(), Values::default(), why)),
                ..Shown::default()
            };
            show(&web, &visitor, &ticket.id, shown).await
        }
    }
}

/// Takes a file away.
pub(super) async fn remove(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
    Path((number, file)): Path<(String, String)>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, WebError> {
    let id = id_of(&web, &number).await?;
    let file = AttachmentId::new(file);
    let values = Values::of(pairs);
    let version = u32::try_from(values.version()).unwrap_or(0);
    let make = |base: &Ticket| match base.attachment(&file) {
        Some(known) => Ok(vec![TicketChange::FileRemoved {
            file: file.clone(),
            name: known.file.name.clone(),
        }]),
        None => Err(format!("{}。", TicketError::FileUnknown)),
    };
    match apply(&web, &visitor, (&id, version), make).await? {
        Ok(ticket) => Ok(led(&ticket, "detached")),
        Err(why) => {
            let shown = Shown {
                refused: Some(("files".to_owned(), values, why)),
                ..Shown::default()
            };
            show(&web, &visitor, &id, shown).await
        }
    }
}

/// A file of a ticket, or of one that goes on as it. It is to be saved, never shown in the page.
pub(super) async fn file(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
    Path((number, file)): Path<(String, String)>,
) -> Result<Response, WebError> {
    let missing = || WebError::NotFound("この添付ファイル");
    let ticket = by_number(&web, &number).await?;
    let id = AttachmentId::new(file);
    let family = web.store.ticket_family(&ticket.id).await?;
    let found = family.iter().find_map(|one| one.attachment(&id));
    let file = found.ok_or_else(missing)?.file.clone();
    let first = web.store.ticket_file_part(&id, 0).await?;
    let first = first.ok_or_else(missing)?;
    let mut entry = visitor.entry(
        web.desk.now(),
        Action::TicketFileView,
        ticket.number.to_string(),
    );
    entry.after = Fields::from([
        ("file".to_owned(), file.name.clone()),
        ("hash".to_owned(), file.hash.clone()),
    ]);
    web.store.append_audit(&[entry]).await?;
    let headers = [
        (header::CONTENT_TYPE, file.kind.media_type().to_owned()),
        (header::CONTENT_LENGTH, file.bytes.to_string()),
        (header::CONTENT_DISPOSITION, content_disposition(&file.name)),
    ];
    let content = Body::from_stream(parts(web.store.clone(), id, first));
    Ok((headers, content).into_response())
}

/// The parts of a file, of which one at a time is in memory.
fn parts(
    store: Store,
    id: AttachmentId,
    first: Vec<u8>,
) -> impl futures::Stream<Item = Result<Bytes, StoreError>> {
    stream::try_unfold((0, Some(first)), move |(number, known)| {
        let (store, id) = (store.clone(), id.clone());
        async move {
            let part = match known {
                Some(part) => Some(part),
                None => store.ticket_file_part(&id, number).await?,
            };
            Ok(part.map(|part| (part.into(), (number + 1, None))))
        }
    })
}
