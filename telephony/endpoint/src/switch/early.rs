//! Early dialogs of our INVITE: one for each fork that answers provisionally (RFC 3261 12.1), each
//! with its own reliable responses (RFC 3262 section 4) and its own early answer.

use madoguchi_sip::message::{HeaderName, Method, Response};
use madoguchi_sip::sdp::SdpError;

use super::bodies::answer_in;
use super::reliable::lists_option;
use super::side::SideId;
use super::{Now, Switch};

/// Forks beyond these are not listened to before they pick up.
const FORKS_AT_MOST: usize = 16;

/// One fork.
#[derive(Debug)]
pub(super) struct EarlyDialog {
    tag: Box<str>,
    /// The last reliable response that was acknowledged.
    last_rseq: Option<u32>,
    /// Its answer to our offer.
    answer: Vec<u8>,
}

impl Switch {
    /// Takes note of a provisional response, and acknowledges it if it asks to be; `false` if it
    /// is a repetition or out of order and tells nothing.
    pub(super) fn note_early(&mut self, id: SideId, response: &Response, now: Now) -> bool {
        let Some(tag) = response.to_tag() else {
            return true;
        };
        let Some(side) = self.sides.get_mut(&id) else {
            return false;
        };
        let known = side.early.iter().position(|early| *early.tag == *tag);
        let at = match known {
            Some(at) => at,
            None if side.early.len() == FORKS_AT_MOST => return false,
            None => {
                side.early.push(EarlyDialog {
                    tag: tag.into(),
                    last_rseq: None,
                    answer: Vec::new(),
                });
                side.early.len() - 1
            }
        };
        let Some(early) = side.early.get_mut(at) else {
            return false;
        };
        let rseq = reliable_number(response);
        if let Some(rseq) = rseq {
            // RFC 3262 section 4: in order, each once.
            if early
                .last_rseq
                .is_some_and(|last| last.checked_add(1) != Some(rseq))
            {
                return false;
            }
            early.last_rseq = Some(rseq);
        }
        let answer = answer_in(response);
        if !answer.is_empty() {
            early.answer = answer.to_vec();
        }
        if let Some(rseq) = rseq {
            self.send_prack(id, response, rseq, now);
        }
        true
    }

    /// The answer of the fork that picked up: in its 2xx, or told early.
    pub(super) fn take_winner(&mut self, id: SideId, response: &Response) -> Result<(), SdpError> {
        let early = self
            .sides
            .get_mut(&id)
            .map(|side| std::mem::take(&mut side.early))
            .unwrap_or_default();
        let answer = answer_in(response);
        if !answer.is_empty() {
            return self.take_first_answer(id, answer);
        }
        let tag = response.to_tag().unwrap_or_default();
        let told = early.iter().find(|early| *early.tag == *tag);
        match told.filter(|early| !early.answer.is_empty()) {
            Some(early) => self.take_first_answer(id, &early.answer),
            None => Err(SdpError::NoAudio),
        }
    }

    fn send_prack(&mut self, id: SideId, response: &Response, rseq: u32, now: Now) {
        let Some(cseq) = response.cseq() else { return };
        let Some(side) = self.sides.get_mut(&id) else {
            return;
        };
        let mut prack = side.dialog.early_request(Method::Prack, response);
        let flow = side.dialog.flow;
        prack.headers.push(
            HeaderName::RAck,
            format!("{rseq} {} {}", cseq.seq, cseq.method),
        );
        self.send_in_dialog(Some(id), flow, prack, now);
    }
}

/// The number of a provisional response that is to be acknowledged.
fn reliable_number(response: &Response) -> Option<u32> {
    if !lists_option(&response.headers, &HeaderName::Require) {
        return None;
    }
    response.headers.get(&HeaderName::RSeq)?.trim().parse().ok()
}
