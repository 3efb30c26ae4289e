//! Random histories: callers, agents, phones and timers do what they like, in any order, too late,
//! twice, and about things that nobody knows, while the settings change under them; the books must
//! balance after every input.

mod acts;
mod changes;
mod hearing;
mod late;

use std::collections::BTreeMap;

use madoguchi_core::event::Party;
use madoguchi_core::id::{AgentId, CallId};
use madoguchi_core::live::{AgentCommand, AgentState, DeskRequest, HandOnTo};
use madoguchi_core::quality::VoiceQuality;
use madoguchi_core::time::{Instant, Millis};
use madoguchi_line::api::{DialTarget, Input, LegFailure, LegId, Output, Take, TimerId, Whom};
use madoguchi_line::settings::{
    AgentSettings, AtClosing, LineSettings, PeriodicAnnouncement, Strategy,
};
use proptest::prelude::*;

use self::hearing::Hears;
use crate::scene::{Scene, agent, at, line, outside};

/// Histories for each way of distribution; three times as many in all.
const CASES: u32 = 4_000;
/// The longest history.
const STEPS: usize = 256;

/// What is left of the numbers, divided by 13, by which somebody is asked from the screen.
const CONSULTS: u64 = 10;

/// Later than the desk closes, with the limit of those who are still served.
const FOR_EVER: Millis = Millis::from_secs(3_600);

const AGENTS: [&str; 4] = ["a0", "a1", "a2", "a3"];

/// How far an attempt has got, as the phone sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phone {
    Rings,
    PickedUp,
    Bridged,
}

/// The far end of a dialled call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Far {
    Rings,
    Talks,
}

/// The world around the engine: what is true outside.
struct World {
    scene: Scene,
    /// Sides that started a call and are still there.
    callers: BTreeMap<CallId, Option<u32>>,
    phones: BTreeMap<LegId, Phone>,
    fars: BTreeMap<CallId, Far>,
    /// Everything that ever was, for inputs that come too late.
    old_legs: Vec<LegId>,
    old_timers: Vec<TimerId>,
    old_calls: Vec<CallId>,
    calls: u32,
    /// Calls to the outside for callers who are handed on, with the callers' calls.
    carried: BTreeMap<CallId, CallId>,
    /// What callers hear.
    hears: BTreeMap<CallId, Hears>,
}

fn settings(strategy: Strategy, seed: u64) -> (Vec<LineSettings>, Vec<AgentSettings>) {
    let bit = |n: u32| seed >> n & 1 == 1;
    let secs = |n: u32, secs: i64| {
        if bit(n) {
            Millis::from_secs(secs)
        } else {
            Millis::ZERO
        }
    };
    let desk = LineSettings {
        greeting: bit(0),
        strategy,
        ring_timeout: Millis::from_secs(10),
        away_after_no_answers: if bit(1) { 2 } else { 0 },
        max_waiting: if bit(2) { 3 } else { 0 },
        max_wait: secs(3, 60),
        announce_every: secs(4, 20),
        announce: if bit(5) {
            PeriodicAnnouncement::Position
        } else {
            PeriodicAnnouncement::WaitingTime
        },
        wait_without_agents: bit(6),
        at_closing: if bit(7) {
            AtClosing::Tell
        } else {
            AtClosing::Serve {
                limit: Millis::from_secs(60),
            }
        },
        wrap_up: secs(8, 15),
        ..line("desk")
    };
    let vip = LineSettings {
        greeting: bit(9),
        wrap_up: secs(10, 15),
        priority: 1,
        strategy: if bit(11) {
            strategy
        } else {
            Strategy::LongestIdle
        },
        ..line("vip")
    };
    let mut agents = vec![
        agent("a0", &["desk"]),
        agent("a1", &["desk", "vip"]),
        agent("a2", &["vip"]),
        agent("a3", &["vip", "desk"]),
    ];
    // Half of the desks know no levels.
    if bit(40) {
        let duties = agents.iter_mut().flat_map(|agent| &mut agent.lines);
        for (n, duty) in duties.enumerate() {
            let level = (seed >> (41 + 2 * n) & 3).max(1);
            duty.level = u8::try_from(level).unwrap().try_into().unwrap();
        }
    }
    (vec![desk, vip], agents)
}

