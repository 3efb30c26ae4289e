//! Nonces: made of the time, a salt and a keyed hash, so that the server remembers nothing.

use std::net::IpAddr;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// How long a nonce may be used.
pub const NONCE_LIFETIME_MS: u64 = 300_000;

pub(super) fn make_nonce(secret: &[u8; 32], salt: &str, now_ms: u64) -> String {
    let mut hash = Sha256::new();
    hash.update(secret);
    hash.update(now_ms.to_be_bytes());
    hash.update(salt);
    let seal = hex::encode(hash.finalize());
    format!("{now_ms:x}-{salt}-{}", seal.get(..32).unwrap_or_default())
}

/// The salt of a nonce for whoever is at this address: only who hears us there can send it back
/// from there.
pub fn salt_for(address: IpAddr, chance: &str, secret: &[u8; 32]) -> String {
    let mut hash = Sha256::new();
    hash.update(secret);
    hash.update("address");
    hash.update(chance);
    match address.to_canonical() {
        IpAddr::V4(ip) => hash.update(ip.octets()),
        IpAddr::V6(ip) => hash.update(ip.octets()),
    }
    let seal = hex::encode(hash.finalize());
    format!("{chance}.{}", seal.get(..16).unwrap_or_default())
}

/// When one of our nonces was made; `None` if it is not ours.
pub(super) fn nonce_time(nonce: &str, secret: &[u8; 32]) -> Option<u64> {
    let mut parts = nonce.splitn(3, '-');
    let made_at = u64::from_str_radix(parts.next()?, 16).ok()?;
    let salt = parts.next()?;
    same(&make_nonce(secret, salt, made_at), nonce).then_some(made_at)
}

/// Compares without telling by its duration where the texts differ.
pub(super) fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}
