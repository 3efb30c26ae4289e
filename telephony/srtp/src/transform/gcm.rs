//! AES in Galois/counter mode (RFC 7714).

use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes128Gcm, KeyInit, Nonce};
use zeroize::Zeroizing;

use super::{ENCRYPTED, SessionKeys, iv};
use crate::aes_cm::{first_half, number};
use crate::error::SrtpError;
use crate::packet::{RTCP_HEADER_BYTES, RtpHeader};

const SALT_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

pub(crate) struct Gcm {
    cipher: Aes128Gcm,
    salt: Zeroizing<u128>,
}

impl Gcm {
    pub(super) fn new(keys: &SessionKeys) -> Self {
        let (salt, _) = keys.salt.split_at(SALT_BYTES);
        Self {
            cipher: Aes128Gcm::new((&*first_half(&keys.encryption)).into()),
            salt: number(salt),
        }
    }

    pub(super) fn seal_rtp(
        &self,
        header: RtpHeader,
        index: u64,
        packet: &mut Vec<u8>,
    ) -> Result<(), SrtpError> {
        let iv = iv(*self.salt, header.ssrc, index);
        let (header, payload) = packet
            .split_at_mut_checked(header.bytes)
            .ok_or(SrtpError::Malformed)?;
        let tag = self.seal(iv, header, payload)?;
        packet.extend_from_slice(&tag);
        Ok(())
    }

    pub(super) fn open_rtp(
        &self,
        header: RtpHeader,
        index: u64,
        packet: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), SrtpError> {
        let iv = iv(*self.salt, header.ssrc, index);
        let (packet, tag) = split_tag(packet)?;
        out.extend_from_slice(packet);
        let (header, payload) = out
            .split_at_mut_checked(header.bytes)
            .ok_or(SrtpError::Authentication)?;
        self.open(iv, header, payload, tag)
    }

    pub(super) fn seal_rtcp(
        &self,
        ssrc: u32,
        index: u32,
        packet: &mut Vec<u8>,
    ) -> Result<(), SrtpError> {
        let iv = iv(*self.salt, ssrc, index.into());
        let word = (ENCRYPTED | index).to_be_bytes();
        let (header, body) = packet.split_first_chunk_mut().ok_or(SrtpError::Malformed)?;
        let tag = self.seal(iv, &associated_data(*header, word), body)?;
        packet.extend_from_slice(&tag);
        packet.extend_from_slice(&word);
        Ok(())
    }

    pub(super) fn open_rtcp(
        &self,
        ssrc: u32,
        packet: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<u32, SrtpError> {
        let (packet, word) = packet.split_last_chunk().ok_or(SrtpError::Authentication)?;
        let (packet, tag) = split_tag(packet)?;
        let index = u32::from_be_bytes(*word) & !ENCRYPTED;
        let iv = iv(*self.salt, ssrc, index.into());
        out.extend_from_slice(packet);
        if u32::from_be_bytes(*word) & ENCRYPTED == 0 {
            // RFC 7714 9.3: all of the packet is associated data, and the word follows it.
            out.extend_from_slice(word);
            self.open(iv, out, &mut [], tag)?;
            out.truncate(packet.len());
            return Ok(index);
        }
        let (header, body) = out
            .split_first_chunk_mut()
            .ok_or(SrtpError::Authentication)?;
        self.open(iv, &associated_data(*header, *word), body, tag)?;
        Ok(index)
    }

    fn seal(&self, iv: u128, associated: &[u8], text: &mut [u8]) -> Result<[u8; 16], SrtpError> {
        self.cipher
            .encrypt_inout_detached(&nonce(iv), associated, text.into())
            .map(Into::into)
            .map_err(|_| SrtpError::Malformed)
    }

    /// Compares the tag in constant time before it decrypts.
    fn open(
        &self,
        iv: u128,
        associated: &[u8],
        text: &mut [u8],
        tag: &[u8; TAG_BYTES],
    ) -> Result<(), SrtpError> {
        self.cipher
            .decrypt_inout_detached(&nonce(iv), associated, text.into(), tag.into())
            .map_err(|_| SrtpError::Authentication)
    }
}

fn nonce(iv: u128) -> Nonce<aes_gcm::aead::consts::U12> {
    let [_, _, _, _, nonce @ ..] = iv.to_be_bytes();
    nonce.into()
}

/// RFC 7714 9.2: the header and the word with the index.
fn associated_data(header: [u8; RTCP_HEADER_BYTES], word: [u8; 4]) -> [u8; 12] {
    let [a, b, c, d, e, f, g, h] = header;
    let [i, j, k, l] = word;
    [a, b, c, d, e, f, g, h, i, j, k, l]
}

fn split_tag(packet: &[u8]) -> Result<(&[u8], &[u8; TAG_BYTES]), SrtpError> {
    packet.split_last_chunk().ok_or(SrtpError::Authentication)
}
