//! When a ticket was closed and opened: what 繰越し counts.

use super::event::TicketEvent;
use super::state::Ticket;
use crate::time::Instant;

/// An instant from which on a ticket was open or closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// The instant from which on it is so.
    pub at: Instant,
    /// Open: neither 完了 nor merged into another.
    pub open: bool,
}

impl Ticket {
    /// Whether it is open: neither 完了 nor merged into another.
    pub fn is_open(&self) -> bool {
        self.done_at.is_none() && self.merged_into.is_none()
    }
}

/// When the ticket of a history was opened and closed, in order; the first is its 受付日時.
pub fn turns(history: &[TicketEvent]) -> Vec<Turn> {
    let mut ordered: Vec<&TicketEvent> = history.iter().collect();
    ordered.sort_by_key(|event| event.seq);
    let Some((first, rest)) = ordered.split_first() else {
        return Vec::new();
    };
    let Some(mut ticket) = Ticket::begin(first) else {
        return Vec::new();
    };
    let mut turns = vec![Turn {
        at: ticket.received_at,
        open: true,
    }];
    for event in rest {
        ticket.apply(event);
        let Some(last) = turns.last() else { break };
        if last.open != ticket.is_open() {
            // What was recorded later did not happen before what it follows.
            let at = event.happened_at().max(last.at);
            let open = !last.open;
            turns.push(Turn { at, open });
        }
    }
    turns
}
