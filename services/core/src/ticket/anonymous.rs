//! What is left of a ticket after the time of retention: figures and the matter, without names and
//! numbers.

use std::collections::BTreeSet;
use std::ops::Range;

use super::event::{TicketChange, TicketEvent};
use super::fields::{TicketField, TicketFields};
use super::sensitive;
use super::state::Ticket;
use crate::article::personal;

/// What stands where personal data was.
const REMOVED: &str = "(削除済み)";

/// Digits of a number below which it is not looked for in texts: an extension may mean anything there.
const DIGITS_AT_LEAST: usize = 6;
/// Letters of a name below which it is not looked for in texts.
const NAME_LETTERS_AT_LEAST: usize = 3;

/// The history of a ticket without names and numbers, as it is kept after the time of retention: without
/// what the fields for them ever held, wherever it stands, and without what looks like such.
pub fn anonymised(events: &[TicketEvent]) -> Vec<TicketEvent> {
    let known = Known::of(events);
    events.iter().map(|event| one(event, &known)).collect()
}

/// What the fields for names and numbers ever held.
#[derive(Debug, Default)]
struct Known(BTreeSet<String>);

impl Known {
    fn of(events: &[TicketEvent]) -> Self {
        let mut known = Self::default();
        for event in events {
            match &event.change {
                TicketChange::Created { fields, .. } => {
                    known.add(TicketField::Name, &fields.requester.name);
                    known.add(TicketField::Number, &fields.requester.number);
                }
                TicketChange::FieldChanged {
                    field,
                    before,
                    after,
                } => {
                    known.add(*field, before);
                    known.add(*field, after);
                }
                _ => {}
            }
        }
        known
    }

    fn add(&mut self, field: TicketField, text: &str) {
        let text = text.trim();
        match field {
            TicketField::Name => {
                let parts: Vec<&str> = text.split_whitespace().collect();
                let spellings = ["", " ", "\u{3000}"].map(|between| parts.join(between));
                let long = |name: &String| name.chars().count() >= NAME_LETTERS_AT_LEAST;
                self.0.extend(spellings.into_iter().filter(long));
            }
            TicketField::Number => {
                let digits = text.chars().filter(char::is_ascii_digit).count();
                if digits >= DIGITS_AT_LEAST {
                    self.0.insert(text.to_owned());
                }
            }
            _ => {}
        }
    }

    /// Where it stands in a text.
    fn ranges<'t>(&'t self, text: &'t str) -> impl Iterator<Item = Range<usize>> + 't {
        let found = |known: &'t String| text.match_indices(known.as_str());
        let found = self.0.iter().flat_map(found);
        found.map(|(at, known)| at..at + known.len())
    }
}

fn one(event: &TicketEvent, known: &Known) -> TicketEvent {
    let mut event = event.clone();
    match &mut event.change {
        TicketChange::Created { fields, .. } => clear(fields, known),
        TicketChange::FieldChanged {
            field,
            before,
            after,
        } => {
            for text in [before, after] {
                *text = cleared(*field, text, known);
            }
        }
        TicketChange::AnalysisEnded { finding: text }
        | TicketChange::EscalationReturned { answer: text, .. }
        | TicketChange::Held { reason: text, .. }
        | TicketChange::Reopened { reason: text }
        | TicketChange::Noted { text } => *text = clean(text, known),
        TicketChange::Escalated { handover } => handover.sent = clean(&handover.sent, known),
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

/// Takes names and numbers out of a ticket.
pub(super) fn without_personal_data(ticket: &mut Ticket) {
    let mut known = Known::default();
    known.add(TicketField::Name, &ticket.fields.requester.name);
    known.add(TicketField::Number, &ticket.fields.requester.number);
    let clean = |text: &str| clean(text, &known);
    clear(&mut ticket.fields, &known);
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

fn clear(fields: &mut TicketFields, known: &Known) {
    for field in TicketField::ALL {
        let text = fields.text(field);
        let cleared = cleared(field, &text, known);
        if cleared != text {
            // Less text always fits.
            let _ = fields.set(field, &cleared);
        }
    }
}

fn cleared(field: TicketField, text: &str, known: &Known) -> String {
    match field {
        _ if field.is_personal() => String::new(),
        TicketField::Question | TicketField::Answer | TicketField::Tags => clean(text, known),
        _ => text.to_owned(),
    }
}

/// A text with the known names and numbers, and what looks like such, taken out.
fn clean(text: &str, known: &Known) -> String {
    let personal = personal::marks(text).into_iter().map(|mark| mark.range);
    let sensitive = sensitive::marks(text).into_iter().map(|mark| mark.range);
    let mut ranges: Vec<_> = personal
        .chain(sensitive)
        .chain(known.ranges(text))
        .collect();
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

    fn clean(text: &str) -> String {
        super::clean(text, &Known::default())
    }

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

    #[test]
    fn what_the_fields_ever_held_goes_wherever_it_stands() {
        let mut known = Known::default();
        known.add(TicketField::Name, "年金 花子");
        known.add(TicketField::Number, "0312345678");
        known.add(TicketField::Number, "1234");
        known.add(TicketField::Name, "林");
        assert_eq!(
            super::clean(
                "年金花子の件。年金　花子、年金 花子(内線1234)の年金、林の道",
                &known
            ),
            "(削除済み)の件。(削除済み)、(削除済み)(内線1234)の年金、林の道"
        );
    }
}
