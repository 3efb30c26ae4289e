//! Names of lines and agents within the engine.

/// Names a line for as long as the engine knows it. Never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct LineKey(pub(super) u64);

/// Names an agent for as long as the engine knows them. Never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct AgentKey(pub(super) u64);
