//! Addresses of before what came by the form of the portal were tickets: they lead to these.

use axum::extract::{Query, State};
use axum::response::Redirect;
use madoguchi_core::access::HandleTickets;
use madoguchi_core::portal::ReceiptNumber;
use serde::Deserialize;

use super::lookup::place;
use crate::auth::access::Allowed;
use crate::error::WebError;
use crate::state::Web;

/// Those that nobody has taken in hand.
pub(super) const WAITING: &str = "/tickets?channel=portal&state=received";
/// All of them.
const ALL: &str = "/tickets?channel=portal";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct OldQuery {
    show: String,
    number: String,
}

pub(super) async fn lead(
    _: Allowed<HandleTickets>,
    State(web): State<Web>,
    Query(query): Query<OldQuery>,
) -> Result<Redirect, WebError> {
    let number = ReceiptNumber::read(&query.number);
    let ticket = match number {
        Some(number) => web.store.ticket_of_receipt(number).await?,
        None => None,
    };
    Ok(match ticket {
        Some(ticket) => Redirect::to(&place(ticket)),
        None if query.show == "all" => Redirect::to(ALL),
        None => Redirect::to(WAITING),
    })
}
