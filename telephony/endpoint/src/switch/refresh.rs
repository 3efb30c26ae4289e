//! Keeping sessions alive (RFC 4028 section 10): our refreshes, what follows when the peer refuses
//! one, and the end of a session that nobody refreshed.

use madoguchi_sip::message::{HeaderName, Headers, Method, Response};
use madoguchi_sip::transaction::ClientTx;
use rand::RngExt;

use super::bodies::answer_in;
use super::capabilities::ALLOW;
use super::challenges::{Challenges, Proof};
use super::purpose::Purpose;
use super::refreshing::OpenRefresh;
use super::session_timer::{SessionPolicy, SessionTimer, min_se};
use super::side::{Phase, SideId};
use super::{Now, Switch, Wake};

/// While the peer's own re-INVITE is not acknowledged, ours waits.
const BUSY_WAIT_MS: u64 = 1_000;
/// A peer that wants to be left alone for longer than the session lasts is asked once more so long
/// before its end.
const LAST_TRY_MS: u64 = 10_000;
/// So many refusals in a row are followed at the pace of RFC 3261 14.1; then the pauses double.
const STEADY_TRIES: u32 = 4;
/// Pauses double so often at the most: up to about half a minute.
const DOUBLINGS_AT_MOST: u32 = 4;
/// The longest session interval that a peer's Min-SE can bring about, in seconds.
const INTERVAL_SECS_AT_MOST: u32 = 86_400;

impl Switch {
    /// The session timer of a side is due: we refresh, or the session is over.
    pub(super) fn on_session_timer(&mut self, id: SideId, now: Now) {
        let Some(side) = self.sides.get(&id) else {
            return;
        };
        let Some(timer) = side.timer else { return };
        if now.mono >= timer.ends_at {
            tracing::info!("a session was not refreshed in time; its call ends");
            return self.lost(id, now);
        }
        if side.refreshing.open.is_some() {
            return self.wake_session_timer(id, timer.ends_at);
        }
        if !matches!(side.phase, Phase::Confirmed) || side.reinvite.is_some() {
            return self.wake_session_timer(id, (now.mono + BUSY_WAIT_MS).min(timer.ends_at));
        }
        self.send_refresh(id, None, now);
    }

    fn send_refresh(&mut self, id: SideId, proof: Option<Proof>, now: Now) {
        let min_secs = self.settings.min_se_secs;
        let Some(side) = self.sides.get_mut(&id) else {
            return;
        };
        let Some(timer) = side.timer else { return };
        if proof.is_none() {
            side.refreshing.challenges = Challenges::default();
        }
        let offers = !side.refreshing.allows_update;
        let method = if offers {
            Method::Invite
        } else {
            Method::Update
        };
        let min_secs = side.refreshing.min_se_secs.max(min_secs);
        let (flow, sips) = (side.dialog.flow, side.dialog.sips);
        let mut request = side.dialog.request(method);
        let headers = &mut request.headers;
        if offers {
            headers.push(HeaderName::ContentType, "application/sdp");
            request.body.clone_from(&side.description);
        }
        headers.push(HeaderName::Supported, "timer");
        headers.push(HeaderName::SessionExpires, timer.header(true));
        headers.push(HeaderName::MinSe, min_secs.to_string());
        headers.push(HeaderName::Allow, ALLOW);
        if let Some(proof) = proof {
            proof.put_into(headers);
        }
        headers.push(HeaderName::Contact, self.contact(flow, sips));
        if let Some(tx) = self.send_request(flow, request, now) {
            self.purposes.insert(tx, Purpose::Refresh(id));
            if let Some(side) = self.sides.get_mut(&id) {
                side.refreshing.open = Some(OpenRefresh { tx, offers });
            }
        }
        self.wake_session_timer(id, timer.ends_at);
    }

    /// The final answer to our refresh.
    pub(super) fn on_refreshed(&mut self, tx: ClientTx, id: SideId, response: &Response, now: Now) {
        let by_invite = response
            .cseq()
            .is_some_and(|cseq| cseq.method == Method::Invite);
        let accepted = (200..300).contains(&response.status);
        let Some(side) = self.sides.get_mut(&id) else {
            if accepted && by_invite {
                // The call has ended in the meantime; the peer still waits for its ACK.
                self.dismiss_fork(tx, response, now);
            }
            return;
        };
        side.refreshing.open.take_if(|open| open.tx == tx);
        match response.status {
            _ if accepted => self.refreshed(tx, id, response, by_invite, now),
            401 | 407 => self.prove_refresh(id, response, now),
            422 => self.refresh_less_often(id, response, now),
            405 | 501 if !by_invite => {
                side.refreshing.allows_update = false;
                self.send_refresh(id, None, now);
            }
            // RFC 5057: the dialog is gone.
            404 | 410 | 416 | 480..=485 | 489 | 501 | 604 => self.lost(id, now),
            status => {
                // A peer that knows no session timer ends nothing: whatever it answers, it lives.
                let lives = status != 408 && side.timer.is_some_and(|timer| !timer.agreed);
                if lives {
                    self.restart_session_timer(id, now);
                }
                if !lives || status == 491 || (500..600).contains(&status) {
                    self.refresh_again(id, retry_after_secs(&response.headers), now);
                }
            }
        }
    }

