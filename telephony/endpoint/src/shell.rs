//! Sockets, clocks and chance for the [`Switch`]: one thread of its own, so that neither the
//! database nor a page under load delays a call.

mod addresses;
mod locate;
mod resolver;
mod saved;
mod sockets;
mod srv;
mod streams;
mod system_names;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use madoguchi_core::clock::{Clock, JumpWatch};
use madoguchi_core::event::CallEvent;
use madoguchi_core::id::{AgentId, RunId};
use madoguchi_core::live::{AgentCommand, AgentPresence, DeskSnapshot};
use madoguchi_core::time::Millis;
use madoguchi_line::engine::{Engine, EngineSettings};
use madoguchi_sip::transaction::{Flow, Transmit};
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use self::addresses::LocalAddresses;
use self::resolver::Resolver;
use self::saved::SavedRegistrations;
use self::sockets::Sockets;
use self::streams::Streams;
use crate::media::{Media, MediaError, MediaEvent, MediaSettings, PortGauge, RtpPorts, Sounds};
use crate::registrations;
use crate::settings::{EndpointSettings, Listen};
use crate::switch::{DialledState, Now, Switch, SwitchInput, SwitchOutput};

/// The largest datagram.
const DATAGRAM_BYTES: usize = 65_535;
/// Datagrams taken from one socket before other work gets its turn.
const DATAGRAMS_A_TURN: usize = 64;
/// The board is shown a new picture at the most this often.
const SNAPSHOT_EVERY: Duration = Duration::from_millis(200);
/// How often connections are looked for that have been open in vain.
const SWEEP_EVERY: Duration = Duration::from_secs(1);
/// How long the last BYEs and events may take when the endpoint stops.
const QUIET_WITHIN: Duration = Duration::from_secs(5);
/// Whoever is sent elsewhere while the endpoint stops may come again after so long at the least.
const RETRY_AFTER_SECS_AT_LEAST: u64 = 5;

