//! SRTP without sockets: keys in SDP, protecting and unprotecting RTP and RTCP (RFC 3711, RFC 4568,
//! RFC 6188, RFC 7714).
//!
//! Bytes in, bytes out; random bytes are arguments. Nothing here panics on input. Each direction
//! of a session has its own [`MasterKey`], told to the peer in a [`CryptoAttribute`]: a
//! [`Protector`] holds ours, an [`Unprotector`] the peer's.
//!
//! Absent: MKI, key derivation rates, encrypted header extensions (RFC 6904).

#![warn(missing_docs)]

mod aes_cm;
mod attribute;
mod error;
mod key;
mod packet;
mod protector;
mod replay;
mod sources;
mod suite;
#[cfg(test)]
mod tests;
mod transform;
mod unprotector;

pub use self::attribute::{
    CRYPTO_ATTRIBUTE_BYTES_AT_MOST, CryptoAttribute, CryptoTag, UnusableCrypto,
};
pub use self::error::SrtpError;
pub use self::key::{KeyLengthError, Lifetime, MasterKey, RANDOM_BYTES};
pub use self::packet::PACKET_BYTES_AT_MOST;
pub use self::protector::{PROTECTED_SOURCES_AT_MOST, Protector};
pub use self::replay::REPLAY_WINDOW_PACKETS;
pub use self::sources::UNPROTECTED_SOURCES_AT_MOST;
pub use self::suite::{Suite, UnknownSuite};
pub use self::unprotector::Unprotector;
