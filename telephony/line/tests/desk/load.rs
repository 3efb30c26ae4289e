//! Many calls: a month at a small desk, a busy hour at a very large one. What is left of them in
//! the engine afterwards: nothing.

use std::collections::{BTreeMap, HashMap};

use madoguchi_core::call::CallRecord;
use madoguchi_core::clock::Moment;
use madoguchi_core::event::EventKind;
use madoguchi_core::figures::{Figures, FiguresSettings};
use madoguchi_core::hours::{Calendar, HoursSettings};
use madoguchi_core::id::CallId;
use madoguchi_core::live::{AgentCommand, AgentState};
use madoguchi_core::outbound::OutboundRules;
use madoguchi_core::time::{Instant, Millis};
use madoguchi_line::api::{Announcement, Input, LegFailure, Output, TimerId};
use madoguchi_line::engine::{Engine, EngineSettings};
use madoguchi_line::settings::{AgentSettings, LineSettings};

use crate::scene::{agent, at, line};

/// An engine in a world of its own time, whose people decide by a sequence of numbers.
struct Simulation {
    engine: Engine,
    coming: BTreeMap<(Instant, u64), Input>,
    timers: HashMap<TimerId, (Instant, u64)>,
    open: HashMap<CallId, CallRecord>,
    figures: Figures,
    most_open: usize,
    last: u64,
    chance: u64,
    talk_ms: u64,
}

impl Simulation {
    fn new(lines: Vec<LineSettings>, agents: Vec<AgentSettings>, now: Instant) -> Self {
        let names: Vec<_> = agents.iter().map(|agent| agent.agent.clone()).collect();
        let calendar = Calendar::new(HoursSettings::default());
        let settings = EngineSettings {
            node: "node".into(),
            lines,
            agents,
            calendar,
            outbound: OutboundRules::default(),
        };
        let mut engine = Engine::new(settings, Moment::steady(now));
        for agent in names {
            engine.handle(
                Input::AgentReachable {
                    agent: agent.clone(),
                    reachable: true,
                },
                Moment::steady(now),
            );
            engine.handle(
                Input::Agent {
                    agent,
                    command: AgentCommand::Ready,
                },
                Moment::steady(now),
            );
        }
        Self {
            engine,
            coming: BTreeMap::new(),
            timers: HashMap::new(),
            open: HashMap::new(),
            figures: Figures::default(),
            most_open: 0,
            last: 0,
            chance: 1,
            talk_ms: 0,
        }
    }

    /// The next number below `below` of a fixed sequence (Knuth's MMIX generator).
    fn draw(&mut self, below: u64) -> u64 {
        self.chance = self.chance.wrapping_mul(6_364_136_223_846_793_005);
        self.chance = self.chance.wrapping_add(1_442_695_040_888_963_407);
        (self.chance >> 33) % below
    }

    fn at(&mut self, when: Instant, input: Input) -> (Instant, u64) {
        self.last += 1;
        self.coming.insert((when, self.last), input);
        (when, self.last)
    }

    fn call(&mut self, n: u64, when: Instant) {
        let call = CallId::new(format!("call-{n}"));
        let arrived = Input::CallArrived {
            call: call.clone(),
            line: "desk".into(),
            from: "".into(),
            to: "5000".into(),
        };
        self.at(when, arrived);
        // Nobody waits for more than three minutes; longer talks are ended by the agent.
        let patience = 180_000 + self.draw(60_000);
        self.at(when + Millis(patience as i64), Input::CallerHungUp { call });
    }

    fn run(&mut self) {
        while let Some(((now, _), input)) = self.coming.pop_first() {
            if let Input::Timer { timer } = &input {
                self.timers.remove(timer);
            }
            for output in self.engine.handle(input, Moment::steady(now)) {
                self.carry_out(output, now);
            }
            self.most_open = self.most_open.max(self.open.len());
        }
    }

