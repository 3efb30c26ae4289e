//! One call as the sum of its events.

use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::{CalledNumber, Caller};
use crate::event::{AbandonReason, CUT_OFF_SEQ, CallEvent, EndCause, EventKind, TransferTarget};
use crate::id::{AgentId, CallId, LineName, NodeName};
use crate::named;
use crate::outbound::OutboundRefusal;
use crate::time::{Instant, Millis};

named! {
    /// What kind of call it is.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
    pub enum Direction {
        /// 着信
        Inbound = "inbound";
        /// 時間外着信
        AfterHours = "after_hours";
        /// 発信
        Outbound = "outbound";
        /// 内線
        Internal = "internal";
        /// 引継ぎ: an arrival that was cut off before the caller heard anything, and whose caller the
        /// desk took again; or what was observed and turned out to be a leg of another call. It counts nowhere.
        Superseded = "superseded";
    }
}

/// The part of one agent in a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AgentPart {
    /// Who; `None` where an outside source does not name anybody.
    pub agent: Option<AgentId>,
    /// From when the agent talked.
    pub from: Instant,
    /// Until when; `None` while the talk goes on.
    pub until: Option<Instant>,
    /// When the work after the call was done.
    pub wrap_up_ended_at: Option<Instant>,
}

/// Where a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", content = "reason", rename_all = "snake_case")]
pub enum Outcome {
    /// 応対前: offered, neither answered nor given up; for other calls: not answered yet.
    Waiting,
    /// Answered, the conversation goes on.
    Talking,
    /// Answered and ended.
    Completed,
    /// 放棄
    Abandoned(AbandonReason),
    /// Ended without answer, and no 放棄: outside reception hours, or the far end refused.
    Ended,
}

impl Outcome {
    /// The name in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Talking => "talking",
            Self::Completed => "completed",
            Self::Abandoned(_) => "abandoned",
            Self::Ended => "ended",
        }
    }
}

/// A call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CallRecord {
    /// How the call is known.
    pub call: CallId,
    /// On which line.
    pub line: LineName,
    /// Of which kind.
    pub direction: Direction,
    /// The caller, as far as we may know; for dialled calls the number shown.
    #[serde(flatten)]
    pub from: Caller,
    /// The number dialled.
    #[serde(flatten)]
    pub to: CalledNumber,
    /// When it arrived, or was dialled.
    pub arrived_at: Instant,
    /// 応答
    pub answered_at: Option<Instant>,
    /// The end of the conversation between the outside party and agents.
    pub talk_ended_at: Option<Instant>,
    /// The end of the call.
    pub ended_at: Option<Instant>,
    /// Who talked, in order.
    pub parts: Vec<AgentPart>,
    /// 放棄 and why.
    pub abandoned: Option<AbandonReason>,
    /// The rule of the desk that forbade a call to the outside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub barred: Option<OutboundRefusal>,
    /// What ended it, if it was not 放棄.
    pub cause: Option<EndCause>,
    /// The number of its last event.
    pub last_seq: u32,
    /// The instant of its last event.
    pub last_at: Instant,
}

impl CallRecord {
    /// The call that these events tell of, in any order and with repetitions; `None` without the
    /// event that begins it.
    ///
    /// An end set for a node that was gone counts only as long as the true one is missing, and
    /// always at the last instant that the others tell of: what comes late sets it right.
    pub fn fold(events: &[CallEvent]) -> Option<Self> {
        let mut ordered: Vec<&CallEvent> = events.iter().collect();
        ordered.sort_by_key(|event| event.seq);
        let (first, rest) = ordered.split_first()?;
        let mut record = Self::begin(first)?;
        for event in rest {
            record.apply(event);
        }
        Some(record)
    }

