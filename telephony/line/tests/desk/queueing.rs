//! The engine as a queue in the sense of the theory: with callers and agents whose times are exponential
//! it must give what Erlang A and the solution of a day that changes say (docs/staffing.md). Only chance
//! is made here; who waits, who is served first and by whom is the engine's matter.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use chrono::NaiveTime;
use madoguchi_core::clock::Moment;
use madoguchi_core::event::{CallEvent, EventKind};
use madoguchi_core::hours::{Calendar, HoursSettings};
use madoguchi_core::id::CallId;
use madoguchi_core::live::AgentCommand;
use madoguchi_core::outbound::OutboundRules;
use madoguchi_core::time::{Instant, Millis};
use madoguchi_line::api::{Input, LegId, Output};
use madoguchi_line::engine::{Engine, EngineSettings};
use madoguchi_staffing::erlang::{self, Load, Queue};
use madoguchi_staffing::transient::{self, Interval};

use crate::scene::{agent, at, line};

/// T of サービスレベル.
const TARGET: Millis = Millis(20_000);

/// A fixed sequence of numbers (SplitMix64).
struct Chance(u64);

impl Chance {
    /// An exponential time.
    fn time(&mut self, mean_secs: f64) -> Millis {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let unit = ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64;
        Millis((-(1.0 - unit).ln() * mean_secs * 1000.0).round() as i64)
    }
}

/// What is to happen.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Coming {
    Call,
    GivesUp(CallId),
    TalkEnds(LegId),
}

/// What became of a call.
#[derive(Clone, Copy)]
struct Fate {
    arrived: Instant,
    answered: bool,
    wait: Millis,
}

/// An engine in a world of its own time.
struct World {
    engine: Engine,
    coming: BinaryHeap<Reverse<(Instant, u64, Coming)>>,
    waiting: HashMap<CallId, Instant>,
    fates: Vec<Fate>,
    chance: Chance,
    calls: u64,
    last: u64,
    aht_secs: f64,
    patience_secs: f64,
}

impl World {
    fn new(agents: u32, aht_secs: f64, patience_secs: f64, start: Instant) -> Self {
        let names: Vec<String> = (0..agents).map(|n| format!("a{n}")).collect();
        // Open day and night, but for the last millisecond: a desk that never closes looks for its end
        // a year ahead at every call.
        let calendar = Calendar::new(HoursSettings {
            opens: NaiveTime::MIN,
            closes: NaiveTime::from_hms_milli_opt(23, 59, 59, 999),
            every_day: true,
            ..HoursSettings::default()
        });
        let settings = EngineSettings {
            node: "node".into(),
            lines: vec![line("desk")],
            agents: names.iter().map(|name| agent(name, &["desk"])).collect(),
            calendar,
            outbound: OutboundRules::default(),
        };
        let mut world = Self {
            engine: Engine::new(settings, Moment::steady(start)),
            coming: BinaryHeap::new(),
            waiting: HashMap::new(),
            fates: Vec::new(),
            chance: Chance(20_240_401),
            calls: 0,
            last: 0,
            aht_secs,
            patience_secs,
        };
        for name in &names {
            let agent = || name.as_str().into();
            let reachable = Input::AgentReachable {
                agent: agent(),
                reachable: true,
            };
            world.input(reachable, start);
            let command = AgentCommand::Ready;
            let ready = Input::Agent {
                agent: agent(),
                command,
            };
            world.input(ready, start);
        }
        world
    }

    fn at(&mut self, when: Instant, what: Coming) {
        self.last += 1;
        self.coming.push(Reverse((when, self.last, what)));
    }

    /// Lets all happen that is to come.
    fn run(&mut self) {
        self.run_until(Instant(i64::MAX));
    }

    /// Lets all happen that comes before then.
    fn run_until(&mut self, until: Instant) {
        let is_due = |next: &Reverse<(Instant, u64, Coming)>| next.0.0 < until;
        while self.coming.peek().is_some_and(is_due) {
            let Some(Reverse((now, _, what))) = self.coming.pop() else {
                return;
            };
            match what {
                Coming::Call => self.call(now),
                Coming::GivesUp(call) if self.waiting.contains_key(&call) => {
                    self.input(Input::CallerHungUp { call }, now);
                }
                Coming::GivesUp(_) => {}
                Coming::TalkEnds(leg) => self.input(Input::LegEnded { leg }, now),
            }
        }
    }

