//! 統合 and 分割 among several tickets.
//!
//! Merging A into B leaves A as it is and lets it lead to B: its texts, contacts and history are shown
//! with B's, and what comes for A later lands on B. The split of a part is taken back by merging it into
//! what it came from.

use std::collections::{BTreeMap, BTreeSet};

use super::choices::Status;
use super::event::TicketChange;
use super::state::Ticket;
use super::status::TicketError;
use crate::contact::Contact;
use crate::id::{ContactId, IdMap, TicketId};
use crate::time::Instant;

/// Where a ticket goes on: the end of the chain of merges. `merged_into` tells of each ticket where it
/// leads to. Of a circle, which no check lets in, the first ticket.
pub fn resolve(id: &TicketId, merged_into: impl Fn(&TicketId) -> Option<TicketId>) -> TicketId {
    let Some(mut at) = merged_into(id) else {
        return id.clone();
    };
    let mut seen = BTreeSet::from([id.clone(), at.clone()]);
    if at == *id {
        return at;
    }
    while let Some(next) = merged_into(&at) {
        if !seen.insert(next.clone()) {
            return id.clone();
        }
        at = next;
    }
    at
}

/// What happens to both when `from` goes on as `into`, in the order (of `from`, of `into`). If `into`
/// goes on as another ticket itself, that is where it leads to.
///
/// # Errors
///
/// [`TicketError::Circle`] if both are one already, [`TicketError::Merged`] if `from` is merged.
pub fn merge(
    from: &TicketId,
    into: &TicketId,
    merged_into: impl Fn(&TicketId) -> Option<TicketId>,
) -> Result<(TicketId, [TicketChange; 2]), TicketError> {
    let target = resolve(into, &merged_into);
    if target == *from {
        return Err(TicketError::Circle);
    }
    if merged_into(from).is_some() {
        return Err(TicketError::Merged);
    }
    let changes = [
        TicketChange::MergedInto {
            into: target.clone(),
        },
        TicketChange::MergedFrom { from: from.clone() },
    ];
    Ok((target, changes))
}

/// What happens to both when a merge is undone, in the order (of the merged, of the other).
///
/// # Errors
///
/// [`TicketError::NotMerged`]
pub fn undo(merged: &Ticket) -> Result<(TicketId, [TicketChange; 2]), TicketError> {
    let into = merged.merged_into.clone().ok_or(TicketError::NotMerged)?;
    let changes = [
        TicketChange::MergeUndone {
            other: into.clone(),
        },
        TicketChange::MergeUndone {
            other: merged.id.clone(),
        },
    ];
    Ok((into, changes))
}

/// Tickets by their ids, to be seen as the matters that they are by merges.
#[derive(Debug, Clone, Default)]
pub struct TicketSet {
    /// As they came: a hundred thousand of them are not moved about.
    tickets: Vec<Ticket>,
    /// Where each stands, by its id.
    places: IdMap<TicketId, usize>,
    /// The same places in the order of 受付日時, which is about the one in which they lie in memory.
    in_order: Vec<usize>,
}

impl FromIterator<Ticket> for TicketSet {
    /// Of several of one id the last counts.
    fn from_iter<T: IntoIterator<Item = Ticket>>(tickets: T) -> Self {
        let tickets: Vec<Ticket> = tickets.into_iter().collect();
        let ids = tickets.iter().map(|ticket| ticket.id.clone());
        let places: IdMap<TicketId, usize> = ids.zip(0..).collect();
        let mut in_order: Vec<(Instant, &TicketId, usize)> = (0..)
            .zip(&tickets)
            .map(|(at, ticket)| (ticket.received_at, &ticket.id, at))
            .collect();
        if places.len() < tickets.len() {
            in_order.retain(|(_, id, at)| places.get(*id) == Some(at));
        }
        in_order.sort();
        Self {
            in_order: in_order.into_iter().map(|(.., at)| at).collect(),
            places,
            tickets,
        }
    }
}

