//! An earlier ticket as an answer: question and answer without who asked, for those who may see tickets.

use madoguchi_core::access::Permission;

use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::portal::categories::category_name;
use crate::portal::finding::{ticket_key, ticket_of_key};
use crate::state::Web;
use crate::tickets::lookup::place;
use madoguchi_core::id::CategoryId;

/// What is shown and quoted of a ticket.
pub(crate) struct PastTicket {
    /// As lists of answers name it.
    pub(crate) key: String,
    /// R8-00098
    pub(crate) number: String,
    /// Its page.
    pub(crate) link: String,
    pub(crate) question: String,
    pub(crate) answer: String,
    /// Its category, if it has one.
    pub(crate) category: CategoryId,
    /// The name of its category.
    pub(crate) category_name: String,
    /// When it was asked.
    pub(crate) received: String,
    /// A vendor answered it.
    pub(crate) by_vendor: bool,
}

impl PastTicket {
    /// The answer as it is quoted to a caller, with its reference.
    pub(super) fn quote(&self) -> String {
        format!("{}\n\n(問合せ {})", self.answer.trim_end(), self.number)
    }
}

/// Whether a key names a ticket.
pub(crate) fn is_ticket(key: &str) -> bool {
    ticket_of_key(key).is_some()
}

/// The ticket of a key, if it answers and the visitor may see it.
pub(crate) async fn past_ticket(
    web: &Web,
    visitor: &Visitor,
    key: &str,
) -> Result<Option<PastTicket>, WebError> {
    let may = visitor.permissions.contains(Permission::HandleTickets);
    let Some(id) = ticket_of_key(key).filter(|_| may) else {
        return Ok(None);
    };
    let ticket = match web.ask(web.store.lookup_ticket(&id)).await {
        Err(error) if error.is_away() => None,
        ticket => ticket?,
    };
    let known = ticket.and_then(|ticket| Some((ticket.past_answer()?, ticket)));
    Ok(known.map(|(past, ticket)| {
        let category = ticket.fields.category.clone().unwrap_or_default();
        PastTicket {
            key: ticket_key(ticket.id.as_str()),
            number: ticket.number.to_string(),
            link: place(ticket.number),
            question: past.question,
            answer: past.answer,
            category_name: category_name(&web.desk.setup().categories, &category),
            category,
            received: web.settings.dates.date(ticket.received_at.date()),
            by_vendor: past.by_vendor,
        }
    }))
}
