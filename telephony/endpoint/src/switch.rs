//! The switch: SIP transactions and dialogs on one side, the queue engine on the other, media
//! between the parties. Without sockets, threads or clock, so that races can be played in tests.
//!
//! Everything happens in [`Switch::handle`] and [`Switch::handle_timeout`]. What comes of it is
//! taken with [`Switch::poll_output`].

mod agenda;
mod beside;
mod binding;
mod bindings;
mod bodies;
mod call;
mod caller;
mod calls;
mod capabilities;
mod carrier_proof;
mod challenges;
mod dialled;
mod dialog;
mod dialog_addresses;
mod early;
mod encryption;
mod failover;
mod familiar;
mod forks;
mod guard;
mod identity;
mod in_dialog;
mod incoming;
mod info;
mod interface;
mod invite_id;
mod keep_alive;
mod kept;
mod lease;
mod legs;
mod levels;
mod media_events;
mod nonces;
mod numbers;
mod offers;
mod outgoing;
mod outward;
mod pending;
mod phones;
mod picking_up;
mod progress;
mod purpose;
mod receiving;
mod reconfigure;
mod referral;
mod refresh;
mod refreshing;
mod register;
mod registration;
mod reliable;
mod replaces;
mod responses;
mod route;
mod sender;
mod session_timer;
mod side;
mod sides;
mod spans;
mod steps;
mod stopping;
mod transfers;
mod trunk_identity;
mod trunk_register;
mod trunks;
mod unacknowledged;
mod unrecorded;
mod voice;
mod voice_keys;
mod wakes;

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

use madoguchi_core::clock::JumpWatch;
use madoguchi_core::id::{CallId, LineName, RunId};
use madoguchi_core::live::{AgentPresence, DeskSnapshot};
use madoguchi_line::api::{Input, LegId};
use madoguchi_line::engine::Engine;
use madoguchi_sip::parse::parse_datagram;
use madoguchi_sip::transaction::{ClientTx, Flow, Transactions};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use self::agenda::{Step, Wake};
use self::bindings::Bindings;
pub use self::bindings::Change;
use self::call::{Call, Leg};
use self::guard::{Guard, may_be_reserved};
pub use self::interface::{
    Acquaintance, DialledState, LocalAddress, Now, SwitchInput, SwitchOutput,
};
use self::nonces::Nonces;
use self::numbers::line_by_number;
use self::outward::Asker;
use self::pending::Pending;
use self::phones::Phones;
use self::purpose::Purpose;
pub use self::route::Peer;
use self::side::SideId;
use self::sides::Sides;
use self::trunks::Trunks;
pub use self::trunks::{TrunkHosts, TrunkKey};
use self::voice::Voice;
use self::wakes::Wakes;
use crate::media::{MediaPorts, Sounds};
use crate::registrations::SavedRegistration;
use crate::settings::EndpointSettings;

pub struct Switch {
    /// Without phones and trunks, which are kept below.
    settings: EndpointSettings,
    engine: Engine,
    transactions: Transactions,
    voice: Voice,
    sounds: Sounds,
    local_address: LocalAddress,
    rng: StdRng,
    phones: Phones,
    line_by_number: HashMap<String, LineName>,
    bindings: Bindings,
    /// Registrations from before a restart, of phones that the settings do not know yet.
    kept_unknown: Vec<SavedRegistration>,
    guard: Guard,
    trunks: Trunks,
    nonces: Nonces,

    sides: Sides,
    purposes: HashMap<ClientTx, Purpose>,
    calls: HashMap<CallId, Call>,
    legs: HashMap<LegId, Leg>,
    /// When each call of an unproven caller was answered, the oldest first. Those acknowledged
    /// meanwhile are passed over.
    unacknowledged: VecDeque<(u64, SideId)>,
    next_number: u64,

    pending: Pending,
    wakes: Wakes,
    clock: JumpWatch,
    outputs: VecDeque<SwitchOutput>,
    /// Names the calls of this run.
    run: RunId,
    dialled: Vec<DialledState>,
    /// Who asked for something on the screen and waits for an answer.
    askers: HashMap<u64, Asker>,
    /// Something on the board may look different.
    dirty: bool,
    /// No more calls are taken; peers may come again after so many seconds.
    draining: Option<u64>,
    /// The disk takes no events, and no more of them can wait in memory.
    memory_full: bool,
}

