//! What becomes of a ticket by the button with which it is saved.

use madoguchi_core::contact::{Contact, ContactOutcome};
use madoguchi_core::live::HandOnTo;
use madoguchi_core::ticket::{Handover, Status, Ticket, TicketChange};
use madoguchi_core::time::Instant;

/// The buttons that save.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Button {
    /// 保存
    Save,
    /// 保存して受付可
    SaveReady,
    /// 折返し
    CallBack,
    /// 機能分析
    Analysis,
    /// エスカレーション
    Escalation(Handover),
    /// 転送
    HandOn(HandOnTo),
}

/// What came of the contact in which it was pressed. `later`: the answer is given after the call in
/// which it was asked for.
pub(super) fn outcome(button: &Button, answers: bool, later: bool) -> ContactOutcome {
    match button {
        Button::Analysis => ContactOutcome::ToAnalysis,
        Button::Escalation(_) => ContactOutcome::Escalated,
        _ if !answers => ContactOutcome::Unanswered,
        Button::CallBack => ContactOutcome::AnsweredLater,
        _ if later => ContactOutcome::AnsweredLater,
        _ => ContactOutcome::AnsweredAtOnce,
    }
}

/// What happens to a ticket beside its fields.
#[derive(Debug)]
pub(super) struct Steps<'a> {
    pub(super) button: &'a Button,
    /// How far it had come.
    pub(super) status: Status,
    /// There is an answer.
    pub(super) answers: bool,
    /// The contact of this call, or of this mail or visit; `None` for an edit without any.
    pub(super) contact: Option<Contact>,
    /// The contact as the ticket has it already.
    pub(super) known: Option<&'a Contact>,
    /// An internal note.
    pub(super) note: String,
    pub(super) now: Instant,
}

impl Steps<'_> {
    pub(super) fn changes(self) -> Vec<TicketChange> {
        let mut changes = Vec::new();
        match (self.known, self.contact) {
            (None, Some(contact)) => changes.push(TicketChange::ContactAdded { contact }),
            (Some(known), new) => changes.extend(set_right(known, new, self.now, self.answers)),
            (None, None) => {}
        }
        match self.button {
            Button::Analysis => changes.push(TicketChange::AnalysisBegun { analyst: None }),
            Button::Escalation(handover) => changes.push(TicketChange::Escalated {
                handover: handover.clone(),
            }),
            Button::Save | Button::SaveReady | Button::CallBack | Button::HandOn(_) => {
                let after = next_status(self.status, self.answers, self.button);
                changes.extend(after.map(|after| TicketChange::StatusChanged {
                    before: self.status,
                    after,
                }));
            }
        }
        if !self.note.trim().is_empty() {
            changes.push(TicketChange::Noted { text: self.note });
        }
        changes
    }
}

/// The outcome of a contact that the ticket has, as it is by now. An answer that was given is not taken
/// back by a later save.
fn set_right(
    known: &Contact,
    new: Option<Contact>,
    now: Instant,
    answers: bool,
) -> Option<TicketChange> {
    let (after, outcome_at) = match new {
        Some(new) => (new.outcome, new.outcome_at),
        None if answers => (ContactOutcome::AnsweredLater, now),
        None => return None,
    };
    let settled = known.outcome.is_answer() || (known.outcome.is_handover() && !after.is_answer());
    let same = known.outcome == after || after == ContactOutcome::Unanswered;
    (!settled && !same).then(|| TicketChange::OutcomeSet {
        contact: known.id.clone(),
        before: known.outcome,
        after,
        outcome_at: outcome_at.max(known.from),
    })
}

/// Where the ticket stands then, if that is elsewhere. What waits for somebody else goes on waiting.
fn next_status(now: Status, answers: bool, button: &Button) -> Option<Status> {
    let begun = matches!(
        now,
        Status::Received | Status::InProgress | Status::Reopened
    );
    if answers && begun {
        return Some(Status::Answered);
    }
    let calls_back = *button == Button::CallBack && now == Status::Received;
    calls_back.then_some(Status::InProgress)
}

