//! What the forks of our INVITE answer provisionally, and which of them picks up.

use madoguchi_sip::message::{HeaderName, Method, Response};
use madoguchi_sip::sdp::SdpError;

use super::bodies::answer_in;
use super::early::EarlyDialog;
use super::reliable::lists_option;
use super::side::SideId;
use super::{Now, Switch};

/// Forks beyond these are not listened to before they pick up.
const FORKS_AT_MOST: usize = 16;

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
        let known = side.early.iter().position(|early| early.is_of(&tag));
        let at = match known {
            Some(at) => at,
            None if side.early.len() == FORKS_AT_MOST => return false,
            None => {
                side.early.push(EarlyDialog::new(&tag));
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
        if !answer.is_empty() && !early.answered {
            early.answer = answer.to_vec();
            early.answered = rseq.is_some();
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
        let tag = response.to_tag().unwrap_or_default();
        let told = early.into_iter().find(|early| early.is_of(&tag));
        if let (Some(early), Some(side)) = (&told, self.sides.get_mut(&id)) {
            side.dialog.follow_requests_of(early.remote_seq);
            if let Some((agreed, description)) = &early.updated {
                // A description in the 2xx repeats the first answer, which is past.
                side.negotiated = Some(agreed.clone());
                side.description.clone_from(description);
                self.apply_media(id);
                return Ok(());
            }
        }
        let answer = answer_in(response);
        if !answer.is_empty() {
            return self.take_first_answer(id, answer);
        }
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
