//! What one call has been through, and what may come next in its log.

use std::collections::BTreeSet;

use madoguchi_core::call::{CallRecord, Direction};
use madoguchi_core::event::{CallEvent, EventKind, Party, TransferTarget};
use madoguchi_core::id::{AgentId, LineName};
use madoguchi_core::time::Instant;

#[derive(Debug)]
pub(crate) struct Book {
    pub(super) line: LineName,
    pub(super) record: CallRecord,
    /// The place among all calls.
    pub(super) order: u64,
    queued: bool,
    /// Begun beside a talk with a caller.
    pub(super) asks: bool,
    /// No phone has dialled: the agent is heard on the leg of the talk.
    pub(super) beside: bool,
    /// No agent's phone is in it: it was dialled for a caller who is handed on.
    pub(super) carried: bool,
    /// Three talk.
    joined: bool,
    /// The caller talks with somebody outside.
    pub(super) outside: bool,
    /// The colleague who was dialled.
    pub(super) callee: Option<AgentId>,
    /// The line in whose queue it waits.
    pub(super) waits_at: LineName,
    /// Agents whose phones ring.
    pub(super) ringing: BTreeSet<AgentId>,
    /// Agents in the talk.
    pub(super) talking: BTreeSet<AgentId>,
    /// Agents whose 後処理 has not ended.
    pub(super) wrapping: Vec<AgentId>,
    answered: bool,
    over: bool,
    caller_holds: bool,
    agent_holds: bool,
    /// The side that started the call is gone, or the desk hung up.
    pub(super) gone: bool,
    next_seq: u32,
    last_at: Instant,
}

impl Book {
    pub(super) fn new(event: &CallEvent, record: CallRecord, order: u64) -> Self {
        Self {
            line: event.line.clone(),
            record,
            order,
            queued: false,
            asks: false,
            beside: false,
            carried: false,
            joined: false,
            outside: false,
            callee: None,
            waits_at: event.line.clone(),
            ringing: BTreeSet::new(),
            talking: BTreeSet::new(),
            wrapping: Vec::new(),
            answered: false,
            over: false,
            caller_holds: false,
            agent_holds: false,
            gone: false,
            next_seq: 1,
            last_at: event.at,
        }
    }

    pub(super) fn is_offered(&self) -> bool {
        self.record.direction == Direction::Inbound
    }

    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// A caller who is on the line.
    pub(crate) fn has_caller(&self) -> bool {
        self.is_offered() && !self.over && !self.gone
    }

    pub(super) fn is_answered(&self) -> bool {
        self.answered
    }

    /// Waits in the queue, and no phone rings.
    pub(super) fn is_unserved(&self) -> bool {
        self.queued && !self.gone && !self.over && !self.answered && self.ringing.is_empty()
    }

    /// What holds for every event but the first.
    pub(super) fn number(&mut self, event: &CallEvent) {
        assert_eq!(event.seq, self.next_seq, "a gap before {event:?}");
        assert!(event.at >= self.last_at, "time went back at {event:?}");
        assert_eq!(event.line, self.line);
        let late = matches!(event.kind, EventKind::WrapUpEnded { .. });
        assert!(late || !self.over, "{event:?} after the end");
        self.next_seq += 1;
        self.last_at = event.at;
        self.record.apply(event);
    }

    pub(super) fn take(&mut self, event: &CallEvent) {
        match &event.kind {
            EventKind::Arrived { .. } | EventKind::Dialled { .. } => panic!("{event:?} again"),
            EventKind::Accepted => assert_eq!(event.seq, 1),
            EventKind::Queued => {
                assert!(
                    self.is_offered() && !self.queued && !self.answered,
                    "{event:?}"
                );
                self.queued = true;
            }
            EventKind::Ringing { agent } => {
                assert!(
                    self.queued && self.ringing.insert(agent.clone()),
                    "{event:?}"
                );
            }
            EventKind::RingEnded { agent, .. } => {
                assert!(self.ringing.remove(agent), "{event:?} without ringing");
            }
            EventKind::Answered { agent } => self.answer(event, agent.as_ref()),
            EventKind::Held { by } => self.hold(event, *by, true),
            EventKind::Resumed { by } => self.hold(event, *by, false),
            EventKind::Transferred { from, to } => self.hand_on(event, from.as_ref(), to),
            EventKind::Joined { .. } => {
                assert!(!self.talking.is_empty() && !self.joined, "{event:?}");
                self.joined = true;
            }
            EventKind::Parted => assert!(std::mem::take(&mut self.joined), "{event:?}"),
            EventKind::Abandoned { .. } => {
                assert!(self.is_offered() && !self.answered, "{event:?}");
                assert!(self.ringing.is_empty(), "phones still ring at {event:?}");
                self.over = true;
            }
            EventKind::Barred { .. } => {}
            EventKind::Encrypted { .. } | EventKind::VoiceMeasured { .. } => {
                assert!(self.answered && !self.over, "{event:?}")
            }
            EventKind::Superseded { .. } => panic!("the engine supersedes no call: {event:?}"),
            EventKind::Ended { .. } => self.end(event),
            EventKind::WrapUpEnded { agent } => {
                let at = self.wrapping.iter().position(|other| other == agent);
                self.wrapping
                    .remove(at.unwrap_or_else(|| panic!("{event:?} of nobody")));
            }
        }
    }

