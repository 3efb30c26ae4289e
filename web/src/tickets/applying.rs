//! What happens to a ticket is kept once, however often a form is sent.

use madoguchi_core::audit::{Action, AuditEntry};
use madoguchi_core::id::{TicketId, UserId};
use madoguchi_core::ticket::{Ticket, TicketChange, TicketEvent};
use madoguchi_core::time::Instant;
use madoguchi_store::{Resource, StoreError, TicketEdit, TicketWriteError};

use super::lookup::no_ticket;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::state::Web;

/// How often a change is tried anew because somebody else changed the ticket in between.
const TRIES: usize = 5;

/// The record of a change.
pub(crate) fn entry(web: &Web, visitor: &Visitor, (number, what): (&str, &str)) -> AuditEntry {
    let mut entry = visitor.entry(web.desk.now(), Action::TicketChange, number);
    entry.after.insert("what".to_owned(), what.to_owned());
    entry
}

/// Whether these changes stand in the history already, by this user and since this version: the form
/// was sent twice.
pub(crate) fn is_done(
    events: &[TicketEvent],
    version: u32,
    by: &UserId,
    changes: &[TicketChange],
) -> bool {
    let since = events.iter().filter(|event| event.seq >= version);
    let own: Vec<_> = since
        .filter(|event| event.by.as_ref() == Some(by))
        .map(|event| &event.change)
        .collect();
    let mut pieces = own.windows(changes.len().max(1));
    let says_the_same = |piece: &[&TicketChange]| {
        let mut both = piece.iter().zip(changes);
        both.all(|(one, other)| is_same(one, other))
    };
    !changes.is_empty() && pieces.any(says_the_same)
}

/// Whether two changes say the same, whenever they were made.
fn is_same(one: &TicketChange, other: &TicketChange) -> bool {
    use TicketChange as C;
    match (one, other) {
        (
            C::OutcomeSet {
                contact,
                before,
                after,
                ..
            },
            C::OutcomeSet {
                contact: its_contact,
                before: its_before,
                after: its_after,
                ..
            },
        ) => (contact, before, after) == (its_contact, its_before, its_after),
        (one, other) => one == other,
    }
}

/// A save as it is made by this visitor.
pub(crate) fn edit(
    visitor: &Visitor,
    at: Instant,
    (id, version): (&TicketId, Option<u32>),
    changes: Vec<TicketChange>,
) -> TicketEdit {
    TicketEdit {
        id: id.clone(),
        version,
        by: Some(visitor.user.id.clone()),
        at,
        happened_at: None,
        changes,
    }
}

/// Why a change is not kept, as a sentence for who asked for it.
///
/// # Errors
/// What is no matter of theirs.
pub(crate) fn refusal(error: TicketWriteError) -> Result<String, WebError> {
    match error {
        TicketWriteError::Refused(error) => Ok(format!("{error}。")),
        TicketWriteError::Changed { .. } => Err(StoreError::Changed {
            what: Resource::Ticket,
        }
        .into()),
        TicketWriteError::Missing => Err(no_ticket()),
        TicketWriteError::Store(error) => Err(error.into()),
    }
}

/// Takes a step with a ticket as somebody saw it in `version`. What others did meanwhile does not stand
/// in its way unless the rules say so.
pub(crate) async fn apply(
    web: &Web,
    visitor: &Visitor,
    (id, version): (&TicketId, u32),
    make: impl Fn(&Ticket) -> Result<Vec<TicketChange>, String>,
) -> Result<Result<Ticket, String>, WebError> {
    for _ in 0..TRIES {
        let events = web.store.ticket_events(id).await?;
        let ticket = Ticket::fold(&events).ok_or_else(no_ticket)?;
        // A form that does not say what it saw saw what there is.
        let seen = if version == 0 {
            ticket.version
        } else {
            version
        };
        let base = Ticket::fold(events.iter().filter(|event| event.seq < seen));
        let changes = match make(base.as_ref().unwrap_or(&ticket)) {
            Ok(changes) => changes,
            Err(message) => return Ok(Err(message)),
        };
        if changes.is_empty() || is_done(&events, seen, &visitor.user.id, &changes) {
            return Ok(Ok(ticket));
        }
        let what = super::history::what(&changes);
        let number = ticket.number.to_string();
        let entry = entry(web, visitor, (&number, &what));
        let edit = edit(visitor, web.desk.now(), (id, Some(ticket.version)), changes);
        let mut tx = web.store.begin(entry).await?;
        match tx.change_ticket(&edit).await {
            Ok(ticket) => {
                tx.commit().await?;
                return Ok(Ok(ticket));
            }
            Err(TicketWriteError::Changed { .. }) => {}
            Err(error) => return refusal(error).map(Err),
        }
    }
    Err(StoreError::Changed {
        what: Resource::Ticket,
    }
    .into())
}

#[cfg(test)]
mod tests {
    use madoguchi_core::contact::ContactOutcome;

    use super::*;

    #[test]
    fn a_form_that_was_sent_twice_is_known_by_what_stands_in_the_history() {
        let noted = |text: &str| TicketChange::Noted {
            text: text.to_owned(),
        };
        let set = |at| TicketChange::OutcomeSet {
            contact: "c".into(),
            before: ContactOutcome::Unanswered,
            after: ContactOutcome::AnsweredAtOnce,
            outcome_at: Instant(at),
        };
        let event = |seq, by: &str, change| TicketEvent {
            ticket: "t".into(),
            seq,
            at: Instant(7),
            happened_at: None,
            by: Some(by.into()),
            change,
        };
        let events = [
            event(1, "me", noted("一")),
            event(2, "you", noted("二")),
            event(3, "me", set(5)),
        ];
        let done =
            |version, changes: &[TicketChange]| is_done(&events, version, &"me".into(), changes);
        assert!(done(1, &[noted("一")]));
        assert!(!done(2, &[noted("一")]), "it is meant once more");
        assert!(!done(1, &[noted("二")]), "somebody else's");
        assert!(done(3, &[set(9)]), "whenever it was sent");
        assert!(!done(1, &[]));
    }
}
