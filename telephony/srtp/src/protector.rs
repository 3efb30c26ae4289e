//! The sending side: RTP and RTCP out, SRTP and SRTCP (RFC 3711 3.3, 3.4).

use std::fmt;

use crate::error::SrtpError;
use crate::key::{Lifetime, MasterKey};
use crate::packet::{RtpHeader, rtcp_ssrc};
use crate::replay::ReplayWindow;
use crate::suite::Suite;
use crate::transform::Transforms;

/// How many SSRCs one key protects. None is ever forgotten: it would begin anew, and use the
/// same keystream again.
pub const PROTECTED_SOURCES_AT_MOST: usize = 256;

const RTCP_PACKETS_AT_MOST: u64 = 1 << 31;
const RTCP_INDEX_AT_MOST: u32 = (1 << 31) - 1;

/// Protects the packets of one direction of a session, with the key told to the peer.
///
/// A key may have only one of these: two of them would use the same keystream for different
/// packets.
pub struct Protector {
    suite: Suite,
    transforms: Transforms,
    /// In the order in which they came.
    sources: Vec<Source>,
    rtp_packets_left: u64,
    rtcp_packets_left: u64,
}

struct Source {
    ssrc: u32,
    sent: ReplayWindow,
    next_rtcp_index: u32,
}

impl Protector {
    /// Derives the session keys (RFC 3711 4.3). The rollover counter of each SSRC begins at zero,
    /// and so does its SRTCP index.
    pub fn new(key: &MasterKey) -> Self {
        Self::with_transforms(key.suite(), Transforms::new(key))
    }

    pub(crate) fn with_transforms(suite: Suite, transforms: Transforms) -> Self {
        Self {
            suite,
            transforms,
            sources: Vec::with_capacity(1),
            rtp_packets_left: Lifetime::LONGEST.packets(),
            rtcp_packets_left: RTCP_PACKETS_AT_MOST,
        }
    }

    /// Goes on with another key, never used before, and a new lifetime. Rollover counters and
    /// SRTCP indices keep counting (RFC 3711 3.3.1, 3.4).
    pub fn rekey(&mut self, key: &MasterKey) {
        let sources = std::mem::take(&mut self.sources);
        *self = Self::new(key);
        self.sources = sources;
    }

    /// Ends the key after so many packets, if the peer was told a lifetime (RFC 4568 6.1). It is
    /// counted from here on.
    #[must_use]
    pub fn with_lifetime(mut self, lifetime: Lifetime) -> Self {
        self.rtp_packets_left = lifetime.packets();
        self.rtcp_packets_left = lifetime.packets().min(RTCP_PACKETS_AT_MOST);
        self
    }

    /// The suite of the key.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// Makes an SRTP packet of an RTP packet; `out` is emptied first. Header, CSRCs and header
    /// extension stay in the clear (RFC 3711 3.1).
    ///
    /// When the sequence numbers of an SSRC wrap, its rollover counter steps on. It is not in the
    /// packet, so the first sequence number should be below 2^15: a receiver that loses the
    /// packets before a wrap must not lose count (RFC 3711 3.3.1).
    ///
    /// # Errors
    ///
    /// [`SrtpError::Malformed`], [`SrtpError::KeyExhausted`], [`SrtpError::TooManySources`];
    /// [`SrtpError::Replayed`] for a sequence number that was protected already, or that lies
    /// more than [`REPLAY_WINDOW_PACKETS`](crate::REPLAY_WINDOW_PACKETS) behind.
    pub fn protect_rtp(&mut self, packet: &[u8], out: &mut Vec<u8>) -> Result<(), SrtpError> {
        out.clear();
        let header = RtpHeader::read(packet).ok_or(SrtpError::Malformed)?;
        self.check_lifetime()?;
        let source = source(&mut self.sources, header.ssrc)?;
        let index = source
            .sent
            .estimate(header.sequence_number)
            .ok_or(SrtpError::KeyExhausted)?;
        if !source.sent.is_fresh(index) {
            return Err(SrtpError::Replayed);
        }
        source.sent.insert(index);
        self.rtp_packets_left -= 1;
        out.extend_from_slice(packet);
        let sealed = self.transforms.rtp.seal_rtp(header, index, out);
        sealed.inspect_err(|_| out.clear())
    }

    /// Makes an SRTCP packet of an RTCP packet, simple or compound; `out` is emptied first. The
    /// first eight bytes stay in the clear (RFC 3711 3.4).
    ///
    /// # Errors
    ///
    /// [`SrtpError::Malformed`], [`SrtpError::KeyExhausted`], [`SrtpError::TooManySources`].
    pub fn protect_rtcp(&mut self, packet: &[u8], out: &mut Vec<u8>) -> Result<(), SrtpError> {
        out.clear();
        let ssrc = rtcp_ssrc(packet).ok_or(SrtpError::Malformed)?;
        self.check_lifetime()?;
        let source = source(&mut self.sources, ssrc)?;
        let index = source.next_rtcp_index;
        // No index comes twice under a key: its lifetime has no more packets than there are.
        source.next_rtcp_index = (index + 1) & RTCP_INDEX_AT_MOST;
        self.rtcp_packets_left -= 1;
        out.extend_from_slice(packet);
        let sealed = self.transforms.rtcp.seal_rtcp(ssrc, index, out);
        sealed.inspect_err(|_| out.clear())
    }

    /// The packets of all SSRCs count together, and the end of either kind ends the key
    /// (RFC 3711 9.2).
    fn check_lifetime(&self) -> Result<(), SrtpError> {
        if self.rtp_packets_left == 0 || self.rtcp_packets_left == 0 {
            return Err(SrtpError::KeyExhausted);
        }
        Ok(())
    }

    /// Begins an SSRC as if the index had been the last of RTP, and the other the next of RTCP.
    #[cfg(test)]
    pub(crate) fn begin_at(&mut self, ssrc: u32, rtp_index: Option<u64>, next_rtcp_index: u32) {
        self.sources.push(Source {
            ssrc,
            sent: rtp_index.map(ReplayWindow::at).unwrap_or_default(),
            next_rtcp_index,
        });
    }
}

/// The state of an SSRC, begun if it is new.
fn source(sources: &mut Vec<Source>, ssrc: u32) -> Result<&mut Source, SrtpError> {
    // The one in use is most likely the latest.
    match sources.iter().rposition(|source| source.ssrc == ssrc) {
        Some(known) => sources.get_mut(known),
        None if sources.len() >= PROTECTED_SOURCES_AT_MOST => None,
        None => {
            sources.push(Source {
                ssrc,
                sent: ReplayWindow::default(),
                next_rtcp_index: 0,
            });
            sources.last_mut()
        }
    }
    .ok_or(SrtpError::TooManySources)
}

impl fmt::Debug for Protector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Protector")
            .field("suite", &self.suite)
            .finish_non_exhaustive()
    }
}
