//! The engine: what is known of lines, agents and calls, and the door through which it changes.

mod agents;
mod arrival;
mod asking;
mod call;
mod clock;
mod closing;
mod consult;
mod dialled;
mod joining;
mod keys;
mod lines;
mod not_taken;
mod outbound;
mod outbound_use;
mod outward;
mod parking;
mod picking_up;
mod presence;
mod reconfigure;
mod requests;
mod ringing;
mod ringing_all;
mod serving;
mod states;
mod stopping;
mod talk;
mod timers;
mod transfers;
mod view;

use std::collections::{BTreeMap, HashMap};

use madoguchi_core::clock::{JumpWatch, Moment};
use madoguchi_core::event::{CallEvent, EndCause, EventKind};
use madoguchi_core::hours::Calendar;
use madoguchi_core::id::{AgentId, CallId, NodeName};
use madoguchi_core::live::{AgentPresence, AgentState};
use madoguchi_core::outbound::OutboundRules;
use madoguchi_core::time::{Instant, Millis};

use self::agents::Agents;
use self::call::{Call, Stage};
use self::keys::LineKey;
use self::lines::{Line, Lines};
use self::outbound_use::Outbound;
use self::timers::{TimerOf, Timers};
use crate::api::{Input, LegFailure, Output};
use crate::settings::{AgentSettings, LineSettings};

/// All that the engine is told of the desk: at the start, and again whenever it changes.
#[derive(Debug, Clone)]
pub struct EngineSettings {
    /// The machine, as events name it.
    pub node: NodeName,
    /// The lines, by different names.
    pub lines: Vec<LineSettings>,
    /// The agents, in the order in which the board shows them.
    pub agents: Vec<AgentSettings>,
    /// When the desk is open, and every line that has no calendar of its own.
    pub calendar: Calendar,
    /// Whom agents may call outside.
    pub outbound: OutboundRules,
}

/// The queue engine.
#[derive(Debug)]
pub struct Engine {
    node: NodeName,
    calendar: Calendar,
    lines: Lines,
    agents: Agents,
    calls: HashMap<CallId, Call>,
    /// Callers who are parked, by their slots.
    slots: BTreeMap<u32, CallId>,
    timers: Timers,
    outbound: Outbound,
    /// Counts arrivals: the smaller, the longer the wait.
    arrivals: u64,
    outputs: Vec<Output>,
    clock: JumpWatch,
}

impl Engine {
    /// A desk at which nobody has logged in yet.
    pub fn new(settings: EngineSettings, now: Moment) -> Self {
        let mut engine = Self {
            node: settings.node.clone(),
            calendar: settings.calendar.clone(),
            lines: Lines::default(),
            agents: Agents::default(),
            calls: HashMap::new(),
            slots: BTreeMap::new(),
            timers: Timers::default(),
            outbound: Outbound::new(settings.outbound.clone(), now),
            arrivals: 0,
            outputs: Vec::new(),
            clock: JumpWatch::new(now),
        };
        // Nobody waits yet, and nobody needs to be told of a desk that they have never seen.
        let _nothing_to_do = engine.reconfigure(settings, now);
        engine
    }

    /// Takes up the state that an agent had before a restart. Whoever was in a call is ready.
    pub fn restore_agent(&mut self, agent: &AgentId, state: AgentState, since: Instant) {
        self.restore_presence(&AgentPresence {
            agent: agent.clone(),
            state,
            since,
            version: 0,
            node: NodeName::new(""),
        });
    }

    /// Takes up the state that was recorded of an agent.
    pub fn restore_presence(&mut self, presence: &AgentPresence) {
        self.agents.restore(presence);
    }

    /// Takes one input; gives what must be done, in order.
    pub fn handle(&mut self, input: Input, now: impl Into<Moment>) -> Vec<Output> {
        let now = now.into();
        self.notice_set_clock(now);
        self.take(input, now);
        std::mem::take(&mut self.outputs)
    }

