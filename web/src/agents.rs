//! Setting an agent's state from the board.

use axum::Form;
use axum::extract::{Path, State};
use axum::response::Redirect;
use madoguchi_core::access::{Permission, SetOwnState};
use madoguchi_core::audit::Action;
use madoguchi_core::id::AgentId;
use madoguchi_core::live::{AgentCommand, AgentState};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::auth::access::Allowed;
use crate::auth::routes::Routes;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::feature::Feature;
use crate::state::Web;

pub(crate) const FEATURE: Feature = Feature::new(routes).messages(&[(
    "state",
    "状態の変更を受け付けました。通話中や呼出中のときは、それが終わると変わります。",
)]);

fn routes() -> Routes {
    Routes::new().post("/agents/{id}/state", set_state)
}

/// Reasons are short; they stand on the board.
const REASON_LETTERS: usize = 40;
/// How long a page waits for what it is to show.
const SHOWN_WITHIN: std::time::Duration = std::time::Duration::from_millis(500);

#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct StateRequest {
    command: String,
    #[serde(default)]
    reason: String,
}

impl StateRequest {
    pub(crate) fn read(self) -> Result<AgentCommand, WebError> {
        match self.command.as_str() {
            "ready" => Ok(AgentCommand::Ready),
            "end_wrap_up" => Ok(AgentCommand::EndWrapUp),
            "log_out" => Ok(AgentCommand::LogOut),
            "away" => {
                let reason = self.reason.trim();
                if reason.chars().count() > REASON_LETTERS {
                    let message =
                        format!("離席の理由は{REASON_LETTERS}文字以内で入力してください。");
                    return Err(WebError::BadRequest(message));
                }
                let reason = if reason.is_empty() {
                    "理由なし"
                } else {
                    reason
                };
                Ok(AgentCommand::Away {
                    reason: reason.to_owned(),
                })
            }
            _ => Err(WebError::BadRequest(
                "状態の指定を確認してください。".to_owned(),
            )),
        }
    }
}

/// Sets the state of an agent: of any by supervisors, of the own one by agents.
pub(crate) async fn set(
    web: &Web,
    visitor: &Visitor,
    agent: &str,
    request: StateRequest,
) -> Result<(), WebError> {
    let own = visitor.user.agent.as_ref().map(AgentId::as_str) == Some(agent);
    if !own && !visitor.permissions.contains(Permission::SetAnyState) {
        return Err(WebError::NotAllowed(Permission::SetAnyState));
    }
    let command = request.read()?;
    let mut entry = visitor.entry(web.desk.now(), Action::AgentState, agent);
    entry.after = command.fields();
    if !web.desk.command(AgentId::new(agent), command).await {
        return Err(WebError::NotFound("担当者"));
    }
    // Taking calls must not wait for the database; what cannot be recorded there is in the log.
    if let Err(error) = web.store.append_audit(&[entry]).await {
        let by = visitor.user.id.as_str();
        tracing::error!(%error, agent, by, "the state of an agent was set but not recorded");
    }
    Ok(())
}

/// Makes the visitor's own agent 受付可, after the call or the work that keeps them.
pub(crate) async fn set_own_ready(web: &Web, visitor: &Visitor) -> Result<(), WebError> {
    let own = visitor.user.agent.as_ref();
    let own = own.ok_or(WebError::NotFound("担当者"))?;
    let request = StateRequest {
        command: "ready".to_owned(),
        reason: String::new(),
    };
    set(web, visitor, own.as_str(), request).await
}

/// What the board shows of an agent.
fn state_of(web: &Web, agent: &str) -> Option<AgentState> {
    let snapshot = web.desk.snapshot();
    let view = snapshot
        .agents
        .iter()
        .find(|view| view.agent.as_str() == agent)?;
    Some(view.state.clone())
}

pub(crate) async fn set_state(
    visitor: Allowed<SetOwnState>,
    State(web): State<Web>,
    Path(agent): Path<String>,
    Form(request): Form<StateRequest>,
) -> Result<Redirect, WebError> {
    let mut changes = web.desk.changes();
    let before = state_of(&web, &agent);
    set(&web, &visitor, &agent, request).await?;
    // The page that follows should show the new state. During a call there is none yet.
    if !matches!(before, Some(AgentState::Ringing | AgentState::Talking)) {
        let is_shown = |_: &u64| state_of(&web, &agent) != before;
        let _shown = tokio::time::timeout(SHOWN_WITHIN, changes.wait_for(is_shown)).await;
    }
    Ok(Redirect::to("/board?done=state"))
}
