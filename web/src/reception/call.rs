//! The call that a reception is about: the agent's own, or one that is registered after its end.

use madoguchi_core::call::{AgentPart, CallRecord, Direction};
use madoguchi_core::caller::NoNumberReason;
use madoguchi_core::contact::{Contact, ContactOutcome};
use madoguchi_core::id::{AgentId, CallId, ContactId};
use madoguchi_core::live::{AgentState, AgentView};
use madoguchi_core::ticket::Channel;
use madoguchi_core::time::Instant;

use crate::auth::token;
use crate::auth::visitor::Visitor;
use crate::error::WebError;
use crate::state::Web;

/// A call, and whether it is what keeps the agent now.
#[derive(Debug, Clone)]
pub(super) struct ReceptionCall {
    pub(super) record: CallRecord,
    /// What the own agent does with it; `None` if it is over for them.
    pub(super) own_state: Option<(AgentState, Instant)>,
}

impl ReceptionCall {
    /// The call that the visitor's own agent is rung for, talks in, or does the work after.
    pub(super) fn own(web: &Web, visitor: &Visitor) -> Option<Self> {
        let agent = visitor.user.agent.as_ref()?;
        let record = web.desk.call_of(agent)?;
        if record.direction == Direction::Internal {
            return None;
        }
        let snapshot = web.desk.snapshot();
        let view = snapshot.agents.iter().find(|view| view.agent == *agent)?;
        Some(Self {
            record: as_shown(record, view),
            own_state: Some((view.state.clone(), view.since)),
        })
    }

    /// The call of this id.
    pub(super) async fn get(web: &Web, visitor: &Visitor, id: &str) -> Result<Self, WebError> {
        if let Some(own) = Self::own(web, visitor).filter(|own| own.id().as_str() == id) {
            return Ok(own);
        }
        let events = web.ask(web.store.events_of(&CallId::new(id))).await?;
        let record = CallRecord::fold(&events).ok_or(WebError::NotFound("この通話の記録"))?;
        Ok(Self {
            record,
            own_state: None,
        })
    }

    pub(super) fn id(&self) -> &CallId {
        &self.record.call
    }

    /// The desk has called.
    pub(super) fn is_outbound(&self) -> bool {
        matches!(
            self.record.direction,
            Direction::Outbound | Direction::Internal
        )
    }

    /// The number of the other side; empty if it is not known.
    pub(super) fn number(&self) -> &str {
        if self.is_outbound() {
            self.record.to.number()
        } else {
            self.record.from.number()
        }
    }

    /// The other side as people read it.
    pub(super) fn shown(&self) -> String {
        if self.is_outbound() {
            self.record.to.shown()
        } else {
            self.record.from.shown()
        }
    }

    /// Why there is no number.
    pub(super) fn no_number(&self) -> Option<NoNumberReason> {
        let missing = self.number().is_empty() && !self.is_outbound();
        let told = self.record.from.no_number_reason();
        missing.then(|| told.unwrap_or(NoNumberReason::Withheld))
    }

    /// When the talk ended, if it has.
    pub(super) fn ended_at(&self) -> Option<Instant> {
        self.record.talk_ended_at.or(self.record.ended_at)
    }

    /// When what was said was said: now, or at the end of the talk.
    pub(super) fn said_at(&self, now: Instant) -> Instant {
        self.ended_at().map_or(now, |end| end.min(now))
    }

    /// The contact that the call is, with its outcome; `None` if nobody talked.
    pub(super) fn contact(
        &self,
        own: Option<&AgentId>,
        outcome: ContactOutcome,
        outcome_at: Instant,
    ) -> Option<Contact> {
        self.record.answered_at?;
        let took_part = |agent: &&AgentId| {
            let mut parts = self.record.parts.iter();
            parts.any(|part| part.agent.as_ref() == Some(*agent))
        };
        let agent = own.filter(took_part).or(self.record.agent());
        let from = self.record.arrived_at.min(outcome_at);
        Some(Contact {
            id: ContactId::new(token::new_id()),
            call: Some(self.id().clone()),
            channel: Channel::Phone,
            agent: agent.cloned(),
            from,
            until: self.ended_at().map(|end| end.max(from)),
            outcome,
            outcome_at,
        })
    }
}

/// The record of the own call with the answer that the board shows already: of a call of another node the event
/// comes later, and nobody who talks may be told that they have not answered.
fn as_shown(mut record: CallRecord, view: &AgentView) -> CallRecord {
    let talks = matches!(view.state, AgentState::Talking | AgentState::WrapUp);
    if talks && record.direction == Direction::Inbound && record.answered_at.is_none() {
        record.answered_at = Some(view.since);
        record.parts.push(AgentPart {
            agent: Some(view.agent.clone()),
            from: view.since,
            until: None,
            wrap_up_ended_at: None,
        });
    }
    record
}
