//! What goes into the engine and what comes out.

use madoguchi_core::caller::{CalledNumber, Caller};
use madoguchi_core::event::{CallEvent, Party};
use madoguchi_core::id::{AgentId, CallId, LineName};
use madoguchi_core::live::{AgentCommand, AgentPresence, DeskRequest, HandOnRefusal};
use madoguchi_core::outbound::OutboundElsewhere;
use madoguchi_core::quality::VoiceQuality;
use madoguchi_core::time::Millis;

/// One attempt to ring one agent (or, for a call between extensions, the far extension) for one
/// call. Never used twice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegId {
    /// The call it belongs to.
    pub call: CallId,
    /// The number of the attempt within the call, from 1.
    pub n: u32,
}

/// Names a timer that was set with [`Output::SetTimer`]. Never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerId(pub u64);

/// What happened outside. Inputs about calls or legs that the engine does not know (any more) are
/// normal (signalling races) and change nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A caller's INVITE for `line`. Whether the desk is open is decided here and now.
    CallArrived {
        /// The new call.
        call: CallId,
        /// The line that was dialled.
        line: LineName,
        /// The caller, as far as we may know.
        from: Caller,
        /// The number that was dialled.
        to: CalledNumber,
    },
    /// A caller's INVITE for `line` that cannot be taken, for want of ports or the like: it counts,
    /// and is refused outside.
    CallNotTaken {
        /// The call.
        call: CallId,
        /// The line that was dialled.
        line: LineName,
        /// The caller, as far as we may know.
        from: Caller,
        /// The number that was dialled.
        to: CalledNumber,
    },
    /// The party that started the call (caller, or dialling agent) is gone: CANCEL or BYE.
    CallerHungUp {
        /// The call.
        call: CallId,
    },
    /// Neither voice nor signalling comes from the party that started the call any more.
    CallerLost {
        /// The call.
        call: CallId,
    },
    /// The announcement of the last [`Output::Play`] of this call was played to its end.
    PlaybackEnded {
        /// The call.
        call: CallId,
        /// The number given in [`Output::Play`].
        playback: u32,
    },
    /// The agent's phone picked up (200 OK).
    LegAnswered {
        /// The attempt.
        leg: LegId,
    },
    /// The media of both sides is connected, as [`Output::Bridge`] asked.
    LegBridged {
        /// The attempt.
        leg: LegId,
    },
    /// On which legs the voice of those who talk in this call is encrypted.
    VoiceEncrypted {
        /// The call.
        call: CallId,
        /// The caller's; of a dialled call the far end's.
        caller: bool,
        /// The agent's.
        agent: bool,
    },
    /// How well the voice of one of those who talk in this call came through until now.
    VoiceMeasured {
        /// The call.
        call: CallId,
        /// The caller's leg (of a dialled call the far end's), or the agent's.
        leg: Party,
        /// The trunk that it goes over, if it is none of the desk's phones.
        trunk: Option<String>,
        /// What was measured.
        quality: VoiceQuality,
    },
    /// The attempt failed before it was picked up.
    LegFailed {
        /// The attempt.
        leg: LegId,
        /// How.
        failure: LegFailure,
    },
    /// The picked-up leg ended: BYE from its side.
    LegEnded {
        /// The attempt.
        leg: LegId,
    },
    /// Neither voice nor signalling comes from the picked-up leg any more.
    LegLost {
        /// The attempt.
        leg: LegId,
    },
    /// One side put the other on hold.
    Held {
        /// The call.
        call: CallId,
        /// Who.
        by: Party,
    },
    /// The hold is over.
    Resumed {
        /// The call.
        call: CallId,
        /// Who ended it.
        by: Party,
    },
    /// An agent dialled from the own phone. The engine answers with [`Output::Dial`] or
    /// [`Output::Reject`].
    AgentDialled {
        /// The new call.
        call: CallId,
        /// Who dialled.
        agent: AgentId,
        /// Where to.
        target: DialTarget,
    },
    /// An agent dialled, and the call cannot be taken, for want of ports or the like: it counts as
    /// an attempt, and is refused outside.
    DialNotTaken {
        /// The call.
        call: CallId,
        /// Who dialled.
        agent: AgentId,
        /// Where to.
        target: DialTarget,
    },
    /// The far end of a dialled call answered and the media of both sides is connected.
    FarAnswered {
        /// The call.
        call: CallId,
    },
    /// The far end of a dialled call refused, did not answer or could not be reached.
    FarFailed {
        /// The call.
        call: CallId,
        /// How.
        failure: LegFailure,
    },
    /// The far end of a dialled call hung up.
    FarEnded {
        /// The call.
        call: CallId,
    },
    /// The agent asks to hand the caller on to a number outside: it is judged and dialled as a call of its own
    /// ([`Output::DialFor`]) while the caller hears music. What came of it is told with
    /// [`Output::TransferOver`]. The agent may hang up at once.
    TransferOutside {
        /// The call of the caller.
        call: CallId,
        /// The new call to the outside.
        outbound: CallId,
        /// Where to: [`DialTarget::Outside`].
        target: DialTarget,
    },
    /// The agent asks to hand the caller on to another agent of the desk (blind transfer, RFC 5589 6):
    /// the engine rings that agent for the same call, which keeps its arrival and its answer, and the
    /// caller hears music. What came of it is told with [`Output::TransferOver`]. The agent may hang
    /// up at once: the caller stays with the desk.
    TransferToAgent {
        /// The call.
        call: CallId,
        /// To whom.
        agent: AgentId,
    },
    /// The agent hands the caller over to whom they have asked before (attended transfer, RFC 5589 7). A
    /// colleague's end of the consultation becomes an attempt for the call, and the consultation is over
    /// ([`Output::Adopt`], else [`Output::NotAdopted`]); one who has not picked up yet is rung anew, as by
    /// [`Self::TransferToAgent`]. Somebody outside goes on being called, or talks, for the caller's sake
    /// ([`Output::Carry`]).
    HandOver {
        /// The call of the caller.
        call: CallId,
        /// The call to the colleague, beside it.
        consult: CallId,
    },
    /// The agent puts the caller into the queue of a line: by the first arrival, so before all who came
    /// later. What came of it is told with [`Output::TransferOver`].
    TransferToLine {
        /// The call.
        call: CallId,
        /// Which line.
        line: LineName,
    },
    /// The agent leaves the caller for whoever fetches them (call park): they hear music, and are looked
    /// after by the queue if nobody has come after a while. What came of it is told with
    /// [`Output::TransferOver`].
    Park {
        /// The call.
        call: CallId,
    },
    /// An agent asks for something from the screen; [`Output::Reply`] follows.
    Request {
        /// Who.
        agent: AgentId,
        /// For what. Numbers are read outside: [`Self::HandOnOutside`], [`Self::Consult`].
        request: DeskRequest,
        /// Names the request.
        asked: u64,
    },
    /// An agent hands on the caller with whom they talk to a number outside, from the screen;
    /// [`Output::Reply`] follows.
    HandOnOutside {
        /// Who.
        agent: AgentId,
        /// The new call to the outside.
        outbound: CallId,
        /// Where to: [`DialTarget::Outside`].
        target: DialTarget,
        /// Names the request.
        asked: u64,
    },
    /// An agent asks somebody beside the caller with whom they talk, from the screen; [`Output::Reply`] follows.
    Consult {
        /// Who.
        agent: AgentId,
        /// The new call in which they are asked.
        consult: CallId,
        /// Whom.
        whom: Whom,
        /// Names the request.
        asked: u64,
    },
    /// An agent takes a call of a caller who waits, whoever is rung for it, from a phone that waits for an
    /// answer; [`Output::PickUp`] follows.
    PickUp {
        /// Who.
        agent: AgentId,
        /// Which.
        take: Take,
        /// Names the phone's request.
        asked: u64,
    },
    /// A phone of the agent can be reached, or none can any more.
    AgentReachable {
        /// Who.
        agent: AgentId,
        /// Whether one can.
        reachable: bool,
    },
    /// An agent, or a supervisor for them, asks for a state.
    Agent {
        /// Who.
        agent: AgentId,
        /// What.
        command: AgentCommand,
    },
    /// The desk is about to stop: no more calls come, and whoever waits is told so. Talks go on.
    Drain,
    /// The desk stops now: every call ends.
    EndAll,
    /// An agent's state as it was asked for at another node.
    Presence(AgentPresence),
    /// A call at another node keeps the agent, or does so no more.
    AgentElsewhere {
        /// Who.
        agent: AgentId,
        /// Whether one does.
        busy: bool,
    },
    /// What calls that are not of this run use of the limits of calls to the outside.
    OutboundElsewhere(OutboundElsewhere),
    /// A timer ran out.
    Timer {
        /// Which.
        timer: TimerId,
    },
}

