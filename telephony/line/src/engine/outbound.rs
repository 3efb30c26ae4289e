//! 発信規制 at work: what has been used of the limits today, and what follows when one is reached.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use madoguchi_core::clock::Moment;
use madoguchi_core::event::EndCause;
use madoguchi_core::id::{AgentId, CallId};
use madoguchi_core::live::OutboundView;
use madoguchi_core::outbound::{
    NumberKind, OutboundNumber, OutboundRefusal, OutboundRules, OutboundUse,
};
use madoguchi_core::time::{Instant, Millis};

use super::Engine;
use super::timers::TimerOf;
use crate::api::{HangUpCause, Output, TimerId};

/// A day in Tokyo, where no clock is put forward.
const DAY: Millis = Millis::from_secs(86_400);

/// The beginning of the day of this moment.
fn day_of(now: Moment) -> Instant {
    Instant::start_of(now.wall.date())
}

/// Calls to the outside that go on, and how long others have talked today.
#[derive(Debug)]
pub(super) struct Outbound {
    rules: OutboundRules,
    /// When the day began that is counted.
    day: Instant,
    /// Talk of calls that have ended today.
    talked: Millis,
    talked_by: HashMap<AgentId, Millis>,
    running: BTreeMap<CallId, Running>,
    /// The desk has used up its minutes of the day.
    stopped: bool,
    /// Agents who have used up theirs.
    stopped_agents: BTreeSet<AgentId>,
    timer: Option<TimerId>,
}

#[derive(Debug)]
struct Running {
    agent: AgentId,
    /// Since when both talk.
    since: Option<Moment>,
}

impl Running {
    /// How long it has talked today.
    fn talked(&self, now: Moment) -> Millis {
        let Some(since) = self.since else {
            return Millis::ZERO;
        };
        let talked = now.monotonic - since.monotonic;
        let of_day = now.wall - day_of(now);
        talked.min(of_day).max(Millis::ZERO)
    }
}

/// A limit that has been reached.
enum Limit {
    Desk,
    Agent(AgentId),
}

impl Outbound {
    pub(super) fn new(rules: OutboundRules, now: Moment) -> Self {
        Self {
            rules,
            day: day_of(now),
            talked: Millis::ZERO,
            talked_by: HashMap::new(),
            running: BTreeMap::new(),
            stopped: false,
            stopped_agents: BTreeSet::new(),
            timer: None,
        }
    }

    pub(super) fn view(&self) -> OutboundView {
        OutboundView {
            calls: u32::try_from(self.running.len()).unwrap_or(u32::MAX),
            stopped: self.stopped,
            stopped_agents: self.stopped_agents.iter().cloned().collect(),
        }
    }

    /// Forgets what was used on another day; tells whether somebody was stopped until now.
    fn turn_day(&mut self, now: Moment) -> bool {
        let day = day_of(now);
        if day == self.day {
            return false;
        }
        let was_stopped = self.stopped || !self.stopped_agents.is_empty();
        self.day = day;
        self.talked = Millis::ZERO;
        self.talked_by.clear();
        self.stopped = false;
        self.stopped_agents.clear();
        was_stopped
    }

    fn talked(&self, now: Moment) -> Millis {
        let running = self.running.values().map(|call| call.talked(now));
        running.fold(self.talked, |sum, talked| sum + talked)
    }

    fn talked_by(&self, agent: &AgentId, now: Moment) -> Millis {
        let running = self.running.values().filter(|call| call.agent == *agent);
        let before = self.talked_by.get(agent).copied().unwrap_or_default();
        running.fold(before, |sum, call| sum + call.talked(now))
    }

    /// Limits that are reached now and were not before.
    fn reached(&self, now: Moment) -> Vec<Limit> {
        let mut reached = Vec::new();
        let is_over = |talked: Millis, most: Millis| most > Millis::ZERO && talked >= most;
        if !self.stopped && is_over(self.talked(now), self.rules.talk_per_day) {
            reached.push(Limit::Desk);
        }
        let agents: BTreeSet<&AgentId> = self.running.values().map(|call| &call.agent).collect();
        for agent in agents {
            let most = self.rules.of(agent).talk_per_day;
            let told = self.stopped_agents.contains(agent);
            if !told && is_over(self.talked_by(agent, now), most) {
                reached.push(Limit::Agent(agent.clone()));
            }
        }
        reached
    }

