//! A desk to play scenes at: settings, a clock that is moved by hand, and the ledger beside it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDateTime;
use madoguchi_core::clock::Moment;
use madoguchi_core::event::{CallEvent, EventKind};
use madoguchi_core::hours::{Calendar, HoursSettings};
use madoguchi_core::id::{AgentId, CallId};
use madoguchi_core::live::{AgentCommand, AgentState, DeskRequest, HandOnRefusal};
use madoguchi_core::outbound::{OutboundRule, OutboundRules};
use madoguchi_core::time::{Instant, Millis, Monotonic};
use madoguchi_line::api::{DialTarget, Input, LegId, Output, TimerId, Whom};
use madoguchi_line::engine::{Engine, EngineSettings};
use madoguchi_line::settings::{
    AgentSettings, AtClosing, Duty, LineSettings, PeriodicAnnouncement, Strategy,
};

use crate::ledger::{self, Ledger};

/// A clock on the wall in Tokyo.
pub(crate) fn at(text: &str) -> Instant {
    Instant::from_tokyo(text.parse::<NaiveDateTime>().unwrap())
}

/// Who may call the outside is the matter of scenes of its own (`outbound`).
fn anybody_may_call() -> OutboundRules {
    OutboundRules {
        usual: OutboundRule {
            when_logged_out: true,
            ..OutboundRule::default()
        },
        ..OutboundRules::default()
    }
}

/// A line without anything that would disturb a scene.
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
        at_closing: AtClosing::Serve {
            limit: Millis::from_secs(600),
        },
        wrap_up: Millis::ZERO,
        priority: 0,
    }
}

/// A line by its name, or with a level as in `desk:2`.
pub(crate) fn duty(text: &str) -> Duty {
    let (line, level) = text.split_once(':').unwrap_or((text, "1"));
    let level: u8 = level.parse().unwrap();
    Duty {
        line: line.into(),
        level: level.try_into().unwrap(),
    }
}

pub(crate) fn agent(name: &str, lines: &[&str]) -> AgentSettings {
    AgentSettings {
        agent: name.into(),
        name: format!("担当 {name}"),
        extension: format!("ext-{name}"),
        lines: lines.iter().map(|line| duty(line)).collect(),
    }
}

/// A line with three agents who are ready.
pub(crate) fn three(settings: LineSettings) -> Scene {
    let agents = ["a", "b", "c"].map(|name| agent(name, &["desk"])).to_vec();
    Scene::open(vec![settings], agents)
}

/// An engine, the time, and the books.
pub(crate) struct Scene {
    pub(crate) engine: Engine,
    /// The settings as they are now.
    pub(crate) settings: EngineSettings,
    pub(crate) now: Instant,
    /// By how much somebody has set the clock on the wall forward.
    pub(crate) ahead: Millis,
    pub(crate) ledger: Ledger,
    /// What the last input made the engine do.
    pub(crate) last: Vec<Output>,
    pub(crate) log: Vec<CallEvent>,
    /// Whether the books are compared after every input, and events kept.
    pub(crate) careful: bool,
    timers: BTreeMap<(Instant, TimerId), ()>,
}

impl Scene {
    pub(crate) fn new(lines: Vec<LineSettings>, agents: Vec<AgentSettings>, now: Instant) -> Self {
        let settings = EngineSettings {
            node: "node".into(),
            lines,
            agents,
            calendar: Calendar::new(HoursSettings::default()),
            outbound: anybody_may_call(),
        };
        let mut ledger = Ledger::default();
        ledger.reconfigured(&settings);
        Self {
            engine: Engine::new(settings.clone(), Moment::steady(now)),
            settings,
            now,
            ahead: Millis::ZERO,
            ledger,
            last: Vec::new(),
            log: Vec::new(),
            careful: true,
            timers: BTreeMap::new(),
        }
    }

    /// A desk on a Tuesday morning at which everybody is ready, in this order.
    pub(crate) fn open(lines: Vec<LineSettings>, agents: Vec<AgentSettings>) -> Self {
        let names: Vec<AgentId> = agents.iter().map(|agent| agent.agent.clone()).collect();
        let mut scene = Self::new(lines, agents, at("2026-11-24T09:00:00"));
        for name in names {
            scene.ready(name.as_str());
        }
        scene
    }

