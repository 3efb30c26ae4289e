//! What makes two INVITEs the same one.

use madoguchi_sip::message::Request;
use sha2::{Digest as _, Sha256};

/// The same INVITE, whatever way it came (8.2.2.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct InviteId {
    call_id: Box<str>,
    from_tag: Box<str>,
    seq: u32,
}

impl InviteId {
    pub(super) fn of(invite: &Request) -> Option<Self> {
        Some(Self {
            call_id: invite.call_id()?.into(),
            from_tag: invite.from()?.tag().unwrap_or_default().into(),
            seq: invite.cseq()?.seq,
        })
    }

    /// A short text that is the same wherever and whenever the INVITE comes, and tells nothing.
    pub(super) fn mark(&self) -> String {
        let Self {
            call_id,
            from_tag,
            seq,
        } = self;
        let digest = Sha256::digest(format!("{call_id}\n{from_tag}\n{seq}"));
        hex::encode(digest.get(..8).unwrap_or_default())
    }
}
