//! What each timer that runs is for.

use std::collections::HashMap;

use madoguchi_core::id::CallId;

use super::keys::AgentKey;
use crate::api::{LegId, TimerId};

#[derive(Debug, Clone)]
pub(super) enum TimerOf {
    MaxWait(CallId),
    Closing(CallId),
    Announcement(CallId),
    /// A last announcement that never tells its end.
    Farewell(CallId),
    /// Nobody has fetched the caller.
    Parked(CallId),
    /// Ringing, or the time between pick-up and bridge.
    Leg(LegId),
    /// Somebody outside is called for a caller, and neither answers nor fails.
    Outward(CallId),
    /// A limit of calls to the outside may be reached, or ends with the day.
    OutboundLimit,
    WrapUp(AgentKey),
    /// An agent is left alone for a moment.
    Rest(AgentKey),
}

#[derive(Debug, Default)]
pub(super) struct Timers {
    running: HashMap<TimerId, TimerOf>,
    last: u64,
}

impl Timers {
    pub(super) fn set(&mut self, what: TimerOf) -> TimerId {
        self.last += 1;
        let timer = TimerId(self.last);
        self.running.insert(timer, what);
        timer
    }

    /// What the timer was for, if it still ran.
    pub(super) fn take(&mut self, timer: TimerId) -> Option<TimerOf> {
        self.running.remove(&timer)
    }
}
