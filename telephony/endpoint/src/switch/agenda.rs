//! What the switch has still to do: steps that wait for the journal, and what it wakes for.

use madoguchi_line::api::{Output, TimerId};
use madoguchi_sip::message::Response;
use madoguchi_sip::transaction::ServerTx;
use tokio::sync::oneshot;

use super::side::SideId;
use super::trunks::TrunkKey;
use crate::media::Confirmation;

/// One thing to do when everything before it is done.
#[derive(Debug)]
pub(super) enum Step {
    /// Wait until this batch of events is on disk.
    OnDisk(u64),
    /// Carry out an output of the engine.
    Do(Output),
    /// Answer a request whose effect is among the events before.
    Respond(ServerTx, Response),
    /// Tell whoever asked for an agent's state that it will not be lost.
    Reply(oneshot::Sender<bool>),
    /// Take a call to a feature code, and say which state was set.
    Confirm(SideId, Confirmation),
}

/// What the switch is to be woken for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wake {
    Engine(TimerId),
    SessionTimer(SideId),
    Progress(SideId),
    DialTimeout(SideId),
    TrunkSilent(SideId),
    Registrations,
    TrunkRegister(TrunkKey),
    KeepAlive,
    Unconfirmed,
}

impl Wake {
    /// The side that it concerns.
    pub(super) fn side(&self) -> Option<SideId> {
        match self {
            Self::SessionTimer(side)
            | Self::Progress(side)
            | Self::DialTimeout(side)
            | Self::TrunkSilent(side) => Some(*side),
            Self::Engine(_)
            | Self::Registrations
            | Self::TrunkRegister(_)
            | Self::KeepAlive
            | Self::Unconfirmed => None,
        }
    }
}
