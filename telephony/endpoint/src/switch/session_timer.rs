//! The session timer (RFC 4028): notices peers that vanished without BYE.

use madoguchi_sip::header::{Refresher, SessionExpires};
use madoguchi_sip::message::{HeaderName, Headers, Request, Response};

/// What a side does to keep its session known to be alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SessionTimer {
    pub(super) interval_secs: u32,
    /// We refresh; otherwise the peer does.
    pub(super) ours: bool,
    /// The peer knows the timer, too: it will end a session that is not refreshed.
    pub(super) agreed: bool,
    /// The next thing to do, in monotonic milliseconds.
    pub(super) due_at: u64,
    /// When the session is over if nobody refreshes it before.
    pub(super) ends_at: u64,
}

/// What the endpoint wants of session timers.
#[derive(Debug, Clone, Copy)]
pub(super) struct SessionPolicy {
    /// Zero turns session timers off.
    pub(super) interval_secs: u32,
    pub(super) min_secs: u32,
}

/// The peer's interval is below ours: answer 422 with our Min-SE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct IntervalTooSmall;

impl SessionTimer {
    fn new(interval_secs: u32, ours: bool, now_ms: u64) -> Self {
        let mut timer = Self {
            interval_secs,
            ours,
            agreed: true,
            due_at: 0,
            ends_at: 0,
        };
        timer.refreshed(now_ms);
        timer
    }

    /// A refresh was done or seen: the interval begins anew (RFC 4028 section 10).
    pub(super) fn refreshed(&mut self, now_ms: u64) {
        let interval_ms = u64::from(self.interval_secs) * 1000;
        if self.ours {
            self.due_at = now_ms + interval_ms / 2;
            self.ends_at = now_ms + interval_ms;
        } else {
            self.due_at = now_ms + interval_ms - (interval_ms / 3).min(32_000);
            self.ends_at = self.due_at;
        }
    }

    /// The header that states this timer; `we_are_uac` in the transaction that carries it.
    pub(super) fn header(&self, we_are_uac: bool) -> String {
        let refresher = if self.ours == we_are_uac {
            Refresher::Uac
        } else {
            Refresher::Uas
        };
        SessionExpires {
            secs: self.interval_secs,
            refresher: Some(refresher),
        }
        .to_string()
    }

    /// The timer for a request of the peer (INVITE or UPDATE) that we are about to accept
    /// (RFC 4028 section 9). We refresh unless the peer asks to; inside a dialog `current` goes on
    /// where the request says nothing else, so that nobody's role changes by a hold.
    pub(super) fn for_request(
        request: &Request,
        wanted: SessionPolicy,
        current: Option<Self>,
        now_ms: u64,
    ) -> Result<Option<Self>, IntervalTooSmall> {
        if wanted.interval_secs == 0 {
            return Ok(None);
        }
        let asked = session_expires(&request.headers);
        let min_se = number(&request.headers, &HeaderName::MinSe).unwrap_or(0);
        let agreed = supports_timer(&request.headers);
        let kept = current.filter(|_| agreed);
        let ours = kept.is_none_or(|timer| timer.ours);
        let usual = current.map_or(wanted.interval_secs, |timer| timer.interval_secs);
        let Some(asked) = asked else {
            let timer = Self::new(usual.max(min_se), ours, now_ms);
            return Ok(Some(Self { agreed, ..timer }));
        };
        if asked.secs < wanted.min_secs && agreed {
            return Err(IntervalTooSmall);
        }
        // A proxy may have asked for a peer that does not know what 422 means: it gets the minimum.
        let interval = asked
            .secs
            .max(wanted.min_secs)
            .min(wanted.interval_secs.max(min_se).max(wanted.min_secs));
        let ours = match asked.refresher {
            Some(Refresher::Uac) => false,
            Some(Refresher::Uas) => true,
            None => ours,
        };
        Ok(Some(Self::new(interval, ours, now_ms)))
    }

    /// The timer after the peer's 2xx to our request (RFC 4028 section 7.2). A peer without
    /// session timers leaves the refreshing to us.
    pub(super) fn for_answer(
        response: &Response,
        wanted: SessionPolicy,
        now_ms: u64,
    ) -> Option<Self> {
        if wanted.interval_secs == 0 {
            return None;
        }
        Some(match session_expires(&response.headers) {
            Some(agreed) => {
                // A peer that agreed to less than the minimum may not make us refresh without pause.
                let secs = agreed.secs.max(wanted.min_secs).max(1);
                Self::new(secs, agreed.refresher != Some(Refresher::Uas), now_ms)
            }
            None => Self {
                agreed: false,
                ..Self::new(wanted.interval_secs, true, now_ms)
            },
        })
    }
}

