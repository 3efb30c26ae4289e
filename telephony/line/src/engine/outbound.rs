//! 発信規制 at work: what follows when a limit of the day is reached.

use madoguchi_core::clock::Moment;
use madoguchi_core::event::EndCause;
use madoguchi_core::id::{AgentId, CallId};
use madoguchi_core::outbound::{
    NumberKind, OutboundElsewhere, OutboundNumber, OutboundRefusal, OutboundRules, OutboundUse,
};

use super::Engine;
use super::outbound_use::{Limit, Running};
use super::timers::TimerOf;
use crate::api::{HangUpCause, Output};

impl Engine {
    /// Takes up what calls that are not of this run use of the limits.
    pub fn set_outbound_elsewhere(&mut self, used: OutboundElsewhere, now: Moment) {
        self.outbound.elsewhere = used;
        self.outbound.keep_to_day();
        self.watch_outbound(now);
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
            calls: outbound.calls(),
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
            self.outbound.add(running, now);
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
        self.outward_over(call, EndCause::Desk, now);
        if self.end_dialled(call, EndCause::Desk, now) {
            self.out(Output::EndFar { call: call.clone() });
            self.out(Output::HangUp {
                call: call.clone(),
                cause: HangUpCause::Normal,
            });
        }
    }
}
