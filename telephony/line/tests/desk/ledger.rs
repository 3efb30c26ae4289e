//! Keeps the books of a desk from what its engine puts out, and finds every contradiction.
//!
//! The ledger knows nothing of the engine but its contract: it reads inputs, outputs and events,
//! and compares what they say with what the engine's snapshot tells.

mod book;
mod checks;
mod roster;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use madoguchi_core::call::CallRecord;
use madoguchi_core::event::{CallEvent, EventKind, RingOutcome};
use madoguchi_core::id::{AgentId, CallId, LineName};
use madoguchi_core::live::{AgentState, DeskRequest};
use madoguchi_core::time::{Instant, Millis};
use madoguchi_line::api::{DialTarget, Input, LegId, Output, TimerId};
use madoguchi_line::engine::Engine;

use self::book::Book;
use self::roster::Roster;

/// The books of all calls that are not over, and sums over those that are.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) books: HashMap<CallId, Book>,
    pub(crate) legs: BTreeMap<LegId, AgentId>,
    pub(crate) timers: BTreeMap<TimerId, Instant>,
    pub(crate) offered: u64,
    pub(crate) answered: u64,
    pub(crate) abandoned: u64,
    /// (who waits, who is served instead, by whom)
    passed_over: Vec<(CallId, CallId, AgentId)>,
    /// (who is of a lower level, who is rung instead, for whom)
    skipped: Vec<(AgentId, AgentId, CallId)>,
    orders: u64,
    last_timer: u64,
    used_legs: BTreeSet<LegId>,
    roster: Roster,
    /// Until when an agent whose phone failed may be left alone.
    pub(crate) rests: HashMap<AgentId, Instant>,
    /// Who takes a call by the input that is looked at: no matter whose turn it is.
    picks: Option<AgentId>,
    /// The call to the outside that may begin for a caller by the input that is looked at.
    outward: Option<CallId>,
    /// The consultation that may begin by it, in which no phone dials.
    beside: Option<CallId>,
    /// When timers may run out that let agents alone for so long.
    rest_ends: BTreeSet<Instant>,
}

/// For so long the engine leaves an agent alone after a refusal.
pub(crate) const REST_AT_MOST: Millis = Millis::from_secs(5);

impl Ledger {
    /// Takes what came in, before the engine does.
    pub(crate) fn input(&mut self, input: &Input) {
        (self.picks, self.outward, self.beside) = (None, None, None);
        match input {
            Input::PickUp { agent, .. } => self.picks = Some(agent.clone()),
            Input::Request {
                agent,
                request: DeskRequest::Take(_),
                ..
            } => self.picks = Some(agent.clone()),
            Input::TransferOutside { outbound, .. } | Input::HandOnOutside { outbound, .. } => {
                self.outward = Some(outbound.clone());
            }
            Input::Consult { consult, .. } => self.beside = Some(consult.clone()),
            Input::CallerHungUp { call } | Input::CallerLost { call } => {
                if let Some(book) = self.books.get_mut(call) {
                    book.gone = true;
                }
            }
            Input::LegFailed { leg, .. } | Input::LegEnded { leg } | Input::LegLost { leg } => {
                self.legs.remove(leg);
            }
            Input::Timer { timer } => {
                self.timers.remove(timer);
            }
            _ => {}
        }
    }

    /// Takes what the engine put out for one input, in order.
    pub(crate) fn outputs(&mut self, outputs: &[Output], now: Instant) {
        for output in outputs {
            self.output(output, now);
        }
        for (other, call, agent) in std::mem::take(&mut self.passed_over) {
            let still = self
                .books
                .get(&other)
                .is_some_and(|book| book.is_unserved());
            assert!(
                !still,
                "{agent} is rung for {call}, but {other} is more urgent"
            );
        }
        self.leave();
        // Calls that are wholly over leave the books.
        self.books.retain(|_, book| {
            let stays = !book.gone && !book.carried && !book.beside;
            !book.is_over() || !book.wrapping.is_empty() || stays
        });
    }

