//! What is told of a call that is 対象外, on its reception and elsewhere.

use madoguchi_core::contact::{NoTicket, NoTicketReason};
use madoguchi_core::id::CallId;

use super::subject::HERE;
use crate::error::WebError;
use crate::query::{Choice, escape};
use crate::state::Web;

/// Where the reception of a call is; `None` for no call.
pub(crate) fn link_to_call(call: &str) -> Option<String> {
    (!call.is_empty()).then(|| format!("{HERE}?call={}", escape(call)))
}

/// The reasons from which one is chosen: none stands there before.
pub(super) fn reasons(chosen: &str) -> Vec<Choice> {
    let reasons = NoTicketReason::ALL.map(|one| (one.as_str(), one.label()));
    Choice::list(std::iter::once(("", "理由を選ぶ")).chain(reasons), chosen)
}

/// Why a call is 対象外, in words; `None` for one that is not, or while nobody can tell.
pub(crate) async fn reason_of(web: &Web, call: &CallId) -> Result<Option<String>, WebError> {
    let kept = match web.ask(web.store.lookup_no_ticket(call)).await {
        Err(error) if error.is_away() => None,
        kept => kept?,
    };
    Ok(kept.map(|kept| {
        let NoTicket { reason, note, .. } = kept.no_ticket;
        match note.as_str() {
            "" => reason.label().to_owned(),
            note => format!("{}:{note}", reason.label()),
        }
    }))
}
