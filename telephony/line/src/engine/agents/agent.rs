//! One agent: what they want, what they do, and how the board shows them.

use madoguchi_core::id::CallId;
use madoguchi_core::live::{AgentPresence, AgentState, AgentView};
use madoguchi_core::time::Instant;

use crate::api::TimerId;
use crate::engine::keys::LineKey;
use crate::settings::{AgentSettings, Level};

/// The smaller, the sooner. The longest idle first: since when, for those who were idle before the
/// start, then the order in which agents became idle. Those who take turns: by their place in the
/// settings.
pub(super) type Rank = (i64, u64);

/// The rank of an agent who takes turns.
pub(super) fn turn(place: u64) -> Rank {
    (i64::MIN, place)
}

#[derive(Debug)]
pub(in crate::engine) struct Agent {
    pub(in crate::engine) settings: AgentSettings,
    pub(in crate::engine) lines: Vec<(LineKey, Level)>,
    pub(in crate::engine) requested: RequestedState,
    /// The state that was last recorded.
    pub(in crate::engine) presence: AgentPresence,
    /// A call at another node keeps the agent.
    pub(in crate::engine) elsewhere: bool,
    pub(in crate::engine) activity: Activity,
    /// A call to somebody else, begun while a caller talks with the agent.
    pub(in crate::engine) consult: Option<CallId>,
    pub(in crate::engine) since: Instant,
    pub(in crate::engine) reachable: bool,
    /// Left alone for a moment after a refusal.
    pub(in crate::engine) resting: bool,
    /// Not in the settings any more: known until the call is over that keeps them.
    pub(super) leaving: bool,
    /// The place in the settings.
    pub(super) place: u64,
    pub(super) rank: Rank,
    pub(in crate::engine) no_answers: u32,
    /// Whether the agent stands in the idle sets.
    pub(super) listed: bool,
}

/// What the agent wants to be when no call keeps them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) enum RequestedState {
    LoggedOut,
    Ready,
    Away { reason: String },
}

impl RequestedState {
    /// The wish behind a state. Whoever was kept by a call is ready.
    pub(in crate::engine) fn of(state: AgentState) -> Self {
        match state {
            AgentState::LoggedOut => Self::LoggedOut,
            AgentState::Away { reason } => Self::Away { reason },
            AgentState::Ready | AgentState::Ringing | AgentState::Talking | AgentState::WrapUp => {
                Self::Ready
            }
        }
    }

    /// The state that it is when nothing keeps the agent.
    pub(in crate::engine) fn state(&self) -> AgentState {
        match self {
            Self::LoggedOut => AgentState::LoggedOut,
            Self::Ready => AgentState::Ready,
            Self::Away { reason } => AgentState::Away {
                reason: reason.clone(),
            },
        }
    }
}

/// What keeps the agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) enum Activity {
    Nothing,
    Ringing {
        call: CallId,
    },
    Talking {
        call: CallId,
    },
    WrapUp {
        call: CallId,
        timer: Option<TimerId>,
    },
}

impl Agent {
    pub(in crate::engine) fn is_logged_in(&self) -> bool {
        self.requested != RequestedState::LoggedOut && !self.leaving
    }

    /// Whether the agent can take a call of a line.
    pub(super) fn is_able(&self) -> bool {
        self.requested == RequestedState::Ready
            && self.activity == Activity::Nothing
            && self.reachable
            && !self.elsewhere
            && !self.resting
            && !self.leaving
    }

    /// How soon the agent's turn comes on a line.
    pub(in crate::engine) fn level(&self, line: LineKey) -> Level {
        let found = self.lines.iter().find(|(known, _)| *known == line);
        found.map_or(Level::First, |(_, level)| *level)
    }

    /// What the board shows.
    pub(in crate::engine) fn state(&self) -> AgentState {
        match (&self.activity, &self.requested) {
            (Activity::Ringing { .. }, _) => AgentState::Ringing,
            (Activity::Talking { .. }, _) => AgentState::Talking,
            (Activity::WrapUp { .. }, _) => AgentState::WrapUp,
            (Activity::Nothing, requested) => requested.state(),
        }
    }

    /// The state that waits until nothing keeps the agent any more, if it is not 受付可.
    pub(in crate::engine) fn next(&self) -> Option<AgentState> {
        let waits = self.activity != Activity::Nothing && self.requested != RequestedState::Ready;
        waits.then(|| self.requested.state())
    }

    /// What the board shows of the agent.
    pub(in crate::engine) fn view(&self) -> AgentView {
        let call = match &self.activity {
            Activity::Ringing { call } | Activity::Talking { call } => Some(call.clone()),
            Activity::Nothing | Activity::WrapUp { .. } => None,
        };
        AgentView {
            agent: self.settings.agent.clone(),
            name: self.settings.name.clone(),
            extension: self.settings.extension.clone(),
            state: self.state(),
            since: self.since,
            call,
            next: self.next(),
            reachable: self.reachable,
        }
    }
}