    fn output(&mut self, output: &Output, now: Instant) {
        match output {
            Output::Emit(event) => self.event(event, now),
            Output::Accept { call } | Output::PlayMusic { call } | Output::Play { call, .. } => {
                let book = &self.books[call];
                assert!(!book.gone, "{output:?} for a call that is gone");
            }
            Output::Ring { leg, agent } => self.attempt(leg, agent),
            Output::PickUp { leg: None, .. } => {}
            Output::PickUp { leg: Some(leg), .. } => {
                let agent = self.picks.clone();
                self.attempt(leg, &agent.expect("somebody picks up"));
            }
            Output::Adopt { leg, consult } => {
                let agent = self.books[consult].callee.clone();
                assert!(self.books[consult].is_over(), "{consult} goes on");
                self.books.get_mut(consult).unwrap().gone = true;
                self.attempt(leg, &agent.expect("a colleague was asked"));
            }
            Output::MoveToLine { call, line } => {
                assert!(self.roster.has_line(line), "{output:?}");
                self.books.get_mut(call).unwrap().waits_at = line.clone();
            }
            Output::EndLeg { leg } => {
                assert!(
                    self.legs.remove(leg).is_some(),
                    "{leg:?} ended that is gone"
                );
            }
            Output::Bridge { leg } | Output::TransferOver { leg, .. } => {
                assert!(self.legs.contains_key(leg) && !self.books[&leg.call].gone);
            }
            Output::Dial { call, target } => self.dial(call, target),
            Output::DialBeside { call, leg, target } => {
                assert!(self.legs.contains_key(leg) && !self.books[&leg.call].gone);
                assert!(self.books[call].beside && self.books[call].asks);
                self.dial(call, target);
            }
            Output::KeepBeside { leg, call } => {
                assert!(self.legs.remove(leg).is_some(), "{leg:?} kept that is gone");
                assert!(self.books[&leg.call].is_over());
                let book = self.books.get_mut(call).unwrap();
                assert!(!book.gone && !book.is_over());
                assert!(std::mem::take(&mut book.beside), "{call} has a phone");
            }
            Output::DialFor { call, caller, .. } => {
                let book = &self.books[call];
                assert!(book.carried && !book.is_over());
                assert!(!self.books[caller].gone && !self.books[caller].is_over());
            }
            Output::Carry { call, caller } => {
                assert!(!self.books[caller].gone && !self.books[caller].is_over());
                let book = self.books.get_mut(call).unwrap();
                assert!(!book.gone && !book.is_over() && book.callee.is_none());
                book.talking.clear();
                (book.carried, book.asks, book.beside) = (true, false, false);
            }
            Output::Join { call, consult } => {
                for call in [call, consult] {
                    let book = &self.books[call];
                    assert!(!book.gone && !book.is_over() && book.is_answered());
                }
            }
            Output::Unjoin { consult } => {
                let book = &self.books[consult];
                assert!(!book.gone && !book.is_over() && book.is_answered());
            }
            Output::EndFar { call } => {
                assert!(
                    self.books[call].is_over(),
                    "the far end is ended before the call"
                );
            }
            Output::HangUp { call, .. } => {
                if let Some(book) = self.books.get_mut(call) {
                    assert!(!book.gone, "{call} hung up twice");
                    assert!(book.is_over(), "{call} hung up without an end in its log");
                    book.gone = true;
                }
            }
            Output::SetTimer { timer, after } => {
                assert!(timer.0 > self.last_timer && after.0 >= 0, "{output:?}");
                self.last_timer = timer.0;
                self.timers.insert(*timer, now + *after);
            }
            Output::ClearTimer { timer } => {
                assert!(
                    self.timers.remove(timer).is_some(),
                    "{timer:?} cleared, never set"
                );
            }
            Output::AgentChanged { .. }
            | Output::Reply { .. }
            | Output::NotAdopted { .. }
            | Output::Presence(_)
            | Output::OutboundStopped { .. }
            | Output::OutboundResumed => {}
        }
    }

    fn attempt(&mut self, leg: &LegId, agent: &AgentId) {
        assert!(self.used_legs.insert(leg.clone()), "{leg:?} is used twice");
        let book = &self.books[&leg.call];
        assert!(
            !book.gone && book.ringing.contains(agent),
            "{leg:?} without event"
        );
        self.legs.insert(leg.clone(), agent.clone());
    }

    fn dial(&mut self, call: &CallId, target: &DialTarget) {
        let book = &self.books[call];
        assert!(!book.gone && !book.is_over());
        if let DialTarget::Agent { agent } = target {
            self.reserve(agent);
            let book = self.books.get_mut(call).unwrap();
            book.ringing.insert(agent.clone());
            book.callee = Some(agent.clone());
        }
    }

    /// One agent is in at most one call.
    fn reserve(&self, agent: &AgentId) {
        for (call, book) in &self.books {
            let busy = book.ringing.contains(agent) || book.talking.contains(agent);
            assert!(!busy, "{agent} is wanted twice, and is in {call}");
            assert!(
                !book.wrapping.contains(agent),
                "{agent} is rung in the work after {call}"
            );
        }
    }

    fn event(&mut self, event: &CallEvent, now: Instant) {
        if let Some(record) = CallRecord::begin(event) {
            return self.begin(event, record);
        }
        match &event.kind {
            EventKind::Ringing { agent } => {
                assert!(!self.roster.leaves(agent), "{agent} leaves and is rung");
                self.reserve(agent);
                self.longest_waiting_first(&event.call, agent);
                self.lowest_level_first(&event.call, agent, now);
            }
            EventKind::RingEnded { agent, outcome } if *outcome != RingOutcome::Withdrawn => {
                self.rests.insert(agent.clone(), now + REST_AT_MOST);
                self.rest_ends.insert(now + REST_AT_MOST);
            }
            _ => {}
        }
        let book = self.books.get_mut(&event.call);
        let book = book.unwrap_or_else(|| panic!("{event:?} of no call"));
        book.number(event);
        let offered = u64::from(book.is_offered());
        match &event.kind {
            EventKind::Answered { .. } => self.answered += offered,
            EventKind::Abandoned { .. } => self.abandoned += offered,
            _ => {}
        }
        book.take(event);
    }

