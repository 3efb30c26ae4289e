//! What makes two INVITEs the same one.

use madoguchi_sip::message::Request;

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
}
