//! What other nodes do, joined with what this one does, as the board shows it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use madoguchi_core::elsewhere::Elsewhere;
use madoguchi_core::figures::FiguresSettings;
use madoguchi_core::id::{AgentId, RunId};
use madoguchi_core::live::{AgentState, DeskSnapshot};
use madoguchi_core::outbound::OutboundElsewhere;
use madoguchi_core::time::Instant;

/// The desk beyond this run.
#[derive(Debug)]
pub(crate) struct Others {
    pub(crate) elsewhere: Elsewhere,
    alive: BTreeSet<RunId>,
    /// Whom the engine was told to be busy at another node.
    told_busy: BTreeSet<AgentId>,
    /// What the engine was told of the limits of calls to the outside.
    told_outbound: Option<OutboundElsewhere>,
}

impl Others {
    pub(crate) fn new(settings: FiguresSettings, now: Instant) -> Self {
        Self {
            elsewhere: Elsewhere::new([], settings, now),
            alive: BTreeSet::new(),
            told_busy: BTreeSet::new(),
            told_outbound: None,
        }
    }

    pub(crate) fn set_alive(&mut self, alive: BTreeSet<RunId>) {
        self.alive = alive;
    }

    /// Who has become busy at another node, or free, since the last call.
    pub(crate) fn take_busy_changes(&mut self) -> Vec<(AgentId, bool)> {
        let busy: BTreeSet<_> = self.elsewhere.busy(&self.alive).into_keys().collect();
        let began = busy.difference(&self.told_busy).map(|agent| (agent, true));
        let over = self.told_busy.difference(&busy).map(|agent| (agent, false));
        let changes = began.chain(over);
        let changes = changes.map(|(agent, busy)| (agent.clone(), busy)).collect();
        self.told_busy = busy;
        changes
    }

    /// What calls that are not of this run use of the limits of calls to the outside, if the engine was told
    /// something else.
    pub(crate) fn take_outbound(&mut self, now: Instant) -> Option<OutboundElsewhere> {
        let used = self.elsewhere.outbound(&self.alive, now);
        let is_new = self.told_outbound.as_ref() != Some(&used);
        is_new.then(|| self.told_outbound.insert(used).clone())
    }

    /// The whole desk: who waits anywhere, and agents as the call shows them that they are in.
    pub(crate) fn join(&self, here: Arc<DeskSnapshot>, now: Instant) -> Arc<DeskSnapshot> {
        let waiting = self.elsewhere.waiting(&self.alive, now);
        let mut busy: BTreeMap<_, _> = self.elsewhere.observed_busy(now);
        busy.extend(self.elsewhere.busy(&self.alive));
        if waiting.is_empty() && busy.is_empty() {
            return here;
        }
        let mut desk = here.as_ref().clone();
        desk.waiting.extend(waiting);
        desk.waiting.sort_by_key(|call| call.arrived_at);
        for agent in &mut desk.agents {
            if let Some(busy) = busy.get(&agent.agent)
                && agent.state.is_lasting()
            {
                let lasting = std::mem::replace(&mut agent.state, busy.state.clone());
                agent.next = (lasting != AgentState::Ready).then_some(lasting);
                agent.since = busy.since;
                agent.call = Some(busy.call.clone());
            }
        }
        Arc::new(desk)
    }
}

#[cfg(test)]
mod tests {
    use madoguchi_core::caller::Caller;
    use madoguchi_core::event::{CallEvent, EventKind};
    use madoguchi_core::id::CallId;
    use madoguchi_core::live::{AgentView, WaitingCall};

    use super::*;

    fn agent(id: &str, state: AgentState) -> AgentView {
        AgentView {
            agent: id.into(),
            name: id.to_owned(),
            extension: "201".to_owned(),
            state,
            since: Instant(0),
            call: None,
            next: None,
            reachable: true,
        }
    }

    fn others() -> Others {
        let mut others = Others::new(FiguresSettings::default(), Instant(0));
        others.set_alive(BTreeSet::from(["r2".into()]));
        let mut event = |name: &str, seq, kind| {
            others.elsewhere.apply(&CallEvent {
                call: CallId::of_run(Instant(5), &"r2".into(), name),
                seq,
                at: Instant(5),
                node: "n2".into(),
                line: "help".into(),
                kind,
            });
        };
        for name in ["w", "t"] {
            let arrived = EventKind::Arrived {
                from: "03".into(),
                to: "5000".into(),
                open: true,
            };
            event(name, 0, arrived);
        }
        let talker = Some("sato".into());
        event("t", 1, EventKind::Answered { agent: talker });
        others
    }

    #[test]
    fn a_board_shows_who_waits_and_talks_at_other_nodes() {
        let here = DeskSnapshot {
            waiting: vec![WaitingCall {
                call: "here".into(),
                line: "help".into(),
                from: Caller::default(),
                arrived_at: Instant(9),
                ringing: None,
            }],
            agents: vec![
                agent("sato", AgentState::LoggedOut),
                agent("abe", AgentState::Ready),
            ],
            ..DeskSnapshot::default()
        };
        let desk = others().join(Arc::new(here), Instant(10));
        let waiting: Vec<_> = desk.waiting.iter().map(|call| call.arrived_at).collect();
        assert_eq!(waiting, [Instant(5), Instant(9)], "longest wait first");
        let states: Vec<_> = desk.agents.iter().map(|agent| &agent.state).collect();
        assert_eq!(states, [&AgentState::Talking, &AgentState::Ready]);
        let next: Vec<_> = desk.agents.iter().map(|agent| &agent.next).collect();
        assert_eq!(next, [&Some(AgentState::LoggedOut), &None]);
    }

    #[test]
    fn the_engine_is_told_once_who_is_busy_elsewhere_and_once_who_is_free_again() {
        let mut others = others();
        assert_eq!(others.take_busy_changes(), [("sato".into(), true)]);
        assert_eq!(others.take_busy_changes(), []);
        others.set_alive(BTreeSet::new());
        assert_eq!(others.take_busy_changes(), [("sato".into(), false)]);
    }

    #[test]
    fn the_engine_is_told_once_what_calls_elsewhere_use_of_the_limits_of_calls_to_the_outside() {
        let mut others = others();
        let calls = |others: &mut Others| Some(others.take_outbound(Instant(9))?.calls());
        assert_eq!(calls(&mut others), Some(0));
        assert_eq!(calls(&mut others), None);
        others.elsewhere.apply(&CallEvent {
            call: CallId::of_run(Instant(6), &"r2".into(), "o"),
            seq: 0,
            at: Instant(6),
            node: "n2".into(),
            line: "help".into(),
            kind: EventKind::Dialled {
                agent: "sato".into(),
                from: "5000".to_owned(),
                to: "0312345678".to_owned(),
                outside: true,
            },
        });
        assert_eq!(calls(&mut others), Some(1));
        assert_eq!(calls(&mut others), None);
        others.set_alive(BTreeSet::new());
        assert_eq!(calls(&mut others), Some(0));
    }
}
