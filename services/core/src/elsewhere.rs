//! The calls of the desk that this run does not have in its hands: those of other nodes, and of
//! earlier runs. Told by the store, event by event in the order in which it took them; gives their
//! figures of the day, who waits there, and what agents do there.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::call::CallRecord;
use crate::event::{CallEvent, EventKind};
use crate::figures::FiguresSettings;
use crate::id::{AgentId, CallId, RunId};
use crate::live::{AgentState, WaitingCall};
use crate::time::Instant;
use crate::today::{LiveFigures, Today};

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
            stale: false,
        };
        for call in calls {
            if call.ended_by_fault() {
                elsewhere.cut_off.insert(call.call.clone());
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
        let was_open = self.figures.open_call(&event.call).is_some();
        if event.is_set_afterwards() && was_open {
            self.cut_off.insert(event.call.clone());
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

    /// Who waits at nodes that are alive, longest wait first.
    pub fn waiting(&self, alive: &BTreeSet<RunId>) -> Vec<WaitingCall> {
        let mut waiting: Vec<_> = self
            .live_calls(alive)
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
        let mut busy = BTreeMap::new();
        for call in self.live_calls(alive) {
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

    fn live_calls<'a>(&'a self, alive: &BTreeSet<RunId>) -> impl Iterator<Item = &'a CallRecord> {
        let is_alive = |call: &&CallRecord| {
            let run = call.call.run();
            run.is_some_and(|run| alive.contains(run))
        };
        self.figures.open_calls().filter(is_alive)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{AbandonReason, EndCause};

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
        let waiting = elsewhere.waiting(&alive());
        assert_eq!(waiting.len(), 1);
        assert_eq!(waiting[0].ringing, Some("tanaka".into()));
        assert!(elsewhere.waiting(&BTreeSet::new()).is_empty());
        elsewhere.apply(&events[2]);
        assert!(elsewhere.waiting(&alive()).is_empty());
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