/// Why the endpoint cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A listening address cannot be had.
    #[error("{transport} {addr} で待ち受けられません")]
    Listen {
        /// udp or tcp.
        transport: &'static str,
        /// The address in the settings.
        addr: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The media cannot start.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// The thread cannot start.
    #[error("通話処理を開始できません")]
    Thread(#[source] io::Error),
}

/// A batch of events for the journal; `done` is told when they are on disk.
#[derive(Debug)]
pub struct JournalBatch {
    /// The events.
    pub events: Vec<CallEvent>,
    /// States of agents that were asked for. Never nothing of both.
    pub presences: Vec<AgentPresence>,
    /// The number to tell back.
    pub batch: u64,
}

/// What the endpoint needs from the program around it.
pub struct EndpointDeps {
    /// The desk's clock.
    pub clock: Arc<dyn Clock>,
    /// Takes events to be written; answers through [`Endpoint::journaled`].
    pub journal: mpsc::UnboundedSender<JournalBatch>,
    /// Where the board looks.
    pub snapshots: watch::Sender<Arc<DeskSnapshot>>,
    /// Told of every state that an agent asked for by telephone.
    pub dialled: mpsc::UnboundedSender<DialledState>,
    /// The states agents had before a restart.
    pub restored: Vec<AgentPresence>,
    /// Names the run.
    pub run: RunId,
    /// The file in which registrations are kept over a restart.
    pub registrations: Option<PathBuf>,
}

/// A running endpoint.
#[derive(Debug, Clone)]
pub struct Endpoint {
    inputs: mpsc::UnboundedSender<LoopMessage>,
    listening: Vec<Listen>,
    ports: PortGauge,
}

#[derive(Debug)]
enum LoopMessage {
    Input(Box<SwitchInput>),
    Reconfigure {
        input: Box<SwitchInput>,
        done: oneshot::Sender<()>,
    },
    Stop {
        grace: Duration,
        done: oneshot::Sender<()>,
    },
}

impl Endpoint {
    /// Binds all addresses and starts the threads of signalling and media.
    pub async fn start(
        settings: EndpointSettings,
        media: MediaSettings,
        sounds: Sounds,
        engine: Engine,
        around: EndpointDeps,
    ) -> Result<Self, StartError> {
        let sockets = Sockets::bind(&settings.listen, settings.dscp).await?;
        let listening = sockets.listening()?;
        let (media, media_events) = Media::start(media)?;
        let ports = media.port_gauge();
        let (inputs, received) = mpsc::unbounded_channel();
        let (started, starting) = oneshot::channel();
        let shell = Shell {
            settings,
            sounds,
            engine,
            around,
            media,
            inputs: inputs.clone(),
        };
        std::thread::Builder::new()
            .name("sip".to_owned())
            .spawn(move || shell.run(sockets, received, media_events, started))
            .map_err(StartError::Thread)?;
        starting
            .await
            .map_err(|_| StartError::Thread(io::Error::other("sip thread ended")))?
            .map_err(StartError::Thread)?;
        Ok(Self {
            inputs,
            listening,
            ports,
        })
    }

    /// The addresses on which SIP is heard, with the ports that were really bound.
    pub fn listening(&self) -> &[Listen] {
        &self.listening
    }

    /// The ports for RTP, and how many of them calls hold now.
    pub fn rtp_ports(&self) -> RtpPorts {
        self.ports.read()
    }

    /// Tells that all events up to and including this batch are on disk.
    pub fn journaled(&self, batch: u64) {
        self.tell(SwitchInput::Journaled { batch });
    }

    /// Hands over states of agents that were asked for at other nodes.
    pub fn share_presences(&self, presences: Vec<AgentPresence>) {
        self.tell(SwitchInput::Presences(presences));
    }

    /// Tells whether calls at other nodes keep these agents.
    pub fn set_elsewhere(&self, agents: Vec<(AgentId, bool)>) {
        self.tell(SwitchInput::Elsewhere(agents));
    }

    /// Hands over how long agents have talked to the outside on this day in calls of earlier runs.
    pub fn restore_outbound(&self, talks: Vec<(AgentId, Millis)>) {
        self.tell(SwitchInput::OutboundTalked(talks));
    }

    /// Asks for a state of an agent; tells, when it is on disk, whether there is such an agent.
    pub async fn command(&self, agent: AgentId, command: AgentCommand) -> bool {
        let (reply, answer) = oneshot::channel();
        self.tell(SwitchInput::Command {
            agent,
            command,
            reply,
        });
        answer.await.unwrap_or(false)
    }

    /// Hands over the complete settings after a change; returns when they are in force, and tells
    /// whether they are: not if the endpoint has stopped. Calls go on. Listening addresses, public
    /// address, realm and nonce secret stay what they were at the start.
    pub async fn reconfigure(
        &self,
        settings: EndpointSettings,
        engine: EngineSettings,
        sounds: Sounds,
    ) -> bool {
        let (done, in_force) = oneshot::channel();
        let input = Box::new(SwitchInput::Reconfigure {
            settings: Box::new(settings),
            engine: Box::new(engine),
            sounds,
        });
        let sent = self.inputs.send(LoopMessage::Reconfigure { input, done });
        sent.is_ok() && in_force.await.is_ok()
    }

    /// Stops when all calls have ended; after `grace`, which another stop may shorten, those that
    /// go on are hung up. No new calls are taken in the meantime.
    pub async fn stop(&self, grace: Duration) {
        let (done, stopped) = oneshot::channel();
        if self.inputs.send(LoopMessage::Stop { grace, done }).is_ok() {
            // An error means that the thread has ended already.
            let _ended = stopped.await;
        }
    }

    fn tell(&self, input: SwitchInput) {
        // Only fails while the program stops.
        let _stopping = self.inputs.send(LoopMessage::Input(Box::new(input)));
    }
}

struct Shell {
    settings: EndpointSettings,
    sounds: Sounds,
    engine: Engine,
    around: EndpointDeps,
    media: Media,
    inputs: mpsc::UnboundedSender<LoopMessage>,
}

impl Shell {
    fn run(
        self,
        sockets: Sockets,
        received: mpsc::UnboundedReceiver<LoopMessage>,
        media_events: mpsc::UnboundedReceiver<MediaEvent>,
        started: oneshot::Sender<io::Result<()>>,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        match runtime {
            Ok(runtime) => {
                runtime.block_on(self.serve(sockets, received, media_events, started));
            }
            Err(error) => {
                // The starter sees the error or has gone.
                let _gone = started.send(Err(error));
            }
        }
    }

    async fn serve(
        self,
        sockets: Sockets,
        received: mpsc::UnboundedReceiver<LoopMessage>,
        media_events: mpsc::UnboundedReceiver<MediaEvent>,
        started: oneshot::Sender<io::Result<()>>,
    ) {
        let epoch = tokio::time::Instant::now();
        let (connections, inputs) = (self.settings.tcp_connections, self.inputs.clone());
        let streams = Streams::start(sockets.tcp, connections, inputs, epoch);
        let clock = self.around.clock.clone();
        let now = Now {
            wall: clock.now(),
            monotonic: clock.monotonic(),
            mono: 0,
        };
        let local = LocalAddresses::new(&sockets.udp, streams.local_addresses());
        let mut switch = Switch::new(
            self.settings,
            self.engine,
            self.media,
            self.sounds,
            Box::new(move |flow| local.of(flow)),
            rand::random(),
            now,
        );
        switch.name_run(self.around.run);
        for presence in &self.around.restored {
            switch.restore_agent(presence);
        }
        let registrations = self.around.registrations.and_then(|path| {
            switch.restore_registrations(registrations::load(&path), now);
            SavedRegistrations::start(path, epoch)
        });
        let resolver = Resolver::new(rand::random());
        let lookups = resolver.watch(switch.trunk_hosts(), &self.inputs);
        let mut the_loop = Loop {
            switch,
            inputs: self.inputs,
            resolver,
            lookups,
            stopping: None,
            udp: sockets.udp,
            streams,
            epoch,
            clock,
            watch: JumpWatch::new(now.into()),
            journal: self.around.journal,
            snapshots: self.around.snapshots,
            dialled: self.around.dialled,
            next_snapshot: epoch,
            next_sweep: epoch,
            registrations,
            buffer: vec![0; DATAGRAM_BYTES],
        };
        // The starter may have given up; the loop then ends with its channel.
        let _gone = started.send(Ok(()));
        the_loop.run(received, media_events).await;
    }
}

/// The endpoint is about to stop.
struct Stopping {
    /// When calls that go on are hung up.
    ends_at: tokio::time::Instant,
    /// They were, and are waited for until then.
    gives_up_at: Option<tokio::time::Instant>,
    /// Whom to tell.
    done: Vec<oneshot::Sender<()>>,
}

struct Loop {
    switch: Switch,
    inputs: mpsc::UnboundedSender<LoopMessage>,
    resolver: Resolver,
    /// Look up the names of trunks for as long as they are here.
    lookups: JoinSet<()>,
    stopping: Option<Stopping>,
    udp: Vec<UdpSocket>,
    streams: Streams,
    epoch: tokio::time::Instant,
    clock: Arc<dyn Clock>,
    watch: JumpWatch,
    journal: mpsc::UnboundedSender<JournalBatch>,
    snapshots: watch::Sender<Arc<DeskSnapshot>>,
    dialled: mpsc::UnboundedSender<DialledState>,
    next_snapshot: tokio::time::Instant,
    next_sweep: tokio::time::Instant,
    registrations: Option<SavedRegistrations>,
    buffer: Vec<u8>,
}

impl Loop {
    /// The loop. Journal confirmations and commands before datagrams: they release work that
    /// waits; timers are looked at in every round.
    async fn run(
        &mut self,
        mut received: mpsc::UnboundedReceiver<LoopMessage>,
        mut media: mpsc::UnboundedReceiver<MediaEvent>,
    ) {
        self.do_outputs();
        loop {
            let wake = self.next_wake();
            tokio::select! {
                biased;
                input = received.recv() => match input {
                    Some(input) => self.take(input),
                    None => return,
                },
                Some(event) = media.recv() => self.handle(SwitchInput::Media(event)),
                at = readable(&self.udp) => self.read_datagrams(at),
                () = tokio::time::sleep_until(wake) => {}
            }
            while let Ok(input) = received.try_recv() {
                self.take(input);
            }
            let now = self.now();
            let due = self.switch.poll_timeout().is_some_and(|at| at <= now.mono);
            if self.watch.observe(now.into()).is_some() || due {
                self.switch.handle_timeout(now);
                self.do_outputs();
            }
            self.show_snapshot();
            self.sweep_streams();
            self.save_registrations();
            if self.has_stopped() {
                self.finish_registrations();
                let stopping = self.stopping.take();
                for done in stopping.map(|stopping| stopping.done).unwrap_or_default() {
                    // Whoever waited may have gone.
                    let _gone = done.send(());
                }
                return;
            }
        }
    }

    fn take(&mut self, input: LoopMessage) {
        match input {
            LoopMessage::Input(input) => {
                let heard = match &*input {
                    SwitchInput::Streamed { flow, .. } => Some(*flow),
                    _ => None,
                };
                self.handle(*input);
                if let Some(flow) = heard {
                    let acquaintance = self.switch.acquaintance(flow);
                    self.streams.heard(flow.remote, acquaintance);
                }
            }
            LoopMessage::Reconfigure { input, done } => {
                if let SwitchInput::Reconfigure { settings, .. } = &*input {
                    self.streams.set_limit(settings.tcp_connections);
                }
                self.handle(*input);
                let hosts = self.switch.trunk_hosts();
                self.lookups = self.resolver.watch(hosts, &self.inputs);
                // Whoever waited may have gone.
                let _gone = done.send(());
            }
            LoopMessage::Stop { grace, done } => {
                self.stop(grace, done);
            }
        }
    }

    fn stop(&mut self, grace: Duration, done: oneshot::Sender<()>) {
        let ends_at = tokio::time::Instant::now() + grace;
        if let Some(stopping) = &mut self.stopping {
            stopping.ends_at = stopping.ends_at.min(ends_at);
            stopping.done.push(done);
            return;
        }
        self.stopping = Some(Stopping {
            ends_at,
            gives_up_at: None,
            done: vec![done],
        });
        let retry_after_secs = grace.as_secs().max(RETRY_AFTER_SECS_AT_LEAST);
        self.handle(SwitchInput::Drain { retry_after_secs });
    }

    /// Goes on with stopping, if that was asked for; tells whether it is done.
    fn has_stopped(&mut self) -> bool {
        let now = tokio::time::Instant::now();
        let Some(stopping) = &mut self.stopping else {
            return false;
        };
        if let Some(gives_up_at) = stopping.gives_up_at {
            return self.switch.is_quiet() || now >= gives_up_at;
        }
        let calls = self.switch.calls_in_progress();
        if calls > 0 && now < stopping.ends_at {
            return false;
        }
        stopping.gives_up_at = Some(now + QUIET_WITHIN);
        if calls > 0 {
            tracing::warn!(calls, "calls that go on are hung up");
        }
        self.handle(SwitchInput::EndAll);
        self.switch.is_quiet()
    }

    fn next_wake(&self) -> tokio::time::Instant {
        let stop_at = self
            .stopping
            .as_ref()
            .map(|stopping| stopping.gives_up_at.unwrap_or(stopping.ends_at));
        let far = tokio::time::Instant::now() + SNAPSHOT_EVERY;
        let timer = self
            .switch
            .poll_timeout()
            .map(|at| self.epoch + Duration::from_millis(at));
        [timer, stop_at]
            .into_iter()
            .flatten()
            .fold(far, std::cmp::min)
    }

    fn now(&self) -> Now {
        let moment = self.clock.moment();
        let mono = u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX);
        Now {
            wall: moment.wall,
            monotonic: moment.monotonic,
            mono,
        }
    }

    fn handle(&mut self, input: SwitchInput) {
        let now = self.now();
        self.switch.handle(input, now);
        self.do_outputs();
    }

    fn read_datagrams(&mut self, at: usize) {
        for _ in 0..DATAGRAMS_A_TURN {
            let Some(socket) = self.udp.get(at) else {
                return;
            };
            let Ok((length, remote)) = socket.try_recv_from(&mut self.buffer) else {
                return;
            };
            let flow = Flow {
                reliable: false,
                socket: u16::try_from(at).unwrap_or(0),
                remote,
            };
            let bytes = self.buffer.get(..length).unwrap_or_default().to_vec();
            self.handle(SwitchInput::Datagram { flow, bytes });
        }
    }

    fn do_outputs(&mut self) {
        while let Some(output) = self.switch.poll_output() {
            match output {
                SwitchOutput::Transmit(transmit) => self.send(transmit),
                SwitchOutput::Journal {
                    batch,
                    events,
                    presences,
                } => {
                    let batch = JournalBatch {
                        events,
                        presences,
                        batch,
                    };
                    if self.journal.send(batch).is_err() {
                        tracing::error!("the journal is gone");
                    }
                }
            }
        }
        for state in self.switch.take_dialled_states() {
            // The listener goes away only when the program stops.
            let _stopping = self.dialled.send(state);
        }
    }

    /// A datagram that cannot be sent now is lost as any other; SIP sends it again.
    fn send(&self, Transmit { flow, bytes }: Transmit) {
        if flow.reliable {
            self.streams.send(flow.remote, bytes);
        } else if let Some(socket) = self.udp.get(usize::from(flow.socket))
            && let Err(error) = socket.try_send_to(&bytes, flow.remote)
        {
            tracing::debug!(peer = %flow.remote, %error, "a datagram was not sent");
        }
    }

    fn sweep_streams(&mut self) {
        let now = tokio::time::Instant::now();
        if now >= self.next_sweep {
            self.next_sweep = now + SWEEP_EVERY;
            let switch = &self.switch;
            self.streams
                .sweep(|remote| switch.acquaintance(streams::flow_of(remote)));
        }
    }

    fn save_registrations(&mut self) {
        let change = self.switch.take_registration_change();
        let now = self.now();
        if let Some(saved) = &mut self.registrations {
            saved.note(change);
            if saved.is_due(tokio::time::Instant::now()) {
                saved.save(self.switch.kept_registrations(now));
            }
        }
    }

    fn finish_registrations(&mut self) {
        let now = self.now();
        if let Some(mut saved) = self.registrations.take() {
            saved.save(self.switch.kept_registrations(now));
            saved.finish();
        }
    }

    fn show_snapshot(&mut self) {
        let now = tokio::time::Instant::now();
        if now < self.next_snapshot {
            return;
        }
        self.next_snapshot = now + SNAPSHOT_EVERY;
        self.switch.note_levels();
        if let Some(snapshot) = self.switch.take_snapshot() {
            self.snapshots.send_replace(Arc::new(snapshot));
        }
    }
}

/// Waits until one of the sockets has something to read; tells which.
async fn readable(sockets: &[UdpSocket]) -> usize {
    std::future::poll_fn(|context| {
        for (at, socket) in sockets.iter().enumerate() {
            if socket.poll_recv_ready(context).is_ready() {
                return std::task::Poll::Ready(at);
            }
        }
        std::task::Poll::Pending
    })
    .await
}
