//! A ticket in brief: without the texts that no figure needs, on a line that is read soon. A month holds many.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde::ser::SerializeSeq;
use serde::{Deserialize, Serialize, Serializer};

use super::{Analysis, Escalation, Pause, Ticket, TicketContact};
use crate::contact::{Contact, ContactOutcome};
use crate::id::{ArticleId, ContactId, TicketId};
use crate::names::Names;
use crate::ticket::choices::{Channel, Impact, Status, System, Urgency};
use crate::ticket::fields::{AnswerSource, Requester, TicketFields};
use crate::ticket::number::TicketNumber;
use crate::time::Instant;

/// Letters of a question, and of a vendor's answer, that are kept.
const LETTERS: usize = 120;

impl Ticket {
    /// The ticket without what no figure needs.
    #[must_use]
    pub fn without_texts(mut self) -> Self {
        let kept = beginning(&self.fields.question).len();
        self.fields.question.truncate(kept);
        self.fields.question.shrink_to_fit();
        self.fields.answer = String::new();
        self.fields.tags.clear();
        self.notes = Vec::new();
        for step in &mut self.analyses {
            step.finding = String::new();
        }
        for escalation in &mut self.escalations {
            escalation.handover.sent = String::new();
            let kept = beginning(&escalation.answer).len();
            escalation.answer.truncate(kept);
        }
        self
    }

    /// The ticket without its texts, on one line: what [`Briefs`] reads.
    ///
    /// # Errors
    /// What keeps it from being written; there is nothing of that kind in a ticket.
    pub fn brief(&self) -> serde_json::Result<String> {
        if self.is_plain() {
            self.plain_line()
        } else {
            serde_json::to_string(&self.clone().without_texts())
        }
    }

    /// Whether it has nothing of what few tickets have.
    fn is_plain(&self) -> bool {
        self.hold.is_none()
            && self.attached.is_empty()
            && self.links.is_empty()
            && self.merged_into.is_none()
            && self.merged_from.is_empty()
            && self.split_into.is_empty()
            && self.split_from.is_none()
            && self.origin.is_none()
            && self.unknown_events == 0
            && self.contacts.iter().all(|one| one.moved_to.is_none())
    }

    /// The values of [`Line`], in their order.
    fn plain_line(&self) -> serde_json::Result<String> {
        let Self { fields, .. } = self;
        let asks = &fields.requester;
        let analyses: Vec<Analysis> = self.analyses.iter().map(brief_analysis).collect();
        let escalations: Vec<Escalation> = self.escalations.iter().map(brief_escalation).collect();
        let contacts: Vec<ContactLine<'_>> = self.contacts.iter().map(ContactLine::of).collect();
        let mut text = Vec::new();
        let mut json = serde_json::Serializer::new(&mut text);
        let mut line = json.serialize_seq(None)?;
        line.serialize_element(&self.number.fiscal_year)?;
        line.serialize_element(&self.number.sequence)?;
        line.serialize_element(&self.id)?;
        line.serialize_element(&self.version)?;
        line.serialize_element(&self.received_at)?;
        line.serialize_element(&self.created_at)?;
        line.serialize_element(named(self.created_by.as_ref()))?;
        line.serialize_element(&self.updated_at)?;
        line.serialize_element(&self.progress)?;
        line.serialize_element(&self.done_at)?;
        line.serialize_element(&self.anonymised_at)?;
        line.serialize_element(named(fields.division.as_ref()))?;
        line.serialize_element(&fields.channel)?;
        line.serialize_element(&fields.system)?;
        line.serialize_element(named(fields.category.as_ref()))?;
        line.serialize_element(&fields.impact)?;
        line.serialize_element(&fields.urgency)?;
        line.serialize_element(&fields.incident)?;
        line.serialize_element(&fields.urgent)?;
        line.serialize_element(named(fields.owner.as_ref()))?;
        line.serialize_element(beginning(&fields.question))?;
        line.serialize_element(&fields.answer_source)?;
        line.serialize_element(&fields.articles)?;
        line.serialize_element(&fields.work_minutes)?;
        line.serialize_element(named(asks.person.as_ref()))?;
        line.serialize_element(&asks.number)?;
        line.serialize_element(&asks.name)?;
        line.serialize_element(&asks.site)?;
        line.serialize_element(&asks.department)?;
        line.serialize_element(&contacts)?;
        line.serialize_element(&self.pauses)?;
        line.serialize_element(&analyses)?;
        line.serialize_element(&escalations)?;
        line.end()?;
        // JSON is UTF-8.
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

/// A name, or nothing.
fn named<T: AsRef<str>>(name: Option<&T>) -> &str {
    name.map_or("", AsRef::as_ref)
}

/// The beginning of a text.
fn beginning(text: &str) -> &str {
    let end = text.char_indices().nth(LETTERS);
    end.and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}

fn brief_analysis(step: &Analysis) -> Analysis {
    Analysis {
        analyst: step.analyst.clone(),
        finding: String::new(),
        ..*step
    }
}

fn brief_escalation(one: &Escalation) -> Escalation {
    let mut brief = one.clone();
    brief.handover.sent = String::new();
    beginning(&one.answer).clone_into(&mut brief.answer);
    brief
}

/// A plain ticket as a JSON array. A name that is missing is empty.
#[derive(Deserialize)]
struct Line<'l> {
    fiscal_year: i32,
    sequence: u32,
    #[serde(borrow)]
    id: Cow<'l, str>,
    version: u32,
    received_at: Instant,
    created_at: Instant,
    #[serde(borrow)]
    created_by: Cow<'l, str>,
    updated_at: Instant,
    progress: Status,
    done_at: Option<Instant>,
    anonymised_at: Option<Instant>,
    #[serde(borrow)]
    division: Cow<'l, str>,
    channel: Channel,
    system: System,
    #[serde(borrow)]
    category: Cow<'l, str>,
    impact: Impact,
    urgency: Urgency,
    incident: bool,
    urgent: bool,
    #[serde(borrow)]
    owner: Cow<'l, str>,
    question: String,
    answer_source: Option<AnswerSource>,
    articles: BTreeSet<ArticleId>,
    work_minutes: u32,
    #[serde(borrow)]
    person: Cow<'l, str>,
    number: String,
    name: String,
    site: String,
    department: String,
    #[serde(borrow)]
    contacts: Vec<ContactLine<'l>>,
    pauses: Vec<Pause>,
    analyses: Vec<Analysis>,
    escalations: Vec<Escalation>,
}

/// A contact in it, as an array as well.
#[derive(Deserialize)]
struct ContactLine<'l> {
    #[serde(borrow)]
    id: Cow<'l, str>,
    #[serde(borrow)]
    call: Cow<'l, str>,
    channel: Channel,
    #[serde(borrow)]
    agent: Cow<'l, str>,
    from: Instant,
    until: Option<Instant>,
    outcome: ContactOutcome,
    outcome_at: Instant,
    outcome_seq: u32,
}