/// Which call an agent takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Take {
    /// This one.
    Call(CallId),
    /// Of those who wait on the agent's lines the most urgent one.
    MostUrgent,
    /// Of those who are parked the first one.
    Parked,
}

/// Whom an agent asks beside a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// Whoever is there.
    Target(DialTarget),
    /// Whoever is free on this line.
    Line(LineName),
}

/// Where an agent dials to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DialTarget {
    /// A number outside, through a trunk, with `shown` as the caller's number, counted for `line`.
    Outside {
        /// The number dialled.
        number: String,
        /// The number of the desk that the far end sees.
        shown: String,
        /// The line it is counted for.
        line: LineName,
    },
    /// Another agent's extension.
    Agent {
        /// Whose.
        agent: AgentId,
    },
}

/// How ringing somebody failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegFailure {
    /// 486, 600, 603: the person refused or is in a call that we do not know of.
    Declined,
    /// 408, 480, 404, 5xx, no contact, no common codec.
    Unreachable,
    /// Nobody picked up. (For agents of a queue the engine's own ring time-out comes first.)
    NoAnswer,
    /// A rule of the desk forbids the call.
    Forbidden,
}

/// What must be done, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Write this event to the journal before anything after it is done.
    Emit(CallEvent),
    /// Write this state of an agent to the journal, as events are.
    Presence(AgentPresence),
    /// Answer the caller's INVITE with 200.
    Accept {
        /// The call.
        call: CallId,
    },
    /// Play an announcement to the caller, once, instead of what plays now; tell its end with
    /// [`Input::PlaybackEnded`].
    Play {
        /// The call.
        call: CallId,
        /// What.
        announcement: Announcement,
        /// Told back at the end, so that the end of an older playback is recognised.
        playback: u32,
    },
    /// Play the music of the line to the caller, over and over, instead of what plays now.
    PlayMusic {
        /// The call.
        call: CallId,
    },
    /// Ring an agent's phones for a call; tell [`Input::LegAnswered`] or [`Input::LegFailed`].
    Ring {
        /// The new attempt.
        leg: LegId,
        /// Whom.
        agent: AgentId,
    },
    /// The phone that asked has this attempt now: answer it and tell [`Input::LegAnswered`], or
    /// [`Input::LegFailed`] if it is gone.
    PickUp {
        /// The number given in [`Input::PickUp`].
        asked: u64,
        /// The new attempt; `None`: nobody is there to be taken.
        leg: Option<LegId>,
    },
    /// The far end of a consultation is this attempt from now on, and is picked up; the side of the
    /// agent who asked for it ends, if they dialled. Tell [`Input::LegEnded`] if it is gone.
    Adopt {
        /// The new attempt.
        leg: LegId,
        /// The consultation, which is over.
        consult: CallId,
    },
    /// The colleague does not get the caller: the consultation goes on, if its parties are there.
    NotAdopted {
        /// The consultation.
        consult: CallId,
    },
    /// Call somebody whom the agent of this attempt asks. No phone has dialled: the phone of the attempt, which hears
    /// ringing, is connected with who picks up, and what ends the call leaves it alone. The caller is left to what
    /// plays. Tell [`Input::FarAnswered`] or [`Input::FarFailed`].
    DialBeside {
        /// The new call.
        call: CallId,
        /// The attempt, which is picked up.
        leg: LegId,
        /// Where to.
        target: DialTarget,
    },
    /// The caller of this attempt is gone, and its agent still asks somebody: the phone goes on in that call, as if
    /// it had dialled. Nothing more is told about the attempt; tell [`Input::CallerHungUp`] of the call.
    KeepBeside {
        /// The attempt, which is over.
        leg: LegId,
        /// The call of [`Self::DialBeside`].
        call: CallId,
    },
    /// Call the outside for a caller who is handed on: no phone of an agent is in this call. Tell
    /// [`Input::FarAnswered`] when the caller and the far end hear each other, or [`Input::FarFailed`].
    DialFor {
        /// The new call.
        call: CallId,
        /// The call of the caller.
        caller: CallId,
        /// Where to.
        target: DialTarget,
    },
    /// The far end of a consultation is there for the caller from now on, as if it had been called by
    /// [`Self::DialFor`]; the side of the agent who asked for it ends, if they dialled. If it has picked up, the caller and
    /// the far end are connected.
    Carry {
        /// The consultation.
        call: CallId,
        /// The call of the caller.
        caller: CallId,
    },
    /// All of the caller, the agent and the far end of the consultation hear each other from now on.
    Join {
        /// The call of the caller.
        call: CallId,
        /// The consultation, whose parties hear each other already.
        consult: CallId,
    },
    /// The parties of the consultation hear each other alone again.
    Unjoin {
        /// The consultation.
        consult: CallId,
    },
    /// What came of a request from the screen.
    Reply {
        /// The number given in [`Input::Request`].
        asked: u64,
        /// Why it was not done.
        refusal: Option<HandOnRefusal>,
    },
    /// The call waits on another line, whose music and announcements it hears.
    MoveToLine {
        /// The call.
        call: CallId,
        /// The line.
        line: LineName,
    },
    /// End this attempt, whatever its state: CANCEL while it rings, BYE after it was picked up.
    /// Nothing more is told about it.
    EndLeg {
        /// The attempt.
        leg: LegId,
    },
    /// Connect the media of the caller and the leg, stop what plays; tell [`Input::LegBridged`]. Also
    /// after a transfer that failed, for those who were connected before.
    Bridge {
        /// The picked-up attempt. The call is `leg.call`.
        leg: LegId,
    },
    /// A transfer that the agent of this leg asked for is over. Where it failed the caller is with that
    /// agent again.
    TransferOver {
        /// The agent's leg.
        leg: LegId,
        /// How it failed; `None`: another agent has the caller.
        failure: Option<LegFailure>,
    },
    /// Call the far end of a dialled call. Its ringing and its answer are passed to the agent;
    /// tell [`Input::FarAnswered`] or [`Input::FarFailed`].
    Dial {
        /// The call.
        call: CallId,
        /// Where to.
        target: DialTarget,
    },
    /// End the far end of a dialled call: CANCEL or BYE. Nothing more is told about it. (Calls of
    /// [`Self::DialFor`] are ended with [`Self::HangUp`] alone, which leaves the caller where they are.)
    EndFar {
        /// The call.
        call: CallId,
    },
    /// End the side that started the call: a final refusal while its INVITE is unanswered
    /// (`cause` says which), BYE afterwards. Nothing more is told about it.
    HangUp {
        /// The call.
        call: CallId,
        /// Why.
        cause: HangUpCause,
    },
    /// Tell [`Input::Timer`] after this time.
    SetTimer {
        /// Which.
        timer: TimerId,
        /// After how long.
        after: Millis,
    },
    /// The timer is not needed any more (telling it would be harmless).
    ClearTimer {
        /// Which.
        timer: TimerId,
    },
    /// The minutes of talk to the outside that a day allows are used up: there are no more such
    /// calls today, and an operator wants to know.
    OutboundStopped {
        /// By whom; `None`: by the whole desk.
        agent: Option<AgentId>,
    },
    /// A new day has begun: whoever was stopped may call the outside again.
    OutboundResumed,
    /// The state of this agent changed; the board and the store of states want to know.
    AgentChanged {
        /// Who.
        agent: AgentId,
    },
}

/// Why a call is ended by the desk; decides the SIP answer where none was given yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HangUpCause {
    /// The normal end (BYE; 480 if unanswered).
    Normal,
    /// The far end or the agent is busy (486).
    Busy,
    /// Nobody there by that number (404).
    NotFound,
    /// The far end cannot be reached or did not answer (480).
    Unavailable,
    /// The agent may not do this, or not now (403).
    Forbidden,
}

/// What is said to a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Announcement {
    /// At the start, before the queue.
    Greeting,
    /// 受付時間外
    Closed,
    /// "You are number n." 1 is the next to be served; 101 stands for all places beyond 100.
    Position(u32),
    /// "The wait is about n minutes."
    WaitMinutes(u32),
    /// The queue is full.
    QueueFull,
    /// The longest waiting time is reached.
    MaxWait,
    /// Nobody is at the desk.
    NoAgent,
    /// The desk has closed while the caller waited.
    ClosedWhileWaiting,
}