impl Switch {
    /// A switch with nothing going on. `seed` is drawn by the caller.
    pub fn new(
        mut settings: EndpointSettings,
        engine: Engine,
        ports: Box<dyn MediaPorts>,
        sounds: Sounds,
        local_address: LocalAddress,
        seed: [u8; 32],
        now: Now,
    ) -> Self {
        let guard = Guard::new(settings.unknown_requests_per_minute);
        let phones = std::mem::take(&mut settings.phones);
        let trunks = std::mem::take(&mut settings.trunks);
        let line_by_number = line_by_number(&settings.lines);
        let mut switch = Self {
            settings,
            engine,
            transactions: Transactions::new(),
            voice: Voice::new(ports),
            sounds,
            local_address,
            rng: StdRng::from_seed(seed),
            phones: Phones::default(),
            line_by_number,
            bindings: Bindings::default(),
            kept_unknown: Vec::new(),
            guard,
            trunks: Trunks::default(),
            nonces: Nonces::default(),
            sides: Sides::default(),
            purposes: HashMap::new(),
            calls: HashMap::new(),
            legs: HashMap::new(),
            unacknowledged: VecDeque::new(),
            next_number: 0,
            pending: Pending::default(),
            wakes: Wakes::default(),
            clock: JumpWatch::new(now.into()),
            outputs: VecDeque::new(),
            run: RunId::new("0"),
            dialled: Vec::new(),
            askers: HashMap::new(),
            dirty: true,
            draining: None,
            memory_full: false,
        };
        switch.take_up_phones(phones);
        switch.take_up_trunks(trunks, now);
        switch.tell_all_reachable(false);
        switch.wake_at(now.mono, Wake::Registrations);
        switch.start_keep_alive(now);
        switch.settle(now);
        switch
    }

    /// Names the run, as the names of its calls tell it.
    pub fn name_run(&mut self, run: RunId) {
        self.run = run;
    }

    /// From now on [`Self::take_fresh_dialogs`] tells of the dialogs of calls, and is to be asked.
    pub fn tell_dialogs(&mut self) {
        self.sides.tell_fresh();
    }

    /// The Call-IDs of dialogs that began since the last call of this, with the calls of the desk that
    /// they belong to.
    pub fn take_fresh_dialogs(&mut self) -> Vec<(Box<str>, CallId)> {
        self.sides.take_fresh()
    }

    /// Which of our addresses the peer at the other end of a flow sees.
    pub fn address_of(&self, flow: Flow) -> SocketAddr {
        (self.local_address)(flow)
    }

    /// Takes up the state that was recorded of an agent before a restart.
    pub fn restore_agent(&mut self, presence: &AgentPresence) {
        self.engine.restore_presence(presence);
    }

    /// Takes one input and does everything that follows from it.
    pub fn handle(&mut self, input: SwitchInput, now: Now) {
        self.follow_clock(now);
        match input {
            SwitchInput::Datagram { flow, bytes } => {
                if !self.is_ignored(flow, now) {
                    self.receive(flow, parse_datagram(&bytes), now);
                } else if may_be_reserved(&bytes) {
                    self.receive_reserved(flow, parse_datagram(&bytes), now);
                }
            }
            SwitchInput::Streamed { flow, message } => {
                if self.is_ignored(flow, now) {
                    self.receive_reserved(flow, message, now);
                } else {
                    self.receive(flow, message, now);
                }
            }
            SwitchInput::StreamClosed { flow } => self.on_stream_closed(flow),
            SwitchInput::Media(event) => self.on_media(event, now),
            SwitchInput::Journaled { batch } => self.pending.confirm(batch),
            SwitchInput::MemoryFull { full } => self.set_memory_full(full),
            SwitchInput::Command {
                agent,
                command,
                reply,
            } => {
                if self.engine.agent(&agent).is_some() {
                    self.tell_engine(Input::Agent { agent, command });
                    self.pending.after_inputs(Step::Reply(reply));
                } else {
                    // Whoever asked may have gone away.
                    let _gone = reply.send(false);
                }
            }
            SwitchInput::Request {
                agent,
                request,
                reply,
            } => self.on_desk_request(agent, request, reply, now),
            SwitchInput::Presences(presences) => {
                for presence in presences {
                    self.tell_engine(Input::Presence(presence));
                }
            }
            SwitchInput::Elsewhere(agents) => {
                for (agent, busy) in agents {
                    self.tell_engine(Input::AgentElsewhere { agent, busy });
                }
            }
            SwitchInput::OutboundElsewhere(used) => {
                self.tell_engine(Input::OutboundElsewhere(used));
            }
            SwitchInput::Resolved {
                trunk,
                peers,
                registrars,
            } => {
                self.on_resolved(trunk, peers, registrars, now);
            }
            SwitchInput::Drain { retry_after_secs } => self.drain(retry_after_secs),
            SwitchInput::EndAll => self.end_all(now),
            SwitchInput::Reconfigure {
                settings,
                engine,
                sounds,
            } => self.reconfigure(*settings, *engine, sounds, now),
        }
        self.settle(now);
    }

