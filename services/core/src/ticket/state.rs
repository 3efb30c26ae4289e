//! A ticket as the sum of its events.

mod brief;

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::brief::Briefs;
use super::attachment::AttachedFile;
use super::choices::Status;
use super::event::{Handover, Relation, TicketChange, TicketEvent};
use super::fields::TicketFields;
use super::number::TicketNumber;
use crate::contact::{Contact, ContactOutcome};
use crate::id::{ContactId, TicketId, UserId};
use crate::time::Instant;

/// 問合せ: a ticket. Its JSON leaves out what is empty: a month holds many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// How the ticket is known.
    pub id: TicketId,
    /// 受付番号
    pub number: TicketNumber,
    /// How many events it has: the number of the next one.
    pub version: u32,
    /// 受付日時
    pub received_at: Instant,
    /// When it was recorded.
    pub created_at: Instant,
    /// Who recorded it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<UserId>,
    /// When the last event was recorded.
    pub updated_at: Instant,
    /// What people filled in.
    pub fields: TicketFields,
    /// How far it has come, apart from what goes on beside.
    progress: Status,
    /// The 保留 that lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// Since when it is 完了.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_at: Option<Instant>,
    /// When it was 保留 or 完了: the operating clock stood.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pauses: Vec<Pause>,
    /// 応対, those that went to another ticket by a split as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    contacts: Vec<TicketContact>,
    /// 機能分析, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub analyses: Vec<Analysis>,
    /// エスカレーション, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub escalations: Vec<Escalation>,
    /// Internal notes, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// Files, those that went to another ticket by a split as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) attached: Vec<AttachedFile>,
    /// Other tickets, and how they belong to this one.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub links: BTreeSet<Link>,
    /// As which ticket it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<TicketId>,
    /// Which tickets go on as this one.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub merged_from: BTreeSet<TicketId>,
    /// Which tickets were split off.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub split_into: Vec<TicketId>,
    /// From which it was split off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split_from: Option<TicketId>,
    /// Where it was taken over from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// When names and numbers were taken out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anonymised_at: Option<Instant>,
    /// How many events a later version of the program wrote.
    pub unknown_events: u32,
}

/// A contact in the history of a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct TicketContact {
    #[serde(flatten)]
    contact: Contact,
    /// The number of the event that set its outcome.
    outcome_seq: u32,
    /// The ticket to which it went by a split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    moved_to: Option<TicketId>,
}

/// A 保留.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Since when.
    pub since: Instant,
    /// Until which day the desk waits.
    pub until: Option<NaiveDate>,
    /// What for.
    pub reason: String,
}

/// What the desk first did with a matter, in the order of things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FirstResponse {
    /// When it happened.
    pub at: Instant,
    /// The number of the event.
    pub seq: u32,
    /// It answered; otherwise it handed the matter on.
    pub is_answer: bool,
}

/// A time in which the operating clock stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// From when.
    pub from: Instant,
    /// Until when; `None` while it lasts.
    pub until: Option<Instant>,
}

/// A step アプリケーション機能分析.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Analysis {
    /// The number of the event that began it.
    pub seq: u32,
    /// Who analyses.
    pub analyst: Option<UserId>,
    /// From when.
    pub from: Instant,
    /// Until when; `None` while it lasts.
    pub until: Option<Instant>,
    /// What was found.
    pub finding: String,
}

/// An エスカレーション.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Escalation {
    /// The number of the event that began it.
    pub seq: u32,
    /// Who sent it.
    pub by: Option<UserId>,
    /// When it was sent on.
    pub sent_at: Instant,
    /// To whom and what.
    #[serde(flatten)]
    pub handover: Handover,
    /// When the answer came.
    pub returned_at: Option<Instant>,
    /// What came back.
    pub answer: String,
}

/// An internal note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Note {
    /// When it happened.
    pub at: Instant,
    /// Who wrote it.
    pub by: Option<UserId>,
    /// What it says.
    pub text: String,
}

/// Where a ticket was taken over from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Origin {
    /// The ledger of the predecessor.
    pub ledger: String,
    /// The number that it had there.
    pub number: String,
    /// What tells the row from one that says something else.
    pub digest: String,
    /// The version of the ticket then.
    pub version: u32,
}

/// Another ticket beside this one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct Link {
    /// How they belong together.
    pub relation: Relation,
    /// The other.
    pub other: TicketId,
}

