//! The records of whose data an agent was shown: one a call and one a ticket, however often the page is
//! refreshed.

use madoguchi_core::audit::Action;

use super::subject::Subject;
use crate::auth::visitor::Visitor;
use crate::call_views;
use crate::state::Web;

/// Records that the visitor was shown a call and a ticket. Taking calls does not wait for the database:
/// what cannot be recorded there is in the log.
pub(super) async fn note(web: &Web, visitor: &Visitor, subject: &Subject) {
    if let Some(call) = &subject.call {
        call_views::note(web, visitor, call.id()).await;
    }
    if let Some(ticket) = &subject.ticket {
        note_one(web, visitor, Action::TicketView, ticket.id.as_str()).await;
    }
}

async fn note_one(web: &Web, visitor: &Visitor, action: Action, object: &str) {
    let user = &visitor.user.id;
    if !web.seen.is_new(user, object) {
        return;
    }
    let entry = visitor.entry(web.desk.now(), action, object);
    if let Err(error) = web.ask(web.store.append_audit(&[entry])).await {
        web.seen.forget(user, object);
        let by = user.as_str();
        tracing::warn!(%error, by, object, "somebody was shown a caller's data, which could not be recorded");
    }
}
