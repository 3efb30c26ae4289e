//! Secrets that must be kept readable (second factors, passwords of carriers) are kept sealed: encrypted with a key that
//! is not in the database (ChaCha20-Poly1305, RFC 8439).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};

/// Seals and opens.
#[derive(Clone)]
pub struct Seal(ChaCha20Poly1305);

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seal").finish_non_exhaustive()
    }
}

impl Seal {
    /// Seals with this key.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(ChaCha20Poly1305::new(&Key::from(*key)))
    }

    /// `plain` as text that tells nothing without the key.
    pub fn seal(&self, plain: &[u8]) -> Option<String> {
        let nonce: [u8; 12] = rand::random();
        let sealed = self.0.encrypt(&Nonce::from(nonce), plain).ok()?;
        let mut bytes = nonce.to_vec();
        bytes.extend(sealed);
        Some(STANDARD_NO_PAD.encode(bytes))
    }

    /// What was sealed; `None` if it was changed, or sealed with another key.
    pub fn open(&self, text: &str) -> Option<Vec<u8>> {
        let bytes = STANDARD_NO_PAD.decode(text).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<12>()?;
        self.0.decrypt(&Nonce::from(*nonce), sealed).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_opens_what_was_sealed_and_not_changed() {
        let seal = Seal::new(&[7; 32]);
        let text = seal.seal(b"secret").unwrap();
        assert_eq!(seal.open(&text).unwrap(), b"secret");
        assert_ne!(seal.seal(b"secret").unwrap(), text);
        assert_eq!(Seal::new(&[8; 32]).open(&text), None);
        assert_eq!(seal.open(&text.replace(&text[20..21], "!")), None);
        assert_eq!(seal.open(""), None);
    }
}