    pub(crate) fn input(&mut self, input: Input) -> &[Output] {
        self.ledger.input(&input);
        let free = self.free();
        let outputs = self.engine.handle(input, self.moment());
        self.take(outputs, &free)
    }

    /// What the clock on the wall shows.
    pub(crate) fn wall(&self) -> Instant {
        self.now + self.ahead
    }

    fn moment(&self) -> Moment {
        Moment {
            wall: self.wall(),
            monotonic: Monotonic(self.now.0),
        }
    }

    /// Somebody sets the clock on the wall; no time passes.
    pub(crate) fn set_clock(&mut self, by: Millis) -> &[Output] {
        self.ahead = self.ahead + by;
        let free = self.free();
        let outputs = self.engine.follow_clock(self.moment());
        self.take(outputs, &free)
    }

    /// Gives the settings, after a change to them, to the engine.
    pub(crate) fn reconfigure(&mut self, change: impl FnOnce(&mut EngineSettings)) -> &[Output] {
        change(&mut self.settings);
        self.ledger.reconfigured(&self.settings);
        let free = self.free();
        let outputs = self
            .engine
            .reconfigure(self.settings.clone(), self.moment());
        self.take(outputs, &free)
    }

    /// Whom the engine shows as able to take a call.
    fn free(&self) -> BTreeSet<AgentId> {
        if self.careful {
            ledger::free(&self.engine)
        } else {
            BTreeSet::new()
        }
    }

    fn take(&mut self, outputs: Vec<Output>, were_free: &BTreeSet<AgentId>) -> &[Output] {
        self.ledger.outputs(&outputs, self.now);
        for output in &outputs {
            match output {
                Output::Emit(event) if self.careful => self.log.push(event.clone()),
                Output::SetTimer { timer, after } => {
                    self.timers.insert((self.now + *after, *timer), ());
                }
                _ => {}
            }
        }
        if self.careful {
            self.ledger.nobody_is_skipped(were_free, &self.engine);
            self.ledger.compare(&self.engine, self.now);
        }
        self.last = outputs;
        &self.last
    }

    /// Lets time pass; timers run out in their order. All that was done meanwhile.
    pub(crate) fn pass(&mut self, time: Millis) -> Vec<Output> {
        let until = self.now + time;
        let mut all = Vec::new();
        while let Some(((due, timer), ())) = self.timers.pop_first() {
            if due > until {
                self.timers.insert((due, timer), ());
                break;
            }
            if self.ledger.timers.contains_key(&timer) {
                self.now = self.now.max(due);
                all.extend_from_slice(self.input(Input::Timer { timer }));
            }
        }
        self.now = until;
        self.last = all.clone();
        all
    }

    pub(crate) fn secs(&mut self, secs: i64) -> Vec<Output> {
        self.pass(Millis::from_secs(secs))
    }

    pub(crate) fn ready(&mut self, agent: &str) {
        self.input(Input::AgentReachable {
            agent: agent.into(),
            reachable: true,
        });
        self.command(agent, AgentCommand::Ready);
    }

    pub(crate) fn command(&mut self, agent: &str, command: AgentCommand) -> &[Output] {
        self.input(Input::Agent {
            agent: agent.into(),
            command,
        })
    }

    pub(crate) fn call(&mut self, call: &str, line: &str) -> &[Output] {
        self.input(Input::CallArrived {
            call: call.into(),
            line: line.into(),
            from: "0312345678".into(),
            to: "5000".into(),
        })
    }

    pub(crate) fn hang_up(&mut self, call: &str) -> &[Output] {
        self.input(Input::CallerHungUp { call: call.into() })
    }

    /// The attempts that go on for a call.
    pub(crate) fn legs(&self, call: &str) -> Vec<(LegId, AgentId)> {
        let of = |leg: &&LegId| leg.call == CallId::from(call);
        let legs = self.ledger.legs.keys().filter(of);
        legs.map(|leg| (leg.clone(), self.ledger.legs[leg].clone()))
            .collect()
    }

