//! 転送: the agent hands the caller on, with the ticket that was written so far; asks somebody beside the caller.

use madoguchi_core::audit::Action;
use madoguchi_core::id::{AgentId, LineName};
use madoguchi_core::live::{AgentState, DeskRequest, HandOnRefusal, HandOnTo};

use super::subject::Subject;
use crate::auth::visitor::Visitor;
use crate::query::Choice;
use crate::state::Web;
use crate::text;
use crate::tickets::offered::Offered;

/// What the page says when somebody is being rung for the caller.
pub(super) const RINGS: &str = "handed-on";
/// … when the caller waits on another line.
pub(super) const TO_LINE: &str = "handed-to-line";
/// … when the caller waits for whoever fetches them.
pub(super) const PARKED: &str = "parked";
/// … when the caller talks with whom the agent has asked.
pub(super) const PASSED_ON: &str = "passed-on";
/// … when the caller stays; why stands in the bar.
pub(super) const NOT_DONE: &str = "not-handed-on";
/// … when there is no caller any more.
pub(super) const NO_TALK: &str = "no-talk";
/// … when whom the agent asks has not picked up.
pub(super) const NOBODY_ASKED: &str = "nobody-asked";

/// Whether the page need not say that where the bar tells how it stands with the caller.
pub(super) fn bar_tells(done: &str) -> bool {
    [RINGS, PARKED, NOT_DONE].contains(&done)
}

/// What the page says of what was refused.
pub(super) fn refused(refusal: HandOnRefusal) -> &'static str {
    match refusal {
        HandOnRefusal::NoTalk => NO_TALK,
        HandOnRefusal::NobodyAsked => NOBODY_ASKED,
        _ => NOT_DONE,
    }
}

const AGENT: &str = "agent ";
const LINE: &str = "line ";
const REACHED: &str = "reached ";
const PARK: &str = "park";
const NUMBER: &str = "number";
const ASKED: &str = "asked";

/// To whom a caller can be handed on: colleagues whose phones can be reached, lines, and who is outside.
pub(super) fn choices(
    web: &Web,
    visitor: &Visitor,
    offered: &Offered,
    chosen: &str,
) -> Vec<Choice> {
    let own = visitor.user.agent.as_ref();
    let snapshot = web.desk.snapshot();
    let colleagues = snapshot
        .agents
        .iter()
        .filter(|view| view.reachable && Some(&view.agent) != own);
    let mut targets = vec![(String::new(), "転送先を選ぶ".to_owned())];
    targets.extend(colleagues.map(|view| {
        let state = text::agent_state(&view.state);
        let shown = format!("{}({} {state})", view.name, view.extension);
        (format!("{AGENT}{}", view.agent), shown)
    }));
    let setup = web.desk.setup();
    targets.extend(setup.lines.iter().map(|line| {
        let name = &line.config.name;
        (format!("{LINE}{name}"), format!("回線 {name}"))
    }));
    targets.extend(offered.reached.iter().map(|one| {
        let shown = format!("{}({} {})", one.name, one.kind, one.number);
        (format!("{REACHED}{}", one.id), shown)
    }));
    targets.push((PARK.to_owned(), "預ける(ほかの電話機で取る)".to_owned()));
    targets.push((NUMBER.to_owned(), "番号を入力".to_owned()));
    let targets = targets
        .iter()
        .map(|(value, label)| (value.as_str(), label.as_str()));
    Choice::list(targets, chosen)
}

