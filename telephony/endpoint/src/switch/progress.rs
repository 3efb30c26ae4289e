//! Telling a caller how its call gets on, reliably if it requires that (RFC 3262 section 3): sent
//! again until PRACK comes, one at a time, and before the final answer.

use madoguchi_sip::message::{HeaderName, Method, Request, Response};
use madoguchi_sip::transaction::{GIVE_UP_MS, ServerTx, T1_MS};

use super::bodies::{keep_session_description, not_acceptable};
use super::call::SideEnd;
use super::reliable::{OPTION, Unacknowledged, lists_option};
use super::side::{Phase, SideId};
use super::{Now, Switch, Wake};

/// Progress that may wait for the PRACK of what was told before; more is not news.
const WAITING_AT_MOST: usize = 4;

impl Switch {
    /// Sends a provisional response to the INVITE of a side, reliably if that is required.
    pub(super) fn send_progress(&mut self, id: SideId, mut progress: Response, now: Now) {
        let number = self.token_number();
        let Some(side) = self.sides.get_mut(&id) else {
            return;
        };
        let Phase::Incoming { tx, invite } = &side.phase else {
            return;
        };
        let tx = *tx;
        if !lists_option(&invite.headers, &HeaderName::Require) {
            return self.transactions.respond(tx, &progress, now.mono);
        }
        if invite.body.is_empty() && progress.body.is_empty() {
            // The first one would have to carry an offer (RFC 3262 section 5); 200 will.
            return;
        }
        let reliable = &mut side.reliable;
        if reliable.unacknowledged.is_some() {
            if reliable.waiting.len() < WAITING_AT_MOST {
                reliable.waiting.push_back(progress);
            }
            return;
        }
        reliable.last_rseq = match reliable.last_rseq {
            // Not too near the end of the numbers.
            0 => (number & 0x3fff_ffff).max(1),
            last => last + 1,
        };
        progress.headers.push(HeaderName::Require, OPTION);
        progress
            .headers
            .push(HeaderName::RSeq, reliable.last_rseq.to_string());
        self.transactions.respond(tx, &progress, now.mono);
        let wake_at = now.mono + T1_MS;
        reliable.unacknowledged = Some(Unacknowledged {
            rseq: reliable.last_rseq,
            response: progress,
            wake_at,
            interval_ms: T1_MS,
            give_up_at: now.mono + GIVE_UP_MS,
        });
        self.wake_at(wake_at, Wake::Progress(id));
    }

    /// Whether the final answer must wait for a PRACK; it then follows by itself.
    pub(super) fn awaits_prack(&mut self, id: SideId) -> bool {
        let Some(side) = self.sides.get_mut(&id) else {
            return false;
        };
        let awaits = side.reliable.unacknowledged.is_some();
        side.reliable.accepted |= awaits;
        awaits
    }

    /// A provisional response was not acknowledged yet: again, or the INVITE is refused.
    pub(super) fn on_progress_due(&mut self, id: SideId, now: Now) {
        let Some(side) = self.sides.get_mut(&id) else {
            return;
        };
        let (Phase::Incoming { tx, invite }, Some(unacknowledged)) =
            (&side.phase, side.reliable.unacknowledged.as_mut())
        else {
            return;
        };
        let tx = *tx;
        if now.mono >= unacknowledged.give_up_at {
            let mut response = invite.respond(504, None);
            response.set_to_tag(&side.dialog.local_tag);
            tracing::info!("a provisional response was never acknowledged; the call is refused");
            self.side_ended(id, SideEnd::Lost, now);
            return self.respond_after(tx, response);
        }
        self.transactions
            .respond(tx, &unacknowledged.response, now.mono);
        unacknowledged.interval_ms *= 2;
        let wake_at = now.mono + unacknowledged.interval_ms;
        let wake_at = wake_at.min(unacknowledged.give_up_at);
        unacknowledged.wake_at = wake_at;
        self.wake_at(wake_at, Wake::Progress(id));
    }

    pub(super) fn on_prack(&mut self, tx: ServerTx, id: SideId, mut request: Request, now: Now) {
        if !self.take_prack(id, &request) {
            return self.answer(tx, request.respond(481, None), now);
        }
        if let Err(refusal) = keep_session_description(&mut request) {
            self.answer(tx, *refusal, now);
        } else if request.body.is_empty() {
            self.answer(tx, request.respond(200, None), now);
        } else {
            // A new offer (RFC 3262 section 5).
            let response = match self.take_offer(id, &request.body) {
                Ok(answer) => {
                    let mut response = request.respond(200, None);
                    response
                        .headers
                        .push(HeaderName::ContentType, "application/sdp");
                    response.body = answer;
                    response
                }
                Err(error) => not_acceptable(&request, error),
            };
            self.answer(tx, response, now);
        }
        self.go_on_after_prack(id, now);
    }

    /// Whether a PRACK acknowledges what is unacknowledged; it is so no more.
    fn take_prack(&mut self, id: SideId, prack: &Request) -> bool {
        let Some(side) = self.sides.get_mut(&id) else {
            return false;
        };
        let Phase::Incoming { invite, .. } = &side.phase else {
            return false;
        };
        let given = prack.headers.get(&HeaderName::RAck).and_then(rack);
        let matches = |unacknowledged: &mut Unacknowledged| {
            let seq = invite.cseq().map(|cseq| cseq.seq);
            given.is_some_and(|(rseq, invite_seq)| {
                rseq == unacknowledged.rseq && Some(invite_seq) == seq
            })
        };
        let taken = side.reliable.unacknowledged.take_if(matches);
        if let Some(taken) = &taken {
            self.wakes.clear(taken.wake_at, Wake::Progress(id));
        }
        taken.is_some()
    }

    fn go_on_after_prack(&mut self, id: SideId, now: Now) {
        let Some(side) = self.sides.get_mut(&id) else {
            return;
        };
        if side.reliable.accepted {
            return self.answer_invite(id, now);
        }
        if let Some(progress) = side.reliable.waiting.pop_front() {
            self.send_progress(id, progress, now);
        }
    }
}

/// Response number and number of the INVITE in RAck.
fn rack(text: &str) -> Option<(u32, u32)> {
    let mut words = text.split_ascii_whitespace();
    let (rseq, seq, method) = (words.next()?, words.next()?, words.next()?);
    (Method::new(method) == Method::Invite).then_some((rseq.parse().ok()?, seq.parse().ok()?))
}
