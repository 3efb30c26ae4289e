//! What the loop of the signalling is told by others, and what it has written.

use std::time::Duration;

use madoguchi_core::event::CallEvent;
use madoguchi_core::live::AgentPresence;
use tokio::sync::oneshot;

use crate::switch::SwitchInput;

/// What the loop is told.
#[derive(Debug)]
pub(super) enum LoopMessage {
    Input(Box<SwitchInput>),
    Reconfigure {
        input: Box<SwitchInput>,
        done: oneshot::Sender<()>,
    },
    /// Certificates may have been renewed.
    Certificates,
    Stop {
        grace: Duration,
        done: oneshot::Sender<()>,
    },
}

/// A batch of events for the journal; `done` is told when they are on disk.
#[derive(Debug)]
pub struct JournalBatch {
    pub events: Vec<CallEvent>,
    /// States of agents that were asked for. Never nothing of both.
    pub presences: Vec<AgentPresence>,
    /// The number to tell back.
    pub batch: u64,
}
