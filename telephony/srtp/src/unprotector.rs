//! The receiving side: SRTP and SRTCP in, RTP and RTCP out (RFC 3711 3.3, 3.4).

use std::fmt;

use crate::error::SrtpError;
use crate::key::MasterKey;
use crate::packet::{RtpHeader, rtcp_ssrc};
use crate::sources::Sources;
use crate::suite::Suite;
use crate::transform::Transforms;

/// Authenticates and decrypts the packets of one direction of a session, with the key told by
/// the peer. Only authenticated packets change its state.
pub struct Unprotector {
    suite: Suite,
    transforms: Transforms,
    sources: Sources,
}

impl Unprotector {
    /// Derives the session keys (RFC 3711 4.3). The rollover counter of each SSRC begins at zero.
    pub fn new(key: &MasterKey) -> Self {
        Self::with_transforms(key.suite(), Transforms::new(key))
    }

    pub(crate) fn with_transforms(suite: Suite, transforms: Transforms) -> Self {
        Self {
            suite,
            transforms,
            sources: Sources::new(),
        }
    }

    /// Goes on with another key of the peer. Rollover counters keep counting (RFC 3711 3.3.1);
    /// for a peer that begins anew, take [`Unprotector::new`].
    pub fn rekey(&mut self, key: &MasterKey) {
        self.suite = key.suite();
        self.transforms = Transforms::new(key);
    }

    /// The suite of the key.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// Makes an RTP packet of an SRTP packet; `out` is emptied first, and stays empty on errors.
    ///
    /// # Errors
    ///
    /// [`SrtpError::Malformed`]; [`SrtpError::Authentication`] also for plain RTP;
    /// [`SrtpError::Replayed`] for an authentic packet that came before, or that is more than
    /// [`REPLAY_WINDOW_PACKETS`](crate::REPLAY_WINDOW_PACKETS) late (RFC 3711 3.3.2);
    /// [`SrtpError::KeyExhausted`] for one after the last index (RFC 3711 9.2).
    pub fn unprotect_rtp(&mut self, packet: &[u8], out: &mut Vec<u8>) -> Result<(), SrtpError> {
        out.clear();
        let opened = self.open_rtp(packet, out);
        opened.inspect_err(|_| out.clear())
    }

    fn open_rtp(&mut self, packet: &[u8], out: &mut Vec<u8>) -> Result<(), SrtpError> {
        let header = RtpHeader::read(packet).ok_or(SrtpError::Malformed)?;
        let mut windows = self.sources.windows(header.ssrc);
        let index = windows
            .rtp
            .estimate(header.sequence_number)
            .ok_or(SrtpError::KeyExhausted)?;
        self.transforms.rtp.open_rtp(header, index, packet, out)?;
        if !windows.rtp.is_fresh(index) {
            return Err(SrtpError::Replayed);
        }
        windows.rtp.insert(index);
        self.sources.set(header.ssrc, windows);
        Ok(())
    }

    /// Makes an RTCP packet of an SRTCP packet; `out` is emptied first, and stays empty on errors.
    /// A packet that the peer authenticated without encrypting it is taken too: that mark is under
    /// the tag (RFC 3711 3.4).
    ///
    /// # Errors
    ///
    /// [`SrtpError::Malformed`]; [`SrtpError::Authentication`] also for plain RTCP;
    /// [`SrtpError::Replayed`] for an authentic packet whose index came before, or that is more
    /// than [`REPLAY_WINDOW_PACKETS`](crate::REPLAY_WINDOW_PACKETS) late (RFC 3711 3.4).
    pub fn unprotect_rtcp(&mut self, packet: &[u8], out: &mut Vec<u8>) -> Result<(), SrtpError> {
        out.clear();
        let opened = self.open_rtcp(packet, out);
        opened.inspect_err(|_| out.clear())
    }

    fn open_rtcp(&mut self, packet: &[u8], out: &mut Vec<u8>) -> Result<(), SrtpError> {
        let ssrc = rtcp_ssrc(packet).ok_or(SrtpError::Malformed)?;
        let index = u64::from(self.transforms.rtcp.open_rtcp(ssrc, packet, out)?);
        let mut windows = self.sources.windows(ssrc);
        if !windows.rtcp.is_fresh(index) {
            return Err(SrtpError::Replayed);
        }
        windows.rtcp.insert(index);
        self.sources.set(ssrc, windows);
        Ok(())
    }

    #[cfg(test)]
    pub(crate) fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Begins an SSRC as if the index had been the last of RTP.
    #[cfg(test)]
    pub(crate) fn begin_at(&mut self, ssrc: u32, rtp_index: u64) {
        let mut windows = self.sources.windows(ssrc);
        windows.rtp.insert(rtp_index);
        self.sources.set(ssrc, windows);
    }
}

impl fmt::Debug for Unprotector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Unprotector")
            .field("suite", &self.suite)
            .finish_non_exhaustive()
    }
}