    fn answer(&mut self, event: &CallEvent, agent: Option<&AgentId>) {
        let agent = agent.expect("our own events name the agent");
        assert!(!self.answered, "answered twice: {event:?}");
        self.answered = true;
        if self.is_offered() {
            assert!(self.ringing.remove(agent), "{event:?} without ringing");
            assert!(self.ringing.is_empty(), "others still ring at {event:?}");
            self.talking.insert(agent.clone());
        } else {
            assert!(self.carried || self.talking.contains(agent), "{event:?}");
            self.talking.append(&mut self.ringing);
        }
    }

    fn hold(&mut self, event: &CallEvent, by: Party, holds: bool) {
        assert!(self.answered, "{event:?} outside the talk");
        let flag = match by {
            Party::Caller => &mut self.caller_holds,
            Party::Agent => &mut self.agent_holds,
        };
        assert_ne!(*flag, holds, "{event:?} is not balanced");
        *flag = holds;
    }

    fn hand_on(&mut self, event: &CallEvent, from: Option<&AgentId>, to: &TransferTarget) {
        assert!(self.answered, "{event:?} before the answer");
        assert!(!self.joined, "{event:?} while three talk");
        match from {
            // Who handed the caller on was not in this call, or is not any more.
            Some(_) if self.carried => assert!(!self.is_offered(), "{event:?}"),
            Some(from) => {
                assert!(self.talking.remove(from), "{event:?}");
                self.wrapping.push(from.clone());
            }
            None => assert!(self.talking.is_empty(), "{event:?} while somebody talks"),
        }
        match to {
            TransferTarget::Agent { agent } => {
                assert!(self.ringing.remove(agent), "{event:?} without ringing");
                assert!(self.ringing.is_empty(), "others still ring at {event:?}");
                assert!(!self.agent_holds, "{event:?} while the agent holds");
                self.talking.insert(agent.clone());
            }
            TransferTarget::Outside { .. } => {
                assert!(self.is_offered() && self.ringing.is_empty(), "{event:?}");
                self.outside = true;
            }
            TransferTarget::Caller { .. } => assert!(!self.is_offered(), "{event:?}"),
            TransferTarget::Desk => {
                assert!(!self.agent_holds, "{event:?} while the agent holds");
            }
        }
    }

    fn end(&mut self, event: &CallEvent) {
        self.over = true;
        assert!(!self.joined, "{event:?} while three talk");
        self.parts_are_the_talk(event);
        if self.is_offered() {
            assert!(self.answered, "{event:?} instead of 放棄");
            assert!(self.ringing.is_empty(), "phones still ring at {event:?}");
            self.wrapping.extend(std::mem::take(&mut self.talking));
        } else {
            self.talking.clear();
            self.ringing.clear();
        }
    }

    /// The parts of agents, and what passes between two of them, are the talk of the caller's call.
    fn parts_are_the_talk(&self, event: &CallEvent) {
        if !self.is_offered() {
            return;
        }
        let (Some(from), Some(until)) = (self.record.answered_at, self.record.talk_ended_at) else {
            panic!("{event:?} without a talk");
        };
        let mut at = from;
        for part in &self.record.parts {
            let ended = part.until.unwrap_or_else(|| panic!("{event:?}: {part:?}"));
            assert!(at <= part.from && part.from <= ended, "{event:?}: {part:?}");
            at = ended;
        }
        assert!(at <= until, "{event:?} before the end of a part");
        let last = self.record.parts.last().and_then(|part| part.until);
        assert!(
            !self.outside || last.is_none_or(|last| last <= until),
            "the outside is nobody's part"
        );
    }
}
