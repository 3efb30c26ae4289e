//! What happens to a call, as an append-only log.
//!
//! The log is the only source of every figure. A call is identified by its [`CallId`]; its events
//! are numbered from 0 without gaps ([`CallEvent::seq`]), and an event is identified by both, so
//! that delivering it twice changes nothing. Durations are derived, never stored.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::caller::{CalledNumber, Caller};
use crate::id::{AgentId, CallId, LineName, NodeName};
use crate::named;
use crate::outbound::OutboundRefusal;
use crate::quality::VoiceQuality;
use crate::time::Instant;

/// The number of the end that another node set for a call of a node that was gone. It stands behind
/// all numbers that the call's own node gives, so that what that node still holds in its journal
/// keeps its place, and decides if it holds the true end ([`crate::call::CallRecord::fold`]).
pub const CUT_OFF_SEQ: u32 = 1 << 30;

/// The number of [`EventKind::Superseded`]: behind whatever end was set for the call.
pub const SUPERSEDED_SEQ: u32 = CUT_OFF_SEQ + 1;

/// One thing that happened to one call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallEvent {
    /// The call it happened to.
    pub call: CallId,
    /// Its place in the history of that call, from 0, without gaps; or [`CUT_OFF_SEQ`] or
    /// [`SUPERSEDED_SEQ`].
    pub seq: u32,
    /// When it happened. Never earlier than the event before it in the same call.
    pub at: Instant,
    /// The machine that saw it.
    pub node: NodeName,
    /// The desk line; [`LineName::internal`] for calls between extensions.
    pub line: LineName,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

impl CallEvent {
    /// Whether another node set this end for a node that was gone.
    pub fn is_cut_off(&self) -> bool {
        self.seq == CUT_OFF_SEQ
    }

    /// Whether it was set for the call afterwards, by who found it cut off.
    pub fn is_set_afterwards(&self) -> bool {
        self.seq >= CUT_OFF_SEQ
    }
}

/// What happened to a call.
///
/// Lives of calls, in the order in which their events may come:
/// * offered: `Arrived{open: true}` → `Accepted`? → `Queued`? → (`Ringing` → `RingEnded`)* →
///   either `Abandoned`, or `Answered` → (`Held`/`Resumed`/`Joined`/`Parted`/`Transferred`)* → `Ended` →
///   `WrapUpEnded`*;
/// * outside reception hours: `Arrived{open: false}` → `Accepted`? → `Ended`;
/// * outbound and internal: `Dialled` → (`Answered{agent: caller}` → `Transferred`?)? → `Ended` → `WrapUpEnded`?;
/// * refused by a rule of the desk: `Dialled` → `Barred` → `Ended`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventKind {
    /// A caller's INVITE reached a desk line. `open` says whether it was within 受付時間.
    Arrived {
        /// The caller, as far as we may know.
        #[serde(flatten)]
        from: Caller,
        /// The number that was dialled.
        #[serde(flatten)]
        to: CalledNumber,
        /// Within reception hours: counts as 着信; otherwise as 時間外着信.
        open: bool,
    },
    /// The desk itself took the call (greeting, queue, announcement). Not 応答.
    Accepted,
    /// The call entered the queue.
    Queued,
    /// An agent's phone is being rung.
    Ringing {
        /// Whose phone.
        agent: AgentId,
    },
    /// The ringing (or the pick-up before the bridge) ended without 応答.
    RingEnded {
        /// Whose phone.
        agent: AgentId,
        /// How the ringing ended.
        outcome: RingOutcome,
    },
    /// 応答: the caller and the agent hear each other. For outbound and internal calls: the far
    /// end answered.
    Answered {
        /// The agent, or `None` where an outside source does not name one.
        agent: Option<AgentId>,
    },
    /// One side put the other on hold. Talk goes on.
    Held {
        /// Who did it.
        by: Party,
    },
    /// The hold is over.
    Resumed {
        /// Who ended it.
        by: Party,
    },
    /// The agent handed the caller on. Inside the desk the talk goes on with the next agent;
    /// to the outside the desk's talk stops here.
    Transferred {
        /// Who handed on; `None` where an outside source does not tell, and after
        /// [`TransferTarget::Desk`], when nobody talked.
        from: Option<AgentId>,
        /// To whom.
        to: TransferTarget,
    },
    /// The agent has joined somebody whom they asked to the talk (三者通話). No part of the talk begins by it.
    Joined {
        /// The call with whom was asked.
        with: CallId,
    },
    /// Who was joined is in the talk no more.
    Parted,
    /// 放棄: an offered call ended without 応答.
    Abandoned {
        /// Why the caller was not answered.
        reason: AbandonReason,
    },
    /// The end of any call that is not 放棄.
    Ended {
        /// Who or what ended it.
        cause: EndCause,
    },
    /// The agent is done with the work after the call (後処理).
    WrapUpEnded {
        /// The agent whom it is about.
        agent: AgentId,
    },
    /// An agent dialled: outbound (発信) or to another extension (内線).
    Dialled {
        /// Who dialled.
        agent: AgentId,
        /// The number shown to the far end.
        from: String,
        /// The number or extension dialled.
        to: String,
        /// To the outside through a trunk; `false` between extensions.
        outside: bool,
    },
    /// A rule of the desk forbade the call to the outside; nobody was called.
    Barred {
        /// Which rule.
        reason: OutboundRefusal,
    },
    /// On which legs the voice of those who talk is encrypted from now on (SRTP). Not told of a call that is in
    /// the clear from its beginning.
    Encrypted {
        /// The caller's; of a dialled call the far end's.
        caller_leg: bool,
        /// The agent's.
        agent_leg: bool,
    },
    /// How well the voice of one leg came through until now. Told when somebody leaves the talk; of a leg the last
    /// one holds. Not told of legs without voice.
    VoiceMeasured {
        /// The caller's (of a dialled call the far end's), or the agent's.
        leg: Party,
        /// The trunk that it goes over; nothing for phones of the desk.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trunk: Option<String>,
        /// Whose phone it is; nothing for trunks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<AgentId>,
        /// What was measured.
        #[serde(flatten)]
        quality: VoiceQuality,
    },
    /// It was no call of its own and counts nowhere; another one has the caller and counts. Either the program
    /// ended between the disk and the answer to the caller, whose INVITE came again and was taken for a call;
    /// or what was observed as a call turned out to be a leg of another one.
    /// Its number is [`SUPERSEDED_SEQ`].
    Superseded {
        /// The call that has the caller, or whose leg it was.
        by: CallId,
    },
}

