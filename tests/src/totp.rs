//! What an authenticator app does.

use anyhow::Context;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// The code that an authenticator app shows (RFC 6238) for a secret in base32.
pub fn code(secret: &str, at_ms: i64) -> anyhow::Result<String> {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut key, mut buffer, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in secret.bytes().filter(|letter| *letter != b' ') {
        let value = letters.iter().position(|known| *known == letter);
        buffer = buffer << 5 | u32::try_from(value.context("base32")?)?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            key.push(u8::try_from(buffer >> bits & 0xff)?);
        }
    }
    let mut mac = Hmac::<Sha1>::new_from_slice(&key)?;
    mac.update(&(at_ms / 30_000).to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest.last().context("a digest")? & 15);
    let number = digest.get(offset..offset + 4).context("within it")?;
    let number = u32::from_be_bytes(number.try_into()?);
    Ok(format!("{:06}", (number & 0x7fff_ffff) % 1_000_000))
}