    /// The agents whose phones ring (or talk) for a call, in the order of the attempts.
    pub(crate) fn rung(&self, call: &str) -> Vec<String> {
        self.legs(call)
            .into_iter()
            .map(|(_, agent)| agent.to_string())
            .collect()
    }

    /// The last attempt that goes on for a call.
    pub(crate) fn leg(&self, call: &str) -> LegId {
        self.legs(call).pop().expect("somebody is rung").0
    }

    /// An agent dials a colleague.
    pub(crate) fn dial(&mut self, call: &str, agent: &str, to: &str) -> &[Output] {
        self.input(Input::AgentDialled {
            call: call.into(),
            agent: agent.into(),
            target: DialTarget::Agent { agent: to.into() },
        })
    }

    /// An agent asks for something from the screen; why it was not done.
    pub(crate) fn ask(&mut self, agent: &str, request: DeskRequest) -> Option<HandOnRefusal> {
        let outputs = self.input(Input::Request {
            agent: agent.into(),
            request,
            asked: 0,
        });
        reply(outputs)
    }

    /// An agent asks somebody from the screen; why that was not done.
    pub(crate) fn consult(
        &mut self,
        agent: &str,
        consult: &str,
        whom: Whom,
    ) -> Option<HandOnRefusal> {
        let outputs = self.input(Input::Consult {
            agent: agent.into(),
            consult: consult.into(),
            whom,
            asked: 0,
        });
        reply(outputs)
    }

    /// The agent with whom a caller talks hands them on to a number outside.
    pub(crate) fn hand_on_outside(
        &mut self,
        call: &str,
        outbound: &str,
        number: &str,
    ) -> &[Output] {
        self.input(Input::TransferOutside {
            call: call.into(),
            outbound: outbound.into(),
            target: outside(number),
        })
    }

    /// The newest attempt is picked up and bridged.
    pub(crate) fn answer(&mut self, call: &str) {
        let leg = self.leg(call);
        self.input(Input::LegAnswered { leg: leg.clone() });
        self.input(Input::LegBridged { leg });
    }

    pub(crate) fn state(&self, agent: &str) -> AgentState {
        self.engine
            .agent(&agent.into())
            .expect("the agent exists")
            .state
    }

    /// The state that waits for the end of the agent's call.
    pub(crate) fn next_state(&self, agent: &str) -> Option<AgentState> {
        let agent = self.engine.agent(&agent.into());
        agent.expect("the agent exists").next
    }

    /// What the log says of a call.
    pub(crate) fn kinds(&self, call: &str) -> Vec<EventKind> {
        let of = |event: &&CallEvent| event.call == CallId::from(call);
        self.log
            .iter()
            .filter(of)
            .map(|event| event.kind.clone())
            .collect()
    }

    /// The log of a call, a word an event.
    pub(crate) fn story(&self, call: &str) -> String {
        let words = self.kinds(call).iter().map(word).collect::<Vec<_>>();
        words.join(" ")
    }

    pub(crate) fn record(&self, call: &str) -> madoguchi_core::call::CallRecord {
        let of = |event: &&CallEvent| event.call == CallId::from(call);
        let events: Vec<_> = self.log.iter().filter(of).cloned().collect();
        madoguchi_core::call::CallRecord::fold(&events).expect("the call has begun")
    }
}

/// What is answered to a request from the screen.
fn reply(outputs: &[Output]) -> Option<HandOnRefusal> {
    let replies = outputs.iter().filter_map(|output| match output {
        Output::Reply { refusal, .. } => Some(*refusal),
        _ => None,
    });
    let replies: Vec<_> = replies.collect();
    assert_eq!(replies.len(), 1, "one answer for each request");
    replies[0]
}

/// A number outside, called for the line of the desk.
pub(crate) fn outside(number: &str) -> DialTarget {
    DialTarget::Outside {
        number: number.to_owned(),
        shown: "5000".to_owned(),
        line: "desk".into(),
    }
}

