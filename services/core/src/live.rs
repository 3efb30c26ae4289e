//! What the desk looks like at this moment: the queue and the agents. Shown on the board, driven
//! by the queue engine, never a source of figures.

use crate::audit::Fields;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::caller::Caller;
use crate::id::{AgentId, CallId, LineName, NodeName};
use crate::time::Instant;

/// The desk at one moment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct DeskSnapshot {
    /// Offered calls that are not answered yet, longest wait first.
    pub waiting: Vec<WaitingCall>,
    /// All agents, in the order of the configuration.
    pub agents: Vec<AgentView>,
    /// 発信
    pub outbound: OutboundView,
}

/// Calls to the outside, as far as rules of the desk limit them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct OutboundView {
    /// How many are going on.
    pub calls: u32,
    /// The minutes of the day are used up: no more calls today.
    pub stopped: bool,
    /// Agents who have used up their own.
    pub stopped_agents: Vec<AgentId>,
}

/// A caller who waits.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
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
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AgentView {
    /// How the agent is known.
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
    /// The lasting state that waits until nothing keeps the agent any more; `None`: 受付可, or
    /// nothing keeps them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<AgentState>,
    /// Whether a phone of the agent can be reached now.
    pub reachable: bool,
}

/// What an agent is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum AgentState {
    /// 受付終了
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

impl AgentState {
    /// Whether an agent stays so until somebody asks for another state.
    pub fn is_lasting(&self) -> bool {
        matches!(self, Self::Ready | Self::Away { .. } | Self::LoggedOut)
    }
}

/// The lasting state of an agent (受付可, 離席, 受付終了) as it is kept over a restart and shared
/// between nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentPresence {
    /// How the agent is known.
    pub agent: AgentId,
    /// One of the lasting states.
    pub state: AgentState,
    /// Since when.
    pub since: Instant,
    /// One more than of the state before it that the asking node knew, so that of two states the
    /// later one is known without comparing clocks. 0: nobody has asked for it.
    pub version: u64,
    /// The node at which it was asked for; decides between two of one version.
    pub node: NodeName,
}

impl AgentPresence {
    /// Whether this one was asked for after the other.
    pub fn is_asked_after(&self, other: &Self) -> bool {
        (self.version, &self.node) > (other.version, &other.node)
    }

    /// Whether this one takes the place of the other: asked for later, or the same that began anew
    /// when a call had ended.
    pub fn replaces(&self, other: &Self) -> bool {
        let same = (self.version, &self.node) == (other.version, &other.node);
        self.is_asked_after(other) || same && self.since > other.since
    }
}

/// What an agent (or a supervisor for them) asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum AgentCommand {
    /// Take calls; also ends 離席 and 後処理, and logs in.
    Ready,
    /// Take no calls. During a call it takes effect at its end.
    Away {
        /// What the agent says of being away.
        reason: String,
    },
    /// End 後処理 early.
    EndWrapUp,
    /// Leave. During a call it takes effect at its end.
    LogOut,
}

/// Where an agent hands a caller on to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandOnTo {
    /// A colleague, who is rung.
    Agent(AgentId),
    /// The queue of a line.
    Line(LineName),
    /// To whoever fetches them.
    Park,
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
