//! A switch with a clock that is moved by hand, a journal that confirms at once, and a record of
//! what was sent to whom.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use madoguchi_core::event::EventKind;
use madoguchi_core::hours::{Calendar, HoursSettings};
use madoguchi_core::id::CallId;
use madoguchi_core::live::{AgentCommand, AgentState, AgentView, DeskSnapshot};
use madoguchi_core::outbound::{OutboundRule, OutboundRules};
use madoguchi_core::time::{Instant, Millis, Monotonic};
use madoguchi_endpoint::media::{Media, MediaEvent, MediaSettings, PortGauge, Sounds};
use madoguchi_endpoint::registrations::SavedRegistration;
use madoguchi_endpoint::settings::{
    Credentials, EndpointSettings, FeatureCodes, LineNumbers, Listen, Phone, Transport, Trunk,
    TrunkRegistration, TrunkSource,
};
use madoguchi_endpoint::switch::{Now, Peer as PeerAddress, Switch, SwitchInput, SwitchOutput};
use madoguchi_line::engine::{Engine, EngineSettings};
use madoguchi_line::settings::{
    AgentSettings, AtClosing, Duty, LineSettings, PeriodicAnnouncement, Strategy,
};
use madoguchi_sip::digest::{Algorithm, Ha1};
use madoguchi_sip::message::{Message, Method, Request, Response};
use madoguchi_sip::parse::parse_datagram;
use madoguchi_sip::sdp::Encryption;
use madoguchi_sip::transaction::{Flow, Way};
use madoguchi_sip::uri::Uri;
use tokio::sync::mpsc::UnboundedReceiver;

use super::peer::Peer;

/// Where the desk hears SIP.
pub(crate) const DESK: &str = "127.0.0.1:5060";
pub(crate) const REALM: &str = "desk.example";
/// No test waits longer for the media.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) fn line(name: &str) -> LineSettings {
    LineSettings {
        name: name.into(),
        calendar: None,
        greeting: false,
        strategy: Strategy::LongestIdle,
        ring_timeout: Millis::from_secs(20),
        away_after_no_answers: 0,
        max_waiting: 0,
        max_wait: Millis::ZERO,
        announce_every: Millis::ZERO,
        announce: PeriodicAnnouncement::Position,
        wait_without_agents: true,
        at_closing: AtClosing::Tell,
        wrap_up: Millis::ZERO,
        priority: 0,
    }
}

pub(crate) fn numbers(line: &str, number: &str) -> LineNumbers {
    LineNumbers {
        line: line.into(),
        numbers: vec![number.to_owned()],
        shown: None,
        trunk: None,
    }
}

/// An agent with a phone of this extension and password.
pub(crate) fn phone(agent: &str, extension: &str, password: &str) -> Phone {
    Phone {
        agent: agent.into(),
        extension: extension.to_owned(),
        secrets: Ha1::all(extension, REALM, password),
        fixed_contacts: Vec::new(),
        line: None,
    }
}

pub(crate) fn agent(name: &str, extension: &str) -> AgentSettings {
    AgentSettings {
        agent: name.into(),
        name: name.to_owned(),
        extension: extension.to_owned(),
        lines: vec![Duty {
            line: "desk".into(),
            level: madoguchi_core::setup::Level::First,
        }],
    }
}

/// A trunk that is known by its address, takes outbound calls there, and registers nowhere.
pub(crate) fn trunk(name: &str, at: &str) -> Trunk {
    let at: SocketAddr = at.parse().unwrap();
    Trunk {
        sources: vec![TrunkSource {
            net: at.ip().into(),
            port: Some(at.port()),
        }],
        outbound: Some(format!("sip:{at}")),
        ..Trunk::new(name)
    }
}

/// A trunk that registers `user` at its address.
pub(crate) fn registering(name: &str, at: &str, user: &str) -> Trunk {
    Trunk {
        credentials: Some(Credentials {
            user: user.to_owned(),
            password: format!("secret-{user}"),
        }),
        register: Some(TrunkRegistration {
            aor: format!("sip:{user}@carrier.example"),
            registrar: format!("sip:{at}"),
            expires_secs: 600,
        }),
        ..trunk(name, at)
    }
}

