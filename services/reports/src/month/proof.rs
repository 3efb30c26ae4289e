//! How each figure is proven: the calls, tickets, articles and facts that it counts, by the name of a selection.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use madoguchi_core::id::{ArticleId, TicketId};
use madoguchi_core::ticket::Ticket;

use super::data::MonthCall;
use super::input::MonthInput;
use crate::document::{CALLS, Drill, Rows, japanese_time};

/// The selections of a book while it is made.
#[derive(Debug, Default)]
pub(super) struct Proof<'a> {
    /// Stands before each name, so that several books of a month share one index.
    prefix: &'static str,
    /// Nobody will ask which calls and tickets they are.
    names_alone: bool,
    calls: BTreeMap<String, Vec<&'a MonthCall>>,
    tickets: BTreeMap<String, Vec<&'a Ticket>>,
    facts: BTreeMap<String, Vec<String>>,
    articles: BTreeMap<String, Vec<String>>,
}

impl<'a> Proof<'a> {
    /// Of a book that stands beside the report: its names begin with this.
    pub(super) fn of_book(prefix: &'static str) -> Self {
        Self {
            prefix,
            ..Self::default()
        }
    }

    /// Of a book that is told alone, without its calls and tickets.
    pub(super) fn by_name_alone() -> Self {
        Self {
            names_alone: true,
            ..Self::default()
        }
    }

    /// Keeps calls under a name; the same name always stands for the same calls.
    pub(super) fn calls(&mut self, name: &str, rows: &[&'a MonthCall]) -> Rows {
        let selection = format!("{CALLS}{}{name}", self.prefix);
        if !self.names_alone {
            let kept = self.calls.entry(selection.clone());
            kept.or_insert_with(|| rows.to_vec());
        }
        Rows::Calls { selection }
    }

    /// Keeps tickets under a name.
    pub(super) fn tickets(&mut self, name: &str, rows: &[&'a Ticket]) -> Rows {
        let selection = format!("tickets/{}{name}", self.prefix);
        if !self.names_alone {
            let kept = self.tickets.entry(selection.clone());
            kept.or_insert_with(|| rows.to_vec());
        }
        Rows::Tickets { selection }
    }

    /// Keeps facts under a name.
    pub(super) fn facts(&mut self, name: &str, ids: Vec<String>) -> Rows {
        let selection = format!("facts/{}{name}", self.prefix);
        self.facts.entry(selection.clone()).or_insert(ids);
        Rows::Facts { selection }
    }

    /// Keeps articles under a name.
    pub(super) fn articles(&mut self, name: &str, ids: &[ArticleId]) -> Rows {
        let selection = format!("articles/{}{name}", self.prefix);
        let kept = self.articles.entry(selection.clone());
        kept.or_insert_with(|| ids.iter().map(ToString::to_string).collect());
        Rows::Articles { selection }
    }

    /// All selections, by ids, and what people call the tickets, facts and articles in them.
    pub(super) fn drill(&self, input: &MonthInput) -> Drill {
        let calls = self.calls.iter().map(|(name, rows)| {
            let ids = rows.iter().map(|call| Arc::from(&call.id));
            (name.clone(), ids.collect())
        });
        let tickets = self.tickets.iter().map(|(name, rows)| {
            let ids = rows.iter().map(|ticket| Arc::from(&ticket.id));
            (name.clone(), ids.collect())
        });
        let facts = self.facts.iter().chain(&self.articles);
        let facts = facts.map(|(name, ids)| {
            let ids = ids.iter().map(|id| Arc::from(id.as_str()));
            (name.clone(), ids.collect())
        });
        let mut names: BTreeMap<Arc<str>, String> = BTreeMap::new();
        // A ticket stands in many selections.
        let mut named: HashSet<&TicketId> = HashSet::new();
        for ticket in self.tickets.values().flatten() {
            if named.insert(&ticket.id) {
                names.insert(
                    Arc::from(&ticket.id),
                    input.rules.numbers.write(ticket.number),
                );
            }
        }
        let proving: BTreeSet<&String> = self.facts.values().flatten().collect();
        for fact in input.facts.iter().filter(|one| proving.contains(&one.id)) {
            let name = format!("{} {}", japanese_time(fact.at), fact.what);
            names.entry(fact.id.as_str().into()).or_insert(name);
        }
        let numbers = input.knowledge.iter().flat_map(|figures| &figures.numbers);
        for (article, number) in numbers {
            names.insert(Arc::from(article.as_str()), number.clone());
        }
        Drill {
            selections: calls.chain(tickets).chain(facts).collect(),
            names,
        }
    }
}
