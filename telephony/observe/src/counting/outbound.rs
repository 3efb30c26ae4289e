//! A call that somebody at an extension dialled.

use madoguchi_core::event::{EndCause, EventKind};
use madoguchi_core::id::AgentId;

use super::{Dialogs, Log};
use crate::capture::Micros;
use crate::dialog::{Dialog, Ending, Side};

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

    pub(super) fn dial(&self, log: &mut Log, at: Micros, from: &str, to: &str) {
        let dialled = EventKind::Dialled {
            agent: self.agent.clone(),
            from: from.to_owned(),
            to: to.to_owned(),
            outside: self.outside,
        };
        log.push(at, dialled);
    }

    pub(super) fn follow(&mut self, log: &mut Log, caller: &Dialog, legs: &Dialogs<'_>) {
        if self.over {
            return;
        }
        let legs = legs.iter().map(|(_, leg)| *leg);
        let legs: Vec<&Dialog> = legs.filter(|leg| !leg.passed_on).collect();
        if !self.answered
            && let Some(at) = answer(caller, &legs)
        {
            self.answered = true;
            let agent = Some(self.agent.clone());
            log.push(at, EventKind::Answered { agent });
        }
        if let Some(end) = caller.end
            && !caller.waits_for_another_invite()
        {
            self.over = true;
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
            log.push(end.at, EventKind::Ended { cause });
        }
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
