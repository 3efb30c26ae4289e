//! The calls of the desk that this run does not have in its hands: those of other nodes, and of
//! earlier runs. Told by the store, event by event in the order in which it took them; gives their
//! figures of the day, who waits there, what agents do there, and what is used of the limits of calls to
//! the outside.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::call::CallRecord;
use crate::event::{CallEvent, EventKind};
use crate::figures::FiguresSettings;
use crate::id::{AgentId, CallId, RunId};
use crate::live::{AgentState, WaitingCall};
use crate::outbound::{OutboundElsewhere, OutsideTalks};
use crate::time::{Instant, Millis};
use crate::today::{LiveFigures, Today};

/// A call of an observed exchange of which nothing came for so long is none that goes on, though nobody saw its
/// end: a capture that is being read tells of calls of long ago.
const OBSERVED_GOES_ON: Millis = Millis::from_secs(4 * 3_600);

/// What an agent does at another node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Busy {
    /// 呼出中, 通話中 or 後処理.
    pub state: AgentState,
    /// Since when.
    pub since: Instant,
    /// The call.
    pub call: CallId,
}

/// Calls that are not of this run.
#[derive(Debug)]
pub struct Elsewhere {
    figures: LiveFigures,
    /// Agents whose phones ring, or who dial, by call.
    reserved: HashMap<CallId, Vec<(AgentId, Busy)>>,
    /// Calls that were ended for a node that was gone, and are in the sums.
    cut_off: HashSet<CallId>,
    outside: OutsideTalks,
    stale: bool,
}

impl Elsewhere {
    /// The calls of the day as the store had them at one moment; what it took later comes by
    /// [`Self::apply`].
    pub fn new(
        calls: impl IntoIterator<Item = CallRecord>,
        settings: FiguresSettings,
        now: Instant,
    ) -> Self {
        let mut elsewhere = Self {
            figures: LiveFigures::new(settings, now),
            reserved: HashMap::new(),
            cut_off: HashSet::new(),
            outside: OutsideTalks::default(),
            stale: false,
        };
        for call in calls {
            if call.ended_by_fault() {
                elsewhere.cut_off.insert(call.call.clone());
            }
            if call.ended_at.is_some() {
                elsewhere.outside.add(&call);
            }
            elsewhere.figures.restore(call);
        }
        elsewhere
    }

    /// Takes the next event. Each comes once.
    pub fn apply(&mut self, event: &CallEvent) {
        // Something came late of a call that is in the sums already, or its true end.
        if self.cut_off.contains(&event.call) {
            self.stale = true;
            return;
        }
        self.reserve(event);
        if let Some(call) = self.figures.open_call(&event.call) {
            if event.is_set_afterwards() {
                self.cut_off.insert(event.call.clone());
            }
            if matches!(event.kind, EventKind::Ended { .. }) && call.ended_at.is_none() {
                let mut call = call.clone();
                call.apply(event);
                self.outside.add(&call);
            }
        } else if sets_right(&event.kind) {
            self.stale = true;
        }
        self.figures.apply(event);
    }

    /// Whether the sums are not what the store would tell now: they must be taken from it anew.
    pub fn is_stale(&self) -> bool {
        self.stale
    }

    /// The thresholds in force.
    pub fn settings(&self) -> FiguresSettings {
        self.figures.settings()
    }

    /// A call that something may still come of.
    pub fn open_call(&self, call: &CallId) -> Option<&CallRecord> {
        self.figures.open_call(call)
    }

    /// The call after which an agent has work to do.
    pub fn call_before_wrap_up(&self, agent: &AgentId) -> Option<&CallRecord> {
        self.figures.call_before_wrap_up(agent)
    }

    /// The figures of the day of `now`.
    pub fn view(&mut self, now: Instant) -> Today {
        self.figures.view(now)
    }

    /// Counts by other thresholds from now on.
    pub fn set_thresholds(&mut self, settings: FiguresSettings) {
        self.figures.set_thresholds(settings);
    }