    fn begin(&mut self, event: &CallEvent, record: CallRecord) {
        assert!(
            !self.books.contains_key(&event.call),
            "{} begins twice",
            event.call
        );
        assert_eq!(event.seq, 0, "{event:?}");
        self.orders += 1;
        let mut book = Book::new(event, record, self.orders);
        if !self.roster.has_line(&event.line) {
            // A line that leaves gets no calls any more, not even dialled ones: it is not kept for them.
            book.waits_at = LineName::internal();
        }
        book.beside = self.beside.as_ref() == Some(&event.call);
        if self.outward.as_ref() == Some(&event.call) {
            book.carried = true;
        } else if let EventKind::Dialled { agent, .. } = &event.kind {
            let asks = |other: &Book| other.is_offered() && other.talking.contains(agent);
            if self.books.values().any(asks) {
                assert!(!self.consults(agent), "{agent} asks two at once");
                book.asks = true;
            } else {
                self.reserve(agent);
            }
            book.talking.insert(agent.clone());
        }
        let welcome = !book.is_offered() || self.roster.has_line(&event.line);
        assert!(welcome, "{event:?} on a line that takes no calls");
        self.offered += u64::from(book.is_offered());
        self.books.insert(event.call.clone(), book);
    }

    /// Whether an agent asks somebody beside a talk.
    pub(super) fn consults(&self, agent: &AgentId) -> bool {
        let mut books = self.books.values();
        books.any(|book| book.asks && book.talking.contains(agent))
    }

    /// The call of the caller for whose sake an agent has dialled.
    pub(crate) fn talks_beside(&self, consult: &CallId) -> Option<CallId> {
        let agent = self.books.get(consult)?.talking.first()?;
        let mut books = self.books.iter();
        let talk = books.find(|(_, book)| book.is_offered() && book.talking.contains(agent));
        talk.map(|(call, _)| call.clone())
    }

    /// Nobody who waits for an agent may be passed over by somebody less urgent. Whose wait ends
    /// by the same input is not passed over.
    fn longest_waiting_first(&mut self, call: &CallId, agent: &AgentId) {
        let chosen = &self.books[call];
        if chosen.is_answered() {
            return;
        }
        // Whoever takes a call may name it.
        if self.picks.is_some() {
            return;
        }
        let urgency = |book: &Book| (-self.roster.priority(&book.line), book.order);
        assert!(
            self.roster.serves(agent, &chosen.line),
            "{agent} has no {}",
            chosen.line
        );
        for (other, book) in &self.books {
            let waits = book.is_unserved() && self.roster.serves(agent, &book.line);
            if other != call && waits && urgency(book) < urgency(chosen) {
                self.passed_over
                    .push((other.clone(), call.clone(), agent.clone()));
            }
        }
    }
    /// Nobody is rung while somebody of a lower level is free, who is found by what is known of
    /// all calls here, and by the engine's own word when the input is done.
    fn lowest_level_first(&mut self, call: &CallId, agent: &AgentId, now: Instant) {
        let chosen = &self.books[call];
        if chosen.is_answered() || self.picks.is_some() {
            return;
        }
        let Some(level) = self.roster.level(agent, &chosen.line) else {
            return;
        };
        let free = |agent: &&AgentId| !self.keeps_busy(agent) && !self.may_rest(agent, now);
        let skipped = self.roster.before(&chosen.line, level).filter(free);
        let skipped: Vec<_> = skipped
            .map(|other| (other.clone(), agent.clone(), call.clone()))
            .collect();
        self.skipped.extend(skipped);
    }

    /// Whether the engine may leave an agent alone.
    pub(crate) fn may_rest(&self, agent: &AgentId, now: Instant) -> bool {
        let overdue = || self.timers.values().any(|due| *due <= now);
        self.rests
            .get(agent)
            .is_some_and(|until| now < *until || overdue())
    }

    /// Who was free before the input and is free after it must not have been skipped.
    pub(crate) fn nobody_is_skipped(&mut self, were_free: &BTreeSet<AgentId>, engine: &Engine) {
        for (other, agent, call) in std::mem::take(&mut self.skipped) {
            let still = were_free.contains(&other) && is_free(engine, &other);
            assert!(
                !still,
                "{agent} is rung for {call}, but {other} comes first"
            );
        }
    }
}

/// Whether the engine shows an agent as able to take a call.
fn is_free(engine: &Engine, agent: &AgentId) -> bool {
    let view = engine.agent(agent);
    view.is_some_and(|view| view.state == AgentState::Ready && view.reachable)
}

/// Whom the engine shows as able to take a call.
pub(crate) fn free(engine: &Engine) -> BTreeSet<AgentId> {
    let agents = engine.snapshot().agents.into_iter().map(|view| view.agent);
    agents.filter(|agent| is_free(engine, agent)).collect()
}
