//! What a suite does to packets, with the session keys of RTP or RTCP.

mod counter_mode;
mod gcm;

use zeroize::Zeroizing;

use self::counter_mode::CounterMode;
use self::gcm::Gcm;
use crate::aes_cm::{KeyDerivation, Label};
use crate::error::SrtpError;
use crate::key::{KEY_BYTES_AT_MOST, MasterKey, SALT_BYTES_AT_MOST};
use crate::packet::RtpHeader;
use crate::suite::Suite;

/// The bit of the word after an SRTCP packet that says it is encrypted (RFC 3711 3.4).
const ENCRYPTED: u32 = 1 << 31;

/// Both transforms of a session.
pub(crate) struct Transforms {
    pub(crate) rtp: Transform,
    pub(crate) rtcp: Transform,
}

impl Transforms {
    pub(crate) fn new(master: &MasterKey) -> Self {
        let suite = master.suite();
        let derivation = KeyDerivation::new(master);
        let rtp = SessionKeys {
            encryption: derivation.derive(Label::RtpEncryption),
            salt: derivation.derive(Label::RtpSalt),
            authentication: derivation.derive(Label::RtpAuthentication),
        };
        let rtcp = SessionKeys {
            encryption: derivation.derive(Label::RtcpEncryption),
            salt: derivation.derive(Label::RtcpSalt),
            authentication: derivation.derive(Label::RtcpAuthentication),
        };
        Self {
            rtp: Transform::new(suite, &rtp, suite.rtp_tag_bytes()),
            rtcp: Transform::new(suite, &rtcp, suite.rtcp_tag_bytes()),
        }
    }
}

/// The keys of RTP or RTCP (RFC 3711 4.3). A shorter key or salt has other bytes after it, which
/// do not count.
pub(crate) struct SessionKeys {
    pub(crate) encryption: Zeroizing<[u8; KEY_BYTES_AT_MOST]>,
    pub(crate) salt: Zeroizing<[u8; SALT_BYTES_AT_MOST]>,
    pub(crate) authentication: Zeroizing<[u8; 20]>,
}

pub(crate) enum Transform {
    CounterMode(Box<CounterMode>),
    Gcm(Box<Gcm>),
}

impl Transform {
    pub(crate) fn new(suite: Suite, keys: &SessionKeys, tag_bytes: usize) -> Self {
        match suite {
            Suite::AeadAes128Gcm => Self::Gcm(Box::new(Gcm::new(keys))),
            _ => Self::CounterMode(Box::new(CounterMode::new(suite, keys, tag_bytes))),
        }
    }

    /// Makes the RTP packet in `packet` an SRTP packet.
    pub(crate) fn seal_rtp(
        &self,
        header: RtpHeader,
        index: u64,
        packet: &mut Vec<u8>,
    ) -> Result<(), SrtpError> {
        match self {
            Self::CounterMode(transform) => transform.seal_rtp(header, index, packet),
            Self::Gcm(transform) => transform.seal_rtp(header, index, packet),
        }
    }

    /// Authenticates the SRTP packet, and puts the RTP packet into `out`, which is empty.
    pub(crate) fn open_rtp(
        &self,
        header: RtpHeader,
        index: u64,
        packet: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), SrtpError> {
        match self {
            Self::CounterMode(transform) => transform.open_rtp(header, index, packet, out),
            Self::Gcm(transform) => transform.open_rtp(header, index, packet, out),
        }
    }

    /// Makes the RTCP packet in `packet` an SRTCP packet.
    pub(crate) fn seal_rtcp(
        &self,
        ssrc: u32,
        index: u32,
        packet: &mut Vec<u8>,
    ) -> Result<(), SrtpError> {
        match self {
            Self::CounterMode(transform) => transform.seal_rtcp(ssrc, index, packet),
            Self::Gcm(transform) => transform.seal_rtcp(ssrc, index, packet),
        }
    }

    /// Authenticates the SRTCP packet, puts the RTCP packet into `out`, which is empty, and gives
    /// the index.
    pub(crate) fn open_rtcp(
        &self,
        ssrc: u32,
        packet: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<u32, SrtpError> {
        match self {
            Self::CounterMode(transform) => transform.open_rtcp(ssrc, packet, out),
            Self::Gcm(transform) => transform.open_rtcp(ssrc, packet, out),
        }
    }
}

/// The IV of a packet as a number: that of counter mode divided by 2^16 (RFC 3711 4.1.1), and
/// that of GCM (RFC 7714 8.1, 9.1).
fn iv(salt: u128, ssrc: u32, index: u64) -> u128 {
    salt ^ u128::from(ssrc) << 48 ^ u128::from(index)
}
