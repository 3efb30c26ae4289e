//! Comparing the books with what the engine tells of itself.

use std::collections::{BTreeMap, HashMap};

use madoguchi_core::call::Outcome;
use madoguchi_core::id::{AgentId, CallId};
use madoguchi_core::live::AgentState;
use madoguchi_core::time::Instant;
use madoguchi_line::engine::Engine;

use super::Ledger;
use super::book::Book;

impl Ledger {
    /// Compares the books with what the engine tells of itself.
    pub(crate) fn compare(&self, engine: &Engine, now: Instant) {
        let open = |book: &&Book| book.is_offered() && !book.is_over();
        let waiting: BTreeMap<u64, &CallId> = self
            .books
            .iter()
            .filter(|(_, book)| open(book) && book.record.outcome() == Outcome::Waiting)
            .map(|(call, book)| (book.order, call))
            .collect();
        let snapshot = engine.snapshot();
        let shown: Vec<&CallId> = snapshot
            .waiting
            .iter()
            .map(|waiting| &waiting.call)
            .collect();
        assert_eq!(
            waiting.values().copied().collect::<Vec<_>>(),
            shown,
            "the queue as shown"
        );
        assert_eq!(
            self.offered,
            self.answered + self.abandoned + waiting.len() as u64,
            "着信 = 応答 + 放棄 + 呼出中"
        );
        let mut reserved: HashMap<&AgentId, (&CallId, AgentState)> = HashMap::new();
        let mut legs = 0;
        // Who asks a colleague is first of all with the caller.
        let mut books: Vec<_> = self.books.iter().collect();
        books.sort_by_key(|(_, book)| book.asks);
        for (call, book) in books {
            let ringing = book
                .ringing
                .iter()
                .map(|agent| (agent, AgentState::Ringing));
            let talking = book
                .talking
                .iter()
                .map(|agent| (agent, AgentState::Talking));
            for (agent, state) in ringing.chain(talking) {
                legs += usize::from(book.is_offered());
                let beside = book.asks && book.talking.contains(agent);
                if beside && (reserved.contains_key(agent) || self.wraps(agent)) {
                    continue;
                }
                assert!(
                    reserved.insert(agent, (call, state)).is_none(),
                    "{agent} is in two calls"
                );
            }
        }
        assert_eq!(
            legs,
            self.legs.len(),
            "attempts without an agent: {:?}",
            self.legs
        );
        let shown: Vec<_> = snapshot.agents.iter().map(|view| &view.agent).collect();
        let expected: Vec<_> = self.roster.shown().collect();
        assert_eq!(shown, expected, "the agents as shown");
        for view in &snapshot.agents {
            let wraps = self.wraps(&view.agent);
            match reserved.get(&view.agent) {
                Some((call, state)) => {
                    assert_eq!((&view.state, view.call.as_ref()), (state, Some(*call)));
                }
                None if wraps => assert_eq!(view.state, AgentState::WrapUp, "{}", view.agent),
                None => {
                    let free = !matches!(
                        view.state,
                        AgentState::Ringing | AgentState::Talking | AgentState::WrapUp
                    );
                    assert!(
                        free && view.call.is_none(),
                        "{} is reserved for nothing",
                        view.agent
                    );
                }
            }
            if view.state == AgentState::Ready && view.reachable {
                self.nobody_waits_for(&view.agent, now);
            }
        }
    }

    fn wraps(&self, agent: &AgentId) -> bool {
        let mut books = self.books.values();
        books.any(|book| book.wrapping.contains(agent))
    }

    /// No caller waits while an agent is idle who could take the call.
    fn nobody_waits_for(&self, agent: &AgentId, now: Instant) {
        if self.may_rest(agent, now) {
            return;
        }
        for (call, book) in &self.books {
            let waits = book.is_unserved() && self.roster.serves(agent, &book.line);
            assert!(!waits, "{call} waits although {agent} is idle");
        }
    }

    /// When every call has ended, only 後処理 and agents left alone for a moment need timers.
    pub(crate) fn no_timer_leaks(&self) {
        assert!(self.books.values().all(Book::is_over), "a call goes on");
        let others = self
            .timers
            .values()
            .filter(|due| !self.rest_ends.contains(due))
            .count();
        let wrapping: usize = self.books.values().map(|book| book.wrapping.len()).sum();
        // 後処理 may end at the moment at which an agent is let alone no longer.
        let as_many = others..=self.timers.len();
        assert!(
            as_many.contains(&wrapping),
            "timers leak: {:?}",
            self.timers
        );
    }

    /// What may be left when every call has ended and every timer has run out: nothing.
    pub(crate) fn nothing_is_left(&self) {
        assert!(self.timers.is_empty(), "timers leak: {:?}", self.timers);
        assert!(self.legs.is_empty(), "attempts leak: {:?}", self.legs);
        assert!(self.books.is_empty(), "calls leak: {:?}", self.books);
        assert!(self.roster.nobody_leaves(), "{:?}", self.roster);
        assert_eq!(self.offered, self.answered + self.abandoned);
    }
}
