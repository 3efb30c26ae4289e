//! What becomes of those who wait and talk when somebody sets the clock on the wall.

use madoguchi_core::clock::Moment;

use super::Engine;
use crate::api::Output;

impl Engine {
    /// Follows a calendar clock that was set since the last input; gives what must be done, in
    /// order, as [`Engine::handle`] does.
    ///
    /// Calls that go on keep the clock of their beginning, new ones follow the one that was set, and
    /// so do the closing of the desk and what the board shows of how long something lasts.
    pub fn follow_clock(&mut self, now: Moment) -> Vec<Output> {
        self.notice_set_clock(now);
        std::mem::take(&mut self.outputs)
    }

    pub(super) fn notice_set_clock(&mut self, now: Moment) {
        let Some(by) = self.clock.observe(now) else {
            return;
        };
        for call in self.calls.values_mut() {
            call.arrived_at = call.arrived_at + by;
            if let Some(parked) = &mut call.parked {
                parked.since = parked.since + by;
            }
        }
        self.agents.clock_was_set(by);
        self.reset_closings(now);
    }
}
