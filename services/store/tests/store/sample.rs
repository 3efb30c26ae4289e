//! Made-up calls.

use madoguchi_core::event::{AbandonReason, CallEvent, EndCause, EventKind, RingOutcome};
use madoguchi_core::time::Instant;

/// A call in the making: every event comes one second after the one before.
pub(crate) struct Call {
    id: String,
    node: String,
    line: String,
    at: i64,
    events: Vec<CallEvent>,
}

pub(crate) fn call(id: &str, arrived_at: i64) -> Call {
    Call {
        id: id.into(),
        node: "n1".into(),
        line: "共済".into(),
        at: arrived_at,
        events: vec![],
    }
}

impl Call {
    pub(crate) fn on_line(mut self, line: &str) -> Self {
        self.line = line.into();
        self
    }

    pub(crate) fn at_node(mut self, node: &str) -> Self {
        self.node = node.into();
        self
    }

    pub(crate) fn then(mut self, kind: EventKind) -> Self {
        self.events.push(CallEvent {
            call: self.id.as_str().into(),
            seq: u32::try_from(self.events.len()).unwrap(),
            at: Instant(self.at),
            node: self.node.as_str().into(),
            line: self.line.as_str().into(),
            kind,
        });
        self.at += 1_000;
        self
    }

    pub(crate) fn arrived(self, from: &str) -> Self {
        self.then(EventKind::Arrived {
            from: from.into(),
            to: "0120-000-100".into(),
            open: true,
        })
        .then(EventKind::Accepted)
        .then(EventKind::Queued)
    }

    pub(crate) fn answered_by(self, agent: &str) -> Self {
        self.then(EventKind::Ringing {
            agent: "away".into(),
        })
        .then(EventKind::RingEnded {
            agent: "away".into(),
            outcome: RingOutcome::NoAnswer,
        })
        .then(EventKind::Ringing {
            agent: agent.into(),
        })
        .then(EventKind::Answered {
            agent: Some(agent.into()),
        })
    }

    pub(crate) fn abandoned(self) -> Vec<CallEvent> {
        self.then(EventKind::Abandoned {
            reason: AbandonReason::CallerHangup,
        })
        .events
    }

    pub(crate) fn ends(self) -> Self {
        self.then(EventKind::Ended {
            cause: EndCause::Caller,
        })
    }

    pub(crate) fn ended(self) -> Vec<CallEvent> {
        self.ends().events
    }

    pub(crate) fn unfinished(self) -> Vec<CallEvent> {
        self.events
    }
}
