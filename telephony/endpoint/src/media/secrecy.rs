//! Encrypted voice of one leg (SRTP, RFC 3711).

use madoguchi_sip::sdp::SrtpKeys;
use madoguchi_srtp::{Protector, SrtpError, Unprotector};

/// The state of both directions.
#[derive(Debug)]
pub(super) struct Secrecy {
    keys: SrtpKeys,
    protector: Protector,
    unprotector: Unprotector,
}

impl Secrecy {
    /// Begins, or goes on with other keys: what was counted before is counted on.
    pub(super) fn with_keys(before: Option<Self>, keys: SrtpKeys) -> Self {
        let Some(mut secrecy) = before else {
            return Self {
                protector: Protector::new(&keys.ours),
                unprotector: Unprotector::new(&keys.theirs),
                keys,
            };
        };
        if secrecy.keys.ours != keys.ours {
            secrecy.protector.rekey(&keys.ours);
        }
        if secrecy.keys.theirs != keys.theirs {
            // Whoever has a new key may be another device, which counts from the beginning.
            secrecy.unprotector = Unprotector::new(&keys.theirs);
        }
        secrecy.keys = keys;
        secrecy
    }

    /// What goes over the wire.
    pub(super) fn seal(&mut self, packet: &[u8], out: &mut Vec<u8>) -> Result<(), SrtpError> {
        self.protector.protect_rtp(packet, out)
    }

    /// A report as it goes over the wire (SRTCP).
    pub(super) fn seal_report(
        &mut self,
        report: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), SrtpError> {
        self.protector.protect_rtcp(report, out)
    }

    /// A report, if it comes from whoever has the key.
    pub(super) fn open_report(
        &mut self,
        report: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), SrtpError> {
        self.unprotector.unprotect_rtcp(report, out)
    }

    /// What was said, if it comes from whoever has the key.
    pub(super) fn open(&mut self, packet: &[u8], out: &mut Vec<u8>) -> Result<(), SrtpError> {
        self.unprotector.unprotect_rtp(packet, out)
    }
}
