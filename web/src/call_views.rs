//! The records of whose call was shown: one a call, however many phones ring for it at once and however
//! often pages are refreshed.

use madoguchi_core::audit::Action;
use madoguchi_core::id::{AgentId, CallId, UserId};
use madoguchi_core::live::AgentState;

use crate::auth::visitor::Visitor;
use crate::state::Web;

/// Records that the visitor was shown a call. Of several agents whose phones ring for it, the first
/// record names all. Taking calls does not wait for the database: what cannot be recorded there is in
/// the log.
pub(crate) async fn note(web: &Web, visitor: &Visitor, call: &CallId) {
    let own = visitor.user.agent.as_ref();
    if own.is_some_and(|own| !web.seen.is_new(&nobody(), &rung(call, own))) {
        return;
    }
    let user = &visitor.user.id;
    if !web.seen.is_new(user, call.as_str()) {
        return;
    }
    let ringing = ringing(web, own, call);
    for agent in &ringing {
        web.seen.is_new(&nobody(), &rung(call, agent));
    }
    let mut entry = visitor.entry(web.desk.now(), Action::CallView, call.as_str());
    if ringing.len() > 1 {
        let agents: Vec<_> = ringing.iter().map(AgentId::as_str).collect();
        entry.after.insert("ringing".to_owned(), agents.join("、"));
    }
    if let Err(error) = web.ask(web.store.append_audit(&[entry])).await {
        web.seen.forget(user, call.as_str());
        for agent in own.into_iter().chain(&ringing) {
            web.seen.forget(&nobody(), &rung(call, agent));
        }
        let by = user.as_str();
        let call = call.as_str();
        tracing::warn!(%error, by, call, "somebody was shown a call, which could not be recorded");
    }
}

/// The agents whose phones ring for a call, if the own one is among them.
fn ringing(web: &Web, own: Option<&AgentId>, call: &CallId) -> Vec<AgentId> {
    let snapshot = web.desk.snapshot();
    let rings = snapshot
        .agents
        .iter()
        .filter(|view| view.state == AgentState::Ringing && view.call.as_ref() == Some(call));
    let agents: Vec<_> = rings.map(|view| view.agent.clone()).collect();
    match own {
        Some(own) if agents.contains(own) => agents,
        _ => Vec::new(),
    }
}

/// In whose place an agent is remembered, whoever speaks for them.
fn nobody() -> UserId {
    UserId::new("")
}

fn rung(call: &CallId, agent: &AgentId) -> String {
    format!("{call} {agent}")
}
