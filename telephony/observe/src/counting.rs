//! Observed calls as events of the desk: which are 着信 of which line, 発信, 内線, and what happens to them.
//!
//! Events go out as soon as they are certain, each once, with the same names whenever the same packets are
//! seen: storing them twice changes nothing.

mod inbound;
mod numbers;
mod outbound;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use madoguchi_core::call::CallRecord;
use madoguchi_core::event::{CallEvent, EndCause, EventKind, SUPERSEDED_SEQ};
use madoguchi_core::id::{AgentId, CallId, LineName, NodeName};
use madoguchi_core::time::Instant;

use self::inbound::Inbound;
pub(crate) use self::numbers::Meaning;
use self::numbers::ends;
pub use self::numbers::{Line, Rules, Unnamed};
use self::outbound::Outbound;
use crate::calls::{CallKey, Calls, Certainty, Closed, DialogKey, Step};
use crate::capture::Micros;
use crate::dialog::{Dialog, End};
pub use madoguchi_core::setup::Pattern;

/// How many calls were counted as what.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// 着信 and 時間外着信.
    pub arrived: u64,
    /// 発信
    pub outbound: u64,
    /// 内線
    pub internal: u64,
    /// 不明: legs whose call was not found, and numbers that no setting names.
    pub unknown: u64,
    /// Feature codes.
    pub feature_codes: u64,
    /// Calls that stood when they were first seen.
    pub already_up: u64,
}

impl Tally {
    /// The count that a call of this kind stands in.
    fn of(&mut self, kind: &Kind) -> &mut u64 {
        match kind {
            Kind::Inbound(_) => &mut self.arrived,
            Kind::Outbound(outbound) if outbound.is_outside() => &mut self.outbound,
            Kind::Outbound(_) => &mut self.internal,
        }
    }
}

/// What a call is counted as.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum CountedAs {
    /// 着信 and 時間外着信 of a line.
    Inbound(LineName),
    /// 発信
    Outbound,
    /// 内線
    Internal,
    /// 不明: a leg whose call was not found, or numbers that no setting names.
    Unknown,
    /// A feature code.
    FeatureCode,
    /// It stood when it was first seen.
    AlreadyUp,
}

/// Makes events of what changes.
#[derive(Debug)]
pub struct Counting {
    rules: Rules,
    node: NodeName,
    tracked: HashMap<CallKey, Tracked>,
    tally: Tally,
}

/// Whether a line is open at an instant.
pub type IsOpen<'a> = &'a dyn Fn(&LineName, Instant) -> bool;

#[derive(Debug)]
struct Tracked {
    /// The dialog of who calls.
    caller: DialogKey,
    log: Log,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Inbound(Inbound),
    Outbound(Outbound),
}

/// The events of one call.
#[derive(Debug)]
struct Log {
    call: CallId,
    line: LineName,
    node: NodeName,
    next: u32,
    last_at: Instant,
    record: Option<CallRecord>,
    fresh: Vec<CallEvent>,
}

impl Log {
    fn new(caller: &Dialog, line: LineName, node: NodeName) -> Self {
        Self {
            // Tag and Call-ID name a dialog wherever it is seen, and stay the same.
            call: CallId::of_observed(caller.tag(), &caller.call_id),
            line,
            node,
            next: 0,
            last_at: Instant(0),
            record: None,
            fresh: Vec::new(),
        }
    }

    fn push(&mut self, at: Micros, kind: EventKind) {
        self.last_at = self.last_at.max(Instant(at.millis()));
        let event = CallEvent {
            call: self.call.clone(),
            seq: self.next,
            at: self.last_at,
            node: self.node.clone(),
            line: self.line.clone(),
            kind,
        };
        self.next += 1;
        match &mut self.record {
            Some(record) => record.apply(&event),
            None => self.record = CallRecord::begin(&event),
        }
        self.fresh.push(event);
    }

