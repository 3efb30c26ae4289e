//! Packets on their way through the encryption of a leg.

use madoguchi_metrics::metrics;
use madoguchi_sip::sdp::SrtpKeys;

use super::Exchange;
use crate::media::interface::SessionId;
use crate::media::secrecy::Secrecy;
use crate::media::session::Session;

impl Exchange {
    pub(super) fn secure(&mut self, id: SessionId, keys: Option<SrtpKeys>) {
        if let Some(session) = self.sessions.get_mut(&id) {
            let before = session.secrecy.take();
            session.secrecy = keys.map(|keys| Secrecy::with_keys(before, keys));
        }
    }
}

/// A datagram as it was said; nothing if it does not come from whoever has the key.
pub(super) fn open<'a>(
    session: &mut Session,
    datagram: &'a [u8],
    opened: &'a mut Vec<u8>,
) -> Option<&'a [u8]> {
    let Some(secrecy) = &mut session.secrecy else {
        return Some(datagram);
    };
    if secrecy.open(datagram, opened).is_err() {
        metrics().rtp_packets_dropped.add("not_authentic");
        return None;
    }
    Some(opened)
}

/// A packet as it goes over the wire; nothing if its key must not be used any more.
pub(super) fn seal<'a>(
    secrecy: &mut Option<Secrecy>,
    packet: &'a [u8],
    sealed: &'a mut Vec<u8>,
) -> Option<&'a [u8]> {
    let Some(secrecy) = secrecy else {
        return Some(packet);
    };
    if let Err(error) = secrecy.seal(packet, sealed) {
        tracing::debug!(%error, "a packet of voice cannot be encrypted");
        return None;
    }
    Some(sealed)
}