/// The contact of a ticket that an edit without a call goes on with: the last one without an answer.
pub(super) fn unanswered(ticket: &Ticket) -> Option<&Contact> {
    if ticket.first_answer().is_some() {
        return None;
    }
    let open = |contact: &&Contact| contact.outcome == ContactOutcome::Unanswered;
    ticket.contacts().filter(open).last()
}

#[cfg(test)]
mod tests {
    use super::*;
    use madoguchi_core::ticket::{Channel, Route};

    fn contact(outcome: ContactOutcome) -> Contact {
        Contact {
            id: "k1".into(),
            call: Some("c1".into()),
            channel: Channel::Phone,
            agent: Some("tanaka".into()),
            from: Instant(0),
            until: None,
            outcome,
            outcome_at: Instant(5),
        }
    }

    fn escalation() -> Button {
        Button::Escalation(Handover {
            vendor: "保守".to_owned(),
            route: Route::Direct,
            sent: "調査".to_owned(),
            due: None,
            remind_at: None,
        })
    }

    #[test]
    fn the_button_and_the_answer_decide_the_outcome() {
        use ContactOutcome as O;
        for (button, answers, later, expected) in [
            (Button::Save, true, false, O::AnsweredAtOnce),
            (Button::SaveReady, true, false, O::AnsweredAtOnce),
            (Button::Save, false, false, O::Unanswered),
            (Button::Save, true, true, O::AnsweredLater),
            (Button::CallBack, false, false, O::Unanswered),
            (Button::CallBack, true, false, O::AnsweredLater),
            (Button::Analysis, true, false, O::ToAnalysis),
            (escalation(), false, false, O::Escalated),
        ] {
            assert_eq!(outcome(&button, answers, later), expected, "{button:?}");
        }
    }

    fn steps<'a>(button: &'a Button, known: Option<&'a Contact>, answers: bool) -> Steps<'a> {
        let outcome = outcome(button, answers, false);
        Steps {
            button,
            status: Status::Received,
            answers,
            contact: Some(contact(outcome)),
            known,
            note: String::new(),
            now: Instant(9),
        }
    }

    #[test]
    fn an_answer_makes_the_ticket_回答済_and_a_promise_to_call_back_対応中() {
        let changes = steps(&Button::Save, None, true).changes();
        assert!(matches!(
            changes.last(),
            Some(TicketChange::StatusChanged {
                after: Status::Answered,
                ..
            })
        ));
        let changes = steps(&Button::CallBack, None, false).changes();
        assert!(matches!(
            changes.last(),
            Some(TicketChange::StatusChanged {
                after: Status::InProgress,
                ..
            })
        ));
        assert_eq!(steps(&Button::Save, None, false).changes().len(), 1);
    }

    #[test]
    fn an_escalation_leaves_the_status_to_itself() {
        let button = escalation();
        let changes = steps(&button, None, false).changes();
        assert!(matches!(
            changes.as_slice(),
            [
                TicketChange::ContactAdded { .. },
                TicketChange::Escalated { .. }
            ]
        ));
    }

    #[test]
    fn a_call_that_is_known_is_no_second_contact_and_an_answer_stays_one() {
        let known = contact(ContactOutcome::Unanswered);
        let changes = steps(&Button::Save, Some(&known), true).changes();
        assert!(matches!(
            changes.first(),
            Some(TicketChange::OutcomeSet {
                after: ContactOutcome::AnsweredAtOnce,
                ..
            })
        ));
        let known = contact(ContactOutcome::AnsweredAtOnce);
        for answers in [true, false] {
            let changes = steps(&Button::Save, Some(&known), answers).changes();
            assert!(
                !changes
                    .iter()
                    .any(|change| matches!(change, TicketChange::OutcomeSet { .. }))
            );
        }
    }
}