    /// The call that this event begins.
    pub fn begin(event: &CallEvent) -> Option<Self> {
        let (direction, from, to) = match &event.kind {
            EventKind::Arrived { from, to, open } => {
                let direction = if *open {
                    Direction::Inbound
                } else {
                    Direction::AfterHours
                };
                (direction, from.clone(), to.clone())
            }
            EventKind::Dialled {
                from, to, outside, ..
            } => {
                let direction = if *outside {
                    Direction::Outbound
                } else {
                    Direction::Internal
                };
                (direction, from.as_str().into(), to.as_str().into())
            }
            _ => return None,
        };
        Some(Self {
            call: event.call.clone(),
            line: event.line.clone(),
            direction,
            from,
            to,
            arrived_at: event.at,
            answered_at: None,
            talk_ended_at: None,
            ended_at: None,
            parts: Vec::new(),
            abandoned: None,
            barred: None,
            cause: None,
            last_seq: event.seq,
            last_at: event.at,
        })
    }

    /// Takes the next event; one that was taken already changes nothing.
    pub fn apply(&mut self, event: &CallEvent) {
        if event.is_cut_off() {
            return self.cut_off();
        }
        if matches!(event.kind, EventKind::Superseded { .. }) {
            return self.supersede();
        }
        if event.seq <= self.last_seq {
            return;
        }
        self.last_seq = event.seq;
        self.last_at = self.last_at.max(event.at);
        match &event.kind {
            EventKind::Answered { agent }
                if self.ended_at.is_none() || self.abandoned.is_some() =>
            {
                // An outside source told of 放棄 before it told of the answer.
                if self.abandoned.take().is_some() {
                    self.ended_at = None;
                }
                self.answered_at.get_or_insert(event.at);
                self.begin_part(agent.clone(), event.at);
            }
            EventKind::Transferred { to, .. } if self.ended_at.is_none() => {
                self.end_part(event.at);
                match to {
                    TransferTarget::Agent { agent } => {
                        self.begin_part(Some(agent.clone()), event.at);
                    }
                    TransferTarget::Outside { .. } => {
                        self.talk_ended_at.get_or_insert(event.at);
                    }
                    TransferTarget::Desk | TransferTarget::Caller { .. } => {}
                }
            }
            EventKind::Abandoned { reason } if self.ended_at.is_none() => {
                self.ended_at = Some(event.at);
                if self.answered_at.is_none() {
                    self.abandoned = Some(*reason);
                }
            }
            EventKind::Barred { reason } => self.barred = Some(*reason),
            EventKind::Ended { cause } if self.ended_at.is_none() => {
                self.end_part(event.at);
                self.ended_at = Some(event.at);
                self.cause = Some(*cause);
                if self.answered_at.is_some() {
                    self.talk_ended_at.get_or_insert(event.at);
                }
            }
            EventKind::WrapUpEnded { agent } => {
                let part = self.parts.iter_mut().rev().find(|part| {
                    part.agent.as_ref() == Some(agent) && part.wrap_up_ended_at.is_none()
                });
                if let Some(part) = part {
                    part.wrap_up_ended_at = Some(event.at);
                }
            }
            _ => {}
        }
    }

    /// Where the call stands.
    pub fn outcome(&self) -> Outcome {
        match (self.abandoned, self.answered_at, self.ended_at) {
            (Some(reason), ..) => Outcome::Abandoned(reason),
            (None, Some(_), Some(_)) => Outcome::Completed,
            (None, Some(_), None) => Outcome::Talking,
            (None, None, Some(_)) => Outcome::Ended,
            (None, None, None) => Outcome::Waiting,
        }
    }

    /// 待ち時間: arrival → 応答, or → the end of a call that was not answered.
    pub fn wait(&self) -> Option<Millis> {
        self.answered_at
            .or(self.ended_at)
            .map(|at| at - self.arrived_at)
    }

    /// 通話時間 of a call whose conversation has ended.
    pub fn talk(&self) -> Option<Millis> {
        Some(self.talk_ended_at? - self.answered_at?)
    }

