//! What the switch is told, and what it tells.

use std::net::{IpAddr, SocketAddr};

use madoguchi_core::clock::Moment;
use madoguchi_core::event::CallEvent;
use madoguchi_core::id::AgentId;
use madoguchi_core::live::{AgentCommand, AgentPresence, DeskRequest, HandOnRefusal};
use madoguchi_core::outbound::OutboundElsewhere;
use madoguchi_core::time::{Instant, Monotonic};
use madoguchi_line::engine::EngineSettings;
use madoguchi_sip::message::Message;
use madoguchi_sip::parse::ParseError;
use madoguchi_sip::transaction::{Flow, Transmit};
use tokio::sync::oneshot;

use super::route::Peer;
use super::trunks::TrunkKey;
use crate::media::{MediaCommand, MediaEvent, Sounds};
use crate::settings::EndpointSettings;

/// The times of one moment: the calendar's for rules and the beginning of calls, and those that
/// never jump for what lasts and for timers.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// What the clock on the wall shows.
    pub wall: Instant,
    /// What the desk's clock shows that never jumps.
    pub monotonic: Monotonic,
    /// Milliseconds since the start of the endpoint.
    pub mono: u64,
}

impl From<Now> for Moment {
    fn from(now: Now) -> Self {
        Self {
            wall: now.wall,
            monotonic: now.monotonic,
        }
    }
}

/// What the outside tells the switch.
#[derive(Debug)]
pub enum SwitchInput {
    /// A datagram arrived.
    Datagram { flow: Flow, bytes: Vec<u8> },
    /// A message arrived on a stream.
    Streamed {
        flow: Flow,
        /// What, or what is wrong with it.
        message: Result<Message, ParseError>,
    },
    /// The connection with a peer is closed.
    StreamClosed {
        /// The way that it was.
        flow: Flow,
    },
    /// Something happened to the media.
    Media(MediaEvent),
    /// All events up to and including this batch are on disk.
    Journaled {
        /// The number given in [`SwitchOutput::Journal`].
        batch: u64,
    },
    /// Events that the disk does not take wait in memory, which has no room for more of them, or has again. No new
    /// calls are taken meanwhile.
    MemoryFull {
        /// Whether it is so.
        full: bool,
    },
    /// An agent's state is to be changed.
    Command {
        agent: AgentId,
        command: AgentCommand,
        /// Told whether there is such an agent, when the state is on disk.
        reply: oneshot::Sender<bool>,
    },
    /// An agent asks for something of calls, on the screen.
    Request {
        agent: AgentId,
        request: DeskRequest,
        /// Told what came of it, when that is on disk.
        reply: oneshot::Sender<Result<(), HandOnRefusal>>,
    },
    /// States of agents that were asked for at other nodes.
    Presences(Vec<AgentPresence>),
    /// Whether calls at other nodes keep these agents.
    Elsewhere(Vec<(AgentId, bool)>),
    /// What calls that are not of this run use of the limits of calls to the outside.
    OutboundElsewhere(OutboundElsewhere),
    /// A trunk's host names were looked up.
    Resolved {
        /// The trunk, as [`super::Switch::trunk_hosts`] names it.
        trunk: TrunkKey,
        /// The addresses of its outbound host, the preferred one first.
        peers: Vec<Peer>,
        /// The addresses of its registrar, the preferred one first.
        registrars: Vec<Peer>,
    },
    /// The endpoint is about to stop: whoever calls is sent elsewhere, whoever waits is told. Talks
    /// go on.
    Drain {
        /// When peers may come again.
        retry_after_secs: u64,
    },
    /// The endpoint stops now: every call is hung up. Done when [`super::Switch::is_quiet`].
    EndAll,
    /// The complete settings, which have changed. Calls go on; see [`super::Switch::trunk_hosts`] for
    /// the names that are to be looked up from now on. Listening addresses, public address, realm
    /// and nonce secret cannot change: what these settings say of them is not looked at.
    Reconfigure {
        /// Of the endpoint.
        settings: Box<EndpointSettings>,
        /// Of the queue engine.
        engine: Box<EngineSettings>,
        /// What is played from now on.
        sounds: Sounds,
    },
}

/// What the switch wants done outside.
#[derive(Debug)]
pub enum SwitchOutput {
    /// Have the media do this, before what follows is sent.
    Media(MediaCommand),
    /// Send these bytes.
    Transmit(Transmit),
    /// Write these events to disk, then tell [`SwitchInput::Journaled`].
    Journal {
        /// The batch; one more than the one before.
        batch: u64,
        events: Vec<CallEvent>,
        /// States of agents that were asked for. Never nothing of both.
        presences: Vec<AgentPresence>,
    },
}

/// Tells which of our addresses the peer at the other end of a flow sees.
pub type LocalAddress = Box<dyn Fn(Flow) -> SocketAddr + Send>;

/// A state that was asked for by dialling a feature code.
#[derive(Debug, Clone)]
pub struct DialledState {
    pub at: Instant,
    /// Whose state.
    pub agent: AgentId,
    /// On which phone, which has proven itself.
    pub extension: String,
    /// From which network address.
    pub address: IpAddr,
    /// The state.
    pub command: AgentCommand,
}

/// How well the peer of a connection is known, the better the later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Acquaintance {
    /// Nobody we know.
    Stranger,
    /// Speaks from the address of somebody who is in a call.
    Neighbour,
    /// A trunk, or a registered phone or a party of a call on this very connection.
    Kept,
    /// We opened the connection.
    Ours,
}
