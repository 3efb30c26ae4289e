//! Where provisional responses stand of which the peer requires that they are acknowledged
//! (RFC 3262 section 3).

use std::collections::VecDeque;

use madoguchi_sip::message::{HeaderName, Headers, Response};

/// The option tag.
pub(super) const OPTION: &str = "100rel";

/// Where the provisional responses of a side stand.
#[derive(Debug, Default)]
pub(super) struct Reliable {
    /// The number of the last one; 0 before the first.
    pub(super) last_rseq: u32,
    pub(super) unacknowledged: Option<Unacknowledged>,
    pub(super) waiting: VecDeque<Response>,
    /// The call was accepted meanwhile: 200 follows the PRACK.
    pub(super) accepted: bool,
}

#[derive(Debug)]
pub(super) struct Unacknowledged {
    pub(super) rseq: u32,
    pub(super) response: Response,
    pub(super) wake_at: u64,
    pub(super) interval_ms: u64,
    pub(super) give_up_at: u64,
}

impl Reliable {
    /// Whether everything that was told so far was acknowledged.
    pub(super) fn is_acknowledged(&self) -> bool {
        self.last_rseq > 0 && self.unacknowledged.is_none()
    }
}

/// Whether a header lists the option tag.
pub(super) fn lists_option(headers: &Headers, name: &HeaderName) -> bool {
    headers
        .list(name)
        .any(|tag| tag.eq_ignore_ascii_case(OPTION))
}
