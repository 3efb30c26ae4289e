//! Early dialogs of our INVITE: one for each fork that answers provisionally (RFC 3261 12.1), each
//! with its own reliable responses (RFC 3262 section 4) and its own early answer.

use madoguchi_sip::sdp::{self, Local, Negotiated, SdpError};

/// One fork.
#[derive(Debug)]
pub(super) struct EarlyDialog {
    tag: Box<str>,
    /// The last reliable response that was acknowledged.
    pub(super) last_rseq: Option<u32>,
    /// Its answer to our offer.
    pub(super) answer: Vec<u8>,
    /// The answer came reliably: neither side owes the other one any more, and either may make a
    /// new offer (RFC 3311 5.1).
    pub(super) answered: bool,
    /// What a new offer of the fork has led to, and our description then.
    pub(super) updated: Option<(Negotiated, Vec<u8>)>,
    /// The number of its last request.
    pub(super) remote_seq: Option<u32>,
}

impl EarlyDialog {
    pub(super) fn new(tag: &str) -> Self {
        Self {
            tag: tag.into(),
            last_rseq: None,
            answer: Vec::new(),
            answered: false,
            updated: None,
            remote_seq: None,
        }
    }

    pub(super) fn is_of(&self, tag: &str) -> bool {
        *self.tag == *tag
    }

    /// Whether nothing of ours is open.
    pub(super) fn is_answered(&self) -> bool {
        self.answered
    }

    /// Whether a request of the fork comes in order (RFC 3261 12.2.2); remembers its number.
    pub(super) fn accept_seq(&mut self, seq: u32) -> bool {
        let in_order = self.remote_seq.is_none_or(|last| seq > last);
        if in_order {
            self.remote_seq = Some(seq);
        }
        in_order
    }

    /// What offer and answer have agreed on last.
    pub(super) fn agreed(&self, local: &Local) -> Result<Negotiated, SdpError> {
        match &self.updated {
            Some((agreed, _)) => Ok(agreed.clone()),
            None => sdp::accept_answer(&self.answer, local),
        }
    }

    pub(super) fn agree_anew(&mut self, agreed: Negotiated, description: &[u8]) {
        self.updated = Some((agreed, description.to_vec()));
    }
}
