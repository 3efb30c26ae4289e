//! Why the endpoint cannot start.

use std::io;
use std::net::SocketAddr;

use super::tls::CertificateError;
use crate::media::MediaError;

/// Why the endpoint cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A listening address cannot be had.
    #[error("{transport} {addr} で待ち受けられません")]
    Listen {
        /// udp, tcp or tls.
        transport: &'static str,
        /// The address in the settings.
        addr: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// Certificates cannot be used.
    #[error(transparent)]
    Certificates(#[from] CertificateError),
    /// The media cannot start.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// The thread cannot start.
    #[error("通話処理を開始できません")]
    Thread(#[source] io::Error),
}
