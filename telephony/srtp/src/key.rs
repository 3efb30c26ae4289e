//! Master keys and their lifetime (RFC 3711 8.2, 9.2).

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::suite::Suite;

pub(crate) const KEY_BYTES_AT_MOST: usize = 32;
pub(crate) const SALT_BYTES_AT_MOST: usize = 14;

/// How many random bytes [`MasterKey::generate`] takes: enough for any suite.
pub const RANDOM_BYTES: usize = KEY_BYTES_AT_MOST + SALT_BYTES_AT_MOST;

/// A master key and its master salt, for one direction of a session (RFC 3711 3.2.1).
///
/// It is wiped when dropped, never printed, and compared in constant time.
#[derive(Clone)]
pub struct MasterKey {
    suite: Suite,
    /// Zeros follow a shorter key or salt.
    key: Zeroizing<[u8; KEY_BYTES_AT_MOST]>,
    salt: Zeroizing<[u8; SALT_BYTES_AT_MOST]>,
}

/// A master key of another length than its suite has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the master key with its salt has another length than its suite")]
pub struct KeyLengthError;

impl MasterKey {
    /// A new key out of random bytes, which must come from a cryptographic generator and must not
    /// be used for anything else. What a shorter key leaves of them is ignored.
    pub fn generate(suite: Suite, random: &[u8; RANDOM_BYTES]) -> Self {
        let (key, salt) = random.split_at(KEY_BYTES_AT_MOST);
        Self::padded(suite, key, salt)
    }

    /// The key of `bytes`, the master key followed by the master salt as after `inline:`
    /// (RFC 4568 6.1).
    ///
    /// # Errors
    ///
    /// If `bytes` is not as long as [`Suite::key_bytes`] and [`Suite::salt_bytes`] together.
    pub fn from_bytes(suite: Suite, bytes: &[u8]) -> Result<Self, KeyLengthError> {
        let (key, salt) = bytes
            .split_at_checked(suite.key_bytes())
            .filter(|(_, salt)| salt.len() == suite.salt_bytes())
            .ok_or(KeyLengthError)?;
        Ok(Self::padded(suite, key, salt))
    }

    fn padded(suite: Suite, key: &[u8], salt: &[u8]) -> Self {
        let mut padded = Self {
            suite,
            key: Zeroizing::default(),
            salt: Zeroizing::default(),
        };
        let lengths = (suite.key_bytes(), suite.salt_bytes());
        for (to, from) in padded.key.iter_mut().zip(key).take(lengths.0) {
            *to = *from;
        }
        for (to, from) in padded.salt.iter_mut().zip(salt).take(lengths.1) {
            *to = *from;
        }
        padded
    }

    /// The suite that the key is for.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    pub(crate) fn key(&self) -> &[u8; KEY_BYTES_AT_MOST] {
        &self.key
    }

    pub(crate) fn salt(&self) -> &[u8; SALT_BYTES_AT_MOST] {
        &self.salt
    }

    /// The key followed by the salt, as after `inline:`.
    pub(crate) fn bytes(&self) -> Zeroizing<Vec<u8>> {
        let key = self.key.iter().take(self.suite.key_bytes());
        let salt = self.salt.iter().take(self.suite.salt_bytes());
        let mut bytes = Zeroizing::new(Vec::with_capacity(RANDOM_BYTES));
        bytes.extend(key.chain(salt));
        bytes
    }
}

impl PartialEq for MasterKey {
    fn eq(&self, other: &Self) -> bool {
        let same = self.key.ct_eq(&*other.key) & self.salt.ct_eq(&*other.salt);
        self.suite == other.suite && bool::from(same)
    }
}

impl Eq for MasterKey {}

impl fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MasterKey")
            .field("suite", &self.suite)
            .finish_non_exhaustive()
    }
}

/// How many packets a master key may protect, of SRTP and of SRTCP each (RFC 4568 6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lifetime(u64);

impl Lifetime {
    /// As long as any suite allows: 2^48 packets of SRTP; of SRTCP 2^31 (RFC 3711 9.2).
    pub const LONGEST: Self = Self(1 << 48);

    /// A lifetime of so many packets; `None` for none and for more than [`Lifetime::LONGEST`].
    pub const fn new(packets: u64) -> Option<Self> {
        match packets {
            1..=0x1_0000_0000_0000 => Some(Self(packets)),
            _ => None,
        }
    }

    /// The number of packets.
    pub const fn packets(self) -> u64 {
        self.0
    }
}
