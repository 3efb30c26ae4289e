//! A ticket by what stands in an address: its number, however it is spelled.

use madoguchi_core::id::TicketId;
use madoguchi_core::ticket::{Ticket, TicketNumber};

use crate::error::WebError;
use crate::state::Web;

/// The entry of the menu.
pub(crate) const HERE: &str = "/tickets";

/// What is said of a ticket that there is not.
pub(crate) fn no_ticket() -> WebError {
    WebError::NotFound("この番号の問合せ")
}

/// The address of a ticket.
pub(crate) fn place(number: TicketNumber) -> String {
    format!("{HERE}/{number}")
}

/// The ticket of a number in any spelling.
pub(crate) async fn id_of(web: &Web, text: &str) -> Result<TicketId, WebError> {
    let number = TicketNumber::read(text, "").ok_or_else(no_ticket)?;
    web.store
        .lookup_ticket_id(number)
        .await?
        .ok_or_else(no_ticket)
}

/// The ticket of a number in any spelling, by itself.
pub(crate) async fn by_number(web: &Web, text: &str) -> Result<Ticket, WebError> {
    let id = id_of(web, text).await?;
    web.store.lookup_ticket(&id).await?.ok_or_else(no_ticket)
}
