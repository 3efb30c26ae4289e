//! One call that a log tells of, line by line.

use madoguchi_core::call::CallRecord;
use madoguchi_core::event::{
    AbandonReason, CallEvent, EndCause, EventKind, RingOutcome, TransferTarget,
};
use madoguchi_core::hours::Calendar;
use madoguchi_core::id::AgentId;
use madoguchi_core::time::{Instant, Millis};

use super::line::{Kind, Line};

/// Who has left a queue enters the next one sooner than that.
const RE_ENTRY: Millis = Millis::from_secs(5);
/// A call that was answered and has no end is given up after so long.
const TALK_AT_MOST: Millis = Millis::from_secs(24 * 3600);

#[derive(Debug)]
pub(super) struct Call {
    arrived_at: Instant,
    last_at: Instant,
    kinds: Vec<(Instant, EventKind)>,
    stage: Stage,
    open: bool,
    /// Asterisk was started after its last line.
    gone: bool,
    /// It has an agent, or had one, and waits in a queue again.
    queued_again: bool,
    /// Agents who handed it on.
    former: Vec<AgentId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    Waiting,
    /// Left the queue for this reason; may enter one again.
    Left {
        at: Instant,
        reason: AbandonReason,
    },
    /// With this agent, as far as it is known.
    Talking(Option<AgentId>),
    /// The agent is gone: the caller was handed on to this number, or has left a second queue. May enter
    /// a queue again.
    HandedOn {
        at: Instant,
        by: Option<AgentId>,
        to: Option<String>,
    },
    Ended,
}

/// What bounds a call whose end is not written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// The latest instant that is known of.
    pub(super) latest: Instant,
    /// Nobody waits longer.
    pub(super) wait_at_most: Millis,
    /// More lines are to come.
    pub(super) is_followed: bool,
}

/// What became of a call.
pub(super) struct Story {
    pub(super) kinds: Vec<(Instant, EventKind)>,
    /// Nobody knows how it ended.
    pub(super) is_cut_off: bool,
    /// When silence ends it, if nothing more is told of it.
    pub(super) due: Option<Instant>,
}

impl Call {
    /// The call that a line begins: its caller enters, or is turned away.
    pub(super) fn begin(line: &Line<'_>, calendar: &Calendar) -> Option<Self> {
        let (caller, stage) = match &line.kind {
            Kind::Entered { caller } => (caller.as_str(), Stage::Waiting),
            Kind::TurnedAway(reason) => {
                let (at, reason) = (line.at, *reason);
                ("", Stage::Left { at, reason })
            }
            Kind::Closed => ("", Stage::Ended),
            _ => return None,
        };
        let open = line.kind != Kind::Closed && calendar.status(line.at).open;
        let arrived = EventKind::Arrived {
            from: caller.into(),
            to: line.queue.into(),
            open,
        };
        let mut kinds = vec![(line.at, arrived)];
        match stage {
            Stage::Ended => {
                let cause = EndCause::Desk;
                kinds.push((line.at, EventKind::Ended { cause }));
            }
            _ => kinds.push((line.at, EventKind::Queued)),
        }
        Some(Self {
            arrived_at: line.at,
            last_at: line.at,
            kinds,
            stage,
            open,
            gone: false,
            queued_again: false,
            former: Vec::new(),
        })
    }

    /// The call as an earlier log left it before this instant; nothing if none told of it.
    pub(super) fn resume(events: &[CallEvent], before: Instant) -> Option<Self> {
        let arrived_at = events.first()?.at;
        let is_arrival = |event: &CallEvent| {
            let kind = &event.kind;
            let begins = matches!(kind, EventKind::Arrived { .. } | EventKind::Queued);
            begins && event.at == arrived_at
        };
        let mut earlier: Vec<CallEvent> = events
            .iter()
            .filter(|event| !event.is_set_afterwards())
            .filter(|event| event.at < before || is_arrival(event))
            .cloned()
            .collect();
        // A line tells of ringing when it is over: this one comes from what is read now.
        let is_ringing = |event: &mut CallEvent| matches!(event.kind, EventKind::Ringing { .. });
        earlier.pop_if(is_ringing);
        let record = CallRecord::fold(&earlier)?;
        let open = earlier
            .iter()
            .any(|event| matches!(event.kind, EventKind::Arrived { open: true, .. }));
        let stage = match (record.ended_at, record.abandoned) {
            (Some(at), Some(reason)) => Stage::Left { at, reason },
            (Some(_), None) => Stage::Ended,
            (None, _) if record.answered_at.is_some() => {
                let part = record.parts.last();
                Stage::Talking(part.and_then(|part| part.agent.clone()))
            }
            (None, _) => Stage::Waiting,
        };
        Some(Self {
            arrived_at: record.arrived_at,
            last_at: record.last_at,
            kinds: earlier
                .into_iter()
                .map(|event| (event.at, event.kind))
                .collect(),
            stage,
            open,
            gone: false,
            queued_again: false,
            former: Vec::new(),
        })
    }

