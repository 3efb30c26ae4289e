//! 繰越し: 前月末未完了 + 当月受付 + 再開 − 完了 = 当月末未完了. A ticket is open while it is neither 完了 nor
//! merged into another; what is merged leaves as what is 完了 does, and what was received and merged in the
//! same month never came.

use madoguchi_core::ticket::{Ticket, Turn};
use madoguchi_core::time::Instant;

use super::data::MonthData;
use super::rules::Scope;

/// The tickets of 繰越し. Who was closed or opened several times stands there as often.
#[derive(Debug, Default)]
pub(super) struct Carried<'a> {
    /// Open at the end of the month before.
    pub(super) before: Vec<&'a Ticket>,
    /// Received in the month.
    pub(super) received: Vec<&'a Ticket>,
    /// Closed in it.
    pub(super) closed: Vec<&'a Ticket>,
    /// Opened again in it.
    pub(super) reopened: Vec<&'a Ticket>,
    /// Open at its end.
    pub(super) left: Vec<&'a Ticket>,
}

impl<'a> Carried<'a> {
    pub(super) fn of(data: &'a MonthData, scope: &Scope) -> Self {
        let mut carried = Self::default();
        for ticket in data.tickets.iter().filter(|ticket| scope.takes(ticket)) {
            carried.add(ticket, data);
        }
        let lists = [
            &mut carried.before,
            &mut carried.received,
            &mut carried.closed,
            &mut carried.reopened,
            &mut carried.left,
        ];
        for list in lists {
            list.sort_by_key(|ticket| (ticket.number, &ticket.id));
        }
        carried
    }

    fn add(&mut self, ticket: &'a Ticket, data: &MonthData) {
        let (start, end) = (data.month.start(), data.end());
        let received_here = (start..end).contains(&ticket.received_at);
        if ticket.received_at >= end || (received_here && ticket.merged_into.is_some()) {
            return;
        }
        let turns = match data.turns.get(&ticket.id) {
            Some(turns) => turns.clone(),
            None => plain_turns(ticket),
        };
        if received_here {
            self.received.push(ticket);
        } else if is_open(&turns, start) {
            self.before.push(ticket);
        }
        // The first is its reception.
        let inside = turns.iter().skip(1);
        for turn in inside.filter(|turn| start <= turn.at && turn.at < end) {
            let list = if turn.open {
                &mut self.reopened
            } else {
                &mut self.closed
            };
            list.push(ticket);
        }
        if stands_open(ticket, end, data) {
            self.left.push(ticket);
        }
    }
}

/// Whether a ticket stands open at the end of the month: by the fold of the ticket itself, never by its turns, so
/// that 繰越し is proven by a second way.
fn stands_open(ticket: &Ticket, end: Instant, data: &MonthData) -> bool {
    if data.turns.contains_key(&ticket.id) {
        return data.open_at_end.contains(&ticket.id);
    }
    ticket.merged_into.is_none() && ticket.done_at.is_none_or(|done| done >= end)
}

/// The turns of a ticket that was never opened again and not merged lately.
fn plain_turns(ticket: &Ticket) -> Vec<Turn> {
    let mut turns = vec![Turn {
        at: ticket.received_at,
        open: ticket.merged_into.is_none(),
    }];
    if let (None, Some(done)) = (&ticket.merged_into, ticket.done_at) {
        turns.push(Turn {
            at: done.max(ticket.received_at),
            open: false,
        });
    }
    turns
}

/// Whether it was open just before an instant.
fn is_open(turns: &[Turn], at: Instant) -> bool {
    let before = turns.iter().take_while(|turn| turn.at < at);
    before.last().is_some_and(|turn| turn.open)
}