impl TicketSet {
    /// A ticket by itself.
    pub fn get(&self, id: &TicketId) -> Option<&Ticket> {
        self.tickets.get(*self.places.get(id)?)
    }

    /// All tickets, each by itself, in the order of their reception.
    pub fn iter(&self) -> impl Iterator<Item = &Ticket> {
        self.in_order.iter().filter_map(|at| self.tickets.get(*at))
    }

    /// Where a ticket leads to.
    pub fn merged_into(&self, id: &TicketId) -> Option<TicketId> {
        self.get(id)?.merged_into.clone()
    }

    /// Where a ticket goes on.
    pub fn resolve(&self, id: &TicketId) -> TicketId {
        resolve(id, |id| self.merged_into(id))
    }

    /// A ticket and all that go on as it, itself first.
    pub fn family(&self, id: &TicketId) -> Vec<&Ticket> {
        let own = self.get(id);
        if own.is_some_and(is_alone) {
            return own.into_iter().collect();
        }
        let root = self.resolve(id);
        let mut family: Vec<&Ticket> = self.get(&root).into_iter().collect();
        let mut seen = BTreeSet::from([root]);
        let mut at = 0;
        while let Some(ticket) = family.get(at).copied() {
            let further = ticket.merged_from.iter().filter_map(|id| self.get(id));
            let leads_here = further.filter(|other| other.merged_into.as_ref() == Some(&ticket.id));
            for other in leads_here {
                if seen.insert(other.id.clone()) {
                    family.push(other);
                }
            }
            at += 1;
        }
        family
    }

    /// The contacts of a ticket and of all that go on as it, each once, in the order of their times.
    pub fn contacts(&self, id: &TicketId) -> Vec<&Contact> {
        let family = self.family(id).into_iter();
        let all = family.flat_map(Ticket::contacts);
        let once: BTreeMap<&ContactId, &Contact> = all.map(|one| (&one.id, one)).collect();
        let mut contacts: Vec<&Contact> = once.into_values().collect();
        contacts.sort_by(|a, b| (a.from, &a.id).cmp(&(b.from, &b.id)));
        contacts
    }

    /// Whether the matter that a ticket of these belongs to is 完了.
    pub fn is_done(&self, ticket: &Ticket) -> bool {
        if ticket.merged_into.is_none() {
            return ticket.status() == Status::Done;
        }
        let matter = self.get(&self.resolve(&ticket.id));
        matter.is_some_and(|ticket| ticket.status() == Status::Done)
    }

    /// Whether the desk answered before it handed the matter on. A ticket speaks for itself if it can, for
    /// its callers were told what they were told whatever it was merged with later; otherwise what came
    /// first in the matter does.
    pub fn answered_first(&self, ticket: &Ticket) -> bool {
        let own = ticket.first_response();
        let first = own.or_else(|| self.first_of_family(ticket, Ticket::first_response));
        first.is_some_and(|response| response.is_answer)
    }

    /// When the desk first answered, in the ticket or else in its matter.
    pub fn first_answered_at(&self, ticket: &Ticket) -> Option<Instant> {
        let at = |ticket: &Ticket| Some(ticket.first_answer()?.outcome_at);
        at(ticket).or_else(|| self.first_of_family(ticket, at))
    }

    /// The first hand-over of a matter to a vendor.
    pub fn first_escalated_at(&self, ticket: &Ticket) -> Option<Instant> {
        if is_alone(ticket) {
            return ticket.first_escalated_at();
        }
        self.first_of_family(ticket, Ticket::first_escalated_at)
    }

    /// What came first in the matter that a ticket belongs to; a ticket that is alone has told before.
    fn first_of_family<T: Ord>(
        &self,
        ticket: &Ticket,
        of: impl Fn(&Ticket) -> Option<T>,
    ) -> Option<T> {
        if is_alone(ticket) {
            return None;
        }
        self.family(&ticket.id).into_iter().filter_map(of).min()
    }
}

/// Whether a ticket is a matter by itself.
fn is_alone(ticket: &Ticket) -> bool {
    ticket.merged_into.is_none() && ticket.merged_from.is_empty()
}
