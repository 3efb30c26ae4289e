//! Random histories of several tickets: edits, calls, merges, splits, and what is taken back.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::super::merging::{self, TicketSet};
use super::super::*;
use super::{contact, created, event, file, handover, held, removed};
use crate::contact::{ContactOutcome, NoTicketReason};
use crate::hours::{Calendar, HoursSettings};
use crate::id::{ContactId, TicketId};
use crate::service::{Divisions, HELP_DESK};
use crate::service_level::{AnsweredCall, Period, ServiceRules, service_figures, tickets_by_call};
use crate::setup::Calendars;
use crate::time::Instant;

/// A few tickets of which anything may happen, each with its number.
#[derive(Debug, Clone)]
enum Step {
    Edit(usize, u8, String),
    Call(usize, u8),
    Outcome(usize, ContactOutcome),
    Merge(usize, usize),
    Undo(usize),
    Split(usize),
    Hold(usize),
    Done(usize),
    Reopen(usize),
    Analyse(usize),
    Escalate(usize),
    Attach(usize),
    Remove(usize),
    NoTicket(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let ticket = || 0_usize..6;
    let outcome = prop::sample::select(ContactOutcome::ALL.to_vec());
    let step = prop_oneof![
        (ticket(), 0_u8..3, "[あ-お]{0,6}").prop_map(|(t, f, text)| Step::Edit(t, f, text)),
        (ticket(), 0_u8..8).prop_map(|(t, call)| Step::Call(t, call)),
        (ticket(), outcome).prop_map(|(t, outcome)| Step::Outcome(t, outcome)),
        (ticket(), ticket()).prop_map(|(a, b)| Step::Merge(a, b)),
        ticket().prop_map(Step::Undo),
        ticket().prop_map(Step::Split),
        ticket().prop_map(Step::Hold),
        ticket().prop_map(Step::Done),
        ticket().prop_map(Step::Reopen),
        ticket().prop_map(Step::Analyse),
        ticket().prop_map(Step::Escalate),
        ticket().prop_map(Step::Attach),
        ticket().prop_map(Step::Remove),
        (0_u8..8).prop_map(Step::NoTicket),
    ];
    prop::collection::vec(step, 0..60)
}

/// All tickets while random steps are taken: the states as they grow, and the log.
#[derive(Default)]
struct World {
    tickets: BTreeMap<TicketId, Ticket>,
    log: Vec<TicketEvent>,
    no_ticket: BTreeSet<u8>,
    now: i64,
}

impl World {
    fn id(n: usize) -> TicketId {
        TicketId::new(format!("t{n}"))
    }

    /// Begins a ticket if there is none of this number yet.
    fn ensure(&mut self, n: usize) -> TicketId {
        let id = Self::id(n);
        if !self.tickets.contains_key(&id) {
            let sequence = u32::try_from(self.tickets.len()).unwrap() + 1;
            let change = created(sequence, Instant(self.now), &format!("問{n}"));
            let begun = event(id.as_str(), 0, Instant(self.now), change);
            self.tickets
                .insert(id.clone(), Ticket::begin(&begun).unwrap());
            self.log.push(begun);
        }
        id
    }

    fn may(&self, id: &TicketId, change: &TicketChange) -> bool {
        let ticket = &self.tickets[id];
        let next = event(
            id.as_str(),
            ticket.version,
            Instant(self.now),
            change.clone(),
        );
        ticket.check(&next).is_ok()
    }

    fn take(&mut self, id: &TicketId, change: TicketChange) {
        if !self.may(id, &change) {
            return;
        }
        let ticket = self.tickets.get_mut(id).unwrap();
        let next = event(id.as_str(), ticket.version, Instant(self.now), change);
        ticket.apply(&next);
        self.log.push(next);
    }

    /// Both sides or none, as a transaction does.
    fn take_both(&mut self, one: &TicketId, other: &TicketId, changes: [TicketChange; 2]) {
        let [of_one, of_other] = changes;
        if self.may(one, &of_one) && self.may(other, &of_other) {
            self.take(one, of_one);
            self.take(other, of_other);
        }
    }

    fn resolve(&self, id: &TicketId) -> TicketId {
        merging::resolve(id, |id| self.tickets.get(id)?.merged_into.clone())
    }

