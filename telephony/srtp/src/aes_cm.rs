//! AES in counter mode (RFC 3711 4.1.1), and key derivation with it (RFC 3711 4.3.3, RFC 6188).

use aes::cipher::consts::U16;
use aes::cipher::{
    BlockCipherEncrypt, InnerIvInit, KeyInit, StreamCipher, StreamCipherCoreWrapper,
};
use aes::{Aes128, Aes256};
use ctr::CtrCore;
use ctr::flavors::Ctr128BE;
use zeroize::Zeroizing;

use crate::key::{KEY_BYTES_AT_MOST, MasterKey};
use crate::suite::Suite;

/// A key with its schedule prepared.
pub(crate) enum AesCm {
    Aes128(Aes128),
    Aes256(Aes256),
}

impl AesCm {
    /// Of a key for 128 bits only the first half counts.
    pub(crate) fn new(suite: Suite, key: &[u8; KEY_BYTES_AT_MOST]) -> Self {
        match suite {
            Suite::Aes256CmHmacSha1_80 | Suite::Aes256CmHmacSha1_32 => {
                Self::Aes256(Aes256::new(key.into()))
            }
            _ => Self::Aes128(Aes128::new((&*first_half(key)).into())),
        }
    }

    /// Encrypts or decrypts `data`, at most [`PACKET_BYTES_AT_MOST`](crate::PACKET_BYTES_AT_MOST).
    /// `iv` is the IV of the RFC divided by 2^16.
    pub(crate) fn apply_keystream(&self, iv: u128, data: &mut [u8]) {
        let iv = (iv << 16).to_be_bytes();
        match self {
            Self::Aes128(cipher) => apply_keystream(cipher, iv, data),
            Self::Aes256(cipher) => apply_keystream(cipher, iv, data),
        }
    }
}

pub(crate) fn first_half(key: &[u8; KEY_BYTES_AT_MOST]) -> Zeroizing<[u8; 16]> {
    let mut half = Zeroizing::new([0; 16]);
    for (to, from) in half.iter_mut().zip(key) {
        *to = *from;
    }
    half
}

fn apply_keystream<C: BlockCipherEncrypt<BlockSize = U16>>(
    cipher: &C,
    iv: [u8; 16],
    data: &mut [u8],
) {
    let core = CtrCore::<&C, Ctr128BE>::inner_iv_init(cipher, &iv.into());
    StreamCipherCoreWrapper::from_core(core).apply_keystream(data);
}

/// The label of a session key (RFC 3711 4.3.1, 4.3.2).
#[derive(Clone, Copy)]
pub(crate) enum Label {
    RtpEncryption = 0,
    RtpAuthentication = 1,
    RtpSalt = 2,
    RtcpEncryption = 3,
    RtcpAuthentication = 4,
    RtcpSalt = 5,
}

/// Derives session keys from a master key, with a key derivation rate of zero.
pub(crate) struct KeyDerivation {
    prf: AesCm,
    salt: Zeroizing<u128>,
}

impl KeyDerivation {
    pub(crate) fn new(master: &MasterKey) -> Self {
        Self {
            prf: AesCm::new(master.suite(), master.key()),
            salt: number(master.salt()),
        }
    }

    /// A session key as long as the array.
    pub(crate) fn derive<const BYTES: usize>(&self, label: Label) -> Zeroizing<[u8; BYTES]> {
        let mut key = Zeroizing::new([0; BYTES]);
        let iv = *self.salt ^ (label as u128) << 48;
        self.prf.apply_keystream(iv, key.as_mut_slice());
        key
    }
}

/// The bytes as one big-endian number.
pub(crate) fn number(bytes: &[u8]) -> Zeroizing<u128> {
    let number = bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u128::from(*byte));
    Zeroizing::new(number)
}
