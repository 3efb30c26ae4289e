//! A switch with a clock that is moved by hand, a journal that confirms at once, media that are no more than what was
//! asked of them (or real ones, where voice itself is heard), and a record of what was sent to whom.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use madoguchi_core::event::EventKind;
use madoguchi_core::id::CallId;
use madoguchi_core::live::{
    AgentCommand, AgentState, AgentView, DeskRequest, DeskSnapshot, HandOnRefusal,
};
use madoguchi_core::time::{Instant, Millis, Monotonic};
use madoguchi_endpoint::media::{
    Media, MediaEvent, MediaPorts, MediaSettings, PortGauge, RtpPorts, SessionId,
};
use madoguchi_endpoint::registrations::SavedRegistration;
use madoguchi_endpoint::switch::{Now, Peer as PeerAddress, Switch, SwitchInput, SwitchOutput};
use madoguchi_line::engine::Engine;
use madoguchi_sip::message::{Message, Method, Request, Response};
use madoguchi_sip::parse::parse_datagram;
use madoguchi_sip::transaction::{Flow, Way};
use madoguchi_sip::uri::Uri;
use tokio::sync::mpsc::UnboundedReceiver;

use super::desk::{DESK, Settings};
use super::peer::Peer;
use super::virtual_media::{Hears, VirtualMedia};

/// No test waits longer for the media.
const PATIENCE: Duration = Duration::from_secs(5);

/// What does as the switch commands.
enum Voice {
    Virtual(VirtualMedia),
    /// With sockets and a thread.
    Real(Media, UnboundedReceiver<MediaEvent>, PortGauge),
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
    voice: Voice,
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
        let media = VirtualMedia::new(ports);
        Self::with(settings, Box::new(media.clone()), Voice::Virtual(media))
    }

    /// A desk whose peers hear real voice.
    pub(crate) fn with_real_voice(settings: Settings) -> Self {
        let media = MediaSettings {
            ports: 27_000..=29_999,
            rtp_timeout: Millis::ZERO,
            ..MediaSettings::default()
        };
        let (media, events) = Media::start(media).unwrap();
        let gauge = media.port_gauge();
        let ports = Box::new(media.clone());
        Self::with(settings, ports, Voice::Real(media, events, gauge))
    }

    fn with(settings: Settings, ports: Box<dyn MediaPorts>, voice: Voice) -> Self {
        let wall = Instant::from_tokyo("2026-11-24T09:00:00".parse().unwrap());
        let now = Now {
            wall,
            monotonic: Monotonic(wall.0),
            mono: 0,
        };
        let switch = Switch::new(
            settings.endpoint.clone(),
            Engine::new(settings.engine.clone(), now.into()),
            ports,
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
            voice,
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
                SwitchOutput::Media(command) => match &self.voice {
                    Voice::Virtual(media) => media.carry_out(command, self.now.mono),
                    Voice::Real(media, ..) => media.carry_out(command),
                },
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
        let event = match &mut self.voice {
            Voice::Virtual(media) => media.wait().expect("the media tell something"),
            Voice::Real(_, events, _) => {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_time()
                    .build()
                    .unwrap();
                let event = async { tokio::time::timeout(PATIENCE, events.recv()).await };
                runtime.block_on(event).unwrap().unwrap()
            }
        };
        self.input(SwitchInput::Media(event));
        event
    }

    /// The ports for voice, and how many are held.
    pub(crate) fn ports(&self) -> RtpPorts {
        match &self.voice {
            Voice::Virtual(media) => media.usage(),
            Voice::Real(_, _, gauge) => gauge.read(),
        }
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

    /// An agent asks for something on the screen; what came of it, if the disk has it.
    pub(crate) fn request(
        &mut self,
        agent: &str,
        request: DeskRequest,
    ) -> Option<Result<(), HandOnRefusal>> {
        let (reply, mut answer) = tokio::sync::oneshot::channel();
        self.input(SwitchInput::Request {
            agent: agent.into(),
            request,
            reply,
        });
        answer.try_recv().ok()
    }

    /// The leg of the media that a description of the desk names.
    pub(crate) fn leg_of(&self, description: &[u8]) -> SessionId {
        let text = std::str::from_utf8(description).unwrap();
        let audio = text.lines().find_map(|line| line.strip_prefix("m=audio "));
        let port = audio.and_then(|audio| audio.split(' ').next()).unwrap();
        let desk: SocketAddr = DESK.parse().unwrap();
        let at = SocketAddr::new(desk.ip(), port.parse().unwrap());
        self.virtual_voice().leg_at(at).expect("the leg is open")
    }

    /// What a leg hears.
    pub(crate) fn hears(&self, leg: SessionId) -> Option<Hears> {
        self.virtual_voice().hears(leg)
    }

    fn virtual_voice(&self) -> &VirtualMedia {
        match &self.voice {
            Voice::Virtual(media) => media,
            Voice::Real(..) => panic!("the voice is real"),
        }
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