    fn call(&mut self, now: Instant) {
        self.calls += 1;
        let call = CallId::new(format!("call-{}", self.calls));
        let patience = self.chance.time(self.patience_secs);
        self.at(now + patience, Coming::GivesUp(call.clone()));
        let arrived = Input::CallArrived {
            call,
            line: "desk".into(),
            from: "".into(),
            to: "5000".into(),
        };
        self.input(arrived, now);
    }

    fn input(&mut self, input: Input, now: Instant) {
        for output in self.engine.handle(input, Moment::steady(now)) {
            match output {
                Output::Emit(event) => self.note(&event),
                // Phones are picked up and media connected at once.
                Output::Ring { leg, .. } => self.input(Input::LegAnswered { leg }, now),
                Output::Bridge { leg } => {
                    self.input(Input::LegBridged { leg: leg.clone() }, now);
                    let talk = self.chance.time(self.aht_secs);
                    self.at(now + talk, Coming::TalkEnds(leg));
                }
                // The theory knows no limits: no timer runs out.
                _ => {}
            }
        }
    }

    fn note(&mut self, event: &CallEvent) {
        let answered = match &event.kind {
            EventKind::Arrived { open, .. } => {
                assert!(open, "{} came when the desk was closed", event.call);
                self.waiting.insert(event.call.clone(), event.at);
                return;
            }
            EventKind::Answered { .. } => true,
            EventKind::Abandoned { .. } => false,
            _ => return,
        };
        let arrived = self.waiting.remove(&event.call).expect("whoever waits");
        self.fates.push(Fate {
            arrived,
            answered,
            wait: event.at - arrived,
        });
    }
}

/// Sums over calls, from which shares and means follow.
#[derive(Clone, Copy, Default)]
struct Sums {
    calls: f64,
    waited: f64,
    abandoned: f64,
    in_time: f64,
    wait: f64,
    answered_wait: f64,
}

impl Sums {
    fn add(&mut self, fate: &Fate) {
        let one = |is: bool| f64::from(u8::from(is));
        let secs = fate.wait.0 as f64 / 1000.0;
        self.calls += 1.0;
        self.waited += one(fate.wait > Millis::ZERO || !fate.answered);
        self.abandoned += one(!fate.answered);
        self.in_time += one(fate.answered && fate.wait <= TARGET);
        self.wait += secs;
        self.answered_wait += if fate.answered { secs } else { 0.0 };
    }

    fn answered(&self) -> f64 {
        self.calls - self.abandoned
    }
}

/// How many standard deviations the ratio of two sums is from what it should be, by the batches.
fn deviations(
    batches: &[Sums],
    part: impl Fn(&Sums) -> f64,
    whole: impl Fn(&Sums) -> f64,
    wanted: f64,
) -> f64 {
    let off = batches.iter().map(|sums| part(sums) - wanted * whole(sums));
    let off: Vec<f64> = off.collect();
    let squares: f64 = off.iter().map(|off| off * off).sum();
    off.iter().sum::<f64>() / squares.sqrt()
}

