//! The voice of all sides, as the switch knows it: which leg of the media is whose, what is being connected, and the
//! commands that nobody has taken yet. Nothing here waits, or touches a socket.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use madoguchi_sip::sdp::SrtpKeys;

use super::call::BridgeOf;
use super::side::SideId;
use crate::media::{MediaCommand, MediaError, MediaPorts, RemoteMedia, RtpPorts, SessionId, Sound};

/// What is connected without being told to anybody.
const UNTOLD: u64 = 0;

/// All legs that are open.
pub(super) struct Voice {
    ports: Box<dyn MediaPorts>,
    /// Those that have a side.
    sides: HashMap<SessionId, SideId>,
    bridges: HashMap<u64, BridgeOf>,
    last_bridge: u64,
    commands: VecDeque<MediaCommand>,
}

impl Voice {
    pub(super) fn new(ports: Box<dyn MediaPorts>) -> Self {
        Self {
            ports,
            sides: HashMap::new(),
            bridges: HashMap::new(),
            last_bridge: UNTOLD,
            commands: VecDeque::new(),
        }
    }

    /// What the media are to do next.
    pub(super) fn poll_command(&mut self) -> Option<MediaCommand> {
        self.commands.pop_front()
    }

    /// How many ports there are, and how many are held.
    pub(super) fn ports(&self) -> RtpPorts {
        self.ports.usage()
    }

    /// Bridges that are not told to stand yet.
    pub(super) fn bridges(&self) -> usize {
        self.bridges.len()
    }

    /// A new leg for a peer who sees us at `local`; where we hear.
    pub(super) fn open(
        &mut self,
        session: SessionId,
        local: IpAddr,
    ) -> Result<SocketAddr, MediaError> {
        self.ports.open(session, local)
    }

    /// The leg is this side's.
    pub(super) fn give(&mut self, session: SessionId, side: SideId) {
        self.sides.insert(session, side);
    }

    /// Whose leg it is.
    pub(super) fn side_of(&self, session: SessionId) -> Option<SideId> {
        self.sides.get(&session).copied()
    }

    /// Ends a leg, if that was not done already.
    pub(super) fn close(&mut self, session: SessionId) {
        if self.sides.remove(&session).is_some() {
            self.commands.push_back(MediaCommand::Close { session });
        }
    }

    /// What the peer wants, and with which keys.
    pub(super) fn describe(
        &mut self,
        session: SessionId,
        remote: RemoteMedia,
        keys: Option<SrtpKeys>,
    ) {
        let secure = MediaCommand::Secure { session, keys };
        let described = MediaCommand::SetRemote { session, remote };
        self.commands.extend([secure, described]);
    }

    /// Says something once; its end is told under this number.
    pub(super) fn say(&mut self, session: SessionId, sound: Arc<Sound>, playback: u32) {
        self.commands.push_back(MediaCommand::Play {
            session,
            sound,
            playback,
            repeat: false,
        });
    }

    pub(super) fn play_music(&mut self, session: SessionId, sound: Arc<Sound>) {
        self.commands.push_back(MediaCommand::Play {
            session,
            sound,
            playback: 0,
            repeat: true,
        });
    }

    /// Lets a leg hear that somebody is rung.
    pub(super) fn ring_back(&mut self, session: SessionId, sound: Arc<Sound>) {
        self.commands
            .push_back(MediaCommand::Tone { session, sound });
    }

    pub(super) fn set_hold_music(&mut self, music: Arc<Sound>) {
        self.commands
            .push_back(MediaCommand::SetHoldMusic { music });
    }

    /// Connects two legs; [`Self::bridged`] gives `what` when it is told that they are.
    pub(super) fn bridge(&mut self, a: SessionId, b: SessionId, what: BridgeOf) {
        self.last_bridge += 1;
        let token = self.last_bridge;
        self.bridges.insert(token, what);
        self.commands
            .push_back(MediaCommand::Bridge { a, b, token });
    }

    /// Connects two legs before anybody has picked up.
    pub(super) fn bridge_early(&mut self, a: SessionId, b: SessionId) {
        let token = UNTOLD;
        self.commands
            .push_back(MediaCommand::Bridge { a, b, token });
    }

    /// Lets more than two legs hear each other; those of one person have one number.
    pub(super) fn join(&mut self, legs: Vec<(SessionId, u8)>) {
        self.commands.push_back(MediaCommand::Join { legs });
    }

    /// A bridge stands; what it is for, if that is wanted still.
    pub(super) fn bridged(&mut self, token: u64) -> Option<BridgeOf> {
        self.bridges.remove(&token)
    }

    /// A bridge that will not be told any more: one of its sides is gone.
    pub(super) fn forget_bridge(&mut self, what: &BridgeOf) {
        self.bridges.retain(|_, other| other != what);
    }

    /// Whether a leg may hear anything.
    pub(super) fn withhold(&mut self, session: SessionId, withheld: bool) {
        self.commands
            .push_back(MediaCommand::Withhold { session, withheld });
    }

    /// Tells a leg a key.
    pub(super) fn press(&mut self, session: SessionId, digit: char, lasts: Duration) {
        self.commands.push_back(MediaCommand::Press {
            session,
            digit,
            lasts,
        });
    }
}

#[cfg(test)]
mod tests;