impl Ticket {
    /// The ticket that these events tell of, in any order and with repetitions; `None` without the
    /// event that begins it.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a TicketEvent>) -> Option<Self> {
        let mut ordered: Vec<&TicketEvent> = events.into_iter().collect();
        ordered.sort_by_key(|event| event.seq);
        let (first, rest) = ordered.split_first()?;
        let mut ticket = Self::begin(first)?;
        for event in rest {
            ticket.apply(event);
        }
        Some(ticket)
    }

    /// The ticket as it was before an instant, by when things happened. It is there from its reception on, also if
    /// somebody wrote it down later.
    pub fn as_of(events: &[TicketEvent], before: Instant) -> Option<Self> {
        let happened = |event: &&TicketEvent| match event.change {
            TicketChange::Created { received_at, .. } => {
                received_at.min(event.happened_at()) < before
            }
            _ => event.happened_at() < before,
        };
        Self::fold(events.iter().filter(happened))
    }

    /// The ticket as it was at a version: what somebody read who saves now.
    pub fn at_version(events: &[TicketEvent], version: u32) -> Option<Self> {
        Self::fold(events.iter().filter(|event| event.seq < version))
    }

    /// The ticket that this event begins.
    pub fn begin(event: &TicketEvent) -> Option<Self> {
        let TicketChange::Created {
            number,
            received_at,
            fields,
            split_from,
        } = &event.change
        else {
            return None;
        };
        Some(Self {
            id: event.ticket.clone(),
            number: *number,
            version: event.seq.saturating_add(1),
            received_at: *received_at,
            created_at: event.at,
            created_by: event.by.clone(),
            updated_at: event.at,
            fields: TicketFields::clone(fields),
            progress: Status::Received,
            hold: None,
            done_at: None,
            pauses: Vec::new(),
            contacts: Vec::new(),
            analyses: Vec::new(),
            escalations: Vec::new(),
            notes: Vec::new(),
            attached: Vec::new(),
            links: BTreeSet::new(),
            merged_into: None,
            merged_from: BTreeSet::new(),
            split_into: Vec::new(),
            split_from: split_from.clone(),
            origin: None,
            anonymised_at: None,
            unknown_events: 0,
        })
    }

    /// How far it has come.
    pub fn status(&self) -> Status {
        if self.done_at.is_some() {
            Status::Done
        } else if self.hold.is_some() {
            Status::Held
        } else if self.open_analysis().is_some() {
            Status::Analysing
        } else if self.open_escalations().next().is_some() {
            Status::Escalated
        } else {
            self.progress
        }
    }

    /// Its own contacts, in the order in which they were recorded.
    pub fn contacts(&self) -> impl Iterator<Item = &Contact> {
        self.own_contacts().map(|own| &own.contact)
    }

    /// One of its own contacts.
    pub fn contact(&self, id: &ContactId) -> Option<&Contact> {
        self.contacts().find(|contact| contact.id == *id)
    }

    /// Whether it has or had a contact.
    pub(super) fn knows_contact(&self, id: &ContactId) -> bool {
        self.contacts.iter().any(|known| known.contact.id == *id)
    }

    /// The 機能分析 that goes on.
    pub fn open_analysis(&self) -> Option<&Analysis> {
        self.analyses.iter().find(|step| step.until.is_none())
    }

    /// The escalations that wait for an answer.
    pub fn open_escalations(&self) -> impl Iterator<Item = &Escalation> {
        let all = self.escalations.iter();
        all.filter(|escalation| escalation.returned_at.is_none())
    }

    /// 一次回答: the contact in which the desk first answered.
    pub fn first_answer(&self) -> Option<&Contact> {
        self.first_of(ContactOutcome::is_answer)
            .map(|own| &own.contact)
    }

    /// When it was first handed to a vendor.
    pub fn first_escalated_at(&self) -> Option<Instant> {
        self.escalations.iter().map(|one| one.sent_at).min()
    }

    /// What came first: the answer, or that the matter went to 機能分析 or エスカレーション; `None` while
    /// neither has happened.
    pub fn first_response(&self) -> Option<FirstResponse> {
        let response = |is_answer| move |(at, seq)| FirstResponse { at, seq, is_answer };
        let place = |own: &TicketContact| (own.contact.outcome_at, own.outcome_seq);
        let answer = self.first_of(ContactOutcome::is_answer).map(place);
        let contact = self.first_of(ContactOutcome::is_handover).map(place);
        let analyses = self.analyses.iter().map(|step| (step.from, step.seq));
        let escalations = self.escalations.iter().map(|one| (one.sent_at, one.seq));
        let handover = analyses.chain(escalations).chain(contact).min();
        let both = [answer.map(response(true)), handover.map(response(false))];
        both.into_iter().flatten().min()
    }

    fn first_of(&self, outcome: fn(ContactOutcome) -> bool) -> Option<&TicketContact> {
        let fitting = self
            .own_contacts()
            .filter(|own| outcome(own.contact.outcome));
        fitting.min_by_key(|own| (own.contact.outcome_at, own.outcome_seq))
    }

    fn own_contacts(&self) -> impl Iterator<Item = &TicketContact> {
        self.contacts
            .iter()
            .filter(|known| known.moved_to.is_none())
    }

    pub(super) fn contact_added(&mut self, contact: &Contact, seq: u32) {
        if !self.knows_contact(&contact.id) {
            self.contacts.push(TicketContact {
                contact: contact.clone(),
                outcome_seq: seq,
                moved_to: None,
            });
        }
    }

    pub(super) fn outcome_set(
        &mut self,
        id: &ContactId,
        outcome: ContactOutcome,
        at: Instant,
        seq: u32,
    ) {
        let found = self
            .contacts
            .iter_mut()
            .find(|known| known.contact.id == *id);
        let Some(known) = found else { return };
        // An answer that is set right stays where it stands in the order of things.
        if known.contact.outcome.is_answer() != outcome.is_answer() || !outcome.is_answer() {
            known.outcome_seq = seq;
        }
        known.contact.outcome = outcome;
        known.contact.outcome_at = at;
    }

    pub(super) fn contacts_moved(&mut self, ids: &[ContactId], into: &TicketId) {
        for known in &mut self.contacts {
            if ids.contains(&known.contact.id) && known.moved_to.is_none() {
                known.moved_to = Some(into.clone());
            }
        }
    }

    pub(super) fn set_progress(&mut self, status: Status) {
        self.progress = status;
    }

    pub(super) fn begin_work(&mut self) {
        if self.progress == Status::Received {
            self.progress = Status::InProgress;
        }
    }
}
