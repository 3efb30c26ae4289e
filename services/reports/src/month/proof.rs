//! How each figure is proven: the calls, tickets and facts that it counts, by the name of a selection.

use std::collections::BTreeMap;

use madoguchi_core::ticket::Ticket;

use super::data::MonthCall;
use crate::document::{Drill, Rows};

/// The selections of a book while it is made.
#[derive(Debug, Default)]
pub(super) struct Proof<'a> {
    calls: BTreeMap<String, Vec<&'a MonthCall>>,
    tickets: BTreeMap<String, Vec<&'a Ticket>>,
    facts: BTreeMap<String, Vec<String>>,
}

impl<'a> Proof<'a> {
    /// Keeps calls under a name; the same name always stands for the same calls.
    pub(super) fn calls(&mut self, name: &str, rows: &[&'a MonthCall]) -> Rows {
        let selection = format!("calls/{name}");
        let kept = self.calls.entry(selection.clone());
        kept.or_insert_with(|| rows.to_vec());
        Rows::Calls { selection }
    }

    /// Keeps tickets under a name.
    pub(super) fn tickets(&mut self, name: &str, rows: &[&'a Ticket]) -> Rows {
        let selection = format!("tickets/{name}");
        let kept = self.tickets.entry(selection.clone());
        kept.or_insert_with(|| rows.to_vec());
        Rows::Tickets { selection }
    }

    /// Keeps facts under a name.
    pub(super) fn facts(&mut self, name: &str, ids: Vec<String>) -> Rows {
        let selection = format!("facts/{name}");
        self.facts.entry(selection.clone()).or_insert(ids);
        Rows::Facts { selection }
    }

    /// All selections, by ids.
    pub(super) fn drill(&self) -> Drill {
        let calls = self.calls.iter().map(|(name, rows)| {
            let ids = rows.iter().map(|call| call.id.to_string());
            (name.clone(), ids.collect())
        });
        let tickets = self.tickets.iter().map(|(name, rows)| {
            let ids = rows.iter().map(|ticket| ticket.id.to_string());
            (name.clone(), ids.collect())
        });
        let facts = self.facts.iter();
        let facts = facts.map(|(name, ids)| (name.clone(), ids.clone()));
        Drill {
            selections: calls.chain(tickets).chain(facts).collect(),
        }
    }
}
