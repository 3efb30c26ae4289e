//! The media without threads and sockets, in a time that is told: which leg hears what, and what is told of it.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard};

use madoguchi_endpoint::media::{
    MediaCommand, MediaError, MediaEvent, MediaPorts, RemoteMedia, RtpPorts, SessionId,
};

/// Shared by the switch, which takes ports of it, and the bench, which has commands carried out.
#[derive(Clone)]
pub(crate) struct VirtualMedia(Arc<Mutex<Legs>>);

struct Legs {
    free: VecDeque<u16>,
    total: usize,
    legs: BTreeMap<SessionId, Leg>,
    /// Legs that all hear each other.
    mixes: Vec<Vec<SessionId>>,
    /// What is told already.
    told: VecDeque<MediaEvent>,
}

struct Leg {
    addr: SocketAddr,
    remote: Option<RemoteMedia>,
    withheld: bool,
    peer: Option<SessionId>,
    playing: Option<Playing>,
}

enum Playing {
    Music,
    Once {
        playback: u32,
        lasts: u64,
        /// Known when the peer can hear it.
        ends_at: Option<u64>,
    },
}

/// What a leg hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hears {
    Nothing,
    Music,
    Announcement,
    Leg(SessionId),
    Several,
}

impl VirtualMedia {
    pub(crate) fn new(ports: RangeInclusive<u16>) -> Self {
        let free: VecDeque<_> = ports.filter(|port| port % 2 == 0).collect();
        Self(Arc::new(Mutex::new(Legs {
            total: free.len(),
            free,
            legs: BTreeMap::new(),
            mixes: Vec::new(),
            told: VecDeque::new(),
        })))
    }

    fn legs(&self) -> MutexGuard<'_, Legs> {
        self.0.lock().unwrap()
    }

    pub(crate) fn carry_out(&self, command: MediaCommand, now: u64) {
        let mut legs = self.legs();
        legs.carry_out(command);
        legs.pass(now);
    }

    /// What is told until now, one after the other.
    pub(crate) fn poll(&self, now: u64) -> Option<MediaEvent> {
        let mut legs = self.legs();
        legs.pass(now);
        legs.told.pop_front()
    }

    /// When an announcement ends.
    pub(crate) fn next_end(&self) -> Option<u64> {
        let legs = self.legs();
        legs.legs.values().filter_map(Leg::ends_at).min()
    }

    /// What is told next, however long that takes.
    pub(crate) fn wait(&self) -> Option<MediaEvent> {
        let next = self.legs().told.pop_front();
        next.or_else(|| self.poll(self.next_end()?))
    }

    /// The leg that hears at this address.
    pub(crate) fn leg_at(&self, addr: SocketAddr) -> Option<SessionId> {
        let legs = self.legs();
        let mut all = legs.legs.iter();
        all.find(|(_, leg)| leg.addr == addr).map(|(id, _)| *id)
    }

    /// Where a leg hears.
    pub(crate) fn addr_of(&self, session: SessionId) -> Option<SocketAddr> {
        self.legs().legs.get(&session).map(|leg| leg.addr)
    }

    /// What a leg hears; `None` if it is closed.
    pub(crate) fn hears(&self, session: SessionId) -> Option<Hears> {
        let legs = self.legs();
        let leg = legs.legs.get(&session)?;
        Some(match (&leg.playing, leg.peer) {
            (Some(Playing::Music), _) => Hears::Music,
            (Some(Playing::Once { .. }), _) => Hears::Announcement,
            (None, Some(peer)) => Hears::Leg(peer),
            (None, None) if legs.is_mixed(session) => Hears::Several,
            (None, None) => Hears::Nothing,
        })
    }

    /// How many legs are open.
    pub(crate) fn open_legs(&self) -> usize {
        self.legs().legs.len()
    }
}

impl MediaPorts for VirtualMedia {
    fn open(&mut self, session: SessionId, local: IpAddr) -> Result<SocketAddr, MediaError> {
        let mut legs = self.legs();
        let Some(port) = legs.free.pop_front() else {
            let (in_use, foreign) = (legs.total, 0);
            return Err(MediaError::PortsExhausted { in_use, foreign });
        };
        let addr = SocketAddr::new(local, port);
        let leg = Leg {
            addr,
            remote: None,
            withheld: false,
            peer: None,
            playing: None,
        };
        let before = legs.legs.insert(session, leg);
        assert!(before.is_none(), "{session:?} is opened twice");
        Ok(addr)
    }

