//! Who else has a ticket open, and who types in it: told to each of them, so that two do not do the same work.
//! A browser says that it is open while its reader does something, so that no page keeps a session alive.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Form, State};
use madoguchi_core::access::HandleTickets;
use madoguchi_core::id::{TicketId, UserId};
use madoguchi_core::time::Millis;
use madoguchi_store::StoreError;
use serde::{Deserialize, Serialize};

use super::choices;
use super::lookup::no_ticket;
use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::state::Web;

/// Whoever said so long ago that a ticket is open still has it open.
const OPEN_FOR: Millis = Millis::from_secs(120);
/// Whoever has typed within so long is told of as somebody who writes.
const WRITES_FOR: Millis = Millis::from_secs(90);

/// The names of those who are there beside the visitor.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Others {
    /// Who writes.
    pub(crate) typing: Vec<String>,
    /// Who has it open and does not write.
    pub(crate) viewing: Vec<String>,
}

impl Others {
    /// 入力中:佐藤　閲覧中:鈴木; empty where nobody is.
    pub(crate) fn told(&self) -> String {
        let kinds = [("入力中", &self.typing), ("閲覧中", &self.viewing)];
        let kinds = kinds.iter().filter(|(_, names)| !names.is_empty());
        let kinds = kinds.map(|(kind, names)| format!("{kind}:{}", names.join("、")));
        kinds.collect::<Vec<_>>().join("　")
    }
}

/// What a browser says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PresenceForm {
    ticket: String,
    /// Not empty if the page is left.
    left: String,
}

/// A browser says that its reader has a ticket open, or has left it.
pub(super) async fn tell(
    visitor: Allowed<HandleTickets>,
    State(web): State<Web>,
    Form(form): Form<PresenceForm>,
) -> Result<Json<Others>, WebError> {
    let id = TicketId::new(&form.ticket);
    if web.store.lookup_ticket(&id).await?.is_none() {
        return Err(no_ticket());
    }
    note(&web, &visitor, &id, form.left.is_empty()).await?;
    Ok(Json(others(&web, &visitor, &id).await?))
}

/// A page of a ticket is opened: who else is there. That it cannot be told keeps nobody from reading.
pub(crate) async fn opened(web: &Web, visitor: &Visitor, ticket: &TicketId) -> Others {
    let asking = async {
        note(web, visitor, ticket, true).await?;
        others(web, visitor, ticket).await
    };
    match web.ask(asking).await {
        Ok(others) => others,
        Err(error) => {
            tracing::debug!(%error, "who else has a ticket open cannot be told");
            Others::default()
        }
    }
}

async fn note(
    web: &Web,
    visitor: &Visitor,
    ticket: &TicketId,
    is_open: bool,
) -> Result<(), StoreError> {
    let now = web.desk.now();
    let until = if is_open {
        now + OPEN_FOR
    } else {
        now - Millis(1)
    };
    let mut tx = web.store.begin_unrecorded().await?;
    tx.note_ticket_viewer(ticket, &visitor.user.id, (now, until))
        .await?;
    tx.commit().await
}

/// Who else is there.
pub(crate) async fn others(
    web: &Web,
    visitor: &Visitor,
    ticket: &TicketId,
) -> Result<Others, StoreError> {
    let now = web.desk.now();
    let own = &visitor.user.id;
    let typing = web.store.users_typing(ticket, now - WRITES_FOR).await?;
    let viewing = web.store.ticket_viewers(ticket, now).await?;
    if typing.iter().chain(&viewing).all(|user| user == own) {
        return Ok(Others::default());
    }
    let offered = choices::offered(web).await?;
    let names = |users: Vec<&UserId>| {
        let names = users.into_iter().map(|user| offered.user_name(user));
        names.map(str::to_owned).collect()
    };
    let writers: BTreeSet<&UserId> = typing.iter().collect();
    let others = |user: &&UserId| *user != own;
    Ok(Others {
        typing: names(typing.iter().filter(others).collect()),
        viewing: names(
            viewing
                .iter()
                .filter(others)
                .filter(|user| !writers.contains(user))
                .collect(),
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_writes_stands_before_who_reads() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let mut others = Others::default();
        assert_eq!(others.told(), "");
        others.viewing = names(&["鈴木"]);
        assert_eq!(others.told(), "閲覧中:鈴木");
        others.typing = names(&["佐藤", "田中"]);
        assert_eq!(others.told(), "入力中:佐藤、田中　閲覧中:鈴木");
    }
}
