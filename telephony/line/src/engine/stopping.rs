//! The desk stops: whoever waits is told, and at the end every call gets its true end.

use madoguchi_core::clock::Moment;
use madoguchi_core::event::EndCause;
use madoguchi_core::id::CallId;

use super::Engine;
use super::agents::Activity;
use super::call::{Call, Stage};
use super::closing::CLOSED;
use super::keys::AgentKey;
use crate::api::{HangUpCause, Output};

impl Engine {
    /// Callers who wait hear that the desk has closed; talks go on.
    pub(super) fn drain(&mut self, now: Moment) {
        let mut waiting = self.all_waiting();
        waiting.extend(self.left_alone());
        self.close_on(&waiting, now);
    }

    /// Callers who were answered and wait for somebody of the desk again, by their names.
    fn left_alone(&self) -> Vec<CallId> {
        let waits = |entry: &Call| {
            let waits = matches!(entry.stage, Stage::Queued | Stage::Ringing);
            waits && entry.left_alone.is_some() && entry.outward.is_none()
        };
        let all = self.calls.iter().filter(|(_, entry)| waits(entry));
        let mut all: Vec<CallId> = all.map(|(call, _)| call.clone()).collect();
        all.sort_unstable();
        all
    }

    /// Every call ends by the desk, and the work after calls with them.
    pub(super) fn end_all(&mut self, now: Moment) {
        // Nobody may be rung for one of them when another ends.
        let mut calls: Vec<CallId> = self.calls.keys().cloned().collect();
        calls.sort_unstable();
        for call in &calls {
            self.leave_queue(call);
        }
        for call in &calls {
            self.end_by_desk(call, now);
        }
        let is_wrapping = |activity: &Activity| matches!(activity, Activity::WrapUp { .. });
        let wrapping: Vec<AgentKey> = self
            .agents
            .iter()
            .filter(|(_, agent)| is_wrapping(&agent.activity))
            .map(|(key, _)| key)
            .collect();
        for agent in wrapping {
            self.wrap_up_over(agent, now);
        }
    }

    fn end_by_desk(&mut self, call: &CallId, now: Moment) {
        let Some(entry) = self.calls.get(call) else {
            return;
        };
        match &entry.stage {
            Stage::Over => return,
            Stage::Dialled(_) | Stage::Outward(_) => return self.cut_dialled(call, now),
            Stage::Farewell { .. } => return self.farewell_over(call, now),
            Stage::Greeting | Stage::Queued | Stage::Ringing | Stage::Bridging { .. } => {
                self.withdraw_legs(call, now);
                self.end_wait(call, CLOSED, EndCause::Desk, now);
                self.close_call(call, now);
            }
            Stage::Talking(_) => self.end_talk(call, EndCause::Desk, true, now),
            Stage::Outside => self.end_outside(call, EndCause::Desk, now),
        }
        self.out(Output::HangUp {
            call: call.clone(),
            cause: HangUpCause::Normal,
        });
    }
}
