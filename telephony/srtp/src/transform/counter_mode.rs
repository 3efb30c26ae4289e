//! AES in counter mode and HMAC-SHA1 (RFC 3711 4.1.1, 4.2.1).

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use zeroize::Zeroizing;

use super::{ENCRYPTED, SessionKeys, iv};
use crate::aes_cm::{AesCm, number};
use crate::error::SrtpError;
use crate::packet::{RTCP_HEADER_BYTES, RtpHeader};
use crate::suite::Suite;

pub(crate) struct CounterMode {
    cipher: AesCm,
    salt: Zeroizing<u128>,
    /// Keyed once, cloned for each packet.
    mac: Hmac<Sha1>,
    tag_bytes: usize,
}

impl CounterMode {
    pub(super) fn new(suite: Suite, keys: &SessionKeys, tag_bytes: usize) -> Self {
        // RFC 2104 2: a shorter key is followed by zeros up to the block length.
        let mut block = Zeroizing::new([0; 64]);
        for (to, from) in block.iter_mut().zip(keys.authentication.iter()) {
            *to = *from;
        }
        Self {
            cipher: AesCm::new(suite, &keys.encryption),
            salt: number(keys.salt.as_slice()),
            mac: Hmac::new((&*block).into()),
            tag_bytes,
        }
    }

    pub(super) fn seal_rtp(
        &self,
        header: RtpHeader,
        index: u64,
        packet: &mut Vec<u8>,
    ) -> Result<(), SrtpError> {
        let payload = packet.get_mut(header.bytes..).unwrap_or_default();
        self.cipher
            .apply_keystream(iv(*self.salt, header.ssrc, index), payload);
        let mac = self.mac.clone().chain_update(&*packet);
        self.append_tag(mac.chain_update(roc(index)), packet);
        Ok(())
    }

    pub(super) fn open_rtp(
        &self,
        header: RtpHeader,
        index: u64,
        packet: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), SrtpError> {
        let (packet, tag) = split_end(packet, self.tag_bytes)?;
        let mac = self.mac.clone().chain_update(packet);
        verify(mac.chain_update(roc(index)), tag)?;
        out.extend_from_slice(packet);
        // The tag may have lain where the header says that its extension is.
        let payload = out
            .get_mut(header.bytes..)
            .ok_or(SrtpError::Authentication)?;
        self.cipher
            .apply_keystream(iv(*self.salt, header.ssrc, index), payload);
        Ok(())
    }

    pub(super) fn seal_rtcp(
        &self,
        ssrc: u32,
        index: u32,
        packet: &mut Vec<u8>,
    ) -> Result<(), SrtpError> {
        let body = packet.get_mut(RTCP_HEADER_BYTES..).unwrap_or_default();
        self.cipher
            .apply_keystream(iv(*self.salt, ssrc, index.into()), body);
        packet.extend_from_slice(&(ENCRYPTED | index).to_be_bytes());
        self.append_tag(self.mac.clone().chain_update(&*packet), packet);
        Ok(())
    }

    pub(super) fn open_rtcp(
        &self,
        ssrc: u32,
        packet: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<u32, SrtpError> {
        let (authenticated, tag) = split_end(packet, self.tag_bytes)?;
        let (packet, word) = authenticated
            .split_last_chunk()
            .ok_or(SrtpError::Authentication)?;
        verify(self.mac.clone().chain_update(authenticated), tag)?;
        let word = u32::from_be_bytes(*word);
        let index = word & !ENCRYPTED;
        out.extend_from_slice(packet);
        let body = out
            .get_mut(RTCP_HEADER_BYTES..)
            .ok_or(SrtpError::Authentication)?;
        if word & ENCRYPTED != 0 {
            self.cipher
                .apply_keystream(iv(*self.salt, ssrc, index.into()), body);
        }
        Ok(index)
    }

    fn append_tag(&self, mac: Hmac<Sha1>, packet: &mut Vec<u8>) {
        let code = mac.finalize().into_bytes();
        packet.extend(code.iter().take(self.tag_bytes));
    }
}

/// The rollover counter, which the tag of SRTP is over as well.
fn roc(index: u64) -> [u8; 4] {
    let [_, _, a, b, c, d, _, _] = index.to_be_bytes();
    [a, b, c, d]
}

fn split_end(packet: &[u8], bytes: usize) -> Result<(&[u8], &[u8]), SrtpError> {
    let at = packet.len().checked_sub(bytes);
    at.and_then(|at| packet.split_at_checked(at))
        .ok_or(SrtpError::Authentication)
}

/// Compares in constant time.
fn verify(mac: Hmac<Sha1>, tag: &[u8]) -> Result<(), SrtpError> {
    mac.verify_truncated_left(tag)
        .map_err(|_| SrtpError::Authentication)
}
