//! The desk with its peers, the network between them, a disk and media that take their time, and one clock.

use std::collections::{BTreeMap, VecDeque};

use madoguchi_core::event::CallEvent;
use madoguchi_core::live::DeskSnapshot;
use madoguchi_core::time::{Instant, Millis, Monotonic};
use madoguchi_endpoint::media::{MediaEvent, SessionId, Sounds};
use madoguchi_endpoint::switch::{Now, Peer as PeerAddress, Switch, SwitchInput, SwitchOutput};
use madoguchi_line::engine::Engine;
use madoguchi_line::settings::Strategy;
use madoguchi_sip::parse::parse_datagram;
use madoguchi_sip::transaction::Flow;
use madoguchi_sip::uri::Uri;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::network::{End, Network, Weather};
use super::peer::{DialogId, Peer};
use crate::desk::{DESK, Settings, agent, line, numbers, phone};
use crate::virtual_media::VirtualMedia;

/// The phones of the agents, after the carrier.
pub(crate) const PHONES: std::ops::Range<usize> = 1..4;
pub(crate) const AGENTS: [&str; 3] = ["a", "b", "c"];
pub(crate) const EXTENSIONS: [&str; 3] = ["201", "202", "203"];
/// When the media tell that nothing comes from a leg any more.
const SILENT_AFTER: u64 = 60_000;
/// How often is looked who hears nothing.
const LOOK_EVERY: u64 = 500;

pub(crate) struct World {
    pub(crate) switch: Switch,
    pub(crate) media: VirtualMedia,
    pub(crate) now: Now,
    pub(crate) began: Instant,
    pub(crate) peers: Vec<Peer>,
    network: Network,
    chance: StdRng,
    /// Batches that are on their way to the disk, and back.
    disk: VecDeque<(u64, u64)>,
    /// What the media tell.
    told: VecDeque<(u64, MediaEvent)>,
    pub(crate) log: Vec<CallEvent>,
    pub(crate) board: DeskSnapshot,
    next_look: u64,
    /// Since when something is wrong that may be so for a moment.
    pub(crate) wrong_since: BTreeMap<(usize, DialogId), u64>,
    /// Legs of peers that have died, and since when nothing comes from them.
    pub(crate) dead: BTreeMap<SessionId, u64>,
    /// Callers who called.
    pub(crate) callers: usize,
    /// The desk stops before its peers do.
    pub(crate) stops: bool,
    /// What the switch remembers when nothing is going on.
    pub(crate) at_rest: usize,
}