    fn take(&mut self, input: Input, now: Moment) {
        match input {
            Input::CallArrived {
                call,
                line,
                from,
                to,
            } => {
                self.call_arrived(call, &line, from, to, now);
            }
            Input::CallNotTaken {
                call,
                line,
                from,
                to,
            } => {
                self.call_not_taken(call, &line, from, to, now);
            }
            Input::CallerHungUp { call } => self.caller_gone(&call, false, now),
            Input::CallerLost { call } => self.caller_gone(&call, true, now),
            Input::PlaybackEnded { call, playback } => self.playback_ended(&call, playback, now),
            Input::LegAnswered { leg } => self.leg_answered(&leg, now),
            Input::LegBridged { leg } => self.leg_bridged(&leg, now),
            Input::VoiceEncrypted {
                call,
                caller,
                agent,
            } => self.voice_encrypted(&call, (caller, agent), now),
            Input::VoiceMeasured {
                call,
                leg,
                trunk,
                quality,
            } => self.voice_measured(&call, leg, trunk, quality, now),
            Input::LegFailed { leg, failure } => self.leg_failed(&leg, failure, now),
            Input::LegEnded { leg } => self.leg_gone(&leg, false, now),
            Input::LegLost { leg } => self.leg_gone(&leg, true, now),
            Input::Held { call, by } => self.hold(&call, by, true, now),
            Input::Resumed { call, by } => self.hold(&call, by, false, now),
            Input::AgentDialled {
                call,
                agent,
                target,
            } => {
                self.agent_dialled(call, &agent, target, now);
            }
            Input::DialNotTaken {
                call,
                agent,
                target,
            } => {
                self.dial_not_taken(call, &agent, &target, now);
            }
            Input::FarAnswered { call } => self.far_answered(&call, now),
            Input::FarFailed { call, failure } => self.far_failed(&call, failure, now),
            Input::FarEnded { call } => self.far_ended(&call, now),
            Input::TransferOutside { .. }
            | Input::TransferToAgent { .. }
            | Input::HandOver { .. }
            | Input::TransferToLine { .. }
            | Input::Park { .. } => self.phone_hands_on(input, now),
            Input::Request {
                agent,
                request,
                asked,
            } => self.on_request(&agent, &request, asked, now),
            Input::HandOnOutside {
                agent,
                outbound,
                target,
                asked,
            } => self.hand_on_outside(&agent, outbound, target, asked, now),
            Input::Consult {
                agent,
                consult,
                whom,
                asked,
            } => self.on_consult(&agent, consult, whom, asked, now),
            Input::PickUp { agent, take, asked } => self.pick_up(&agent, &take, asked, now),
            Input::AgentReachable { agent, reachable } => {
                self.agent_reachable(&agent, reachable, now);
            }
            Input::Agent { agent, command } => self.agent_command(&agent, command, now),
            Input::Drain => self.drain(now),
            Input::EndAll => self.end_all(now),
            Input::Presence(presence) => self.presence_elsewhere(presence, now),
            Input::AgentElsewhere { agent, busy } => self.agent_elsewhere(&agent, busy, now),
            Input::OutboundElsewhere(used) => self.set_outbound_elsewhere(used, now),
            Input::Timer { timer } => {
                if let Some(what) = self.timers.take(timer) {
                    self.timer_due(what, now);
                }
            }
        }
    }

    fn timer_due(&mut self, what: TimerOf, now: Moment) {
        match what {
            TimerOf::MaxWait(call) => self.max_wait_due(&call, now),
            TimerOf::Closing(call) => self.closing_due(&call, now),
            TimerOf::Announcement(call) => self.announcement_due(&call),
            TimerOf::Farewell(call) => self.farewell_over(&call, now),
            TimerOf::Parked(call) => self.parked_due(&call, now),
            TimerOf::Leg(leg) => self.leg_timed_out(&leg, now),
            TimerOf::Outward(call) => self.outward_failed(&call, LegFailure::NoAnswer, now),
            TimerOf::OutboundLimit => self.watch_outbound(now),
            TimerOf::WrapUp(agent) => self.wrap_up_over(agent, now),
            TimerOf::Rest(agent) => {
                self.agents.rested(agent);
                self.find_call_for(agent, now);
            }
        }
    }

    fn out(&mut self, output: Output) {
        self.outputs.push(output);
    }

    /// Emits the next event of a call, at the instant of its beginning and what has passed since:
    /// durations are true whatever happens to the clock on the wall.
    fn emit(&mut self, call: &CallId, kind: EventKind, now: Moment) {
        let Some(entry) = self.calls.get_mut(call) else {
            return;
        };
        let seq = entry.next_seq;
        entry.next_seq += 1;
        let at = entry.began.wall_at(now.monotonic);
        entry.last_at = entry.last_at.max(at);
        let event = CallEvent {
            call: call.clone(),
            seq,
            at: entry.last_at,
            node: self.node.clone(),
            line: entry.line_name.clone(),
            kind,
        };
        self.outputs.push(Output::Emit(event));
    }

