//! 転送: the agent hands the caller on, with the ticket that was written so far.

use madoguchi_core::audit::Action;
use madoguchi_core::id::{AgentId, LineName};
use madoguchi_core::live::{AgentState, HandOnTo};

use super::subject::Subject;
use crate::auth::visitor::Visitor;
use crate::query::Choice;
use crate::state::Web;

/// What the page says when somebody is being rung for the caller, or waits on the line.
pub(super) const DONE: &str = "handed-on";
/// What it says when there is no talk (any more).
pub(super) const NO_TALK: &str = "not-handed-on";
const AGENT: &str = "agent ";
const LINE: &str = "line ";
const PARK: &str = "park";

/// To whom a caller can be handed on: colleagues whose phones can be reached, and lines.
pub(super) fn choices(web: &Web, visitor: &Visitor, chosen: &str) -> Vec<Choice> {
    let own = visitor.user.agent.as_ref();
    let snapshot = web.desk.snapshot();
    let colleagues = snapshot
        .agents
        .iter()
        .filter(|view| view.reachable && Some(&view.agent) != own);
    let mut targets = vec![(String::new(), "転送先を選ぶ".to_owned())];
    targets.extend(colleagues.map(|view| {
        let state = crate::text::agent_state(&view.state);
        let shown = format!("{}({} {state})", view.name, view.extension);
        (format!("{AGENT}{}", view.agent), shown)
    }));
    let setup = web.desk.setup();
    targets.extend(setup.lines.iter().map(|line| {
        let name = &line.config.name;
        (format!("{LINE}{name}"), format!("回線 {name}"))
    }));
    targets.push((PARK.to_owned(), "預ける(ほかの電話機で取る)".to_owned()));
    let targets = targets
        .iter()
        .map(|(value, label)| (value.as_str(), label.as_str()));
    Choice::list(targets, chosen)
}

/// Only to whom there is: the list may be older than the desk.
pub(super) fn read(web: &Web, to: &str) -> Option<HandOnTo> {
    if let Some(agent) = to.strip_prefix(AGENT) {
        let agent = AgentId::new(agent);
        let snapshot = web.desk.snapshot();
        let known = snapshot.agents.iter().any(|view| view.agent == agent);
        return known.then_some(HandOnTo::Agent(agent));
    }
    if to == PARK {
        return Some(HandOnTo::Park);
    }
    let line = to.strip_prefix(LINE)?;
    let setup = web.desk.setup();
    setup.line(line)?;
    Some(HandOnTo::Line(LineName::new(line)))
}

/// Hands the caller on, if the visitor talks with them; what the page says then.
pub(super) async fn hand_on(
    web: &Web,
    visitor: &Visitor,
    subject: &Subject,
    to: HandOnTo,
) -> &'static str {
    let own = visitor.user.agent.as_ref();
    let call = subject.call.as_ref();
    let talks = |state: &(AgentState, _)| state.0 == AgentState::Talking;
    let talk = call.filter(|call| call.own_state.as_ref().is_some_and(talks));
    let (Some(own), Some(call)) = (own, talk.filter(|call| !call.is_outbound())) else {
        return NO_TALK;
    };
    let mut entry = visitor.entry(web.desk.now(), Action::CallHandOn, call.id().as_str());
    let (kind, target) = match &to {
        HandOnTo::Agent(agent) => ("agent", agent.to_string()),
        HandOnTo::Line(line) => ("line", line.to_string()),
        HandOnTo::Park => ("park", String::new()),
    };
    entry.after.insert(kind.to_owned(), target);
    web.desk.hand_on(own.clone(), to);
    // The caller must not wait for the database; what cannot be recorded there is in the log.
    if let Err(error) = web.store.append_audit(&[entry]).await {
        let by = visitor.user.id.as_str();
        tracing::error!(%error, by, "a caller was handed on, and it is not recorded");
    }
    DONE
}