fn settings(seed: u64) -> Settings {
    let bit = |n: u32| seed >> n & 1 == 1;
    let secs = |n: u32, secs: i64| Millis::from_secs(if bit(n) { secs } else { 0 });
    let mut settings = Settings::new();
    let phones = EXTENSIONS.into_iter().zip(AGENTS).zip(7001..);
    settings.endpoint.phones = phones
        .map(|((extension, name), port)| {
            let mut phone = phone(name, extension, "secret");
            phone.fixed_contacts = vec![format!("sip:{extension}@127.0.0.1:{port}")];
            phone
        })
        .collect();
    settings.endpoint.lines = vec![numbers("desk", "5000"), numbers("vip", "5001")];
    settings.endpoint.session_expires_secs = if bit(0) { 90 } else { 0 };
    settings.endpoint.dial_timeout = Millis::from_secs(30);
    let strategy = match (bit(2), bit(3)) {
        (false, _) => Strategy::LongestIdle,
        (true, false) => Strategy::RingAll,
        (true, true) => Strategy::RoundRobin,
    };
    let mut desk = line("desk");
    desk.strategy = strategy;
    desk.greeting = bit(4);
    desk.wrap_up = secs(5, 15);
    desk.announce_every = secs(6, 10);
    desk.max_wait = secs(7, 60);
    let mut vip = line("vip");
    vip.wrap_up = secs(8, 15);
    settings.engine.lines = vec![desk, vip];
    let agents = EXTENSIONS.into_iter().zip(AGENTS);
    settings.engine.agents = agents
        .map(|(extension, name)| agent(name, extension))
        .collect();
    let mut also = settings.engine.agents[1].lines[0].clone();
    also.line = "vip".into();
    settings.engine.agents[1].lines.push(also);
    settings
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let settings = settings(seed);
        let wall = Instant::from_tokyo("2026-11-24T09:00:00".parse().unwrap());
        let now = Now {
            wall,
            monotonic: Monotonic(wall.0),
            mono: 0,
        };
        let media = VirtualMedia::new(20_000..=29_999);
        let weather = match seed >> 60 {
            0..4 => Weather {
                lost: 0,
                twice: 0,
                slow: 0,
            },
            4..8 => Weather {
                lost: 0,
                twice: 10,
                slow: 30,
            },
            _ => Weather {
                lost: 15,
                twice: 10,
                slow: 15,
            },
        };
        let mut chance = StdRng::seed_from_u64(seed);
        let switch = Switch::new(
            settings.endpoint.clone(),
            Engine::new(settings.engine.clone(), now.into()),
            Box::new(media.clone()),
            Sounds::default(),
            Box::new(|_| DESK.parse().unwrap()),
            [7; 32],
            now,
        );
        let mut peers = vec![Peer::new("127.0.0.1:6001", None, chance.random())];
        for (extension, port) in EXTENSIONS.into_iter().zip(7001..) {
            let at = format!("127.0.0.1:{port}");
            let who = Some((extension, "secret"));
            peers.push(Peer::new(&at, who, chance.random()));
        }
        let mut world = Self {
            switch,
            media,
            now,
            began: wall,
            peers,
            network: Network::new(chance.random(), weather),
            chance,
            disk: VecDeque::new(),
            told: VecDeque::new(),
            log: Vec::new(),
            board: DeskSnapshot::default(),
            next_look: LOOK_EVERY,
            wrong_since: BTreeMap::new(),
            dead: BTreeMap::new(),
            callers: 0,
            stops: seed >> 24 & 7 == 0,
            at_rest: 0,
        };
        world.collect();
        world.look_up();
        world.at_rest = world.switch.remembered();
        world
    }

    /// All names of trunks are literal addresses.
    fn look_up(&mut self) {
        let addresses = |uri: Option<String>| {
            let uri: Option<Uri> = uri.map(|uri| uri.parse().unwrap());
            let peer = uri.and_then(|uri| PeerAddress::of_literal(&uri));
            peer.into_iter().collect()
        };
        for hosts in self.switch.trunk_hosts() {
            self.input(SwitchInput::Resolved {
                trunk: hosts.trunk,
                peers: addresses(hosts.outbound),
                registrars: addresses(hosts.registrar),
            });
        }
    }

    pub(crate) fn input(&mut self, input: SwitchInput) {
        self.switch.handle(input, self.now);
        self.collect();
    }

    fn collect(&mut self) {
        let now = self.now.mono;
        while let Some(output) = self.switch.poll_output() {
            match output {
                SwitchOutput::Media(command) => self.media.carry_out(command, now),
                SwitchOutput::Transmit(transmit) => {
                    let to = transmit.flow.remote;
                    let mut peers = self.peers.iter();
                    let at = peers.position(|peer| peer.addr == to);
                    let at = at.unwrap_or_else(|| panic!("nobody is at {to}"));
                    self.network.send(End::Peer(at), transmit.bytes, now);
                }
                SwitchOutput::Journal { batch, events, .. } => {
                    self.log.extend(events);
                    let slow = self.chance.random_bool(0.02);
                    let takes = self.chance.random_range(0..if slow { 2_000 } else { 10 });
                    let before = self.disk.back().map_or(0, |(at, _)| *at);
                    self.disk.push_back((before.max(now + takes), batch));
                }
            }
        }
        self.hear_media();
        if let Some(board) = self.switch.take_snapshot() {
            self.board = board;
        }
        // Which states were dialled is of no interest here.
        let _states = self.switch.take_dialled_states();
    }

    fn hear_media(&mut self) {
        let now = self.now.mono;
        while let Some(event) = self.media.poll(now) {
            let takes = self.chance.random_range(0..30);
            let before = self.told.back().map_or(0, |(at, _)| *at);
            self.told.push_back((before.max(now + takes), event));
        }
    }

    /// What the peers have said goes on its way.
    pub(crate) fn send(&mut self) {
        let now = self.now.mono;
        for (at, peer) in self.peers.iter_mut().enumerate() {
            while let Some(bytes) = peer.poll_transmit(now) {
                self.network.send(End::Desk(at), bytes, now);
            }
        }
    }

    /// A peer loses its power, and comes back after a while.
    pub(crate) fn dies(&mut self, at: usize, for_ms: u64) {
        let now = self.now.mono;
        let dialogs = self.peers[at].dialogs.values();
        let addrs = dialogs.filter_map(|dialog| dialog.desk_hears);
        let legs = addrs.filter_map(|addr| self.media.leg_at(addr));
        self.dead.extend(legs.map(|leg| (leg, now)));
        self.peers[at].die(now);
        self.network.cut_off(at, now + for_ms);
    }

    /// The media tell of legs from which nothing comes any more.
    fn tell_silence(&mut self) {
        let now = self.now.mono;
        let media = self.media.clone();
        self.dead.retain(|leg, _| media.hears(*leg).is_some());
        let silent = self
            .dead
            .iter()
            .filter(|(_, since)| *since + SILENT_AFTER <= now);
        let silent: Vec<_> = silent.map(|(leg, _)| *leg).collect();
        for session in silent {
            self.dead.insert(session, now);
            self.input(SwitchInput::Media(MediaEvent::Silent { session }));
        }
    }

    /// Something is done at a peer.
    pub(crate) fn at_peer<T>(&mut self, at: usize, act: impl FnOnce(&mut Peer, u64) -> T) -> T {
        let done = act(&mut self.peers[at], self.now.mono);
        self.send();
        done
    }

    fn next_at(&self) -> u64 {
        let peers = self.peers.iter().filter_map(Peer::next_at);
        let others = [
            self.switch.poll_timeout(),
            self.network.next_at(),
            self.disk.front().map(|(at, _)| *at),
            self.told.front().map(|(at, _)| *at),
            self.media.next_end(),
            Some(self.next_look),
        ];
        let all = others.into_iter().flatten().chain(peers);
        all.min().unwrap_or(self.next_look)
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, ms: u64) {
        let until = self.now.mono + ms;
        loop {
            let at = self.next_at();
            if at > until {
                break;
            }
            self.go_to(at.max(self.now.mono));
            self.do_what_is_due();
        }
        self.go_to(until);
    }

    fn do_what_is_due(&mut self) {
        let now = self.now.mono;
        if self.switch.poll_timeout().is_some_and(|at| at <= now) {
            self.switch.handle_timeout(self.now);
            self.collect();
        }
        while let Some((_, batch)) = self.disk.pop_front_if(|(at, _)| *at <= now) {
            self.input(SwitchInput::Journaled { batch });
        }
        self.hear_media();
        while let Some((_, event)) = self.told.pop_front_if(|(at, _)| *at <= now) {
            self.input(SwitchInput::Media(event));
        }
        while let Some((to, bytes)) = self.network.take(now) {
            match to {
                End::Desk(from) => {
                    let flow = Flow::udp(0, self.peers[from].addr);
                    self.input(SwitchInput::Datagram { flow, bytes });
                }
                End::Peer(at) => {
                    let message = parse_datagram(&bytes).unwrap();
                    self.peers[at].receive(message, now);
                }
            }
        }
        for peer in &mut self.peers {
            if peer.next_at().is_some_and(|at| at <= now) {
                peer.pass(now);
            }
        }
        self.send();
        if self.next_look <= now {
            self.next_look = now + LOOK_EVERY;
            self.tell_silence();
            self.look();
        }
    }

    fn go_to(&mut self, mono: u64) {
        let passed = i64::try_from(mono - self.now.mono).unwrap();
        self.now.wall = self.now.wall + Millis(passed);
        self.now.monotonic = self.now.monotonic + Millis(passed);
        self.now.mono = mono;
    }
}
