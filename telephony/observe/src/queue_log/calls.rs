//! The calls that a log tells of, built up line by line.

use std::collections::HashMap;

use madoguchi_core::event::{
    AbandonReason, CallEvent, EndCause, EventKind, RingOutcome, TransferTarget,
};
use madoguchi_core::hours::Calendar;
use madoguchi_core::id::{AgentId, CallId, LineName, NodeName};
use madoguchi_core::time::{Instant, Millis};

use super::line::{Kind, Line};

/// The node that imported events name.
const NODE: &str = "queue_log";

/// Who has left a queue enters the next one sooner than that.
const RE_ENTRY: Millis = Millis::from_secs(5);
/// A call that was answered and has no end is given up after so long.
const TALK_AT_MOST: Millis = Millis::from_secs(24 * 3600);

#[derive(Debug)]
pub(super) struct Calls {
    line: LineName,
    /// Nobody waits longer.
    wait_at_most: Millis,
    /// More lines are to come.
    is_followed: bool,
    /// The latest instant that the log tells of, or now.
    latest: Instant,
    order: Vec<String>,
    by_unique_id: HashMap<String, Call>,
}

#[derive(Debug)]
struct Call {
    arrived_at: Instant,
    last_at: Instant,
    kinds: Vec<(Instant, EventKind)>,
    stage: Stage,
    open: bool,
    /// Asterisk was started after its last line.
    gone: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    Waiting,
    /// Left the queue for this reason; may enter one again.
    Left {
        at: Instant,
        reason: AbandonReason,
    },
    Talking,
    Ended,
}

impl Calls {
    pub(super) fn new(line: LineName, wait_at_most: Millis, now: Option<Instant>) -> Self {
        Self {
            line,
            wait_at_most,
            is_followed: now.is_some(),
            latest: now.unwrap_or(Instant(0)),
            order: Vec::new(),
            by_unique_id: HashMap::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// Takes a line; an error tells the operator why it says nothing that can be used.
    pub(super) fn take(&mut self, line: &Line<'_>, calendar: &Calendar) -> Result<(), String> {
        self.latest = self.latest.max(line.at);
        if line.kind == Kind::Started {
            for call in self.by_unique_id.values_mut() {
                call.gone = true;
            }
            return Ok(());
        }
        let Some(call) = self.by_unique_id.get_mut(line.unique_id) else {
            let call = Call::begin(line, calendar)
                .ok_or("この呼がキューに入った記録(ENTERQUEUE)がありません")?;
            self.by_unique_id.insert(line.unique_id.to_owned(), call);
            self.order.push(line.unique_id.to_owned());
            return Ok(());
        };
        if line.at < call.last_at {
            return Err("この呼の前の記録より時刻が戻っています".to_owned());
        }
        call.take(line)
    }

    /// All events, call by call in the order of arrival in the log.
    pub(super) fn into_events(mut self) -> Vec<CallEvent> {
        let mut events = Vec::new();
        for unique_id in &self.order {
            let Some(call) = self.by_unique_id.remove(unique_id) else {
                continue;
            };
            // The same log gives the same names, so that importing it again changes nothing.
            let id = CallId::new(format!("queue_log/{}/{unique_id}", self.line));
            let may_re_enter = self.is_followed && self.latest - call.last_at <= RE_ENTRY;
            let kinds = call.finish(self.latest, self.wait_at_most, may_re_enter);
            for (seq, (at, kind)) in (0_u32..).zip(kinds) {
                events.push(CallEvent {
                    call: id.clone(),
                    seq,
                    at,
                    node: NodeName::new(NODE),
                    line: self.line.clone(),
                    kind,
                });
            }
        }
        events
    }
}

impl Call {
    /// The call that a line begins: its caller enters, or is turned away.
    fn begin(line: &Line<'_>, calendar: &Calendar) -> Option<Self> {
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
        })
    }