    /// The agent who answered first.
    pub fn agent(&self) -> Option<&AgentId> {
        self.parts.first()?.agent.as_ref()
    }

    /// 応対前
    pub fn is_waiting(&self) -> bool {
        self.direction == Direction::Inbound
            && self.answered_at.is_none()
            && self.ended_at.is_none()
    }

    /// A fault of ours ended it, or nobody knows how it ended.
    pub fn ended_by_fault(&self) -> bool {
        self.is_recovered()
            || self.abandoned == Some(AbandonReason::SystemError)
            || self.direction == Direction::Superseded
    }

    /// Its end was set by the recovery after a crash.
    pub fn is_recovered(&self) -> bool {
        self.cause == Some(EndCause::SystemError)
    }

    /// The event that must end a call which a crash cut off (docs/metrics.md); `None` if it has
    /// ended.
    pub fn recovery_event(&self) -> Option<EventKind> {
        if self.ended_at.is_some() {
            return None;
        }
        Some(match (self.direction, self.answered_at) {
            (Direction::Inbound, None) => EventKind::Abandoned {
                reason: AbandonReason::SystemError,
            },
            _ => EventKind::Ended {
                cause: EndCause::SystemError,
            },
        })
    }

    /// The event with which another node ends a call of a node that is gone; `None` if it has ended.
    pub fn cut_off_event(&self, by: &NodeName) -> Option<CallEvent> {
        Some(CallEvent {
            call: self.call.clone(),
            seq: CUT_OFF_SEQ,
            at: self.last_at,
            node: by.clone(),
            line: self.line.clone(),
            kind: self.recovery_event()?,
        })
    }

    /// Nobody knows more of the call: it ends at the last instant known, as far as it got.
    fn cut_off(&mut self) {
        match self.recovery_event() {
            Some(EventKind::Abandoned { reason }) => {
                self.ended_at = Some(self.last_at);
                self.abandoned = Some(reason);
            }
            Some(EventKind::Ended { cause }) => {
                self.end_part(self.last_at);
                self.ended_at = Some(self.last_at);
                self.cause = Some(cause);
                if self.answered_at.is_some() {
                    self.talk_ended_at.get_or_insert(self.last_at);
                }
            }
            _ => {}
        }
    }

    /// Another call has the caller, unless this one turns out to have been answered, or to have come
    /// to a true end. An observed one was a leg of the other, whatever became of it.
    fn supersede(&mut self) {
        let is_leg = self.call.is_observed();
        let has_true_end = self.ended_at.is_some() && !self.ended_by_fault();
        if !is_leg && (self.answered_at.is_some() || has_true_end) {
            return;
        }
        self.direction = Direction::Superseded;
        self.ended_at.get_or_insert(self.last_at);
        self.answered_at = None;
        self.talk_ended_at = None;
        self.parts.clear();
        self.abandoned = None;
        self.cause = None;
    }

    fn begin_part(&mut self, agent: Option<AgentId>, at: Instant) {
        self.end_part(at);
        self.parts.push(AgentPart {
            agent,
            from: at,
            until: None,
            wrap_up_ended_at: None,
        });
    }

