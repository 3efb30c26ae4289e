//! A call to a line.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use madoguchi_core::event::{
    AbandonReason, EndCause, EventKind, Party, RingOutcome, TransferTarget,
};
use madoguchi_core::id::AgentId;

use super::numbers::{LeadsTo, ends, is_machine};
use super::{Dialogs, Line, Log, Rules, callers_end};
use crate::calls::{DialogKey, Step};
use crate::capture::Micros;
use crate::dialog::{Change, Dialog, End, Ending, Side};

#[derive(Debug)]
pub(super) struct Inbound {
    open: bool,
    is_direct: bool,
    legs: HashMap<DialogKey, Leg>,
    talking: Talking,
    /// Since when somebody has talked with the caller, and who does, if a setting names them.
    since: Micros,
    agent: Option<AgentId>,
    /// On which side of the leg they are.
    side: Side,
    over: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Leg {
    /// To somebody, whom a setting may name.
    Ringing(Option<AgentId>),
    Talking,
    /// To the outside.
    Outside,
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

/// Who calls, as far as is known now.
struct Caller<'a> {
    dialog: &'a Dialog,
    /// The end of all dialogs in which they call.
    end: Option<End>,
    /// When another call turned out to be a part of this one just now: what it was before is no part of this.
    merged_at: Micros,
}

impl Caller<'_> {
    /// When the caller and who was called in a leg could hear each other, if they could.
    fn hears(&self, leg: &Dialog) -> Option<Micros> {
        let at = leg.taken()?.max(self.dialog.taken()?).max(self.merged_at);
        let mut ends = [self.end, leg.end].into_iter().flatten();
        ends.all(|end| end.at >= at).then_some(at)
    }
}