/// Whether the peer lists the option tag `timer` in Supported or Require.
pub(super) fn supports_timer(headers: &Headers) -> bool {
    [HeaderName::Supported, HeaderName::Require]
        .iter()
        .any(|name| {
            headers
                .list(name)
                .any(|tag| tag.trim().eq_ignore_ascii_case("timer"))
        })
}

/// The Min-SE of a 422.
pub(super) fn min_se(response: &Response) -> Option<u32> {
    number(&response.headers, &HeaderName::MinSe)
}

/// What a message says of the session interval.
pub(super) fn session_expires(headers: &Headers) -> Option<SessionExpires> {
    headers.get(&HeaderName::SessionExpires)?.parse().ok()
}

fn number(headers: &Headers, name: &HeaderName) -> Option<u32> {
    headers.get(name)?.split(';').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use madoguchi_sip::message::Message;
    use madoguchi_sip::parse::parse_datagram;

    use super::*;

    const WANTED: SessionPolicy = SessionPolicy {
        interval_secs: 1_800,
        min_secs: 90,
    };

    fn invite(more: &str) -> Request {
        let text = format!(
            "INVITE sip:5000@desk SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\
             From: <sip:a@b>;tag=a\r\nTo: <sip:5000@desk>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\
             {more}Content-Length: 0\r\n\r\n"
        );
        match parse_datagram(text.as_bytes()).unwrap() {
            Message::Request(request) => request,
            Message::Response(_) => unreachable!(),
        }
    }

    fn timer(more: &str) -> Result<Option<SessionTimer>, IntervalTooSmall> {
        SessionTimer::for_request(&invite(more), WANTED, None, 0)
    }

    fn inside(more: &str, current: SessionTimer) -> SessionTimer {
        SessionTimer::for_request(&invite(more), WANTED, Some(current), 0)
            .unwrap()
            .unwrap()
    }

    /// RFC 4028 section 9: below the minimum is 422.
    #[test]
    fn an_interval_below_ours_is_refused() {
        let known = "Supported: timer\r\nSession-Expires: 60\r\n";
        assert_eq!(timer(known), Err(IntervalTooSmall));
    }

    /// RFC 4028 section 9: a peer without session timers does not know what 422 means.
    #[test]
    fn an_interval_below_ours_for_a_peer_without_session_timers_is_raised() {
        let timer = timer("Session-Expires: 60\r\n").unwrap().unwrap();
        assert_eq!((timer.interval_secs, timer.ours), (90, true));
    }

    #[test]
    fn a_peer_without_session_timers_is_refreshed_by_us_at_half_time() {
        let timer = timer("").unwrap().unwrap();
        assert_eq!((timer.ours, timer.due_at), (true, 900_000));
        assert_eq!(timer.header(false), "1800;refresher=uas");
    }

    /// RFC 4028 section 10: the peer is given up a third of the interval, at the most 32 s, early.
    #[test]
    fn a_peer_that_refreshes_and_does_not_is_given_up() {
        let timer = timer("Session-Expires: 90;refresher=uac\r\n")
            .unwrap()
            .unwrap();
        assert_eq!((timer.ours, timer.due_at), (false, 60_000));
        assert_eq!(timer.header(false), "90;refresher=uac");
    }

    /// RFC 4028 section 7.4: a re-INVITE for something else changes neither who refreshes nor how
    /// often.
    #[test]
    fn a_request_that_says_nothing_of_the_timer_keeps_interval_and_refresher() {
        let theirs = SessionTimer::new(300, false, 0);
        let ours = SessionTimer::new(300, true, 0);
        let told = |timer: SessionTimer| (timer.interval_secs, timer.ours);
        let supported = "Supported: timer\r\n";
        assert_eq!(told(inside(supported, theirs)), (300, false));
        assert_eq!(told(inside(supported, ours)), (300, true));
        let no_refresher = "Supported: timer\r\nSession-Expires: 200\r\n";
        assert_eq!(told(inside(no_refresher, theirs)), (200, false));
        let handed_over = "Supported: timer\r\nSession-Expires: 200;refresher=uas\r\n";
        assert_eq!(told(inside(handed_over, theirs)), (200, true));
        // Whoever does not know session timers any more cannot refresh.
        assert_eq!(told(inside("", theirs)), (300, true));
    }

    #[test]
    fn a_session_that_we_refresh_ends_only_with_its_interval() {
        let timer = SessionTimer::new(90, true, 1_000);
        assert_eq!((timer.due_at, timer.ends_at), (46_000, 91_000));
    }
}
