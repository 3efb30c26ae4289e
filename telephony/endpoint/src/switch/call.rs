//! A call as the endpoint sees it: who started it, whom it rings, and whom it is connected with.

use madoguchi_core::id::{CallId, LineName};
use madoguchi_line::api::LegId;
use tracing::Span;

use super::side::SideId;

/// A call in progress.
#[derive(Debug)]
pub(super) struct Call {
    /// The side that started it.
    pub(super) starter: SideId,
    /// The line whose announcements are heard; none for internal calls.
    pub(super) line: Option<LineName>,
    /// An agent started it by dialling.
    pub(super) dialled: bool,
    /// The far ends of a dialled call; empty for calls to a line.
    pub(super) far: Vec<SideId>,
    /// Whom the starter is connected with.
    pub(super) bridged: Option<SideId>,
    /// Its far end is about to become an attempt of another call: it goes on if the starter hangs up.
    pub(super) handed_over: bool,
    /// It was dialled for the caller of this call, whose side is its starter: what ends it leaves that side alone.
    pub(super) carries: Option<CallId>,
    /// No phone has dialled it: the agent who asks is at this attempt of another call, whose side is its starter. What
    /// ends it leaves that side alone.
    pub(super) beside: Option<LegId>,
    /// The refusal of the far end, passed on to a dialling phone.
    pub(super) refusal: Option<u16>,
    /// The ISDN subaddress that was dialled behind a number outside.
    pub(super) subaddress: Option<String>,
    /// What is logged within it names the call.
    pub(super) span: Span,
}

impl Call {
    pub(super) fn new(id: &CallId, starter: SideId, line: Option<LineName>, dialled: bool) -> Self {
        Self {
            starter,
            line,
            dialled,
            far: Vec::new(),
            bridged: None,
            handed_over: false,
            carries: None,
            beside: None,
            refusal: None,
            subaddress: None,
            span: tracing::info_span!("call", call.id = %id),
        }
    }
}

/// One attempt to ring an agent: all contacts of the phone at once.
#[derive(Debug, Default)]
pub(super) struct Leg {
    pub(super) sides: Vec<SideId>,
    /// The contact that picked up.
    pub(super) winner: Option<SideId>,
}

/// What a bridge under construction is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BridgeOf {
    Leg(LegId),
    Far(CallId),
}

/// How a side went away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SideEnd {
    /// BYE or CANCEL.
    HungUp,
    /// Neither voice nor signalling comes any more.
    Lost,
}