    fn end_part(&mut self, at: Instant) {
        if let Some(part) = self.parts.last_mut().filter(|part| part.until.is_none()) {
            part.until = Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::SUPERSEDED_SEQ;
    use crate::figures::{Figures, FiguresSettings};

    fn events(kinds: Vec<(i64, EventKind)>) -> Vec<CallEvent> {
        kinds
            .into_iter()
            .enumerate()
            .map(|(seq, (at, kind))| CallEvent {
                call: "c".into(),
                seq: seq as u32,
                at: Instant(at),
                node: "n".into(),
                line: "l".into(),
                kind,
            })
            .collect()
    }

    fn arrived() -> EventKind {
        EventKind::Arrived {
            from: "0312345678".into(),
            to: "5000".into(),
            open: true,
        }
    }

    fn answered(agent: &str) -> EventKind {
        EventKind::Answered {
            agent: Some(agent.into()),
        }
    }

    /// FreePBX issue-tracker#124
    #[test]
    fn talk_stops_at_a_transfer_to_the_outside() {
        let to = TransferTarget::Outside {
            number: "0120".into(),
        };
        let record = CallRecord::fold(&events(vec![
            (0, arrived()),
            (1_000, answered("a")),
            (
                121_000,
                EventKind::Transferred {
                    from: Some("a".into()),
                    to,
                },
            ),
            (
                3_721_000,
                EventKind::Ended {
                    cause: EndCause::Desk,
                },
            ),
        ]))
        .unwrap();
        assert_eq!(record.talk(), Some(Millis(120_000)));
        assert_eq!(record.parts[0].until, Some(Instant(121_000)));
    }

    #[test]
    fn each_agent_is_credited_with_the_own_part() {
        let to = TransferTarget::Agent { agent: "b".into() };
        let record = CallRecord::fold(&events(vec![
            (0, arrived()),
            (1_000, answered("a")),
            (
                5_000,
                EventKind::Transferred {
                    from: Some("a".into()),
                    to,
                },
            ),
            (
                9_000,
                EventKind::Ended {
                    cause: EndCause::Caller,
                },
            ),
        ]))
        .unwrap();
        assert_eq!(record.talk(), Some(Millis(8_000)));
        let parts: Vec<_> = record
            .parts
            .iter()
            .map(|part| part.until.unwrap() - part.from)
            .collect();
        assert_eq!(parts, [Millis(4_000), Millis(4_000)]);
    }

    #[test]
    fn an_answer_told_after_abandonment_sets_it_right() {
        let reason = AbandonReason::CallerHangup;
        let cause = EndCause::Caller;
        let mut list = events(vec![
            (0, arrived()),
            (9_000, EventKind::Abandoned { reason }),
            (9_000, answered("a")),
        ]);
        assert_eq!(CallRecord::fold(&list).unwrap().outcome(), Outcome::Talking);
        let end = CallEvent {
            seq: 3,
            at: Instant(19_000),
            kind: EventKind::Ended { cause },
            ..list[0].clone()
        };
        list.push(end);
        let record = CallRecord::fold(&list).unwrap();
        assert_eq!(record.outcome(), Outcome::Completed);
        assert_eq!(record.talk(), Some(Millis(10_000)));
    }

    #[test]
    fn repetition_and_disorder_change_nothing() {
        let mut list = events(vec![
            (0, arrived()),
            (2_000, answered("a")),
            (
                9_000,
                EventKind::Ended {
                    cause: EndCause::Agent,
                },
            ),
        ]);
        let straight = CallRecord::fold(&list).unwrap();
        list.reverse();
        list.extend(list.clone());
        assert_eq!(CallRecord::fold(&list), Some(straight));
    }

    #[test]
    fn a_call_cut_off_by_a_crash_is_abandoned_or_answered_as_far_as_it_got() {
        let mut list = events(vec![(0, arrived())]);
        let waiting = CallRecord::fold(&list).unwrap();
        assert_eq!(
            waiting.recovery_event(),
            Some(EventKind::Abandoned {
                reason: AbandonReason::SystemError
            })
        );
        list = events(vec![(0, arrived()), (2_000, answered("a"))]);
        let talking = CallRecord::fold(&list).unwrap();
        assert_eq!(
            talking.recovery_event(),
            Some(EventKind::Ended {
                cause: EndCause::SystemError
            })
        );
    }

    fn superseded(call: &CallEvent) -> CallEvent {
        CallEvent {
            seq: SUPERSEDED_SEQ,
            kind: EventKind::Superseded { by: "d".into() },
            ..call.clone()
        }
    }

    #[test]
    fn an_arrival_whose_caller_another_call_has_counts_nowhere() {
        let mut list = events(vec![(0, arrived()), (1, EventKind::Accepted)]);
        let end = cut_off(&list);
        let reason = AbandonReason::SystemError;
        let recovered = CallEvent {
            seq: 2,
            kind: EventKind::Abandoned { reason },
            ..end.clone()
        };
        list.push(superseded(&list[0]));
        let open = CallRecord::fold(&list).unwrap();
        for end in [end, recovered] {
            let mut list = list.clone();
            list.push(end);
            let record = CallRecord::fold(&list).unwrap();
            assert_eq!(record.ended_at, open.ended_at);
            assert_eq!(record.outcome(), Outcome::Ended);
            let mut figures = Figures::default();
            figures.add(&record, FiguresSettings::default());
            assert_eq!(figures, Figures::default());
        }
    }

    #[test]
    fn an_answered_call_counts_whatever_came_after_it() {
        let mut list = events(vec![(0, arrived()), (2_000, answered("a"))]);
        let before = CallRecord::fold(&list);
        list.push(superseded(&list[0]));
        assert_eq!(CallRecord::fold(&list), before);
    }

    #[test]
    fn an_observed_leg_of_another_call_counts_nowhere_even_if_it_was_answered() {
        let mut list = events(vec![(0, arrived()), (2_000, answered("a"))]);
        list.push(superseded(&list[0]));
        for event in &mut list {
            event.call = CallId::of_observed("tag", "leg@pbx");
        }
        let record = CallRecord::fold(&list).unwrap();
        assert_eq!(record.direction, Direction::Superseded);
        assert_eq!((record.outcome(), record.talk()), (Outcome::Ended, None));
        assert_eq!(record.parts, []);
    }

    fn cut_off(history: &[CallEvent]) -> CallEvent {
        let record = CallRecord::fold(history).unwrap();
        record.cut_off_event(&"other".into()).unwrap()
    }

    #[test]
    fn an_end_for_a_node_that_was_gone_stands_at_the_last_instant_known() {
        let mut list = events(vec![(0, arrived()), (2_000, answered("a"))]);
        let end = cut_off(&list);
        assert_eq!((end.at, end.seq), (Instant(2_000), CUT_OFF_SEQ));
        list.push(end);
        let record = CallRecord::fold(&list).unwrap();
        assert!(record.is_recovered());
        assert_eq!(record.ended_at, Some(Instant(2_000)));
        assert_eq!(record.parts[0].until, Some(Instant(2_000)));
        assert_eq!(
            record.cut_off_event(&"third".into()),
            None,
            "once is enough"
        );
    }

    #[test]
    fn a_true_end_that_comes_late_replaces_the_one_set_for_a_node_that_was_gone() {
        let cause = EndCause::Caller;
        let whole = events(vec![
            (0, arrived()),
            (2_000, answered("a")),
            (9_000, EventKind::Ended { cause }),
        ]);
        let mut list = whole[..1].to_vec();
        list.push(cut_off(&list));
        let abandoned = CallRecord::fold(&list).unwrap();
        assert_eq!(
            abandoned.outcome(),
            Outcome::Abandoned(AbandonReason::SystemError)
        );
        list.extend_from_slice(&whole[1..]);
        assert_eq!(CallRecord::fold(&list), CallRecord::fold(&whole));
    }

    #[test]
    fn what_comes_late_without_a_true_end_moves_the_end_to_the_last_instant_known() {
        let whole = events(vec![(0, arrived()), (2_000, answered("a"))]);
        let mut list = whole[..1].to_vec();
        list.push(cut_off(&list));
        list.extend_from_slice(&whole[1..]);
        let record = CallRecord::fold(&list).unwrap();
        assert_eq!(record.outcome(), Outcome::Completed);
        assert_eq!(record.ended_at, Some(Instant(2_000)));
        assert!(record.is_recovered());
    }
}
