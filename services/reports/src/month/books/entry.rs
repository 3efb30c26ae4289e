//! A ticket in the words of a book that lists it.

use madoguchi_core::id::DivisionId;
use madoguchi_core::ticket::Ticket;

use super::texts::TicketTexts;
use crate::document::{DocCell, Population, Rows, Value};
use crate::month::cells::{figure, lacking};
use crate::month::counted::CountedMonth;
use crate::month::input::MonthInput;

/// Tells of tickets.
pub(super) struct Entries<'e> {
    pub(super) input: &'e MonthInput,
    pub(super) month: &'e CountedMonth<'e>,
    pub(super) texts: &'e TicketTexts,
}

impl Entries<'_> {
    /// 受付番号
    pub(super) fn number(&self, ticket: &Ticket) -> String {
        self.input.rules.numbers.write(ticket.number)
    }

    /// 業務区分
    pub(super) fn division(&self, ticket: &Ticket) -> &str {
        let id = division_of(self.input, ticket);
        let division = id.and_then(|id| self.input.rules.divisions.get(id));
        division.map_or("", |division| &division.name)
    }

    /// 分類
    pub(super) fn category(&self, ticket: &Ticket) -> &str {
        let id = ticket.fields.category.as_ref();
        let category = id.and_then(|id| self.input.rules.categories.get(id));
        category.map_or("未分類", |category| &category.name)
    }

    /// Question and answer with marks in the place of names and numbers.
    pub(super) fn texts(&self, ticket: &Ticket) -> [String; 2] {
        let (question, answer) = self.texts.of(ticket);
        [question, answer].map(|text| ticket.fields.without_personal_data(text))
    }

    /// 担当
    pub(super) fn owner(&self, ticket: &Ticket) -> &str {
        let owner = ticket.fields.owner.as_ref();
        let name = owner.and_then(|id| self.input.names.get(id));
        name.map_or("", String::as_str)
    }

    /// 回答所要時間
    pub(super) fn took(&self, ticket: &Ticket) -> DocCell {
        let rows = self.record(ticket);
        match self.month.took(ticket) {
            Some(took) => figure(Value::Duration(took.0), Population::Received, None, rows),
            None => lacking("一次回答がまだない", Population::Received, rows),
        }
    }

    /// Where what a ticket tells of itself comes from.
    pub(super) fn record(&self, ticket: &Ticket) -> Rows {
        Rows::Ticket {
            id: ticket.id.to_string(),
            number: self.number(ticket),
        }
    }
}

/// The 業務区分 in which a ticket counts: its own, or the first.
pub(super) fn division_of<'d>(input: &'d MonthInput, ticket: &'d Ticket) -> Option<&'d DivisionId> {
    let divisions = &input.rules.divisions;
    let own = ticket.fields.division.as_ref();
    let own = own.filter(|id| divisions.get(id).is_some());
    own.or_else(|| divisions.list().first().map(|(id, _)| *id))
}
