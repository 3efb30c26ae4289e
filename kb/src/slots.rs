//! Lets no more searches run at once than there are processors, in the order they came: a search
//! that is never interrupted is done sooner than one that shares a processor with others, and
//! nobody waits longer for it.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// The slots, as many as there are processors.
pub(crate) struct SearchSlots(Mutex<State>);

struct State {
    free: usize,
    waiting: VecDeque<Arc<Waiting>>,
}

/// Somebody who waits, and whether their turn has come.
#[derive(Default)]
struct Waiting {
    come: Mutex<bool>,
    called: Condvar,
}

/// A slot, for as long as it is kept.
pub(crate) struct Slot<'a>(&'a SearchSlots);

impl SearchSlots {
    pub(crate) fn new() -> Self {
        let free = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self(Mutex::new(State {
            free,
            waiting: VecDeque::new(),
        }))
    }

    pub(crate) fn wait(&self) -> Slot<'_> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.free > 0 {
            state.free -= 1;
            return Slot(self);
        }
        let waiting = Arc::new(Waiting::default());
        state.waiting.push_back(waiting.clone());
        drop(state);
        let come = waiting.come.lock().unwrap_or_else(PoisonError::into_inner);
        drop(waiting.called.wait_while(come, |come| !*come));
        Slot(self)
    }
}

impl Drop for Slot<'_> {
    /// Hands the turn to whoever has waited longest.
    fn drop(&mut self) {
        let mut state = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(next) = state.waiting.pop_front() else {
            state.free += 1;
            return;
        };
        drop(state);
        *next.come.lock().unwrap_or_else(PoisonError::into_inner) = true;
        next.called.notify_one();
    }
}
