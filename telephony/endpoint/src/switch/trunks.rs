//! Trunks: recognising them, choosing one, registering with them, knowing whether they live.

use std::net::SocketAddr;

use madoguchi_sip::digest::ClientState;
use madoguchi_sip::transaction::Flow;

use crate::settings::{Transport, Trunk};

/// A trunk and what is known of it now.
#[derive(Debug)]
pub(super) struct TrunkState {
    pub(super) settings: Trunk,
    /// Where its outbound host resolved to.
    pub(super) peer: Option<Peer>,
    pub(super) registrar: Option<Peer>,
    pub(super) registration: Registration,
    /// Outbound calls now.
    pub(super) outbound_calls: u32,
    /// The last OPTIONS was answered, or none was sent yet.
    pub(super) alive: bool,
    pub(super) client: ClientState,
}

/// A resolved address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// UDP or TCP.
    pub transport: Transport,
    /// Where.
    pub addr: SocketAddr,
}

/// Where the registration with a carrier stands.
#[derive(Debug, Default)]
pub(super) struct Registration {
    pub(super) call_id: String,
    pub(super) from_tag: String,
    pub(super) cseq: u32,
    pub(super) registered: bool,
    pub(super) failures: u32,
    /// A challenge to the REGISTER in progress was answered.
    pub(super) challenged: bool,
}

impl TrunkState {
    pub(super) fn new(settings: Trunk) -> Self {
        Self {
            settings,
            peer: None,
            registrar: None,
            registration: Registration::default(),
            outbound_calls: 0,
            alive: true,
            client: ClientState::default(),
        }
    }

    /// Whether requests from `flow` come from this trunk, by its address.
    pub(super) fn matches_source(&self, flow: Flow) -> bool {
        let (ip, port) = (flow.remote.ip().to_canonical(), flow.remote.port());
        self.settings.sources.iter().any(|source| {
            source.net.contains(&ip) && source.port.is_none_or(|wanted| wanted == port)
        })
    }

    /// Whether one more outbound call fits.
    pub(super) fn has_room(&self) -> bool {
        self.settings.max_outbound == 0 || self.outbound_calls < self.settings.max_outbound
    }
}

impl Registration {
    /// How long to wait after so many failures in a row: 5 s doubling up to 5 min.
    pub(super) fn back_off_ms(&self) -> u64 {
        5_000u64
            .saturating_mul(1 << self.failures.min(6))
            .min(300_000)
    }
}