#[test]
fn a_million_calls_wait_and_give_up_as_erlang_a_says() {
    const CALLS: u64 = 1_020_000;
    const BATCH: usize = 10_000;
    let (calls_per_hour, aht, patience, agents) = (15.0, 480.0, 120.0, 3);
    let mut world = World::new(agents, aht, patience, at("2024-04-01T08:00:00"));
    let mut when = at("2024-04-01T08:00:00");
    // The calls are told one after the other, so that the list of what is to come stays short.
    for _ in 0..CALLS / 1_000 {
        for _ in 0..1_000 {
            when = when + world.chance.time(3600.0 / calls_per_hour);
            world.at(when, Coming::Call);
        }
        world.run_until(when);
    }
    world.run();
    assert_eq!(world.fates.len() as u64, CALLS);
    // In the order in which they came; the first ones found an empty desk.
    world.fates.sort_by_key(|fate| fate.arrived);
    let batches: Vec<Sums> = world
        .fates
        .chunks(BATCH)
        .skip(2)
        .map(|fates| {
            let mut sums = Sums::default();
            fates.iter().for_each(|fate| sums.add(fate));
            sums
        })
        .collect();
    assert_eq!(batches.len(), 100);
    let load = Load::new(calls_per_hour, aht).unwrap();
    let queue = Queue::new(load, agents, TARGET.0 as f64 / 1000.0).unwrap();
    let theory = erlang::a(&queue, patience).unwrap();
    let calls = |sums: &Sums| sums.calls;
    for (name, off) in [
        (
            "p_wait",
            deviations(&batches, |sums| sums.waited, calls, theory.p_wait),
        ),
        (
            "p_abandon",
            deviations(&batches, |sums| sums.abandoned, calls, theory.p_abandon),
        ),
        (
            "service level",
            deviations(&batches, |sums| sums.in_time, calls, theory.sl_of_offered),
        ),
        (
            "wait of all",
            deviations(&batches, |sums| sums.wait, calls, theory.mean_wait_all_s),
        ),
        (
            "wait of the answered",
            deviations(
                &batches,
                |sums| sums.answered_wait,
                Sums::answered,
                theory.mean_wait_served_s,
            ),
        ),
    ] {
        assert!(off.abs() < 4.0, "{name}: {off}");
    }
    // The test can tell: one part in a hundred more would be seen.
    let wrong = deviations(&batches, |sums| sums.waited, calls, theory.p_wait * 1.01);
    assert!(wrong.abs() > 4.0, "{wrong}");
}

#[test]
fn a_day_with_a_jump_goes_as_its_solution_says() {
    const DAYS: usize = 2_500;
    let (aht, patience, agents) = (480.0, 120.0, 3);
    // 着信 by half hour from 8:00 on: ten times as many from 10:00 to 11:00.
    let calls: Vec<f64> = (0..19)
        .map(|half_hour| match half_hour {
            4 | 5 => 20.0,
            _ => 2.0,
        })
        .collect();
    let intervals: Vec<Interval> = calls
        .iter()
        .map(|calls| Interval {
            secs: 1800.0,
            calls: *calls,
            agents,
        })
        .collect();
    let solved = transient::solve(&intervals, aht, patience, TARGET.0 as f64 / 1000.0).unwrap();
    let morning = at("2024-04-01T08:00:00");
    let mut world = World::new(agents, aht, patience, morning);
    let mut days = vec![vec![Sums::default(); calls.len()]; DAYS];
    for (number, day) in days.iter_mut().enumerate() {
        let opens = morning + Millis(number as i64 * 86_400_000);
        for (half_hour, calls) in calls.iter().enumerate() {
            let begins = opens + Millis(half_hour as i64 * 1_800_000);
            let mut when = begins + world.chance.time(1800.0 / calls);
            while when < begins + Millis(1_800_000) {
                world.at(when, Coming::Call);
                when = when + world.chance.time(1800.0 / calls);
            }
        }
        // The night empties the desk.
        world.run();
        for fate in world.fates.drain(..) {
            day[((fate.arrived - opens).0 / 1_800_000) as usize].add(&fate);
        }
    }
    for (half_hour, theory) in solved.intervals.iter().enumerate() {
        let of_days: Vec<Sums> = days.iter().map(|day| day[half_hour]).collect();
        let calls = |sums: &Sums| sums.calls;
        let wait = theory.mean_wait_served_secs.unwrap();
        for (name, off) in [
            (
                "p_wait",
                deviations(&of_days, |sums| sums.waited, calls, theory.p_wait),
            ),
            (
                "応答率",
                deviations(&of_days, Sums::answered, calls, theory.answer_rate),
            ),
            (
                "service level",
                deviations(&of_days, |sums| sums.in_time, calls, theory.service_level),
            ),
            (
                "wait",
                deviations(&of_days, |sums| sums.answered_wait, Sums::answered, wait),
            ),
        ] {
            assert!(off.abs() < 4.0, "half hour {half_hour}, {name}: {off}");
        }
    }
    // The steady state of the half hour after the jump is another one, and the days tell it apart.
    let load = Load::new(4.0, aht).unwrap();
    let steady = erlang::a(&Queue::new(load, agents, 20.0).unwrap(), patience).unwrap();
    let after: Vec<Sums> = days.iter().map(|day| day[6]).collect();
    let wrong = deviations(&after, |sums| sums.waited, |sums| sums.calls, steady.p_wait);
    assert!(wrong > 4.0, "{wrong}");
}