/// Why the ringing of one agent's phone ended without 応答.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RingOutcome {
    /// Nobody picked up within the ring time-out (RONA).
    NoAnswer,
    /// The agent refused (486, 603 …).
    Declined,
    /// The phone could not be reached (408, 480, 503 …).
    Unreachable,
    /// Picked up and gone before the bridge stood.
    Dropped,
    /// The caller was gone, or another agent was quicker.
    Withdrawn,
}

named! {
    /// Why an offered call ended without 応答.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    pub enum AbandonReason {
        /// The caller hung up (CANCEL, BYE or silence of the line).
        CallerHangup = "caller_hangup";
        /// The longest waiting time was reached.
        MaxWait = "max_wait";
        /// The queue was full.
        QueueFull = "queue_full";
        /// No agent was logged in, and the line does not let callers wait for one.
        NoAgent = "no_agent";
        /// The desk closed while the caller waited.
        DeskClosedWhileWaiting = "desk_closed_while_waiting";
        /// A fault of ours.
        SystemError = "system_error";
    }
}

/// What ended a call that is not 放棄.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndCause {
    /// The outside party hung up.
    Caller,
    /// The agent hung up.
    Agent,
    /// The desk hung up (announcement over, transfer done).
    Desk,
    /// The far end refused or could not be reached (outbound, internal).
    Refused,
    /// Neither voice nor signalling came any more (lost BYE).
    Lost,
    /// A fault of ours; set by the recovery after a crash.
    SystemError,
    /// An outside source does not tell.
    Unknown,
}

/// One of the two sides of a bridged call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The outside party.
    Caller,
    /// The agent.
    Agent,
}

/// Where a call was handed on to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "target", rename_all = "snake_case")]
pub enum TransferTarget {
    /// Another agent of the desk.
    Agent {
        /// The agent who takes the caller.
        agent: AgentId,
    },
    /// A number outside the desk.
    Outside {
        /// The number that the caller is handed on to.
        number: String,
    },
    /// Whoever of the desk picks up next: the agent hung up before a colleague had. The talk of the
    /// call goes on (転送), nobody's part does until the next [`EventKind::Transferred`].
    Desk,
    /// Of a dialled call: the caller of another call, whom the agent has handed on to the far end. Their talk
    /// goes on, and is part of no agent.
    Caller {
        /// The caller's call.
        call: CallId,
    },
}