    /// How long until the next limit may be reached, or a limit of today ends with the day.
    fn next_look(&self, now: Moment) -> Option<Millis> {
        let talking: Vec<&Running> = self
            .running
            .values()
            .filter(|call| call.since.is_some())
            .collect();
        let mut next = Vec::new();
        let count = i64::try_from(talking.len()).unwrap_or(i64::MAX);
        let most = self.rules.talk_per_day;
        if count > 0 && !self.stopped && most > Millis::ZERO {
            let left = most.0 - self.talked(now).0;
            next.push(Millis(left.div_euclid(count) + 1));
        }
        for call in talking {
            let most = self.rules.of(&call.agent).talk_per_day;
            if most > Millis::ZERO && !self.stopped_agents.contains(&call.agent) {
                next.push(Millis(most.0 - self.talked_by(&call.agent, now).0));
            }
        }
        if self.stopped || !self.stopped_agents.is_empty() {
            next.push(self.day + DAY - now.wall);
        }
        next.into_iter().min().map(|after| after.max(Millis(1)))
    }
}

impl Engine {
    /// Takes up how long an agent had talked to the outside on this day before a restart.
    pub fn restore_outbound(&mut self, agent: &AgentId, talked: Millis) {
        let outbound = &mut self.outbound;
        outbound.talked = outbound.talked + talked;
        let sum = outbound.talked_by.entry(agent.clone()).or_default();
        *sum = *sum + talked;
    }

    /// Whether an agent may call a number now.
    pub(super) fn judge_outbound(
        &mut self,
        agent: &AgentId,
        logged_in: bool,
        number: &OutboundNumber,
        now: Moment,
    ) -> Result<(), OutboundRefusal> {
        self.turn_outbound_day(now);
        let outbound = &self.outbound;
        let used = OutboundUse {
            agent,
            logged_in,
            calls: u32::try_from(outbound.running.len()).unwrap_or(u32::MAX),
            talked: outbound.talked(now),
            talked_by_agent: outbound.talked_by(agent, now),
        };
        let judged = outbound.rules.judge(number, used, now.wall);
        if judged == Err(OutboundRefusal::MinutesPerDay) && !outbound.stopped {
            // Used up before a restart.
            self.watch_outbound(now);
        }
        judged
    }

    /// A call to the outside begins. Emergency calls are subject to no limit.
    pub(super) fn outbound_began(
        &mut self,
        call: &CallId,
        agent: &AgentId,
        number: &OutboundNumber,
    ) {
        if number.kind() != NumberKind::Emergency {
            let running = Running {
                agent: agent.clone(),
                since: None,
            };
            self.outbound.running.insert(call.clone(), running);
        }
    }

    pub(super) fn outbound_answered(&mut self, call: &CallId, now: Moment) {
        if let Some(running) = self.outbound.running.get_mut(call) {
            running.since = Some(now);
            self.watch_outbound(now);
        }
    }

    pub(super) fn outbound_ended(&mut self, call: &CallId, now: Moment) {
        self.turn_outbound_day(now);
        if let Some(running) = self.outbound.running.remove(call) {
            let talked = running.talked(now);
            self.restore_outbound(&running.agent, talked);
            self.watch_outbound(now);
        }
    }

    /// Other rules hold from now on; those of before are told anew if they still hold.
    pub(super) fn set_outbound_rules(&mut self, rules: OutboundRules, now: Moment) {
        if self.outbound.rules == rules {
            return;
        }
        self.outbound.rules = rules;
        self.outbound.stopped = false;
        self.outbound.stopped_agents.clear();
        self.watch_outbound(now);
    }

    /// Does what reached limits ask for, and looks again when the next one may be reached.
    pub(super) fn watch_outbound(&mut self, now: Moment) {
        self.turn_outbound_day(now);
        let mut cut = Vec::new();
        for limit in self.outbound.reached(now) {
            let is_of = |agent: &AgentId| match &limit {
                Limit::Desk => true,
                Limit::Agent(limited) => limited == agent,
            };
            let running = self.outbound.running.iter();
            let calls = running.filter(|(_, running)| is_of(&running.agent));
            cut.extend(calls.map(|(call, _)| call.clone()));
            let agent = match limit {
                Limit::Desk => {
                    self.outbound.stopped = true;
                    None
                }
                Limit::Agent(agent) => {
                    self.outbound.stopped_agents.insert(agent.clone());
                    Some(agent)
                }
            };
            self.out(Output::OutboundStopped { agent });
        }
        if self.outbound.rules.cut_at_limit {
            for call in cut {
                self.cut_dialled(&call, now);
            }
        }
        let timer = self.outbound.timer.take();
        self.clear_timer(timer);
        if let Some(after) = self.outbound.next_look(now) {
            self.outbound.timer = Some(self.set_timer(TimerOf::OutboundLimit, after));
        }
    }

    fn turn_outbound_day(&mut self, now: Moment) {
        if self.outbound.turn_day(now) {
            self.out(Output::OutboundResumed);
        }
    }

    /// The desk ends a dialled call.
    pub(super) fn cut_dialled(&mut self, call: &CallId, now: Moment) {
        if self.end_dialled(call, EndCause::Desk, now) {
            self.out(Output::EndFar { call: call.clone() });
            self.out(Output::HangUp {
                call: call.clone(),
                cause: HangUpCause::Normal,
            });
        }
    }
}
