//! Why a packet cannot be protected or unprotected.

/// Why a packet was neither protected nor unprotected. The output is empty then, and the state of
/// a receiver is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SrtpError {
    /// Neither RTP nor RTCP of version 2 (RFC 3550 5.1, 6.4.1), or longer than
    /// [`PACKET_BYTES_AT_MOST`](crate::PACKET_BYTES_AT_MOST).
    #[error("neither RTP nor RTCP")]
    Malformed,
    /// The authentication tag is missing or wrong (RFC 3711 3.3): a damaged or forged packet, one
    /// that was never protected, or one of another key.
    #[error("authentication failed")]
    Authentication,
    /// The index was used before, or is older than the replay window (RFC 3711 3.3.2). A sender
    /// that protected it would use a keystream twice.
    #[error("replayed or too old")]
    Replayed,
    /// The key has protected as many packets as it may (RFC 3711 9.2): a new one is needed.
    #[error("the key has come to the end of its lifetime")]
    KeyExhausted,
    /// A sender has used more than
    /// [`PROTECTED_SOURCES_AT_MOST`](crate::PROTECTED_SOURCES_AT_MOST) SSRCs with one key.
    #[error("too many sources for one key")]
    TooManySources,
}
