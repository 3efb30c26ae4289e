//! Why the endpoint cannot start.

use std::io;
use std::net::SocketAddr;

use crate::media::MediaError;

/// Why the endpoint cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A listening address cannot be had.
    #[error("{transport} {addr} で待ち受けられません")]
    Listen {
        /// udp or tcp.
        transport: &'static str,
        /// The address in the settings.
        addr: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The media cannot start.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// The thread cannot start.
    #[error("通話処理を開始できません")]
    Thread(#[source] io::Error),
}
