//! How lines and agents behave.

use madoguchi_core::hours::Calendar;
use madoguchi_core::id::{AgentId, LineName};
pub use madoguchi_core::setup::{Level, PeriodicAnnouncement, Strategy};
use madoguchi_core::time::Millis;

/// Settings of one line.
#[derive(Debug, Clone, PartialEq)]
pub struct LineSettings {
    /// The line's name.
    pub name: LineName,
    /// When the line is open; `None`: whenever the desk is.
    pub calendar: Option<Calendar>,
    /// Whether the greeting is played before the caller enters the queue.
    pub greeting: bool,
    /// How calls are distributed.
    pub strategy: Strategy,
    /// How long one agent's phone rings before the next is tried (RONA).
    pub ring_timeout: Millis,
    /// Consecutive unanswered ringings after which the agent is set 離席; 0 never.
    pub away_after_no_answers: u32,
    /// How many callers may wait (those whose agent is ringing included); 0 for no limit.
    pub max_waiting: u32,
    /// How long a caller may wait, from arrival; zero for no limit.
    pub max_wait: Millis,
    /// Every so often the music is interrupted; zero never.
    pub announce_every: Millis,
    /// What is said then.
    pub announce: PeriodicAnnouncement,
    /// Whether callers wait when no agent is logged in (otherwise 放棄 `no_agent`).
    pub wait_without_agents: bool,
    /// What becomes of callers who still wait when reception closes.
    pub at_closing: AtClosing,
    /// 後処理 after each call of this line; zero for none.
    pub wrap_up: Millis,
    /// Calls of lines with a higher priority are served first.
    pub priority: i32,
}

/// What becomes of callers who still wait when reception closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtClosing {
    /// They are served, but at the most for this long after closing.
    Serve {
        /// The limit.
        limit: Millis,
    },
    /// They are told that the desk has closed: 放棄 `desk_closed_while_waiting`.
    Tell,
}

/// Settings of one agent.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentSettings {
    /// Who.
    pub agent: AgentId,
    /// The name people know.
    pub name: String,
    /// The extension of the phone.
    pub extension: String,
    /// The lines whose calls this agent takes.
    pub lines: Vec<Duty>,
}

/// One line that an agent takes calls of, and how soon the agent's turn comes: nobody is rung while
/// somebody of a lower level is idle. Within a level the line's [`Strategy`] decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    /// The line.
    pub line: LineName,
    /// How soon.
    pub level: Level,
}
