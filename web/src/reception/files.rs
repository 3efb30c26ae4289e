//! 添付＋: files for what is being registered. Before there is a ticket they wait for it with what was
//! typed, for whoever brought them alone; the save puts them beside the ticket.

use axum::extract::State;
use axum::response::Response;
use madoguchi_core::access::HandleTickets;
use madoguchi_core::id::{AttachmentId, TicketId};
use madoguchi_core::ticket::ATTACHMENTS;
use serde::Deserialize as _;
use serde::de::value::{Error, MapDeserializer};

use super::draft;
use super::form::ReceptionForm;
use super::page::{self, PageState};
use super::subject::Subject;
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::state::Web;
use crate::tickets::attaching::{self, Brought};
use crate::upload::{FileForm, TypedForm};

/// The fields of the form that came with a file.
fn typed_fields(form: &FileForm) -> Result<ReceptionForm, WebError> {
    let fields = form.fields().iter();
    let fields = fields.map(|(name, text)| (name.as_str(), text.as_str()));
    let read = ReceptionForm::deserialize(MapDeserializer::<_, Error>::new(fields));
    read.map_err(|_| WebError::Internal("a form with a file could not be read"))
}

/// Brings a file. Everything else that stands in the form is kept and shown again.
pub(super) async fn add(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
    typed: TypedForm,
) -> Result<Response, WebError> {
    let mut form = typed_fields(&typed.form)?;
    if form.ticket.is_empty() {
        form.ticket = ReceptionForm::blank().ticket;
    }
    let mut subject = Subject::of_form(&web, &visitor, &form).await?;
    let number = subject.ticket.as_ref();
    let number = number.map_or_else(String::new, |ticket| ticket.number.to_string());
    let added = match attaching::judge(&web, &visitor, typed, &number).await? {
        Ok(brought) => keep(&web, &visitor, &mut subject, &mut form, &brought).await?,
        Err(why) => Err(why),
    };
    let mut told = PageState::default();
    match added {
        Ok(()) => told.said = Some("ファイルを添付しました。"),
        Err(why) => told.file = Some(why),
    }
    draft::keep_form(&web, &visitor, &subject, &form).await?;
    page::show(&web, &visitor, &subject, form, told).await
}

/// Keeps a file beside the ticket, or for the one that is going to be.
async fn keep(
    web: &Web,
    visitor: &Visitor,
    subject: &mut Subject,
    form: &mut ReceptionForm,
    brought: &Brought,
) -> Result<Result<(), String>, WebError> {
    if let Some(ticket) = &subject.ticket {
        let attached = attaching::attach(web, visitor, &ticket.id, brought).await?;
        return Ok(attached.map(|ticket| subject.ticket = Some(ticket)));
    }
    let (user, ticket) = (&visitor.user.id, TicketId::new(&form.ticket));
    let waiting = web.store.draft_files(user, &ticket).await?;
    form.attached = "yes".to_owned();
    let file = &brought.file;
    if waiting.iter().any(|known| known.id == file.id) {
        return Ok(Ok(()));
    }
    if let Some(same) = waiting.iter().find(|known| known.hash == file.hash) {
        let why = format!("同じファイル「{}」が、すでに添付されています。", same.name);
        return Ok(Err(why));
    }
    if waiting.len() >= ATTACHMENTS {
        let why = format!("1件の問合せに添付できるファイルは、{ATTACHMENTS}個までです。");
        return Ok(Err(why));
    }
    let mut tx = web.store.begin_unrecorded().await?;
    if !tx.add_ticket_file(&file.id, &brought.content).await? {
        drop(tx);
        // The form was sent twice at once.
        let waiting = web.store.draft_files(user, &ticket).await?;
        let known = waiting.iter().any(|known| known.id == file.id);
        let why = "この画面は古くなっています。開き直してから、もう一度添付してください。";
        return Ok(if known { Ok(()) } else { Err(why.to_owned()) });
    }
    tx.add_draft_file((user, &ticket), file, web.desk.now())
        .await?;
    tx.commit().await?;
    Ok(Ok(()))
}

/// Takes a file away that waits for its ticket.
pub(super) async fn remove(
    web: &Web,
    visitor: &Visitor,
    subject: &Subject,
    mut form: ReceptionForm,
    file: &str,
) -> Result<Response, WebError> {
    let (user, ticket) = (&visitor.user.id, TicketId::new(&form.ticket));
    let mut tx = web.store.begin_unrecorded().await?;
    tx.forget_draft_file((user, &ticket), &AttachmentId::new(file))
        .await?;
    tx.commit().await?;
    if web.store.draft_files(user, &ticket).await?.is_empty() {
        form.attached.clear();
    }
    let told = PageState {
        said: Some("添付ファイルを取り除きました。"),
        ..PageState::default()
    };
    draft::keep_form(web, visitor, subject, &form).await?;
    page::show(web, visitor, subject, form, told).await
}

/// A file was chosen and another button pressed than that which sends it: nothing is saved without it
/// unless that is meant.
pub(super) async fn not_sent(
    web: &Web,
    visitor: &Visitor,
    subject: &Subject,
    form: ReceptionForm,
) -> Result<Response, WebError> {
    let why = format!(
        "選んだファイル「{}」は、まだ添付していません。選び直して「添付する」を押してから、保存してください。添付しないときは、このまま保存できます。",
        form.file
    );
    let told = PageState {
        refused: Some("添付するファイルが残っています。".to_owned()),
        file: Some(why),
        ..PageState::default()
    };
    page::show(web, visitor, subject, form, told).await
}