/// What the engine does, a line for each thing, in order.
pub(crate) fn script(outputs: &[Output]) -> String {
    let lines = outputs.iter().map(|output| match output {
        Output::Emit(event) => format!("log {}: {}", event.call, word(&event.kind)),
        Output::Presence(presence) => format!("log {}: {:?}", presence.agent, presence.state),
        Output::Accept { call } => format!("accept {call}"),
        Output::Play {
            call,
            announcement,
            playback,
        } => format!("play {announcement:?} to {call} (number {playback})"),
        Output::PlayMusic { call } => format!("play music to {call}"),
        Output::Ring { leg, agent } => format!("ring {agent} for {}", leg.call),
        Output::EndLeg { leg } => format!("end a leg of {}", leg.call),
        Output::Bridge { leg } => format!("bridge {}", leg.call),
        Output::TransferOver { leg, failure } => {
            format!("the transfer of {} is over: {failure:?}", leg.call)
        }
        Output::PickUp { leg, .. } => match leg {
            Some(leg) => format!("the phone that asked takes {}", leg.call),
            None => "nothing to take".to_owned(),
        },
        Output::Adopt { leg, consult } => format!("who is at {consult} takes {}", leg.call),
        Output::NotAdopted { consult } => format!("{consult} goes on"),
        Output::MoveToLine { call, line } => format!("{call} waits at {line}"),
        Output::Dial { call, .. } => format!("dial for {call}"),
        Output::DialFor { call, caller, .. } => {
            format!("dial for {call}, for the caller of {caller}")
        }
        Output::DialBeside { call, leg, .. } => format!("dial for {call}, beside {}", leg.call),
        Output::KeepBeside { leg, call } => format!("the phone of {} goes on in {call}", leg.call),
        Output::Carry { call, caller } => format!("who is at {call} is there for {caller}"),
        Output::Join { call, consult } => format!("{call} and {consult} are together"),
        Output::Unjoin { consult } => format!("{consult} is by itself"),
        Output::Reply { refusal, .. } => format!("say on the screen: {refusal:?}"),
        Output::EndFar { call } => format!("end the far end of {call}"),
        Output::HangUp { call, cause } => format!("hang up {call}: {cause:?}"),
        Output::SetTimer { after, .. } => format!("wake after {} ms", after.0),
        Output::ClearTimer { .. } => "wake no more".to_owned(),
        Output::OutboundStopped { agent: None } => "nobody calls the outside".to_owned(),
        Output::OutboundStopped { agent: Some(agent) } => {
            format!("{agent} calls the outside no more")
        }
        Output::OutboundResumed => "the outside may be called again".to_owned(),
        Output::AgentChanged { agent } => format!("show {agent}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn word(kind: &EventKind) -> String {
    match kind {
        EventKind::Arrived { open: true, .. } => "arrived".into(),
        EventKind::Arrived { open: false, .. } => "arrived(closed)".into(),
        EventKind::Accepted => "accepted".into(),
        EventKind::Queued => "queued".into(),
        EventKind::Ringing { agent } => format!("ringing({agent})"),
        EventKind::RingEnded { agent, outcome } => format!("ring_ended({agent},{outcome:?})"),
        EventKind::Answered { agent: Some(agent) } => format!("answered({agent})"),
        EventKind::Answered { agent: None } => "answered".into(),
        EventKind::Held { by } => format!("held({by:?})"),
        EventKind::Resumed { by } => format!("resumed({by:?})"),
        EventKind::Transferred { .. } => "transferred".into(),
        EventKind::Joined { with } => format!("joined({with})"),
        EventKind::Parted => "parted".into(),
        EventKind::Abandoned { reason } => format!("abandoned({})", reason.as_str()),
        EventKind::Ended { cause } => format!("ended({cause:?})"),
        EventKind::WrapUpEnded { agent } => format!("wrap_up_ended({agent})"),
        EventKind::Dialled { .. } => "dialled".into(),
        EventKind::Barred { reason } => format!("barred({})", reason.as_str()),
        EventKind::Encrypted {
            caller_leg,
            agent_leg,
        } => format!("encrypted({caller_leg},{agent_leg})"),
        EventKind::VoiceMeasured { leg, agent, .. } => match agent {
            Some(agent) => format!("measured({leg:?},{agent})"),
            None => format!("measured({leg:?})"),
        },
        EventKind::Superseded { by } => format!("superseded({by})"),
    }
}