/// Only to whom there is: the list may be older than the desk. Otherwise what is wrong.
pub(super) fn read(
    web: &Web,
    offered: &Offered,
    to: &str,
    number: &str,
) -> Result<HandOnTo, &'static str> {
    let nobody = "転送先を選んでください";
    if let Some(agent) = to.strip_prefix(AGENT) {
        let agent = AgentId::new(agent);
        let snapshot = web.desk.snapshot();
        let known = snapshot.agents.iter().any(|view| view.agent == agent);
        return known.then_some(HandOnTo::Agent(agent)).ok_or(nobody);
    }
    if let Some(id) = to.strip_prefix(REACHED) {
        let mut reached = offered.reached.iter();
        let found = reached.find(|one| one.id == id).ok_or(nobody)?;
        return Ok(HandOnTo::Number(found.number.clone()));
    }
    match to {
        PARK => return Ok(HandOnTo::Park),
        ASKED => return Ok(HandOnTo::Asked),
        NUMBER if number.trim().is_empty() => return Err("転送先の電話番号を入力してください"),
        NUMBER => return Ok(HandOnTo::Number(number.trim().to_owned())),
        _ => {}
    }
    let line = to.strip_prefix(LINE).ok_or(nobody)?;
    let setup = web.desk.setup();
    setup.line(line).ok_or(nobody)?;
    Ok(HandOnTo::Line(LineName::new(line)))
}

/// Only whoever can be asked.
pub(super) fn to_ask(to: HandOnTo) -> Result<HandOnTo, &'static str> {
    match to {
        HandOnTo::Park | HandOnTo::Asked => Err("相談する相手を選んでください"),
        other => Ok(other),
    }
}

/// Where a caller goes, or whom they are left for, as the log tells it.
pub(super) fn told(to: &HandOnTo) -> (&'static str, String) {
    match to {
        HandOnTo::Agent(agent) => ("agent", agent.to_string()),
        HandOnTo::Line(line) => ("line", line.to_string()),
        HandOnTo::Park => ("park", String::new()),
        HandOnTo::Number(number) => ("number", number.clone()),
        HandOnTo::Asked => ("asked", String::new()),
    }
}

/// Hands the caller on, if the visitor talks with them; what the page says then.
pub(super) async fn hand_on(
    web: &Web,
    visitor: &Visitor,
    subject: &Subject,
    to: HandOnTo,
) -> &'static str {
    let told = told(&to);
    let done = match &to {
        HandOnTo::Agent(_) | HandOnTo::Number(_) => RINGS,
        HandOnTo::Line(_) => TO_LINE,
        HandOnTo::Park => PARKED,
        HandOnTo::Asked => PASSED_ON,
    };
    let request = DeskRequest::HandOn(to);
    let asked = ask(web, visitor, subject, request, told).await;
    asked.map_or_else(refused, |()| done)
}

/// Asks the desk for something of the call in which the visitor talks.
pub(super) async fn ask(
    web: &Web,
    visitor: &Visitor,
    subject: &Subject,
    request: DeskRequest,
    (field, value): (&str, String),
) -> Result<(), HandOnRefusal> {
    let own = visitor.user.agent.as_ref();
    let call = subject.call.as_ref();
    let talks = |state: &(AgentState, _)| state.0 == AgentState::Talking;
    let talk = call.filter(|call| call.own_state.as_ref().is_some_and(talks));
    let (Some(own), Some(call)) = (own, talk.filter(|call| !call.is_outbound())) else {
        return Err(HandOnRefusal::NoTalk);
    };
    let act = match &request {
        DeskRequest::Consult(_) => text::CONSULT,
        _ => text::HAND_ON,
    };
    let mut entry = visitor.entry(web.desk.now(), Action::CallHandOn, call.id().as_str());
    entry.after.insert(field.to_owned(), value);
    let done = web.desk.request(own.clone(), request).await;
    if let Err(refusal) = done {
        let why = text::hand_on_refusal(refusal, act);
        entry.after.insert("refused".to_owned(), why);
    }
    // The caller must not wait for the database; what cannot be recorded there is in the log.
    if let Err(error) = web.store.append_audit(&[entry]).await {
        let by = visitor.user.id.as_str();
        tracing::error!(%error, by, "a caller was handed on, and it is not recorded");
    }
    done
}
