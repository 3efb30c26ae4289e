//! What the keys of a side's voice are made of (SDES, RFC 4568).

use std::net::{Ipv4Addr, SocketAddr};

use madoguchi_sip::sdp::{Encryption, KeySecret, Local};

/// What a side was opened with.
#[derive(Debug, Clone, Copy)]
pub(super) struct VoiceKeys {
    pub(super) encryption: Encryption,
    pub(super) secret: KeySecret,
}

impl VoiceKeys {
    /// What an offer is judged by before there is a port.
    pub(super) fn without_port(self) -> Local {
        Local {
            session_id: 0,
            version: 0,
            rtp: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
            encryption: self.encryption,
            secret: self.secret,
        }
    }
}