    /// What is seen ends here: whoever sees the true end later sets it right.
    fn cut_off(&mut self) {
        let record = self.record.as_ref();
        let end = record.and_then(|record| record.cut_off_event(&self.node));
        self.fresh.extend(end);
    }

    /// It was a leg of another call.
    fn supersede(&mut self, by: &Log) {
        self.fresh.push(CallEvent {
            call: self.call.clone(),
            seq: SUPERSEDED_SEQ,
            at: self.last_at,
            node: self.node.clone(),
            line: self.line.clone(),
            kind: EventKind::Superseded {
                by: by.call.clone(),
            },
        });
    }
}

/// The end of the caller's part: of the own dialog, and of all that go on where it was left.
fn callers_end(caller: &Dialog, others: &Dialogs<'_>) -> Option<End> {
    let later = others.iter().map(|(_, dialog)| *dialog);
    let later = later.filter(|dialog| dialog.goes_on);
    let mut last = caller.end?;
    for dialog in later {
        let end = dialog.end?;
        if end.at > last.at {
            last = end;
        }
    }
    Some(last)
}

/// The dialogs of a call in the order of their beginnings.
type Dialogs<'a> = [(DialogKey, &'a Dialog)];

impl Tracked {
    /// Brings the events up to what is known now.
    fn follow(&mut self, rules: &Rules, dialogs: &Dialogs<'_>, step: Option<&Step>) {
        let is_caller = |(key, _): &&(DialogKey, &Dialog)| *key == self.caller;
        let Some(caller) = dialogs.iter().find(is_caller).copied() else {
            return;
        };
        let legs = dialogs.iter().filter(|dialog| !is_caller(dialog));
        let legs: Vec<_> = legs.copied().collect();
        match &mut self.kind {
            Kind::Inbound(inbound) => inbound.follow(&mut self.log, rules, caller, &legs, step),
            Kind::Outbound(outbound) => outbound.follow(&mut self.log, caller, &legs, step),
        }
    }

    /// What it was counted as turns out to be a part of another call. A dialled call that was answered has
    /// been one, as a consultation is, and is over; any other was never a call.
    fn join(mut self, other: &Log, at: Micros) -> Vec<CallEvent> {
        match &mut self.kind {
            Kind::Outbound(outbound) if outbound.is_answered() => {
                outbound.end(&mut self.log, at, EndCause::Agent);
            }
            _ => self.log.supersede(other),
        }
        self.log.fresh
    }
}

impl Counting {
    /// Counts by these rules; `node` is who saw it.
    pub fn new(rules: Rules, node: NodeName) -> Self {
        Self {
            rules,
            node,
            tracked: HashMap::new(),
            tally: Tally::default(),
        }
    }

    /// Counts by these rules from now on; calls that have begun stay what they are.
    pub fn set_rules(&mut self, rules: Rules) {
        self.rules = rules;
    }

    /// How many calls were counted as what.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// The name of a call in events, if it is counted.
    pub fn call(&self, key: CallKey) -> Option<&CallId> {
        Some(&self.tracked.get(&key)?.log.call)
    }

    /// What a call is counted as that is over, before [`Self::close`] takes it.
    pub fn counted_as(&self, closed: &Closed) -> CountedAs {
        match self.tracked.get(&closed.key) {
            Some(Tracked { log, kind, .. }) => match kind {
                Kind::Inbound(_) => CountedAs::Inbound(log.line.clone()),
                Kind::Outbound(outbound) if outbound.is_outside() => CountedAs::Outbound,
                Kind::Outbound(_) => CountedAs::Internal,
            },
            None => self.untracked_as(closed),
        }
    }

    fn untracked_as(&self, closed: &Closed) -> CountedAs {
        let caller = closed.dialogs.first();
        let is_unknown = closed.certainty == Certainty::Unknown;
        match caller.map(|caller| (caller.was_up, self.rules.meaning(caller))) {
            Some((true, _)) => CountedAs::AlreadyUp,
            Some((false, Meaning::FeatureCode)) if !is_unknown => CountedAs::FeatureCode,
            _ => CountedAs::Unknown,
        }
    }