    fn carry_out(&mut self, output: Output, now: Instant) {
        match output {
            Output::Emit(event) => {
                if let Some(record) = CallRecord::begin(&event) {
                    self.open.insert(event.call, record);
                    return;
                }
                let record = self.open.get_mut(&event.call).expect("the call has begun");
                record.apply(&event);
                let over = match event.kind {
                    EventKind::Abandoned { .. } | EventKind::WrapUpEnded { .. } => true,
                    EventKind::Ended { .. } => record.answered_at.is_none(),
                    _ => false,
                };
                if over {
                    let record = self
                        .open
                        .remove(&event.call)
                        .expect("it was there just now");
                    self.figures.add(&record, FiguresSettings::default());
                }
            }
            Output::Ring { leg, .. } => {
                let after = Millis(self.draw(12_000) as i64);
                let input = match self.draw(40) {
                    0 => Input::LegFailed {
                        leg,
                        failure: LegFailure::Declined,
                    },
                    1 => return, // Nobody hears it.
                    _ => Input::LegAnswered { leg },
                };
                self.at(now + after, input);
            }
            Output::Bridge { leg } => {
                let talk = Millis((self.talk_ms / 2 + self.draw(self.talk_ms)) as i64);
                self.at(now + Millis(20), Input::LegBridged { leg: leg.clone() });
                self.at(now + talk, Input::LegEnded { leg });
            }
            Output::Play {
                call,
                announcement,
                playback,
            } => {
                let long = announcement == Announcement::Closed;
                let after = Millis(if long { 15_000 } else { 4_000 });
                self.at(now + after, Input::PlaybackEnded { call, playback });
            }
            Output::SetTimer { timer, after } => {
                let key = self.at(now + after, Input::Timer { timer });
                self.timers.insert(timer, key);
            }
            Output::ClearTimer { timer } => {
                let key = self
                    .timers
                    .remove(&timer)
                    .expect("only running timers are cleared");
                self.coming.remove(&key);
            }
            _ => {}
        }
    }

    fn nothing_is_left(&self) {
        assert!(
            self.open.is_empty(),
            "calls without an end: {:?}",
            self.open.keys()
        );
        assert!(self.timers.is_empty() && self.coming.is_empty());
        let snapshot = self.engine.snapshot();
        assert!(snapshot.waiting.is_empty());
        for agent in snapshot.agents {
            assert_eq!(agent.state, AgentState::Ready, "{}", agent.agent);
        }
        let rest = format!("{:?}", self.engine);
        assert!(
            !rest.contains("call-") && !rest.contains("TimerId"),
            "the engine keeps: {rest}"
        );
    }
}

fn desk() -> LineSettings {
    LineSettings {
        greeting: true,
        announce_every: Millis::from_secs(30),
        max_wait: Millis::from_secs(600),
        wrap_up: Millis::from_secs(20),
        ..line("desk")
    }
}

#[test]
fn a_month_of_calls() {
    let first = at("2026-11-01T00:00:00");
    let agents = (0..2).map(|n| agent(&format!("a{n}"), &["desk"])).collect();
    let mut month = Simulation::new(vec![desk()], agents, first);
    month.talk_ms = 120_000;
    let calendar = Calendar::new(HoursSettings::default());
    let (mut calls, mut open) = (0, 0);
    for day in 0..30 {
        for _ in 0..150 {
            let ms = 7 * 3_600_000 + month.draw(12 * 3_600_000);
            let when = first + Millis(day * 86_400_000 + ms as i64);
            calls += 1;
            open += u64::from(calendar.status(when).open);
            month.call(calls, when);
        }
    }
    month.run();
    month.nothing_is_left();
    let figures = &month.figures;
    assert_eq!((figures.offered, figures.after_hours), (open, calls - open));
    assert_eq!(
        (figures.answered + figures.abandoned(), figures.waiting),
        (open, 0)
    );
    assert!(
        figures.answered > open * 9 / 10,
        "{} of {open}",
        figures.answered
    );
    assert!(
        figures.abandoned() > 0,
        "a month without any 放棄 proves little"
    );
}

#[test]
fn a_hundred_thousand_calls_at_a_desk_of_two_thousand_leave_nothing_behind() {
    let start = at("2026-11-24T09:00:00");
    let agents = (0..2_000)
        .map(|n| agent(&format!("a{n}"), &["desk"]))
        .collect();
    let settings = LineSettings {
        greeting: false,
        ..desk()
    };
    let mut hour = Simulation::new(vec![settings], agents, start);
    hour.talk_ms = 20_000;
    for n in 0..100_000 {
        hour.call(n, start + Millis(n as i64 * 20));
    }
    hour.run();
    hour.nothing_is_left();
    assert_eq!(hour.figures.offered, 100_000);
    assert_eq!(hour.figures.answered + hour.figures.abandoned(), 100_000);
    assert!(
        hour.most_open >= 1_000,
        "only {} calls at a time",
        hour.most_open
    );
}
