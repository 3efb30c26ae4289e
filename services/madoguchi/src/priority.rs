//! Who goes first when the processors are not enough for all: calls. The threads of the runtime, which serve pages,
//! do jobs and bring events to the database, have a lower priority than those of signalling, voice and journal.
//! What falls behind meanwhile is caught up with afterwards; a caller would have hung up.

use rustix::process::{getpriority_process, setpriority_process};

/// So many steps down a thread has a tenth of what another has, where both want a processor.
const BEHIND_CALLS: i32 = 10;
const LOWEST: i32 = 19;

/// What lets a thread, and all that it starts, give way to calls: those have the priority of whoever asks now.
pub(crate) fn behind_calls() -> impl Fn() + Send + Sync + 'static {
    let calls = getpriority_process(None).unwrap_or_default();
    let behind = LOWEST.min(calls + BEHIND_CALLS);
    move || {
        if let Err(error) = setpriority_process(None, behind) {
            tracing::debug!(%error, "a thread does not give way to calls");
        }
    }
}
