//! The crypto-suites (RFC 4568 6.2, RFC 6188, RFC 7714).

use std::fmt;
use std::str::FromStr;

/// A crypto-suite: cipher, key lengths and tag lengths, by its name in SDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Suite {
    /// AES-128 in counter mode, RTP tags of 80 bits (RFC 4568 6.2.1). Every peer knows it.
    AesCm128HmacSha1_80,
    /// AES-128 in counter mode, RTP tags of 32 bits (RFC 4568 6.2.2).
    AesCm128HmacSha1_32,
    /// AES-256 in counter mode, RTP tags of 80 bits (RFC 6188).
    Aes256CmHmacSha1_80,
    /// AES-256 in counter mode, RTP tags of 32 bits (RFC 6188).
    Aes256CmHmacSha1_32,
    /// AES-128 in Galois/counter mode, tags of 128 bits (RFC 7714).
    AeadAes128Gcm,
}

impl Suite {
    /// All suites that are spoken here.
    pub const ALL: [Self; 5] = [
        Self::AesCm128HmacSha1_80,
        Self::AesCm128HmacSha1_32,
        Self::Aes256CmHmacSha1_80,
        Self::Aes256CmHmacSha1_32,
        Self::AeadAes128Gcm,
    ];

    /// The name in SDP.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AesCm128HmacSha1_80 => "AES_CM_128_HMAC_SHA1_80",
            Self::AesCm128HmacSha1_32 => "AES_CM_128_HMAC_SHA1_32",
            Self::Aes256CmHmacSha1_80 => "AES_256_CM_HMAC_SHA1_80",
            Self::Aes256CmHmacSha1_32 => "AES_256_CM_HMAC_SHA1_32",
            Self::AeadAes128Gcm => "AEAD_AES_128_GCM",
        }
    }

    /// The length of the master key, which is also that of the session keys, in bytes.
    pub const fn key_bytes(self) -> usize {
        match self {
            Self::AesCm128HmacSha1_80 | Self::AesCm128HmacSha1_32 | Self::AeadAes128Gcm => 16,
            Self::Aes256CmHmacSha1_80 | Self::Aes256CmHmacSha1_32 => 32,
        }
    }

    /// The length of the master salt, which is also that of the session salts, in bytes.
    pub const fn salt_bytes(self) -> usize {
        match self {
            Self::AeadAes128Gcm => 12,
            _ => 14,
        }
    }

    /// The length of the authentication tag of SRTP, in bytes: what protecting adds to a packet.
    pub const fn rtp_tag_bytes(self) -> usize {
        match self {
            Self::AesCm128HmacSha1_80 | Self::Aes256CmHmacSha1_80 => 10,
            Self::AesCm128HmacSha1_32 | Self::Aes256CmHmacSha1_32 => 4,
            Self::AeadAes128Gcm => 16,
        }
    }

    /// The length of the authentication tag of SRTCP, in bytes; the word with the index adds four
    /// more. Suites with short tags have it long here (RFC 4568 6.2.2).
    pub const fn rtcp_tag_bytes(self) -> usize {
        match self {
            Self::AeadAes128Gcm => 16,
            _ => 10,
        }
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The name of a suite that is not spoken here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown crypto-suite")]
pub struct UnknownSuite;

impl FromStr for Suite {
    type Err = UnknownSuite;

    /// Reads the name as SDP has it, in any case of letters.
    fn from_str(name: &str) -> Result<Self, UnknownSuite> {
        Self::ALL
            .into_iter()
            .find(|suite| suite.name().eq_ignore_ascii_case(name))
            .ok_or(UnknownSuite)
    }
}
