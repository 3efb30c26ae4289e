//! The asking side: challenges, and what the answers to them are worth.

use super::credentials::{Credentials, response};
use super::fields::escaped;
use super::hash::{Algorithm, Ha1};
use super::nonce::{NONCE_LIFETIME_MS, make_nonce, nonce_time, same};
use crate::uri::Uri;

/// A WWW-Authenticate value.
pub fn challenge(
    algorithm: Algorithm,
    realm: &str,
    secret: &[u8; 32],
    salt: &str,
    now_ms: u64,
    stale: bool,
) -> String {
    let nonce = make_nonce(secret, salt, now_ms);
    let realm = escaped(realm);
    let stale = if stale { ", stale=true" } else { "" };
    format!(
        "Digest realm=\"{realm}\", nonce=\"{nonce}\", qop=\"auth\", algorithm={}{stale}",
        algorithm.name()
    )
}

/// What credentials are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// They prove the user.
    Valid {
        /// When their nonce was made.
        nonce_made_at: u64,
        /// Which use of the nonce they are.
        nonce_count: u32,
    },
    /// They would, but for a nonce that is too old.
    Stale,
    /// They prove nothing.
    Wrong,
}

/// What a server asked for in its challenges.
#[derive(Debug, Clone, Copy)]
pub struct Verifier<'a> {
    /// For which realm.
    pub realm: &'a str,
    /// The hashes that it offered; credentials by any other prove nothing.
    pub offered: &'a [Algorithm],
    /// With what it makes its nonces.
    pub nonce_secret: &'a [u8; 32],
}

impl Verifier<'_> {
    /// Verifies credentials for a request against the hashes kept of a user. Our challenges offer
    /// `qop="auth"` alone: credentials without it, or with `auth-int`, prove nothing, and nor do
    /// those that were made for another request.
    pub fn verify(
        &self,
        credentials: &Credentials,
        method: &str,
        request_uri: &Uri,
        secrets: &[Ha1],
        now_ms: u64,
    ) -> Verification {
        let Some(algorithm) = credentials.algorithm else {
            return Verification::Wrong;
        };
        let offered = self.offered.contains(&algorithm);
        let Some(ha1) = secrets
            .iter()
            .find(|ha1| ha1.algorithm == algorithm && offered)
        else {
            return Verification::Wrong;
        };
        let expected = response(algorithm, &ha1.hex, method, credentials);
        let proven = same(&expected, &credentials.response.to_ascii_lowercase());
        let qop = credentials.qop.as_deref();
        let counted = qop.is_some_and(|qop| qop.eq_ignore_ascii_case("auth"))
            && !credentials.cnonce.is_empty();
        let Some(nonce_count) = credentials.nonce_count.filter(|_| counted) else {
            return Verification::Wrong;
        };
        if !proven || credentials.realm != self.realm || !credentials.is_for(method, request_uri) {
            return Verification::Wrong;
        }
        match nonce_time(&credentials.nonce, self.nonce_secret) {
            Some(nonce_made_at) if now_ms < nonce_made_at.saturating_add(NONCE_LIFETIME_MS) => {
                Verification::Valid {
                    nonce_made_at,
                    nonce_count,
                }
            }
            _ => Verification::Stale,
        }
    }
}
