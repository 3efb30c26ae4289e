//! The parts of a ticket's page: facts, contacts, analyses, escalations, links, and what two people changed.

use madoguchi_core::contact::{Contact, ContactOutcome};
use madoguchi_core::ticket::edit::Conflict;
use madoguchi_core::ticket::{Ticket, TicketField};

use super::history::{Numbers, seconds};
use super::lookup::HERE;
use super::names::Names;
use crate::local_time::local;
use crate::query::{Choice, escape};

pub(super) struct ContactRow {
    pub(super) id: String,
    pub(super) at: String,
    pub(super) channel: &'static str,
    pub(super) agent: String,
    pub(super) outcome: &'static str,
    /// The call, for who may see calls.
    pub(super) call: Option<String>,
    pub(super) outcomes: Vec<Choice>,
    /// It belongs to this ticket, not to one that was merged.
    pub(super) own: bool,
}

pub(super) struct AnalysisRow {
    pub(super) from: String,
    pub(super) until: String,
    pub(super) by: String,
    pub(super) finding: String,
}

pub(super) struct EscalationRow {
    pub(super) seq: u32,
    pub(super) vendor: String,
    pub(super) route: &'static str,
    pub(super) sent_at: String,
    pub(super) sent: String,
    pub(super) due: String,
    pub(super) due_value: String,
    pub(super) remind_value: String,
    pub(super) returned_at: Option<String>,
    pub(super) answer: String,
}

pub(super) struct NoteRow {
    pub(super) at: String,
    pub(super) by: String,
    pub(super) text: String,
}

pub(super) struct MergedRow {
    pub(super) number: String,
    pub(super) question: String,
    pub(super) answer: String,
    /// It leads here itself, so that its merge can be undone here.
    pub(super) direct: bool,
}

pub(super) struct LinkRow {
    pub(super) relation: &'static str,
    pub(super) relation_name: &'static str,
    pub(super) number: String,
    pub(super) link: String,
}

pub(super) struct ConflictRow {
    pub(super) label: &'static str,
    pub(super) before: String,
    pub(super) mine: String,
    pub(super) theirs: String,
}

pub(super) fn facts(ticket: &Ticket, names: &Names) -> Vec<(&'static str, String)> {
    let fields = &ticket.fields;
    let told = |field: TicketField| (field.label(), names.field(field, &fields.text(field)));
    let created = format!(
        "{}　{}",
        names.dates.minute(ticket.created_at),
        names.by(ticket.created_by.as_ref())
    );
    let asks = &fields.requester;
    let person = asks.person.as_ref();
    vec![
        ("受付日時", names.dates.minute(ticket.received_at)),
        told(TicketField::Channel),
        told(TicketField::Division),
        told(TicketField::System),
        told(TicketField::Category),
        ("優先度", fields.priority().label().to_owned()),
        told(TicketField::Incident),
        told(TicketField::Urgent),
        told(TicketField::Owner),
        told(TicketField::Name),
        (
            "職員番号",
            person.map_or_else(String::new, |person| person.to_string()),
        ),
        told(TicketField::Number),
        told(TicketField::Site),
        told(TicketField::Department),
        ("工数", format!("{}分", fields.work_minutes)),
        ("登録", created),
        (
            "移行元",
            ticket.origin.as_ref().map_or_else(String::new, |origin| {
                format!("{}　{}", origin.ledger, origin.number)
            }),
        ),
    ]
}

pub(super) fn contact_row(
    contact: &Contact,
    own: bool,
    names: &Names,
    sees_calls: bool,
) -> ContactRow {
    let agent = contact.agent.as_ref();
    let call = contact.call.as_ref().filter(|_| sees_calls);
    ContactRow {
        id: contact.id.to_string(),
        at: seconds(contact.from),
        channel: contact.channel.label(),
        agent: agent.map_or_else(String::new, |agent| names.agent(agent.as_str()).to_owned()),
        outcome: contact.outcome.label(),
        call: call.map(|call| format!("/calls/{}", escape(call.as_str()))),
        outcomes: outcomes(contact.outcome),
        own,
    }
}

pub(super) fn outcomes(chosen: ContactOutcome) -> Vec<Choice> {
    let all = ContactOutcome::ALL.map(|one| (one.as_str(), one.label()));
    Choice::list(all, chosen.as_str())
}

pub(super) fn analyses(ticket: &Ticket, names: &Names) -> Vec<AnalysisRow> {
    let rows = ticket.analyses.iter().map(|step| AnalysisRow {
        from: names.dates.minute(step.from),
        until: step
            .until
            .map_or_else(String::new, |at| names.dates.minute(at)),
        by: step
            .analyst
            .as_ref()
            .map_or_else(String::new, |user| names.by(Some(user))),
        finding: step.finding.clone(),
    });
    rows.collect()
}

pub(super) fn escalations(ticket: &Ticket, names: &Names) -> Vec<EscalationRow> {
    let rows = ticket.escalations.iter().map(|one| {
        let due = one.handover.due;
        let remind_at = one.handover.remind_at;
        EscalationRow {
            seq: one.seq,
            vendor: one.handover.vendor.clone(),
            route: one.handover.route.label(),
            sent_at: names.dates.minute(one.sent_at),
            sent: one.handover.sent.clone(),
            due: due.map_or_else(String::new, |due| names.dates.minute(due)),
            due_value: due.map_or_else(String::new, local),
            remind_value: remind_at.map_or_else(String::new, local),
            returned_at: one.returned_at.map(|at| names.dates.minute(at)),
            answer: one.answer.clone(),
        }
    });
    rows.collect()
}

pub(super) fn links(ticket: &Ticket, numbers: &Numbers) -> Vec<LinkRow> {
    let rows = ticket.links.iter().filter_map(|link| {
        let number = numbers.get(&link.other)?;
        Some(LinkRow {
            relation: link.relation.label(),
            relation_name: link.relation.as_str(),
            number: number.clone(),
            link: format!("{HERE}/{number}"),
        })
    });
    rows.collect()
}

pub(super) fn conflict_row(conflict: &Conflict, names: &Names) -> ConflictRow {
    let told = |text: &str| match names.field(conflict.field, text) {
        told if told.is_empty() => "(空欄)".to_owned(),
        told => told,
    };
    ConflictRow {
        label: conflict.field.label(),
        before: told(&conflict.before),
        mine: told(&conflict.mine),
        theirs: told(&conflict.theirs),
    }
}