/// All settings of a desk.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) endpoint: EndpointSettings,
    pub(crate) engine: EngineSettings,
    pub(crate) sounds: Sounds,
}

impl Settings {
    /// One line, 5000; one agent, "a", with the phone 201; a carrier at 127.0.0.1:6001.
    pub(crate) fn new() -> Self {
        let endpoint = EndpointSettings {
            certificate: None,
            listen: vec![Listen {
                transport: Transport::Udp,
                addr: DESK.parse().unwrap(),
            }],
            dscp: 0,
            public_address: None,
            realm: REALM.to_owned(),
            digest_algorithms: vec![Algorithm::Sha256],
            nonce_secret: [1; 32],
            max_expires_secs: 3_600,
            min_expires_secs: 60,
            session_expires_secs: 0,
            min_se_secs: 90,
            keep_alive: Millis::ZERO,
            dial_timeout: Millis::from_secs(60),
            unknown_requests_per_minute: 20,
            tcp_connections: 100,
            lines: vec![numbers("desk", "5000")],
            phones: vec![phone("a", "201", "secret")],
            trunks: vec![trunk("carrier", "127.0.0.1:6001")],
            phones_symmetric_rtp: false,
            phones_encryption: Encryption::Optional,
            keys_in_clear: false,
            feature_codes: FeatureCodes {
                pick_up: "*8".into(),
                park: "*7".into(),
                ready: "*1".to_owned(),
                away: "*2".to_owned(),
                log_out: "*3".to_owned(),
            },
        };
        let engine = EngineSettings {
            node: "node".into(),
            lines: vec![line("desk")],
            agents: vec![agent("a", "201")],
            calendar: Calendar::new(HoursSettings::default()),
            // Who may call the outside is the matter of tests of its own (`outbound`).
            outbound: OutboundRules {
                usual: OutboundRule {
                    when_logged_out: true,
                    ..OutboundRule::default()
                },
                ..OutboundRules::default()
            },
        };
        Self {
            endpoint,
            engine,
            sounds: Sounds::default(),
        }
    }

    pub(crate) fn reconfigure(&self) -> SwitchInput {
        SwitchInput::Reconfigure {
            settings: Box::new(self.endpoint.clone()),
            engine: Box::new(self.engine.clone()),
            sounds: self.sounds.clone(),
        }
    }
}

pub(crate) struct Bench {
    pub(crate) switch: Switch,
    pub(crate) settings: Settings,
    pub(crate) now: Now,
    /// What the board shows.
    board: DeskSnapshot,
    pub(crate) sent: VecDeque<(SocketAddr, Message)>,
    /// From which of our sockets a peer was last sent something.
    sockets: HashMap<SocketAddr, u16>,
    /// What happened to calls.
    pub(crate) events: Vec<EventKind>,
    /// The calls to which that happened, in the order of their first events.
    pub(crate) calls: Vec<CallId>,
    ports: PortGauge,
    media_events: UnboundedReceiver<MediaEvent>,
    holds_journal: bool,
}

fn flow(from: SocketAddr) -> Flow {
    Flow::udp(0, from)
}

impl Bench {
    /// A desk with these settings on a Tuesday morning; the names of its trunks are looked up.
    pub(crate) fn new(settings: Settings) -> Self {
        Self::with_ports(settings, 27_000..=29_999)
    }

