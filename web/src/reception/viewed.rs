//! The records of whose data an agent was shown: one a call and one a ticket, however often the page is
//! refreshed.

use madoguchi_core::audit::Action;

use super::subject::Subject;
use crate::auth::visitor::Visitor;
use crate::state::Web;

/// Records that the visitor was shown a call and a ticket. Taking calls does not wait for the database:
/// what cannot be recorded there is in the log.
pub(super) async fn note(web: &Web, visitor: &Visitor, subject: &Subject) {
    let call = subject.call.as_ref().map(|call| call.id().as_str());
    let ticket = subject.ticket.as_ref().map(|ticket| ticket.id.as_str());
    for (action, object) in [(Action::CallView, call), (Action::TicketView, ticket)] {
        if let Some(object) = object {
            note_one(web, visitor, action, object).await;
        }
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
