//! How each figure is proven: the calls, tickets, articles and facts that it counts, by the name of a selection.

use std::collections::{BTreeMap, BTreeSet};

use madoguchi_core::id::ArticleId;
use madoguchi_core::ticket::Ticket;

use super::data::MonthCall;
use super::input::MonthInput;
use crate::document::{CALLS, Drill, Rows, japanese_time};

/// The selections of a book while it is made.
#[derive(Debug, Default)]
pub(super) struct Proof<'a> {
    /// Stands before each name, so that several books of a month share one index.
    prefix: &'static str,
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

    /// Keeps calls under a name; the same name always stands for the same calls.
    pub(super) fn calls(&mut self, name: &str, rows: &[&'a MonthCall]) -> Rows {
        let selection = format!("{CALLS}{}{name}", self.prefix);
        let kept = self.calls.entry(selection.clone());
        kept.or_insert_with(|| rows.to_vec());
        Rows::Calls { selection }
    }

    /// Keeps tickets under a name.
    pub(super) fn tickets(&mut self, name: &str, rows: &[&'a Ticket]) -> Rows {
        let selection = format!("tickets/{}{name}", self.prefix);
        let kept = self.tickets.entry(selection.clone());
        kept.or_insert_with(|| rows.to_vec());
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
            let ids = rows.iter().map(|call| call.id.to_string());
            (name.clone(), ids.collect())
        });
        let tickets = self.tickets.iter().map(|(name, rows)| {
            let ids = rows.iter().map(|ticket| ticket.id.to_string());
            (name.clone(), ids.collect())
        });
        let facts = self.facts.iter().chain(&self.articles);
        let facts = facts.map(|(name, ids)| (name.clone(), ids.clone()));
        let mut names = BTreeMap::new();
        for ticket in self.tickets.values().flatten() {
            let number = || input.rules.numbers.write(ticket.number);
            names.entry(ticket.id.to_string()).or_insert_with(number);
        }
        let proving: BTreeSet<&String> = self.facts.values().flatten().collect();
        for fact in input.facts.iter().filter(|one| proving.contains(&one.id)) {
            let name = format!("{} {}", japanese_time(fact.at), fact.what);
            names.entry(fact.id.clone()).or_insert(name);
        }
        let numbers = input.knowledge.iter().flat_map(|figures| &figures.numbers);
        for (article, number) in numbers {
            names.insert(article.to_string(), number.clone());
        }
        Drill {
            selections: calls.chain(tickets).chain(facts).collect(),
            names,
        }
    }
}