    fn step(&mut self, step: Step) {
        self.now += 60_000;
        match step {
            Step::Edit(n, field, after) => {
                let id = self.ensure(n);
                let fields = [
                    TicketField::Question,
                    TicketField::Answer,
                    TicketField::Tags,
                ];
                let field = fields[usize::from(field)];
                let before = self.tickets[&id].fields.text(field);
                let change = TicketChange::FieldChanged {
                    field,
                    before,
                    after,
                };
                self.take(&id, change);
            }
            Step::Call(n, call) => {
                let id = self.ensure(n);
                let id = self.resolve(&id);
                let key = ContactId::new(format!("k{}", self.log.len()));
                let from = Instant(self.now);
                let call = format!("c{call}");
                let contact = contact(key.as_str(), &call, from, ContactOutcome::Unanswered);
                self.take(&id, TicketChange::ContactAdded { contact });
            }
            Step::Outcome(n, after) => {
                let id = self.ensure(n);
                let last = self.tickets[&id].contacts().last().cloned();
                if let Some(last) = last {
                    let change = TicketChange::OutcomeSet {
                        contact: last.id,
                        before: last.outcome,
                        after,
                        outcome_at: Instant(self.now),
                    };
                    self.take(&id, change);
                }
            }
            Step::Merge(a, b) => {
                let (from, into) = (self.ensure(a), self.ensure(b));
                let leads = |id: &TicketId| self.tickets.get(id)?.merged_into.clone();
                if let Ok((target, changes)) = merging::merge(&from, &into, leads) {
                    self.take_both(&from, &target, changes);
                }
            }
            Step::Undo(n) => {
                let id = self.ensure(n);
                if let Ok((into, changes)) = merging::undo(&self.tickets[&id]) {
                    self.take_both(&id, &into, changes);
                }
            }
            Step::Split(n) => self.split(n),
            Step::Hold(n) => {
                let id = self.ensure(n);
                let change = match self.tickets[&id].hold {
                    Some(_) => TicketChange::Resumed,
                    None => held(None),
                };
                self.take(&id, change);
            }
            Step::Done(n) => {
                let id = self.ensure(n);
                let before = self.tickets[&id].status();
                let after = Status::Done;
                self.take(&id, TicketChange::StatusChanged { before, after });
            }
            Step::Reopen(n) => {
                let id = self.ensure(n);
                let reason = "再開".to_owned();
                self.take(&id, TicketChange::Reopened { reason });
            }
            Step::Analyse(n) => {
                let id = self.ensure(n);
                let change = match self.tickets[&id].open_analysis() {
                    Some(_) => TicketChange::AnalysisEnded {
                        finding: "済".to_owned(),
                    },
                    None => TicketChange::AnalysisBegun { analyst: None },
                };
                self.take(&id, change);
            }
            Step::Escalate(n) => {
                let id = self.ensure(n);
                let open = self.tickets[&id].open_escalations().next();
                let change = match open.map(|open| open.seq) {
                    Some(escalation) => TicketChange::EscalationReturned {
                        escalation,
                        answer: "直した".to_owned(),
                    },
                    None => handover(),
                };
                self.take(&id, change);
            }
            Step::Attach(n) => {
                let id = self.ensure(n);
                let id = self.resolve(&id);
                let file = file(&format!("f{}", self.log.len()));
                self.take(&id, TicketChange::FileAttached { file });
            }
            Step::Remove(n) => {
                let id = self.ensure(n);
                let first = self.tickets[&id].attachments().next();
                if let Some(first) = first.map(|first| first.file.clone()) {
                    let change = removed(&first);
                    self.take(&id, change);
                }
            }
            Step::NoTicket(call) => {
                self.no_ticket.insert(call);
            }
        }
    }

