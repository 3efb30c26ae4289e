//! Legs that hear each other, and what one hears while the other holds.

use std::time::Duration;

use super::{Exchange, Outside};
use crate::media::session::{Purpose, Session};
use crate::media::sound::Cursor;
use crate::media::{MediaEvent, RemoteMedia, SessionId};

impl Exchange {
    pub(super) fn set_remote(&mut self, id: SessionId, remote: RemoteMedia, now: Duration) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        session.set_remote(remote, now);
        let (peer, holds, silently) = (session.peer, session.holds(), session.holds_silently(now));
        let Some(peer) = peer else { return };
        if silently {
            self.start_hold_music(peer, now);
        } else if !holds && let Some(peer) = self.sessions.get_mut(&peer) {
            peer.stop_hold_music();
        }
    }

    pub(super) fn start_hold_music(&mut self, id: SessionId, now: Duration) {
        let Some(session) = self
            .sessions
            .get(&id)
            .filter(|session| session.playing.is_none())
        else {
            return;
        };
        let music = session.music.as_ref().unwrap_or(&self.hold_music).clone();
        self.play(id, Cursor::new(music, true), Purpose::Hold, now);
    }

    pub(super) fn bridge(
        &mut self,
        a: SessionId,
        b: SessionId,
        token: u64,
        now: Duration,
        out: &mut impl Outside,
    ) {
        if a == b || !self.sessions.contains_key(&a) || !self.sessions.contains_key(&b) {
            tracing::debug!(a = a.0, b = b.0, "no bridge: a leg is gone");
            return;
        }
        for (one, other) in [(a, b), (b, a)] {
            if self.sessions.get(&one).and_then(|session| session.peer) != Some(other) {
                self.unbridge(one);
            }
            if let Some(session) = self.sessions.get_mut(&one) {
                session.peer = Some(other);
                session.reporting.bridged_at = Some(now);
                session.playing = None;
            }
        }
        out.tell(MediaEvent::Bridged { token });
        for (holder, held) in [(a, b), (b, a)] {
            if self
                .sessions
                .get(&holder)
                .is_some_and(|session| session.holds_silently(now))
            {
                self.start_hold_music(held, now);
            }
        }
    }

    pub(super) fn unbridge(&mut self, id: SessionId) {
        self.leave_mix(id);
        let peer = self.sessions.get_mut(&id).and_then(Session::part);
        if let Some(peer) = peer.and_then(|peer| self.sessions.get_mut(&peer)) {
            let _was = peer.part();
        }
    }
}

impl Session {
    fn stop_hold_music(&mut self) {
        if self.hears_hold_music() {
            self.playing = None;
        }
    }

    /// Ends this side of a bridge.
    fn part(&mut self) -> Option<SessionId> {
        self.stop_hold_music();
        self.stream.interrupt();
        self.peer.take()
    }
}
