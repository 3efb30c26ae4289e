//! How each event changes a ticket. An event that does not fit changes nothing, and loses nothing.

use super::anonymous::without_personal_data;
use super::choices::Status;
use super::event::{TicketChange, TicketEvent};
use super::state::{Analysis, Escalation, Hold, Link, Note, Pause, Ticket};
use crate::time::Instant;

impl Ticket {
    /// Takes the next event; one that was taken already changes nothing.
    pub fn apply(&mut self, event: &TicketEvent) {
        if event.seq < self.version {
            return;
        }
        self.version = event.seq.saturating_add(1);
        self.updated_at = event.at;
        self.apply_change(event);
    }

    fn apply_change(&mut self, event: &TicketEvent) {
        use TicketChange as C;
        let (seq, at) = (event.seq, event.happened_at());
        if event.change.holds_text() {
            // What is typed after names were taken out may hold some again.
            self.anonymised_at = None;
        }
        match &event.change {
            C::FieldChanged { field, after, .. } => {
                // What a later version takes may not fit into this one.
                let _ = self.fields.set(*field, after);
            }
            C::ContactAdded { contact } => self.contact_added(contact, seq),
            C::OutcomeSet {
                contact,
                after,
                outcome_at,
                ..
            } => self.outcome_set(contact, *after, *outcome_at, seq),
            C::StatusChanged { after, .. } => self.set_status(*after, at),
            C::AnalysisBegun { analyst } => {
                self.begin_work();
                self.analyses.push(Analysis {
                    seq,
                    analyst: analyst.clone().or_else(|| event.by.clone()),
                    from: at,
                    until: None,
                    finding: String::new(),
                });
            }
            C::AnalysisEnded { finding } => {
                let open = self.analyses.iter_mut().find(|step| step.until.is_none());
                if let Some(open) = open {
                    open.until = Some(at);
                    open.finding.clone_from(finding);
                }
            }
            C::Escalated { .. }
            | C::EscalationRescheduled { .. }
            | C::EscalationReturned { .. } => {
                self.apply_escalation(event);
            }
            C::Held { until, reason } => {
                self.begin_work();
                self.hold = Some(Hold {
                    since: at,
                    until: *until,
                    reason: reason.clone(),
                });
                self.pause(at);
            }
            C::Resumed => {
                self.hold = None;
                self.go_on(at);
            }
            C::Reopened { .. } => {
                self.done_at = None;
                self.set_progress(Status::Reopened);
                self.go_on(at);
            }
            C::Noted { text } => self.notes.push(Note {
                at,
                by: event.by.clone(),
                text: text.clone(),
            }),
            C::FileAttached { file } => self.file_attached(file, at, event.by.as_ref()),
            C::FileRemoved { file, .. } => self.file_removed(file),
            C::Linked { relation, other } => {
                let (relation, other) = (*relation, other.clone());
                self.links.insert(Link { relation, other });
            }
            C::Unlinked { relation, other } => {
                let (relation, other) = (*relation, other.clone());
                self.links.remove(&Link { relation, other });
            }
            C::MergedInto { .. }
            | C::MergedFrom { .. }
            | C::MergeUndone { .. }
            | C::SplitInto { .. } => self.apply_merge(&event.change),
            C::Anonymised => {
                without_personal_data(self);
                self.anonymised_at = Some(at);
            }
            C::Created { .. } => {}
            C::Unknown(_) => self.unknown_events = self.unknown_events.saturating_add(1),
        }
    }

    fn apply_escalation(&mut self, event: &TicketEvent) {
        let at = event.happened_at();
        match &event.change {
            TicketChange::Escalated { handover } => {
                self.begin_work();
                self.escalations.push(Escalation {
                    seq: event.seq,
                    by: event.by.clone(),
                    sent_at: at,
                    handover: handover.clone(),
                    returned_at: None,
                    answer: String::new(),
                });
            }
            TicketChange::EscalationRescheduled {
                escalation,
                due,
                remind_at,
            } => {
                if let Some(open) = self.escalation(*escalation) {
                    open.handover.due = *due;
                    open.handover.remind_at = *remind_at;
                }
            }
            TicketChange::EscalationReturned { escalation, answer } => {
                if let Some(open) = self.escalation(*escalation) {
                    open.returned_at = Some(at);
                    open.answer.clone_from(answer);
                }
            }
            _ => {}
        }
    }

    fn escalation(&mut self, number: u32) -> Option<&mut Escalation> {
        let mut all = self.escalations.iter_mut();
        all.find(|one| one.seq == number && one.returned_at.is_none())
    }

    fn apply_merge(&mut self, change: &TicketChange) {
        match change {
            TicketChange::MergedInto { into } => self.merged_into = Some(into.clone()),
            TicketChange::MergedFrom { from } => {
                self.merged_from.insert(from.clone());
            }
            TicketChange::MergeUndone { other } => {
                self.merged_into.take_if(|into| into == other);
                self.merged_from.remove(other);
            }
            TicketChange::SplitInto {
                into,
                contacts,
                files,
            } => {
                self.contacts_moved(contacts, into);
                self.files_moved(files, into);
                self.split_into.push(into.clone());
            }
            _ => {}
        }
    }

    fn set_status(&mut self, status: Status, at: Instant) {
        match status {
            Status::Done => {
                self.hold = None;
                self.done_at = Some(at);
                self.pause(at);
            }
            Status::Received | Status::InProgress | Status::Answered | Status::Reopened => {
                self.set_progress(status);
            }
            Status::Analysing | Status::Escalated | Status::Held => {}
        }
    }

    /// The operating clock stops, if it runs.
    fn pause(&mut self, from: Instant) {
        let stands = self.pauses.last().is_some_and(|last| last.until.is_none());
        if !stands {
            self.pauses.push(Pause { from, until: None });
        }
    }

    /// The operating clock runs again.
    fn go_on(&mut self, at: Instant) {
        if let Some(last) = self.pauses.last_mut() {
            last.until.get_or_insert(at.max(last.from));
        }
    }
}