impl World {
    fn new(strategy: Strategy, seed: u64) -> Self {
        let (lines, agents) = settings(strategy, seed);
        let mut scene = Scene::new(lines, agents, at("2026-11-24T17:26:00"));
        for (n, name) in AGENTS.into_iter().enumerate() {
            if seed >> (16 + n) & 3 != 0 {
                scene.ready(name);
            }
        }
        scene.log.clear();
        Self {
            scene,
            callers: BTreeMap::new(),
            phones: BTreeMap::new(),
            fars: BTreeMap::new(),
            old_legs: Vec::new(),
            old_timers: Vec::new(),
            old_calls: Vec::new(),
            calls: 0,
            carried: BTreeMap::new(),
            hears: BTreeMap::new(),
        }
    }

    /// Gives an input to the engine, and lets the world follow the outputs.
    fn input(&mut self, input: Input) {
        self.scene.input(input);
        self.follow();
        self.nobody_is_left_in_silence();
    }

    fn follow(&mut self) {
        let outputs = std::mem::take(&mut self.scene.last);
        for output in &outputs {
            self.listen(output);
            match output {
                Output::Play { call, playback, .. } => {
                    self.callers.insert(call.clone(), Some(*playback));
                }
                Output::PlayMusic { call } => {
                    self.callers.insert(call.clone(), None);
                }
                Output::Ring { leg, .. } => {
                    self.phones.insert(leg.clone(), Phone::Rings);
                    self.old_legs.push(leg.clone());
                }
                Output::PickUp { asked, leg } => {
                    assert_eq!(*asked, u64::from(self.calls));
                    if let Some(leg) = leg {
                        self.phones.insert(leg.clone(), Phone::Rings);
                        self.old_legs.push(leg.clone());
                    }
                }
                Output::Adopt { leg, consult } => {
                    let far = self.fars.remove(consult);
                    assert_eq!(far, Some(Far::Talks), "{consult}");
                    self.callers.remove(consult);
                    self.phones.insert(leg.clone(), Phone::PickedUp);
                    self.old_legs.push(leg.clone());
                }
                Output::EndLeg { leg } => {
                    self.phones.remove(leg);
                }
                Output::Dial { call, .. } => {
                    self.fars.insert(call.clone(), Far::Rings);
                }
                Output::EndFar { call } => {
                    assert!(self.fars.remove(call).is_some(), "no far end of {call}");
                }
                Output::DialBeside { call, .. } => {
                    self.fars.insert(call.clone(), Far::Rings);
                }
                Output::KeepBeside { leg, call } => {
                    self.phones.remove(leg);
                    self.callers.insert(call.clone(), None);
                }
                Output::DialFor { call, caller, .. } => {
                    self.fars.insert(call.clone(), Far::Rings);
                    self.carried.insert(call.clone(), caller.clone());
                }
                Output::Carry { call, caller } => {
                    assert!(self.fars.contains_key(call), "nobody is called by {call}");
                    self.callers.remove(call);
                    self.carried.insert(call.clone(), caller.clone());
                }
                Output::Join { consult, .. } | Output::Unjoin { consult } => {
                    assert_eq!(self.fars.get(consult), Some(&Far::Talks), "{consult}");
                }
                Output::HangUp { call, .. } => {
                    self.callers.remove(call);
                    if self.carried.remove(call).is_some() {
                        self.fars.remove(call);
                    }
                }
                Output::SetTimer { timer, .. } => self.old_timers.push(*timer),
                _ => {}
            }
        }
        self.scene.log.clear();
        self.scene.last = outputs;
    }

    fn step(&mut self, op: u64) {
        let pick = (op >> 8) as usize & 0xffff;
        let more = op >> 24;
        // Apart from the others, which go on meaning what they did.
        if op % 13 == CONSULTS {
            return self.consult(pick, more);
        }
        match op % 41 {
            0..=3 => self.arrive(more),
            4 | 5 => self.caller_goes(pick, more),
            6..=8 => self.playback_ends(pick, more),
            9..=16 => self.phone_acts(pick, more),
            17 | 18 => self.in_talk(pick, more),
            19 => self.dial(pick, more),
            20 | 21 => self.far_acts(pick, more),
            22 | 23 => self.command(pick, more),
            24 => self.reach(pick, more),
            25 | 26 => self.time_passes(more),
            27..=29 => self.timer_runs_out(pick),
            30 => self.stale(pick, more),
            31 => self.repeated(pick, more),
            32 => self.dial(pick, more),
            33 | 34 => self.hand_over(pick, more),
            35 => self.pick_up(pick, more),
            36..=38 => self.request(pick, more),
            39 => self.hand_on_outside(pick, more),
            _ => self.settings_change(pick, more),
        }
    }