    /// The events that a step makes certain.
    pub fn step(&mut self, calls: &Calls, step: &Step, is_open: IsOpen<'_>) -> Vec<CallEvent> {
        let gone = step.merged.and_then(|gone| self.tracked.remove(&gone));
        let mut events = gone.map_or_else(Vec::new, |gone| self.merge(gone, step));
        if !self.tracked.contains_key(&step.call) {
            self.begin(calls, step, is_open);
        }
        if let Some(tracked) = self.tracked.get_mut(&step.call) {
            let dialogs: Vec<_> = calls.dialogs(step.call).collect();
            tracked.follow(&self.rules, &dialogs, Some(step));
            events.append(&mut tracked.log.fresh);
        }
        events
    }

    /// Two calls turn out to be one.
    fn merge(&mut self, gone: Tracked, step: &Step) -> Vec<CallEvent> {
        let Some(kept) = self.tracked.get(&step.call) else {
            // A leg that was seen before its caller.
            self.tracked.insert(step.call, gone);
            return Vec::new();
        };
        let count = self.tally.of(&gone.kind);
        *count = count.saturating_sub(1);
        gone.join(&kept.log, step.at)
    }

    /// The call is over, or nothing more is seen of it.
    pub fn close(&mut self, closed: &Closed) -> Vec<CallEvent> {
        match self.tracked.remove(&closed.key) {
            Some(mut tracked) => {
                let keys = closed.keys.iter().copied();
                let dialogs: Vec<_> = keys.zip(&closed.dialogs).collect();
                tracked.follow(&self.rules, &dialogs, None);
                tracked.log.cut_off();
                tracked.log.fresh
            }
            None => {
                self.count_untracked(closed);
                Vec::new()
            }
        }
    }

    fn begin(&mut self, calls: &Calls, step: &Step, is_open: IsOpen<'_>) {
        let Some((key, caller)) = calls.dialogs(step.call).next() else {
            return;
        };
        // It may be a leg of a call that is counted already.
        if calls.certainty(step.call) == Certainty::Unknown {
            return;
        }
        let Some(start) = caller.start else {
            return;
        };
        let (line, kind) = match self.rules.meaning(caller) {
            Meaning::Inbound(line) => {
                let open = is_open(&line.name, Instant(start.millis()));
                (line.name.clone(), Kind::Inbound(Inbound::new(line, open)))
            }
            Meaning::Outbound(agent) => {
                let line = self.rules.outbound_line();
                (line, Kind::Outbound(Outbound::new(agent, true)))
            }
            Meaning::Internal(agent) => {
                let outbound = Outbound::new(agent, false);
                (LineName::internal(), Kind::Outbound(outbound))
            }
            Meaning::FeatureCode | Meaning::Unknown => return,
        };
        let mut log = Log::new(caller, line, self.node.clone());
        let (from, to) = ends(caller);
        *self.tally.of(&kind) += 1;
        match &kind {
            Kind::Inbound(inbound) => inbound.arrive(&mut log, start, &from, &to),
            Kind::Outbound(outbound) => outbound.dial(&mut log, start, &from, &to),
        }
        let caller = key;
        let tracked = Tracked { caller, log, kind };
        self.tracked.insert(step.call, tracked);
    }

    fn count_untracked(&mut self, closed: &Closed) {
        if closed.dialogs.is_empty() {
            return;
        }
        let count = match self.untracked_as(closed) {
            CountedAs::AlreadyUp => &mut self.tally.already_up,
            CountedAs::FeatureCode => &mut self.tally.feature_codes,
            _ => &mut self.tally.unknown,
        };
        *count += 1;
    }
}

/// The agent of an extension that no setting names goes by the extension.
fn agent_named(text: &str) -> AgentId {
    AgentId::new(text)
}