    /// Who waits, longest wait first: at nodes that are alive, and at exchanges that are observed.
    pub fn waiting(&self, alive: &BTreeSet<RunId>, now: Instant) -> Vec<WaitingCall> {
        let mut waiting: Vec<_> = self
            .live_calls(alive)
            .chain(self.observed_calls(now))
            .filter(|call| call.is_waiting())
            .map(|call| WaitingCall {
                call: call.call.clone(),
                line: call.line.clone(),
                from: call.from.clone(),
                arrived_at: call.arrived_at,
                ringing: self
                    .reserved
                    .get(&call.call)
                    .and_then(|agents| Some(agents.first()?.0.clone())),
            })
            .collect();
        waiting.sort_by(|a, b| (a.arrived_at, &a.call).cmp(&(b.arrived_at, &b.call)));
        waiting
    }

    /// What keeps agents at nodes that are alive.
    pub fn busy(&self, alive: &BTreeSet<RunId>) -> BTreeMap<AgentId, Busy> {
        self.busy_in(self.live_calls(alive))
    }

    /// What agents are seen to do at exchanges that are observed. It is shown; it keeps nobody from being rung,
    /// for an end may have been missed.
    pub fn observed_busy(&self, now: Instant) -> BTreeMap<AgentId, Busy> {
        self.busy_in(self.observed_calls(now))
    }

    fn busy_in<'a>(&self, calls: impl Iterator<Item = &'a CallRecord>) -> BTreeMap<AgentId, Busy> {
        let mut busy = BTreeMap::new();
        for call in calls {
            for (agent, what) in self.reserved.get(&call.call).into_iter().flatten() {
                busy.insert(agent.clone(), what.clone());
            }
            for part in &call.parts {
                let Some(agent) = &part.agent else { continue };
                let (state, since) = match (part.until, part.wrap_up_ended_at) {
                    (None, _) => (AgentState::Talking, part.from),
                    (Some(until), None) => (AgentState::WrapUp, until),
                    (Some(_), Some(_)) => continue,
                };
                let call = call.call.clone();
                busy.insert(agent.clone(), Busy { state, since, call });
            }
        }
        busy
    }

    /// What is used of the limits of calls to the outside on the day of `now`; calls go on at nodes that are
    /// alive.
    pub fn outbound(&self, alive: &BTreeSet<RunId>, now: Instant) -> OutboundElsewhere {
        self.outside.used(self.live_calls(alive), now)
    }

    fn live_calls<'a>(&'a self, alive: &BTreeSet<RunId>) -> impl Iterator<Item = &'a CallRecord> {
        let is_alive = |call: &&CallRecord| {
            let run = call.call.run();
            run.is_some_and(|run| alive.contains(run))
        };
        self.figures.open_calls().filter(is_alive)
    }

    /// Calls that observers follow. Whoever leaves off observing ends them (`CUT_OFF_SEQ`), or a desk does for an
    /// observer that is gone.
    fn observed_calls(&self, now: Instant) -> impl Iterator<Item = &CallRecord> {
        let goes_on = move |call: &&CallRecord| {
            let is_observed = call.call.is_observed() && call.ended_at.is_none();
            is_observed && now - call.last_at <= OBSERVED_GOES_ON
        };
        self.figures.open_calls().filter(goes_on)
    }

    /// Keeps in mind whose phone rings, which calls as sums do not tell.
    fn reserve(&mut self, event: &CallEvent) {
        let busy = |state| Busy {
            state,
            since: event.at,
            call: event.call.clone(),
        };
        match &event.kind {
            EventKind::Ringing { agent } => {
                let entry = (agent.clone(), busy(AgentState::Ringing));
                self.reserved
                    .entry(event.call.clone())
                    .or_default()
                    .push(entry);
            }
            EventKind::Dialled { agent, .. } => {
                let entry = (agent.clone(), busy(AgentState::Talking));
                self.reserved.insert(event.call.clone(), vec![entry]);
            }
            EventKind::RingEnded { agent, .. } | EventKind::Answered { agent: Some(agent) } => {
                if let Some(agents) = self.reserved.get_mut(&event.call) {
                    agents.retain(|(other, _)| other != agent);
                    if agents.is_empty() {
                        self.reserved.remove(&event.call);
                    }
                }
            }
            EventKind::Abandoned { .. }
            | EventKind::Ended { .. }
            | EventKind::Superseded { .. } => {
                self.reserved.remove(&event.call);
            }
            _ => {}
        }
    }
}

