//! Setting an agent's state from the board.

use axum::Form;
use axum::extract::{Path, State};
use axum::response::Redirect;
use madoguchi_core::id::AgentId;
use madoguchi_core::live::AgentCommand;
use serde::Deserialize;

use crate::Web;
use crate::error::WebError;

/// Reasons are short; they stand on the board.
const REASON_LETTERS: usize = 40;

#[derive(Debug, Deserialize)]
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

pub(crate) async fn set(web: &Web, agent: &str, request: StateRequest) -> Result<(), WebError> {
    let command = request.read()?;
    tracing::info!(agent, ?command, "the state of an agent is set from the web");
    if web.desk.command(AgentId::new(agent), command).await {
        Ok(())
    } else {
        Err(WebError::NotFound("担当者"))
    }
}

pub(crate) async fn set_state(
    State(web): State<Web>,
    Path(agent): Path<String>,
    Form(request): Form<StateRequest>,
) -> Result<Redirect, WebError> {
    set(&web, &agent, request).await?;
    Ok(Redirect::to("/"))
}
