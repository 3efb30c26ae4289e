//! 統合, 分割, and what is taken back of them: always both tickets or none.

use std::collections::{BTreeMap, BTreeSet};

use madoguchi_core::id::{AttachmentId, ContactId, TicketId};
use madoguchi_core::ticket::{Ticket, TicketChange, TicketError, merging};
use sqlx::{AnyConnection, Row};

use super::changing::{self, NewTicket, TicketEdit, TicketWriteError};
use super::row::lookup;
use crate::error::StoreError;
use crate::sql::{ROWS_IN_A_STATEMENT, Sql, storable};
use crate::tx::UnrecordedTx;

/// The longest chain of merges that is followed.
const CHAIN_AT_MOST: usize = 1_000;

impl UnrecordedTx {
    /// Lets a ticket go on as another, or as what that one goes on as; gives both as they are then. `who`
    /// says who does it and when; its changes are not looked at.
    ///
    /// # Errors
    /// [`TicketWriteError`]; then the unit cannot be committed.
    pub async fn merge_tickets(
        &mut self,
        who: &TicketEdit,
        into: &TicketId,
    ) -> Result<(Ticket, Ticket), TicketWriteError> {
        self.lock_records().await?;
        let merged = merge(self.connection(), who, into).await;
        self.checked_ticket(merged)
    }

    /// Lets a merged ticket go on by itself again; gives it and the other.
    ///
    /// # Errors
    /// [`TicketWriteError`]; then the unit cannot be committed.
    pub async fn undo_merge(
        &mut self,
        who: &TicketEdit,
    ) -> Result<(Ticket, Ticket), TicketWriteError> {
        self.lock_records().await?;
        let undone = undo(self.connection(), who).await;
        self.checked_ticket(undone)
    }

    /// Makes some contacts and files of a ticket one of their own; gives both. `new` holds who does it, when, and
    /// what the new ticket says.
    ///
    /// # Errors
    /// [`TicketWriteError`]; then the unit cannot be committed.
    pub async fn split_ticket(
        &mut self,
        who: &TicketEdit,
        new: &NewTicket,
        parts: (&[ContactId], &[AttachmentId]),
    ) -> Result<(Ticket, Ticket), TicketWriteError> {
        self.lock_records().await?;
        let split = split(self.connection(), who, new, parts).await;
        self.checked_ticket(split)
    }
}

async fn merge(
    connection: &mut AnyConnection,
    who: &TicketEdit,
    into: &TicketId,
) -> Result<(Ticket, Ticket), TicketWriteError> {
    let mut leads = chain(connection, into).await?;
    leads.extend(chain(connection, &who.id).await?);
    let leads_to = |id: &TicketId| leads.get(id).cloned();
    let (target, changes) = merging::merge(&who.id, into, leads_to)?;
    both(connection, who, &target, changes).await
}

async fn undo(
    connection: &mut AnyConnection,
    who: &TicketEdit,
) -> Result<(Ticket, Ticket), TicketWriteError> {
    let found = lookup(connection, &who.id).await?;
    let ticket = found.ok_or(TicketWriteError::Missing)?;
    let (into, changes) = merging::undo(&ticket)?;
    both(connection, who, &into, changes).await
}

async fn split(
    connection: &mut AnyConnection,
    who: &TicketEdit,
    new: &NewTicket,
    (contacts, files): (&[ContactId], &[AttachmentId]),
) -> Result<(Ticket, Ticket), TicketWriteError> {
    let found = lookup(connection, &who.id).await?;
    let before = found.ok_or(TicketWriteError::Missing)?;
    let known = |id: &ContactId| before.contact(id).cloned();
    let moved: Option<Vec<_>> = contacts.iter().map(known).collect();
    let moved = moved.ok_or(TicketError::ContactUnknown)?;
    let attached = |id: &AttachmentId| Some(before.attachment(id)?.file.clone());
    let attached: Option<Vec<_>> = files.iter().map(attached).collect();
    let attached = attached.ok_or(TicketError::FileUnknown)?;
    let change = TicketChange::SplitInto {
        into: new.id.clone(),
        contacts: contacts.to_vec(),
        files: files.to_vec(),
    };
    let old = changing::change(connection, &with(who, &who.id, who.version, change)).await?;
    let moved = moved
        .into_iter()
        .map(|contact| TicketChange::ContactAdded { contact });
    let attached = attached
        .into_iter()
        .map(|file| TicketChange::FileAttached { file });
    let new = NewTicket {
        changes: moved
            .chain(attached)
            .chain(new.changes.iter().cloned())
            .collect(),
        ..new.clone()
    };
    let made = changing::add(connection, &new, Some(who.id.clone())).await?;
    Ok((old, made))
}

async fn both(
    connection: &mut AnyConnection,
    who: &TicketEdit,
    other: &TicketId,
    [of_one, of_other]: [TicketChange; 2],
) -> Result<(Ticket, Ticket), TicketWriteError> {
    let one = with(who, &who.id, who.version, of_one);
    let one = changing::change(connection, &one).await?;
    let other = with(who, other, None, of_other);
    let other = changing::change(connection, &other).await?;
    Ok((one, other))
}

fn with(who: &TicketEdit, id: &TicketId, version: Option<u32>, change: TicketChange) -> TicketEdit {
    TicketEdit {
        id: id.clone(),
        version,
        changes: vec![change],
        ..who.clone()
    }
}

/// Where a ticket leads to, and all on the way.
async fn chain(
    connection: &mut AnyConnection,
    id: &TicketId,
) -> Result<BTreeMap<TicketId, TicketId>, StoreError> {
    let mut leads = BTreeMap::new();
    let mut at = id.clone();
    while leads.len() < CHAIN_AT_MOST && !leads.contains_key(&at) {
        let row = sqlx::query("SELECT merged_into FROM tickets WHERE id = $1")
            .bind(storable(at.as_str()))
            .fetch_optional(&mut *connection)
            .await?;
        let into: Option<String> = match row {
            Some(row) => row.try_get("merged_into")?,
            None => None,
        };
        let Some(into) = into.map(TicketId::new) else {
            break;
        };
        leads.insert(at, into.clone());
        at = into;
    }
    Ok(leads)
}

/// The ticket that this one goes on as.
pub(super) async fn resolve(
    connection: &mut AnyConnection,
    id: &TicketId,
) -> Result<TicketId, StoreError> {
    let leads = chain(connection, id).await?;
    Ok(merging::resolve(id, |id| leads.get(id).cloned()))
}

/// Adds to the ids those that they go on as, and all that go on as these.
pub(super) async fn add_families(
    connection: &mut AnyConnection,
    ids: &mut Vec<TicketId>,
) -> Result<(), StoreError> {
    let mut known: BTreeSet<TicketId> = ids.iter().cloned().collect();
    let mut open: Vec<TicketId> = ids.clone();
    while !open.is_empty() {
        let mut found = Vec::new();
        for some in open.chunks(ROWS_IN_A_STATEMENT) {
            let names = || some.iter().map(TicketId::as_str);
            let mut sql = Sql::new("SELECT id AS other FROM tickets WHERE merged_into IN (");
            sql.bind_all(names()).push(
                ") UNION SELECT merged_into AS other FROM tickets WHERE merged_into IS NOT NULL \
                 AND id IN (",
            );
            sql.bind_all(names()).push(")");
            for row in sql.fetch_all(&mut *connection).await? {
                found.push(TicketId::new(row.try_get::<&str, _>("other")?));
            }
        }
        found.retain(|id| known.insert(id.clone()));
        ids.extend(found.iter().cloned());
        open = found;
    }
    Ok(())
}
