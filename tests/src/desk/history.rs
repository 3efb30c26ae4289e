//! The events of a call.

use std::fmt::Write as _;

use anyhow::ensure;
use madoguchi_core::event::{CallEvent, EventKind};
use madoguchi_core::id::CallId;
use madoguchi_core::time::Instant;

/// Events are numbered without gaps, time does not run backwards, and the call has ended.
pub(super) fn check_history(call: &CallId, events: &[CallEvent]) -> anyhow::Result<()> {
    let mut last = Instant(i64::MIN);
    for (seq, event) in (0..).zip(events) {
        ensure!(event.seq == seq && event.at >= last, "{call}: {events:#?}");
        last = event.at;
    }
    let ended = events.iter().any(|event| {
        matches!(
            event.kind,
            EventKind::Ended { .. } | EventKind::Abandoned { .. }
        )
    });
    ensure!(ended, "{call} has not ended: {events:#?}");
    Ok(())
}

/// The kinds of events of a call in short, for comparison.
pub fn story(events: &[CallEvent]) -> String {
    let mut text = String::new();
    for event in events {
        let word = match &event.kind {
            EventKind::Arrived { open: true, .. } => "arrived".to_owned(),
            EventKind::Arrived { open: false, .. } => "arrived-closed".to_owned(),
            EventKind::Accepted => "accepted".to_owned(),
            EventKind::Barred { reason } => format!("barred:{}", reason.as_str()),
            EventKind::Queued => "queued".to_owned(),
            EventKind::Ringing { agent } => format!("ring:{agent}"),
            EventKind::RingEnded { agent, outcome } => format!("{outcome:?}:{agent}"),
            EventKind::Answered { agent: Some(agent) } => format!("answered:{agent}"),
            EventKind::Answered { agent: None } => "answered".to_owned(),
            EventKind::Held { by } => format!("held:{by:?}"),
            EventKind::Resumed { by } => format!("resumed:{by:?}"),
            EventKind::Transferred { .. } => "transferred".to_owned(),
            EventKind::Joined { .. } => "joined".to_owned(),
            EventKind::Parted => "parted".to_owned(),
            EventKind::Abandoned { reason } => format!("abandoned:{}", reason.as_str()),
            EventKind::Ended { cause } => format!("ended:{cause:?}"),
            EventKind::WrapUpEnded { .. } => "wrapped-up".to_owned(),
            EventKind::Dialled { outside, .. } => format!("dialled:{outside}"),
            EventKind::Encrypted {
                caller_leg,
                agent_leg,
            } => format!("encrypted:{caller_leg},{agent_leg}"),
            // Whether there was voice long enough to be measured is chance.
            EventKind::VoiceMeasured { .. } => continue,
            EventKind::Superseded { by } => format!("superseded:{by}"),
        };
        // Writing to a string cannot fail.
        let _infallible = write!(text, "{word} ");
    }
    text.trim_end().to_owned()
}
