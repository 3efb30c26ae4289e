//! What is logged on account of a call names it: the span of the call is entered where something
//! begins that concerns it. A span is made once for each call, for entering it costs next to nothing.

use madoguchi_core::id::CallId;
use madoguchi_line::api::Output;
use tracing::Span;

use super::Switch;
use super::side::SideId;

impl Switch {
    /// The span of a call; none if it is not known (any more).
    pub(super) fn span_of_call(&self, call: &CallId) -> Span {
        let call = self.calls.get(call);
        call.map_or_else(Span::none, |call| call.span.clone())
    }

    /// The span of the call that a side belongs to.
    pub(super) fn span_of_side(&self, id: SideId) -> Span {
        let call = self.sides.get(&id).and_then(|side| side.owner.call());
        call.map_or_else(Span::none, |call| self.span_of_call(call))
    }

    /// The span of the call that an output of the engine concerns.
    pub(super) fn span_of_output(&self, output: &Output) -> Span {
        call_of(output).map_or_else(Span::none, |call| self.span_of_call(call))
    }
}

fn call_of(output: &Output) -> Option<&CallId> {
    match output {
        Output::Accept { call }
        | Output::Play { call, .. }
        | Output::PlayMusic { call }
        | Output::Dial { call, .. }
        | Output::DialFor { caller: call, .. }
        | Output::Carry { call, .. }
        | Output::Join { call, .. }
        | Output::Unjoin { consult: call }
        | Output::EndFar { call }
        | Output::MoveToLine { call, .. }
        | Output::NotAdopted { consult: call }
        | Output::HangUp { call, .. } => Some(call),
        Output::Ring { leg, .. }
        | Output::EndLeg { leg }
        | Output::DialBeside { leg, .. }
        | Output::KeepBeside { leg, .. }
        | Output::Bridge { leg }
        | Output::Adopt { leg, .. }
        | Output::PickUp { leg: Some(leg), .. }
        | Output::TransferOver { leg, .. } => Some(&leg.call),
        Output::PickUp { leg: None, .. }
        | Output::Emit(_)
        | Output::Presence(_)
        | Output::AgentChanged { .. }
        | Output::Reply { .. }
        | Output::OutboundStopped { .. }
        | Output::OutboundResumed
        | Output::SetTimer { .. }
        | Output::ClearTimer { .. } => None,
    }
}
