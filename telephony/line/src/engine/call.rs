//! One call as the engine sees it.

use std::collections::BTreeMap;

use madoguchi_core::caller::Caller;
use madoguchi_core::clock::Moment;
use madoguchi_core::event::AbandonReason;
use madoguchi_core::id::{AgentId, CallId, LineName};
use madoguchi_core::live::HandOnRefusal;
use madoguchi_core::time::Instant;

use super::keys::{AgentKey, LineKey};
use crate::api::{Announcement, TimerId};

#[derive(Debug)]
pub(super) struct Call {
    /// None for calls between extensions.
    pub(super) line: Option<LineKey>,
    pub(super) line_name: LineName,
    pub(super) from: Caller,
    /// The beginning by both clocks. The call's events are stamped by it.
    pub(super) began: Moment,
    /// The arrival by the calendar as it is now: moves when the clock is set.
    pub(super) arrived_at: Instant,
    /// The place among all arrivals.
    pub(super) order: u64,
    pub(super) stage: Stage,
    pub(super) next_seq: u32,
    pub(super) last_at: Instant,
    /// The number of the last announcement.
    pub(super) playback: u32,
    pub(super) last_leg: u32,
    pub(super) legs: BTreeMap<u32, Leg>,
    pub(super) timers: CallTimers,
    /// When the desk closes, or closed, on the caller who waits; none if it never does.
    pub(super) closes_at: Option<Instant>,
    /// The wait ran out while the media were being connected: what to say if that fails.
    pub(super) overdue: Option<(AbandonReason, Announcement)>,
    /// The agent who talked has handed the caller on and hung up: an answered caller waits.
    pub(super) left_alone: Option<LeftAlone>,
    /// The call to the outside to which the caller is being handed on, or with whose far end they talk.
    pub(super) outward: Option<CallId>,
    /// Where the caller waits to be fetched.
    pub(super) parked: Option<Parked>,
    /// Why the last transfer failed, or the last asking.
    pub(super) hand_on_failed: Option<Failed>,
    /// On which legs its voice is encrypted: the caller's and the agent's.
    pub(super) encrypted: (bool, bool),
    /// Agents who still work on it after its end or after handing it on.
    pub(super) wrap_ups: u32,
}

/// What did not come about, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failed {
    HandOn(HandOnRefusal),
    Consult(HandOnRefusal),
}

/// A caller who was answered and has nobody to talk with.
#[derive(Debug)]
pub(super) struct LeftAlone {
    pub(super) caller_holds: bool,
}

/// A caller whom an agent has left for somebody to fetch.
#[derive(Debug)]
pub(super) struct Parked {
    pub(super) slot: u32,
    /// By the calendar as it is now.
    pub(super) since: Instant,
    pub(super) by: Option<AgentId>,
}

/// Where a call stands.
#[derive(Debug)]
pub(super) enum Stage {
    /// A last announcement is played; then the desk hangs up.
    Farewell { after_hours: bool },
    /// The greeting is played.
    Greeting,
    /// An agent is looked for.
    Queued,
    /// At least one agent's phone rings.
    Ringing,
    /// A phone picked up; the media are being connected.
    Bridging { leg: u32 },
    /// 通話
    Talking(Talk),
    /// The caller talks with somebody outside, to whom they were handed on.
    Outside,
    /// An agent dialled.
    Dialled(Dialled),
    /// Somebody outside is called for a caller who is handed on, or talks with them.
    Outward(Outward),
    /// It has ended.
    Over,
}

#[derive(Debug)]
pub(super) struct Talk {
    pub(super) leg: u32,
    pub(super) caller_holds: bool,
    pub(super) agent_holds: bool,
    /// The attempt to hand the caller on to another agent.
    pub(super) transfer: Option<u32>,
    /// Whom the agent asks hears the caller, too.
    pub(super) joined: bool,
    /// Whom the agent asks is heard on the leg of this talk.
    pub(super) aside: bool,
    /// The caller is held because of that, and not by the phone.
    pub(super) desk_holds: bool,
}

#[derive(Debug)]
pub(super) struct Dialled {
    pub(super) agent: AgentKey,
    /// The colleague who was called.
    pub(super) callee: Option<AgentKey>,
    /// The number outside that was called.
    pub(super) number: String,
    pub(super) answered: bool,
    pub(super) caller_holds: bool,
    pub(super) agent_holds: bool,
}

/// The other half of a caller whom an agent hands on to the outside.
#[derive(Debug)]
pub(super) struct Outward {
    /// The caller's call.
    pub(super) caller: CallId,
    /// Who handed the caller on: the call is theirs, also when they have left the desk.
    pub(super) agent: AgentId,
    pub(super) number: String,
    pub(super) answered: bool,
    /// The far end holds.
    pub(super) holds: bool,
    pub(super) timer: Option<TimerId>,
}

/// One attempt to ring one agent.
#[derive(Debug)]
pub(super) struct Leg {
    pub(super) agent: AgentKey,
    pub(super) timer: Option<TimerId>,
    pub(super) picked_up: bool,
    /// The agent's phone asked for the call: nobody else is given it meanwhile.
    pub(super) asked_for: bool,
}

#[derive(Debug, Default)]
pub(super) struct CallTimers {
    pub(super) max_wait: Option<TimerId>,
    pub(super) closing: Option<TimerId>,
    pub(super) announcement: Option<TimerId>,
    pub(super) farewell: Option<TimerId>,
    pub(super) parked: Option<TimerId>,
}

impl CallTimers {
    pub(super) fn take_all(&mut self) -> [Option<TimerId>; 5] {
        let timers = std::mem::take(self);
        [
            timers.max_wait,
            timers.closing,
            timers.announcement,
            timers.farewell,
            timers.parked,
        ]
    }
}

impl Call {
    pub(super) fn new(
        line: Option<LineKey>,
        line_name: LineName,
        from: Caller,
        now: Moment,
    ) -> Self {
        Self {
            line,
            line_name,
            from,
            began: now,
            arrived_at: now.wall,
            order: 0,
            stage: Stage::Queued,
            next_seq: 0,
            last_at: now.wall,
            playback: 0,
            last_leg: 0,
            legs: BTreeMap::new(),
            timers: CallTimers::default(),
            closes_at: None,
            overdue: None,
            left_alone: None,
            outward: None,
            parked: None,
            hand_on_failed: None,
            encrypted: (false, false),
            wrap_ups: 0,
        }
    }
}