    fn take(&mut self, line: &Line<'_>) -> Result<(), String> {
        let (at, agent) = (line.at, agent(line.agent));
        self.gone = false;
        match (&line.kind, &self.stage) {
            (Kind::Entered { .. }, Stage::Left { .. } | Stage::Waiting) => {
                self.stage = Stage::Waiting;
            }
            // An attended transfer into another queue: still the same call.
            (Kind::Entered { .. }, Stage::Talking) => {}
            (Kind::NoAnswer { rang_ms }, Stage::Waiting) => {
                if let Some(agent) = agent {
                    let began = Instant(at.0 - rang_ms)
                        .max(self.arrived_at)
                        .max(self.latest());
                    self.push(
                        began,
                        EventKind::Ringing {
                            agent: agent.clone(),
                        },
                    );
                    let outcome = RingOutcome::NoAnswer;
                    self.push(at, EventKind::RingEnded { agent, outcome });
                }
            }
            (Kind::Connected, Stage::Waiting) => {
                self.push(at, EventKind::Answered { agent });
                self.stage = Stage::Talking;
            }
            // The second queue's agent takes over.
            (Kind::Connected, Stage::Talking) => match agent {
                Some(agent) => {
                    let to = TransferTarget::Agent { agent };
                    self.push(at, EventKind::Transferred { from: None, to });
                }
                None => return Err("応答した担当者の名前がありません".to_owned()),
            },
            (Kind::Abandoned, Stage::Waiting) => self.leave(at, AbandonReason::CallerHangup),
            (Kind::TimedOut, Stage::Waiting) => self.leave(at, AbandonReason::MaxWait),
            (Kind::Empty, Stage::Waiting) => self.leave(at, AbandonReason::NoAgent),
            (Kind::LeftByKey, Stage::Waiting) => self.leave(at, AbandonReason::CallerHangup),
            (Kind::TurnedAway(reason), Stage::Waiting) => self.leave(at, *reason),
            (Kind::Closed, Stage::Waiting) => {
                self.leave(at, AbandonReason::DeskClosedWhileWaiting);
            }
            // The dial plan says it once more.
            (Kind::TurnedAway(_) | Kind::Closed, Stage::Left { .. } | Stage::Ended) => {}
            (Kind::CompletedByCaller, Stage::Talking) => self.end(at, EndCause::Caller),
            (Kind::CompletedByAgent, Stage::Talking) => self.end(at, EndCause::Agent),
            (Kind::Transferred { to }, Stage::Talking) => {
                let to = TransferTarget::Outside { number: to.clone() };
                self.push(at, EventKind::Transferred { from: agent, to });
                self.end(at, EndCause::Desk);
            }
            // Asterisk may close the books of a call that was handed on a second time.
            (Kind::CompletedByCaller | Kind::CompletedByAgent, Stage::Ended) => {}
            (_, Stage::Ended) => return Err("すでに終わった呼の記録です".to_owned()),
            (_, Stage::Left { .. }) => {
                return Err("すでにキューを出た呼の記録です".to_owned());
            }
            (Kind::NoAnswer { .. }, Stage::Talking) => {}
            (_, Stage::Talking) => return Err("すでに応答した呼の記録です".to_owned()),
            (_, Stage::Waiting) => return Err("まだ応答していない呼の記録です".to_owned()),
        }
        self.last_at = at;
        Ok(())
    }

    fn leave(&mut self, at: Instant, reason: AbandonReason) {
        self.stage = Stage::Left { at, reason };
    }

    fn end(&mut self, at: Instant, cause: EndCause) {
        self.push(at, EventKind::Ended { cause });
        self.stage = Stage::Ended;
    }

    fn push(&mut self, at: Instant, kind: EventKind) {
        self.kinds.push((at, kind));
    }

    fn latest(&self) -> Instant {
        self.kinds.last().map_or(self.arrived_at, |(at, _)| *at)
    }

    fn finish(
        mut self,
        latest: Instant,
        wait_at_most: Millis,
        may_re_enter: bool,
    ) -> Vec<(Instant, EventKind)> {
        let silent = latest - self.last_at;
        match self.stage {
            Stage::Left { .. } if may_re_enter => {}
            Stage::Left { at, reason } => self.push_unanswered(at, reason, EndCause::Unknown),
            // Its end was never written: an old Asterisk, or one that was killed.
            Stage::Waiting if self.gone || silent > wait_at_most => {
                let cause = EndCause::SystemError;
                self.push_unanswered(self.last_at, AbandonReason::SystemError, cause);
            }
            Stage::Talking if self.gone || silent > TALK_AT_MOST => {
                let cause = EndCause::SystemError;
                self.push(self.last_at, EventKind::Ended { cause });
            }
            Stage::Waiting | Stage::Talking | Stage::Ended => {}
        }
        self.kinds
    }

    fn push_unanswered(&mut self, at: Instant, reason: AbandonReason, cause: EndCause) {
        let kind = if self.open {
            EventKind::Abandoned { reason }
        } else {
            EventKind::Ended { cause }
        };
        self.push(at, kind);
    }
}

/// The agent without the technology (`SIP/201` → `201`); `NONE` and nothing are unknown.
fn agent(text: &str) -> Option<AgentId> {
    let text = text.trim();
    let name = text.split_once('/').map_or(text, |(_, name)| name);
    (!name.is_empty() && name != "NONE").then(|| AgentId::new(name))
}
