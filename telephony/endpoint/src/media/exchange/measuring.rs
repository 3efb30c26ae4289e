//! How well voice comes through: reports to the legs and from them, and what is told of it.

use std::net::SocketAddr;
use std::time::Duration;

use madoguchi_metrics::metrics;

use super::{Exchange, Outside};
use crate::media::interface::{MediaEvent, SessionId};
use crate::media::rtcp::Report;
use crate::media::session::Session;

/// How often it is looked at.
pub(super) const MEASURING_EVERY: Duration = Duration::from_secs(1);
/// Who was heard this short a time ago speaks.
const SPEAKS: Duration = Duration::from_secs(1);

impl Exchange {
    /// Looks at all legs.
    pub(super) fn measure(&mut self, now: Duration, out: &mut impl Outside) {
        let speaks = |session: &Session| {
            let heard = session.last_heard;
            heard.is_some_and(|heard| now.saturating_sub(heard) <= SPEAKS)
        };
        let hears = |session: &Session| {
            let other = session.peer.and_then(|peer| self.sessions.get(&peer));
            other.is_some_and(speaks)
        };
        let heard_by: Vec<SessionId> = self
            .sessions
            .iter()
            .filter(|(_, session)| hears(session))
            .map(|(id, _)| *id)
            .collect();
        for id in heard_by {
            if let Some(session) = self.sessions.get_mut(&id)
                && let Some(expected) = session.expected_since()
                && let Some(bridged) = session.reporting.bridged_at
            {
                let since = expected.max(bridged);
                let last = session.last_heard.map_or(since, |heard| heard.max(since));
                session.reporting.count_silence(last, now);
            }
        }
        for (id, session) in &mut self.sessions {
            report(*id, session, &mut self.sealed, now, out);
            if let Some(quality) = session.reporting.news(&session.reception) {
                out.tell(MediaEvent::Quality {
                    session: *id,
                    quality,
                });
            }
        }
    }

    /// Takes a report that came in at the port beside a session's. Only who hears the voice reports on it.
    pub(in crate::media) fn receive_report(
        &mut self,
        id: SessionId,
        source: SocketAddr,
        datagram: &[u8],
        now: Duration,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let Some(from) = session.reports_to() else {
            return;
        };
        if from.ip().to_canonical() != source.ip().to_canonical() {
            metrics().rtp_packets_dropped.add("stranger");
            return;
        }
        let clear = match &mut session.secrecy {
            None => datagram,
            Some(secrecy) => {
                if secrecy.open_report(datagram, &mut self.opened).is_err() {
                    metrics().rtp_packets_dropped.add("not_authentic");
                    return;
                }
                &self.opened
            }
        };
        let ours = session.stream.ssrc();
        for report in Report::parse_all(clear).unwrap_or_default() {
            if let Some(sender) = report.sender {
                session.reception.take_report(sender, now);
            }
            for block in report.blocks.iter().filter(|block| block.ssrc == ours) {
                session.reporting.take(block, now);
            }
        }
    }
}

/// Sends the report that is due.
fn report(
    id: SessionId,
    session: &mut Session,
    sealed: &mut Vec<u8>,
    now: Duration,
    out: &mut impl Outside,
) {
    let Some(to) = session.reports_to().filter(|_| !session.withheld) else {
        return;
    };
    let report = session
        .reporting
        .due(&mut session.reception, &session.stream, now);
    let Some(report) = report else { return };
    // A name for this leg alone (RFC 7022), which tells nothing of us.
    let clear = report.to_bytes(&format!("{:08x}", report.ssrc));
    match &mut session.secrecy {
        None => out.send_report(id, to, &clear),
        Some(secrecy) => match secrecy.seal_report(&clear, sealed) {
            Ok(()) => out.send_report(id, to, sealed),
            Err(error) => tracing::debug!(%error, "a report on voice cannot be encrypted"),
        },
    }
}
