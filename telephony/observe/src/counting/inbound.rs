//! A call to a line.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use madoguchi_core::event::{
    AbandonReason, EndCause, EventKind, Party, RingOutcome, TransferTarget,
};
use madoguchi_core::id::AgentId;

use super::{Dialogs, Line, Log, Rules};
use crate::calls::{DialogKey, Step};
use crate::capture::Micros;
use crate::dialog::{Change, Dialog, Ending, Side};

#[derive(Debug)]
pub(super) struct Inbound {
    open: bool,
    is_direct: bool,
    legs: HashMap<DialogKey, Leg>,
    talking: Talking,
    over: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Leg {
    Ringing(AgentId),
    Talking(AgentId),
    Over,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Talking {
    NotYet,
    /// On this leg, or on the caller's own dialog.
    With(DialogKey),
    /// The last leg has ended, and the caller is still there.
    Left(Micros, EndCause),
}

impl Inbound {
    pub(super) fn new(line: &Line, open: bool) -> Self {
        Self {
            open,
            is_direct: line.is_direct,
            legs: HashMap::new(),
            talking: Talking::NotYet,
            over: false,
        }
    }

    pub(super) fn arrive(&self, log: &mut Log, at: Micros, from: &str, to: &str) {
        let open = self.open;
        let arrived = EventKind::Arrived {
            from: from.into(),
            to: to.into(),
            open,
        };
        log.push(at, arrived);
        if open {
            log.push(at, EventKind::Queued);
        }
    }

    pub(super) fn follow(
        &mut self,
        log: &mut Log,
        rules: &Rules,
        (caller_key, caller): (DialogKey, &Dialog),
        legs: &Dialogs<'_>,
        step: Option<&Step>,
    ) {
        if self.over {
            return;
        }
        for (key, leg) in legs {
            self.follow_leg(log, rules, caller, (*key, leg));
        }
        if self.is_direct
            && self.talking == Talking::NotYet
            && let Some(at) = caller.taken()
        {
            log.push(at, EventKind::Answered { agent: None });
            self.talking = Talking::With(caller_key);
        }
        if let Some(step) = step {
            self.hold(log, step, caller_key);
        }
        if let Some(end) = caller.end
            && !caller.waits_for_another_invite()
        {
            self.end(log, caller, end.at, end.by);
        }
    }

    fn follow_leg(
        &mut self,
        log: &mut Log,
        rules: &Rules,
        caller: &Dialog,
        (key, leg): (DialogKey, &Dialog),
    ) {
        if leg.passed_on {
            return;
        }
        if let Entry::Vacant(unknown) = self.legs.entry(key) {
            let (Some(agent), Some(start)) = (rules.rung(leg), leg.start) else {
                return;
            };
            let ringing = EventKind::Ringing {
                agent: agent.clone(),
            };
            log.push(start, ringing);
            unknown.insert(Leg::Ringing(agent));
        }
        match self.legs.get(&key).cloned() {
            Some(Leg::Ringing(agent)) => self.follow_ringing(log, caller, (key, leg), agent),
            Some(Leg::Talking(_)) => {
                if let Some(end) = leg.end {
                    self.legs.insert(key, Leg::Over);
                    let cause = match end.by {
                        Ending::Bye(Side::Callee) => EndCause::Agent,
                        Ending::MediaStopped | Ending::Silent => EndCause::Lost,
                        _ => EndCause::Caller,
                    };
                    if self.talking == Talking::With(key) {
                        self.talking = Talking::Left(end.at, cause);
                    }
                }
            }
            Some(Leg::Over) | None => {}
        }
    }

    fn follow_ringing(
        &mut self,
        log: &mut Log,
        caller: &Dialog,
        (key, leg): (DialogKey, &Dialog),
        agent: AgentId,
    ) {
        let both = leg
            .taken()
            .zip(caller.taken())
            .map(|(one, other)| one.max(other));
        let ended_before = |dialog: &Dialog, at: Micros| dialog.end.is_some_and(|end| end.at < at);
        match both {
            Some(at) if !ended_before(caller, at) && !ended_before(leg, at) => {
                self.legs.insert(key, Leg::Talking(agent.clone()));
                self.answered(log, key, agent, at);
            }
            _ => {
                let at = leg.end.map(|end| end.at).or(leg.cancelled);
                if let Some(at) = at {
                    let outcome = self.ring_outcome(caller, leg);
                    log.push(at, EventKind::RingEnded { agent, outcome });
                    self.legs.insert(key, Leg::Over);
                }
            }
        }
    }

    fn answered(&mut self, log: &mut Log, key: DialogKey, agent: AgentId, at: Micros) {
        self.withdraw(log, at);
        match self.talking {
            Talking::NotYet => log.push(at, EventKind::Answered { agent: Some(agent) }),
            // The next agent takes over.
            Talking::With(_) | Talking::Left(..) => {
                let to = TransferTarget::Agent { agent };
                log.push(at, EventKind::Transferred { from: None, to });
            }
        }
        self.talking = Talking::With(key);
    }

    /// The phones that ring yet were rung in vain.
    fn withdraw(&mut self, log: &mut Log, at: Micros) {
        let mut ringing: Vec<DialogKey> = Vec::new();
        for (key, leg) in &self.legs {
            if matches!(leg, Leg::Ringing(_)) {
                ringing.push(*key);
            }
        }
        ringing.sort();
        for key in ringing {
            if let Some(Leg::Ringing(agent)) = self.legs.insert(key, Leg::Over) {
                let outcome = RingOutcome::Withdrawn;
                log.push(at, EventKind::RingEnded { agent, outcome });
            }
        }
    }

    fn ring_outcome(&self, caller: &Dialog, leg: &Dialog) -> RingOutcome {
        let gone = caller.end.is_some() || caller.cancelled.is_some();
        match leg.end.map(|end| end.by) {
            _ if leg.answer.is_some() => RingOutcome::Dropped,
            _ if leg.cancelled.is_some() && (gone || self.talking != Talking::NotYet) => {
                RingOutcome::Withdrawn
            }
            _ if leg.cancelled.is_some() => RingOutcome::NoAnswer,
            Some(Ending::Refused(486 | 600 | 603)) => RingOutcome::Declined,
            Some(Ending::Refused(408 | 487)) => RingOutcome::NoAnswer,
            _ => RingOutcome::Unreachable,
        }
    }

    fn hold(&self, log: &mut Log, step: &Step, caller: DialogKey) {
        let Talking::With(leg) = self.talking else {
            return;
        };
        let party = |side: Side| match side {
            Side::Caller if step.dialog == caller => Some(Party::Caller),
            Side::Callee if step.dialog == leg => Some(Party::Agent),
            _ => None,
        };
        match step.change {
            Change::Held(side) => {
                if let Some(by) = party(side) {
                    log.push(step.at, EventKind::Held { by });
                }
            }
            Change::Resumed(side) => {
                if let Some(by) = party(side) {
                    log.push(step.at, EventKind::Resumed { by });
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, log: &mut Log, caller: &Dialog, at: Micros, by: Ending) {
        self.over = true;
        match self.talking.clone() {
            Talking::NotYet => {
                self.withdraw(log, at);
                let kind = if self.open {
                    let reason = reason(caller, by);
                    EventKind::Abandoned { reason }
                } else {
                    let cause = match by {
                        Ending::Bye(Side::Caller) => EndCause::Caller,
                        _ if caller.cancelled.is_some() => EndCause::Caller,
                        _ => EndCause::Desk,
                    };
                    EventKind::Ended { cause }
                };
                log.push(at, kind);
            }
            Talking::With(_) => {
                let cause = match by {
                    Ending::Bye(Side::Callee) if self.is_direct => EndCause::Agent,
                    Ending::Bye(Side::Callee) => EndCause::Desk,
                    Ending::MediaStopped | Ending::Silent => EndCause::Lost,
                    _ => EndCause::Caller,
                };
                self.withdraw(log, at);
                log.push(at, EventKind::Ended { cause });
            }
            // The talk was over when the agent's leg was.
            Talking::Left(left, cause) => log.push(left.min(at), EventKind::Ended { cause }),
        }
    }
}

/// Why a call that nobody answered is over.
fn reason(caller: &Dialog, by: Ending) -> AbandonReason {
    match by {
        _ if caller.cancelled.is_some() => AbandonReason::CallerHangup,
        Ending::Bye(Side::Caller | Side::Unknown) => AbandonReason::CallerHangup,
        Ending::Bye(Side::Callee) | Ending::Refused(408 | 487) => AbandonReason::MaxWait,
        Ending::Refused(486 | 600) => AbandonReason::QueueFull,
        Ending::Refused(480) => AbandonReason::NoAgent,
        Ending::Refused(_) | Ending::MediaStopped | Ending::Silent => AbandonReason::SystemError,
    }
}
