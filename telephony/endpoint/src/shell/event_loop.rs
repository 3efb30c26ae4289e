//! The loop of the signalling: what comes goes into the [`Switch`], and what it puts out is done.

mod stopping;

use std::sync::Arc;
use std::time::Duration;

use madoguchi_core::clock::{Clock, JumpWatch};
use madoguchi_core::live::DeskSnapshot;
use madoguchi_sip::transaction::{Flow, Transmit, Way};
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::messages::{JournalBatch, LoopMessage};
use super::resolver::Resolver;
use super::saved::SavedRegistrations;
use super::signals::SignalTap;
use super::streams::Streams;
use super::tls::{CertificateSettings, Certificates};
use crate::media::{Media, MediaEvent};
use crate::switch::{DialledState, Now, Switch, SwitchInput, SwitchOutput};

/// Datagrams taken from one socket before other work gets its turn.
const DATAGRAMS_A_TURN: usize = 64;

/// The board is shown a new picture at the most this often.
const SNAPSHOT_EVERY: Duration = Duration::from_millis(200);

/// How often connections are looked for that have been open in vain.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

pub(super) struct Loop {
    pub(super) switch: Switch,
    pub(super) media: Media,
    pub(super) inputs: mpsc::UnboundedSender<LoopMessage>,
    pub(super) resolver: Resolver,
    /// Look up the names of trunks for as long as they are here.
    pub(super) lookups: JoinSet<()>,
    pub(super) stopping: Option<Stopping>,
    pub(super) udp: Vec<UdpSocket>,
    pub(super) streams: Streams,
    pub(super) certificates: Arc<Certificates>,
    pub(super) epoch: tokio::time::Instant,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) watch: JumpWatch,
    pub(super) journal: mpsc::UnboundedSender<JournalBatch>,
    pub(super) snapshots: watch::Sender<Arc<DeskSnapshot>>,
    pub(super) dialled: mpsc::UnboundedSender<DialledState>,
    pub(super) next_snapshot: tokio::time::Instant,
    pub(super) next_sweep: tokio::time::Instant,
    pub(super) registrations: Option<SavedRegistrations>,
    pub(super) tap: Option<SignalTap>,
    pub(super) buffer: Vec<u8>,
}

/// The endpoint is about to stop.
pub(super) struct Stopping {
    /// When calls that go on are hung up.
    ends_at: tokio::time::Instant,
    /// They were, and are waited for until then.
    gives_up_at: Option<tokio::time::Instant>,
    /// Whom to tell.
    done: Vec<oneshot::Sender<()>>,
}

impl Loop {
    /// The loop. Journal confirmations and commands before datagrams: they release work that
    /// waits; timers are looked at in every round.
    pub(super) async fn run(
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
                    self.streams.heard(flow, acquaintance);
                }
            }
            LoopMessage::Reconfigure { input, done } => {
                if let SwitchInput::Reconfigure { settings, .. } = &*input {
                    self.streams.set_limit(settings.tcp_connections);
                    self.certificates.set(CertificateSettings::of(settings));
                }
                self.handle(*input);
                let hosts = self.switch.trunk_hosts();
                self.lookups = self.resolver.watch(hosts, &self.inputs);
                // Whoever waited may have gone.
                let _gone = done.send(());
            }
            LoopMessage::Certificates => self.certificates.look(),
            LoopMessage::Stop { grace, done } => {
                self.stop(grace, done);
            }
        }
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
        let coming = self.tap.as_ref().and_then(|_| SignalTap::coming(&input));
        self.switch.handle(input, now);
        if let Some(tap) = &mut self.tap {
            tap.learn(&mut self.switch, now);
            if let Some(came) = coming {
                tap.came(&self.switch, came, now);
            }
        }
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
            let flow = Flow::udp(u16::try_from(at).unwrap_or(0), remote);
            let bytes = self.buffer.get(..length).unwrap_or_default().to_vec();
            self.handle(SwitchInput::Datagram { flow, bytes });
        }
    }

    fn do_outputs(&mut self) {
        while let Some(output) = self.switch.poll_output() {
            match output {
                SwitchOutput::Media(command) => self.media.carry_out(command),
                SwitchOutput::Transmit(transmit) => {
                    let now = self.now();
                    if let Some(tap) = &mut self.tap {
                        tap.learn(&mut self.switch, now);
                        tap.goes(&self.switch, &transmit, now);
                    }
                    self.send(transmit);
                }
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
        let Way::Udp { socket } = flow.way else {
            return self.streams.send(flow, bytes);
        };
        if let Some(socket) = self.udp.get(usize::from(socket))
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
            self.streams.sweep(|flow| switch.acquaintance(flow));
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
