//! Packets on their way through the encryption of a leg.

use std::net::SocketAddr;

use madoguchi_metrics::metrics;
use madoguchi_sip::sdp::SrtpKeys;

use super::{Exchange, Outside};
use crate::media::interface::SessionId;
use crate::media::reporting::Reporting;
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

/// Sends a packet to a session's peer, and counts it.
pub(super) fn send(
    (id, secrecy, reporting): (SessionId, &mut Option<Secrecy>, &mut Reporting),
    target: SocketAddr,
    packet: &[u8],
    sealed: &mut Vec<u8>,
    out: &mut impl Outside,
) {
    if let Some(on_the_wire) = seal(secrecy, packet, sealed) {
        reporting.count_sent(packet.len());
        out.send(id, target, on_the_wire);
    }
}

/// A packet as it goes over the wire; nothing if its key must not be used any more.
fn seal<'a>(
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
