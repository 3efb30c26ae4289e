//! Events that the disk does not take wait in memory. There is room for many, not for any number: when it is used up,
//! new calls are sent elsewhere, and those that go on end as ever.

use madoguchi_core::outbound::{NumberKind, OutboundNumber};
use madoguchi_metrics::metrics;
use madoguchi_sip::message::{HeaderName, Method, Request, Response};

use super::Switch;

/// Batches that wait for the word of the disk: as many as 1,200 new calls a second leave in some five seconds.
const UNCONFIRMED_AT_MOST: u64 = 50_000;
/// Peers may come again after so many seconds.
const RETRY_AFTER_SECS: u64 = 10;

impl Switch {
    /// Whoever writes the events has, or has no more, as many in memory as there may be.
    pub(super) fn set_memory_full(&mut self, full: bool) {
        self.memory_full = full;
    }

    /// 503 for what would begin a call that nobody could write down: the caller's proxy goes to another node. Whoever
    /// calls for help is served.
    pub(super) fn refuse_unrecorded(&self, request: &Request) -> Option<Response> {
        let is_full = self.memory_full || self.pending.unconfirmed() > UNCONFIRMED_AT_MOST;
        if !is_full || calls_for_help(request) {
            return None;
        }
        if request.method == Method::Invite {
            let refused = &metrics().calls_refused;
            refused.add("unrecorded");
            // The first, and then fewer and fewer: a flood must not fill the log.
            if refused.get("unrecorded").is_power_of_two() {
                tracing::error!(
                    "a call is refused: nothing can be written down, and memory is full"
                );
            }
        }
        let mut refusal = request.respond(503, None);
        let secs = RETRY_AFTER_SECS.to_string();
        refusal.headers.push(HeaderName::RetryAfter, secs);
        Some(refusal)
    }
}

fn calls_for_help(request: &Request) -> bool {
    let number = OutboundNumber::parse(&request.uri.subscriber().number);
    let emergency = number.is_some_and(|number| number.kind() == NumberKind::Emergency);
    emergency && request.method == Method::Invite
}
