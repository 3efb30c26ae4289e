//! What has been used of the limits of 発信規制 today.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use madoguchi_core::clock::Moment;
use madoguchi_core::id::{AgentId, CallId};
use madoguchi_core::live::OutboundView;
use madoguchi_core::outbound::{OutboundElsewhere, OutboundRules};
use madoguchi_core::time::{Instant, Millis};

use crate::api::TimerId;

/// A day in Tokyo, where no clock is put forward.
const DAY: Millis = Millis::from_secs(86_400);

/// The beginning of the day of this moment.
fn day_of(now: Moment) -> Instant {
    Instant::start_of(now.wall.date())
}

/// Calls to the outside that go on, and how long those that are over have talked today.
#[derive(Debug)]
pub(super) struct Outbound {
    pub(super) rules: OutboundRules,
    /// When the day began that is counted.
    pub(super) day: Instant,
    /// Talk of calls that have ended today.
    pub(super) talked: Millis,
    pub(super) talked_by: HashMap<AgentId, Millis>,
    pub(super) running: BTreeMap<CallId, Running>,
    /// What calls of other nodes and of earlier runs use.
    pub(super) elsewhere: OutboundElsewhere,
    /// The desk has used up its minutes of the day.
    pub(super) stopped: bool,
    /// Agents who have used up theirs.
    pub(super) stopped_agents: BTreeSet<AgentId>,
    pub(super) timer: Option<TimerId>,
}

#[derive(Debug)]
pub(super) struct Running {
    pub(super) agent: AgentId,
    /// Since when both talk.
    pub(super) since: Option<Moment>,
}

impl Running {
    /// How long it has talked today.
    pub(super) fn talked(&self, now: Moment) -> Millis {
        let Some(since) = self.since else {
            return Millis::ZERO;
        };
        let talked = now.monotonic - since.monotonic;
        let of_day = now.wall - day_of(now);
        talked.min(of_day).max(Millis::ZERO)
    }
}

/// A limit that has been reached.
pub(super) enum Limit {
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
            elsewhere: OutboundElsewhere::default(),
            stopped: false,
            stopped_agents: BTreeSet::new(),
            timer: None,
        }
    }

    pub(super) fn view(&self) -> OutboundView {
        OutboundView {
            calls: self.calls(),
            stopped: self.stopped,
            stopped_agents: self.stopped_agents.iter().cloned().collect(),
        }
    }

    /// Calls that go on anywhere.
    pub(super) fn calls(&self) -> u32 {
        let here = u32::try_from(self.running.len()).unwrap_or(u32::MAX);
        here.saturating_add(self.elsewhere.calls())
    }

    /// A call is over.
    pub(super) fn add(&mut self, call: Running, now: Moment) {
        let talked = call.talked(now);
        self.talked = self.talked + talked;
        let sum = self.talked_by.entry(call.agent).or_default();
        *sum = *sum + talked;
    }

    /// What was told of another day than the running one is not counted.
    pub(super) fn keep_to_day(&mut self) {
        if self.elsewhere.day != self.day {
            self.elsewhere.turn_day(self.day);
        }
    }

    /// Forgets what was used on another day; tells whether somebody was stopped until now.
    pub(super) fn turn_day(&mut self, now: Moment) -> bool {
        let day = day_of(now);
        if day == self.day {
            return false;
        }
        let was_stopped = self.stopped || !self.stopped_agents.is_empty();
        self.day = day;
        self.talked = Millis::ZERO;
        self.talked_by.clear();
        self.keep_to_day();
        self.stopped = false;
        self.stopped_agents.clear();
        was_stopped
    }

    pub(super) fn talked(&self, now: Moment) -> Millis {
        let running = self.running.values().map(|call| call.talked(now));
        let here = running.fold(self.talked, |sum, talked| sum + talked);
        here + self.elsewhere.talked(now.wall)
    }

    pub(super) fn talked_by(&self, agent: &AgentId, now: Moment) -> Millis {
        let running = self.running.values().filter(|call| call.agent == *agent);
        let before = self.talked_by.get(agent).copied().unwrap_or_default();
        let here = running.fold(before, |sum, call| sum + call.talked(now));
        here + self.elsewhere.talked_by(agent, now.wall)
    }

    /// Limits that are reached now and were not before.
    pub(super) fn reached(&self, now: Moment) -> Vec<Limit> {
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
    pub(super) fn next_look(&self, now: Moment) -> Option<Millis> {
        let talking: Vec<&Running> = self
            .running
            .values()
            .filter(|call| call.since.is_some())
            .collect();
        let mut next = Vec::new();
        let at_once = |here: usize, elsewhere: usize| {
            i64::try_from(here.saturating_add(elsewhere)).unwrap_or(i64::MAX)
        };
        let count = at_once(talking.len(), self.elsewhere.talking().count());
        let most = self.rules.talk_per_day;
        if count > 0 && !self.stopped && most > Millis::ZERO {
            let left = most.0 - self.talked(now).0;
            next.push(Millis(left.div_euclid(count) + 1));
        }
        for call in &talking {
            let agent = &call.agent;
            let most = self.rules.of(agent).talk_per_day;
            if most > Millis::ZERO && !self.stopped_agents.contains(agent) {
                let here = talking.iter().filter(|other| other.agent == *agent);
                let elsewhere = self.elsewhere.talking().filter(|(who, _)| *who == agent);
                let count = at_once(here.count(), elsewhere.count()).max(1);
                let left = most.0 - self.talked_by(agent, now).0;
                // Rounded up.
                next.push(Millis(-(-left).div_euclid(count)));
            }
        }
        if self.stopped || !self.stopped_agents.is_empty() {
            next.push(self.day + DAY - now.wall);
        }
        next.into_iter().min().map(|after| after.max(Millis(1)))
    }
}
