//! What the desk looks like at this moment: the queue and the agents. Shown on the board, driven
//! by the queue engine, never a source of figures.

use crate::audit::Fields;
use serde::{Deserialize, Serialize};

use crate::caller::Caller;
use crate::id::{AgentId, CallId, LineName};
use crate::time::Instant;

/// The desk at one moment.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DeskSnapshot {
    /// Offered calls that are not answered yet, longest wait first.
    pub waiting: Vec<WaitingCall>,
    /// All agents, in the order of the configuration.
    pub agents: Vec<AgentView>,
    /// 発信
    pub outbound: OutboundView,
}

/// Calls to the outside, as far as rules of the desk limit them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OutboundView {
    /// How many are going on.
    pub calls: u32,
    /// The minutes of the day are used up: no more calls today.
    pub stopped: bool,
    /// Agents who have used up their own.
    pub stopped_agents: Vec<AgentId>,
}

/// A caller who waits.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WaitingCall {
    /// The call.
    pub call: CallId,
    /// The line that was dialled.
    pub line: LineName,
    /// The caller, as far as we may know.
    #[serde(flatten)]
    pub from: Caller,
    /// When the call arrived.
    pub arrived_at: Instant,
    /// The agent whose phone rings now, if any.
    pub ringing: Option<AgentId>,
}

/// An agent as the board shows them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AgentView {
    /// Who.
    pub agent: AgentId,
    /// The name people know.
    pub name: String,
    /// The extension of the phone.
    pub extension: String,
    /// What the agent is doing.
    pub state: AgentState,
    /// Since when.
    pub since: Instant,
    /// The call the agent is in or is rung for.
    pub call: Option<CallId>,
    /// Whether a phone of the agent can be reached now.
    pub reachable: bool,
}

/// What an agent is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum AgentState {
    /// ログアウト
    LoggedOut,
    /// 受付可
    Ready,
    /// 呼出中: reserved for a call, the phone rings.
    Ringing,
    /// 通話中
    Talking,
    /// 後処理
    WrapUp,
    /// 離席
    Away {
        /// Why, in the agent's words or as set by the desk (RONA).
        reason: String,
    },
}

/// What an agent (or a supervisor for them) asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum AgentCommand {
    /// Take calls; also ends 離席 and 後処理, and logs in.
    Ready,
    /// Take no calls. During a call it takes effect at its end.
    Away {
        /// Why.
        reason: String,
    },
    /// End 後処理 early.
    EndWrapUp,
    /// Leave. During a call it takes effect at its end.
    LogOut,
}

impl AgentCommand {
    /// As the audit log tells it.
    pub fn fields(&self) -> Fields {
        let (state, reason) = match self {
            Self::Ready => ("ready", None),
            Self::EndWrapUp => ("end_wrap_up", None),
            Self::LogOut => ("log_out", None),
            Self::Away { reason } => ("away", Some(reason)),
        };
        let mut fields = Fields::from([("state".to_owned(), state.to_owned())]);
        if let Some(reason) = reason {
            fields.insert("reason".to_owned(), reason.clone());
        }
        fields
    }
}