    /// The last contact becomes a ticket of its own.
    fn split(&mut self, n: usize) {
        let id = self.ensure(n);
        let new = Self::id(100 + self.tickets.len());
        let last = self.tickets[&id].contacts().last().cloned();
        let contacts: Vec<ContactId> = last.iter().map(|last| last.id.clone()).collect();
        let file = self.tickets[&id].attachments().last();
        let file = file.map(|last| last.file.clone());
        let change = TicketChange::SplitInto {
            into: new.clone(),
            contacts,
            files: file.iter().map(|file| file.id.clone()).collect(),
        };
        if !self.may(&id, &change) {
            return;
        }
        self.take(&id, change);
        let sequence = u32::try_from(self.tickets.len()).unwrap() + 1;
        let begun = event(
            new.as_str(),
            0,
            Instant(self.now),
            created(sequence, Instant(self.now), "分割"),
        );
        self.tickets
            .insert(new.clone(), Ticket::begin(&begun).unwrap());
        self.log.push(begun);
        if let Some(contact) = last {
            self.take(&new, TicketChange::ContactAdded { contact });
        }
        if let Some(file) = file {
            self.take(&new, TicketChange::FileAttached { file });
        }
    }
}

proptest! {
    /// Whatever people do: the state is the fold, every text stands in the log, every contact is in one
    /// matter, no call counts twice, and 応答 = 登録済 + 対象外 + 未登録.
    #[test]
    fn nothing_is_lost_and_nothing_counts_twice(steps in steps()) {
        let mut world = World::default();
        let mut written = BTreeSet::new();
        for step in steps {
            world.step(step);
            let texts = world.tickets.values().flat_map(|ticket| {
                [ticket.fields.question.clone(), ticket.fields.answer.clone()]
            });
            written.extend(texts);
        }
        // The fold, from a log that was shuffled, came twice and went through JSON.
        for (id, ticket) in &world.tickets {
            let own: Vec<&TicketEvent> = world.log.iter().filter(|one| one.ticket == *id).collect();
            let mut again: Vec<TicketEvent> = own.iter().rev().map(|one| {
                serde_json::from_str(&serde_json::to_string(one).unwrap()).unwrap()
            }).collect();
            again.extend(own.into_iter().cloned());
            let folded = Ticket::fold(&again);
            prop_assert_eq!(folded.as_ref(), Some(ticket));
            let kept: Ticket = serde_json::from_str(&serde_json::to_string(ticket).unwrap()).unwrap();
            prop_assert_eq!(&kept, ticket);
        }
        let log = serde_json::to_string(&world.log).unwrap();
        for text in &written {
            let text = serde_json::to_string(text).unwrap();
            prop_assert!(log.contains(&text), "{}", text);
        }
        // Merges lead to one end, seen from every ticket of a matter alike.
        let set: TicketSet = world.tickets.values().cloned().collect();
        let roots: BTreeSet<TicketId> = world.tickets.keys().map(|id| set.resolve(id)).collect();
        let mut seen = BTreeMap::new();
        for root in &roots {
            prop_assert!(set.get(root).unwrap().merged_into.is_none());
            for contact in set.contacts(root) {
                prop_assert_eq!(seen.insert(contact.id.clone(), root.clone()), None);
            }
            for member in set.family(root) {
                prop_assert_eq!(&set.resolve(&member.id), root);
            }
        }
        let families: usize = roots.iter().map(|root| set.family(root).len()).sum();
        prop_assert_eq!(families, world.tickets.len());
        let added: BTreeSet<_> = world.log.iter().filter_map(|one| match &one.change {
            TicketChange::ContactAdded { contact } => Some(contact.id.clone()),
            _ => None,
        }).collect();
        prop_assert_eq!(added, seen.into_keys().collect::<BTreeSet<_>>());
        // Each file that was added and not taken away stands beside one ticket.
        let (mut left, mut beside) = (BTreeSet::new(), Vec::new());
        for one in &world.log {
            match &one.change {
                TicketChange::FileAttached { file } => left.insert(file.id.clone()),
                TicketChange::FileRemoved { file, .. } => left.remove(file),
                _ => false,
            };
        }
        for ticket in world.tickets.values() {
            beside.extend(ticket.attachments().map(|one| one.file.id.clone()));
        }
        let count = beside.len();
        prop_assert_eq!(beside.into_iter().collect::<BTreeSet<_>>().len(), count);
        let beside = world.tickets.values().flat_map(Ticket::attachments);
        prop_assert_eq!(beside.map(|one| one.file.id.clone()).collect::<BTreeSet<_>>(), left);
        // The figures.
        let calls: Vec<AnsweredCall> = (0..8_u8).map(|n| AnsweredCall {
            call: format!("c{n}").as_str().into(),
            line: "help".into(),
            arrived_at: Instant(0),
            no_ticket: world.no_ticket.contains(&n).then_some(NoTicketReason::Test),
        }).collect();
        let end = Instant(world.now + 1);
        let rules = ServiceRules {
            divisions: &Divisions::default(),
            calendars: &Calendars::one(Calendar::new(HoursSettings::default())),
            late_is_unanswered: true,
        };
        let period = Period { from: Instant(0), until: end, cut_off: end };
        let all = service_figures(&calls, (&set, &tickets_by_call(&set)), period, &rules);
        let figures = &all[&Some(HELP_DESK.into())];
        let unregistered = figures.unregistered.len() as u64;
        prop_assert_eq!(figures.answered, 8);
        prop_assert_eq!(figures.registered + figures.no_ticket_count() + unregistered, 8);
        let escalated: BTreeSet<_> = figures.escalated.iter().collect();
        prop_assert_eq!(escalated.len(), figures.escalated.len());
        for counted in [&figures.first_unanswered, &figures.unsolved, &figures.unregistered] {
            let once: BTreeSet<_> = counted.iter().collect();
            prop_assert_eq!(once.len(), counted.len());
        }
    }
}
