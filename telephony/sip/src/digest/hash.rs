//! The hashes that digests are made with, and what is kept of a password.

use md5::Md5;
use sha2::{Digest, Sha256};

/// The hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// SHA-256 (RFC 8760).
    Sha256,
    /// MD5, for phones that know no better.
    Md5,
}

impl Algorithm {
    /// All that we know, the better one first.
    pub const ALL: [Self; 2] = [Self::Sha256, Self::Md5];

    /// The name in headers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Md5 => "MD5",
        }
    }

    pub(super) fn of(name: Option<&str>) -> Option<Self> {
        match name {
            None => Some(Self::Md5),
            Some(name) if name.eq_ignore_ascii_case("MD5") => Some(Self::Md5),
            Some(name) if name.eq_ignore_ascii_case("SHA-256") => Some(Self::Sha256),
            Some(_) => None,
        }
    }

    pub(super) fn hash(self, text: &str) -> String {
        match self {
            Self::Sha256 => hex::encode(Sha256::digest(text)),
            Self::Md5 => hex::encode(Md5::digest(text)),
        }
    }
}

/// H(user:realm:password): all that must be kept of a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Ha1 {
    /// By which hash.
    pub algorithm: Algorithm,
    /// The hash in hexadecimal.
    pub hex: String,
}

impl std::fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ha1")
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

impl Ha1 {
    /// The hash of a password.
    pub fn new(algorithm: Algorithm, user: &str, realm: &str, password: &str) -> Self {
        Self {
            algorithm,
            hex: algorithm.hash(&format!("{user}:{realm}:{password}")),
        }
    }

    /// The hashes of a password for all algorithms that we know.
    pub fn all(user: &str, realm: &str, password: &str) -> Vec<Self> {
        Algorithm::ALL
            .into_iter()
            .map(|algorithm| Self::new(algorithm, user, realm, password))
            .collect()
    }
}
