//! What others asked today, and what the caller's 部署 asks: the answers that were given to them.

use std::collections::BTreeMap;

use madoguchi_core::ticket::{AnswerSource, Ticket};
use madoguchi_core::time::Instant;
use madoguchi_kb::{Fragment, Viewer};
use madoguchi_store::{Start, StoreError, TicketFilter, TicketOrder};

use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::knowledge::past::{is_ticket, past_ticket};
use crate::portal::categories::category_name;
use crate::portal::finding::{ResultRow, ticket_key};
use crate::query::escape;
use crate::state::Web;

/// Tickets that are looked at: of today, and of a 部署.
const READ: u32 = 100;

/// Answers by their keys, with how often each was given.
#[derive(Debug, Default)]
pub(super) struct Usual {
    today: BTreeMap<String, usize>,
    department: BTreeMap<String, usize>,
}

impl Usual {
    /// The answers of today, and those to a 部署 of whatever 拠点; without the database there are none.
    pub(super) async fn of(web: &Web, department: &str, own: &str) -> Result<Self, StoreError> {
        let department = department.trim();
        let reading = async {
            let today = TicketFilter {
                from: Some(Instant::start_of(web.desk.now().date())),
                ..TicketFilter::default()
            };
            let asked = TicketFilter {
                department: Some(department.to_owned()),
                ..TicketFilter::default()
            };
            Ok::<_, StoreError>(Self {
                today: counted(&tickets(web, &today).await?, own),
                department: if department.is_empty() {
                    BTreeMap::new()
                } else {
                    counted(&tickets(web, &asked).await?, own)
                },
            })
        };
        match web.ask(reading).await {
            Err(error) if error.is_away() => Ok(Self::default()),
            usual => usual,
        }
    }

    /// What is said beside an answer.
    pub(super) fn told(&self, key: &str) -> Vec<String> {
        let kinds = [("本日", &self.today), ("この部署", &self.department)];
        let told = kinds.iter().filter_map(|(kind, counts)| {
            let count = counts.get(key)?;
            Some(format!("{kind}{count}件"))
        });
        told.collect()
    }

    /// The answers, those that the 部署 was given most first.
    fn keys(&self) -> Vec<&str> {
        let all = self.department.keys().chain(self.today.keys());
        let mut keys: Vec<&str> = all.map(String::as_str).collect();
        keys.sort_unstable();
        keys.dedup();
        let count = |counts: &BTreeMap<String, usize>, key: &str| counts.get(key).copied();
        keys.sort_by_key(|key| {
            let (here, today) = (count(&self.department, key), count(&self.today, key));
            std::cmp::Reverse((here, today))
        });
        keys
    }

    /// The first of them, as results of a search stand there.
    pub(super) async fn rows(
        &self,
        web: &Web,
        visitor: &Visitor,
        at_most: usize,
    ) -> Result<Vec<ResultRow>, WebError> {
        let mut rows = Vec::new();
        for key in self.keys() {
            if rows.len() == at_most {
                break;
            }
            rows.extend(row(web, visitor, key).await?);
        }
        Ok(rows)
    }
}

async fn tickets(web: &Web, filter: &TicketFilter) -> Result<Vec<Ticket>, StoreError> {
    let part = (&Start::First, READ);
    let page = web.store.page_tickets(filter, TicketOrder::Newest, part);
    Ok(page.await?.rows)
}

/// How often each answer was given; `own`: the ticket that is written, which answers nothing to itself.
fn counted(tickets: &[Ticket], own: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for key in tickets
        .iter()
        .filter(|ticket| ticket.id.as_str() != own)
        .filter_map(key)
    {
        *counts.entry(key).or_default() += 1;
    }
    counts
}

/// The answer that a ticket was given: the article or the ticket that it was taken from, or the ticket itself.
fn key(ticket: &Ticket) -> Option<String> {
    match &ticket.fields.answer_source {
        Some(AnswerSource::Article(id)) => Some(id.to_string()),
        Some(AnswerSource::Ticket(id)) => Some(ticket_key(id.as_str())),
        Some(AnswerSource::Phrase(_)) | None => {
            ticket.past_answer()?;
            Some(ticket_key(ticket.id.as_str()))
        }
    }
}

/// An answer as a result; `None` if it is not there any more.
async fn row(web: &Web, visitor: &Visitor, key: &str) -> Result<Option<ResultRow>, WebError> {
    let question = |text: &str| {
        vec![Fragment {
            text: text.split_whitespace().collect::<Vec<_>>().join(" "),
            marked: false,
        }]
    };
    if is_ticket(key) {
        let past = past_ticket(web, visitor, key).await?;
        return Ok(past.map(|past| ResultRow {
            id: past.key,
            is_ticket: true,
            name: past.number,
            link: past.link,
            question: question(&past.question),
            excerpt: Vec::new(),
            category: past.category_name,
            desk_only: false,
            reasons: Vec::new(),
        }));
    }
    let article = web.article(key, Viewer::Desk).await?;
    Ok(article.map(|article| ResultRow {
        is_ticket: false,
        name: article.name(),
        link: format!("/knowledge/{}", escape(article.id.as_str())),
        question: question(&article.question),
        excerpt: Vec::new(),
        category: category_name(&web.desk.setup().categories, &article.category),
        desk_only: article.audience.is_desk_only(),
        reasons: Vec::new(),
        id: article.id.to_string(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_部署_was_answered_most_comes_first_and_says_how_often() {
        let usual = Usual {
            today: [("a".to_owned(), 5), ("b".to_owned(), 1)].into(),
            department: [("b".to_owned(), 2), ("c".to_owned(), 3)].into(),
        };
        assert_eq!(usual.keys(), ["c", "b", "a"]);
        assert_eq!(usual.told("b"), ["本日1件", "この部署2件"]);
        assert!(usual.told("x").is_empty());
    }
}