    fn set_timer(&mut self, what: TimerOf, after: Millis) -> crate::api::TimerId {
        let timer = self.timers.set(what);
        self.out(Output::SetTimer { timer, after });
        timer
    }

    fn clear_timer(&mut self, timer: Option<crate::api::TimerId>) {
        if let Some(timer) = timer
            && self.timers.take(timer).is_some()
        {
            self.out(Output::ClearTimer { timer });
        }
    }

    fn line(&self, key: LineKey) -> Option<&Line> {
        self.lines.get(key)
    }

    fn line_mut(&mut self, key: LineKey) -> Option<&mut Line> {
        self.lines.get_mut(key)
    }

    /// When a line is open.
    fn calendar_of(&self, key: LineKey) -> &Calendar {
        let own = self
            .line(key)
            .and_then(|line| line.settings.calendar.as_ref());
        own.unwrap_or(&self.calendar)
    }

    /// A new call.
    fn open_call(&mut self, call: CallId, entry: Call) {
        if let Some(line) = entry.line.and_then(|key| self.line_mut(key)) {
            line.calls += 1;
        }
        self.calls.insert(call, entry);
    }

    /// From now on the call waits and is worked on as one of this line; its log stays with the line that was called.
    fn move_to_line(&mut self, call: &CallId, to: LineKey) {
        let Some(entry) = self.calls.get_mut(call) else {
            return;
        };
        let from = entry.line.replace(to);
        if let Some(line) = self.line_mut(to) {
            line.calls += 1;
        }
        if let Some(from) = from {
            self.leave_line(from);
        }
    }

    /// One call less of a line, which may be the last one of a line that leaves.
    fn leave_line(&mut self, key: LineKey) {
        if let Some(line) = self.line_mut(key) {
            line.calls = line.calls.saturating_sub(1);
        }
        if self.lines.forget_if_done(key) {
            self.agents.forget_line(key);
        }
    }

    /// The call has ended: it is kept only for the work after it that is not done yet. Whom it was about to be
    /// handed on to outside is called no more.
    fn close_call(&mut self, call: &CallId, now: Moment) {
        self.leave_queue(call);
        self.unpark(call);
        let Some(entry) = self.calls.get_mut(call) else {
            return;
        };
        entry.stage = Stage::Over;
        let (timers, outward) = (entry.timers.take_all(), entry.outward.take());
        for timer in timers {
            self.clear_timer(timer);
        }
        if let Some(outward) = outward {
            self.end_outward(&outward, EndCause::Desk, now);
        }
        self.forget_if_done(call);
    }

    fn forget_if_done(&mut self, call: &CallId) {
        let done = |entry: &Call| matches!(entry.stage, Stage::Over) && entry.wrap_ups == 0;
        if !self.calls.get(call).is_some_and(done) {
            return;
        }
        let key = self.calls.remove(call).and_then(|entry| entry.line);
        if let Some(key) = key {
            self.leave_line(key);
        }
    }

    /// The caller does not wait any more.
    fn leave_queue(&mut self, call: &CallId) {
        let Some(entry) = self.calls.get(call) else {
            return;
        };
        let (Some(key), order) = (entry.line, entry.order) else {
            return;
        };
        if let Some(line) = self.line_mut(key) {
            line.waiting.remove(&order);
            line.queue.remove(&order);
            line.parked.remove(&order);
            line.ringing_all.stop(order);
        }
    }
}

/// How long an agent whose phone refused or could not be reached is left alone.
const REST: Millis = Millis::from_secs(5);

/// What a failure of an attempt is called in the log.
fn ring_outcome(failure: LegFailure) -> madoguchi_core::event::RingOutcome {
    use madoguchi_core::event::RingOutcome;
    match failure {
        LegFailure::Declined | LegFailure::Forbidden => RingOutcome::Declined,
        LegFailure::Unreachable => RingOutcome::Unreachable,
        LegFailure::NoAnswer => RingOutcome::NoAnswer,
    }
}