    /// No answer to our refresh came. The peer may be restarting: the session has its time.
    pub(super) fn on_refresh_timeout(&mut self, tx: ClientTx, id: SideId, now: Now) {
        if let Some(side) = self.sides.get_mut(&id) {
            side.refreshing.open.take_if(|open| open.tx == tx);
            self.refresh_again(id, None, now);
        }
    }

    fn refreshed(
        &mut self,
        tx: ClientTx,
        id: SideId,
        response: &Response,
        by_invite: bool,
        now: Now,
    ) {
        let min_secs = self.settings.min_se_secs;
        let Some(side) = self.sides.get_mut(&id) else {
            return;
        };
        side.dialog.refresh_target(response.contact());
        side.refreshing.note_allow(&response.headers);
        side.refreshing.refusals = 0;
        let agreed = side.timer.and_then(|timer| {
            let wanted = SessionPolicy {
                interval_secs: timer.interval_secs,
                min_secs,
            };
            SessionTimer::for_answer(response, wanted, now.mono)
        });
        if by_invite {
            let seq = response.cseq().map_or(0, |cseq| cseq.seq);
            self.send_ack(tx, id, seq);
            let answer = answer_in(response);
            if !answer.is_empty() {
                // An answer that changes nothing we can use leaves the media as it is.
                let _unchanged = self.take_answer(id, answer);
            }
        }
        self.set_session_timer(id, agreed);
    }

    /// The peer wants to know who refreshes.
    fn prove_refresh(&mut self, id: SideId, response: &Response, now: Now) {
        let Some(side) = self.sides.get_mut(&id) else {
            return;
        };
        let flow = side.dialog.flow;
        let method = if side.refreshing.allows_update {
            Method::Update
        } else {
            Method::Invite
        };
        let uri = side.dialog.target().to_string();
        let mut challenges = std::mem::take(&mut side.refreshing.challenges);
        let carrier = self.carrier_of(Some(id), flow);
        let proof =
            carrier.and_then(|trunk| self.proof(trunk, &mut challenges, response, &method, &uri));
        if let Some(side) = self.sides.get_mut(&id) {
            side.refreshing.challenges = challenges;
        }
        match proof {
            Some(proof) => self.send_refresh(id, Some(proof), now),
            None => self.refresh_again(id, None, now),
        }
    }

    /// 422: the peer wants a longer interval (RFC 4028 section 7.3).
    fn refresh_less_often(&mut self, id: SideId, response: &Response, now: Now) {
        let wanted = min_se(response).unwrap_or(0).min(INTERVAL_SECS_AT_MOST);
        let Some(side) = self.sides.get_mut(&id) else {
            return;
        };
        match &mut side.timer {
            Some(timer) if timer.interval_secs < wanted => {
                timer.interval_secs = wanted;
                side.refreshing.min_se_secs = wanted;
                self.send_refresh(id, None, now);
            }
            _ => self.refresh_again(id, None, now),
        }
    }

    /// The refresh was refused for now: it is tried again before the session ends, by whoever owns
    /// the Call-ID later than by the other, so that both do not collide again (14.1).
    fn refresh_again(&mut self, id: SideId, retry_after_secs: Option<u64>, now: Now) {
        let Some(side) = self.sides.get_mut(&id) else {
            return;
        };
        let Some(timer) = side.timer else { return };
        side.refreshing.refusals = side.refreshing.refusals.saturating_add(1);
        let steps = if side.dialog.owns_call_id {
            210..=400
        } else {
            0..=200
        };
        let doublings = side.refreshing.refusals.saturating_sub(STEADY_TRIES);
        let pause =
            (self.rng.random_range::<u64, _>(steps) * 10) << doublings.min(DOUBLINGS_AT_MOST);
        let asked = retry_after_secs.map_or(0, |secs| secs.saturating_mul(1_000));
        let last = timer.ends_at.saturating_sub(LAST_TRY_MS);
        let at = now.mono + pause.max(asked.min(last.saturating_sub(now.mono)));
        self.wake_session_timer(id, at.min(timer.ends_at));
    }

    /// The session was refreshed now: its interval begins anew.
    pub(super) fn restart_session_timer(&mut self, id: SideId, now: Now) {
        let mut timer = self.sides.get(&id).and_then(|side| side.timer);
        if let Some(timer) = &mut timer {
            timer.refreshed(now.mono);
        }
        self.set_session_timer(id, timer);
    }

    /// Puts another timer in the place of a side's timer.
    pub(super) fn set_session_timer(&mut self, id: SideId, timer: Option<SessionTimer>) {
        let Some(side) = self.sides.get_mut(&id) else {
            return;
        };
        if let Some(before) = std::mem::replace(&mut side.timer, timer) {
            self.wakes.clear(before.due_at, Wake::SessionTimer(id));
        }
        if let Some(timer) = timer {
            self.wake_at(timer.due_at, Wake::SessionTimer(id));
        }
    }

    /// The next look at the session is due then.
    fn wake_session_timer(&mut self, id: SideId, at: u64) {
        let timer = self.sides.get(&id).and_then(|side| side.timer);
        if let Some(timer) = timer {
            let timer = SessionTimer {
                due_at: at,
                ..timer
            };
            self.set_session_timer(id, Some(timer));
        }
    }
}

/// Retry-After in seconds; a comment or a duration may follow (20.33).
fn retry_after_secs(headers: &Headers) -> Option<u64> {
    let text = headers.get(&HeaderName::RetryAfter)?;
    let digits = text.trim().split(|letter: char| !letter.is_ascii_digit());
    digits.into_iter().next()?.parse().ok()
}
