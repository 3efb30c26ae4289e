//! The tickets that books list, and what was asked and answered in them.

use std::collections::BTreeMap;

use madoguchi_core::id::TicketId;
use madoguchi_core::ticket::Ticket;

use crate::month::data::MonthData;
use crate::month::input::MonthInput;

/// Tickets that 問合せ対応報告書 and ナレッジデータベース list at the most; the ledger has those beyond.
pub const LISTED_AT_MOST: usize = 2_000;
/// Rows of 問合せ管理台帳 at the most, ten times those of the busiest month of 別紙8-2. Those beyond come from
/// `madoguchi tickets export`, which holds none of them in memory.
pub const LEDGER_AT_MOST: usize = 10_000;

/// What has all tickets, however many there are.
pub(super) const EXPORT: &str = "問合せの一覧から書き出すファイル";

/// What was asked and answered, of the tickets that books list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TicketTexts(pub BTreeMap<TicketId, (String, String)>);

impl TicketTexts {
    /// Question and answer of a ticket.
    pub(super) fn of<'t>(&'t self, ticket: &'t Ticket) -> (&'t str, &'t str) {
        let texts = self.0.get(&ticket.id);
        texts.map_or(
            (ticket.fields.question.as_str(), ""),
            |(question, answer)| (question, answer),
        )
    }
}

/// The tickets whose texts books need, by id.
pub fn listed(input: &MonthInput) -> Vec<TicketId> {
    let listed = received(&input.data).into_iter().take(LEDGER_AT_MOST);
    listed.map(|ticket| ticket.id.clone()).collect()
}

/// Received in the month, merged ones apart, of all systems and 業務区分, in the order of their numbers.
pub(super) fn received(data: &MonthData) -> Vec<&Ticket> {
    let within = data.month.start()..data.month.end();
    let all = data.tickets.iter();
    let mut received: Vec<&Ticket> = all
        .filter(|ticket| within.contains(&ticket.received_at) && ticket.merged_into.is_none())
        .collect();
    received.sort_by_key(|ticket| (ticket.number, &ticket.id));
    received
}

/// How many there are beyond what a book lists, and where they stand.
pub(super) fn beyond(all: usize, listed: usize, others: &str) -> Option<String> {
    let more = all.checked_sub(listed).filter(|more| *more > 0)?;
    let (listed, more) = (thousands(listed), thousands(more));
    Some(format!(
        "受付番号の順に{listed}件までを載せる。このほかに{more}件がある。全件は、{others}による。"
    ))
}

/// The same of a book that lists some of those that were received: the ledger has all of them if it holds the month.
pub(super) fn beyond_listed(all: usize, received: usize) -> Option<String> {
    let others = if received > LEDGER_AT_MOST {
        EXPORT
    } else {
        "問合せ管理台帳"
    };
    beyond(all, LISTED_AT_MOST, others)
}

fn thousands(count: usize) -> String {
    crate::document::with_commas(crate::month::cells::size(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_is_named_only_where_it_has_all() {
        assert_eq!(beyond_listed(LISTED_AT_MOST, LEDGER_AT_MOST), None);
        let told = |all, received| beyond_listed(all, received).unwrap();
        let some = told(2_305, 2_305);
        assert!(
            some.ends_with("305件がある。全件は、問合せ管理台帳による。"),
            "{some}"
        );
        let many = told(2_305, LEDGER_AT_MOST + 1);
        assert!(
            many.ends_with(&format!("全件は、{EXPORT}による。")),
            "{many}"
        );
    }
}
