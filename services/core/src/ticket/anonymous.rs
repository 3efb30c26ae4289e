//! What is left of a ticket after the time of retention: figures and the matter, without names and
//! numbers.

use super::event::{TicketChange, TicketEvent};
use super::fields::{TicketField, TicketFields};
use super::sensitive;
use super::state::Ticket;
use crate::article::personal;

/// What stands where personal data was.
const REMOVED: &str = "(削除済み)";

impl TicketEvent {
    /// The event without names and numbers, as it is kept after the time of retention.
    #[must_use]
    pub fn anonymised(&self) -> Self {
        let mut event = self.clone();
        match &mut event.change {
            TicketChange::Created { fields, .. } => clear(fields),
            TicketChange::FieldChanged {
                field,
                before,
                after,
            } => {
                for text in [before, after] {
                    *text = cleared(*field, text);
                }
            }
            TicketChange::AnalysisEnded { finding: text }
            | TicketChange::EscalationReturned { answer: text, .. }
            | TicketChange::Held { reason: text, .. }
            | TicketChange::Reopened { reason: text }
            | TicketChange::Noted { text } => *text = clean(text),
            TicketChange::Escalated { handover } => handover.sent = clean(&handover.sent),
            // Names of files tell of people as texts do, and the hash of the content what it was.
            TicketChange::FileAttached { file } => {
                REMOVED.clone_into(&mut file.name);
                file.hash.clear();
            }
            TicketChange::FileRemoved { name, .. } => REMOVED.clone_into(name),
            _ => {}
        }
        event
    }
}

/// Takes names and numbers out of a ticket.
pub(super) fn without_personal_data(ticket: &mut Ticket) {
    clear(&mut ticket.fields);
    if let Some(hold) = &mut ticket.hold {
        hold.reason = clean(&hold.reason);
    }
    for step in &mut ticket.analyses {
        step.finding = clean(&step.finding);
    }
    for escalation in &mut ticket.escalations {
        escalation.handover.sent = clean(&escalation.handover.sent);
        escalation.answer = clean(&escalation.answer);
    }
    for note in &mut ticket.notes {
        note.text = clean(&note.text);
    }
    ticket.attached.clear();
}

fn clear(fields: &mut TicketFields) {
    for field in TicketField::ALL {
        let text = fields.text(field);
        let cleared = cleared(field, &text);
        if cleared != text {
            // Less text always fits.
            let _ = fields.set(field, &cleared);
        }
    }
}

fn cleared(field: TicketField, text: &str) -> String {
    match field {
        _ if field.is_personal() => String::new(),
        TicketField::Question | TicketField::Answer | TicketField::Tags => clean(text),
        _ => text.to_owned(),
    }
}

/// A text with what looks like names and numbers taken out.
fn clean(text: &str) -> String {
    let personal = personal::marks(text).into_iter().map(|mark| mark.range);
    let sensitive = sensitive::marks(text).into_iter().map(|mark| mark.range);
    let mut ranges: Vec<_> = personal.chain(sensitive).collect();
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut cleaned = String::with_capacity(text.len());
    let mut done = 0;
    for range in ranges {
        if range.end <= done {
            continue;
        }
        if range.start >= done {
            cleaned.push_str(text.get(done..range.start).unwrap_or_default());
            cleaned.push_str(REMOVED);
        }
        done = range.end;
    }
    cleaned.push_str(text.get(done..).unwrap_or_default());
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_go_and_the_matter_stays() {
        assert_eq!(
            clean("山田さんから。折り返しは03-1234-5678、番号は123456789018。差戻しの件"),
            "(削除済み)さんから。折り返しは(削除済み)、番号は(削除済み)。差戻しの件"
        );
        assert_eq!(
            clean(&clean("田中様 1234-567890")),
            clean("田中様 1234-567890")
        );
        assert_eq!(clean("旅費の精算"), "旅費の精算");
    }
}