impl<'l> ContactLine<'l> {
    fn of(known: &'l TicketContact) -> Self {
        let contact = &known.contact;
        Self {
            id: Cow::Borrowed(contact.id.as_str()),
            call: Cow::Borrowed(named(contact.call.as_ref())),
            channel: contact.channel,
            agent: Cow::Borrowed(named(contact.agent.as_ref())),
            from: contact.from,
            until: contact.until,
            outcome: contact.outcome,
            outcome_at: contact.outcome_at,
            outcome_seq: known.outcome_seq,
        }
    }
}

impl Serialize for ContactLine<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let values = (
            &self.id,
            &self.call,
            self.channel,
            &self.agent,
            self.from,
            self.until,
            self.outcome,
            self.outcome_at,
            self.outcome_seq,
        );
        values.serialize(serializer)
    }
}

/// Reads what [`Ticket::brief`] wrote. Names that stand in many tickets are kept once.
#[derive(Debug, Default)]
pub struct Briefs {
    names: Names,
}

impl Briefs {
    /// The ticket on a line.
    ///
    /// # Errors
    /// What is wrong with the line.
    pub fn read(&mut self, line: &str) -> serde_json::Result<Ticket> {
        if line.starts_with('{') {
            return serde_json::from_str(line);
        }
        let line: Line<'_> = serde_json::from_str(line)?;
        let contacts = line.contacts.iter().map(|one| self.contact(one)).collect();
        Ok(Ticket {
            id: TicketId::new(&line.id),
            number: TicketNumber {
                fiscal_year: line.fiscal_year,
                sequence: line.sequence,
            },
            version: line.version,
            received_at: line.received_at,
            created_at: line.created_at,
            created_by: self.name(&line.created_by),
            updated_at: line.updated_at,
            fields: TicketFields {
                division: self.name(&line.division),
                channel: line.channel,
                system: line.system,
                category: self.name(&line.category),
                impact: line.impact,
                urgency: line.urgency,
                incident: line.incident,
                urgent: line.urgent,
                owner: self.name(&line.owner),
                question: line.question,
                answer: String::new(),
                answer_source: line.answer_source,
                tags: BTreeSet::new(),
                articles: line.articles,
                work_minutes: line.work_minutes,
                requester: Requester {
                    person: self.name(&line.person),
                    number: line.number,
                    name: line.name,
                    site: line.site,
                    department: line.department,
                },
            },
            progress: line.progress,
            hold: None,
            done_at: line.done_at,
            pauses: without_room(line.pauses),
            contacts,
            analyses: without_room(line.analyses),
            escalations: without_room(line.escalations),
            notes: Vec::new(),
            attached: Vec::new(),
            links: BTreeSet::new(),
            merged_into: None,
            merged_from: BTreeSet::new(),
            split_into: Vec::new(),
            split_from: None,
            origin: None,
            anonymised_at: line.anonymised_at,
            unknown_events: 0,
        })
    }

    fn contact(&mut self, line: &ContactLine<'_>) -> TicketContact {
        let call = Some(&line.call).filter(|call| !call.is_empty());
        TicketContact {
            contact: Contact {
                id: ContactId::new(&line.id),
                call: call.map(|call| call.as_ref().into()),
                channel: line.channel,
                agent: self.name(&line.agent),
                from: line.from,
                until: line.until,
                outcome: line.outcome,
                outcome_at: line.outcome_at,
            },
            outcome_seq: line.outcome_seq,
            moved_to: None,
        }
    }

    /// A name that stands in many tickets; `None` if it is missing.
    fn name<T: From<Arc<str>>>(&mut self, text: &str) -> Option<T> {
        (!text.is_empty()).then(|| self.names.get(text))
    }
}

/// A list without room for more: what is read gets room for four at once, and a month keeps a hundred thousand lists of
/// one.
fn without_room<T>(mut list: Vec<T>) -> Vec<T> {
    list.shrink_to_fit();
    list
}

#[cfg(test)]
mod tests;