    /// Whether it waits or talks.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Waiting | Stage::Talking(_))
    }

    /// Whether a start of Asterisk at this instant was the end of it.
    pub(super) fn is_over_at(&self, started: Instant) -> bool {
        self.last_at <= started
    }

    /// Asterisk was started anew.
    pub(super) fn restart(&mut self) {
        self.gone = true;
    }

    /// Takes a line with the agent that it names; an error tells the operator why it says nothing that
    /// can be used. A clock that was set back does not make what happened undone.
    pub(super) fn take(&mut self, line: &Line<'_>, agent: Option<AgentId>) -> Result<(), String> {
        let at = line.at.max(self.last_at);
        self.gone = false;
        if is_of_talk(&line.kind) && agent.as_ref().is_some_and(|agent| self.has_left(agent)) {
            // The books of who handed the call on are closed.
            self.last_at = at;
            return Ok(());
        }
        match (&line.kind, self.stage.clone()) {
            (Kind::Entered { .. }, stage) => self.enter(at, stage)?,
            (Kind::NoAnswer { rang_ms }, Stage::Waiting) => self.ring(at, *rang_ms, agent),
            (Kind::NoAnswer { rang_ms }, Stage::Talking(_)) if self.queued_again => {
                self.ring(at, *rang_ms, agent);
            }
            (Kind::NoAnswer { .. }, _) => {}
            (Kind::Connected, stage) => self.connect(at, agent, stage)?,
            (Kind::CompletedByCaller, stage) => self.complete(at, EndCause::Caller, &stage)?,
            (Kind::CompletedByAgent, stage) => self.complete(at, EndCause::Agent, &stage)?,
            (Kind::Transferred { to }, Stage::Talking(by)) => {
                let (by, to) = (agent.or(by), Some(to.clone()));
                self.stage = Stage::HandedOn { at, by, to };
            }
            (Kind::Transferred { .. }, Stage::HandedOn { .. }) => {}
            // The dial plan says it once more.
            (
                Kind::TurnedAway(_) | Kind::Closed,
                Stage::Left { .. } | Stage::HandedOn { .. } | Stage::Ended,
            ) => {}
            (kind, Stage::Waiting) => match way_out(kind) {
                Some(reason) => self.stage = Stage::Left { at, reason },
                None => return Err("まだ応答していない呼の記録です".to_owned()),
            },
            (Kind::Abandoned, Stage::Talking(_)) if self.queued_again => {
                self.end(at, EndCause::Caller);
            }
            (kind, Stage::Talking(by)) if self.queued_again && way_out(kind).is_some() => {
                self.stage = Stage::HandedOn { at, by, to: None };
            }
            (_, stage) => return Err(refusal(&stage).to_owned()),
        }
        self.last_at = at;
        Ok(())
    }

    fn has_left(&self, agent: &AgentId) -> bool {
        self.former.contains(agent)
    }

    fn enter(&mut self, at: Instant, stage: Stage) -> Result<(), String> {
        match stage {
            Stage::Left { .. } | Stage::Waiting => self.stage = Stage::Waiting,
            // An attended transfer into another queue: still the same call.
            Stage::Talking(_) => self.queued_again = true,
            Stage::HandedOn { at: left, by, to } => {
                if to.is_some() {
                    self.former.extend(by.clone());
                    let to = TransferTarget::Desk;
                    self.push(left, EventKind::Transferred { from: by, to });
                }
                self.stage = Stage::Talking(None);
                self.queued_again = true;
            }
            Stage::Ended => return Err(refusal(&stage).to_owned()),
        }
        self.push(at, EventKind::Queued);
        Ok(())
    }

    fn ring(&mut self, at: Instant, rang_ms: i64, agent: Option<AgentId>) {
        let Some(agent) = agent else {
            return;
        };
        let latest = self.kinds.last().map_or(self.arrived_at, |(at, _)| *at);
        let began = Instant(at.0.saturating_sub(rang_ms)).max(latest);
        let ringing = EventKind::Ringing {
            agent: agent.clone(),
        };
        self.push(began, ringing);
        let outcome = RingOutcome::NoAnswer;
        self.push(at, EventKind::RingEnded { agent, outcome });
    }

    fn connect(&mut self, at: Instant, agent: Option<AgentId>, stage: Stage) -> Result<(), String> {
        let before = match stage {
            Stage::Waiting => {
                self.push(
                    at,
                    EventKind::Answered {
                        agent: agent.clone(),
                    },
                );
                self.stage = Stage::Talking(agent);
                return Ok(());
            }
            Stage::Talking(before) => before,
            Stage::HandedOn { by, .. } => by,
            Stage::Left { .. } | Stage::Ended => return Err(refusal(&stage).to_owned()),
        };
        let Some(agent) = agent else {
            return Err("応答した担当者の名前がありません".to_owned());
        };
        self.queued_again = false;
        // It is said twice, or the second queue's agent takes over.
        if before.as_ref() != Some(&agent) {
            self.former.extend(before);
            self.former.retain(|former| *former != agent);
            let to = TransferTarget::Agent {
                agent: agent.clone(),
            };
            self.push(at, EventKind::Transferred { from: None, to });
        }
        self.stage = Stage::Talking(Some(agent));
        Ok(())
    }

    fn complete(&mut self, at: Instant, cause: EndCause, stage: &Stage) -> Result<(), String> {
        match stage {
            Stage::Talking(_) | Stage::HandedOn { to: None, .. } => {
                self.end(at, cause);
                Ok(())
            }
            // Asterisk may close the books of a call that was handed on a second time.
            Stage::HandedOn { .. } | Stage::Ended => Ok(()),
            Stage::Waiting | Stage::Left { .. } => Err(refusal(stage).to_owned()),
        }
    }

    fn end(&mut self, at: Instant, cause: EndCause) {
        self.push(at, EventKind::Ended { cause });
        self.stage = Stage::Ended;
    }

    fn push(&mut self, at: Instant, kind: EventKind) {
        self.kinds.push((at, kind));
    }

    /// What became of it by now.
    pub(super) fn finish(mut self, bounds: Bounds) -> Story {
        let silent = bounds.latest - self.last_at;
        let limit = match self.stage {
            Stage::Left { .. } | Stage::HandedOn { .. } => RE_ENTRY,
            Stage::Waiting => bounds.wait_at_most,
            Stage::Talking(_) => TALK_AT_MOST,
            Stage::Ended => Millis(0),
        };
        let goes_on = !self.gone && silent <= limit;
        let mut is_cut_off = false;
        let mut due = Some(self.last_at + limit + Millis(1)).filter(|_| goes_on);
        match std::mem::replace(&mut self.stage, Stage::Ended) {
            Stage::Left { .. } | Stage::HandedOn { .. } if goes_on && bounds.is_followed => {}
            Stage::Left { at, reason } => {
                self.push_unanswered(at, reason);
                due = None;
            }
            Stage::HandedOn { at, by, to } => {
                let cause = match to {
                    Some(number) => {
                        let to = TransferTarget::Outside { number };
                        self.push(at, EventKind::Transferred { from: by, to });
                        EndCause::Desk
                    }
                    None => EndCause::Unknown,
                };
                self.push(at, EventKind::Ended { cause });
                due = None;
            }
            // Its end was never written: an old Asterisk, or one that was killed.
            Stage::Waiting | Stage::Talking(_) => is_cut_off = !goes_on,
            Stage::Ended => due = None,
        }
        Story {
            kinds: self.kinds,
            is_cut_off,
            due,
        }
    }

    fn push_unanswered(&mut self, at: Instant, reason: AbandonReason) {
        let kind = if self.open {
            EventKind::Abandoned { reason }
        } else {
            let cause = EndCause::Unknown;
            EventKind::Ended { cause }
        };
        self.push(at, kind);
    }
}

/// Lines that the agent's part in a talk ends with.
fn is_of_talk(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::CompletedByCaller | Kind::CompletedByAgent | Kind::Transferred { .. }
    )
}

/// Why a call that waits is no longer in the queue.
fn way_out(kind: &Kind) -> Option<AbandonReason> {
    Some(match kind {
        Kind::Abandoned | Kind::LeftByKey => AbandonReason::CallerHangup,
        Kind::TimedOut => AbandonReason::MaxWait,
        Kind::Empty => AbandonReason::NoAgent,
        Kind::TurnedAway(reason) => *reason,
        Kind::Closed => AbandonReason::DeskClosedWhileWaiting,
        _ => return None,
    })
}

/// Why a line says nothing of a call that stands there.
fn refusal(stage: &Stage) -> &'static str {
    match stage {
        Stage::Waiting => "まだ応答していない呼の記録です",
        Stage::Left { .. } => "すでにキューを出た呼の記録です",
        Stage::Talking(_) => "すでに応答した呼の記録です",
        Stage::HandedOn { .. } => "すでに転送した呼の記録です",
        Stage::Ended => "すでに終わった呼の記録です",
    }
}
