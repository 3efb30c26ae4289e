//! Files that wait for a ticket that is still being written, as its page shows them and as its save takes them.

use madoguchi_core::id::TicketId;
use madoguchi_core::ticket::{Ticket, TicketChange};
use madoguchi_core::time::Instant;
use madoguchi_store::{TicketEdit, TicketWriteError, Tx};

use super::form::ReceptionForm;
use super::subject::Subject;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::state::Web;
use crate::tickets::attaching::FileRow;
use crate::tickets::names::Names;

/// The files of what is being registered, as its page shows them.
pub(super) async fn rows(
    web: &Web,
    visitor: &Visitor,
    subject: &Subject,
    form: &mut ReceptionForm,
) -> Result<Vec<FileRow>, WebError> {
    if let Some(ticket) = &subject.ticket {
        let names = Names::new(web, web.offered.get());
        let own = ticket.attachments();
        let own = own.map(|file| FileRow::of(ticket, false, file, &names));
        return Ok(own.collect());
    }
    let ticket = TicketId::new(&form.ticket);
    let waiting = web.ask(web.store.draft_files(&visitor.user.id, &ticket));
    let waiting = match waiting.await {
        Err(error) if error.is_away() => return Ok(Vec::new()),
        waiting => waiting?,
    };
    form.attached = if waiting.is_empty() { "" } else { "yes" }.to_owned();
    Ok(waiting.iter().map(FileRow::waiting).collect())
}

/// Puts the files that wait for a ticket beside it.
pub(super) async fn take(
    tx: &mut Tx,
    visitor: &Visitor,
    ticket: Ticket,
    at: Instant,
) -> Result<Ticket, TicketWriteError> {
    let user = &visitor.user.id;
    let files = tx.take_draft_files(user, &ticket.id).await?;
    if files.is_empty() {
        return Ok(ticket);
    }
    let names: Vec<_> = files.iter().map(|file| file.name.clone()).collect();
    tx.describe("file", names.join("、"));
    let changes = files
        .into_iter()
        .map(|file| TicketChange::FileAttached { file });
    let edit = TicketEdit {
        id: ticket.id,
        version: None,
        by: Some(user.clone()),
        at,
        happened_at: None,
        changes: changes.collect(),
    };
    tx.change_ticket(&edit).await
}