impl Inbound {
    pub(super) fn new(line: &Line, open: bool) -> Self {
        Self {
            open,
            is_direct: line.is_direct,
            legs: HashMap::new(),
            talking: Talking::NotYet,
            since: Micros::default(),
            agent: None,
            side: Side::Callee,
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
        let end = callers_end(caller, legs);
        let merged = step.filter(|step| step.merged.is_some());
        let caller_now = Caller {
            dialog: caller,
            end,
            merged_at: merged.map_or(Micros(i64::MIN), |step| step.at),
        };
        for (key, leg) in legs {
            self.follow_leg(log, rules, &caller_now, (*key, leg));
            if self.over {
                return;
            }
        }
        self.follow_elsewhere(log, caller, legs);
        if self.is_direct
            && self.talking == Talking::NotYet
            && let Some(at) = caller.taken()
        {
            log.push(at, EventKind::Answered { agent: None });
            self.talking = Talking::With(caller_key);
            self.since = at;
        }
        if let Some(step) = step {
            self.hold(log, step, caller_key);
        }
        if let Some(end) = end {
            self.end(log, caller, end.at, end.by);
        }
    }

    fn follow_leg(
        &mut self,
        log: &mut Log,
        rules: &Rules,
        caller: &Caller<'_>,
        (key, leg): (DialogKey, &Dialog),
    ) {
        if leg.passed_on {
            return;
        }
        if let Entry::Vacant(unknown) = self.legs.entry(key) {
            let Some(start) = leg.start else {
                return;
            };
            let begins = match rules.leads_to(leg) {
                LeadsTo::Agent(agent) => {
                    let ringing = EventKind::Ringing {
                        agent: agent.clone(),
                    };
                    log.push(start.max(caller.merged_at), ringing);
                    Leg::Ringing(Some(agent))
                }
                LeadsTo::Somebody => Leg::Ringing(None),
                LeadsTo::Outside => Leg::Outside,
                LeadsTo::Machine => Leg::Over,
            };
            unknown.insert(begins);
        }
        match self.legs.get(&key).cloned() {
            Some(Leg::Ringing(agent)) => self.follow_ringing(log, caller, (key, leg), agent),
            Some(Leg::Outside) if self.talking == Talking::NotYet => {
                self.answer_outside(log, caller, (key, leg));
            }
            Some(Leg::Outside) => self.follow_outside(log, leg),
            Some(Leg::Talking) => {
                if let Some(end) = leg.end {
                    self.legs.insert(key, Leg::Over);
                    let cause = match end.by {
                        Ending::Bye(side) if side == leg.side_of_answer() => EndCause::Agent,
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
        caller: &Caller<'_>,
        (key, leg): (DialogKey, &Dialog),
        agent: Option<AgentId>,
    ) {
        match caller.hears(leg) {
            // Nobody has picked up what never rang: a queue, a recorder or a mailbox has.
            _ if agent.is_none() && leg.taken().is_some() && is_machine(leg) => {
                self.legs.insert(key, Leg::Over);
            }
            Some(at) => {
                self.legs.insert(key, Leg::Talking);
                self.answered(log, key, agent, at);
                self.side = leg.side_of_answer();
            }
            None => {
                let at = leg.end.map(|end| end.at).or(leg.cancelled);
                if let Some(at) = at {
                    if let Some(agent) = agent {
                        let outcome = self.ring_outcome(caller, leg);
                        log.push(at, EventKind::RingEnded { agent, outcome });
                    }
                    self.legs.insert(key, Leg::Over);
                }
            }
        }
    }

    fn answered(&mut self, log: &mut Log, key: DialogKey, agent: Option<AgentId>, at: Micros) {
        self.withdraw(log, at);
        let to = match (&self.talking, agent.clone()) {
            (Talking::NotYet, agent) => {
                log.push(at, EventKind::Answered { agent });
                None
            }
            // The next agent takes over.
            (_, Some(agent)) => Some(TransferTarget::Agent { agent }),
            // Whom no setting names has no part of their own.
            (_, None) => self.agent.is_some().then_some(TransferTarget::Desk),
        };
        if let Some(to) = to {
            let from = None;
            log.push(at, EventKind::Transferred { from, to });
        }
        self.talking = Talking::With(key);
        self.since = at;
        self.agent = agent;
        self.side = Side::Callee;
    }

    /// A phone that rang says that somebody else has taken the call, who was not seen: picked up from another phone.
    fn follow_elsewhere(&mut self, log: &mut Log, caller: &Dialog, legs: &Dialogs<'_>) {
        let rings = self.legs.values().any(|leg| matches!(leg, Leg::Ringing(_)));
        if self.talking != Talking::NotYet || rings {
            return;
        }
        let told = legs.iter().filter(|(_, leg)| leg.taken_elsewhere);
        let first = told
            .filter_map(|(key, leg)| Some((leg.cancelled?, *key)))
            .min();
        let (Some((at, key)), Some(taken)) = (first, caller.taken()) else {
            return;
        };
        let at = at.max(taken);
        if caller.end.is_none_or(|end| end.at >= at) {
            self.answered(log, key, None, at);
        }
    }

    /// The caller was sent on to the outside before anybody of the desk has talked with them, and somebody answers.
    fn answer_outside(
        &mut self,
        log: &mut Log,
        caller: &Caller<'_>,
        (key, leg): (DialogKey, &Dialog),
    ) {
        if let Some(at) = caller.hears(leg) {
            self.legs.insert(key, Leg::Talking);
            self.answered(log, key, None, at);
        }
    }

    /// Whoever talks with the caller hands them on to the outside: for the desk the call is over when
    /// somebody answers there (docs/metrics.md). A leg that began before the talk was a phone that rang beside
    /// others.
    fn follow_outside(&mut self, log: &mut Log, leg: &Dialog) {
        let is_later = leg.start.is_some_and(|start| start >= self.since);
        let Some(at) = leg.taken().filter(|_| is_later) else {
            return;
        };
        self.withdraw(log, at);
        let number = ends(leg).1;
        let (from, to) = (self.agent.clone(), TransferTarget::Outside { number });
        let left = match self.talking {
            Talking::Left(left, _) => left.min(at),
            _ => at,
        };
        log.push(left, EventKind::Transferred { from, to });
        let cause = EndCause::Desk;
        log.push(at, EventKind::Ended { cause });
        self.over = true;
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
            if let Some(Leg::Ringing(Some(agent))) = self.legs.insert(key, Leg::Over) {
                let outcome = RingOutcome::Withdrawn;
                log.push(at, EventKind::RingEnded { agent, outcome });
            }
        }
    }

    fn ring_outcome(&self, caller: &Caller<'_>, leg: &Dialog) -> RingOutcome {
        let gone = caller.end.is_some() || caller.dialog.cancelled.is_some();
        match leg.end.map(|end| end.by) {
            _ if leg.answer.is_some() => RingOutcome::Dropped,
            _ if leg.taken_elsewhere => RingOutcome::Withdrawn,
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
            side if step.dialog == leg && side == self.side => Some(Party::Agent),
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
