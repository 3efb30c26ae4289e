//! What happens to a ticket when a row of a ledger is taken: at first, and when it comes again and says
//! something else.

use sha2::{Digest, Sha256};

use super::row::LedgerTicket;
use crate::contact::{Contact, ContactOutcome};
use crate::id::{ContactId, TicketId};
use crate::ticket::edit::changes;
use crate::ticket::{Status, Ticket, TicketChange, TicketError, TicketEvent};
use crate::time::Instant;

/// Bytes of a hash that names something.
const NAME_BYTES: usize = 16;

/// Something that happens to a ticket, with when it did.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// When it happened.
    pub happened_at: Instant,
    /// The change that the row stands for.
    pub change: TicketChange,
}

fn hash(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        // Lengths keep the parts apart.
        hash.update(part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    let hash = hash.finalize();
    hex::encode(hash.get(..NAME_BYTES).unwrap_or(&hash))
}

/// The ticket that a number of a ledger stands for.
pub fn ticket_id(ledger: &str, number: &str) -> TicketId {
    TicketId::new(hash(&["ledger", ledger, number]))
}

impl LedgerTicket {
    /// What tells this row from one that says something else.
    pub fn digest(&self) -> String {
        let fields = serde_json::to_string(&self.fields).unwrap_or_default();
        let at = |at: Option<Instant>| at.map_or_else(String::new, |at| at.0.to_string());
        hash(&[
            &self.number,
            &self.received_at.0.to_string(),
            &at(self.answered_at),
            &at(self.done_at),
            self.status.as_str(),
            &fields,
            &self.note,
        ])
    }

    /// When the desk answered, if it did.
    fn answered(&self) -> Option<Instant> {
        let is_answered = matches!(self.status, Status::Answered | Status::Done);
        let told = self.answered_at.or(self.done_at);
        match told {
            Some(at) => Some(at),
            None if is_answered => Some(self.received_at),
            None => None,
        }
    }

    fn outcome(&self) -> (ContactOutcome, Instant) {
        match self.answered() {
            Some(at) if at > self.received_at => (ContactOutcome::AnsweredLater, at),
            Some(at) => (ContactOutcome::AnsweredAtOnce, at),
            None => (ContactOutcome::Unanswered, self.received_at),
        }
    }

    /// How it comes from one status to the one that the row says.
    fn progress(&self, before: Status) -> Option<Step> {
        let after = self.status;
        let answered = self.answered().unwrap_or(self.received_at);
        let (happened_at, change) = match after {
            _ if after == before => return None,
            Status::Held => {
                let (until, reason) = (None, String::new());
                (self.received_at, TicketChange::Held { until, reason })
            }
            Status::Analysing => {
                let analyst = None;
                (self.received_at, TicketChange::AnalysisBegun { analyst })
            }
            Status::Done => {
                let at = self.done_at.unwrap_or(answered);
                (at, TicketChange::StatusChanged { before, after })
            }
            Status::Answered => (answered, TicketChange::StatusChanged { before, after }),
            _ => (
                self.received_at,
                TicketChange::StatusChanged { before, after },
            ),
        };
        Some(Step {
            happened_at,
            change,
        })
    }
}

/// What happens to a new ticket behind its beginning. The last of it says where it came from.
pub fn first_steps(id: &TicketId, ledger: &str, row: &LedgerTicket) -> Vec<Step> {
    let (outcome, outcome_at) = row.outcome();
    let contact = Contact {
        id: ContactId::new(format!("{id}-1")),
        call: None,
        channel: row.fields.channel,
        agent: None,
        from: row.received_at,
        until: None,
        outcome,
        outcome_at,
    };
    let mut steps = vec![Step {
        happened_at: row.received_at,
        change: TicketChange::ContactAdded { contact },
    }];
    steps.extend(row.progress(Status::Received));
    steps.extend(noted(row));
    steps.push(imported(ledger, row));
    steps
}

fn noted(row: &LedgerTicket) -> Option<Step> {
    let text = Some(row.note.clone()).filter(|note| !note.is_empty())?;
    Some(Step {
        happened_at: row.received_at,
        change: TicketChange::Noted { text },
    })
}

fn imported(ledger: &str, row: &LedgerTicket) -> Step {
    Step {
        happened_at: row.received_at,
        change: TicketChange::Imported {
            ledger: ledger.to_owned(),
            number: row.number.clone(),
            digest: row.digest(),
        },
    }
}

/// What happens to a ticket that came from this row as it was before; nothing if it says the same.
///
/// # Errors
/// Why it stays as it is: somebody has gone on with it here, or a rule forbids the step.
pub fn next_steps(
    ticket: &Ticket,
    ledger: &str,
    row: &LedgerTicket,
    now: Instant,
) -> Result<Vec<Step>, TicketError> {
    let origin = ticket.origin.as_ref();
    if origin.is_some_and(|origin| origin.digest == row.digest()) {
        return Ok(Vec::new());
    }
    if origin.is_none_or(|origin| origin.version != ticket.version) {
        return Err(TicketError::Outdated);
    }
    let at_now = |change| Step {
        happened_at: now,
        change,
    };
    let mut steps: Vec<_> = changes(&ticket.fields, &row.fields)
        .into_iter()
        .map(at_now)
        .collect();
    let (after, outcome_at) = row.outcome();
    let contact = ticket.contacts().next();
    if let Some(contact) = contact.filter(|it| (it.outcome, it.outcome_at) != (after, outcome_at)) {
        steps.push(at_now(TicketChange::OutcomeSet {
            contact: contact.id.clone(),
            before: contact.outcome,
            after,
            outcome_at: outcome_at.max(contact.from),
        }));
    }
    steps.extend(row.progress(ticket.status()).map(|step| Step {
        happened_at: step.happened_at.max(ticket.received_at),
        ..step
    }));
    let known = ticket.notes.iter().any(|note| note.text == row.note);
    steps.extend(noted(row).filter(|_| !known));
    steps.push(imported(ledger, row));
    let mut after = ticket.clone();
    for step in &steps {
        let event = TicketEvent {
            ticket: ticket.id.clone(),
            seq: after.version,
            at: now,
            happened_at: Some(step.happened_at),
            by: None,
            change: step.change.clone(),
        };
        after.check(&event)?;
        after.apply(&event);
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::{TicketFields, TicketNumber};

    fn row(answer: &str, status: Status) -> LedgerTicket {
        LedgerTicket {
            number: "12".to_owned(),
            received_at: Instant(1_000),
            answered_at: None,
            done_at: (status == Status::Done).then_some(Instant(5_000)),
            status,
            fields: TicketFields {
                question: "質問".to_owned(),
                answer: answer.to_owned(),
                ..TicketFields::default()
            },
            note: String::new(),
        }
    }

    fn apply(ticket: &mut Ticket, steps: Vec<Step>) {
        for step in steps {
            let event = TicketEvent {
                ticket: ticket.id.clone(),
                seq: ticket.version,
                at: Instant(9_000),
                happened_at: Some(step.happened_at),
                by: None,
                change: step.change,
            };
            ticket.check(&event).unwrap();
            ticket.apply(&event);
        }
    }

    fn taken(row: &LedgerTicket) -> Ticket {
        let id = ticket_id("旧台帳", &row.number);
        let created = TicketEvent {
            ticket: id.clone(),
            seq: 0,
            at: Instant(9_000),
            happened_at: Some(row.received_at),
            by: None,
            change: TicketChange::Created {
                number: TicketNumber {
                    fiscal_year: 2024,
                    sequence: 1,
                },
                received_at: row.received_at,
                fields: Box::new(row.fields.clone()),
                split_from: None,
            },
        };
        let mut ticket = Ticket::begin(&created).unwrap();
        apply(&mut ticket, first_steps(&id, "旧台帳", row));
        ticket
    }

    #[test]
    fn a_number_is_one_ticket_of_its_ledger() {
        assert_eq!(ticket_id("旧台帳", "12"), ticket_id("旧台帳", "12"));
        assert_ne!(ticket_id("旧台帳", "12"), ticket_id("旧台帳1", "2"));
    }

    #[test]
    fn what_was_done_is_done_and_says_where_it_came_from() {
        let ticket = taken(&row("答え", Status::Done));
        assert_eq!(
            (ticket.status(), ticket.done_at),
            (Status::Done, Some(Instant(5_000)))
        );
        let answer = ticket.first_answer().unwrap();
        assert_eq!(answer.outcome_at, Instant(5_000));
        let origin = ticket.origin.unwrap();
        assert_eq!(
            (origin.ledger.as_str(), origin.number.as_str()),
            ("旧台帳", "12")
        );
        for status in [
            Status::Held,
            Status::Analysing,
            Status::InProgress,
            Status::Received,
        ] {
            assert_eq!(taken(&row("", status)).status(), status);
        }
    }

    #[test]
    fn the_same_row_changes_nothing_and_another_changes_what_nobody_touched() {
        let mut ticket = taken(&row("", Status::Received));
        let again =
            |ticket: &Ticket, row: &LedgerTicket| next_steps(ticket, "旧台帳", row, Instant(9_000));
        assert_eq!(again(&ticket, &row("", Status::Received)), Ok(Vec::new()));
        let done = row("答え", Status::Done);
        let steps = again(&ticket, &done).unwrap();
        apply(&mut ticket, steps);
        assert_eq!(ticket.status(), Status::Done);
        assert_eq!(ticket.fields.answer, "答え");
        assert!(ticket.first_answer().is_some());
        assert_eq!(again(&ticket, &done), Ok(Vec::new()));
        let noted = Step {
            happened_at: Instant(9_000),
            change: TicketChange::Noted {
                text: "ここで書いた".to_owned(),
            },
        };
        apply(&mut ticket, vec![noted]);
        let other = row("別の答え", Status::Done);
        assert_eq!(again(&ticket, &other), Err(TicketError::Outdated));
        assert_eq!(again(&ticket, &done), Ok(Vec::new()));
    }
}
