//! Calls for tests.

use madoguchi_core::event::{AbandonReason, CallEvent, EventKind};
use madoguchi_core::id::CallId;
use madoguchi_core::time::Instant;

use crate::error::StoreError;
use crate::store::Store;

/// Adds a call on the line `help` that arrived in reception hours and whose caller hung up at once.
///
/// # Errors
/// [`StoreError`].
pub async fn add_abandoned_call(
    store: &Store,
    call: impl Into<CallId>,
    arrived_at: Instant,
) -> Result<(), StoreError> {
    let call = call.into();
    let event = |seq, kind| CallEvent {
        call: call.clone(),
        seq,
        at: arrived_at,
        node: "away".into(),
        line: "help".into(),
        kind,
    };
    let arrived = EventKind::Arrived {
        from: "0312345678".into(),
        to: "5000".into(),
        open: true,
    };
    let reason = AbandonReason::CallerHangup;
    let events = [event(0, arrived), event(1, EventKind::Abandoned { reason })];
    store.append(&events).await?;
    Ok(())
}