    /// A desk with these ports for voice.
    pub(crate) fn with_ports(settings: Settings, ports: RangeInclusive<u16>) -> Self {
        let media = MediaSettings {
            ports,
            rtp_timeout: Millis::ZERO,
            ..MediaSettings::default()
        };
        let (media, media_events) = Media::start(media).unwrap();
        let ports = media.port_gauge();
        let wall = Instant::from_tokyo("2026-11-24T09:00:00".parse().unwrap());
        let now = Now {
            wall,
            monotonic: Monotonic(wall.0),
            mono: 0,
        };
        let switch = Switch::new(
            settings.endpoint.clone(),
            Engine::new(settings.engine.clone(), now.into()),
            media,
            settings.sounds.clone(),
            Box::new(|_| DESK.parse().unwrap()),
            [7; 32],
            now,
        );
        let mut bench = Self {
            switch,
            settings,
            now,
            board: DeskSnapshot::default(),
            sent: VecDeque::new(),
            sockets: HashMap::new(),
            events: Vec::new(),
            calls: Vec::new(),
            ports,
            media_events,
            holds_journal: false,
        };
        bench.collect();
        bench.look_up();
        bench
    }

    /// From now on nothing gets to the disk, as if the desk were killed before it does.
    pub(crate) fn hold_journal(&mut self) {
        self.holds_journal = true;
    }

    /// Whether a peer got anything at all; what it got is forgotten.
    pub(crate) fn heard_anything(&mut self, peer: &Peer) -> bool {
        !self
            .take_for(peer, |message| Some(message.clone()))
            .is_empty()
    }

    pub(crate) fn input(&mut self, input: SwitchInput) {
        self.switch.handle(input, self.now);
        self.collect();
    }

    /// Takes up what a desk before this one kept.
    pub(crate) fn restore(&mut self, kept: Vec<SavedRegistration>) {
        self.switch.restore_registrations(kept, self.now);
        self.collect();
    }

    fn collect(&mut self) {
        while let Some(output) = self.switch.poll_output() {
            match output {
                SwitchOutput::Transmit(transmit) => {
                    let flow = transmit.flow;
                    if let Way::Udp { socket } = flow.way {
                        self.sockets.insert(flow.remote, socket);
                    }
                    let message = parse_datagram(&transmit.bytes).unwrap();
                    self.sent.push_back((transmit.flow.remote, message));
                }
                SwitchOutput::Journal { batch, events, .. } => {
                    for event in events {
                        if !self.calls.contains(&event.call) {
                            self.calls.push(event.call);
                        }
                        self.events.push(event.kind);
                    }
                    if self.holds_journal {
                        continue;
                    }
                    self.switch
                        .handle(SwitchInput::Journaled { batch }, self.now);
                }
            }
        }
        self.board = self
            .switch
            .take_snapshot()
            .unwrap_or_else(|| self.board.clone());
    }

