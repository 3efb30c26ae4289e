//! The end of the loop: calls go on for a while, then they are hung up.

use std::time::Duration;

use tokio::sync::oneshot;

use super::{Loop, Stopping};
use crate::switch::SwitchInput;

/// How long the last BYEs and events may take when the endpoint stops.
const QUIET_WITHIN: Duration = Duration::from_secs(5);

/// Whoever is sent elsewhere while the endpoint stops may come again after so long at the least.
const RETRY_AFTER_SECS_AT_LEAST: u64 = 5;

impl Loop {
    pub(super) fn stop(&mut self, grace: Duration, done: oneshot::Sender<()>) {
        let ends_at = tokio::time::Instant::now() + grace;
        if let Some(stopping) = &mut self.stopping {
            stopping.ends_at = stopping.ends_at.min(ends_at);
            stopping.done.push(done);
            return;
        }
        self.stopping = Some(Stopping {
            ends_at,
            gives_up_at: None,
            done: vec![done],
        });
        let retry_after_secs = grace.as_secs().max(RETRY_AFTER_SECS_AT_LEAST);
        self.handle(SwitchInput::Drain { retry_after_secs });
    }

    /// Goes on with stopping, if that was asked for; tells whether it is done.
    pub(super) fn has_stopped(&mut self) -> bool {
        let now = tokio::time::Instant::now();
        let Some(stopping) = &mut self.stopping else {
            return false;
        };
        if let Some(gives_up_at) = stopping.gives_up_at {
            return self.switch.is_quiet() || now >= gives_up_at;
        }
        let calls = self.switch.calls_in_progress();
        if calls > 0 && now < stopping.ends_at {
            return false;
        }
        stopping.gives_up_at = Some(now + QUIET_WITHIN);
        if calls > 0 {
            tracing::warn!(calls, "calls that go on are hung up");
        }
        self.handle(SwitchInput::EndAll);
        self.switch.is_quiet()
    }
}