/// Whether it changes a call that is over: it was a leg of another one, or was answered after all.
fn sets_right(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::Superseded { .. } | EventKind::Answered { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{AbandonReason, EndCause, SUPERSEDED_SEQ};

    const RUN: &str = "r1";

    fn history(name: &str, kinds: Vec<EventKind>) -> Vec<CallEvent> {
        let call = CallId::of_run(Instant(0), &RUN.into(), name);
        let events = kinds.into_iter().zip(0..).map(|(kind, seq)| CallEvent {
            call: call.clone(),
            seq,
            at: Instant(i64::from(seq) * 1_000),
            node: "a".into(),
            line: "help".into(),
            kind,
        });
        events.collect()
    }

    fn arrived() -> EventKind {
        EventKind::Arrived {
            from: "0312345678".into(),
            to: "5000".into(),
            open: true,
        }
    }

    fn answered_call() -> Vec<CallEvent> {
        let agent: AgentId = "tanaka".into();
        let ringing = EventKind::Ringing {
            agent: agent.clone(),
        };
        let answered = EventKind::Answered {
            agent: Some(agent.clone()),
        };
        let ended = EventKind::Ended {
            cause: EndCause::Caller,
        };
        let wrapped_up = EventKind::WrapUpEnded { agent };
        history("x", vec![arrived(), ringing, answered, ended, wrapped_up])
    }

    fn empty() -> Elsewhere {
        Elsewhere::new([], FiguresSettings::default(), Instant(0))
    }

    fn alive() -> BTreeSet<RunId> {
        BTreeSet::from([RUN.into()])
    }

    fn fold(calls: &[Vec<CallEvent>]) -> Today {
        let calls = calls.iter().filter_map(|events| CallRecord::fold(events));
        Elsewhere::new(calls, FiguresSettings::default(), Instant(0)).view(Instant(9_000))
    }

    #[test]
    fn an_agent_is_shown_as_they_are_at_the_other_node_until_the_work_is_done() {
        let mut elsewhere = empty();
        let mut states = Vec::new();
        for event in answered_call() {
            elsewhere.apply(&event);
            let busy = elsewhere.busy(&alive());
            states.push(busy.get("tanaka").map(|busy| busy.state.clone()));
        }
        use AgentState::{Ringing, Talking, WrapUp};
        assert_eq!(
            states,
            [None, Some(Ringing), Some(Talking), Some(WrapUp), None]
        );
        assert!(elsewhere.reserved.is_empty());
    }

    #[test]
    fn a_caller_waits_on_every_board_until_answered_and_only_while_the_node_lives() {
        let mut elsewhere = empty();
        let events = answered_call();
        elsewhere.apply(&events[0]);
        elsewhere.apply(&events[1]);
        let waiting = elsewhere.waiting(&alive(), Instant(2_000));
        assert_eq!(waiting.len(), 1);
        assert_eq!(waiting[0].ringing, Some("tanaka".into()));
        assert!(
            elsewhere
                .waiting(&BTreeSet::new(), Instant(2_000))
                .is_empty()
        );
        elsewhere.apply(&events[2]);
        assert!(elsewhere.waiting(&alive(), Instant(2_000)).is_empty());
    }

    /// The same call as an observer tells of it, who sees no work after it.
    fn observed_call() -> Vec<CallEvent> {
        let mut events = answered_call();
        events.pop();
        for event in &mut events {
            event.call = CallId::of_observed("tag", "a-r1-b@pbx");
        }
        events
    }

    #[test]
    fn a_caller_who_waits_at_an_observed_exchange_is_on_the_board_until_answered_or_given_up() {
        let mut elsewhere = empty();
        let events = observed_call();
        elsewhere.apply(&events[0]);
        elsewhere.apply(&events[1]);
        let nobody = BTreeSet::new();
        let waiting = elsewhere.waiting(&nobody, Instant(3_000));
        assert_eq!(waiting.len(), 1);
        assert_eq!(waiting[0].ringing, Some("tanaka".into()));
        // A capture of last week that is being read: nobody waits now.
        let week = Instant(7 * 86_400_000);
        assert!(elsewhere.waiting(&nobody, week).is_empty());
        elsewhere.apply(&events[2]);
        assert!(elsewhere.waiting(&nobody, Instant(3_000)).is_empty());
    }

    #[test]
    fn agents_are_shown_as_they_are_at_an_observed_exchange_and_may_be_rung_here_all_the_same() {
        let mut elsewhere = empty();
        let mut states = Vec::new();
        for event in observed_call() {
            elsewhere.apply(&event);
            assert!(elsewhere.busy(&alive()).is_empty());
            let busy = elsewhere.observed_busy(Instant(4_000));
            states.push(busy.get("tanaka").map(|busy| busy.state.clone()));
        }
        use AgentState::{Ringing, Talking};
        assert_eq!(states, [None, Some(Ringing), Some(Talking), None]);
        assert!(elsewhere.observed_busy(Instant(86_400_000)).is_empty());
    }

    #[test]
    fn a_call_from_outside_that_has_ended_is_in_the_sums_and_holds_no_memory() {
        let mut elsewhere = empty();
        let events = observed_call();
        events.iter().for_each(|event| elsewhere.apply(event));
        assert!(elsewhere.open_call(&events[0].call).is_none());
        assert_eq!(elsewhere.view(Instant(9_000)), fold(&[events]));
    }

    #[test]
    fn a_call_in_the_sums_that_turns_out_to_be_a_leg_of_another_makes_them_be_taken_anew() {
        let mut elsewhere = empty();
        let mut events = observed_call();
        events.iter().for_each(|event| elsewhere.apply(event));
        assert!(!elsewhere.is_stale());
        let mut late = events.remove(3);
        late.seq = SUPERSEDED_SEQ;
        let by = CallId::of_observed("other", "call");
        late.kind = EventKind::Superseded { by };
        elsewhere.apply(&late);
        assert!(elsewhere.is_stale());
    }

    #[test]
    fn figures_equal_the_fold_after_every_event() {
        let calls = [
            answered_call(),
            history(
                "y",
                vec![
                    arrived(),
                    EventKind::Abandoned {
                        reason: AbandonReason::CallerHangup,
                    },
                ],
            ),
        ];
        let mut elsewhere = empty();
        for event in calls.iter().flatten() {
            elsewhere.apply(event);
        }
        assert_eq!(elsewhere.view(Instant(9_000)), fold(&calls));
        assert!(!elsewhere.is_stale());
    }

    #[test]
    fn what_comes_late_of_a_call_that_was_ended_for_its_node_asks_for_new_sums() {
        let events = answered_call();
        let begun = CallRecord::fold(&events[..1]).unwrap();
        let cut_off = begun.cut_off_event(&"b".into()).unwrap();
        let mut elsewhere = empty();
        elsewhere.apply(&events[0]);
        elsewhere.apply(&cut_off);
        let ended = fold(&[vec![events[0].clone(), cut_off.clone()]]);
        assert_eq!(elsewhere.view(Instant(9_000)), ended);
        assert!(!elsewhere.is_stale());
        elsewhere.apply(&events[1]);
        assert!(elsewhere.is_stale());
        // So does an end that the store told of at the start.
        let record = CallRecord::fold(&[events[0].clone(), cut_off]).unwrap();
        let mut elsewhere = Elsewhere::new([record], FiguresSettings::default(), Instant(0));
        elsewhere.apply(&events[1]);
        assert!(elsewhere.is_stale());
    }
}