    /// Changes the settings while the switch runs.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings);
        self.input(self.settings.reconfigure());
    }

    /// All names of trunks that are literal addresses are looked up.
    pub(crate) fn look_up(&mut self) {
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
        self.pass(0);
    }

    /// From which of our sockets a peer was last sent something.
    pub(crate) fn socket_to(&self, peer: &Peer) -> Option<u16> {
        self.sockets.get(&peer.addr).copied()
    }

    /// Lets time pass; timers run out one after the other.
    pub(crate) fn pass(&mut self, ms: u64) {
        let until = self.now.mono + ms;
        while let Some(at) = self.switch.poll_timeout().filter(|at| *at <= until) {
            self.go_to(at.max(self.now.mono));
            self.switch.handle_timeout(self.now);
            self.collect();
        }
        self.go_to(until);
    }

    fn go_to(&mut self, mono: u64) {
        let passed = i64::try_from(mono - self.now.mono).unwrap();
        self.now.wall = self.now.wall + Millis(passed);
        self.now.monotonic = self.now.monotonic + Millis(passed);
        self.now.mono = mono;
    }

    pub(crate) fn secs(&mut self, secs: u64) {
        self.pass(secs * 1000);
    }

    pub(crate) fn send(&mut self, from: &Peer, bytes: Vec<u8>) {
        let flow = flow(from.addr);
        self.input(SwitchInput::Datagram { flow, bytes });
    }

    /// What was sent to a peer, out of which `wanted` takes what it is.
    fn take_for<T>(&mut self, peer: &Peer, wanted: impl Fn(&Message) -> Option<T>) -> Vec<T> {
        let mut taken = Vec::new();
        self.sent.retain(|(to, message)| {
            let found = wanted(message).filter(|_| *to == peer.addr);
            let keep = found.is_none();
            taken.extend(found);
            keep
        });
        taken
    }

    /// The requests that a peer got, ACKs aside.
    pub(crate) fn requests_to(&mut self, peer: &Peer) -> Vec<Request> {
        self.take_for(peer, |message| match message {
            Message::Request(request) if request.method != Method::Ack => Some(request.clone()),
            _ => None,
        })
    }

    /// The one request that a peer got, if any, ACKs aside.
    pub(crate) fn request_to(&mut self, peer: &Peer) -> Option<Request> {
        let mut requests = self.requests_to(peer);
        assert!(requests.len() <= 1, "{requests:?}");
        requests.pop()
    }

    /// The one request that a peer got, however often it was sent; ACKs aside.
    pub(crate) fn repeated_request_to(&mut self, peer: &Peer) -> Option<Request> {
        let mut requests = self.requests_to(peer);
        requests.dedup();
        assert!(requests.len() <= 1, "{requests:?}");
        requests.pop()
    }

    /// The last final response that a peer got; what it got before is forgotten.
    pub(crate) fn response_to(&mut self, peer: &Peer) -> Option<Response> {
        self.responses_to(peer).pop()
    }

    /// All final responses that a peer got.
    pub(crate) fn responses_to(&mut self, peer: &Peer) -> Vec<Response> {
        self.take_for(peer, |message| match message {
            Message::Response(response) if response.status >= 200 => Some(response.clone()),
            _ => None,
        })
    }

    /// The provisional responses that a peer got, 100 aside.
    pub(crate) fn all_progress_to(&mut self, peer: &Peer) -> Vec<Response> {
        self.take_for(peer, |message| match message {
            Message::Response(response) if (101..200).contains(&response.status) => {
                Some(response.clone())
            }
            _ => None,
        })
    }

    /// The ACKs that a peer got.
    pub(crate) fn acks_to(&mut self, peer: &Peer) -> Vec<Request> {
        self.take_for(peer, |message| match message {
            Message::Request(request) if request.method == Method::Ack => Some(request.clone()),
            _ => None,
        })
    }

    /// The last provisional response that made a dialog, of those that a peer got.
    pub(crate) fn progress_to(&mut self, peer: &Peer) -> Option<Response> {
        self.all_progress_to(peer).pop()
    }

    /// Waits until the media says something, and passes it on.
    pub(crate) fn media(&mut self) -> MediaEvent {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let event = runtime
            .block_on(async { tokio::time::timeout(PATIENCE, self.media_events.recv()).await });
        let event = event.unwrap().unwrap();
        self.input(SwitchInput::Media(event));
        event
    }

    /// Waits until the media has given back what was closed, down to so many ports.
    pub(crate) fn ports_fall_to(&self, most: usize) {
        for _ in 0..500 {
            if self.ports.read().in_use <= most {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("{:?}", self.ports.read());
    }

    /// An agent as the board shows them.
    pub(crate) fn agent(&self, name: &str) -> Option<&AgentView> {
        let mut agents = self.board.agents.iter();
        agents.find(|view| view.agent.as_str() == name)
    }

    pub(crate) fn state(&self, name: &str) -> AgentState {
        self.agent(name).unwrap().state.clone()
    }

    pub(crate) fn reachable(&self, name: &str) -> bool {
        self.agent(name).unwrap().reachable
    }

    pub(crate) fn command(&mut self, name: &str, command: AgentCommand) -> bool {
        let (reply, mut answer) = tokio::sync::oneshot::channel();
        self.input(SwitchInput::Command {
            agent: name.into(),
            command,
            reply,
        });
        answer.try_recv().unwrap()
    }
}
