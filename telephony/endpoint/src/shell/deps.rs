//! What the endpoint needs from the program around it.

use std::path::PathBuf;
use std::sync::Arc;

use madoguchi_core::clock::Clock;
use madoguchi_core::id::RunId;
use madoguchi_core::live::{AgentPresence, DeskSnapshot};
use tokio::sync::{mpsc, watch};

use super::messages::JournalBatch;
use super::signals::Signal;
use crate::switch::DialledState;

/// What the endpoint needs from the program around it.
pub struct EndpointDeps {
    /// The desk's clock.
    pub clock: Arc<dyn Clock>,
    /// Takes events to be written; answers through [`super::Endpoint::journaled`].
    pub journal: mpsc::UnboundedSender<JournalBatch>,
    /// Where the board looks.
    pub snapshots: watch::Sender<Arc<DeskSnapshot>>,
    /// Told of every state that an agent asked for by telephone.
    pub dialled: mpsc::UnboundedSender<DialledState>,
    /// The states agents had before a restart.
    pub restored: Vec<AgentPresence>,
    /// Names the run.
    pub run: RunId,
    /// Told of what is signalled for calls, as far as it keeps up; nobody if there is none.
    pub signals: Option<mpsc::Sender<Signal>>,
    /// The file in which registrations are kept over a restart.
    pub registrations: Option<PathBuf>,
}
