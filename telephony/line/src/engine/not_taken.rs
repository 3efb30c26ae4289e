//! Calls that came and could not be taken by a fault of ours. They count like any other.

use madoguchi_core::caller::{CalledNumber, Caller};
use madoguchi_core::clock::Moment;
use madoguchi_core::event::{AbandonReason, EndCause, EventKind};
use madoguchi_core::id::{AgentId, CallId, LineName};

use super::Engine;
use super::call::{Call, Stage};
use crate::api::DialTarget;

impl Engine {
    /// 着信 and 放棄 at once, within reception hours; otherwise 時間外着信.
    pub(super) fn call_not_taken(
        &mut self,
        call: CallId,
        line: &LineName,
        from: Caller,
        to: CalledNumber,
        now: Moment,
    ) {
        let Some(key) = self.lines.lookup(line) else {
            return;
        };
        if self.calls.contains_key(&call) {
            return;
        }
        let open = self.calendar_of(key).status(now.wall).open;
        let mut entry = Call::new(Some(key), line.clone(), from.clone(), now);
        entry.stage = Stage::Over;
        self.open_call(call.clone(), entry);
        self.emit(&call, EventKind::Arrived { from, to, open }, now);
        let end = if open {
            EventKind::Abandoned {
                reason: AbandonReason::SystemError,
            }
        } else {
            EventKind::Ended {
                cause: EndCause::SystemError,
            }
        };
        self.emit(&call, end, now);
        self.close_call(&call, now);
    }

    /// 発信 (or 内線) that was tried and refused.
    pub(super) fn dial_not_taken(
        &mut self,
        call: CallId,
        agent: &AgentId,
        target: &DialTarget,
        now: Moment,
    ) {
        let Some(key) = self.agents.key(agent) else {
            return;
        };
        if self.calls.contains_key(&call) {
            return;
        }
        let (line_name, kind, _) = self.read_target(key, agent, target);
        let mut entry = Call::new(
            self.lines.lookup(&line_name),
            line_name,
            Caller::default(),
            now,
        );
        entry.stage = Stage::Over;
        self.open_call(call.clone(), entry);
        self.emit(&call, kind, now);
        let cause = EndCause::SystemError;
        self.emit(&call, EventKind::Ended { cause }, now);
        self.close_call(&call, now);
    }
}
