//! What the agent who searches is doing, and the call it is for.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use madoguchi_core::access::{Permission, ReadKnowledge};
use madoguchi_core::call::CallRecord;
use madoguchi_core::id::CallId;

use crate::auth::access::Allowed;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::state::Web;
use crate::text;

/// The visitor as an agent.
pub(super) struct Own {
    pub(super) state: &'static str,
    /// Since when.
    pub(super) since: String,
    pub(super) call: Option<OwnCall>,
}

/// The call that they are in or rung for.
pub(super) struct OwnCall {
    pub(super) caller: String,
    pub(super) line: String,
    /// Where it is told of, once it is known there.
    pub(super) link: Option<String>,
}

impl Own {
    /// The visitor as an agent, if they are one.
    pub(super) async fn of(web: &Web, visitor: &Visitor) -> Option<Self> {
        let own = visitor.user.agent.as_ref()?;
        let snapshot = web.desk.snapshot();
        let agent = snapshot.agents.iter().find(|agent| agent.agent == *own)?;
        let call = match &agent.call {
            Some(call) if visitor.permissions.contains(Permission::ViewCalls) => {
                let mut waiting = snapshot.waiting.iter();
                match waiting.find(|waiting| waiting.call == *call) {
                    Some(waiting) => Some(OwnCall {
                        caller: waiting.from.shown(),
                        line: waiting.line.to_string(),
                        link: None,
                    }),
                    None => answered_call(web, call).await,
                }
            }
            _ => None,
        };
        Some(Self {
            state: text::agent_state(&agent.state),
            since: text::time(agent.since),
            call,
        })
    }
}

/// A call that was answered, as far as it is kept already. Without the database there is none.
async fn answered_call(web: &Web, call: &CallId) -> Option<OwnCall> {
    let events = web.ask(web.store.events_of(call)).await.ok()?;
    let record = CallRecord::fold(&events)?;
    Some(OwnCall {
        caller: record.from.shown(),
        line: record.line.to_string(),
        link: Some(format!("/calls/{}", crate::query::escape(call.as_str()))),
    })
}

/// The agent whose state the page follows, if the visitor is one and may see the board.
pub(super) fn followed(visitor: &Visitor) -> String {
    let agent = visitor.user.agent.as_ref();
    let agent = agent.filter(|_| visitor.permissions.contains(Permission::ViewBoard));
    agent.map(ToString::to_string).unwrap_or_default()
}

#[derive(Template)]
#[template(path = "knowledge_own.html")]
struct OwnPart {
    own: Option<Own>,
}

pub(super) async fn part(
    visitor: Allowed<ReadKnowledge>,
    State(web): State<Web>,
) -> Result<Html<String>, WebError> {
    let part = OwnPart {
        own: Own::of(&web, &visitor).await,
    };
    Ok(Html(part.render()?))
}
