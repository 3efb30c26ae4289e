//! Sessions as pages show them.

use madoguchi_store::Session;

use crate::state::Web;
use crate::text;

/// A session, also on the page of a user.
pub(crate) struct SessionRow {
    pub(crate) id: String,
    pub(crate) device: String,
    pub(crate) address: String,
    pub(crate) begun: String,
    pub(crate) seen: String,
    pub(crate) here: bool,
}

/// Sessions as pages show them.
pub(crate) fn session_rows(web: &Web, sessions: &[Session], here: Option<&str>) -> Vec<SessionRow> {
    let dates = web.settings.dates;
    sessions
        .iter()
        .map(|session| SessionRow {
            id: session.id.clone(),
            device: text::device(&session.device),
            address: session.address.clone(),
            begun: dates.minute(session.created_at),
            seen: dates.minute(session.seen_at),
            here: here == Some(&session.id),
        })
        .collect()
}
