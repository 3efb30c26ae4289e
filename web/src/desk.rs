//! The desk, as pages reach it: neither SIP nor the queue engine is known here.

use std::sync::Arc;

use futures::future::BoxFuture;
use madoguchi_core::call::CallRecord;
use madoguchi_core::hours::HoursStatus;
use madoguchi_core::id::AgentId;
use madoguchi_core::live::{AgentCommand, DeskRequest, DeskSnapshot, HandOnRefusal};
use madoguchi_core::schedule::JobView;
use madoguchi_core::setup::{Calendars, DeskSetup, PartFault, PhoneHashes};
use madoguchi_core::time::{Instant, Monotonic};
use madoguchi_core::today::Today;
use madoguchi_store::{NewVersion, StoreError};
use tokio::sync::watch;

use crate::announcer::Announcer;

/// The desk at work, as pages need it.
pub trait Desk: Announcer {
    /// The queue and the agents.
    fn snapshot(&self) -> Arc<DeskSnapshot>;
    /// The figures of the running day.
    fn today(&self) -> Today;
    /// Counts up whenever snapshot, figures or status may have changed.
    fn changes(&self) -> watch::Receiver<u64>;
    /// How the program itself is doing.
    fn status(&self) -> SystemStatus;
    /// Whether the desk is open at an instant, by its own calendar.
    fn hours(&self, at: Instant) -> HoursStatus;
    /// The desk's reception calendar, and those of lines and 業務区分.
    fn calendars(&self) -> Arc<Calendars>;
    /// The setup in force.
    fn setup(&self) -> Arc<DeskSetup>;
    /// Whether the desk could work if these versions were set; the stamp of all settings that they
    /// were checked with.
    fn check_setup<'a>(
        &'a self,
        versions: &'a [NewVersion],
    ) -> BoxFuture<'a, Result<String, SetupRefusal>>;
    /// What a phone proves itself with, made of its password.
    fn phone_hashes(&self, extension: &str, password: &str) -> PhoneHashes;
    /// Takes up what was set on screens and is in the store; `false` if it cannot be taken up,
    /// which is in the log.
    fn apply_setup(&self) -> BoxFuture<'_, bool>;
    /// The call that an agent is in or is rung for, or does the work after.
    fn call_of(&self, agent: &AgentId) -> Option<CallRecord>;
    /// Changes the state of an agent; `false` if there is no such agent.
    fn command(&self, agent: AgentId, command: AgentCommand) -> BoxFuture<'_, bool>;
    /// An agent asks for something of calls: to hand a caller on, to take one. What came of it at once; who
    /// is not there gives the caller back later.
    fn request(
        &self,
        agent: AgentId,
        request: DeskRequest,
    ) -> BoxFuture<'_, Result<(), HandOnRefusal>>;
    /// How the periodic work does.
    fn jobs(&self) -> Vec<JobView>;
    /// The time by the desk's clock.
    fn now(&self) -> Instant;
    /// The time by the clock that never jumps: limits and idle times go by it.
    fn monotonic(&self) -> Monotonic;
}

/// Why something cannot be set.
#[derive(Debug, thiserror::Error)]
pub enum SetupRefusal {
    /// Something is wrong with a line, an agent or a trunk.
    #[error(transparent)]
    Part(#[from] PartFault),
    /// Something else is wrong: a sentence for the user without the stop at its end.
    #[error("{0}")]
    Other(String),
    /// The store cannot be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How the program itself is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SystemStatus {
    /// The database takes what the desk writes.
    pub database_up: bool,
    /// Since when that is so.
    pub database_since: Instant,
    /// If it is not so: why, and what an operator can do.
    pub database_remedy: Option<&'static str>,
    /// Events that wait in the journal for the database.
    pub backlog: u64,
    /// The journal itself cannot be written.
    pub journal_failing: bool,
    /// The calls are simulated.
    pub demo: bool,
    /// The desk is about to stop and takes no more calls.
    pub stopping: bool,
}
