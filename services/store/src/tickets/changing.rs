//! Tickets are made, and something happens to them.

use madoguchi_core::id::{TicketId, UserId};
use madoguchi_core::ticket::{Ticket, TicketChange, TicketError, TicketEvent, TicketFields};
use madoguchi_core::time::Instant;
use sqlx::AnyConnection;
use thiserror::Error;

use super::log::append;
use super::row::{self, lookup};
use super::{files, number};
use crate::error::StoreError;
use crate::sql::storable;
use crate::tx::UnrecordedTx;

/// A ticket to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTicket {
    /// Its name, made by us: what is sent twice under one name is kept once.
    pub id: TicketId,
    /// Who makes it; `None` for the program.
    pub by: Option<UserId>,
    /// When it is recorded.
    pub at: Instant,
    /// When it happened, if that was earlier.
    pub happened_at: Option<Instant>,
    /// 受付日時
    pub received_at: Instant,
    /// What was filled in.
    pub fields: TicketFields,
    /// What happens at once: the contact, the status …
    pub changes: Vec<TicketChange>,
}

/// What happens to a ticket in one save.
#[derive(Debug, Clone, PartialEq)]
pub struct TicketEdit {
    pub id: TicketId,
    /// The version that was read; `None` for what fits any.
    pub version: Option<u32>,
    /// Who does it; `None` for the program.
    pub by: Option<UserId>,
    /// When it is recorded.
    pub at: Instant,
    /// When it happened, if that was earlier.
    pub happened_at: Option<Instant>,
    pub changes: Vec<TicketChange>,
}

/// Why a ticket is not kept so.
#[derive(Debug, Error)]
pub enum TicketWriteError {
    /// Somebody else has changed it since it was read: this is how it stands now.
    #[error("the ticket has been changed in the meantime")]
    Changed {
        /// The ticket.
        theirs: Box<Ticket>,
    },
    /// The step may not be taken.
    #[error("{0}")]
    Refused(#[from] TicketError),
    /// There is no such ticket.
    #[error("there is no such ticket")]
    Missing,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for TicketWriteError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl UnrecordedTx {
    /// Makes a ticket under the next number. One that is there under this name stays as it is.
    ///
    /// # Errors
    /// [`TicketWriteError::Refused`], [`TicketWriteError::Store`]; then the unit cannot be committed.
    pub async fn add_ticket(&mut self, new: &NewTicket) -> Result<Ticket, TicketWriteError> {
        self.lock_records().await?;
        let added = add(self.connection(), new, None).await;
        self.checked_ticket(added)
    }

    /// Takes down what happens to a ticket, all of it or nothing.
    ///
    /// # Errors
    /// [`TicketWriteError`]; then the unit cannot be committed.
    pub async fn change_ticket(&mut self, edit: &TicketEdit) -> Result<Ticket, TicketWriteError> {
        self.lock_records().await?;
        let changed = change(self.connection(), edit).await;
        self.checked_ticket(changed)
    }

    pub(super) fn checked_ticket<T>(
        &mut self,
        outcome: Result<T, TicketWriteError>,
    ) -> Result<T, TicketWriteError> {
        if outcome.is_err() {
            self.found(0);
        }
        outcome
    }
}

/// Makes a ticket, whole or split off from another.
pub(crate) async fn add(
    connection: &mut AnyConnection,
    new: &NewTicket,
    split_from: Option<TicketId>,
) -> Result<Ticket, TicketWriteError> {
    if let Some(kept) = lookup(connection, &new.id).await? {
        return Ok(kept);
    }
    let number = number::next(connection, new.received_at).await?;
    let created = TicketChange::Created {
        number,
        received_at: new.received_at,
        fields: Box::new(new.fields.clone()),
        split_from,
    };
    let event = |seq, change| TicketEvent {
        ticket: new.id.clone(),
        seq,
        at: new.at,
        happened_at: new.happened_at,
        by: new.by.clone(),
        change,
    };
    let first = event(0, created);
    let mut ticket = Ticket::begin(&first).ok_or(TicketWriteError::Missing)?;
    let mut events = vec![first];
    for change in &new.changes {
        let next = event(ticket.version, change.clone());
        ticket.check(&next)?;
        ticket.apply(&next);
        events.push(next);
    }
    keep(connection, &ticket, &events).await?;
    Ok(ticket)
}

/// Takes down what happens to a ticket.
pub(crate) async fn change(
    connection: &mut AnyConnection,
    edit: &TicketEdit,
) -> Result<Ticket, TicketWriteError> {
    let found = lookup(connection, &edit.id).await?;
    let mut ticket = found.ok_or(TicketWriteError::Missing)?;
    if edit
        .version
        .is_some_and(|version| version != ticket.version)
    {
        let theirs = Box::new(ticket);
        return Err(TicketWriteError::Changed { theirs });
    }
    let mut events = Vec::with_capacity(edit.changes.len());
    for change in &edit.changes {
        let next = TicketEvent {
            ticket: edit.id.clone(),
            seq: ticket.version,
            at: edit.at,
            happened_at: edit.happened_at,
            by: edit.by.clone(),
            change: change.clone(),
        };
        ticket.check(&next)?;
        ticket.apply(&next);
        events.push(next);
    }
    if !events.is_empty() {
        keep(connection, &ticket, &events).await?;
    }
    Ok(ticket)
}

pub(super) async fn keep(
    connection: &mut AnyConnection,
    ticket: &Ticket,
    events: &[TicketEvent],
) -> Result<(), StoreError> {
    append(connection, events).await?;
    row::write(connection, ticket).await?;
    files::forget_removed(connection, events).await?;
    feed(connection, &ticket.id).await
}

/// Tells searches that a ticket changed. Whoever does holds the lock of the records, which gives the
/// positions the order in which they can be seen.
async fn feed(connection: &mut AnyConnection, id: &TicketId) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO ticket_changes (position, ticket_id) \
         SELECT COALESCE(MAX(position), 0) + 1, $1 FROM ticket_changes",
    )
    .bind(storable(id.as_str()))
    .execute(connection)
    .await?;
    Ok(())
}