    fn usage(&self) -> RtpPorts {
        let legs = self.legs();
        RtpPorts {
            total: legs.total,
            in_use: legs.total - legs.free.len(),
        }
    }
}

impl Leg {
    fn ends_at(&self) -> Option<u64> {
        match self.playing {
            Some(Playing::Once { ends_at, .. }) => ends_at,
            Some(Playing::Music) | None => None,
        }
    }
}

impl Legs {
    /// Whatever is commanded of a leg that is closed is passed over, as the contract has it.
    fn carry_out(&mut self, command: MediaCommand) {
        match command {
            MediaCommand::SetRemote { session, remote } => {
                self.with(session, |leg| leg.remote = Some(remote));
            }
            MediaCommand::Play {
                session,
                sound,
                playback,
                repeat,
            } => {
                let lasts = u64::try_from(sound.duration().0).unwrap();
                let ends_at = None;
                let playing = if repeat {
                    Playing::Music
                } else {
                    Playing::Once {
                        playback,
                        lasts,
                        ends_at,
                    }
                };
                self.with(session, |leg| leg.playing = Some(playing));
            }
            MediaCommand::Tone { session, .. } => {
                self.with(session, |leg| leg.playing = Some(Playing::Music));
            }
            MediaCommand::Stop { session } => self.with(session, |leg| leg.playing = None),
            MediaCommand::Bridge { a, b, token } => self.bridge(a, b, token),
            MediaCommand::Join { legs } => self.join(&legs),
            MediaCommand::Unbridge { session } => self.part(session),
            MediaCommand::Withhold { session, withheld } => {
                self.with(session, |leg| leg.withheld = withheld);
            }
            MediaCommand::Press { .. }
            | MediaCommand::Secure { .. }
            | MediaCommand::SetHoldMusic { .. } => {}
            MediaCommand::Close { session } => {
                self.part(session);
                let closed = self.legs.remove(&session);
                let closed = closed.unwrap_or_else(|| panic!("{session:?} is closed twice"));
                self.free.push_back(closed.addr.port());
            }
        }
    }

    fn with(&mut self, session: SessionId, change: impl FnOnce(&mut Leg)) {
        if let Some(leg) = self.legs.get_mut(&session) {
            change(leg);
        }
    }

    fn bridge(&mut self, a: SessionId, b: SessionId, token: u64) {
        assert_ne!(a, b, "a leg is bridged with itself");
        if !self.legs.contains_key(&a) || !self.legs.contains_key(&b) {
            return;
        }
        for (one, other) in [(a, b), (b, a)] {
            if self.legs[&one].peer != Some(other) {
                self.part(one);
            }
            self.with(one, |leg| {
                leg.peer = Some(other);
                leg.playing = None;
            });
        }
        self.told.push_back(MediaEvent::Bridged { token });
    }

    fn join(&mut self, legs: &[(SessionId, u8)]) {
        let mut members = Vec::new();
        for (session, _) in legs {
            self.part(*session);
            if let Some(leg) = self.legs.get_mut(session) {
                leg.playing = None;
                members.push(*session);
            }
        }
        self.mixes.push(members);
        self.mixes.retain(|members| members.len() > 1);
    }

    fn is_mixed(&self, session: SessionId) -> bool {
        self.mixes.iter().flatten().any(|member| *member == session)
    }

    fn part(&mut self, session: SessionId) {
        for members in &mut self.mixes {
            members.retain(|member| *member != session);
        }
        self.mixes.retain(|members| members.len() > 1);
        let peer = self.legs.get_mut(&session).and_then(|leg| leg.peer.take());
        if let Some(peer) = peer {
            self.with(peer, |leg| leg.peer = None);
        }
    }

    /// Announcements begin when they can be heard, and end.
    fn pass(&mut self, now: u64) {
        for (id, leg) in &mut self.legs {
            let can_hear = leg.remote.is_some() && !leg.withheld;
            let Some(Playing::Once {
                playback,
                lasts,
                ends_at,
            }) = &mut leg.playing
            else {
                continue;
            };
            match ends_at {
                None if can_hear => *ends_at = Some(now + *lasts),
                Some(at) if *at <= now => {
                    self.told.push_back(MediaEvent::PlaybackEnded {
                        session: *id,
                        playback: *playback,
                    });
                    leg.playing = None;
                }
                _ => {}
            }
        }
    }
}
