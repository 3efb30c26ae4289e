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
use madoguchi_core::event::{CallEvent, EventKind};
use madoguchi_core::id::{AgentId, CallId, LineName, NodeName};
use madoguchi_core::time::Instant;

use self::inbound::Inbound;
pub(crate) use self::numbers::Meaning;
use self::numbers::ends;
pub use self::numbers::{Line, Rules};
use self::outbound::Outbound;
use crate::calls::{CallKey, Calls, Closed, DialogKey, Step};
use crate::capture::Micros;
use crate::dialog::Dialog;
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
            call: CallId::new(format!("observed/{}/{}", caller.tag(), caller.call_id)),
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
}

/// The dialogs of a call in the order of their beginnings.
type Dialogs<'a> = [(DialogKey, &'a Dialog)];

impl Tracked {
    /// Brings the events up to what is known now.
    fn follow(&mut self, rules: &Rules, dialogs: &Dialogs<'_>, step: Option<&Step>) {
        let Some(((key, caller), legs)) = dialogs.split_first() else {
            return;
        };
        match &mut self.kind {
            Kind::Inbound(inbound) => {
                inbound.follow(&mut self.log, rules, (*key, caller), legs, step);
            }
            Kind::Outbound(outbound) => outbound.follow(&mut self.log, caller, legs),
        }
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
            Some(Tracked { log, kind }) => match kind {
                Kind::Inbound(_) => CountedAs::Inbound(log.line.clone()),
                Kind::Outbound(outbound) if outbound.is_outside() => CountedAs::Outbound,
                Kind::Outbound(_) => CountedAs::Internal,
            },
            None => self.untracked_as(closed),
        }
    }

    fn untracked_as(&self, closed: &Closed) -> CountedAs {
        let caller = closed.dialogs.first();
        match caller.map(|caller| (caller.was_up, self.rules.meaning(caller))) {
            Some((true, _)) => CountedAs::AlreadyUp,
            Some((false, Meaning::FeatureCode)) => CountedAs::FeatureCode,
            _ => CountedAs::Unknown,
        }
    }

    /// The events that a step makes certain.
    pub fn step(&mut self, calls: &Calls, step: &Step, is_open: IsOpen<'_>) -> Vec<CallEvent> {
        if let Some(gone) = step.merged {
            self.tracked.remove(&gone);
        }
        if !self.tracked.contains_key(&step.call) {
            self.begin(calls, step, is_open);
        }
        let Some(tracked) = self.tracked.get_mut(&step.call) else {
            return Vec::new();
        };
        let dialogs: Vec<_> = calls.dialogs(step.call).collect();
        tracked.follow(&self.rules, &dialogs, Some(step));
        std::mem::take(&mut tracked.log.fresh)
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
        let Some((_, caller)) = calls.dialogs(step.call).next() else {
            return;
        };
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
        match &kind {
            Kind::Inbound(inbound) => {
                self.tally.arrived += 1;
                inbound.arrive(&mut log, start, &from, &to);
            }
            Kind::Outbound(outbound) => {
                if outbound.is_outside() {
                    self.tally.outbound += 1;
                } else {
                    self.tally.internal += 1;
                }
                outbound.dial(&mut log, start, &from, &to);
            }
        }
        self.tracked.insert(step.call, Tracked { log, kind });
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
