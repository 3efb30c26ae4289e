//! What the desk looks like at this moment: the queue and the agents. Shown on the board, driven
//! by the queue engine, never a source of figures.

use crate::audit::Fields;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::caller::Caller;
use crate::id::{AgentId, CallId, LineName, NodeName};
use crate::outbound::OutboundRefusal;
use crate::time::Instant;

/// The desk at one moment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct DeskSnapshot {
    /// Offered calls that are not answered yet, longest wait first.
    pub waiting: Vec<WaitingCall>,
    /// Callers whom agents have left for whoever fetches them, by their slots.
    pub parked: Vec<ParkedCall>,
    /// All agents, in the order of the configuration.
    pub agents: Vec<AgentView>,
    /// Callers who are being handed on, or were given back. Shown to their agents alone.
    #[serde(skip)]
    pub hand_ons: Vec<HandOnView>,
    /// Whom agents ask while a caller waits. Shown to those agents alone.
    #[serde(skip)]
    pub consults: Vec<ConsultView>,
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

/// A caller whom an agent has left for whoever fetches them (call park).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ParkedCall {
    /// The call.
    pub call: CallId,
    /// The line that was dialled.
    pub line: LineName,
    /// The caller, as far as we may know.
    #[serde(flatten)]
    pub from: Caller,
    /// The number of the place, from 1.
    pub slot: u32,
    /// Since when.
    pub parked_at: Instant,
    /// Who left them there, as long as they are an agent of the desk.
    pub parked_by: Option<AgentId>,
}

/// How it stands with a caller whom an agent hands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOnView {
    /// Who hands on.
    pub agent: AgentId,
    /// The caller's call.
    pub call: CallId,
    /// `None`: whoever is to get the caller is being rung. Otherwise why the agent has the caller again.
    pub failed: Option<HandOnRefusal>,
    /// They were to be asked only, not to get the caller.
    pub asks: bool,
}

/// Somebody whom an agent asks while a caller waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsultView {
    /// Who asks.
    pub agent: AgentId,
    /// The call in which they are asked.
    pub call: CallId,
    /// The colleague, if it is one; otherwise somebody outside.
    pub colleague: Option<AgentId>,
    /// They have picked up.
    pub answered: bool,
    /// They talk with the caller, too.
    pub joined: bool,
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

/// Where an agent hands a caller on to, or whom they ask beside the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandOnTo {
    /// A colleague, who is rung.
    Agent(AgentId),
    /// The queue of a line.
    Line(LineName),
    /// To whoever fetches them.
    Park,
    /// Whoever has this number: mostly somebody outside, as far as the rules for calls to the outside allow it.
    Number(String),
    /// Whom the agent asks at this moment, beside the caller.
    Asked,
}

/// What an agent asks for from the screen, of calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeskRequest {
    /// Hand on the caller with whom the agent talks.
    HandOn(HandOnTo),
    /// Ask somebody beside the caller with whom the agent talks (相談): the agent's phone is connected with them,
    /// and the caller hears music. Of a line it is whoever is free there; nobody is parked or handed on by it.
    Consult(HandOnTo),
    /// Let the caller and whoever is asked hear each other, too (三者通話).
    Join,
    /// Asks no more; goes on with the caller.
    EndConsult,
    /// Ring the agent's own phone for a caller who waits or is parked, whoever is rung for them.
    Take(CallId),
}

/// Why an agent does not get what they asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandOnRefusal {
    /// The agent talks with nobody whom they could hand on now.
    NoTalk,
    /// The agent asks nobody, or who is asked has not picked up.
    NobodyAsked,
    /// The agent asks somebody already.
    AsksAlready,
    /// The agent's phone holds the caller: it would hold whom they ask.
    Held,
    /// Who is called is in a call, or refuses.
    Busy,
    /// The phone cannot be reached, or the line takes nobody now.
    Unreachable,
    /// Nobody picked up.
    NoAnswer,
    /// Nobody has that number.
    NoSuchNumber,
    /// It is the number of the caller who is to be handed on.
    TheCaller,
    /// A rule of the desk forbids the call to the outside.
    Barred(OutboundRefusal),
    /// The caller is there no more, or talks with somebody.
    Gone,
    /// The agent's own phone cannot be reached, or is in a call.
    OwnPhone,
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