    /// Time goes on, and the clock on the wall is sometimes set back.
    fn time_passes(&mut self, more: u64) {
        let forth = Millis((more % 12_000) as i64);
        self.scene.now = self.scene.now + forth;
        if more >> 16 & 7 == 0 {
            self.scene.set_clock(Millis(-14_000));
            self.follow();
        }
    }

    /// Nobody does anything any more but wait: max. waiting time and closing time end every wait.
    fn wait_for_ever(&mut self) {
        let until = self.scene.now + FOR_EVER;
        self.phones.retain(|_, phone| *phone == Phone::Bridged);
        while self.scene.now < until {
            let Some((timer, due)) = self.next_timer() else {
                break;
            };
            self.scene.now = self.scene.now.max(due);
            self.input(Input::Timer { timer });
        }
        let waiting = self.scene.engine.snapshot().waiting;
        assert!(waiting.is_empty(), "callers wait for ever: {waiting:?}");
    }

    fn next_timer(&self) -> Option<(TimerId, Instant)> {
        let next = self.scene.ledger.timers.iter().min_by_key(|(_, due)| **due);
        next.map(|(timer, due)| (*timer, *due))
    }

    /// Everybody outside goes, then all timers run out.
    fn finish(&mut self) {
        while let Some((call, _)) = self.callers.pop_first() {
            self.input(Input::CallerHungUp { call });
        }
        self.scene.ledger.no_timer_leaks();
        for _ in 0..10_000 {
            let Some((timer, due)) = self.next_timer() else {
                break;
            };
            self.scene.now = self.scene.now.max(due);
            self.input(Input::Timer { timer });
        }
        self.scene.ledger.nothing_is_left();
        assert!(
            self.phones.is_empty(),
            "phones still ring: {:?}",
            self.phones
        );
        assert!(self.scene.engine.snapshot().waiting.is_empty());
        for view in self.scene.engine.snapshot().agents {
            let free = [AgentState::Ready, AgentState::LoggedOut].contains(&view.state)
                || matches!(view.state, AgentState::Away { .. });
            assert!(free, "{view:?}");
        }
        let rest = format!("{:?}", self.scene.engine);
        assert!(
            !rest.contains("call-"),
            "the engine still knows a call: {rest}"
        );
        assert!(
            !rest.contains("leaving: true"),
            "the engine keeps what has left: {rest}"
        );
    }
}

/// Any of them, chosen by a number.
fn nth<T>(all: impl Iterator<Item = T> + Clone, pick: usize) -> Option<T> {
    let count = all.clone().count();
    all.clone().nth(pick.checked_rem(count)?)
}

fn history(strategy: Strategy, seed: u64, steps: &[u64]) {
    let mut world = World::new(strategy, seed);
    for step in steps {
        world.step(*step);
    }
    if seed.is_multiple_of(8) {
        world.wait_for_ever();
    }
    world.finish();
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn steps() -> impl proptest::strategy::Strategy<Value = Vec<u64>> {
    proptest::collection::vec(any::<u64>(), 0..=STEPS)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_books_balance_when_the_longest_idle_is_rung(seed: u64, steps in steps()) {
        history(Strategy::LongestIdle, seed, &steps);
    }

    #[test]
    fn the_books_balance_when_all_are_rung(seed: u64, steps in steps()) {
        history(Strategy::RingAll, seed, &steps);
    }

    #[test]
    fn the_books_balance_when_agents_take_turns(seed: u64, steps in steps()) {
        history(Strategy::RoundRobin, seed, &steps);
    }
}

/// A line leaves without calls, comes back, and leaves again while somebody waits there: whoever
/// was there the first time only does not serve it.
#[test]
fn a_line_that_comes_back_is_another_line() {
    let steps: [u64; 15] = [
        13814472398515541774,
        1199814631838242054,
        4904443418888050883,
        186625419817674624,
        2075426326247329407,
        2042817055666076171,
        915619891670198638,
        13612425384685468,
        8725021084883290,
        55977819011462376,
        287500813771664614,
        13330085363085816006,
        1322502341513656221,
        16353382200485935439,
        16495289996280329606,
    ];
    history(Strategy::RingAll, 2563709855482904576, &steps);
}
