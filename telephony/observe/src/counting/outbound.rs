//! A call that somebody at an extension dialled.

use madoguchi_core::event::{EndCause, EventKind, Party};
use madoguchi_core::id::AgentId;

use super::{Dialogs, Log, callers_end};
use crate::calls::{DialogKey, Step};
use crate::capture::Micros;
use crate::dialog::{Change, Dialog, Ending, Side};

#[derive(Debug)]
pub(super) struct Outbound {
    agent: AgentId,
    outside: bool,
    answered: bool,
    over: bool,
}

impl Outbound {
    pub(super) fn new(agent: AgentId, outside: bool) -> Self {
        Self {
            agent,
            outside,
            answered: false,
            over: false,
        }
    }

    pub(super) fn is_outside(&self) -> bool {
        self.outside
    }

    pub(super) fn is_answered(&self) -> bool {
        self.answered
    }

    pub(super) fn dial(&self, log: &mut Log, at: Micros, from: &str, to: &str) {
        let dialled = EventKind::Dialled {
            agent: self.agent.clone(),
            from: from.to_owned(),
            to: to.to_owned(),
            outside: self.outside,
        };
        log.push(at, dialled);
    }

    pub(super) fn follow(
        &mut self,
        log: &mut Log,
        (caller_key, caller): (DialogKey, &Dialog),
        legs: &Dialogs<'_>,
        step: Option<&Step>,
    ) {
        if self.over {
            return;
        }
        if let Some(step) = step.filter(|_| self.answered) {
            hold(log, step, caller_key, legs);
        }
        let end = callers_end(caller, legs);
        let legs = legs.iter().map(|(_, leg)| *leg);
        let legs = legs.filter(|leg| !leg.passed_on && !leg.goes_on);
        let legs: Vec<&Dialog> = legs.collect();
        if !self.answered
            && let Some(at) = answer(caller, &legs)
        {
            self.answered = true;
            let agent = Some(self.agent.clone());
            log.push(at, EventKind::Answered { agent });
        }
        if let Some(end) = end {
            let far_end_first = legs
                .iter()
                .filter_map(|leg| leg.end)
                .any(|leg| leg.at <= end.at && leg.by == Ending::Bye(Side::Callee));
            let cause = match end.by {
                Ending::MediaStopped | Ending::Silent => EndCause::Lost,
                Ending::Bye(Side::Callee) if legs.is_empty() || far_end_first => EndCause::Caller,
                Ending::Bye(Side::Callee) => EndCause::Desk,
                Ending::Refused(_) if caller.cancelled.is_none() => EndCause::Refused,
                _ => EndCause::Agent,
            };
            self.end(log, end.at, cause);
        }
    }

    pub(super) fn end(&mut self, log: &mut Log, at: Micros, cause: EndCause) {
        if !std::mem::replace(&mut self.over, true) {
            log.push(at, EventKind::Ended { cause });
        }
    }
}

/// Who dialled holds on the own dialog, the far end on that where it answered.
fn hold(log: &mut Log, step: &Step, caller: DialogKey, legs: &Dialogs<'_>) {
    let far_end = |(key, leg): &(DialogKey, &Dialog)| *key == step.dialog && !leg.passed_on;
    let is_direct = legs.is_empty() && step.dialog == caller;
    let party = |side: Side| match side {
        Side::Caller if step.dialog == caller => Some(Party::Agent),
        Side::Callee if is_direct || legs.iter().any(far_end) => Some(Party::Caller),
        _ => None,
    };
    let kind = match step.change {
        Change::Held(side) => party(side).map(|by| EventKind::Held { by }),
        Change::Resumed(side) => party(side).map(|by| EventKind::Resumed { by }),
        _ => None,
    };
    if let Some(kind) = kind {
        log.push(step.at, kind);
    }
}

/// When both sides could talk.
fn answer(caller: &Dialog, legs: &[&Dialog]) -> Option<Micros> {
    let answered = caller.taken()?;
    if legs.is_empty() {
        return Some(answered);
    }
    let answers = legs.iter().filter_map(|leg| leg.taken());
    answers.min().map(|leg| leg.max(answered))
}