    /// When [`Self::handle_timeout`] is due, in monotonic milliseconds.
    pub fn poll_timeout(&self) -> Option<u64> {
        let wake = self.wakes.next_at();
        match (wake, self.transactions.poll_timeout()) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Now) {
        self.follow_clock(now);
        self.transactions.handle_timeout(now.mono);
        while let Some(wake) = self.wakes.take_due(now.mono) {
            self.on_wake(wake, now);
        }
        self.settle(now);
    }

    /// The next thing to do outside.
    pub fn poll_output(&mut self) -> Option<SwitchOutput> {
        if let Some(command) = self.voice.poll_command() {
            return Some(SwitchOutput::Media(command));
        }
        if let Some(transmit) = self.transactions.poll_transmit() {
            return Some(SwitchOutput::Transmit(transmit));
        }
        self.outputs.pop_front()
    }

    /// The desk as the board shows it, if it may have changed since the last call.
    pub fn take_snapshot(&mut self) -> Option<DeskSnapshot> {
        std::mem::take(&mut self.dirty).then(|| self.engine.snapshot())
    }

    /// The states that agents asked for by telephone since the last call.
    pub fn take_dialled_states(&mut self) -> Vec<DialledState> {
        std::mem::take(&mut self.dialled)
    }

    /// How much what is registered has changed since the last call.
    pub fn take_registration_change(&mut self) -> Option<Change> {
        self.bindings.take_change()
    }

    /// The hosts of trunks whose names are to be looked up now and then; the answers come as
    /// [`SwitchInput::Resolved`].
    pub fn trunk_hosts(&self) -> Vec<TrunkHosts> {
        self.trunks.hosts()
    }

    /// Calls that are going on, of any kind.
    pub fn calls_in_progress(&self) -> usize {
        self.calls.len()
    }

    /// How many things are remembered in all; for tests that look for leaks.
    pub fn remembered(&self) -> usize {
        self.sides.remembered()
            + self.calls.len()
            + self.legs.len()
            + self.voice.bridges()
            + self.purposes.len()
            + self.wakes.engine_timers()
            + self.transactions.len()
            + self.trunks.count_leaving()
    }

    fn on_wake(&mut self, wake: Wake, now: Now) {
        let _in_call = wake.side().map(|side| self.span_of_side(side).entered());
        match wake {
            Wake::Engine(timer) => {
                self.tell_engine(Input::Timer { timer });
            }
            Wake::SessionTimer(side) => self.on_session_timer(side, now),
            Wake::Progress(side) => self.on_progress_due(side, now),
            Wake::DialTimeout(side) => self.on_dial_timeout(side, now),
            Wake::TrunkSilent(side) => self.on_trunk_silent(side, now),
            Wake::Registrations => self.expire_registrations(now),
            Wake::TrunkRegister(trunk) => self.register_trunk(trunk, now),
            Wake::KeepAlive => self.keep_alive(now),
            Wake::Unconfirmed => self.on_unconfirmed(),
        }
    }

    fn wake_at(&mut self, at: u64, wake: Wake) {
        self.wakes.set(at, wake);
    }

    /// A random text for tags, branches and Call-IDs: 64 bits.
    fn token(&mut self) -> String {
        format!("{:016x}", self.rng.random::<u64>())
    }

    /// A random number.
    fn token_number(&mut self) -> u32 {
        self.rng.random()
    }

    fn number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }
}
